/*
 * access_store.c - statements that answer who is asking. Each follows unique indexes only.
 */
#include "store/access_store.h"

#include "store/db.h"
#include "store/statements.h"

enum { SESSION, KEY, PERMISSIONS, SEAT };

static const struct sql sql[] = {
    [SESSION] = {"SELECT s.id, u.id, u.username, u.is_sys_admin, s.expires_at, NULL, NULL"
                 " FROM session s JOIN user u ON u.id = s.user_id"
                 " WHERE s.id = ?1 AND s.revoked_at IS NULL AND u.is_deleted = 0",
                 NULL},
    [KEY] = {"SELECT k.id, u.id, u.username, u.is_sys_admin, k.expires_at, k.org_id, k.scopes"
             " FROM api_key k JOIN user u ON u.id = k.user_id"
             " WHERE k.key_hash = ?1 AND k.revoked_at IS NULL AND u.is_deleted = 0",
             NULL},
    [PERMISSIONS] = {"SELECT p.permission, g.org_id IS NULL FROM user_role g"
                     " JOIN role_permission p ON p.role_id = g.role_id"
                     " WHERE g.user_id = ?1 AND (g.org_id IS NULL OR g.org_id = ?2)",
                     NULL},
    [SEAT] = {"SELECT m.is_admin, o.status = 'active' AND o.is_deleted = 0, o.is_deleted"
              " FROM member m JOIN org o ON o.id = m.org_id"
              " WHERE m.org_id = ?1 AND m.user_id = ?2",
              NULL},
};

const struct sql_list access_store_sql = {"access_store.c", sql, sizeof sql / sizeof *sql};

static void read_holder(struct ctx *ctx, struct stmt *s, void *row)
{
    *(struct holder *)row = (struct holder){.id = db_text(ctx, s, 0),
                                            .user_id = db_text(ctx, s, 1),
                                            .username = db_text(ctx, s, 2),
                                            .is_sys_admin = db_bool(s, 3),
                                            .expires_at = db_int(s, 4),
                                            .org_id = db_text(ctx, s, 5),
                                            .scopes = db_slice(ctx, s, 6)};
}

enum err access_store_session(struct ctx *ctx, struct conn *conn, const char *id,
                              struct holder *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[SESSION]);
    db_bind_text(s, 1, id);
    return db_find(ctx, s, read_holder, out, found);
}

enum err access_store_key(struct ctx *ctx, struct conn *conn,
                          const unsigned char hash[SHA256_BYTES], struct holder *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[KEY]);
    db_bind_blob(s, 1, hash, SHA256_BYTES);
    return db_find(ctx, s, read_holder, out, found);
}

enum err access_store_permissions(struct ctx *ctx, struct conn *conn, const char *user_id,
                                  const char *org_id,
                                  void (*each)(void *arg, struct slice permission, bool everywhere),
                                  void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[PERMISSIONS]);
    bool row = false;
    enum err err;
    db_bind_text(s, 1, user_id);
    db_bind_text(s, 2, org_id);
    while ((err = db_step(ctx, s, &row)) == OK && row)
        each(arg, db_slice(ctx, s, 0), db_bool(s, 1));
    db_done(s);
    return err == OK ? ctx->fault.err : err;
}

enum err access_store_seat(struct ctx *ctx, struct conn *conn, const char *user_id,
                           const char *org_id, struct seat *out)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[SEAT]);
    *out = (struct seat){0};
    db_bind_text(s, 1, org_id);
    db_bind_text(s, 2, user_id);
    enum err err = db_step(ctx, s, &out->is_member);
    if (err == OK && out->is_member) {
        out->is_admin = db_bool(s, 0);
        out->is_active = db_bool(s, 1);
        out->is_removed = db_bool(s, 2);
    }
    db_done(s);
    return err;
}
