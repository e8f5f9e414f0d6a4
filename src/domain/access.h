/*
 * access.h - what a credential is worth at this moment, read live.
 *
 * One read transaction answers: whose it is, whether it is still in force, and what its owner may
 * do everywhere and in one org. Nothing is kept here; auth/known.h keeps answers for as long as the
 * store's generation stands still.
 */
#ifndef LARDER_DOMAIN_ACCESS_H
#define LARDER_DOMAIN_ACCESS_H

#include "base/crypto.h"
#include "domain/domain.h"

enum standing {                     /* of a user in an org */
                STANDING_NONE,      /* no member, or no such org */
                STANDING_SUSPENDED, /* a member, but the org is suspended */
                STANDING_MEMBER,
};

struct access {
    bool valid; /* false: nobody, or not in force any more; the rest is then empty */
    const char *user_id, *username;
    const char *session_id;           /* of a session */
    const char *key_id;               /* of an API key */
    const char *key_org_id;           /* the org a key is bound to, NULL = none */
    int64_t expires_at;               /* of the credential; 0 = never */
    bool is_sys_admin;                /* the owner administers the platform, by flag or by role */
    struct permission_set everywhere; /* of the owner, through roles, or as everybody may */
    struct permission_set in_org;     /* of the owner, through membership and roles in the org */
    struct permission_set scopes;     /* of a key; all permissions for other credentials */
    enum standing standing;
};

/* org_id NULL = no org is concerned. */
enum err access_of_session(struct ctx *ctx, struct domain *d, const char *session_id,
                           const char *org_id, struct access *out) MUST_USE;
enum err access_of_key(struct ctx *ctx, struct domain *d, const unsigned char hash[SHA256_BYTES],
                       const char *org_id, struct access *out) MUST_USE;
/* For a third party's token: the subject is a username or, with '@', an address. */
enum err access_of_subject(struct ctx *ctx, struct domain *d, struct slice subject,
                           const char *org_id, struct access *out) MUST_USE;

/* May the actor change this user? Nobody touches one who may do more than oneself. ERR_FORBIDDEN. */
enum err access_may_touch(struct ctx *ctx, struct conn *conn, const struct actor *actor,
                          const struct user *user) MUST_USE;
/* ERR_FORBIDDEN "Platform admin access required". */
enum err access_refuse_admin(struct ctx *ctx) MUST_USE;

#endif
