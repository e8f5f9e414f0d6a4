/*
 * download_store.c - the table `download`.
 */
#include "store/download_store.h"

#include <string.h>

#include "store/db.h"
#include "store/statements.h"

enum { ADD, DAYS, TOTAL };

static const struct sql sql[] = {
    [ADD] = {"INSERT INTO download (plugin_id, hour, count)"
             " SELECT id, ?2, ?3 FROM plugin WHERE id = ?1"
             " ON CONFLICT (plugin_id, hour) DO UPDATE SET count = count + excluded.count",
             NULL},
    [DAYS] = {"SELECT hour / 24, sum(count) FROM download WHERE plugin_id = ?1 AND hour >= ?2 * 24"
              " GROUP BY hour / 24",
              NULL},
    [TOTAL] = {"SELECT sum(count) FROM download WHERE plugin_id = ?1", NULL},
};

const struct sql_list download_store_sql = {"download_store.c", sql, sizeof sql / sizeof *sql};

enum err download_store_add(struct ctx *ctx, struct conn *conn, const char *plugin_id, int64_t hour,
                            int64_t count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[ADD]);
    db_bind_text(s, 1, plugin_id);
    db_bind_int(s, 2, hour);
    db_bind_int(s, 3, count);
    return db_run(ctx, conn, s, NULL);
}

static enum err read_total(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                           int64_t *total)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[TOTAL]);
    db_bind_text(s, 1, plugin_id);
    return db_number(ctx, s, total);
}

enum err download_store_days(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                             int64_t today, size_t days, int64_t *sums, int64_t *total)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[DAYS]);
    int64_t first = today - (int64_t)days + 1;
    bool row = false;
    enum err err;
    memset(sums, 0, days * sizeof *sums);
    db_bind_text(s, 1, plugin_id);
    db_bind_int(s, 2, first);
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        int64_t at = db_int(s, 0) - first;
        if (at >= 0 && at < (int64_t)days) /* a clock that went back leaves days that are to come */
            sums[at] = db_int(s, 1);
    }
    db_done(s);
    return err == OK ? read_total(ctx, conn, plugin_id, total) : err;
}
