/*
 * user_password.c - whose password is it: the half of users.h that signing in needs.
 *
 * Every try costs exactly one hash computation, whatever the name; only a success may cost a
 * second one, when an outdated hash is made anew.
 */
#include <string.h>

#include "domain/actor.h"
#include "domain/passwords.h"
#include "domain/record.h"
#include "domain/users.h"
#include "store/user_store.h"

struct lookup {
    struct slice name;
    bool found;
    struct user *out;
};

static enum err look_up(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct lookup *l = arg;
    enum err err = user_store_find_username(ctx, conn, l->name, l->out, &l->found);
    if (err == OK && !l->found && slice_find(l->name, '@') < l->name.n)
        err = user_store_find_email(ctx, conn, l->name, l->out, &l->found);
    return err;
}

struct upgrading {
    const char *user_id, *old_hash, *new_hash;
};

static enum err replace_hash(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct upgrading *up = arg;
    struct actor system = actor_system();
    struct user u;
    struct record r;
    bool found;
    enum err err = user_store_find(ctx, conn, up->user_id, &u, &found);
    if (err != OK || !found || !u.password_hash || strcmp(u.password_hash, up->old_hash) != 0)
        return err; /* changed meanwhile: the newer one stays */
    u.password_hash = up->new_hash;
    err = user_store_update(ctx, conn, &u);
    record_start(ctx, &r);
    return err == OK ? record_append(ctx, conn, &r, &system, "user.rehash", NULL, u.id) : err;
}

/* A convenience for later sign-ins: where it fails, this one is good all the same. */
static void upgrade_hash(struct ctx *ctx, struct domain *d, const struct user *u,
                         struct slice password)
{
    char hash[PASSWORD_HASH];
    struct upgrading up = {u->id, u->password_hash, hash};
    enum err err = passwords_hash(ctx, d, password, hash);
    if (err == OK)
        err = store_write(ctx, d->store, replace_hash, &up);
    if (err != OK)
        ctx_forgive(ctx);
}

enum err users_find_login(struct ctx *ctx, struct domain *d, struct slice name, struct user *out,
                          bool *found)
{
    struct lookup l = {name, false, out};
    *out = (struct user){0};
    enum err err = store_read(ctx, d->store, look_up, &l);
    *found = l.found;
    return err;
}

enum err users_check_password(struct ctx *ctx, struct domain *d, const struct user *user,
                              struct slice password, bool *good)
{
    bool upgrade;
    enum err err = passwords_check(ctx, d, password, user ? user->password_hash : NULL, good,
                                   &upgrade);
    if (user && err == OK && *good && upgrade)
        upgrade_hash(ctx, d, user, password);
    return err;
}
