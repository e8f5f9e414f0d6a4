/*
 * outbox_store.c - appending to `outbox`.
 */
#include "store/outbox_store.h"

#include "base/crypto.h"
#include "store/db.h"
#include "store/statements.h"

enum { APPEND };

static const struct sql sql[] = {
    [APPEND] = {"INSERT INTO outbox (op_id, kind, entity, body, next_at, created_at)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
                NULL},
};

const struct sql_list outbox_store_sql = {"outbox_store.c", sql, sizeof sql / sizeof *sql};

enum err outbox_append(struct ctx *ctx, struct conn *conn, const char *kind, const char *entity,
                       struct slice body)
{
    char op_id[ID_TEXT];
    struct stmt *s = db_stmt(ctx, conn, &sql[APPEND]);
    if (s == NULL)
        return ctx->fault.err;
    crypto_uuid7(ctx->now, op_id);
    db_bind_text(s, 1, op_id);
    db_bind_text(s, 2, kind);
    db_bind_text(s, 3, entity);
    db_bind_slice(s, 4, body);
    db_bind_int(s, 5, ctx->now);
    return db_run(ctx, conn, s, NULL);
}
