/*
 * jwt.h - JSON Web Tokens, the narrow part of them that is used here.
 *
 * HS256 under our own key, RS256 under one configured public key; which one is fixed by the caller
 * and never by the token. `alg` must say exactly that, `crit` is refused, `typ` and `kid` are not
 * looked at, sizes are capped before anything is decoded.
 */
#ifndef LARDER_AUTH_JWT_H
#define LARDER_AUTH_JWT_H

#include "base/ctx.h"

enum { JWT_MAX = 4096, JWT_LEEWAY_S = 60 };

struct jwt_claims {
    struct slice sub, jti; /* jti may be none in a third party's token */
    struct slice iss;
    int64_t iat, exp; /* seconds since 1970 */
};

/* "header.payload.signature" in the arena, NULL = no memory. The claims sub, jti, iat, exp. */
const char *jwt_sign(struct ctx *ctx, struct slice key, const struct jwt_claims *claims);

/* False when it is not a token of ours that is in force at ctx->now. Sets the fault for want of memory only. */
bool jwt_check_ours(struct ctx *ctx, struct slice key, struct slice token, struct jwt_claims *out);

struct jwt_trust {
    struct slice pem; /* RSA public key of at least 2048 bits */
    const char *issuer, *audience;
};
/* The same for a third party's: signature, iss, aud (a string or a list), exp, nbf, iat. */
bool jwt_check_trusted(struct ctx *ctx, const struct jwt_trust *trust, struct slice token,
                       struct jwt_claims *out);

#endif
