/*
 * user_store.c - statements over `user`.
 *
 * The unique indexes on name and address cover living rows only, so statements that use them say
 * is_deleted = 0 in exactly those words.
 */
#include "store/user_store.h"

#include "store/db.h"
#include "store/statements.h"

/* The order of the columns is that of `read_row`. */
#define COLUMNS                                                                                    \
    "id,username,email,display_name,avatar_url,locale,timezone,bio,password_hash,is_sys_admin,"    \
    "is_deleted,created_at,updated_at"

enum { INSERT, UPDATE, FIND, FIND_USERNAME, FIND_EMAIL, ADMINS, LIST, LIST_ADMINS };

static const struct sql sql[] = {
    [INSERT] = {"INSERT INTO user (" COLUMNS
                ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
                NULL},
    [UPDATE] = {"UPDATE user SET username = ?2, email = ?3, display_name = ?4, avatar_url = ?5,"
                " locale = ?6, timezone = ?7, bio = ?8, password_hash = ?9, is_sys_admin = ?10,"
                " is_deleted = ?11, updated_at = ?13 WHERE id = ?1",
                NULL},
    [FIND] = {"SELECT " COLUMNS " FROM user WHERE id = ?1", NULL},
    [FIND_USERNAME] = {"SELECT " COLUMNS " FROM user WHERE username = ?1 AND is_deleted = 0", NULL},
    [FIND_EMAIL] = {"SELECT " COLUMNS
                    " FROM user WHERE email = ?1 AND is_deleted = 0 AND email IS NOT NULL",
                    NULL},
    [ADMINS] = {"SELECT count(*) FROM user WHERE is_sys_admin = 1 AND is_deleted = 0", NULL},
    [LIST] = {"SELECT " COLUMNS " FROM user WHERE id > ?1 AND (?2 OR is_deleted = 0)"
              " ORDER BY id LIMIT ?3",
              NULL},
    [LIST_ADMINS] = {"SELECT " COLUMNS " FROM user WHERE id > ?1 AND is_sys_admin = 1"
                     " AND is_deleted = 0 AND ?2 IS NOT NULL ORDER BY id LIMIT ?3",
                     NULL},
};

const struct sql_list user_store_sql = {"user_store.c", sql, sizeof sql / sizeof *sql};

static void bind_row(struct stmt *s, const struct user *u)
{
    db_bind_text(s, 1, u->id);
    db_bind_text(s, 2, u->username);
    db_bind_text(s, 3, u->email);
    db_bind_text(s, 4, u->display_name);
    db_bind_text(s, 5, u->avatar_url);
    db_bind_text(s, 6, u->locale);
    db_bind_text(s, 7, u->timezone);
    db_bind_text(s, 8, u->bio);
    db_bind_text(s, 9, u->password_hash);
    db_bind_int(s, 10, u->is_sys_admin);
    db_bind_int(s, 11, u->is_deleted);
    db_bind_int(s, 13, u->updated_at);
}

static void read_row(struct ctx *ctx, struct stmt *s, void *row)
{
    struct user *u = row;
    u->id = db_text(ctx, s, 0);
    u->username = db_text(ctx, s, 1);
    u->email = db_text(ctx, s, 2);
    u->display_name = db_text(ctx, s, 3);
    u->avatar_url = db_text(ctx, s, 4);
    u->locale = db_text(ctx, s, 5);
    u->timezone = db_text(ctx, s, 6);
    u->bio = db_text(ctx, s, 7);
    u->password_hash = db_text(ctx, s, 8);
    u->is_sys_admin = db_bool(s, 9);
    u->is_deleted = db_bool(s, 10);
    u->created_at = db_int(s, 11);
    u->updated_at = db_int(s, 12);
}

enum err user_store_insert(struct ctx *ctx, struct conn *conn, const struct user *u)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[INSERT]);
    bind_row(s, u);
    db_bind_int(s, 12, u->created_at);
    return db_run(ctx, conn, s, NULL);
}

enum err user_store_update(struct ctx *ctx, struct conn *conn, const struct user *u)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[UPDATE]);
    bind_row(s, u);
    return db_run(ctx, conn, s, NULL);
}

static enum err find(struct ctx *ctx, struct conn *conn, int which, struct slice key,
                     struct user *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    db_bind_slice(s, 1, key);
    return db_find(ctx, s, read_row, out, found);
}

enum err user_store_find(struct ctx *ctx, struct conn *conn, const char *id, struct user *out,
                         bool *found)
{
    return find(ctx, conn, FIND, slice_of(id), out, found);
}

enum err user_store_find_username(struct ctx *ctx, struct conn *conn, struct slice name,
                                  struct user *out, bool *found)
{
    return find(ctx, conn, FIND_USERNAME, name, out, found);
}

enum err user_store_find_email(struct ctx *ctx, struct conn *conn, struct slice email,
                               struct user *out, bool *found)
{
    return find(ctx, conn, FIND_EMAIL, email, out, found);
}

enum err user_store_admins(struct ctx *ctx, struct conn *conn, int64_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[ADMINS]);
    return db_number(ctx, s, count);
}

enum err user_store_list(struct ctx *ctx, struct conn *conn, const struct user_page *page,
                         struct user **out, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[page->admins_only ? LIST_ADMINS : LIST]);
    db_bind_text(s, 1, page->after_id ? page->after_id : "");
    db_bind_int(s, 2, page->include_deleted);
    db_bind_int(s, 3, page->limit);
    *out = db_list(ctx, s, sizeof **out, page->limit, read_row, count);
    return *out ? OK : ctx->fault.err;
}
