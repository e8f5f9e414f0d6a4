/*
 * session_store.h - the rows of sign-ins.
 *
 * A row is living while it is not revoked and its access or its refresh token still runs. Refresh
 * tokens are here as SHA-256 only.
 */
#ifndef LARDER_STORE_SESSION_STORE_H
#define LARDER_STORE_SESSION_STORE_H

#include "base/crypto.h"
#include "model/identity.h"
#include "store/store.h"

struct session_row {
    struct session session;
    const char *family;
    int64_t refresh_used_at, revoked_at; /* 0 = not */
};

enum err session_store_insert(struct ctx *ctx, struct conn *conn, const struct session_row *r,
                              const unsigned char refresh_hash[SHA256_BYTES]) MUST_USE;
enum err session_store_find(struct ctx *ctx, struct conn *conn, const char *id,
                            struct session_row *out, bool *found) MUST_USE;
enum err session_store_find_refresh(struct ctx *ctx, struct conn *conn,
                                    const unsigned char refresh_hash[SHA256_BYTES],
                                    struct session_row *out, bool *found) MUST_USE;
/* The refresh token was exchanged: stamps it and ends the session. */
enum err session_store_exchange(struct ctx *ctx, struct conn *conn, const char *id) MUST_USE;

/* Ending: *ended (may be NULL) tells how many living rows it were. */
enum err session_store_revoke(struct ctx *ctx, struct conn *conn, const char *id,
                              int64_t *ended) MUST_USE;
enum err session_store_revoke_family(struct ctx *ctx, struct conn *conn, const char *family,
                                     int64_t *ended) MUST_USE;
/* All of a user but one (NULL = all). */
enum err session_store_revoke_user(struct ctx *ctx, struct conn *conn, const char *user_id,
                                   const char *except_id, int64_t *ended) MUST_USE;

/* Living ones, newest first. */
enum err session_store_list(struct ctx *ctx, struct conn *conn, const char *user_id, int limit,
                            struct session **out, size_t *count) MUST_USE;
enum err session_store_touch(struct ctx *ctx, struct conn *conn, const char *id,
                             int64_t at) MUST_USE;
/* Removes rows whose last token ran out before `before`, at most `limit` of them. */
enum err session_store_sweep(struct ctx *ctx, struct conn *conn, int64_t before, int limit,
                             int64_t *swept) MUST_USE;
/* Is there anything to sweep? Asked first, on a read connection. */
enum err session_store_any_expired(struct ctx *ctx, struct conn *conn, int64_t before,
                                   bool *any) MUST_USE;

#endif
