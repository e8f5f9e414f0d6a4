/*
 * role_store.c - statements over `role`, `role_permission` and `user_role`.
 */
#include "store/role_store.h"

#include "store/db.h"
#include "store/statements.h"

enum { PERMISSIONS_MAX = 256 }; /* of one role: more than there are */

#define COLUMNS "id,name,description,org_id,builtin,created_at"

enum {
    INSERT,
    UPDATE,
    DELETE,
    DROP_PERMISSIONS,
    ADD_PERMISSION,
    PERMISSIONS,
    FIND,
    FIND_NAME,
    LIST,
    GRANT,
    WITHDRAW,
    WITHDRAW_ORG,
    GRANTS
};

static const struct sql sql[] = {
    [INSERT] = {"INSERT INTO role (" COLUMNS ") VALUES (?1,?2,?3,?4,?5,?6)", NULL},
    [UPDATE] = {"UPDATE role SET name = ?2, description = ?3 WHERE id = ?1", NULL},
    [DELETE] = {"DELETE FROM role WHERE id = ?1", NULL},
    [DROP_PERMISSIONS] = {"DELETE FROM role_permission WHERE role_id = ?1", NULL},
    [ADD_PERMISSION] = {"INSERT OR IGNORE INTO role_permission (role_id, permission)"
                        " VALUES (?1,?2)",
                        NULL},
    [PERMISSIONS] = {"SELECT permission FROM role_permission WHERE role_id = ?1"
                     " ORDER BY permission",
                     NULL},
    [FIND] = {"SELECT " COLUMNS " FROM role WHERE id = ?1", NULL},
    [FIND_NAME] = {"SELECT " COLUMNS " FROM role WHERE ifnull(org_id, '') = ifnull(?1, '')"
                   " AND name = ?2",
                   NULL},
    [LIST] = {"SELECT " COLUMNS " FROM role ORDER BY seq LIMIT ?1",
              "a page for administrators over a few hundred roles at most"},
    [GRANT] = {"INSERT OR IGNORE INTO user_role (user_id, role_id, org_id, created_at)"
               " VALUES (?1,?2,?3,?4)",
               NULL},
    [WITHDRAW] = {"DELETE FROM user_role WHERE user_id = ?1 AND role_id = ?2"
                  " AND ifnull(org_id, '') = ifnull(?3, '')",
                  NULL},
    [WITHDRAW_ORG] = {"DELETE FROM user_role WHERE user_id = ?1 AND org_id = ?2", NULL},
    [GRANTS] = {"SELECT g.role_id, r.name, g.org_id, g.created_at FROM user_role g"
                " JOIN role r ON r.id = g.role_id WHERE g.user_id = ?1"
                " ORDER BY g.role_id, ifnull(g.org_id, '') LIMIT ?2",
                NULL},
};

const struct sql_list role_store_sql = {"role_store.c", sql, sizeof sql / sizeof *sql};

enum err role_store_insert(struct ctx *ctx, struct conn *conn, const struct role *r)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[INSERT]);
    db_bind_text(s, 1, r->id);
    db_bind_text(s, 2, r->name);
    db_bind_text(s, 3, r->description);
    db_bind_text(s, 4, r->org_id);
    db_bind_int(s, 5, r->builtin);
    db_bind_int(s, 6, r->created_at);
    return db_run(ctx, conn, s, NULL);
}

enum err role_store_update(struct ctx *ctx, struct conn *conn, const struct role *r)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[UPDATE]);
    db_bind_text(s, 1, r->id);
    db_bind_text(s, 2, r->name);
    db_bind_text(s, 3, r->description);
    return db_run(ctx, conn, s, NULL);
}

enum err role_store_delete(struct ctx *ctx, struct conn *conn, const char *id)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[DELETE]);
    db_bind_text(s, 1, id);
    return db_run(ctx, conn, s, NULL);
}

enum err role_store_set_permissions(struct ctx *ctx, struct conn *conn, const struct role *r)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[DROP_PERMISSIONS]);
    db_bind_text(s, 1, r->id);
    enum err err = db_run(ctx, conn, s, NULL);
    for (size_t i = 0; err == OK && i < r->permission_count; i++) {
        s = db_stmt(ctx, conn, &sql[ADD_PERMISSION]);
        db_bind_text(s, 1, r->id);
        db_bind_text(s, 2, r->permissions[i]);
        err = db_run(ctx, conn, s, NULL);
    }
    return err;
}

static void read_row(struct ctx *ctx, struct stmt *s, void *row)
{
    struct role *r = row;
    *r = (struct role){.id = db_text(ctx, s, 0),
                       .name = db_text(ctx, s, 1),
                       .description = db_text(ctx, s, 2),
                       .org_id = db_text(ctx, s, 3),
                       .builtin = db_bool(s, 4),
                       .created_at = db_int(s, 5)};
}

static void read_name(struct ctx *ctx, struct stmt *s, void *row)
{
    *(const char **)row = db_text(ctx, s, 0);
}

static enum err read_permissions(struct ctx *ctx, struct conn *conn, struct role *r)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[PERMISSIONS]);
    db_bind_text(s, 1, r->id);
    r->permissions = db_list(ctx, s, sizeof *r->permissions, PERMISSIONS_MAX, read_name,
                             &r->permission_count);
    return r->permissions ? OK : ctx->fault.err;
}

/* Steps a statement for one role, then reads what it allows. */
static enum err one_role(struct ctx *ctx, struct conn *conn, struct stmt *s, struct role *out,
                         bool *found)
{
    enum err err = db_find(ctx, s, read_row, out, found);
    return err == OK && *found ? read_permissions(ctx, conn, out) : err;
}

enum err role_store_find(struct ctx *ctx, struct conn *conn, const char *id, struct role *out,
                         bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIND]);
    db_bind_text(s, 1, id);
    return one_role(ctx, conn, s, out, found);
}

enum err role_store_find_name(struct ctx *ctx, struct conn *conn, const char *org_id,
                              struct slice name, struct role *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIND_NAME]);
    db_bind_text(s, 1, org_id);
    db_bind_slice(s, 2, name);
    return one_role(ctx, conn, s, out, found);
}

enum err role_store_list(struct ctx *ctx, struct conn *conn, int limit, struct role **out,
                         size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[LIST]);
    db_bind_int(s, 1, limit);
    *out = db_list(ctx, s, sizeof **out, limit, read_row, count);
    if (*out == NULL)
        return ctx->fault.err;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < *count; i++)
        err = read_permissions(ctx, conn, &(*out)[i]);
    return err;
}

static enum err change_grant(struct ctx *ctx, struct conn *conn, int which, const char *user_id,
                             const char *role_id, const char *org_id, bool *changed)
{
    int64_t rows = 0;
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    db_bind_text(s, 1, user_id);
    db_bind_text(s, 2, role_id);
    db_bind_text(s, 3, org_id);
    if (which == GRANT)
        db_bind_int(s, 4, ctx->now);
    enum err err = db_run(ctx, conn, s, &rows);
    *changed = rows > 0;
    return err;
}

enum err role_store_grant(struct ctx *ctx, struct conn *conn, const char *user_id,
                          const char *role_id, const char *org_id, bool *changed)
{
    return change_grant(ctx, conn, GRANT, user_id, role_id, org_id, changed);
}

enum err role_store_withdraw(struct ctx *ctx, struct conn *conn, const char *user_id,
                             const char *role_id, const char *org_id, bool *changed)
{
    return change_grant(ctx, conn, WITHDRAW, user_id, role_id, org_id, changed);
}

enum err role_store_withdraw_org(struct ctx *ctx, struct conn *conn, const char *user_id,
                                 const char *org_id)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[WITHDRAW_ORG]);
    db_bind_text(s, 1, user_id);
    db_bind_text(s, 2, org_id);
    return db_run(ctx, conn, s, NULL);
}

static void read_grant(struct ctx *ctx, struct stmt *s, void *row)
{
    *(struct grant_row *)row = (struct grant_row){db_text(ctx, s, 0), db_text(ctx, s, 1),
                                                  db_text(ctx, s, 2), db_int(s, 3)};
}

enum err role_store_grants(struct ctx *ctx, struct conn *conn, const char *user_id, int limit,
                           struct grant_row **out, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[GRANTS]);
    db_bind_text(s, 1, user_id);
    db_bind_int(s, 2, limit);
    *out = db_list(ctx, s, sizeof **out, limit, read_grant, count);
    return *out ? OK : ctx->fault.err;
}
