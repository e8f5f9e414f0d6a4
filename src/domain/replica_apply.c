/*
 * replica_apply.c - rows follow the log; what was wanted here and lost is kept.
 *
 * Which entry wins is decided in replica_rules.c, without a look at this node.
 */
#include "domain/replica_apply.h"

#include <string.h>

#include "domain/arrival.h"
#include "domain/catalog.h"
#include "domain/domain.h"
#include "domain/events.h"
#include "domain/replica_org.h"
#include "domain/replica_rules.h"
#include "store/audit_store.h"
#include "store/outbox_store.h"
#include "store/plugin_store.h"

enum { DETAIL_MAX = 8192, SETTLE_MEMORY = 256 << 20 };

/* One entry on its way. */
struct work {
    struct applying *a;
    const struct entry *e;
    const struct change *c;
    struct truth t;
    struct verdict verdict;
    bool own;        /* it waited in our outbox */
    bool seen;       /* it stands in the log for the second time */
    int64_t waiting; /* changes of ours about the same that are still to come */
};

static bool is(const struct change *c, const char *kind)
{
    return strcmp(c->kind, kind) == 0;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* ------------------------------------------------------------------ what is told afterwards */

/* A copy where the arena of this work ends before the list is read. */
static const char *kept(struct applying *a, const char *text)
{
    return a->home && text ? slice_dup(a->home, slice_of(text)) : text;
}

static enum err touch(struct ctx *ctx, struct applying *a, const struct touched *what)
{
    struct touched *t = arena_alloc(a->home ? a->home : ctx->arena, sizeof *t);
    if (t == NULL)
        return ctx_no_memory(ctx);
    *t = (struct touched){kept(a, what->org_id), kept(a, what->pid), kept(a, what->version),
                          kept(a, what->keep),   kept(a, what->id),  a->touched};
    a->touched = t;
    return OK;
}

/* A change of ours that the log has no place for: kept, with what stands instead. */
static enum err keep_conflict(struct ctx *ctx, struct conn *conn, struct applying *a,
                              const struct outbox_row *row, const struct change *c,
                              struct slice theirs)
{
    const struct plugin *p = &c->plugin;
    const struct repl_conflict conflict = {
        .op_id = row->op_id,
        .entity = row->entity,
        .kind = row->kind,
        .org_id = c->org.id ? c->org.id : p->org_id,
        .pid = p->pid,
        .version = p->version,
        .sha256 = row->sha256,
        .mine = row->body,
        .theirs = theirs.n ? theirs : SLICE("{}"),
    };
    a->conflicts++;
    return repl_conflict_add(ctx, conn, &conflict);
}

static enum err write_audit(struct ctx *ctx, struct conn *conn, const struct work *w)
{
    static const struct actor replica = {.username = "replication", .via = "system"};
    const struct plugin *p = &w->c->plugin;
    struct buf b;
    struct jw j;
    if (w->own && !w->verdict.overrode)
        return OK; /* recorded when it was made */
    buf_init(&b, ctx->arena, DETAIL_MAX);
    jw_start(&j, &b);
    jw_object(&j);
    jw_put_str(&j, "kind", w->c->kind);
    jw_put_int(&j, "seq", w->e->seq);
    jw_put_str(&j, "node", w->e->node_name);
    if (w->c->by)
        jw_put_str(&j, "by", w->c->by);
    if (p->pid) {
        jw_put_str(&j, "pid", p->pid);
        jw_put_str(&j, "version", p->version);
    }
    if (is(w->c, OUTBOX_ENABLED))
        jw_put_bool(&j, "enabled", p->enabled);
    if (w->verdict.overrode)
        jw_put_bool(&j, "overrode_another_change", true);
    if (!w->verdict.wins)
        jw_put_bool(&j, "without_effect", true);
    jw_end(&j);
    if (!jw_done(&j))
        return ctx_no_memory(ctx);
    return audit_append(ctx, conn, &replica, "replica.apply",
                        w->c->org.id ? w->c->org.id : p->org_id,
                        w->c->org.id ? w->c->org.id : w->t.id, buf_view(&b));
}

/* ------------------------------------------------------------------ rows of versions */

/* How far the changes of this row are. */
static enum err set_stage(struct ctx *ctx, struct conn *conn, const char *entity, const char *id)
{
    int64_t waiting = 0, open = 0;
    enum err err = outbox_waiting(ctx, conn, entity, &waiting);
    if (err == OK)
        err = repl_conflict_count(ctx, conn, entity, &open);
    if (err != OK)
        return err;
    return replica_set_stage(ctx, conn, id, waiting ? "pending" : open ? "conflict" : "replicated");
}

struct dropping {
    struct ctx *ctx;
    struct conn *conn;
    struct applying *a;
    const char *sha256; /* what stands there now */
    struct slice theirs;
};

static enum err drop_change(void *arg, const struct outbox_row *row)
{
    struct dropping *d = arg;
    const struct jr *body;
    struct change c;
    if (same(row->sha256, d->sha256))
        return OK; /* the same bytes were published by somebody else */
    enum err err = jr_parse_object(d->ctx, row->body, &body);
    if (err == OK)
        err = change_read(d->ctx, row->kind, body, false, &c);
    return err == OK ? keep_conflict(d->ctx, d->conn, d->a, row, &c, d->theirs) : err;
}

/*
 * Other bytes have the place of ours: all that waits about it is off. Where they are the same, the
 * waiting creation is off and what was said about it since goes on.
 */
static enum err settle_waiting(struct ctx *ctx, struct conn *conn, struct applying *a,
                               const char *entity, const struct plugin *here,
                               const struct plugin *there, struct slice theirs)
{
    struct dropping d = {ctx, conn, a, there->sha256, theirs};
    struct outbox_row first;
    bool found = false, was;
    if (!same(here->sha256, there->sha256))
        return outbox_drop(ctx, conn, entity, drop_change, &d);
    enum err err = outbox_first_of(ctx, conn, entity, &first, &found);
    if (err != OK || !found || strcmp(first.kind, OUTBOX_CREATE) != 0)
        return err;
    return outbox_done(ctx, conn, first.op_id, &was);
}

/* Puts what the log says in the place of whatever is shown here. `p` is whole. */
static enum err put_row(struct ctx *ctx, struct conn *conn, struct applying *a, const char *entity,
                        const struct plugin *p, struct slice theirs)
{
    struct plugin here;
    bool found = false;
    enum err err = replica_org_ensure(ctx, conn, p->org_id);
    if (err == OK)
        err = plugin_store_find_version(ctx, conn, p->org_id, p->pid, p->order_key, &here, &found);
    if (err == OK && found)
        err = settle_waiting(ctx, conn, a, entity, &here, p, theirs);
    if (err == OK && found && !same(here.sha256, p->sha256))
        err = touch(
            ctx, a,
            &(struct touched){
                .org_id = p->org_id, .pid = p->pid, .version = here.version, .keep = p->sha256});
    if (err == OK)
        err = replica_put_version(ctx, conn, p);
    if (err == OK)
        err = replica_set_flags(ctx, conn, p);
    if (err == OK)
        err = plugin_store_promote(ctx, conn, p->org_id, p->pid);
    if (err == OK)
        err = set_stage(ctx, conn, entity, p->id);
    a->brought_bytes = true;
    return err == OK ? touch(ctx, a, &(struct touched){.org_id = p->org_id, .id = p->id}) : err;
}

/* A whole row of the change's package, with the flags of the truth. */
static struct plugin row_of(const struct change *c, const struct truth *t)
{
    struct plugin p = c->plugin;
    p.id = t->id;
    p.enabled = t->enabled;
    p.quarantined = t->quarantined;
    p.tag = t->tag;
    return p;
}

static enum err sync_content(struct ctx *ctx, struct conn *conn, struct work *w)
{
    struct plugin p = row_of(w->c, &w->t), here;
    bool found = false;
    if (!w->own || w->waiting == 0)
        return put_row(ctx, conn, w->a, w->t.row.entity, &p, w->t.row.state);
    /* ours, and more of ours follows: what is shown is ahead of the log and stays */
    enum err err = plugin_store_find_version(ctx, conn, p.org_id, p.pid, p.order_key, &here,
                                             &found);
    return err == OK && found ? set_stage(ctx, conn, w->t.row.entity, here.id) : err;
}

static enum err sync_flags(struct ctx *ctx, struct conn *conn, struct work *w)
{
    const struct plugin *at = &w->c->plugin;
    struct plugin p;
    bool found = false;
    enum err err = plugin_store_find_version(ctx, conn, at->org_id, at->pid, at->order_key, &p,
                                             &found);
    if (err != OK || !found)
        return err;
    if (!(w->own && w->waiting) && w->t.lives) {
        p.enabled = w->t.enabled;
        p.quarantined = w->t.quarantined;
        p.tag = w->t.tag;
        p.updated_at = w->c->at;
        p.updated_by = w->c->by;
        err = replica_set_flags(ctx, conn, &p);
        if (err == OK)
            err = plugin_store_promote(ctx, conn, p.org_id, p.pid);
    }
    if (err == OK)
        err = set_stage(ctx, conn, w->t.row.entity, p.id);
    return err == OK ? touch(ctx, w->a, &(struct touched){.org_id = p.org_id}) : err;
}

static enum err drop_row(struct ctx *ctx, struct conn *conn, struct applying *a,
                         const struct plugin *at)
{
    struct plugin p;
    bool found = false;
    enum err err = plugin_store_find_version(ctx, conn, at->org_id, at->pid, at->order_key, &p,
                                             &found);
    if (err != OK || !found)
        return err;
    err = replica_drop_version(ctx, conn, p.id);
    if (err == OK)
        err = plugin_store_promote(ctx, conn, p.org_id, p.pid);
    return err == OK
               ? touch(ctx, a,
                       &(struct touched){.org_id = p.org_id, .pid = p.pid, .version = p.version})
               : err;
}

static enum err sync_removal(struct ctx *ctx, struct conn *conn, struct work *w)
{
    return w->own && w->waiting ? OK : drop_row(ctx, conn, w->a, &w->c->plugin);
}

/* ------------------------------------------------------------------ rows of orgs */

static enum err sync_org(struct ctx *ctx, struct conn *conn, struct work *w)
{
    const char *id = w->c->org.id;
    enum err err = w->own && w->waiting ? OK : replica_org_put(ctx, conn, id, &w->t, w->c->at);
    return err == OK ? touch(ctx, w->a, &(struct touched){.org_id = id}) : err;
}

/* ------------------------------------------------------------------ one entry */

static enum err sync(struct ctx *ctx, struct conn *conn, struct work *w)
{
    if (is(w->c, OUTBOX_ORG))
        return sync_org(ctx, conn, w);
    if (w->verdict.wins && change_brings_bytes(w->c))
        return sync_content(ctx, conn, w);
    if (w->verdict.wins && is(w->c, OUTBOX_REMOVE))
        return sync_removal(ctx, conn, w);
    return w->verdict.wins || w->own ? sync_flags(ctx, conn, w) : OK;
}

static bool lost_something(const struct work *w)
{
    if (is(w->c, OUTBOX_ORG))
        return !same(w->c->org.domain, w->t.domain);
    if (w->verdict.wins || (is(w->c, OUTBOX_CREATE) && same(w->t.sha256, w->c->plugin.sha256)))
        return false;
    return !(is(w->c, OUTBOX_REMOVE) && !w->t.lives); /* gone is gone */
}

static enum err note_own(struct ctx *ctx, struct conn *conn, struct work *w)
{
    struct outbox_row row;
    enum err err = outbox_find(ctx, conn, w->e->op_id, &row, &w->own);
    bool was;
    if (err != OK || !w->own)
        return err;
    if (!w->seen && lost_something(w))
        err = keep_conflict(ctx, conn, w->a, &row, w->c, w->t.row.state);
    return err == OK ? outbox_done(ctx, conn, w->e->op_id, &was) : err;
}

static enum err apply_one(struct ctx *ctx, struct conn *conn, struct applying *a,
                          const struct entry *e)
{
    struct work w = {.a = a, .e = e, .c = &e->change};
    const char *entity = change_entity(ctx->arena, &e->change);
    if (entity == NULL)
        return ctx_no_memory(ctx);
    enum err err = applied_has(ctx, conn, e->op_id, &w.seen);
    if (err == OK)
        err = truth_get(ctx, conn, entity, &w.t);
    if (err == OK && !w.seen)
        err = rules_decide(ctx, conn, e, &w.t, a->state_hash, &w.verdict);
    if (err == OK)
        err = note_own(ctx, conn, &w);
    if (err == OK)
        err = outbox_waiting(ctx, conn, entity, &w.waiting);
    if (err == OK && !w.seen)
        err = sync(ctx, conn, &w);
    if (err == OK && !w.seen)
        err = write_audit(ctx, conn, &w);
    return err == OK ? applied_add(ctx, conn, e->op_id, e->seq) : err;
}

static enum err apply_all(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct applying *a = arg;
    struct repl_state state;
    enum err err = repl_state_get(ctx, conn, &state);
    if (err != OK)
        return err;
    a->touched = NULL;
    a->conflicts = 0;
    a->applied_seq = state.applied_seq;
    memcpy(a->state_hash, state.state_hash, SHA256_HEX);
    for (size_t i = 0; err == OK && i < a->count; i++) {
        if (a->entries[i].seq != a->applied_seq + 1)
            return ctx_fail_cause(ctx, ERR_INTERNAL, "entry %lld does not follow %lld",
                                  (long long)a->entries[i].seq, (long long)a->applied_seq);
        err = apply_one(ctx, conn, a, &a->entries[i]);
        a->applied_seq++;
    }
    return err == OK ? repl_state_position(ctx, conn, a->applied_seq, a->state_hash) : err;
}

enum err replica_settle(struct ctx *ctx, struct domain *d, const struct applying *a)
{
    struct arena *callers = ctx->arena, scratch;
    enum err err = OK;
    arena_init(&scratch, SETTLE_MEMORY); /* for one package at a time */
    ctx->arena = &scratch;
    for (const struct touched *t = a->touched; t && err == OK; t = t->next) {
        if (t->pid)
            err = arrival_forget(ctx, d, t->org_id, t->pid, t->version, t->keep);
        if (err == OK && t->id)
            err = arrival_settle(ctx, d, t->id);
        catalog_changed(d, t->org_id);
        if (!t->next || !same(t->next->org_id, t->org_id)) /* one for many of the same org */
            events_emit(d, &(struct event){.kind = "plugins.reloaded", .org_id = t->org_id});
        arena_reset(&scratch);
    }
    ctx->arena = callers;
    arena_free(&scratch);
    return err;
}

enum err replica_apply(struct ctx *ctx, struct applying *a)
{
    enum err err = store_write(ctx, a->d->store, apply_all, a);
    return err == OK ? replica_settle(ctx, a->d, a) : err;
}

/* ------------------------------------------------------------------ without an entry */

struct yielding {
    struct applying *a;
    const char *entity;
    const struct entry *winner;
};

static enum err yield_row(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct yielding *y = arg;
    struct buf b;
    struct jw j;
    y->a->touched = NULL;
    y->a->conflicts = 0;
    buf_init(&b, ctx->arena, REPLICA_RECORD_MAX);
    jw_start(&j, &b);
    change_write(&j, &y->winner->change, false);
    if (!jw_done(&j))
        return ctx_no_memory(ctx);
    return put_row(ctx, conn, y->a, y->entity, &y->winner->change.plugin, buf_view(&b));
}

enum err replica_yield(struct ctx *ctx, struct domain *d, const char *entity,
                       const struct entry *winner)
{
    struct applying a = {.d = d};
    struct yielding y = {&a, entity, winner};
    enum err err = store_write(ctx, d->store, yield_row, &y);
    return err == OK ? replica_settle(ctx, d, &a) : err;
}

/* A snapshot's word that a version is gone: its place stands in its name. */
static enum err drop_removed(struct ctx *ctx, struct conn *conn, struct applying *a,
                             const char *entity)
{
    struct slice rest = slice_of(entity), part[4];
    struct plugin at = {0};
    size_t n = 0;
    while (n < 4 && slice_split(&rest, '/', &part[n]))
        n++;
    unsigned char *key = arena_alloc(ctx->arena, n == 4 ? part[3].n / 2 + 1 : 1);
    if (key == NULL)
        return ctx_no_memory(ctx);
    if (n != 4 || !crypto_unhex(part[3], key, part[3].n / 2))
        return ctx_fail_cause(ctx, ERR_CORRUPT, "%s is no version", entity);
    at.order_key = (struct slice){(const char *)key, part[3].n / 2};
    at.org_id = slice_is(part[1], "system") ? NULL : slice_dup(ctx->arena, part[1]);
    at.pid = slice_dup(ctx->arena, part[2]);
    return at.pid ? drop_row(ctx, conn, a, &at) : ctx_no_memory(ctx);
}

enum err replica_load(struct ctx *ctx, struct conn *conn, struct applying *a,
                      const struct truth_line *line)
{
    struct truth t;
    const struct change *c = &line->change;
    enum err err = truth_load(ctx, conn, line, a->state_hash, &t);
    if (err != OK)
        return err;
    if (!truth_is_version(line->entity)) {
        err = replica_org_put(ctx, conn, slice_dup(ctx->arena, slice_of(line->entity + 2)), &t,
                              ctx->now);
        return err == OK ? touch(ctx, a, &(struct touched){.org_id = t.row.entity + 2}) : err;
    }
    if (!line->has_change)
        return drop_removed(ctx, conn, a, line->entity);
    struct plugin p = row_of(c, &t);
    const char *entity = change_entity(ctx->arena, c);
    if (entity == NULL)
        return ctx_no_memory(ctx);
    if (strcmp(entity, line->entity) != 0 || !same(p.sha256, t.sha256) || t.removed)
        return ctx_fail_cause(ctx, ERR_CORRUPT, "a snapshot says two things about %s",
                              line->entity);
    return put_row(ctx, conn, a, entity, &p, t.row.state);
}
