/*
 * member_store.c - statements over `member`.
 */
#include "store/member_store.h"

#include "store/db.h"
#include "store/statements.h"

#define SELECT                                                                                     \
    "SELECT m.org_id,m.is_admin,m.created_at,u.id,u.username,u.email,u.display_name,"              \
    "u.is_sys_admin,u.created_at,u.updated_at FROM member m JOIN user u ON u.id = m.user_id"       \
    " WHERE u.is_deleted = 0 AND m.org_id = ?1 AND "

enum { INSERT, SET_ADMIN, DELETE, FIND, LIST };

static const struct sql sql[] = {
    [INSERT] = {"INSERT INTO member (org_id, user_id, is_admin, created_at) VALUES (?1,?2,?3,?4)",
                NULL},
    [SET_ADMIN] = {"UPDATE member SET is_admin = ?3 WHERE org_id = ?1 AND user_id = ?2", NULL},
    [DELETE] = {"DELETE FROM member WHERE org_id = ?1 AND user_id = ?2", NULL},
    [FIND] = {SELECT "m.user_id = ?2", NULL},
    [LIST] = {SELECT "m.user_id > ?2 ORDER BY m.user_id LIMIT ?3", NULL},
};

const struct sql_list member_store_sql = {"member_store.c", sql, sizeof sql / sizeof *sql};

/* A member's row shows who it is, not the whole person: profile and password stay behind. */
static void read_row(struct ctx *ctx, struct stmt *s, void *row)
{
    struct member *m = row;
    *m = (struct member){.org_id = db_text(ctx, s, 0),
                         .is_admin = db_bool(s, 1),
                         .created_at = db_int(s, 2),
                         .user = {.id = db_text(ctx, s, 3),
                                  .username = db_text(ctx, s, 4),
                                  .email = db_text(ctx, s, 5),
                                  .display_name = db_text(ctx, s, 6),
                                  .is_sys_admin = db_bool(s, 7),
                                  .created_at = db_int(s, 8),
                                  .updated_at = db_int(s, 9)}};
}

enum err member_store_insert(struct ctx *ctx, struct conn *conn, const char *org_id,
                             const char *user_id, bool is_admin)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[INSERT]);
    db_bind_text(s, 1, org_id);
    db_bind_text(s, 2, user_id);
    db_bind_int(s, 3, is_admin);
    db_bind_int(s, 4, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

enum err member_store_set_admin(struct ctx *ctx, struct conn *conn, const char *org_id,
                                const char *user_id, bool is_admin)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[SET_ADMIN]);
    db_bind_text(s, 1, org_id);
    db_bind_text(s, 2, user_id);
    db_bind_int(s, 3, is_admin);
    return db_run(ctx, conn, s, NULL);
}

enum err member_store_delete(struct ctx *ctx, struct conn *conn, const char *org_id,
                             const char *user_id)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[DELETE]);
    db_bind_text(s, 1, org_id);
    db_bind_text(s, 2, user_id);
    return db_run(ctx, conn, s, NULL);
}

enum err member_store_find(struct ctx *ctx, struct conn *conn, const char *org_id,
                           const char *user_id, struct member *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIND]);
    db_bind_text(s, 1, org_id);
    db_bind_text(s, 2, user_id);
    return db_find(ctx, s, read_row, out, found);
}

enum err member_store_list(struct ctx *ctx, struct conn *conn, const char *org_id,
                           const char *after_user_id, int limit, struct member **out, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[LIST]);
    db_bind_text(s, 1, org_id);
    db_bind_text(s, 2, after_user_id ? after_user_id : "");
    db_bind_int(s, 3, limit);
    *out = db_list(ctx, s, sizeof **out, limit, read_row, count);
    return *out ? OK : ctx->fault.err;
}
