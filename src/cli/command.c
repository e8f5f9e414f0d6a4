/*
 * command.c - what every verb says the same way: that it was called wrongly, and its JSON.
 */
#include "cli/command.h"

#include <stdarg.h>

enum { CLI_JSON_MAX = 64 << 20 };

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
