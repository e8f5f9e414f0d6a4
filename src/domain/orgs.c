/*
 * orgs.c - the rules about organisations.
 */
#include "domain/orgs.h"

#include <string.h>

#include "base/crypto.h"
#include "domain/fields.h"
#include "domain/outbound.h"
#include "domain/record.h"
#include "domain/replica.h"
#include "store/org_store.h"

static enum err org_gone(struct ctx *ctx)
{
    return ctx_fail(ctx, ERR_NOT_FOUND, "Organization not found");
}

/* The domain belongs to no other living org. */
static enum err check_free(struct ctx *ctx, struct conn *conn, const struct org *o)
{
    struct org other;
    bool found = false;
    enum err err = OK;
    if (o->domain && !o->is_deleted)
        err = org_store_find_domain(ctx, conn, o->domain, &other, &found);
    if (err == OK && found && strcmp(other.id, o->id) != 0)
        return ctx_fail_field(ctx, ERR_EXISTS, "domain", "Organization domain already exists");
    return err;
}

/* ------------------------------------------------------------------ making */

struct making {
    const struct actor *actor;
    const struct org *org;
};

static enum err insert_org(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct making *m = arg;
    struct record r;
    enum err err = check_free(ctx, conn, m->org);
    if (err == OK)
        err = org_store_insert(ctx, conn, m->org);
    if (err != OK)
        return err;
    record_start(ctx, &r);
    jw_put_str(&r.json, "name", m->org->name);
    jw_put_str(&r.json, "domain", m->org->domain);
    err = record_append(ctx, conn, &r, m->actor, "org.create", m->org->id, m->org->id);
    return err == OK ? outbound_org(ctx, conn, m->org, m->actor->user_id) : err;
}

enum err orgs_create(struct ctx *ctx, struct domain *d, const struct actor *actor,
                     const struct org_new *what, struct org *out)
{
    char *id = arena_alloc(ctx->arena, ID_TEXT);
    struct making m = {actor, out};
    if (id == NULL)
        return ctx_no_memory(ctx);
    crypto_uuid7(ctx->now, id);
    *out = (struct org){
        .id = id, .status = "active", .created_at = ctx->now, .updated_at = ctx->now};
    enum err err = field_take(ctx, "name", FIELD_NAME, ORG_NAME_MAX, what->name, &out->name);
    if (err == OK)
        err = field_take(ctx, "domain", FIELD_DOMAIN, ORG_DOMAIN_MAX, what->domain, &out->domain);
    if (err == OK)
        err = field_take(ctx, "display_name", FIELD_LINE, PROFILE_TEXT_MAX, what->display_name,
                         &out->display_name);
    if (err == OK)
        err = field_take(ctx, "tier", FIELD_LINE, ORG_NAME_MAX, what->tier, &out->tier);
    if (err != OK)
        return err;
    if (out->tier == NULL)
        out->tier = "free";
    err = store_write(ctx, d->store, insert_org, &m);
    replica_wake(d->replica);
    return err;
}

enum err orgs_may_adopt(struct ctx *ctx, const char *id)
{
    if (crypto_is_uuid(slice_of(id)))
        return OK;
    return ctx_fail(ctx, ERR_INVALID, "The org '%.64s' cannot be taken over: its id is no UUID",
                    id);
}

enum err orgs_adopt(struct ctx *ctx, struct domain *d, const struct actor *actor, const char *id,
                    struct org *out)
{
    struct making m = {actor, out};
    enum err err = orgs_may_adopt(ctx, id);
    if (err != OK)
        return err;
    *out = (struct org){.id = id,
                        .name = id,
                        .status = "active",
                        .tier = "free",
                        .created_at = ctx->now,
                        .updated_at = ctx->now};
    err = store_write(ctx, d->store, insert_org, &m);
    replica_wake(d->replica);
    return err;
}

/* ------------------------------------------------------------------ finding */

struct lookup {
    const char *id;
    bool with_deleted;
    struct org *out;
    struct org_use use;
};

static enum err get_org(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct lookup *l = arg;
    bool found;
    enum err err = org_store_find(ctx, conn, l->id, l->out, &found);
    if (err != OK)
        return err;
    return found && (l->with_deleted || !l->out->is_deleted) ? OK : org_gone(ctx);
}

enum err orgs_get(struct ctx *ctx, struct domain *d, const char *id, bool with_deleted,
                  struct org *out)
{
    struct lookup l = {.id = id, .with_deleted = with_deleted, .out = out};
    return store_read(ctx, d->store, get_org, &l);
}

static enum err get_use(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct lookup *l = arg;
    enum err err = get_org(ctx, conn, l);
    return err == OK ? org_store_use(ctx, conn, l->id, &l->use) : err;
}

enum err orgs_quota(struct ctx *ctx, struct domain *d, const char *id, struct org_quota *out)
{
    struct org org;
    struct lookup l = {.id = id, .with_deleted = true, .out = &org};
    enum err err = store_read(ctx, d->store, get_use, &l);
    if (err == OK)
        *out = (struct org_quota){.tier = org.tier,
                                  .members = l.use.members,
                                  .admins = l.use.admins,
                                  .api_keys = l.use.api_keys,
                                  .plugins = l.use.plugins,
                                  .versions = l.use.versions,
                                  .bytes = l.use.bytes};
    return err;
}

struct listing {
    struct org_page page;
    struct org_row *rows;
    size_t count;
};

static enum err list_orgs(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct listing *l = arg;
    return org_store_list(ctx, conn, &l->page, &l->rows, &l->count);
}

/* Rows with the role their reader has in them; role NULL = by seat. */
static enum err seats_of(struct ctx *ctx, const struct listing *l, size_t count, const char *role,
                         struct org_seat **out)
{
    struct org_seat *seats = arena_array(ctx->arena, count ? count : 1, sizeof *seats);
    if (seats == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < count; i++)
        seats[i] = (struct org_seat){l->rows[i].org, role                  ? role
                                                     : l->rows[i].is_admin ? "org_admin"
                                                                           : "member"};
    *out = seats;
    return OK;
}

enum err orgs_list(struct ctx *ctx, struct domain *d, const struct actor *actor,
                   const struct org_query *query, struct org_seat **out, size_t *count, bool *more)
{
    int limit = query->limit > 0 && query->limit < ORGS_PAGE_MAX ? query->limit : ORGS_PAGE_MAX;
    bool all = actor->is_sys_admin;
    struct listing l = {{all              ? NULL
                         : actor->user_id ? actor->user_id
                                          : "",
                         query->after_id, limit + 1},
                        NULL,
                        0};
    enum err err = store_read(ctx, d->store, list_orgs, &l);
    *more = l.count > (size_t)limit;
    *count = *more ? (size_t)limit : l.count;
    return err == OK ? seats_of(ctx, &l, *count, all ? "sys_admin" : NULL, out) : err;
}

enum err orgs_list_mine(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        struct org_seat **out, size_t *count)
{
    struct listing l = {{actor->user_id ? actor->user_id : "", NULL, ORGS_PAGE_MAX}, NULL, 0};
    enum err err = store_read(ctx, d->store, list_orgs, &l);
    *count = l.count;
    return err == OK ? seats_of(ctx, &l, l.count, NULL, out) : err;
}

/* ------------------------------------------------------------------ changing */

struct changing {
    const struct actor *actor;
    struct lookup lookup;
    const struct org_profile *profile;
    const struct org_change *change; /* NULL = the profile alone */
};

static enum err apply_profile(struct ctx *ctx, const struct org_profile *p, struct org *o,
                              bool *changed)
{
    const struct field fields[] = {
        {"display_name", FIELD_LINE, PROFILE_TEXT_MAX, &p->display_name, &o->display_name},
        {"description", FIELD_LINES, BIO_MAX, &p->description, &o->description},
        {"contact_email", FIELD_EMAIL, EMAIL_MAX, &p->contact_email, &o->contact_email},
        {"website", FIELD_URL, BIO_MAX, &p->website, &o->website},
        {"logo_url", FIELD_URL, BIO_MAX, &p->logo_url, &o->logo_url},
        {"country", FIELD_LINE, PROFILE_TEXT_MAX, &p->country, &o->country},
        {"timezone", FIELD_LINE, PROFILE_TEXT_MAX, &p->timezone, &o->timezone},
    };
    return fields_apply(ctx, fields, sizeof fields / sizeof *fields, changed);
}

static enum err apply_change(struct ctx *ctx, const struct org_change *c, struct org *o,
                             bool *changed)
{
    const struct field fields[] = {
        {"name", FIELD_NAME, ORG_NAME_MAX, &c->name, &o->name},
        {"domain", FIELD_DOMAIN, ORG_DOMAIN_MAX, &c->domain, &o->domain},
        {"tier", FIELD_NAME, ORG_NAME_MAX, &c->tier, &o->tier},
        {"status", FIELD_NAME, ORG_NAME_MAX, &c->status, &o->status},
    };
    bool deleted = c->is_deleted ? *c->is_deleted : o->is_deleted;
    *changed |= deleted != o->is_deleted;
    o->is_deleted = deleted;
    enum err err = fields_apply(ctx, fields, sizeof fields / sizeof *fields, changed);
    if (err == OK && strcmp(o->status, "active") != 0 && strcmp(o->status, "suspended") != 0)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "status",
                              "Field 'status' must be 'active' or 'suspended'");
    return err;
}

static enum err record_change(struct ctx *ctx, struct conn *conn, const struct changing *c,
                              const struct org *before)
{
    const struct org *o = c->lookup.out;
    struct record r;
    record_start(ctx, &r);
    jw_put_str(&r.json, "name", o->name);
    if (before->domain == NULL || o->domain == NULL || strcmp(before->domain, o->domain) != 0) {
        jw_put_str(&r.json, "domain", o->domain);
        jw_put_str(&r.json, "domain_before", before->domain);
    }
    if (strcmp(before->status, o->status) != 0)
        jw_put_str(&r.json, "status", o->status);
    if (before->is_deleted != o->is_deleted)
        jw_put_bool(&r.json, "is_deleted", o->is_deleted);
    const char *action = !c->change                            ? "org.profile"
                         : before->is_deleted == o->is_deleted ? "org.change"
                         : o->is_deleted                       ? "org.delete"
                                                               : "org.restore";
    return record_append(ctx, conn, &r, c->actor, action, o->id, o->id);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Did anything change that the other nodes know? A profile stays on this one. */
static bool travels(const struct org *before, const struct org *after)
{
    return !same(before->name, after->name) || !same(before->domain, after->domain) ||
           !same(before->status, after->status) || before->is_deleted != after->is_deleted;
}

static enum err change_org(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct changing *c = arg;
    struct org before, *o = c->lookup.out;
    bool changed = false;
    enum err err = get_org(ctx, conn, &c->lookup);
    if (err != OK)
        return err;
    before = *o;
    err = apply_profile(ctx, c->profile, o, &changed);
    if (err == OK && c->change)
        err = apply_change(ctx, c->change, o, &changed);
    if (err == OK)
        err = check_free(ctx, conn, o);
    if (err != OK || !changed)
        return err;
    o->updated_at = ctx->now;
    err = org_store_update(ctx, conn, o);
    if (err == OK)
        err = record_change(ctx, conn, c, &before);
    return err == OK && travels(&before, o) ? outbound_org(ctx, conn, o, c->actor->user_id) : err;
}

enum err orgs_change_profile(struct ctx *ctx, struct domain *d, const struct actor *actor,
                             const char *id, const struct org_profile *change, struct org *out)
{
    struct changing c = {.actor = actor, .lookup = {.id = id, .out = out}, .profile = change};
    return store_write(ctx, d->store, change_org, &c);
}

enum err orgs_change(struct ctx *ctx, struct domain *d, const struct actor *actor, const char *id,
                     const struct org_change *change, struct org *out)
{
    struct changing c = {.actor = actor,
                         .lookup = {.id = id, .with_deleted = true, .out = out},
                         .profile = &change->profile,
                         .change = change};
    enum err err = store_write(ctx, d->store, change_org, &c);
    replica_wake(d->replica);
    return err;
}
