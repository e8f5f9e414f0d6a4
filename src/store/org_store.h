/*
 * org_store.h - the rows of organisations. Members stand in member_store.h.
 */
#ifndef LARDER_STORE_ORG_STORE_H
#define LARDER_STORE_ORG_STORE_H

#include "model/identity.h"
#include "store/store.h"

enum err org_store_insert(struct ctx *ctx, struct conn *conn, const struct org *o) MUST_USE;
/* Every column but id and created_at. */
enum err org_store_update(struct ctx *ctx, struct conn *conn, const struct org *o) MUST_USE;
enum err org_store_find(struct ctx *ctx, struct conn *conn, const char *id, struct org *out,
                        bool *found) MUST_USE; /* removed ones too */
enum err org_store_find_domain(struct ctx *ctx, struct conn *conn, const char *domain,
                               struct org *out, bool *found) MUST_USE; /* living; lower case */

/* Whose orgs: all there are in order of id, or the active ones of one user with its seat. */
struct org_page {
    const char *member_id; /* NULL = all, removed ones too */
    const char *after_id;  /* "" = from the start */
    int limit;
};
struct org_row {
    struct org org;
    bool is_admin; /* of member_id */
};
enum err org_store_list(struct ctx *ctx, struct conn *conn, const struct org_page *page,
                        struct org_row **out, size_t *count) MUST_USE;

struct org_use {
    int64_t members, admins, api_keys, plugins, versions, bytes;
};
enum err org_store_use(struct ctx *ctx, struct conn *conn, const char *id,
                       struct org_use *out) MUST_USE;

#endif
