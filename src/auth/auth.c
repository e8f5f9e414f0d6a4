/*
 * auth.c - opening and closing what signing in shares.
 */
#include "auth/auth.h"

#include <string.h>

#include "auth/known.h"
#include "auth/tenant_limit.h"
#include "auth/throttle.h"

/* One without the others would trust tokens that were made for somebody else. */
static enum err check_trust(struct ctx *ctx, const struct auth_options *o)
{
    bool key = o->trusted_key.n > 0, issuer = o->trusted_issuer && *o->trusted_issuer;
    bool audience = o->trusted_audience && *o->trusted_audience;
    if (key != issuer || key != audience)
        return ctx_fail(ctx, ERR_INVALID,
                        "trusted-key, trusted-issuer and trusted-audience are set together or not "
                        "at all");
    if (key && !slice_starts(o->trusted_key, "-----BEGIN PUBLIC KEY-----"))
        return ctx_fail(ctx, ERR_INVALID,
                        "The third party's key must be a PEM file with a PUBLIC KEY");
    return OK;
}

enum err auth_open(struct ctx *ctx, struct auth *auth, struct domain *domain,
                   const struct auth_options *options)
{
    memset(auth, 0, sizeof *auth);
    auth->domain = domain;
    auth->options = *options;
    enum err err = check_trust(ctx, options);
    if (err != OK)
        return err;
    auth->throttle = throttle_new(options->login_limit, options->login_window_ms);
    auth->known = known_new();
    auth->tenants = tenant_limit_new(options->tenant_limit, options->tenant_window_ms);
    if (auth->throttle && auth->known && auth->tenants)
        return OK;
    auth_close(auth);
    return ctx_no_memory(ctx);
}

void auth_close(struct auth *auth)
{
    throttle_free(auth->throttle);
    known_free(auth->known);
    tenant_limit_free(auth->tenants);
    auth->throttle = NULL;
    auth->known = NULL;
    auth->tenants = NULL;
}
