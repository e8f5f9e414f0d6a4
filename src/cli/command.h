/*
 * command.h - what a verb of the command line is, and what it is handed.
 *
 * Each file in this room that is named after a verb holds its record and its exec function; the
 * table of all records stands in verbs.c. A verb returns `enum err` and leaves its sentence in
 * the fault; printing it and choosing the exit status is done once, in commands.c. Verbs write to
 * cli->out and never read passwords from their arguments.
 */
#ifndef LARDER_CLI_COMMAND_H
#define LARDER_CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "base/config.h"
#include "base/ctx.h"
#include "base/json_write.h"

enum { CLI_WORDS = 1024, CLI_FLAGS = 48 };

struct cli_flag {
    const char *name;  /* without dashes */
    const char *value; /* what stands for its value in the help, "NAME"; NULL = a switch */
    const char *help;
};

struct cli;

struct command {
    const char *name;    /* "serve", "admin create" */
    const char *words;   /* "NAME", "[--all] FILE": what follows the name in the usage line */
    const char *summary; /* one line for the list of verbs */
    const char *help;    /* what else there is to say; NULL = nothing */
    const struct cli_flag *flags; /* of this verb, ends in {NULL}; NULL = none */
    size_t min_words, max_words;
    enum err (*exec)(struct cli *cli);
};

struct cli {
    struct ctx *ctx;
    const struct command *command;
    const char *word[CLI_WORDS]; /* the arguments that are no flags */
    size_t words;
    struct config_flag own[CLI_FLAGS]; /* flags of the verb as given */
    size_t own_count;
    struct config_flag setting[CLI_FLAGS]; /* flags that are settings */
    size_t setting_count;
    bool json;  /* --json */
    bool help;  /* --help */
    bool usage; /* the failure is one of usage: exit status 2 */
    char *const *env;
    FILE *in, *out, *err;
    struct config *config; /* of settings_load; NULL before */
};

/* Was the switch given? */
bool cli_has(const struct cli *cli, const char *flag);
/* The value of a flag of the verb, the last one given; NULL = not given. */
const char *cli_value(const struct cli *cli, const char *flag);

/* A failure of usage: exit status 2. */
enum err cli_usage(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A JSON document to be written to cli->out by cli_json_done, with a line end. */
void cli_json(struct cli *cli, struct buf *b, struct jw *j);
enum err cli_json_done(struct cli *cli, struct buf *b, const struct jw *j) MUST_USE;

#endif
