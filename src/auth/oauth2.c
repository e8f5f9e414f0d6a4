/*
 * oauth2.c - signing in: throttle, one hash computation, a session, two tokens.
 *
 * A wrong name and a wrong password take the same way: one read, one hash, one audit row. What is
 * counted is the user once the name is known to be one's, so that trying both its name and its
 * address gives no second set of tries.
 */
#include "auth/oauth2.h"

#include <string.h>

#include "auth/jwt.h"
#include "auth/throttle.h"
#include "domain/sessions.h"
#include "domain/users.h"

static struct slice key_of(const struct domain *d)
{
    return (struct slice){(const char *)d->signing_key, sizeof d->signing_key};
}

static enum err make_tokens(struct ctx *ctx, const struct domain *d,
                            const struct session_opened *opened, struct tokens *out)
{
    const struct session *s = &opened->session;
    const struct jwt_claims claims = {.sub = slice_of(s->user_id),
                                      .jti = slice_of(s->id),
                                      .iat = ctx->now / 1000,
                                      .exp = s->expires_at / 1000};
    *out = (struct tokens){
        .access_token = jwt_sign(ctx, key_of(d), &claims),
        .refresh_token = slice_dup(ctx->arena, slice_of(opened->refresh_token)),
        .expires_in = (s->expires_at - ctx->now) / 1000,
        .refresh_expires_in = (s->refresh_expires_at - ctx->now) / 1000,
        .session = *s,
        .user = opened->user,
    };
    return out->access_token && out->refresh_token ? OK : ctx_no_memory(ctx);
}

enum err oauth2_session(struct ctx *ctx, struct auth *auth, const struct user *user,
                        const struct client *client, struct tokens *out)
{
    const struct actor actor = {.user_id = user->id,
                                .username = user->username,
                                .is_sys_admin = user->is_sys_admin,
                                .address = ctx->remote,
                                .via = "session"};
    const struct session_new what = {.user_id = user->id,
                                     .username = user->username,
                                     .client_id = client->client_id,
                                     .user_agent = client->user_agent};
    struct session_opened opened;
    enum err err = sessions_open(ctx, auth->domain, &actor, &what, &opened);
    return err == OK ? make_tokens(ctx, auth->domain, &opened, out) : err;
}

static enum err refuse_throttled(struct ctx *ctx, int wait)
{
    enum err err = ctx_fail(ctx, ERR_THROTTLED,
                            "Too many sign-in attempts; try again in %d seconds", wait);
    ctx->fault.retry_after = wait;
    return err;
}

static enum err refuse(struct ctx *ctx, struct auth *auth, const struct user *user, bool throttled,
                       int wait)
{
    const struct actor nobody = {.address = ctx->remote, .via = "none"};
    enum err err = sessions_note_refusal(ctx, auth->domain, &nobody, user ? user->id : NULL,
                                         throttled);
    if (err != OK)
        return err;
    return throttled ? refuse_throttled(ctx, wait)
                     : ctx_fail(ctx, ERR_UNKNOWN_CALLER, "Invalid username or password");
}

enum err oauth2_password(struct ctx *ctx, struct auth *auth, struct slice username,
                         struct slice password, const struct client *client, struct tokens *out)
{
    struct slice address = slice_of(ctx->remote);
    struct user row;
    bool found, first, good = false;
    enum err err = users_find_login(ctx, auth->domain, username, &row, &found);
    if (err != OK)
        return err;
    const struct user *user = found ? &row : NULL;
    struct slice account = found ? slice_of(row.id) : username;
    int wait = throttle_begin(auth->throttle, ctx->clock, account, address, &first);
    if (wait > 0)
        return first ? refuse(ctx, auth, user, true, wait) : refuse_throttled(ctx, wait);
    err = users_check_password(ctx, auth->domain, user, password, &good);
    if (err != OK) {
        throttle_cancel(auth->throttle, account, address);
        return err;
    }
    if (!good || user == NULL)
        return refuse(ctx, auth, user, false, 0);
    throttle_succeed(auth->throttle, account, address);
    return oauth2_session(ctx, auth, user, client, out);
}

enum err oauth2_refresh(struct ctx *ctx, struct auth *auth, struct slice refresh_token,
                        const struct client *client, struct tokens *out)
{
    struct session_opened opened;
    enum err err = sessions_refresh(ctx, auth->domain, refresh_token, client->client_id,
                                    client->user_agent, &opened);
    return err == OK ? make_tokens(ctx, auth->domain, &opened, out) : err;
}
