/*
 * access.c - from a credential to what its owner may do, in one read transaction.
 *
 * Three sources are joined: roles held everywhere, the seat in the org (administrator or plain
 * member), and roles held in that org. The sentinel expands to everything.
 */
#include "domain/access.h"

#include "base/json_read.h"
#include "domain/permissions.h"
#include "store/access_store.h"
#include "store/user_store.h"

enum credential { SESSION, KEY, SUBJECT };

struct asking {
    enum credential kind;
    const char *session_id;
    const unsigned char *key_hash;
    struct slice subject;
    const char *org_id;
    struct access *out;
};

struct held {
    struct permission_set everywhere, in_org;
};

static void add_permission(void *arg, struct slice permission, bool everywhere)
{
    struct held *h = arg;
    permission_set_add(everywhere ? &h->everywhere : &h->in_org, permission_find(permission));
}

static enum err read_roles(struct ctx *ctx, struct conn *conn, const char *user_id,
                           const char *org_id, struct held *h)
{
    *h = (struct held){0};
    enum err err = access_store_permissions(ctx, conn, user_id, org_id, add_permission, h);
    permission_set_expand(&h->everywhere);
    /* a role with the sentinel that is held in one org makes no administrator of the platform */
    struct permission_set local = permission_of_builtin("org_admin");
    permission_set_cut(&h->in_org, &local);
    return err;
}

static enum err read_seat(struct ctx *ctx, struct conn *conn, const char *org_id,
                          struct access *out)
{
    struct seat seat;
    enum err err = access_store_seat(ctx, conn, out->user_id, org_id, &seat);
    if (err != OK || !seat.is_member || seat.is_removed)
        return err;
    out->standing = seat.is_active ? STANDING_MEMBER : STANDING_SUSPENDED;
    struct permission_set given = permission_of_builtin(seat.is_admin ? "org_admin" : "org_member");
    permission_set_join(&out->in_org, &given);
    return OK;
}

static enum err read_scopes(struct ctx *ctx, struct slice json, struct permission_set *out)
{
    const struct jr *list;
    *out = (struct permission_set){{0}};
    enum err err = jr_parse(ctx, json, &list);
    if (err != OK)
        return ctx_fail_cause(ctx, ERR_CORRUPT, "scopes of an API key are not JSON");
    for (size_t i = 0; i < jr_count(list); i++)
        permission_set_add(out, permission_find(jr_str(jr_item(list, i))));
    struct permission_set never = permission_never_for_keys();
    for (size_t i = 0; i < sizeof never.bits / sizeof *never.bits; i++)
        out->bits[i] &= ~never.bits[i];
    return OK;
}

static enum err find_subject(struct ctx *ctx, struct conn *conn, struct slice subject,
                             struct holder *h, bool *found)
{
    struct user u;
    bool address = slice_find(subject, '@') < subject.n;
    enum err err = address ? user_store_find_email(ctx, conn, subject, &u, found)
                           : user_store_find_username(ctx, conn, subject, &u, found);
    if (err == OK && *found)
        *h = (struct holder){
            .user_id = u.id, .username = u.username, .is_sys_admin = u.is_sys_admin};
    return err;
}

static enum err find_holder(struct ctx *ctx, struct conn *conn, const struct asking *a,
                            struct holder *h, bool *found)
{
    switch (a->kind) {
    case SESSION: return access_store_session(ctx, conn, a->session_id, h, found);
    case KEY: return access_store_key(ctx, conn, a->key_hash, h, found);
    case SUBJECT: break;
    }
    return find_subject(ctx, conn, a->subject, h, found);
}

static enum err read_access(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct asking *a = arg;
    struct access *out = a->out;
    struct holder h = {0};
    struct held held;
    bool found;
    enum err err = find_holder(ctx, conn, a, &h, &found);
    if (err != OK || !found || (h.expires_at != 0 && h.expires_at <= ctx->now))
        return err;
    *out = (struct access){.valid = true,
                           .user_id = h.user_id,
                           .username = h.username,
                           .session_id = a->kind == SESSION ? h.id : NULL,
                           .key_id = a->kind == KEY ? h.id : NULL,
                           .key_org_id = h.org_id,
                           .expires_at = h.expires_at,
                           .scopes = permission_all()};
    err = read_roles(ctx, conn, h.user_id, a->org_id, &held);
    out->is_sys_admin = h.is_sys_admin ||
                        permission_set_has(&held.everywhere,
                                           permission_find(slice_of(PERMISSION_ADMIN)));
    out->everywhere = out->is_sys_admin ? permission_all() : held.everywhere;
    out->in_org = held.in_org;
    if (a->kind != KEY) {
        struct permission_set everybody = permission_of_everybody();
        permission_set_join(&out->everywhere, &everybody);
    }
    if (err == OK && a->org_id)
        err = read_seat(ctx, conn, a->org_id, out);
    if (err == OK && a->kind == KEY)
        err = read_scopes(ctx, h.scopes, &out->scopes);
    return err;
}

static enum err ask(struct ctx *ctx, struct domain *d, struct asking *a)
{
    *a->out = (struct access){0};
    enum err err = store_read(ctx, d->store, read_access, a);
    if (err != OK)
        *a->out = (struct access){0};
    return err;
}

enum err access_of_session(struct ctx *ctx, struct domain *d, const char *session_id,
                           const char *org_id, struct access *out)
{
    struct asking a = {.kind = SESSION, .session_id = session_id, .org_id = org_id, .out = out};
    return ask(ctx, d, &a);
}

enum err access_of_key(struct ctx *ctx, struct domain *d, const unsigned char hash[SHA256_BYTES],
                       const char *org_id, struct access *out)
{
    struct asking a = {.kind = KEY, .key_hash = hash, .org_id = org_id, .out = out};
    return ask(ctx, d, &a);
}

enum err access_of_subject(struct ctx *ctx, struct domain *d, struct slice subject,
                           const char *org_id, struct access *out)
{
    struct asking a = {.kind = SUBJECT, .subject = subject, .org_id = org_id, .out = out};
    return ask(ctx, d, &a);
}

enum err access_refuse_admin(struct ctx *ctx)
{
    return ctx_fail(ctx, ERR_FORBIDDEN, "Platform admin access required");
}

enum err access_may_touch(struct ctx *ctx, struct conn *conn, const struct actor *actor,
                          const struct user *user)
{
    struct held held;
    if (actor->is_sys_admin)
        return OK;
    if (user->is_sys_admin)
        return access_refuse_admin(ctx);
    enum err err = read_roles(ctx, conn, user->id, NULL, &held);
    if (err == OK && !permission_set_within(&held.everywhere, &actor->may))
        return ctx_fail(ctx, ERR_FORBIDDEN, "This user may do more than you; ask an administrator");
    return err;
}
