/*
 * restored.c - see restored.h.
 */
#include "cli/restored.h"

#include "base/log.h"
#include "domain/actor.h"
#include "domain/record.h"

static enum err write_done(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct swap_done *done = arg;
    const struct actor system = actor_system();
    struct record r;
    record_start(ctx, &r);
    jw_put_str(&r.json, "by", done->by);
    jw_put_str(&r.json, "set_aside", done->aside);
    if (done->why)
        jw_put_str(&r.json, "why", done->why);
    return record_append(ctx, conn, &r, &system, done->why ? "restore.failed" : "restore.done",
                         NULL, done->token);
}

enum err restored_note(struct ctx *ctx, const char *data, struct store *store,
                       const struct swap_done *done)
{
    struct swap_done copy = *done;
    if (done->token == NULL)
        return OK;
    enum err err = store_write(ctx, store, write_done, &copy);
    if (err == OK)
        err = swap_forget(ctx, data, done);
    if (err == OK)
        log_line(ctx->log, LOG_WARN, NULL, done->why ? "restore.taken_back" : "restored", "by",
                 done->by, "set_aside", done->aside, done->why ? "why" : NULL, done->why, NULL);
    return err;
}

enum err restored_take_back(struct ctx *ctx, const char *data, const struct swap_done *done)
{
    struct fault was = ctx->fault;
    const char *why = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
    log_line(ctx->log, LOG_ERROR, NULL, "restore.failed", "why", why, "cause", was.cause, NULL);
    ctx_forgive(ctx);
    enum err err = why ? swap_take_back(ctx, data, done, why) : ctx_no_memory(ctx);
    if (err != OK) {
        log_line(ctx->log, LOG_ERROR, NULL, "restore.stays", "why", ctx_sentence(ctx), "cause",
                 ctx->fault.cause, NULL);
        ctx->fault = was;
    }
    return err;
}
