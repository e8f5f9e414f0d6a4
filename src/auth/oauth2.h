/*
 * oauth2.h - signing in, staying signed in, signing out. The wire shapes are the API's.
 */
#ifndef LARDER_AUTH_OAUTH2_H
#define LARDER_AUTH_OAUTH2_H

#include "auth/auth.h"

/* Where a sign-in comes from. */
struct client {
    struct slice client_id;  /* SLICE_NONE = none */
    struct slice user_agent; /* SLICE_NONE = none */
};

struct tokens {
    const char *access_token; /* JWT, in the arena */
    const char *refresh_token;
    int64_t expires_in, refresh_expires_in; /* seconds */
    struct session session;
    struct user user;
};

/*
 * grant_type=password, and /api/auth/login. The address is ctx->remote. ERR_UNKNOWN_CALLER
 * "Invalid username or password", ERR_THROTTLED or ERR_BUSY with retry_after. Each outcome has its
 * audit row.
 */
enum err oauth2_password(struct ctx *ctx, struct auth *auth, struct slice username,
                         struct slice password, const struct client *client,
                         struct tokens *out) MUST_USE;

/* grant_type=refresh_token: both tokens anew. ERR_UNKNOWN_CALLER "The refresh token is not valid". */
enum err oauth2_refresh(struct ctx *ctx, struct auth *auth, struct slice refresh_token,
                        const struct client *client, struct tokens *out) MUST_USE;

/* A session for a user who proved itself in another way: after setup_use. */
enum err oauth2_session(struct ctx *ctx, struct auth *auth, const struct user *user,
                        const struct client *client, struct tokens *out) MUST_USE;

/* Signing out is sessions_close in domain/sessions.h. */

#endif
