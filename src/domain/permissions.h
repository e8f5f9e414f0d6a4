/*
 * permissions.h - the names of everything that can be allowed, and sets of them.
 *
 * A permission is a string "cadence:{system|org|chat|profile}:{resource}:{action}". Each has a
 * number, and a set is a few words of bits, so that a check costs nothing. The sentinel
 * cadence:system:admin stands for all of them. The table in permissions.c is the only list.
 */
#ifndef LARDER_DOMAIN_PERMISSIONS_H
#define LARDER_DOMAIN_PERMISSIONS_H

#include "base/str.h"
#include "model/identity.h"

enum permission_scope { PERMISSION_SYSTEM, PERMISSION_ORG, PERMISSION_PERSONAL };

struct permission {
    const char *name;
    size_t name_n;
    enum permission_scope scope;
    const char *sentence; /* what it allows, for the page of roles */
};

extern const char PERMISSION_ADMIN[]; /* "cadence:system:admin" */

size_t permission_count(void);
const struct permission *permission_at(size_t i);
/* The number of that name, or -1. */
int permission_find(struct slice name);

bool permission_set_has(const struct permission_set *set, int permission);
void permission_set_add(struct permission_set *set, int permission);
void permission_set_join(struct permission_set *set, const struct permission_set *other);
void permission_set_cut(struct permission_set *set, const struct permission_set *other);
bool permission_set_within(const struct permission_set *set, const struct permission_set *other);
/* A set that holds the sentinel becomes the set of all. */
void permission_set_expand(struct permission_set *set);

struct permission_set permission_all(void);
/* What a built-in role gives; name is "sys_admin", "org_admin" or "org_member". */
struct permission_set permission_of_builtin(const char *role);
/* What no API key ever holds: the sentinel, and the keeping of keys. */
struct permission_set permission_never_for_keys(void);
/* What everybody holds who signed in: reading and changing one's own profile. */
struct permission_set permission_of_everybody(void);

#endif
