/*
 * replica_backfill.c - versions and orgs that no change has brought to the log.
 *
 * They were made while replication was switched off, or belong to a bucket that is no more. Each
 * gets the outbox rows it would have had; from there on they travel like everything else.
 */
#include <string.h>

#include "base/log.h"
#include "domain/outbound.h"
#include "domain/replica_node.h"
#include "store/org_store.h"
#include "store/plugin_store.h"

enum { AT_ONCE = 100 };

struct filling {
    const char *ids[AT_ONCE];
    size_t count;
};

static enum err fill_version(struct ctx *ctx, struct conn *conn, const char *id)
{
    struct plugin p;
    bool found = false;
    enum err err = plugin_store_find(ctx, conn, id, &p, &found);
    if (err != OK || !found)
        return err;
    return outbound_whole(ctx, conn, &p);
}

static enum err fill_versions(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct filling *f = arg;
    enum err err = replica_unsent(ctx, conn, AT_ONCE, f->ids, &f->count);
    for (size_t i = 0; err == OK && i < f->count; i++)
        err = fill_version(ctx, conn, f->ids[i]);
    return err;
}

static enum err fill_orgs(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct filling *f = arg;
    enum err err = replica_unsent_orgs(ctx, conn, AT_ONCE, f->ids, &f->count);
    for (size_t i = 0; err == OK && i < f->count; i++) {
        struct org o;
        bool found = false;
        err = org_store_find(ctx, conn, f->ids[i], &o, &found);
        if (err == OK && found)
            err = outbound_org(ctx, conn, &o, NULL);
    }
    return err;
}

/* Batch by batch, each with its own memory, until a batch finds nothing. */
static enum err fill(struct ctx *ctx, struct replica *r,
                     enum err (*batch)(struct ctx *ctx, struct conn *conn, void *arg),
                     size_t *total)
{
    struct arena *callers = ctx->arena, scratch;
    struct filling f = {.count = 1};
    enum err err = OK;
    arena_init(&scratch, REPLICA_ARENA);
    ctx->arena = &scratch;
    while (err == OK && f.count > 0 && !replica_stopping(r)) {
        arena_reset(&scratch);
        err = store_write(ctx, r->d->store, batch, &f);
        *total += f.count;
    }
    ctx->arena = callers;
    arena_free(&scratch);
    return err;
}

enum err replica_backfill(struct ctx *ctx, struct replica *r)
{
    size_t total = 0;
    if (r->loop.filled)
        return OK;
    enum err err = fill(ctx, r, fill_orgs, &total);
    if (err == OK)
        err = fill(ctx, r, fill_versions, &total);
    if (err == OK && total > 0)
        log_line(r->log, LOG_INFO, NULL, "replication.backfilled", "changes",
                 str_printf(ctx->arena, "%zu", total), NULL);
    r->loop.filled = err == OK;
    return err;
}
