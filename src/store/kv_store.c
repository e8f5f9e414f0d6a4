/*
 * kv_store.c - the table `kv`.
 */
#include "store/kv_store.h"

#include "store/db.h"
#include "store/statements.h"

enum { GET, PUT };

static const struct sql sql[] = {
    [GET] = {"SELECT value FROM kv WHERE name = ?1", NULL},
    [PUT] = {"INSERT INTO kv (name, value, updated_at) VALUES (?1, ?2, ?3)"
             " ON CONFLICT (name) DO UPDATE SET value = ?2, updated_at = ?3",
             NULL},
};

const struct sql_list kv_store_sql = {"kv_store.c", sql, sizeof sql / sizeof *sql};

enum err kv_get(struct ctx *ctx, struct conn *conn, const char *name, const char **out)
{
    bool row;
    struct stmt *s = db_stmt(ctx, conn, &sql[GET]);
    db_bind_text(s, 1, name);
    enum err err = db_step(ctx, s, &row);
    if (err == OK && row && (*out = db_text(ctx, s, 0)) == NULL)
        err = ctx_no_memory(ctx);
    db_done(s);
    return err;
}

enum err kv_put(struct ctx *ctx, struct conn *conn, const char *name, const char *value)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[PUT]);
    db_bind_text(s, 1, name);
    db_bind_text(s, 2, value);
    db_bind_int(s, 3, ctx->now);
    return db_run(ctx, conn, s, NULL);
}
