/*
 * rollback.c - one transaction: the newest enabled version off, the next one the latest, one audit
 * row.
 *
 * The latest is never pinned: it is recomputed as by any other change (plugin_store_promote), and
 * enabling the version again undoes it all.
 */
#include "domain/rollback.h"

#include <string.h>

#include "domain/catalog.h"
#include "domain/domain.h"
#include "domain/events.h"
#include "domain/outbound.h"
#include "domain/record.h"
#include "store/outbox_store.h"
#include "store/plugin_store.h"
#include "store/replica_store.h"

struct rolling {
    const struct actor *actor;
    const char *org_id, *id;
    struct plugin off; /* the version that is disabled */
    struct plugin *out;
};

static bool same_org(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static enum err find(struct ctx *ctx, struct conn *conn, struct rolling *r)
{
    struct plugin any;
    bool found;
    enum err err = plugin_store_find(ctx, conn, r->id, &any, &found);
    if (err == OK && (!found || !same_org(any.org_id, r->org_id)))
        return ctx_fail_code(ctx, ERR_NOT_FOUND, "PL-0002",
                             r->org_id ? "Plugin %s not found in your organization"
                                       : "System plugin %s not found",
                             r->id);
    if (err == OK)
        err = plugin_store_newest(ctx, conn, any.org_id, any.pid, &r->off, &found);
    if (err == OK && !found)
        return ctx_fail(ctx, ERR_CONFLICT,
                        "No version of %s is enabled; there is nothing to roll back", any.pid);
    return err;
}

static enum err switch_off(struct ctx *ctx, struct conn *conn, struct rolling *r)
{
    bool found;
    r->off.enabled = false;
    r->off.updated_at = ctx->now;
    r->off.updated_by = r->actor->user_id;
    enum err err = replica_set_flags(ctx, conn, &r->off);
    if (err == OK)
        err = plugin_store_promote(ctx, conn, r->off.org_id, r->off.pid);
    if (err == OK)
        err = plugin_store_latest(ctx, conn, r->off.org_id, r->off.pid, r->out, &found);
    if (err == OK && !found)
        return ctx_fail(ctx, ERR_CONFLICT,
                        "%s is the only enabled version of %s; disable it, or upload or enable "
                        "another first",
                        r->off.version, r->off.pid);
    return err;
}

static enum err roll(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct rolling *r = arg;
    struct record record;
    enum err err = find(ctx, conn, r);
    if (err == OK)
        err = switch_off(ctx, conn, r);
    if (err != OK)
        return err;
    record_start(ctx, &record);
    jw_put_str(&record.json, "pid", r->off.pid);
    jw_put_str(&record.json, "from", r->off.version);
    jw_put_str(&record.json, "to", r->out->version);
    err = record_append(ctx, conn, &record, r->actor, "plugin.rollback", r->off.org_id, r->off.id);
    return err == OK ? outbound_version(ctx, conn, OUTBOX_ENABLED, &r->off, NULL) : err;
}

enum err rollback_plugin(struct ctx *ctx, struct domain *d, const struct actor *actor,
                         const char *org_id, const char *id, struct plugin *out)
{
    struct rolling r = {.actor = actor, .org_id = org_id, .id = id, .out = out};
    enum err err = store_write(ctx, d->store, roll, &r);
    if (err != OK)
        return err;
    catalog_changed(d, org_id);
    events_emit(d, &(struct event){.kind = "plugin.disabled",
                                   .org_id = r.off.org_id,
                                   .plugin_id = r.off.id,
                                   .pid = r.off.pid,
                                   .version = r.off.version});
    return OK;
}
