/*
 * user_store.h - the rows of people.
 *
 * Names and addresses are compared without regard to the case of ASCII letters. A find answers
 * *found; "living" leaves out rows that were removed softly.
 */
#ifndef LARDER_STORE_USER_STORE_H
#define LARDER_STORE_USER_STORE_H

#include "model/identity.h"
#include "store/store.h"

enum err user_store_insert(struct ctx *ctx, struct conn *conn, const struct user *u) MUST_USE;
/* Every column but id and created_at. */
enum err user_store_update(struct ctx *ctx, struct conn *conn, const struct user *u) MUST_USE;
enum err user_store_find(struct ctx *ctx, struct conn *conn, const char *id, struct user *out,
                         bool *found) MUST_USE;
enum err user_store_find_username(struct ctx *ctx, struct conn *conn, struct slice name,
                                  struct user *out, bool *found) MUST_USE; /* living */
enum err user_store_find_email(struct ctx *ctx, struct conn *conn, struct slice email,
                               struct user *out, bool *found) MUST_USE; /* living */
enum err user_store_admins(struct ctx *ctx, struct conn *conn,
                           int64_t *count) MUST_USE; /* living */

struct user_page {
    const char *after_id; /* "" = from the start */
    bool include_deleted, admins_only;
    int limit;
};
/* In order of id; *out has room for limit rows. */
enum err user_store_list(struct ctx *ctx, struct conn *conn, const struct user_page *page,
                         struct user **out, size_t *count) MUST_USE;

#endif
