/*
 * members.c - the rules about belonging to an organisation.
 */
#include "domain/members.h"

#include "domain/record.h"
#include "store/key_store.h"
#include "store/member_store.h"
#include "store/org_store.h"
#include "store/role_store.h"
#include "store/user_store.h"

struct work {
    const struct actor *actor;
    const char *org_id, *user_id;
    bool is_admin;
    struct member *out;
};

static enum err check_org(struct ctx *ctx, struct conn *conn, const char *id)
{
    struct org org;
    bool found;
    enum err err = org_store_find(ctx, conn, id, &org, &found);
    if (err == OK && (!found || org.is_deleted))
        return ctx_fail(ctx, ERR_NOT_FOUND, "Organization not found");
    return err;
}

static enum err get_member(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct work *w = arg;
    bool found;
    enum err err = check_org(ctx, conn, w->org_id);
    if (err == OK)
        err = member_store_find(ctx, conn, w->org_id, w->user_id, w->out, &found);
    if (err == OK && !found)
        return ctx_fail(ctx, ERR_NOT_FOUND, "User is not a member of this organization");
    return err;
}

static enum err write_record(struct ctx *ctx, struct conn *conn, const struct work *w,
                             const char *action)
{
    struct record r;
    record_start(ctx, &r);
    jw_put_str(&r.json, "username", w->out->user.username);
    jw_put_bool(&r.json, "is_admin", w->out->is_admin);
    return record_append(ctx, conn, &r, w->actor, action, w->org_id, w->user_id);
}

static enum err check_addition(struct ctx *ctx, struct conn *conn, const struct work *w)
{
    struct user user;
    bool found;
    enum err err = check_org(ctx, conn, w->org_id);
    if (err == OK)
        err = user_store_find(ctx, conn, w->user_id, &user, &found);
    if (err == OK && (!found || user.is_deleted))
        return ctx_fail(ctx, ERR_NOT_FOUND, "User not found");
    if (err == OK)
        err = member_store_find(ctx, conn, w->org_id, w->user_id, w->out, &found);
    if (err == OK && found)
        return ctx_fail(ctx, ERR_EXISTS, "User is already a member of this organization");
    return err;
}

static enum err add_member(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct work *w = arg;
    enum err err = check_addition(ctx, conn, w);
    if (err == OK)
        err = member_store_insert(ctx, conn, w->org_id, w->user_id, w->is_admin);
    if (err == OK)
        err = get_member(ctx, conn, w);
    return err == OK ? write_record(ctx, conn, w, "member.add") : err;
}

enum err members_add(struct ctx *ctx, struct domain *d, const struct actor *actor,
                     const char *org_id, const char *user_id, bool is_admin, struct member *out)
{
    struct work w = {actor, org_id, user_id, is_admin, out};
    return store_write(ctx, d->store, add_member, &w);
}

static enum err set_admin(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct work *w = arg;
    enum err err = get_member(ctx, conn, w);
    if (err != OK || w->out->is_admin == w->is_admin)
        return err;
    w->out->is_admin = w->is_admin;
    err = member_store_set_admin(ctx, conn, w->org_id, w->user_id, w->is_admin);
    return err == OK ? write_record(ctx, conn, w, "member.change") : err;
}

enum err members_set_admin(struct ctx *ctx, struct domain *d, const struct actor *actor,
                           const char *org_id, const char *user_id, bool is_admin,
                           struct member *out)
{
    struct work w = {actor, org_id, user_id, is_admin, out};
    return store_write(ctx, d->store, set_admin, &w);
}

static enum err remove_member(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct work *w = arg;
    enum err err = get_member(ctx, conn, w);
    if (err == OK)
        err = member_store_delete(ctx, conn, w->org_id, w->user_id);
    if (err == OK)
        err = role_store_withdraw_org(ctx, conn, w->user_id, w->org_id);
    if (err == OK)
        err = key_store_revoke_user(ctx, conn, w->user_id, w->org_id, NULL);
    return err == OK ? write_record(ctx, conn, w, "member.remove") : err;
}

enum err members_remove(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        const char *org_id, const char *user_id)
{
    struct member gone;
    struct work w = {actor, org_id, user_id, false, &gone};
    return store_write(ctx, d->store, remove_member, &w);
}

struct listing {
    const char *org_id, *after;
    int limit;
    struct member *list;
    size_t count;
};

static enum err list_members(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct listing *l = arg;
    enum err err = check_org(ctx, conn, l->org_id);
    if (err != OK)
        return err;
    return member_store_list(ctx, conn, l->org_id, l->after, l->limit, &l->list, &l->count);
}

enum err members_list(struct ctx *ctx, struct domain *d, const char *org_id,
                      const struct member_query *query, struct member **out, size_t *count,
                      bool *more)
{
    int limit = query->limit > 0 && query->limit < MEMBERS_PAGE_MAX ? query->limit
                                                                    : MEMBERS_PAGE_MAX;
    struct listing l = {org_id, query->after_user_id, limit + 1, NULL, 0};
    enum err err = store_read(ctx, d->store, list_members, &l);
    *out = l.list;
    *more = l.count > (size_t)limit;
    *count = *more ? (size_t)limit : l.count;
    return err;
}
