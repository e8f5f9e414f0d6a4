/*
 * confirm.c - one hash computation, counted like a sign-in.
 */
#include "auth/confirm.h"

#include "auth/throttle.h"
#include "domain/users.h"

static enum err wrong(struct ctx *ctx)
{
    return ctx_fail_field(ctx, ERR_UNKNOWN_CALLER, "password", "The password is not right");
}

enum err auth_confirm(struct ctx *ctx, struct auth *auth, const struct actor *actor,
                      struct slice password)
{
    struct slice address = slice_of(ctx->remote);
    struct user user;
    bool first, good = false;
    if (actor->user_id == NULL)
        return wrong(ctx);
    enum err err = users_get(ctx, auth->domain, actor->user_id, &user);
    if (err != OK)
        return err;
    struct slice account = slice_of(user.id);
    int wait = throttle_begin(auth->throttle, ctx->clock, account, address, &first);
    if (wait > 0) {
        err = ctx_fail(ctx, ERR_THROTTLED, "Too many wrong passwords; try again in %d seconds",
                       wait);
        ctx->fault.retry_after = wait;
        return err;
    }
    err = users_check_password(ctx, auth->domain, &user, password, &good);
    if (err != OK) {
        throttle_cancel(auth->throttle, account, address);
        return err;
    }
    if (!good)
        return wrong(ctx);
    throttle_succeed(auth->throttle, account, address);
    return OK;
}
