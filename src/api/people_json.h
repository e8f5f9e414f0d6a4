/*
 * people_json.h - users, orgs, members and roles as Cadence's clients read them.
 *
 * One writer per noun, so that a list, a single answer and the admin's view cannot drift apart, and
 * the reader for fields that a PATCH may set, clear or leave.
 */
#ifndef LARDER_API_PEOPLE_JSON_H
#define LARDER_API_PEOPLE_JSON_H

#include "base/json_read.h"
#include "base/json_write.h"
#include "domain/orgs.h"
#include "domain/roles.h"
#include "http/router.h"

/* Absent: not given. null or "": given and empty, which clears. */
enum err api_get_change(struct ctx *ctx, const struct jr *body, const char *key, size_t max,
                        struct text_change *out) MUST_USE;
/* The fields an org's own administrators may change. */
enum err api_get_org_profile(struct ctx *ctx, const struct jr *body,
                             struct org_profile *out) MUST_USE;
/* An optional id: NULL where it is absent or null. */
enum err api_get_id(struct ctx *ctx, const struct jr *body, const char *key, bool want,
                    const char **out) MUST_USE;

void api_write_user(struct jw *j, const struct user *user); /* a member object without a seat */
void api_write_member(struct jw *j, const struct member *member);
void api_write_org(struct jw *j, const struct org *org);
void api_write_seat(struct jw *j, const struct org_seat *seat);
/* The names in a set, as an array. */
void api_write_permissions(struct jw *j, const struct permission_set *set);
void api_write_role(struct jw *j, const struct role *role);

#endif
