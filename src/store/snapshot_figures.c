/*
 * snapshot_figures.c - how much is in a database, for comparing two of them.
 */
#include "store/conn.h"
#include "store/snapshot.h"
#include "store/statements.h"

enum { FIGURES };

static const struct sql sql[] = {
    [FIGURES] = {"SELECT (SELECT count(*) FROM org WHERE is_deleted = 0),"
                 " (SELECT count(*) FROM user WHERE is_deleted = 0),"
                 " (SELECT count(DISTINCT ifnull(org_id, '') || ' ' || pid) FROM plugin),"
                 " (SELECT count(*) FROM plugin)",
                 "figures before a restore, asked by a person"},
};

const struct sql_list snapshot_figures_sql = {"snapshot_figures.c", sql, sizeof sql / sizeof *sql};

static enum err read_figures(struct ctx *ctx, struct conn *conn, struct snapshot_figures *out)
{
    bool row = false;
    struct stmt *s = db_stmt(ctx, conn, &sql[FIGURES]);
    enum err err = db_step(ctx, s, &row);
    if (err == OK)
        *out = (struct snapshot_figures){db_int(s, 0), db_int(s, 1), db_int(s, 2), db_int(s, 3)};
    db_done(s);
    return err;
}

enum err snapshot_count(struct ctx *ctx, const char *path, bool is_ours,
                        struct snapshot_figures *out)
{
    struct conn *conn = NULL;
    enum err err = conn_open(ctx, is_ours ? CONN_COPIER : CONN_STRANGER, path, &conn);
    if (err == OK)
        err = read_figures(ctx, conn, out);
    conn_close(conn);
    return err;
}
