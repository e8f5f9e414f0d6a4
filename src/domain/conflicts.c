/*
 * conflicts.c - listing, showing and resolving conflicts.
 */
#include "domain/conflicts.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_read.h"
#include "blob/blob.h"
#include "domain/catalog.h"
#include "domain/domain.h"
#include "domain/record.h"
#include "domain/replica_truth.h"
#include "store/plugin_store.h"

struct listing {
    struct ctx *ctx;
    const struct conflict_query *query;
    struct repl_conflict *rows;
    size_t count;
};

static enum err keep(void *arg, const struct repl_conflict *c)
{
    struct listing *l = arg;
    l->rows[l->count++] = *c;
    return OK;
}

static enum err read_page(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct listing *l = arg;
    return repl_conflict_list(ctx, conn, l->query->resolved_too, l->query->before,
                              l->query->limit + 1, keep, l);
}

enum err conflicts_list(struct ctx *ctx, struct domain *d, const struct conflict_query *query,
                        struct repl_conflict **out, size_t *count, bool *more)
{
    struct listing l = {ctx, query, NULL, 0};
    l.rows = arena_array(ctx->arena, (size_t)query->limit + 1, sizeof *l.rows);
    if (l.rows == NULL)
        return ctx_no_memory(ctx);
    enum err err = store_read(ctx, d->store, read_page, &l);
    *more = l.count > (size_t)query->limit;
    *count = *more ? (size_t)query->limit : l.count;
    *out = l.rows;
    return err;
}

struct lookup {
    const struct actor *actor;
    const char *id;
    struct repl_conflict *out;
};

static enum err find(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct lookup *l = arg;
    bool found = false;
    enum err err = repl_conflict_find(ctx, conn, l->id, l->out, &found);
    if (err == OK && !found)
        return ctx_fail(ctx, ERR_NOT_FOUND, "Conflict %s not found", l->id);
    return err;
}

enum err conflicts_get(struct ctx *ctx, struct domain *d, const char *id, struct repl_conflict *out)
{
    struct lookup l = {NULL, id, out};
    return store_read(ctx, d->store, find, &l);
}

/* The last open conflict of a version is gone: its row is like all others again. */
static enum err clear_row(struct ctx *ctx, struct conn *conn, const struct repl_conflict *c)
{
    struct truth t;
    struct plugin p;
    bool found = false;
    int64_t open = 0;
    enum err err = repl_conflict_count(ctx, conn, c->entity, &open);
    if (err != OK || open > 0 || !truth_is_version(c->entity))
        return err;
    err = truth_get(ctx, conn, c->entity, &t);
    if (err == OK && t.lives && t.row.rev > 0)
        err = plugin_store_find(ctx, conn, t.id, &p, &found);
    if (err == OK && found && strcmp(p.replication, "conflict") == 0)
        err = replica_set_stage(ctx, conn, p.id, "replicated");
    return err;
}

static enum err resolve(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct lookup *l = arg;
    struct record r;
    enum err err = find(ctx, conn, l);
    if (err == OK && l->out->resolved_at)
        return ctx_fail(ctx, ERR_NOT_FOUND, "Conflict %s is resolved already", l->id);
    if (err == OK)
        err = repl_conflict_resolve(ctx, conn, l->id);
    if (err == OK)
        err = clear_row(ctx, conn, l->out);
    if (err != OK)
        return err;
    record_start(ctx, &r);
    jw_put_str(&r.json, "kind", l->out->kind);
    jw_put_str(&r.json, "pid", l->out->pid);
    jw_put_str(&r.json, "version", l->out->version);
    jw_put_str(&r.json, "sha256", l->out->sha256);
    return record_append(ctx, conn, &r, l->actor, "replica.resolve", l->out->org_id, l->id);
}

enum err conflicts_resolve(struct ctx *ctx, struct domain *d, const struct actor *actor,
                           const char *id)
{
    struct repl_conflict c;
    struct lookup l = {actor, id, &c};
    enum err err = store_write(ctx, d->store, resolve, &l);
    if (err == OK)
        catalog_changed(d, c.pid ? c.org_id : NULL);
    return err;
}

enum err conflicts_open(struct ctx *ctx, struct domain *d, const char *id,
                        struct repl_conflict *out, int64_t *size, int *fd)
{
    const struct jr *mine;
    enum err err = conflicts_get(ctx, d, id, out);
    if (err == OK && out->sha256 == NULL)
        return ctx_fail(ctx, ERR_NOT_FOUND, "Conflict %s is about no package", id);
    if (err == OK)
        err = jr_parse_object(ctx, out->mine, &mine);
    if (err != OK)
        return err;
    *size = jr_int(jr_member(mine, "size"));
    err = blob_open(ctx, d->blobs, out->sha256, *size, fd);
    if (err != ERR_NOT_FOUND && err != ERR_CORRUPT)
        return err;
    ctx_forgive(ctx);
    return ctx_fail(ctx, ERR_NOT_FOUND, "The package of conflict %s is not here any more", id);
}
