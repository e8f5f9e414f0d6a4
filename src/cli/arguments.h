/*
 * arguments.h - words and flags of a command line.
 *
 * Long flags only: "--name value", "--name=value", "--switch"; "--" ends the flags, "-" is a word.
 * Every setting is a flag of every verb. Nothing is interpreted here.
 */
#ifndef LARDER_CLI_ARGUMENTS_H
#define LARDER_CLI_ARGUMENTS_H

#include "cli/command.h"

/* Sorts argv[0..argc) (behind the name of the verb) into `cli`. ERR_INVALID marks cli->usage. */
enum err arguments_read(struct cli *cli, int argc, char *const *argv) MUST_USE;

#endif
