/*
 * directory_store.c - the table `directory_entry`.
 */
#include "store/directory_store.h"

#include "store/db.h"
#include "store/statements.h"

#define COLUMNS "e.name, e.plugin, e.sha256, e.state, e.plugin_id, e.reason, e.judged_at"

enum { LIST, FAILED, PUT };

static const struct sql sql[] = {
    [LIST] = {"SELECT " COLUMNS " FROM directory_entry e ORDER BY e.name",
              "all of them are wanted; there are as many as somebody dropped by hand"},
    [FAILED] = {"SELECT " COLUMNS " FROM directory_entry e WHERE e.state = 'failed'"
                " AND NOT EXISTS (SELECT 1 FROM plugin p WHERE p.slice = 'system'"
                " AND p.pid = 'legacy.' || e.plugin AND p.enabled = 1) ORDER BY e.name",
                "of few rows, see above"},
    [PUT] = {"INSERT INTO directory_entry"
             " (name, plugin, sha256, state, plugin_id, reason, judged_at)"
             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
             " ON CONFLICT (name) DO UPDATE SET plugin = ?2, sha256 = ?3, state = ?4,"
             " plugin_id = ?5, reason = ?6, judged_at = ?7",
             NULL},
};

const struct sql_list directory_store_sql = {"directory_store.c", sql, sizeof sql / sizeof *sql};

static enum err read_rows(struct ctx *ctx, struct conn *conn, const struct sql *which,
                          enum err (*each)(void *arg, const struct directory_row *row), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, which);
    bool row = false;
    enum err err;
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        const struct directory_row r = {.name = db_text(ctx, s, 0),
                                        .plugin = db_text(ctx, s, 1),
                                        .sha256 = db_text(ctx, s, 2),
                                        .state = db_text(ctx, s, 3),
                                        .plugin_id = db_text(ctx, s, 4),
                                        .reason = db_text(ctx, s, 5),
                                        .judged_at = db_int(s, 6)};
        if ((err = ctx->fault.err) != OK || (err = each(arg, &r)) != OK)
            break;
    }
    db_done(s);
    return err;
}

enum err directory_store_list(struct ctx *ctx, struct conn *conn,
                              enum err (*each)(void *arg, const struct directory_row *row),
                              void *arg)
{
    return read_rows(ctx, conn, &sql[LIST], each, arg);
}

enum err directory_store_failed(struct ctx *ctx, struct conn *conn,
                                enum err (*each)(void *arg, const struct directory_row *row),
                                void *arg)
{
    return read_rows(ctx, conn, &sql[FAILED], each, arg);
}

enum err directory_store_put(struct ctx *ctx, struct conn *conn, const struct directory_row *row)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[PUT]);
    db_bind_text(s, 1, row->name);
    db_bind_text(s, 2, row->plugin);
    db_bind_text(s, 3, row->sha256);
    db_bind_text(s, 4, row->state);
    db_bind_text(s, 5, row->plugin_id);
    db_bind_text(s, 6, row->reason);
    db_bind_int(s, 7, row->judged_at);
    return db_run(ctx, conn, s, NULL);
}
