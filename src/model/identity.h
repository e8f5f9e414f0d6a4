/*
 * identity.h - people, organisations, and what proves who is asking.
 *
 * Plain structs; strings live in the arena of whoever asked the store. Times are wall milliseconds,
 * 0 = never. Ids are UUIDv7 text.
 */
#ifndef LARDER_MODEL_IDENTITY_H
#define LARDER_MODEL_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct user {
    const char *id;
    const char *username;
    const char *email; /* NULL = none */
    const char *display_name, *avatar_url, *locale, *timezone, *bio;
    const char *password_hash; /* NULL = cannot sign in with a password */
    bool is_sys_admin;
    bool is_deleted;
    int64_t created_at, updated_at;
};

struct org {
    const char *id;
    const char *name;
    const char *domain; /* lower case, unique; NULL = none */
    const char *status; /* "active", "suspended" */
    const char *display_name, *tier, *description, *contact_email, *website, *logo_url, *country,
        *timezone;
    bool is_deleted;
    int64_t created_at, updated_at;
};

struct member {
    struct user user;
    const char *org_id;
    bool is_admin;
    int64_t created_at;
};

struct role {
    const char *id;
    const char *name;
    const char *description;
    const char *org_id; /* NULL = usable everywhere */
    const char **permissions;
    size_t permission_count;
    bool builtin;
    int64_t created_at;
};

struct session {
    const char *id; /* the jti of its tokens */
    const char *user_id;
    const char *client_id;
    const char *address, *user_agent;
    int64_t created_at, expires_at, refresh_expires_at, last_used_at;
};

struct api_key {
    const char *id;
    const char *user_id;
    const char *name;
    const char *prefix; /* the first letters, to recognise it by */
    const char **scopes;
    size_t scope_count;
    const char *org_id; /* NULL = all orgs of the owner */
    int64_t created_at, expires_at, last_used_at, revoked_at;
};

/* A set of permissions, one bit each; which bit is which stands in domain/permissions.c. */
struct permission_set {
    uint64_t bits[2];
};

/* Who is asking: the answer of the guard. */
struct actor {
    const char *user_id; /* NULL = nobody */
    const char *username;
    bool is_sys_admin;
    const char *session_id; /* NULL when a key or the command line is asking */
    const char *key_id;
    const char *org_id; /* the org of the path, once membership was checked */
    bool is_member;     /* of it; who administers the platform need not be one */
    const char *address;
    const char *
        via; /* "session", "external" (a third party's token), "api_key", "cli", "system", "none" */
    /* What it may do in this request: everywhere, in the org of the path, cut by the key's scopes. */
    struct permission_set may;
};

#endif
