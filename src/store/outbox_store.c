/*
 * outbox_store.c - statements over `outbox`.
 */
#include "store/outbox_store.h"

#include "base/crypto.h"
#include "store/db.h"
#include "store/statements.h"

#define COLUMNS                                                                                    \
    "seq, op_id, kind, entity, sha256, size, body, tries, next_at, created_at, last_error"

enum {
    STANCE,
    ADD,
    DUE,
    FIND,
    FIRST_OF,
    LAST_OF,
    WAITING,
    FAILED,
    DONE,
    OF_ENTITY,
    DROP,
    HURRY,
    FIGURES,
    BLOBS
};

static const struct sql sql[] = {
    [STANCE] = {"SELECT recording, carries, writer, bucket_id FROM repl_state WHERE one = 1", NULL},
    [ADD] = {"INSERT INTO outbox (op_id, kind, entity, sha256, size, body, next_at, created_at)"
             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
             NULL},
    [DUE] = {"SELECT " COLUMNS " FROM outbox o WHERE +next_at <= ?1 AND NOT EXISTS (SELECT 1"
             " FROM outbox e WHERE e.entity = o.entity AND e.seq < o.seq AND e.next_at > ?1)"
             " ORDER BY seq LIMIT ?2",
             "oldest first: the first rows are nearly always the ones"},
    [FIND] = {"SELECT " COLUMNS " FROM outbox WHERE op_id = ?1", NULL},
    [FIRST_OF] = {"SELECT " COLUMNS " FROM outbox WHERE entity = ?1 ORDER BY seq LIMIT 1", NULL},
    [LAST_OF] = {"SELECT op_id, (SELECT count(*) FROM outbox c WHERE c.entity = ?1) FROM outbox"
                 " WHERE entity = ?1 ORDER BY seq DESC LIMIT 1",
                 NULL},
    [WAITING] = {"SELECT count(*) FROM outbox WHERE entity = ?1", NULL},
    [FAILED] = {"UPDATE outbox SET tries = tries + 1, next_at = ?2, last_error = ?3"
                " WHERE op_id = ?1",
                NULL},
    [DONE] = {"DELETE FROM outbox WHERE op_id = ?1", NULL},
    [OF_ENTITY] = {"SELECT " COLUMNS " FROM outbox WHERE entity = ?1 ORDER BY seq", NULL},
    [DROP] = {"DELETE FROM outbox WHERE entity = ?1", NULL},
    [HURRY] = {"UPDATE outbox SET next_at = ?1 WHERE next_at > ?1", NULL},
    [FIGURES] = {"SELECT count(*), ifnull(sum(size), 0), ifnull(min(created_at), 0) FROM outbox",
                 "what waits is counted as a whole; it is short unless the store is away"},
    [BLOBS] = {"SELECT DISTINCT sha256 FROM outbox WHERE sha256 IS NOT NULL", NULL},
};

const struct sql_list outbox_store_sql = {"outbox_store.c", sql, sizeof sql / sizeof *sql};

enum err outbox_stance(struct ctx *ctx, struct conn *conn, enum outbox_stance *out)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[STANCE]);
    bool row = false;
    *out = OUTBOX_ALONE;
    enum err err = db_step(ctx, s, &row);
    if (err == OK && row) {
        const char *writer = db_text(ctx, s, 2);
        *out = !db_bool(s, 0)               ? OUTBOX_CLOSED
               : db_bool(s, 1)              ? OUTBOX_CARRIES
               : db_peek_text(s, 3) == NULL ? OUTBOX_ALONE
                                            : OUTBOX_KEEPS;
        if (writer && *out == OUTBOX_CARRIES)
            err = ctx_fail_code(ctx, ERR_CONFLICT, "RE-0009",
                                "This node only reads: its object store cannot tell two writers "
                                "apart, and the one that writes is %s; make the change there",
                                writer);
    }
    db_done(s);
    return err;
}

enum err outbox_add(struct ctx *ctx, struct conn *conn, const struct outbox_row *row)
{
    char op_id[ID_TEXT];
    struct stmt *s = db_stmt(ctx, conn, &sql[ADD]);
    crypto_uuid7(ctx->now, op_id);
    db_bind_text(s, 1, op_id);
    db_bind_text(s, 2, row->kind);
    db_bind_text(s, 3, row->entity);
    db_bind_text(s, 4, row->sha256);
    db_bind_int(s, 5, row->size);
    db_bind_slice(s, 6, row->body);
    db_bind_int(s, 7, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

static void read_row(struct ctx *ctx, struct stmt *s, void *row)
{
    *(struct outbox_row *)row = (struct outbox_row){
        .seq = db_int(s, 0),
        .op_id = db_text(ctx, s, 1),
        .kind = db_text(ctx, s, 2),
        .entity = db_text(ctx, s, 3),
        .sha256 = db_text(ctx, s, 4),
        .size = db_int(s, 5),
        .body = db_slice(ctx, s, 6),
        .tries = (int)db_int(s, 7),
        .next_at = db_int(s, 8),
        .created_at = db_int(s, 9),
        .last_error = db_text(ctx, s, 10),
    };
}

enum err outbox_due(struct ctx *ctx, struct conn *conn, int64_t now, int max,
                    bool (*take)(void *arg, const struct outbox_row *row), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[DUE]);
    struct outbox_row row;
    bool more = false;
    enum err err;
    db_bind_int(s, 1, now);
    db_bind_int(s, 2, max);
    while ((err = db_step(ctx, s, &more)) == OK && more) {
        read_row(ctx, s, &row);
        if ((err = ctx->fault.err) != OK || !take(arg, &row))
            break;
    }
    db_done(s);
    return err;
}

static enum err find_by(struct ctx *ctx, struct conn *conn, int which, const char *key,
                        struct outbox_row *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    db_bind_text(s, 1, key);
    return db_find(ctx, s, read_row, out, found);
}

enum err outbox_find(struct ctx *ctx, struct conn *conn, const char *op_id, struct outbox_row *out,
                     bool *found)
{
    return find_by(ctx, conn, FIND, op_id, out, found);
}

enum err outbox_first_of(struct ctx *ctx, struct conn *conn, const char *entity,
                         struct outbox_row *out, bool *found)
{
    return find_by(ctx, conn, FIRST_OF, entity, out, found);
}

enum err outbox_last_of(struct ctx *ctx, struct conn *conn, const char *entity, int64_t *count,
                        const char **last)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[LAST_OF]);
    bool row = false;
    *count = 0;
    db_bind_text(s, 1, entity);
    enum err err = db_step(ctx, s, &row);
    if (err == OK && row) {
        *last = db_text(ctx, s, 0);
        *count = db_int(s, 1);
    }
    db_done(s);
    return err == OK ? ctx->fault.err : err;
}

enum err outbox_waiting(struct ctx *ctx, struct conn *conn, const char *entity, int64_t *out)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[WAITING]);
    db_bind_text(s, 1, entity);
    return db_number(ctx, s, out);
}

enum err outbox_failed(struct ctx *ctx, struct conn *conn, const char *op_id, int64_t next_at,
                       const char *why)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FAILED]);
    db_bind_text(s, 1, op_id);
    db_bind_int(s, 2, next_at);
    db_bind_text(s, 3, why);
    return db_run(ctx, conn, s, NULL);
}

enum err outbox_done(struct ctx *ctx, struct conn *conn, const char *op_id, bool *was)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[DONE]);
    int64_t changes = 0;
    db_bind_text(s, 1, op_id);
    enum err err = db_run(ctx, conn, s, &changes);
    *was = changes > 0;
    return err;
}

enum err outbox_drop(struct ctx *ctx, struct conn *conn, const char *entity,
                     enum err (*each)(void *arg, const struct outbox_row *row), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[OF_ENTITY]);
    struct outbox_row row;
    bool more = false;
    enum err err = OK;
    db_bind_text(s, 1, entity);
    while (each && (err = db_step(ctx, s, &more)) == OK && more) {
        read_row(ctx, s, &row);
        if ((err = ctx->fault.err) != OK || (err = each(arg, &row)) != OK)
            break;
    }
    db_done(s);
    if (err != OK)
        return err;
    s = db_stmt(ctx, conn, &sql[DROP]);
    db_bind_text(s, 1, entity);
    return db_run(ctx, conn, s, NULL);
}

enum err outbox_hurry(struct ctx *ctx, struct conn *conn)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[HURRY]);
    db_bind_int(s, 1, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

enum err outbox_figures(struct ctx *ctx, struct conn *conn, struct outbox_figures *out)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIGURES]);
    bool row;
    enum err err = db_step(ctx, s, &row);
    if (err == OK)
        *out = (struct outbox_figures){db_int(s, 0), db_int(s, 1), db_int(s, 2)};
    db_done(s);
    return err;
}

enum err outbox_blobs(struct ctx *ctx, struct conn *conn,
                      enum err (*each)(void *arg, const char *sha256), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[BLOBS]);
    return db_each_text(ctx, s, each, arg);
}
