/*
 * prompt.h - getting a password from a person or a pipe, never from the command line.
 */
#ifndef LARDER_CLI_PROMPT_H
#define LARDER_CLI_PROMPT_H

#include "cli/command.h"

enum { PROMPT_MAX = 1024 };

/*
 * From the file that --password-file names ("-" is standard input); without it from the terminal,
 * twice and without echo, or the first line of standard input where that is no terminal.
 */
enum err prompt_new_password(struct cli *cli, struct slice *out) MUST_USE;

#endif
