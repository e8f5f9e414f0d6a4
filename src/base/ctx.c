/*
 * ctx.c - writing the fault.
 *
 * Nothing is logged here: whoever ends the piece of work (the HTTP edge, a job, a command) logs
 * the fault once, with its cause.
 */
#include "base/ctx.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ctx_init(struct ctx *ctx, struct arena *arena, const struct clock *clock, struct log *log,
              const char *request_id)
{
    memset(ctx, 0, sizeof *ctx);
    ctx->arena = arena;
    ctx->clock = clock;
    ctx->log = log;
    ctx->now = clock_wall_ms(clock);
    str_set(ctx->request_id, sizeof ctx->request_id, slice_of(request_id));
    (void)snprintf(ctx->remote, sizeof ctx->remote, "local");
}

/* True when this call is the first to report, so that its words are kept. */
static bool first(struct ctx *ctx, enum err err)
{
    if (ctx->fault.err != OK)
        return false;
    ctx->fault.err = err;
    return true;
}

enum err ctx_fail(struct ctx *ctx, enum err err, const char *fmt, ...)
{
    if (!first(ctx, err))
        return ctx->fault.err;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(ctx->fault.sentence, sizeof ctx->fault.sentence, fmt, args);
    va_end(args);
    return err;
}

enum err ctx_fail_field(struct ctx *ctx, enum err err, const char *field, const char *fmt, ...)
{
    if (!first(ctx, err))
        return ctx->fault.err;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(ctx->fault.sentence, sizeof ctx->fault.sentence, fmt, args);
    va_end(args);
    str_set(ctx->fault.field, sizeof ctx->fault.field, slice_of(field));
    return err;
}

enum err ctx_fail_code(struct ctx *ctx, enum err err, const char *code, const char *fmt, ...)
{
    if (!first(ctx, err))
        return ctx->fault.err;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(ctx->fault.sentence, sizeof ctx->fault.sentence, fmt, args);
    va_end(args);
    str_set(ctx->fault.code, sizeof ctx->fault.code, slice_of(code));
    return err;
}

enum err ctx_fail_cause(struct ctx *ctx, enum err err, const char *fmt, ...)
{
    if (!first(ctx, err))
        return ctx->fault.err;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(ctx->fault.cause, sizeof ctx->fault.cause, fmt, args);
    va_end(args);
    return err;
}

enum err ctx_no_memory(struct ctx *ctx)
{
    if (first(ctx, ERR_NO_MEMORY))
        ctx->fault.retry_after = 1;
    return ctx->fault.err;
}

enum err ctx_fail_errno(struct ctx *ctx, int errnum, const char *what)
{
    bool full = errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG || errnum == EROFS;
    enum err err = full               ? ERR_NO_SPACE
                   : errnum == ENOENT ? ERR_NOT_FOUND
                   : errnum == ENOMEM ? ERR_NO_MEMORY
                                      : ERR_IO;
    bool read_only = errnum == EROFS && ctx->fault.err == OK;
    char reason[128] = "";
    const char *text = strerror_r(errnum, reason, sizeof reason); /* the GNU one returns its text */
    err = ctx_fail_cause(ctx, err, "%s: %s", what, text);
    if (read_only) /* as little can be stored as on a full one, but nothing is to be deleted */
        (void)snprintf(ctx->fault.sentence, sizeof ctx->fault.sentence,
                       "The disk can only be read; nothing was stored");
    return err;
}

void ctx_forgive(struct ctx *ctx)
{
    memset(&ctx->fault, 0, sizeof ctx->fault);
}

const char *ctx_sentence(const struct ctx *ctx)
{
    return ctx->fault.sentence[0] ? ctx->fault.sentence : err_info(ctx->fault.err)->text;
}

const char *ctx_code(const struct ctx *ctx)
{
    return ctx->fault.code[0] ? ctx->fault.code : err_info(ctx->fault.err)->code;
}
