/*
 * commands.h - the table of verbs, and running one of them.
 */
#ifndef LARDER_CLI_COMMANDS_H
#define LARDER_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command *const commands[]; /* in the order of the help, ends in NULL */

/* The verb of that name ("admin create"), or NULL. */
const struct command *commands_find(const char *name);
/* Is there a verb whose name begins with this word and a blank? */
bool commands_is_group(const char *word);

/* Runs the verb that argv names and returns the exit status of the program. */
int commands_run(int argc, char *const *argv, char *const *env, FILE *in, FILE *out, FILE *err);

#endif
