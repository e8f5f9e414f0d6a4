/*
 * key_store.h - the rows of API keys, and of the token in the setup link.
 *
 * Both are secrets of which only the SHA-256 is kept.
 */
#ifndef LARDER_STORE_KEY_STORE_H
#define LARDER_STORE_KEY_STORE_H

#include "base/crypto.h"
#include "model/identity.h"
#include "store/store.h"

enum err key_store_insert(struct ctx *ctx, struct conn *conn, const struct api_key *k,
                          const unsigned char hash[SHA256_BYTES]) MUST_USE;
enum err key_store_find(struct ctx *ctx, struct conn *conn, const char *id, struct api_key *out,
                        bool *found) MUST_USE;
/* user_id NULL = of everybody; newest first. */
enum err key_store_list(struct ctx *ctx, struct conn *conn, const char *user_id,
                        bool include_revoked, int limit, struct api_key **out,
                        size_t *count) MUST_USE;
enum err key_store_revoke(struct ctx *ctx, struct conn *conn, const char *id) MUST_USE;
/* All of a user; org_id NULL = wherever they are bound, else only those bound to that org. */
enum err key_store_revoke_user(struct ctx *ctx, struct conn *conn, const char *user_id,
                               const char *org_id, int64_t *ended) MUST_USE;
enum err key_store_count(struct ctx *ctx, struct conn *conn, const char *user_id,
                         int64_t *count) MUST_USE; /* in force */
enum err key_store_touch(struct ctx *ctx, struct conn *conn, const char *id, int64_t at) MUST_USE;

/* Puts the token in the place of all others. */
enum err setup_store_put(struct ctx *ctx, struct conn *conn, const unsigned char hash[SHA256_BYTES],
                         int64_t expires_at) MUST_USE;
enum err setup_store_clear(struct ctx *ctx, struct conn *conn) MUST_USE;
/* In force at ctx->now? */
enum err setup_store_find(struct ctx *ctx, struct conn *conn,
                          const unsigned char hash[SHA256_BYTES], bool *found) MUST_USE;

#endif
