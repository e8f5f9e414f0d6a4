/*
 * setup.c - the rules about the first administrator.
 */
#include "domain/setup.h"

#include <stdio.h>

#include "base/crypto.h"
#include "domain/actor.h"
#include "domain/record.h"
#include "domain/users.h"
#include "store/key_store.h"
#include "store/user_store.h"

enum { SETUP_TOKEN_BYTES = 32 };

static enum err refuse_second(struct ctx *ctx)
{
    return ctx_fail(ctx, ERR_CONFLICT,
                    "An administrator exists already; `larder admin passwd` sets a password");
}

static enum err refuse_token(struct ctx *ctx)
{
    return ctx_fail(ctx, ERR_UNKNOWN_CALLER,
                    "The setup link is not valid any more; run `larder setup-link` for a new one");
}

static enum err check_no_admin(struct ctx *ctx, struct conn *conn)
{
    int64_t admins;
    enum err err = user_store_admins(ctx, conn, &admins);
    return err == OK && admins > 0 ? refuse_second(ctx) : err;
}

/* ------------------------------------------------------------------ minting */

struct minting {
    const struct actor *actor;
    unsigned char hash[SHA256_BYTES];
    int64_t expires_at;
    bool good;
};

static enum err put_token(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct minting *m = arg;
    struct record r;
    enum err err = check_no_admin(ctx, conn);
    if (err == OK)
        err = setup_store_put(ctx, conn, m->hash, m->expires_at);
    record_start(ctx, &r);
    return err == OK ? record_append(ctx, conn, &r, m->actor, "setup.mint", NULL, NULL) : err;
}

enum err setup_mint(struct ctx *ctx, struct domain *d, const struct actor *actor,
                    char token[SETUP_TOKEN_TEXT], int64_t *expires_at)
{
    struct minting m = {.actor = actor, .expires_at = ctx->now + d->limits.setup_ttl_ms};
    unsigned char secret[SETUP_TOKEN_BYTES];
    struct buf text;
    buf_init(&text, ctx->arena, SETUP_TOKEN_TEXT);
    crypto_random(secret, sizeof secret);
    crypto_base64url(&text, secret, sizeof secret);
    crypto_wipe(secret, sizeof secret);
    if (buf_text(&text) == NULL)
        return ctx_no_memory(ctx);
    crypto_sha256(buf_view(&text), m.hash);
    enum err err = store_write(ctx, d->store, put_token, &m);
    str_set(token, SETUP_TOKEN_TEXT, slice_of(err == OK ? buf_text(&text) : ""));
    *expires_at = m.expires_at;
    return err;
}

/* ------------------------------------------------------------------ using */

static enum err read_token(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct minting *m = arg;
    int64_t admins = 0;
    enum err err = setup_store_find(ctx, conn, m->hash, &m->good);
    if (err == OK && m->good)
        err = user_store_admins(ctx, conn, &admins);
    m->good = m->good && admins == 0;
    return err;
}

enum err setup_check(struct ctx *ctx, struct domain *d, struct slice token, bool *good)
{
    struct minting m = {0};
    *good = false;
    if (token.n == 0 || token.n >= SETUP_TOKEN_TEXT)
        return OK;
    crypto_sha256(token, m.hash);
    enum err err = store_read(ctx, d->store, read_token, &m);
    *good = m.good;
    return err;
}

struct making {
    struct minting token;
    struct user *user;
};

static enum err make_first(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct making *m = arg;
    enum err err = check_no_admin(ctx, conn);
    if (err == OK)
        err = setup_store_find(ctx, conn, m->token.hash, &m->token.good);
    if (err == OK && !m->token.good)
        return refuse_token(ctx);
    if (err == OK)
        err = setup_store_clear(ctx, conn);
    /* whoever holds the token is the administrator to be */
    const struct actor self = {.user_id = m->user->id,
                               .username = m->user->username,
                               .is_sys_admin = true,
                               .address = ctx->remote,
                               .via = "none"};
    return err == OK ? users_insert(ctx, conn, &self, m->user) : err;
}

enum err setup_use(struct ctx *ctx, struct domain *d, struct slice token,
                   const struct setup_admin *admin, struct user *out)
{
    struct making m = {.user = out};
    const struct user_new what = {.username = admin->username.p ? admin->username : SLICE("admin"),
                                  .email = admin->email,
                                  .password = admin->password.p ? admin->password : SLICE(""),
                                  .is_sys_admin = true};
    bool good;
    enum err err = setup_check(ctx, d, token, &good); /* before any hash is computed for it */
    if (err == OK && !good)
        return refuse_token(ctx);
    if (err == OK)
        err = users_prepare(ctx, d, &what, out);
    crypto_sha256(token, m.token.hash);
    return err == OK ? store_write(ctx, d->store, make_first, &m) : err;
}

/* ------------------------------------------------------------------ without a browser */

static enum err make_headless(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct making *m = arg;
    struct actor system = actor_system();
    int64_t admins;
    enum err err = user_store_admins(ctx, conn, &admins);
    m->token.good = err == OK && admins == 0;
    if (m->token.good)
        err = setup_store_clear(ctx, conn);
    return err == OK && m->token.good ? users_insert(ctx, conn, &system, m->user) : err;
}

enum err identity_bootstrap(struct ctx *ctx, struct domain *d, struct slice password, bool *made)
{
    struct user user;
    struct making m = {.user = &user};
    const struct user_new what = {
        .username = SLICE("admin"), .password = password, .is_sys_admin = true};
    bool any = true;
    *made = false;
    enum err err = users_any_admin(ctx, d, &any);
    if (err != OK || any)
        return err;
    err = users_prepare(ctx, d, &what, &user);
    if (err == OK)
        err = store_write(ctx, d->store, make_headless, &m);
    *made = err == OK && m.token.good;
    return err;
}
