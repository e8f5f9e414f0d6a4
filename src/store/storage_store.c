/*
 * storage_store.c - statements that look over whole tables, for figures and for the sweep.
 */
#include "store/storage_store.h"

#include "store/db.h"
#include "store/statements.h"

enum { FIGURES, NAMED };

static const struct sql sql[] = {
    [FIGURES] =
        {"SELECT (SELECT count(*) FROM plugin),"
         " (SELECT count(*) FROM plugin WHERE is_latest = 1), count(named),"
         " ifnull(sum(size) FILTER (WHERE named), 0),"
         " count(*) FILTER (WHERE named AND state = 'missing'),"
         " count(*) FILTER (WHERE named AND state = 'corrupt'),"
         " count(*) FILTER (WHERE named IS NULL AND keep_until > ?1),"
         " ifnull(sum(size) FILTER (WHERE named IS NULL AND keep_until > ?1), 0)"
         " FROM (SELECT b.size, b.state, b.keep_until,"
         " (SELECT 1 FROM plugin p WHERE p.sha256 = b.sha256 LIMIT 1) AS named FROM blob b)",
         "figures of the storage page, asked by a person"},
    [NAMED] = {"SELECT DISTINCT sha256 FROM plugin ORDER BY sha256",
               "every blob that is named, along its index"},
};

const struct sql_list storage_store_sql = {"storage_store.c", sql, sizeof sql / sizeof *sql};

enum err storage_store_figures(struct ctx *ctx, struct conn *conn, struct stored *out)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIGURES]);
    bool row = false;
    db_bind_int(s, 1, ctx->now);
    enum err err = db_step(ctx, s, &row);
    if (err == OK)
        *out = (struct stored){db_int(s, 0), db_int(s, 1), db_int(s, 2), db_int(s, 3),
                               db_int(s, 4), db_int(s, 5), db_int(s, 6), db_int(s, 7)};
    db_done(s);
    return err;
}

enum err storage_store_named(struct ctx *ctx, struct conn *conn,
                             enum err (*each)(void *arg, const char *sha256), void *arg)
{
    return db_each_text(ctx, db_stmt(ctx, conn, &sql[NAMED]), each, arg);
}
