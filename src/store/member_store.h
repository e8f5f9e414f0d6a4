/*
 * member_store.h - the rows that say who belongs to which organisation.
 */
#ifndef LARDER_STORE_MEMBER_STORE_H
#define LARDER_STORE_MEMBER_STORE_H

#include "model/identity.h"
#include "store/store.h"

enum err member_store_insert(struct ctx *ctx, struct conn *conn, const char *org_id,
                             const char *user_id, bool is_admin) MUST_USE;
enum err member_store_set_admin(struct ctx *ctx, struct conn *conn, const char *org_id,
                                const char *user_id, bool is_admin) MUST_USE;
enum err member_store_delete(struct ctx *ctx, struct conn *conn, const char *org_id,
                             const char *user_id) MUST_USE;
/* Members that are living users. */
enum err member_store_find(struct ctx *ctx, struct conn *conn, const char *org_id,
                           const char *user_id, struct member *out, bool *found) MUST_USE;
enum err member_store_list(struct ctx *ctx, struct conn *conn, const char *org_id,
                           const char *after_user_id, int limit, struct member **out,
                           size_t *count) MUST_USE;

#endif
