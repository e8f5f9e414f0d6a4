/*
 * commands.c - the table of verbs; finding one, running it, saying how it went.
 *
 * The only place that prints a failure and chooses the exit status (those of base/err.h; 2 for a
 * command line that is wrong). Nothing is ever coloured, so output reads the same in a file.
 */
#include "cli/commands.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/verbs.h"

enum { CLI_MEMORY = 256 << 20, CLI_JSON_MAX = 64 << 20 };

const struct command *const commands[] = {&command_serve,
                                          &command_setup_link,
                                          &command_admin_create,
                                          &command_admin_passwd,
                                          &command_admin_list,
                                          &command_token_create,
                                          &command_token_list,
                                          &command_token_revoke,
                                          &command_audit_verify,
                                          &command_backup,
                                          &command_backup_s3,
                                          &command_restore,
                                          &command_verify,
                                          &command_upload,
                                          &command_list,
                                          &command_show,
                                          &command_versions,
                                          &command_download,
                                          &command_reload,
                                          &command_health,
                                          &command_enable,
                                          &command_disable,
                                          &command_sync,
                                          &command_import_bucket,
                                          &command_lint,
                                          &command_config,
                                          &command_routes,
                                          &command_openapi,
                                          &command_version,
                                          &command_help,
                                          NULL};

const struct command *commands_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

bool commands_is_group(const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; commands[i]; i++)
        if (strncmp(commands[i]->name, word, n) == 0 && commands[i]->name[n] == ' ')
            return true;
    return false;
}

enum err cli_usage(struct cli *cli, const char *fmt, ...)
{
    char text[sizeof cli->ctx->fault.sentence];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cli->usage = true;
    return ctx_fail(cli->ctx, ERR_INVALID, "%s", text);
}

void cli_json(struct cli *cli, struct buf *b, struct jw *j)
{
    buf_init(b, cli->ctx->arena, CLI_JSON_MAX);
    jw_start(j, b);
}

enum err cli_json_done(struct cli *cli, struct buf *b, const struct jw *j)
{
    if (!jw_done(j))
        return ctx_no_memory(cli->ctx);
    buf_char(b, '\n');
    if (fwrite(b->p, 1, b->n, cli->out) != b->n)
        return ctx_fail(cli->ctx, ERR_IO, "The output could not be written");
    return OK;
}

/* The verb may be two words; *used tells how many there were. */
static const struct command *find(struct ctx *ctx, int argc, char *const *argv, int *used)
{
    const char *both = argc > 1 ? str_printf(ctx->arena, "%s %s", argv[0], argv[1]) : NULL;
    const struct command *command = both ? commands_find(both) : NULL;
    *used = command ? 2 : 1;
    return command ? command : commands_find(argv[0]);
}

static enum err unknown(struct cli *cli, const char *word, const char *next)
{
    if (commands_is_group(word)) {
        help_group(cli->err, word);
        return next ? cli_usage(cli, "There is no verb '%s %s'", word, next)
                    : cli_usage(cli, "'%s' needs a second word", word);
    }
    size_t best = strlen(word) / 3 + 2; /* two letters swapped count as two */
    const char *guess = NULL;
    for (size_t i = 0; commands[i]; i++) {
        size_t d = config_distance(slice_of(word), slice_of(commands[i]->name), best);
        if (d < best) {
            best = d;
            guess = commands[i]->name;
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
    cli->command = commands_find(word);
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
