/*
 * roles.h - named sets of permissions, and who holds them.
 *
 * The built-in roles sys_admin, org_admin and org_member are seeded from the program and cannot be
 * changed. What a user may do is always read live from these rows. Nobody hands out what they do
 * not hold themselves.
 */
#ifndef LARDER_DOMAIN_ROLES_H
#define LARDER_DOMAIN_ROLES_H

#include "domain/domain.h"

enum { ROLE_NAME_MAX = 64, ROLES_MAX = 500, ROLE_PERMISSIONS_MAX = 128 };

enum err roles_seed(struct ctx *ctx, struct domain *d) MUST_USE; /* domain_open calls it */

enum err roles_list(struct ctx *ctx, struct domain *d, struct role **out, size_t *count) MUST_USE;

struct role_new {
    struct slice name;        /* lower case letters, digits, '_' and '-' */
    struct slice description; /* SLICE_NONE = none */
    const char *org_id;       /* NULL = usable everywhere; else in that org only */
    const struct slice *permissions;
    size_t permission_count;
};
/* ERR_EXISTS "Role name already exists"; ERR_UNPROCESSABLE names an unknown permission. */
enum err roles_create(struct ctx *ctx, struct domain *d, const struct actor *actor,
                      const struct role_new *what, struct role *out) MUST_USE;

struct role_change {
    const struct slice *name;        /* NULL = leave */
    const struct slice *description; /* NULL = leave, empty = none */
    const struct slice *permissions; /* with set_permissions: all of them, in place of the old */
    size_t permission_count;
    bool set_permissions;
};
/* ERR_CONFLICT for a built-in role. */
enum err roles_change(struct ctx *ctx, struct domain *d, const struct actor *actor, const char *id,
                      const struct role_change *change, struct role *out) MUST_USE;
enum err roles_delete(struct ctx *ctx, struct domain *d, const struct actor *actor,
                      const char *id) MUST_USE;

/* One role held by one user. */
struct role_grant {
    const char *role_id, *role_name;
    const char *org_id; /* NULL = everywhere */
    int64_t created_at;
};
/* org_id NULL = everywhere. Assigning twice is the same as once. */
enum err roles_assign(struct ctx *ctx, struct domain *d, const struct actor *actor,
                      const char *user_id, const char *role_id, const char *org_id) MUST_USE;
enum err roles_withdraw(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        const char *user_id, const char *role_id, const char *org_id) MUST_USE;
enum err roles_of_user(struct ctx *ctx, struct domain *d, const char *user_id,
                       struct role_grant **out, size_t *count) MUST_USE;

#endif
