/*
 * commands.h - running a verb.
 */
#ifndef LARDER_CLI_COMMANDS_H
#define LARDER_CLI_COMMANDS_H

#include "cli/command.h"

/* Runs the verb that argv names and returns the exit status of the program. */
int commands_run(int argc, char *const *argv, char *const *env, FILE *in, FILE *out, FILE *err);

#endif
