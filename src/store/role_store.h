/*
 * role_store.h - the rows of roles, of what they allow, and of who holds them.
 */
#ifndef LARDER_STORE_ROLE_STORE_H
#define LARDER_STORE_ROLE_STORE_H

#include "model/identity.h"
#include "store/store.h"

/* The role without its permissions. */
enum err role_store_insert(struct ctx *ctx, struct conn *conn, const struct role *r) MUST_USE;
enum err role_store_update(struct ctx *ctx, struct conn *conn, const struct role *r) MUST_USE;
enum err role_store_delete(struct ctx *ctx, struct conn *conn, const char *id) MUST_USE;
/* Puts r->permissions in the place of what stands there. */
enum err role_store_set_permissions(struct ctx *ctx, struct conn *conn,
                                    const struct role *r) MUST_USE;

/* With their permissions, in order of their names. */
enum err role_store_find(struct ctx *ctx, struct conn *conn, const char *id, struct role *out,
                         bool *found) MUST_USE;
enum err role_store_find_name(struct ctx *ctx, struct conn *conn, const char *org_id,
                              struct slice name, struct role *out, bool *found) MUST_USE;
enum err role_store_list(struct ctx *ctx, struct conn *conn, int limit, struct role **out,
                         size_t *count) MUST_USE;

/* *changed: it was not so before. */
enum err role_store_grant(struct ctx *ctx, struct conn *conn, const char *user_id,
                          const char *role_id, const char *org_id, bool *changed) MUST_USE;
enum err role_store_withdraw(struct ctx *ctx, struct conn *conn, const char *user_id,
                             const char *role_id, const char *org_id, bool *changed) MUST_USE;
/* All roles of a user in one org: for somebody who leaves. */
enum err role_store_withdraw_org(struct ctx *ctx, struct conn *conn, const char *user_id,
                                 const char *org_id) MUST_USE;

struct grant_row {
    const char *role_id, *role_name, *org_id;
    int64_t created_at;
};
enum err role_store_grants(struct ctx *ctx, struct conn *conn, const char *user_id, int limit,
                           struct grant_row **out, size_t *count) MUST_USE;

#endif
