/*
 * access_store.h - the few reads that every request may need: whose credential is it, and what does
 * its owner hold.
 */
#ifndef LARDER_STORE_ACCESS_STORE_H
#define LARDER_STORE_ACCESS_STORE_H

#include "base/crypto.h"
#include "model/identity.h"
#include "store/store.h"

/* A credential in force of a living user. */
struct holder {
    const char *id; /* of the session or key; NULL for a subject */
    const char *user_id, *username;
    bool is_sys_admin;
    int64_t expires_at;  /* of the access token or key; 0 = never */
    const char *org_id;  /* a key is bound to, NULL = none */
    struct slice scopes; /* of a key: JSON array */
};

/* Not revoked; whether it has expired is for the caller to see. */
enum err access_store_session(struct ctx *ctx, struct conn *conn, const char *id,
                              struct holder *out, bool *found) MUST_USE;
enum err access_store_key(struct ctx *ctx, struct conn *conn,
                          const unsigned char hash[SHA256_BYTES], struct holder *out,
                          bool *found) MUST_USE;

/* Calls each(arg, permission, everywhere) for all roles a user holds everywhere or in org_id. */
enum err access_store_permissions(struct ctx *ctx, struct conn *conn, const char *user_id,
                                  const char *org_id,
                                  void (*each)(void *arg, struct slice permission, bool everywhere),
                                  void *arg) MUST_USE;

struct seat {
    bool is_member, is_admin, is_active; /* is_active: the org is neither suspended nor removed */
    bool is_removed;                     /* the org is */
};
enum err access_store_seat(struct ctx *ctx, struct conn *conn, const char *user_id,
                           const char *org_id, struct seat *out) MUST_USE;

#endif
