/*
 * replica_org.c - a domain belongs to one organization, and the log says to which.
 */
#include "domain/replica_org.h"

#include <string.h>

#include "store/org_store.h"

enum err replica_org_ensure(struct ctx *ctx, struct conn *conn, const char *id)
{
    struct org o;
    bool found = true;
    enum err err = id ? org_store_find(ctx, conn, id, &o, &found) : OK;
    if (err != OK || found)
        return err;
    o = (struct org){.id = id,
                     .name = id,
                     .status = "active",
                     .tier = "free",
                     .created_at = ctx->now,
                     .updated_at = ctx->now};
    return org_store_insert(ctx, conn, &o);
}

/* The domain is that org's: one that only this node knows of, and that has it too, gives way. */
static enum err free_domain(struct ctx *ctx, struct conn *conn, const struct org *o)
{
    struct org other;
    bool found = false;
    enum err err = o->domain && !o->is_deleted
                       ? org_store_find_domain(ctx, conn, o->domain, &other, &found)
                       : OK;
    if (err != OK || !found || strcmp(other.id, o->id) == 0)
        return err;
    other.domain = NULL;
    other.updated_at = ctx->now;
    return org_store_update(ctx, conn, &other);
}

enum err replica_org_put(struct ctx *ctx, struct conn *conn, const char *id, const struct truth *t,
                         int64_t at)
{
    struct org o;
    bool found = false;
    enum err err = org_store_find(ctx, conn, id, &o, &found);
    if (err != OK)
        return err;
    if (!found)
        o = (struct org){.id = id, .tier = "free", .created_at = at};
    o.name = t->name;
    o.domain = t->domain;
    o.status = t->status;
    o.is_deleted = t->is_deleted;
    o.updated_at = at;
    err = free_domain(ctx, conn, &o);
    if (err != OK)
        return err;
    return found ? org_store_update(ctx, conn, &o) : org_store_insert(ctx, conn, &o);
}
