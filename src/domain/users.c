/*
 * users.c - the rules about people.
 *
 * Passwords are hashed before the transaction and compared before it; inside, the row is read
 * again, so that a change made meanwhile is noticed. Who is known by which password stands in
 * user_password.c.
 */
#include "domain/users.h"

#include <string.h>

#include "base/crypto.h"
#include "domain/access.h"
#include "domain/fields.h"
#include "domain/passwords.h"
#include "domain/record.h"
#include "store/key_store.h"
#include "store/session_store.h"
#include "store/user_store.h"

static enum err user_gone(struct ctx *ctx)
{
    return ctx_fail(ctx, ERR_NOT_FOUND, "User not found");
}

/* The living user of that id. */
static enum err get_living(struct ctx *ctx, struct conn *conn, const char *id, struct user *out)
{
    bool found;
    enum err err = user_store_find(ctx, conn, id, out, &found);
    if (err != OK)
        return err;
    return found && !out->is_deleted ? OK : user_gone(ctx);
}

/* Name and address belong to no other living user. */
static enum err check_free(struct ctx *ctx, struct conn *conn, const struct user *u)
{
    struct user other;
    bool found;
    enum err err = user_store_find_username(ctx, conn, slice_of(u->username), &other, &found);
    if (err != OK)
        return err;
    if (found && strcmp(other.id, u->id) != 0)
        return ctx_fail_field(ctx, ERR_EXISTS, "username", "Username already exists");
    if (u->email == NULL)
        return OK;
    err = user_store_find_email(ctx, conn, slice_of(u->email), &other, &found);
    if (err == OK && found && strcmp(other.id, u->id) != 0)
        return ctx_fail_field(ctx, ERR_EXISTS, "email", "Email already exists");
    return err;
}

static enum err keep_an_admin(struct ctx *ctx, struct conn *conn)
{
    int64_t admins;
    enum err err = user_store_admins(ctx, conn, &admins);
    if (err == OK && admins < 2)
        return ctx_fail(ctx, ERR_CONFLICT,
                        "This is the last administrator; make another one first");
    return err;
}

/* ------------------------------------------------------------------ making */

struct making {
    const struct actor *actor;
    struct user *user;
};

static enum err insert_user(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct making *m = arg;
    struct record r;
    enum err err = check_free(ctx, conn, m->user);
    if (err == OK)
        err = user_store_insert(ctx, conn, m->user);
    if (err != OK)
        return err;
    record_start(ctx, &r);
    jw_put_str(&r.json, "username", m->user->username);
    jw_put_bool(&r.json, "is_sys_admin", m->user->is_sys_admin);
    return record_append(ctx, conn, &r, m->actor, "user.create", NULL, m->user->id);
}

static enum err fill_user(struct ctx *ctx, const struct user_new *what, struct user *u)
{
    enum err err = field_take(ctx, "username", FIELD_USERNAME, USERNAME_MAX, what->username,
                              &u->username);
    if (err == OK)
        err = field_take(ctx, "email", FIELD_EMAIL, EMAIL_MAX, what->email, &u->email);
    if (err == OK)
        err = field_take(ctx, "display_name", FIELD_LINE, PROFILE_TEXT_MAX, what->display_name,
                         &u->display_name);
    return err;
}

/* A hash in the arena: of the password, or the imported one. NULL where there is neither. */
static enum err hash_of(struct ctx *ctx, struct domain *d, const struct user_new *what,
                        const char *username, const char **out)
{
    char hash[PASSWORD_HASH];
    *out = what->password_hash;
    if (what->password.p == NULL)
        return OK;
    enum err err = passwords_judge(ctx, d, what->password, username);
    if (err == OK)
        err = passwords_hash(ctx, d, what->password, hash);
    if (err != OK)
        return err;
    *out = slice_dup(ctx->arena, slice_of(hash));
    return *out ? OK : ctx_no_memory(ctx);
}

enum err users_prepare(struct ctx *ctx, struct domain *d, const struct user_new *what,
                       struct user *out)
{
    char *id = arena_alloc(ctx->arena, ID_TEXT);
    if (id == NULL)
        return ctx_no_memory(ctx);
    crypto_uuid7(ctx->now, id);
    *out = (struct user){.id = id,
                         .is_sys_admin = what->is_sys_admin,
                         .created_at = ctx->now,
                         .updated_at = ctx->now};
    enum err err = fill_user(ctx, what, out);
    return err == OK ? hash_of(ctx, d, what, out->username, &out->password_hash) : err;
}

enum err users_insert(struct ctx *ctx, struct conn *conn, const struct actor *actor,
                      struct user *user)
{
    struct making m = {actor, user};
    return insert_user(ctx, conn, &m);
}

enum err users_create(struct ctx *ctx, struct domain *d, const struct actor *actor,
                      const struct user_new *what, struct user *out)
{
    struct making m = {actor, out};
    if (what->is_sys_admin && !actor->is_sys_admin)
        return access_refuse_admin(ctx);
    enum err err = users_prepare(ctx, d, what, out);
    return err == OK ? store_write(ctx, d->store, insert_user, &m) : err;
}

/* ------------------------------------------------------------------ finding */

struct lookup {
    const char *id;
    struct slice name;
    bool by_email, found;
    struct user *out;
};

static enum err look_up(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct lookup *l = arg;
    if (l->id)
        return user_store_find(ctx, conn, l->id, l->out, &l->found);
    return l->by_email ? user_store_find_email(ctx, conn, l->name, l->out, &l->found)
                       : user_store_find_username(ctx, conn, l->name, l->out, &l->found);
}

enum err users_get(struct ctx *ctx, struct domain *d, const char *id, struct user *out)
{
    struct lookup l = {.id = id, .out = out};
    enum err err = store_read(ctx, d->store, look_up, &l);
    return err == OK && !l.found ? user_gone(ctx) : err;
}

enum err users_find_username(struct ctx *ctx, struct domain *d, struct slice username,
                             struct user *out, bool *found)
{
    struct lookup l = {.name = username, .out = out};
    enum err err = store_read(ctx, d->store, look_up, &l);
    *found = l.found;
    return err;
}

enum err users_find_email(struct ctx *ctx, struct domain *d, struct slice email, struct user *out,
                          bool *found)
{
    struct lookup l = {.name = email, .by_email = true, .out = out};
    enum err err = store_read(ctx, d->store, look_up, &l);
    *found = l.found;
    return err;
}

struct listing {
    struct user_page page;
    struct user *list;
    size_t count;
};

static enum err list_users(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct listing *l = arg;
    return user_store_list(ctx, conn, &l->page, &l->list, &l->count);
}

enum err users_list(struct ctx *ctx, struct domain *d, const struct user_query *query,
                    struct user **out, size_t *count, bool *more)
{
    int limit = query->limit > 0 && query->limit < USERS_PAGE_MAX ? query->limit : USERS_PAGE_MAX;
    /* one row more than asked for tells whether there is another page */
    struct listing l = {
        {query->after_id, query->include_deleted, query->sys_admins_only, limit + 1}, NULL, 0};
    enum err err = store_read(ctx, d->store, list_users, &l);
    *out = l.list;
    *more = l.count > (size_t)limit;
    *count = *more ? (size_t)limit : l.count;
    return err;
}

static enum err count_admins(struct ctx *ctx, struct conn *conn, void *arg)
{
    int64_t *admins = arg;
    return user_store_admins(ctx, conn, admins);
}

enum err users_any_admin(struct ctx *ctx, struct domain *d, bool *any)
{
    int64_t admins = 0;
    enum err err = store_read(ctx, d->store, count_admins, &admins);
    *any = admins > 0;
    return err;
}

/* ------------------------------------------------------------------ changing */

struct changing {
    const struct actor *actor;
    const char *id;
    const struct profile_change *profile; /* one of these two */
    const struct user_change *change;
    const char *old_hash; /* the current password was checked against this one */
    const char *new_hash; /* NULL = leave */
    struct user *out;
};

static enum err apply_profile(struct ctx *ctx, const struct changing *c, struct user *u,
                              bool *changed)
{
    const struct profile_change *p = c->profile;
    const struct field fields[] = {
        {"username", FIELD_USERNAME, USERNAME_MAX, &p->username, &u->username},
        {"email", FIELD_EMAIL, EMAIL_MAX, &p->email, &u->email},
        {"display_name", FIELD_LINE, PROFILE_TEXT_MAX, &p->display_name, &u->display_name},
        {"avatar_url", FIELD_URL, BIO_MAX, &p->avatar_url, &u->avatar_url},
        {"locale", FIELD_LINE, PROFILE_TEXT_MAX, &p->locale, &u->locale},
        {"timezone", FIELD_LINE, PROFILE_TEXT_MAX, &p->timezone, &u->timezone},
        {"bio", FIELD_LINES, BIO_MAX, &p->bio, &u->bio},
    };
    return fields_apply(ctx, fields, sizeof fields / sizeof *fields, changed);
}

static enum err apply_change(struct ctx *ctx, struct conn *conn, const struct changing *c,
                             struct user *u, bool *changed)
{
    const struct user_change *w = c->change;
    const struct field fields[] = {
        {"username", FIELD_USERNAME, USERNAME_MAX, &w->username, &u->username},
        {"email", FIELD_EMAIL, EMAIL_MAX, &w->email, &u->email},
        {"display_name", FIELD_LINE, PROFILE_TEXT_MAX, &w->display_name, &u->display_name},
    };
    bool admin = w->is_sys_admin ? *w->is_sys_admin : u->is_sys_admin;
    enum err err = access_may_touch(ctx, conn, c->actor, u);
    if (err == OK && admin && !c->actor->is_sys_admin)
        err = access_refuse_admin(ctx);
    if (err == OK && u->is_sys_admin && !admin)
        err = keep_an_admin(ctx, conn);
    *changed |= u->is_sys_admin != admin;
    u->is_sys_admin = admin;
    return err == OK ? fields_apply(ctx, fields, sizeof fields / sizeof *fields, changed) : err;
}

static enum err record_change(struct ctx *ctx, struct conn *conn, const struct changing *c,
                              const struct user *before, int64_t ended)
{
    const struct user *u = c->out;
    struct record r;
    record_start(ctx, &r);
    jw_put_str(&r.json, "username", u->username);
    if (strcmp(before->username, u->username) != 0)
        jw_put_str(&r.json, "username_before", before->username);
    if (before->is_sys_admin != u->is_sys_admin)
        jw_put_bool(&r.json, "is_sys_admin", u->is_sys_admin);
    if (c->new_hash) {
        jw_put_bool(&r.json, "password", true);
        jw_put_int(&r.json, "sessions_ended", ended);
    }
    return record_append(ctx, conn, &r, c->actor, c->profile ? "user.profile" : "user.change", NULL,
                         u->id);
}

static enum err change_user(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct changing *c = arg;
    struct user before, *u = c->out;
    bool changed = c->new_hash != NULL;
    int64_t ended = 0;
    enum err err = get_living(ctx, conn, c->id, u);
    if (err != OK)
        return err;
    before = *u;
    if (c->old_hash && (u->password_hash == NULL || strcmp(u->password_hash, c->old_hash) != 0))
        return ctx_fail(ctx, ERR_CONFLICT,
                        "The password was changed by another request; try again");
    err = c->profile ? apply_profile(ctx, c, u, &changed) : apply_change(ctx, conn, c, u, &changed);
    if (err != OK || !changed)
        return err;
    if (c->new_hash)
        u->password_hash = c->new_hash;
    u->updated_at = ctx->now;
    err = check_free(ctx, conn, u);
    if (err == OK)
        err = user_store_update(ctx, conn, u);
    if (err == OK &&
        c->new_hash) /* the actor's own session stays; of others it is none of theirs */
        err = session_store_revoke_user(ctx, conn, u->id, c->actor->session_id, &ended);
    return err == OK ? record_change(ctx, conn, c, &before, ended) : err;
}

/* The new password's hash in the arena. */
static enum err new_hash(struct ctx *ctx, struct domain *d, struct slice password,
                         const char *username, const char **out)
{
    const struct user_new what = {.password = password};
    return hash_of(ctx, d, &what, username, out);
}

static enum err check_current(struct ctx *ctx, struct domain *d, const struct user *u,
                              struct slice current)
{
    bool good, upgrade;
    if (current.p == NULL)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "current_password",
                              "Field 'current_password' is needed to set a new password");
    enum err err = passwords_check(ctx, d, current, u->password_hash, &good, &upgrade);
    if (err == OK && !good)
        return ctx_fail_field(ctx, ERR_UNKNOWN_CALLER, "current_password",
                              "The current password is wrong");
    return err;
}

enum err users_change_profile(struct ctx *ctx, struct domain *d, const struct actor *actor,
                              const struct profile_change *change, struct user *out)
{
    struct changing c = {.actor = actor, .id = actor->user_id, .profile = change, .out = out};
    struct user u;
    enum err err = users_get(ctx, d, actor->user_id, &u);
    if (err == OK && change->password.p) {
        err = check_current(ctx, d, &u, change->current_password);
        if (err == OK)
            err = new_hash(ctx, d, change->password, u.username, &c.new_hash);
        c.old_hash = u.password_hash;
    }
    return err == OK ? store_write(ctx, d->store, change_user, &c) : err;
}

enum err users_change(struct ctx *ctx, struct domain *d, const struct actor *actor, const char *id,
                      const struct user_change *change, struct user *out)
{
    struct changing c = {.actor = actor, .id = id, .change = change, .out = out};
    struct user u;
    enum err err = users_get(ctx, d, id, &u);
    if (err == OK)
        err = new_hash(ctx, d, change->password, u.username, &c.new_hash);
    return err == OK ? store_write(ctx, d->store, change_user, &c) : err;
}

/* ------------------------------------------------------------------ removing */

static enum err delete_user(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct changing *c = arg;
    struct user *u = c->out;
    int64_t sessions = 0, keys = 0;
    struct record r;
    enum err err = get_living(ctx, conn, c->id, u);
    if (err == OK)
        err = access_may_touch(ctx, conn, c->actor, u);
    if (err == OK && u->is_sys_admin)
        err = keep_an_admin(ctx, conn);
    if (err != OK)
        return err;
    u->is_deleted = true;
    u->updated_at = ctx->now;
    u->password_hash = NULL;
    err = user_store_update(ctx, conn, u);
    if (err == OK)
        err = session_store_revoke_user(ctx, conn, u->id, NULL, &sessions);
    if (err == OK)
        err = key_store_revoke_user(ctx, conn, u->id, NULL, &keys);
    if (err != OK)
        return err;
    record_start(ctx, &r);
    jw_put_str(&r.json, "username", u->username);
    jw_put_int(&r.json, "sessions_ended", sessions);
    jw_put_int(&r.json, "keys_revoked", keys);
    return record_append(ctx, conn, &r, c->actor, "user.delete", NULL, u->id);
}

enum err users_delete(struct ctx *ctx, struct domain *d, const struct actor *actor, const char *id)
{
    struct user u;
    struct changing c = {.actor = actor, .id = id, .out = &u};
    return store_write(ctx, d->store, delete_user, &c);
}
