/*
 * users.h - people: made, found, changed, removed, and known by their password.
 *
 * Removing is soft: the row stays for the record, name and address become free, and every session
 * and key of the user is void in the same transaction. Only an administrator of the platform (or
 * the command line) touches one, and the last administrator can be neither removed nor demoted.
 */
#ifndef LARDER_DOMAIN_USERS_H
#define LARDER_DOMAIN_USERS_H

#include "domain/domain.h"

enum {
    USERNAME_MAX = 64,
    EMAIL_MAX = 254,
    PROFILE_TEXT_MAX = 200,
    BIO_MAX = 2000,
    USERS_PAGE_MAX = 500
};

struct user_new {
    struct slice username;     /* 1 to 64 letters without blanks, control letters and '@' */
    struct slice email;        /* SLICE_NONE = none */
    struct slice password;     /* SLICE_NONE = no sign-in with a password */
    struct slice display_name; /* SLICE_NONE = none */
    bool is_sys_admin;
    const char *password_hash; /* an imported hash instead of a password; NULL = none */
};

/* ERR_EXISTS "Username already exists" / "Email already exists"; ERR_UNPROCESSABLE names a field. */
enum err users_create(struct ctx *ctx, struct domain *d, const struct actor *actor,
                      const struct user_new *what, struct user *out) MUST_USE;

/* The two halves of users_create, for a verb that makes a user inside a transaction of its own:
 * checks and hashes into *out, then inserts it with its audit row. */
enum err users_prepare(struct ctx *ctx, struct domain *d, const struct user_new *what,
                       struct user *out) MUST_USE;
enum err users_insert(struct ctx *ctx, struct conn *conn, const struct actor *actor,
                      struct user *user) MUST_USE;

/* ERR_NOT_FOUND "User not found". Deleted users are found by id only. */
enum err users_get(struct ctx *ctx, struct domain *d, const char *id, struct user *out) MUST_USE;
/* Exact, letter case aside; *found false where there is none. */
enum err users_find_username(struct ctx *ctx, struct domain *d, struct slice username,
                             struct user *out, bool *found) MUST_USE;
enum err users_find_email(struct ctx *ctx, struct domain *d, struct slice email, struct user *out,
                          bool *found) MUST_USE;

struct user_query {
    const char *after_id; /* NULL = from the start; order is that of their making */
    int limit;            /* 1..USERS_PAGE_MAX */
    bool include_deleted;
    bool sys_admins_only;
};
enum err users_list(struct ctx *ctx, struct domain *d, const struct user_query *query,
                    struct user **out, size_t *count, bool *more) MUST_USE;

/* A field that is to change: given with a slice; an empty slice (n == 0) clears it. */
struct text_change {
    bool given;
    struct slice text;
};

/* What a user changes about itself. */
struct profile_change {
    struct text_change username, email, display_name, avatar_url, locale, timezone, bio;
    struct slice password;         /* the new one; SLICE_NONE = leave */
    struct slice current_password; /* needed with it: 422 when absent, 401 when wrong */
};
/*
 * The actor's own row. A new password voids all other sessions of the user. ERR_EXISTS when the
 * address or name is taken.
 */
enum err users_change_profile(struct ctx *ctx, struct domain *d, const struct actor *actor,
                              const struct profile_change *change, struct user *out) MUST_USE;

/* What an administrator changes about anybody; no current password is asked. */
struct user_change {
    struct text_change username, email, display_name;
    struct slice password;    /* SLICE_NONE = leave; voids all sessions of the user */
    const bool *is_sys_admin; /* NULL = leave */
};
enum err users_change(struct ctx *ctx, struct domain *d, const struct actor *actor, const char *id,
                      const struct user_change *change, struct user *out) MUST_USE;

/* Soft; sessions and keys are void at once. ERR_CONFLICT for the last administrator. */
enum err users_delete(struct ctx *ctx, struct domain *d, const struct actor *actor,
                      const char *id) MUST_USE;

/* Whom a name at sign-in means: a username or, with '@', an address. Living users only. */
enum err users_find_login(struct ctx *ctx, struct domain *d, struct slice name, struct user *out,
                          bool *found) MUST_USE;
/*
 * Is it that user's password? user NULL = the name was nobody's: *good is then false, after the
 * same one hash computation. An outdated hash is made anew on success. Signing in as a whole is
 * oauth2_password.
 */
enum err users_check_password(struct ctx *ctx, struct domain *d, const struct user *user,
                              struct slice password, bool *good) MUST_USE;

/* Is there any user who may administer the platform? */
enum err users_any_admin(struct ctx *ctx, struct domain *d, bool *any) MUST_USE;

#endif
