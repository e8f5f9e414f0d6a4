/*
 * credential.h - what a caller shows, and whose it is.
 *
 * The guard asks for each request; whoever keeps a connection open for a long time keeps the
 * credential and asks again (api/events_api.c), since what it is worth may end at any moment.
 */
#ifndef LARDER_AUTH_CREDENTIAL_H
#define LARDER_AUTH_CREDENTIAL_H

#include "auth/auth.h"
#include "auth/jwt.h"
#include "domain/access.h"
#include "http/request.h"

enum { CREDENTIAL_MAX = JWT_MAX };

enum credential_kind { CREDENTIAL_NONE, CREDENTIAL_TOKEN, CREDENTIAL_COOKIE, CREDENTIAL_KEY };

struct credential {
    enum credential_kind kind;
    struct slice text; /* of the request */
};

struct credential credential_find(const struct request *req);
/* out->valid tells whether it is anybody's. org_id NULL = no org is concerned. */
enum err credential_identify(struct ctx *ctx, struct auth *auth, const struct credential *c,
                             const char *org_id, struct access *out) MUST_USE;
/* What its owner may do with it. */
struct permission_set credential_may(const struct access *access);

#endif
