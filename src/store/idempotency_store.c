/*
 * idempotency_store.c - the table `idempotency`.
 */
#include "store/idempotency_store.h"

#include "store/db.h"
#include "store/statements.h"

enum { FIND, PUT, DROP_OLD };
enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const struct sql sql[] = {
    [FIND] = {"SELECT request_hash, status, subject, body FROM idempotency"
              " WHERE actor_id = ?1 AND route = ?2 AND key = ?3 AND created_at > ?4",
              NULL},
    [PUT] = {"INSERT INTO idempotency (actor_id, route, key, request_hash, status, subject, body,"
             " created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
             " ON CONFLICT (actor_id, route, key) DO NOTHING",
             NULL},
    [DROP_OLD] = {"DELETE FROM idempotency WHERE created_at <= ?1", NULL},
};

const struct sql_list idempotency_store_sql = {"idempotency_store.c", sql,
                                               sizeof sql / sizeof *sql};

enum err idempotency_find(struct ctx *ctx, struct conn *conn, struct idempotent *io, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIND]);
    db_bind_text(s, 1, io->actor_id);
    db_bind_text(s, 2, io->route);
    db_bind_slice(s, 3, io->key);
    db_bind_int(s, 4, ctx->now - DAY_MS);
    enum err err = db_step(ctx, s, found);
    if (err == OK && *found) {
        io->request_hash = db_slice(ctx, s, 0);
        io->status = (int)db_int(s, 1);
        io->subject = db_text(ctx, s, 2);
        io->body = db_slice(ctx, s, 3);
    }
    db_done(s);
    return err;
}

enum err idempotency_put(struct ctx *ctx, struct conn *conn, const struct idempotent *in)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[DROP_OLD]);
    db_bind_int(s, 1, ctx->now - DAY_MS);
    enum err err = db_run(ctx, conn, s, NULL);
    if (err != OK)
        return err;
    s = db_stmt(ctx, conn, &sql[PUT]);
    db_bind_text(s, 1, in->actor_id);
    db_bind_text(s, 2, in->route);
    db_bind_slice(s, 3, in->key);
    db_bind_blob(s, 4, in->request_hash.p, in->request_hash.n);
    db_bind_int(s, 5, in->status);
    db_bind_text(s, 6, in->subject);
    db_bind_slice(s, 7, in->body);
    db_bind_int(s, 8, ctx->now);
    return db_run(ctx, conn, s, NULL);
}
