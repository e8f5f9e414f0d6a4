/*
 * members.h - who belongs to which organisation.
 *
 * An administrator of an org holds the built-in role org_admin there, anybody else org_member.
 * Leaving an org takes the roles assigned in it along, and voids keys bound to it.
 */
#ifndef LARDER_DOMAIN_MEMBERS_H
#define LARDER_DOMAIN_MEMBERS_H

#include "domain/domain.h"

enum { MEMBERS_PAGE_MAX = 1000 };

/* ERR_NOT_FOUND for an unknown user or org; ERR_EXISTS "User is already a member of this organization". */
enum err members_add(struct ctx *ctx, struct domain *d, const struct actor *actor,
                     const char *org_id, const char *user_id, bool is_admin,
                     struct member *out) MUST_USE;
/* ERR_NOT_FOUND "User is not a member of this organization". */
enum err members_set_admin(struct ctx *ctx, struct domain *d, const struct actor *actor,
                           const char *org_id, const char *user_id, bool is_admin,
                           struct member *out) MUST_USE;
enum err members_remove(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        const char *org_id, const char *user_id) MUST_USE;

struct member_query {
    const char *after_user_id; /* NULL = from the start; order is by user id */
    int limit;                 /* 1..MEMBERS_PAGE_MAX; 0 = MEMBERS_PAGE_MAX */
};
enum err members_list(struct ctx *ctx, struct domain *d, const char *org_id,
                      const struct member_query *query, struct member **out, size_t *count,
                      bool *more) MUST_USE;

#endif
