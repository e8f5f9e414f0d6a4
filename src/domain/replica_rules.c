/*
 * replica_rules.c - the rules by which the log is read, the same on every node.
 *
 *   create    the first entry wins; a later one with other bytes changes nothing
 *   enabled   the last entry wins; a quarantine is lifted only by a change that knew of it
 *   tag       the last entry wins
 *   replace   wins where the bytes it replaces are those that stand (v1 packages only)
 *   remove    likewise
 *   org.put   the last entry wins, but a domain belongs to the org that claimed it first
 *
 * An entry that loses leaves truth, revision and hash as they were.
 */
#include "domain/replica_rules.h"

#include <string.h>

#include "store/outbox_store.h"

struct judging {
    const struct entry *e;
    const struct change *c;
    struct truth *t;
    struct verdict *out;
};

static bool is(const struct change *c, const char *kind)
{
    return strcmp(c->kind, kind) == 0;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* It was made without knowing the last change: by somebody who had not read so far. */
static bool is_stale(const struct judging *w)
{
    return !same(w->c->base_op, w->t->row.op_id);
}

static void create(struct judging *w)
{
    const struct plugin *p = &w->c->plugin;
    struct truth *t = w->t;
    if (t->lives || (t->removed && same(t->created, w->e->op_id)))
        return;
    t->id = p->id;
    t->sha256 = p->sha256;
    t->size = p->size_bytes;
    t->generation = p->generation;
    t->tag = p->tag;
    t->created = w->e->op_id;
    t->enabled = true;
    t->quarantined = t->removed = false;
    w->out->wins = true;
}

static void set_enabled(struct judging *w)
{
    const struct plugin *p = &w->c->plugin;
    bool stale = is_stale(w);
    if (!w->t->lives || (w->t->quarantined && !p->quarantined && stale))
        return;
    w->t->enabled = p->enabled;
    w->t->quarantined = p->quarantined;
    w->out->overrode = stale;
    w->out->wins = true;
}

static void set_tag(struct judging *w)
{
    if (!w->t->lives)
        return;
    w->t->tag = w->c->plugin.tag;
    w->out->overrode = is_stale(w);
    w->out->wins = true;
}

static void replace(struct judging *w)
{
    const struct plugin *p = &w->c->plugin;
    if (!w->t->lives || w->t->generation != PLUGIN_V1 || w->t->quarantined ||
        !same(w->t->sha256, w->c->old_sha))
        return;
    w->t->sha256 = p->sha256;
    w->t->size = p->size_bytes;
    w->t->tag = p->tag;
    w->t->enabled = true;
    w->out->wins = true;
}

static void take_away(struct judging *w)
{
    if (!w->t->lives || w->t->generation != PLUGIN_V1 || !same(w->t->sha256, w->c->old_sha))
        return;
    w->t->removed = true;
    w->out->wins = true;
}

static enum err put_org(struct ctx *ctx, struct conn *conn, struct judging *w)
{
    const struct org *o = &w->c->org;
    const char *holder = NULL;
    bool held = false;
    enum err err = o->domain && !o->is_deleted
                       ? entity_rev_holder(ctx, conn, o->domain, &holder, &held)
                       : OK;
    bool lost = held && !same(holder, w->t->row.entity);
    w->t->name = o->name;
    w->t->domain = lost ? NULL : o->domain;
    w->t->status = o->status;
    w->t->is_deleted = o->is_deleted;
    w->out->overrode = w->t->row.rev > 0 && is_stale(w);
    w->out->wins = true;
    return err;
}

enum err rules_decide(struct ctx *ctx, struct conn *conn, const struct entry *e, struct truth *t,
                      char state_hash[SHA256_HEX], struct verdict *out)
{
    struct judging judging = {e, &e->change, t, out}, *w = &judging;
    enum err err = OK;
    *out = (struct verdict){0};
    if (is(w->c, OUTBOX_ORG))
        err = put_org(ctx, conn, w);
    else if (is(w->c, OUTBOX_CREATE))
        create(w);
    else if (is(w->c, OUTBOX_ENABLED))
        set_enabled(w);
    else if (is(w->c, OUTBOX_TAG))
        set_tag(w);
    else if (is(w->c, OUTBOX_REPLACE))
        replace(w);
    else
        take_away(w);
    if (err == OK && w->out->wins)
        err = truth_put(ctx, conn, w->t, w->e->op_id, w->e->seq, state_hash);
    return err;
}
