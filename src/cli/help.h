/*
 * help.h - the texts that explain the command line, made from the tables.
 */
#ifndef LARDER_CLI_HELP_H
#define LARDER_CLI_HELP_H

#include "cli/command.h"

void help_overview(FILE *out);
void help_group(FILE *out, const char *word); /* the verbs that begin with this word */
void help_command(FILE *out, const struct command *command);

#endif
