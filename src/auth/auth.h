/*
 * auth.h - what signing in and checking callers share.
 *
 * Look next at oauth2.h (signing in, refreshing, signing out), guard.h (who is asking, and may
 * they), jwt.h (tokens), throttle.h (too many wrong passwords), tenant_limit.h (too many requests of
 * one organization), cookie.h (browsers).
 */
#ifndef LARDER_AUTH_AUTH_H
#define LARDER_AUTH_AUTH_H

#include "domain/domain.h"

struct throttle;     /* auth/throttle.h */
struct known;        /* auth/known.h */
struct tenant_limit; /* auth/tenant_limit.h */

struct auth_options {
    int login_limit;         /* wrong tries per account or address before 429; 0 = 10, at most 64 */
    int64_t login_window_ms; /* within this time; 0 = 5 minutes */
    int tenant_limit;        /* requests of one organization; 0 = any number */
    int64_t tenant_window_ms; /* within this time */
    /* Tokens of a third party; all three or none. PEM text of an RSA public key. */
    struct slice trusted_key;
    const char *trusted_issuer, *trusted_audience;
};

struct auth {
    struct domain *domain;
    struct throttle *throttle;
    struct known *known;
    struct tenant_limit *tenants;
    struct auth_options options; /* strings of the caller, who keeps them */
};

/* Heap parts ended by auth_close. ERR_INVALID where the options do not fit together. */
enum err auth_open(struct ctx *ctx, struct auth *auth, struct domain *domain,
                   const struct auth_options *options) MUST_USE;
void auth_close(struct auth *auth);

#endif
