/*
 * sessions.h - sign-ins that are in force.
 *
 * A session is a row; its id is the `jti` of its access token, so ending the row ends the token at
 * once. A refresh token is random, kept as a hash, and good for one exchange: that makes a new
 * session of the same family and ends the old one. A refresh token that comes a second time was
 * copied by somebody, and the whole family ends.
 */
#ifndef LARDER_DOMAIN_SESSIONS_H
#define LARDER_DOMAIN_SESSIONS_H

#include "domain/domain.h"

enum { REFRESH_TOKEN_BYTES = 32, REFRESH_TOKEN_TEXT = 48, SESSIONS_LIST_MAX = 200 };

struct session_new {
    const char *user_id, *username;
    struct slice client_id;  /* SLICE_NONE = none */
    struct slice user_agent; /* cut to 200 bytes */
};

/* What the caller is told once: the row, and the refresh token in plain. */
struct session_opened {
    struct session session;
    struct user user;
    char refresh_token[REFRESH_TOKEN_TEXT];
};

/* Audit row "auth.login". */
enum err sessions_open(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       const struct session_new *what, struct session_opened *out) MUST_USE;

/*
 * Exchanges a refresh token. ERR_UNKNOWN_CALLER "The refresh token is not valid" for one that is
 * unknown, expired, ended, of a removed user, or used before (then its family ends, with an audit
 * row "auth.refresh_reuse").
 */
enum err sessions_refresh(struct ctx *ctx, struct domain *d, struct slice refresh_token,
                          struct slice client_id, struct slice user_agent,
                          struct session_opened *out) MUST_USE;

/* Ends the actor's own session; a refresh token (SLICE_NONE = none) of the same user ends its
 * family too. Ending what has ended is no failure. Audit row "auth.logout". */
enum err sessions_close(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        struct slice refresh_token) MUST_USE;

/* The living sessions of a user, newest first. */
enum err sessions_list(struct ctx *ctx, struct domain *d, const char *user_id, struct session **out,
                       size_t *count) MUST_USE;
/* One of the actor's own sessions; ERR_NOT_FOUND "Session not found" for any other. */
enum err sessions_revoke(struct ctx *ctx, struct domain *d, const struct actor *actor,
                         const char *session_id) MUST_USE;
/* All sessions of a user but the actor's own one; administrators end those of others. */
enum err sessions_revoke_all(struct ctx *ctx, struct domain *d, const struct actor *actor,
                             const char *user_id, int64_t *ended) MUST_USE;

/* A sign-in that was refused: an audit row "auth.login_refused", or "auth.login_throttled" for the
 * one that closed the door. user_id NULL = the name is nobody's; the name itself is not kept, since
 * people type passwords into the wrong field. */
enum err sessions_note_refusal(struct ctx *ctx, struct domain *d, const struct actor *actor,
                               const char *user_id, bool throttled) MUST_USE;

#endif
