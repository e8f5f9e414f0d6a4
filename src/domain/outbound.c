/*
 * outbound.c - from a changed row to its outbox row.
 *
 * The body holds everything that will be published, the package's own words included: the row may
 * have moved on, or be gone, by the time the object store answers.
 */
#include "domain/outbound.h"

#include <string.h>

#include "domain/replica_record.h"
#include "store/outbox_store.h"
#include "store/replica_store.h"

/* On which revision the change was made: what the log says, and what of ours is on its way there. */
static enum err find_base(struct ctx *ctx, struct conn *conn, const char *entity, struct change *c)
{
    struct entity_rev truth = {0};
    bool found = false;
    int64_t waiting = 0;
    enum err err = entity_rev_get(ctx, conn, entity, &truth, &found);
    c->base_op = found ? truth.op_id : NULL;
    if (err == OK)
        err = outbox_last_of(ctx, conn, entity, &waiting, &c->base_op);
    c->base_rev = (found ? truth.rev : 0) + waiting;
    return err;
}

static enum err note(struct ctx *ctx, struct conn *conn, struct change *c)
{
    struct buf b;
    struct jw j;
    struct outbox_row row = {.kind = c->kind, .entity = change_entity(ctx->arena, c)};
    if (row.entity == NULL)
        return ctx_no_memory(ctx);
    enum err err = find_base(ctx, conn, row.entity, c);
    if (err != OK)
        return err;
    buf_init(&b, ctx->arena, REPLICA_RECORD_MAX);
    jw_start(&j, &b);
    change_write(&j, c, change_brings_bytes(c));
    if (!jw_done(&j))
        return b.over ? ctx_fail(ctx, ERR_TOO_LARGE, "What the package says of itself is too large")
                      : ctx_no_memory(ctx);
    row.body = buf_view(&b);
    if (change_brings_bytes(c)) {
        row.sha256 = c->plugin.sha256;
        row.size = c->plugin.size_bytes;
    }
    return outbox_add(ctx, conn, &row);
}

static enum err note_version(struct ctx *ctx, struct conn *conn, const char *kind,
                             const struct plugin *row, const char *old_sha)
{
    struct change c = {
        .kind = kind, .at = ctx->now, .by = row->updated_by, .plugin = *row, .old_sha = old_sha};
    if (strcmp(kind, OUTBOX_CREATE) == 0) { /* which may be long ago */
        c.at = row->created_at;
        c.by = row->created_by;
    }
    return note(ctx, conn, &c);
}

static enum err note_whole(struct ctx *ctx, struct conn *conn, const struct plugin *row)
{
    enum err err = note_version(ctx, conn, OUTBOX_CREATE, row, NULL);
    bool off = !row->enabled || row->quarantined;
    return err == OK && off ? note_version(ctx, conn, OUTBOX_ENABLED, row, NULL) : err;
}

/*
 * While no bucket has heard of this node, nobody needs the way things went: what waits about the
 * version gives place to what its row says now. So what waits grows with the catalog and not with
 * its history, and bytes that were overwritten are not kept for it.
 */
static enum err note_anew(struct ctx *ctx, struct conn *conn, const char *kind,
                          const struct plugin *row)
{
    const char *entity = change_entity(ctx->arena, &(struct change){.kind = kind, .plugin = *row});
    enum err err = entity ? outbox_drop(ctx, conn, entity, NULL, NULL) : ctx_no_memory(ctx);
    return err == OK && strcmp(kind, OUTBOX_REMOVE) != 0 ? note_whole(ctx, conn, row) : err;
}

static enum err set_stage(struct ctx *ctx, struct conn *conn, const struct plugin *row,
                          enum outbox_stance stance)
{
    return replica_set_stage(ctx, conn, row->id, stance == OUTBOX_CARRIES ? "pending" : "local");
}

enum err outbound_version(struct ctx *ctx, struct conn *conn, const char *kind,
                          const struct plugin *row, const char *old_sha)
{
    enum outbox_stance stance;
    enum err err = outbox_stance(ctx, conn, &stance);
    if (err != OK || stance == OUTBOX_CLOSED)
        return err;
    err = stance == OUTBOX_ALONE ? note_anew(ctx, conn, kind, row)
                                 : note_version(ctx, conn, kind, row, old_sha);
    return err == OK ? set_stage(ctx, conn, row, stance) : err;
}

enum err outbound_whole(struct ctx *ctx, struct conn *conn, const struct plugin *row)
{
    enum outbox_stance stance;
    enum err err = outbox_stance(ctx, conn, &stance);
    if (err != OK || stance == OUTBOX_CLOSED)
        return err;
    err = note_whole(ctx, conn, row);
    return err == OK ? set_stage(ctx, conn, row, stance) : err;
}

enum err outbound_org(struct ctx *ctx, struct conn *conn, const struct org *org, const char *by)
{
    struct change c = {.kind = OUTBOX_ORG, .at = ctx->now, .by = by, .org = *org};
    enum outbox_stance stance;
    enum err err = outbox_stance(ctx, conn, &stance);
    if (err != OK || stance == OUTBOX_CLOSED)
        return err;
    if (stance == OUTBOX_ALONE) {
        const char *entity = change_entity(ctx->arena, &c);
        err = entity ? outbox_drop(ctx, conn, entity, NULL, NULL) : ctx_no_memory(ctx);
    }
    return err == OK ? note(ctx, conn, &c) : err;
}

enum err outbound_open(struct ctx *ctx, struct conn *conn)
{
    enum outbox_stance stance;
    return outbox_stance(ctx, conn, &stance);
}
