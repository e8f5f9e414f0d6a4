/*
 * commands.c - finding a verb, running it, saying how it went.
 *
 * The only place that prints a failure and chooses the exit status (those of base/err.h; 2 for a
 * command line that is wrong). Nothing is ever coloured, so output reads the same in a file.
 */
#include "cli/commands.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/verbs.h"

enum { CLI_MEMORY = 256 << 20 };

/* The verb may be two words; *used tells how many there were. */
static const struct command *find(struct ctx *ctx, int argc, char *const *argv, int *used)
{
    const char *both = argc > 1 ? str_printf(ctx->arena, "%s %s", argv[0], argv[1]) : NULL;
    const struct command *command = both ? verbs_find(both) : NULL;
    *used = command ? 2 : 1;
    return command ? command : verbs_find(argv[0]);
}

static enum err unknown(struct cli *cli, const char *word, const char *next)
{
    if (verbs_is_group(word)) {
        help_group(cli->err, word);
        return next ? cli_usage(cli, "There is no verb '%s %s'", word, next)
                    : cli_usage(cli, "'%s' needs a second word", word);
    }
    size_t best = strlen(word) / 3 + 2; /* two letters swapped count as two */
    const char *guess = NULL;
    for (size_t i = 0; verbs[i]; i++) {
        size_t d = config_distance(slice_of(word), slice_of(verbs[i]->name), best);
        if (d < best) {
            best = d;
            guess = verbs[i]->name;
        }
    }
    if (guess)
        return cli_usage(cli, "There is no verb '%s'; did you mean '%s'?", word, guess);
    return cli_usage(cli, "There is no verb '%s'; `larder help` lists them", word);
}

static enum err run(struct cli *cli, int argc, char *const *argv)
{
    int used = 0;
    if (argc < 2) {
        help_overview(cli->err);
        return cli_usage(cli, "No verb was given");
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help_overview(cli->out);
        return OK;
    }
    const char *word = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    cli->command = verbs_find(word);
    used = 1;
    if (word == argv[1])
        cli->command = find(cli->ctx, argc - 1, argv + 1, &used);
    if (cli->command == NULL)
        return unknown(cli, word, argc > 2 ? argv[2] : NULL);
    enum err err = arguments_read(cli, argc - 1 - used, argv + 1 + used);
    if (err != OK)
        return err;
    if (cli->help) {
        help_command(cli->out, cli->command);
        return OK;
    }
    return cli->command->exec(cli);
}

/* An operator at a terminal may see the cause, which a client over HTTP may not. */
static void report(struct cli *cli)
{
    const struct fault *f = &cli->ctx->fault;
    const char *sentence = ctx_sentence(cli->ctx), *cause = f->cause;
    if (cli->json) {
        struct buf b;
        struct jw j;
        cli_json(cli, &b, &j);
        jw_object(&j);
        jw_put_str(&j, "error", err_info(f->err)->name);
        jw_put_str(&j, "code", ctx_code(cli->ctx));
        jw_put_str(&j, "message", sentence);
        if (*cause)
            jw_put_str(&j, "cause", cause);
        jw_end(&j);
        if (jw_done(&j))
            (void)fprintf(cli->err, "%.*s\n", (int)b.n, b.p);
        return;
    }
    if (*cause)
        (void)fprintf(cli->err, "larder: %s (%s)\n", sentence, cause);
    else
        (void)fprintf(cli->err, "larder: %s\n", sentence);
}

static int finish(struct cli *cli, enum err err)
{
    if (fflush(cli->out) != 0 && err == OK)
        err = ctx_fail(cli->ctx, ERR_IO, "The output could not be written");
    if (err == OK)
        return EXIT_DONE;
    if (cli->ctx->fault.err == OK)
        cli->ctx->fault.err = err;
    report(cli);
    return cli->usage ? EXIT_USAGE : err_info(err)->exit;
}

int commands_run(int argc, char *const *argv, char *const *env, FILE *in, FILE *out, FILE *err)
{
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena, CLI_MEMORY);
    ctx_init(&ctx, &arena, &clock_system, NULL, "cli");
    struct cli cli = {.ctx = &ctx, .env = env, .in = in, .out = out, .err = err};
    enum err result = crypto_open();
    if (result == OK)
        result = run(&cli, argc, argv);
    int status = finish(&cli, result);
    arena_free(&arena);
    return status;
}
