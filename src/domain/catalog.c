/*
 * catalog.c - the two layers of the catalog, read and changed.
 *
 * Reads follow the store's order: the system's slice, then the org's. Every change is one
 * transaction with its audit and outbox rows; the generations that cached answers depend on are
 * bumped after its commit and before the caller is told.
 */
#include "domain/catalog.h"

#include <string.h>

#include "base/json_write.h"
#include "blob/blob.h"
#include "domain/access.h"
#include "domain/domain.h"
#include "domain/events.h"
#include "domain/outbound.h"
#include "domain/replica.h"
#include "package/version.h"
#include "store/audit_store.h"
#include "store/outbox_store.h"
#include "store/plugin_store.h"
#include "store/replica_store.h"

enum { EVERYTHING = -1, SETTINGS_MAX = 1 << 20, FETCH_RETRY_S = 2 };

/* ------------------------------------------------------------------ generations */

/* Orgs share a fixed number of counters: two that meet only refresh each other's answers. */
static size_t org_counter(const char *org_id)
{
    uint64_t h = 0xcbf29ce484222325;
    for (; *org_id; org_id++)
        h = (h ^ (unsigned char)*org_id) * 0x100000001b3;
    return (size_t)(h % CATALOG_COUNTERS);
}

uint64_t catalog_generation(const struct domain *d, const char *org_id)
{
    uint64_t system = atomic_load_explicit(&d->catalog.system, memory_order_acquire);
    if (org_id == NULL)
        return system << 32;
    /* both halves only grow, so their pair never comes back within the life of a process */
    return system << 32 |
           atomic_load_explicit(&d->catalog.org[org_counter(org_id)], memory_order_acquire);
}

void catalog_changed(struct domain *d, const char *org_id)
{
    if (org_id == NULL)
        atomic_fetch_add_explicit(&d->catalog.system, 1, memory_order_acq_rel);
    else
        atomic_fetch_add_explicit(&d->catalog.org[org_counter(org_id)], 1, memory_order_acq_rel);
    replica_wake(d->replica);
}

/* ------------------------------------------------------------------ lists */

struct listing {
    const struct catalog_query *query;
    struct plugin_sink sink;
    int64_t left; /* rows that may still be handed over; EVERYTHING = no bound */
    bool more;
};

static enum err pass_row(void *arg, const struct plugin *p)
{
    struct listing *l = arg;
    if (l->left > 0)
        l->left--;
    return l->sink.row(l->sink.arg, p);
}

/* A row more than the page is asked for tells that there are more, and is not handed over. */
static bool knows_row(void *arg, const struct plugin *p)
{
    struct listing *l = arg;
    if (l->left == 0)
        return l->more = true;
    if (l->sink.knows == NULL || !l->sink.knows(l->sink.arg, p))
        return false;
    if (l->left > 0)
        l->left--;
    return true;
}

static enum err list_slice(struct ctx *ctx, struct conn *conn, struct listing *l,
                           const char *org_id)
{
    const struct catalog_query *q = l->query;
    enum plugin_source source = org_id ? SOURCE_ORG : SOURCE_SYSTEM;
    bool resumed = q->after_pid && q->after_source == source;
    const struct plugin_page page = {
        .org_id = org_id,
        .tag = q->tag,
        .include_disabled = q->include_disabled,
        .all_versions = q->all_versions,
        .after_pid = resumed ? q->after_pid : "",
        .after_seq = resumed ? q->after_seq : 0,
        .limit = l->left == EVERYTHING ? EVERYTHING : l->left + 1,
    };
    const struct plugin_sink sink = {.row = pass_row, .arg = l, .knows = knows_row};
    return plugin_store_list(ctx, conn, &page, &sink);
}

static enum err list_both(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct listing *l = arg;
    const struct catalog_query *q = l->query;
    bool system = (q->org_id == NULL || q->with_system) && !q->org_only &&
                  !(q->after_pid && q->after_source == SOURCE_ORG);
    enum err err = system ? list_slice(ctx, conn, l, NULL) : OK;
    if (err == OK && !l->more && q->org_id && !q->system_only)
        err = list_slice(ctx, conn, l, q->org_id);
    return err;
}

enum err catalog_list(struct ctx *ctx, struct domain *d, const struct catalog_query *query,
                      enum err (*row)(void *arg, const struct plugin *plugin), void *arg,
                      bool *more)
{
    struct listing l = {.query = query,
                        .sink = {.row = row, .arg = arg, .knows = query->knows},
                        .left = query->limit ? query->limit : EVERYTHING};
    enum err err = store_read(ctx, d->store, list_both, &l);
    *more = l.more;
    return err;
}

struct history {
    const struct catalog_query *query;
    const char *pid;
    struct plugin_sink sink;
};

static enum err read_versions(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct history *h = arg;
    const struct catalog_query *q = h->query;
    size_t own = 0, system = 0;
    enum err err = OK;
    if (q->org_id && !q->system_only)
        err = plugin_store_versions(ctx, conn, q->org_id, h->pid, &h->sink, &own);
    if (err == OK && (q->org_id == NULL || q->with_system) && !q->org_only)
        err = plugin_store_versions(ctx, conn, NULL, h->pid, &h->sink, &system);
    if (err == OK && own + system == 0)
        return ctx_fail_code(ctx, ERR_NOT_FOUND, "PL-0002", "Plugin %s not found", h->pid);
    return err;
}

enum err catalog_versions(struct ctx *ctx, struct domain *d, const struct catalog_query *query,
                          const char *pid, enum err (*row)(void *arg, const struct plugin *plugin),
                          void *arg)
{
    struct history h = {query, pid, {.row = row, .arg = arg}};
    return store_read(ctx, d->store, read_versions, &h);
}

/* ------------------------------------------------------------------ single rows */

struct lookup {
    const char *org_id, *id;
    bool visible; /* a system row will do as well */
    struct plugin *out;
};

static enum err not_found(struct ctx *ctx, const char *org_id, const char *id)
{
    if (org_id)
        return ctx_fail_code(ctx, ERR_NOT_FOUND, "PL-0002",
                             "Plugin %s not found in your organization", id);
    return ctx_fail_code(ctx, ERR_NOT_FOUND, "PL-0002", "System plugin %s not found", id);
}

static bool same_org(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static enum err look_up(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct lookup *l = arg;
    bool found;
    enum err err = plugin_store_find(ctx, conn, l->id, l->out, &found);
    if (err != OK)
        return err;
    if (!found || !(same_org(l->out->org_id, l->org_id) || (l->visible && !l->out->org_id)))
        return not_found(ctx, l->org_id, l->id);
    return OK;
}

enum err catalog_get(struct ctx *ctx, struct domain *d, const char *org_id, const char *id,
                     struct plugin *out)
{
    struct lookup l = {org_id, id, false, out};
    return store_read(ctx, d->store, look_up, &l);
}

enum err catalog_get_visible(struct ctx *ctx, struct domain *d, const char *org_id, const char *id,
                             struct plugin *out)
{
    struct lookup l = {org_id, id, true, out};
    return store_read(ctx, d->store, look_up, &l);
}

/* ------------------------------------------------------------------ settings */

struct settings_query {
    const char *org_id, *pid;
    const struct version *version; /* NULL = the newest enabled one */
    bool own, system;
    struct slice schema;
};

static enum err find_settings(struct ctx *ctx, struct conn *conn, const struct settings_query *q,
                              const char *org_id, struct plugin *p, bool *found)
{
    if (q->version == NULL)
        return plugin_store_latest(ctx, conn, org_id, q->pid, p, found);
    struct slice key = {(const char *)q->version->key, q->version->key_len};
    return plugin_store_find_version(ctx, conn, org_id, q->pid, key, p, found);
}

static enum err read_settings(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct settings_query *q = arg;
    struct plugin p;
    bool found = false;
    enum err err = q->own ? find_settings(ctx, conn, q, q->org_id, &p, &found) : OK;
    if (err == OK && !found && q->system)
        err = find_settings(ctx, conn, q, NULL, &p, &found);
    if (err != OK)
        return err;
    if (!found)
        return ctx_fail_code(ctx, ERR_NOT_FOUND, "PL-0002",
                             q->version ? "Plugin %s has no such version"
                                        : "Plugin %s not found or not enabled",
                             q->pid);
    q->schema = p.settings_schema;
    return OK;
}

enum err catalog_settings(struct ctx *ctx, struct domain *d, const char *org_id, const char *pid,
                          const char *version, const char *source, struct slice *out)
{
    struct version v;
    bool org_only = source && strcmp(source, "org") == 0;
    bool system_only = source && strcmp(source, "system") == 0;
    struct settings_query q = {
        .org_id = org_id, .pid = pid, .own = org_id && !system_only, .system = !org_only};
    if (version) {
        if (!version_parse(VERSION_PEP440, slice_of(version), &v))
            return ctx_fail_code(ctx, ERR_NOT_FOUND, "PL-0002", "Plugin %s has no version '%s'",
                                 pid, version);
        q.version = &v;
    }
    enum err err = store_read(ctx, d->store, read_settings, &q);
    *out = q.schema;
    return err;
}

/* ------------------------------------------------------------------ changes */

struct changing {
    const struct actor *actor;
    struct lookup lookup;
    const struct catalog_change *change;
    bool changed, toggled;
};

/* What the change did, for the audit and for the replicas. */
static enum err write_records(struct ctx *ctx, struct conn *conn, const struct changing *c,
                              const struct plugin *before, const struct plugin *after, bool toggled,
                              bool tagged)
{
    struct buf b;
    struct jw j;
    buf_init(&b, ctx->arena, 4096);
    jw_start(&j, &b);
    jw_object(&j);
    jw_put_str(&j, "pid", after->pid);
    jw_put_str(&j, "version", after->version);
    if (toggled) {
        jw_put_bool(&j, "enabled", after->enabled);
        if (before->quarantined || after->quarantined)
            jw_put_bool(&j, "quarantined", after->quarantined);
    }
    if (tagged) {
        jw_put_str(&j, "tag", after->tag);
        jw_put_str(&j, "tag_before", before->tag);
    }
    jw_end(&j);
    if (!jw_done(&j))
        return ctx_no_memory(ctx);
    const char *action = !toggled                                     ? "plugin.tag"
                         : after->quarantined && !before->quarantined ? "plugin.quarantine"
                         : before->quarantined && !after->quarantined ? "plugin.release"
                         : after->enabled                             ? "plugin.enable"
                                                                      : "plugin.disable";
    enum err err = audit_append(ctx, conn, c->actor, action, after->org_id, after->id,
                                buf_view(&b));
    if (err == OK && toggled)
        err = outbound_version(ctx, conn, OUTBOX_ENABLED, after, NULL);
    if (err == OK && tagged)
        err = outbound_version(ctx, conn, OUTBOX_TAG, after, NULL);
    return err;
}

/* What the flags are to become. A version that was disabled for safety is enabled again only by
 * whoever says that it is safe: the word itself, not a switch that happens to be thrown. */
static enum err wish(struct ctx *ctx, const struct actor *actor,
                     const struct catalog_change *change, const struct plugin *p,
                     struct plugin *want)
{
    *want = *p;
    if (change->quarantined && !actor->is_sys_admin)
        return access_refuse_admin(ctx);
    if (change->quarantined)
        want->quarantined = *change->quarantined;
    if (change->enabled)
        want->enabled = *change->enabled;
    if (change->quarantined && *change->quarantined)
        want->enabled = false;
    if (want->quarantined && want->enabled)
        return ctx_fail_code(ctx, ERR_CONFLICT, "RE-0010",
                             "%s %s is quarantined; lift that first, with quarantined=false",
                             p->pid, p->version);
    want->updated_at = ctx->now;
    return OK;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static enum err apply_change(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct changing *c = arg;
    struct plugin *p = c->lookup.out, before;
    const char *by = c->actor->user_id;
    enum err err = look_up(ctx, conn, &c->lookup);
    if (err != OK)
        return err;
    before = *p;
    struct plugin want;
    if ((err = wish(ctx, c->actor, c->change, p, &want)) != OK)
        return err;
    bool toggled = want.enabled != p->enabled || want.quarantined != p->quarantined;
    bool tagged = c->change->set_tag && !same_text(c->change->tag, p->tag);
    c->changed = toggled || tagged;
    c->toggled = toggled;
    if (!c->changed)
        return OK;
    if (toggled) {
        want.updated_by = by;
        err = replica_set_flags(ctx, conn, &want);
        if (err == OK)
            err = plugin_store_promote(ctx, conn, p->org_id, p->pid);
    }
    if (err == OK && tagged)
        err = plugin_store_set_tag(ctx, conn, p->id, c->change->tag, by);
    if (err == OK)
        err = look_up(ctx, conn, &c->lookup); /* the row as it now is, is_latest included */
    return err == OK ? write_records(ctx, conn, c, &before, p, toggled, tagged) : err;
}

static void tell(struct domain *d, const struct plugin *p, bool toggled)
{
    const char *kind = !toggled     ? "plugin.tagged"
                       : p->enabled ? "plugin.enabled"
                                    : "plugin.disabled";
    events_emit(d, &(struct event){.kind = kind,
                                   .org_id = p->org_id,
                                   .plugin_id = p->id,
                                   .pid = p->pid,
                                   .version = p->version});
}

enum err catalog_change(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        const char *org_id, const char *id, const struct catalog_change *change,
                        struct plugin *out)
{
    struct changing c = {.actor = actor, .lookup = {org_id, id, false, out}, .change = change};
    enum err err = store_write(ctx, d->store, apply_change, &c);
    if (err == OK && c.changed) {
        catalog_changed(d, org_id);
        tell(d, out, c.toggled);
    }
    return err;
}

struct damage {
    const char *sha256, *state;
};

static enum err note_damage(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct damage *what = arg;
    return plugin_store_set_artifact(ctx, conn, what->sha256, what->state);
}

/* Another node has the bytes, or the bucket: they are fetched before all others now. */
static enum err on_its_way(struct ctx *ctx, struct domain *d, const struct plugin *plugin)
{
    replica_want(d->replica, plugin->sha256);
    enum err err = ctx_fail_code(
        ctx, ERR_BUSY, "PL-0001",
        "The bytes of %s %s are not on this node yet and are being fetched "
        "from the object store; ask again in a moment",
        plugin->pid, plugin->version);
    ctx->fault.retry_after = FETCH_RETRY_S;
    return err;
}

enum err catalog_open(struct ctx *ctx, struct domain *d, const struct plugin *plugin, int *fd)
{
    enum err err = blob_open(ctx, d->blobs, plugin->sha256, plugin->size_bytes, fd);
    if (err != ERR_NOT_FOUND && err != ERR_CORRUPT)
        return err;
    /* the row says that they are here: our fault, shown from now on wherever the row is */
    struct damage what = {plugin->sha256, err == ERR_CORRUPT ? "corrupt" : "missing"};
    ctx_forgive(ctx);
    bool news = strcmp(plugin->artifact, "present") == 0;
    if (news && store_write(ctx, d->store, note_damage, &what) == OK)
        catalog_changed(d, plugin->org_id);
    ctx_forgive(ctx); /* where it cannot be noted, it is answered all the same */
    if (replica_carries(d->replica))
        return on_its_way(ctx, d, plugin);
    return ctx_fail_code(
        ctx, ERR_CORRUPT, "PL-0001",
        "The stored bytes of %s %s are %s on this node; upload the same file again "
        "to mend it",
        plugin->pid, plugin->version, err == ERR_CORRUPT ? "damaged" : "missing");
}
