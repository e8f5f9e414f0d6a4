/*
 * keys.h - API keys for programs.
 *
 * "cdk_" and 256 random bits; the text is shown once, kept is its SHA-256. A key can do what its
 * owner can and its scopes name, whichever is less; the sentinel and the keeping of keys are taken
 * out of its scopes without a word, as the reference does. A key bound to an org works there only.
 */
#ifndef LARDER_DOMAIN_KEYS_H
#define LARDER_DOMAIN_KEYS_H

#include "domain/domain.h"

enum { KEY_TEXT = 56, KEY_NAME_MAX = 100, KEYS_MAX = 1000, KEYS_PER_USER_MAX = 500 };

struct key_new {
    const char *user_id; /* the owner; NULL = the actor */
    struct slice name;
    const struct slice *scopes;
    size_t scope_count;
    const char *org_id; /* NULL = all orgs of the owner */
    int64_t expires_at; /* 0 = never; else in the future */
};

/* raw is the only time the key is seen. ERR_UNPROCESSABLE for an unknown scope, ERR_FORBIDDEN for
 * one the actor does not hold. */
enum err keys_create(struct ctx *ctx, struct domain *d, const struct actor *actor,
                     const struct key_new *what, struct api_key *out, char raw[KEY_TEXT]) MUST_USE;

/* user_id NULL = everybody's; newest first; revoked ones only where asked for. */
enum err keys_list(struct ctx *ctx, struct domain *d, const char *user_id, bool include_revoked,
                   struct api_key **out, size_t *count) MUST_USE;
/* owner NULL = anybody's key. ERR_NOT_FOUND "API key not found". Revoking twice is once. */
enum err keys_revoke(struct ctx *ctx, struct domain *d, const struct actor *actor,
                     const char *owner_id, const char *key_id) MUST_USE;

/* In force at that time? */
bool keys_is_active(const struct api_key *key, int64_t now);

#endif
