/*
 * replica_store.c - statements over repl_state, entity_rev and applied.
 */
#include "store/replica_store.h"

#include "store/db.h"
#include "store/statements.h"

#define EMPTY_HASH "0000000000000000000000000000000000000000000000000000000000000000"
#define ENTITY "entity, rev, op_id, seq, claim, state"
/* A first word about replication makes the row. */
#define UPSERT(columns, values, sets)                                                              \
    "INSERT INTO repl_state (one, updated_at, " columns ") VALUES (1, ?1, " values ")"             \
    " ON CONFLICT (one) DO UPDATE SET updated_at = ?1, " sets

enum {
    STATE,
    RECORD,
    CARRIES,
    TO_PENDING,
    TO_LOCAL,
    BUCKET,
    POSITION,
    SNAPSHOT,
    CAPABILITY,
    CLOCK,
    FORGET_STATE,
    FORGET_TRUTH,
    FORGET_APPLIED,
    ENTITY_GET,
    ENTITY_PUT,
    ENTITY_HOLDER,
    ENTITY_WALK,
    APPLIED_ADD,
    APPLIED_HAS
};

static const struct sql sql[] = {
    [STATE] = {"SELECT recording, bucket_id, applied_seq, state_hash, snap_seq, capability, writer,"
               " clock_offset, carries FROM repl_state WHERE one = 1",
               NULL},
    [RECORD] = {UPSERT("recording", "?2", "recording = ?2"), NULL},
    [CARRIES] = {UPSERT("carries", "?2", "carries = ?2"), NULL},
    /* entities of versions are named like this everywhere: domain/replica_key.c */
    [TO_PENDING] = {"UPDATE plugin SET replication = 'pending' WHERE replication = 'local'"
                    " AND EXISTS (SELECT 1 FROM outbox o WHERE o.entity = 'v/' || plugin.slice ||"
                    " '/' || plugin.pid || '/' || lower(hex(plugin.order_key)))",
                    NULL},
    [TO_LOCAL] = {"UPDATE plugin SET replication = 'local' WHERE replication = 'pending'",
                  "once at start, where the object store was taken away"},
    [BUCKET] = {UPSERT("bucket_id", "?2", "bucket_id = ?2"), NULL},
    [POSITION] = {UPSERT("applied_seq, state_hash", "?2, ?3", "applied_seq = ?2, state_hash = ?3"),
                  NULL},
    [SNAPSHOT] = {UPSERT("snap_seq", "?2", "snap_seq = ?2"), NULL},
    [CAPABILITY] = {UPSERT("capability, writer", "?2, ?3", "capability = ?2, writer = ?3"), NULL},
    [CLOCK] = {UPSERT("clock_offset", "?2", "clock_offset = ?2"), NULL},
    [FORGET_STATE] = {"UPDATE repl_state SET applied_seq = 0, snap_seq = 0, state_hash ="
                      " '" EMPTY_HASH "' WHERE one = 1",
                      NULL},
    [FORGET_TRUTH] = {"DELETE FROM entity_rev", NULL},
    [FORGET_APPLIED] = {"DELETE FROM applied", NULL},
    [ENTITY_GET] = {"SELECT " ENTITY " FROM entity_rev WHERE entity = ?1", NULL},
    [ENTITY_PUT] =
        {"INSERT INTO entity_rev (" ENTITY ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
         " ON CONFLICT (entity) DO UPDATE SET rev = ?2, op_id = ?3, seq = ?4, claim = ?5,"
         " state = ?6",
         NULL},
    [ENTITY_HOLDER] = {"SELECT entity FROM entity_rev WHERE claim = ?1 AND claim IS NOT NULL",
                       NULL},
    [ENTITY_WALK] = {"SELECT " ENTITY " FROM entity_rev WHERE entity > ?1 ORDER BY entity LIMIT ?2",
                     NULL},
    [APPLIED_ADD] = {"INSERT INTO applied (op_id, seq) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                     NULL},
    [APPLIED_HAS] = {"SELECT 1 FROM applied WHERE op_id = ?1", NULL},
};

const struct sql_list replica_store_sql = {"replica_store.c", sql, sizeof sql / sizeof *sql};

/* ------------------------------------------------------------------ position */

enum err repl_state_get(struct ctx *ctx, struct conn *conn, struct repl_state *out)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[STATE]);
    bool row = false;
    *out = (struct repl_state){.recording = true, .state_hash = EMPTY_HASH};
    enum err err = db_step(ctx, s, &row);
    if (err == OK && row)
        *out = (struct repl_state){.recording = db_bool(s, 0),
                                   .bucket_id = db_text(ctx, s, 1),
                                   .applied_seq = db_int(s, 2),
                                   .state_hash = db_text(ctx, s, 3),
                                   .snap_seq = db_int(s, 4),
                                   .capability = db_text(ctx, s, 5),
                                   .writer = db_text(ctx, s, 6),
                                   .clock_offset = db_int(s, 7),
                                   .carries = db_bool(s, 8)};
    db_done(s);
    return err == OK ? ctx->fault.err : err;
}

/* The statement with the time bound; the rest is the caller's. */
static struct stmt *change(struct ctx *ctx, struct conn *conn, int which)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    if (s)
        db_bind_int(s, 1, ctx->now);
    return s;
}

static enum err change_number(struct ctx *ctx, struct conn *conn, int which, int64_t value)
{
    struct stmt *s = change(ctx, conn, which);
    db_bind_int(s, 2, value);
    return db_run(ctx, conn, s, NULL);
}

enum err repl_state_record(struct ctx *ctx, struct conn *conn, bool recording)
{
    return change_number(ctx, conn, RECORD, recording);
}

enum err repl_state_carries(struct ctx *ctx, struct conn *conn, bool carries)
{
    enum err err = change_number(ctx, conn, CARRIES, carries);
    if (err != OK)
        return err;
    return db_run(ctx, conn, db_stmt(ctx, conn, &sql[carries ? TO_PENDING : TO_LOCAL]), NULL);
}

enum err repl_state_snapshot(struct ctx *ctx, struct conn *conn, int64_t seq)
{
    return change_number(ctx, conn, SNAPSHOT, seq);
}

enum err repl_state_clock(struct ctx *ctx, struct conn *conn, int64_t offset_ms)
{
    return change_number(ctx, conn, CLOCK, offset_ms);
}

enum err repl_state_bucket(struct ctx *ctx, struct conn *conn, const char *bucket_id)
{
    struct stmt *s = change(ctx, conn, BUCKET);
    db_bind_text(s, 2, bucket_id);
    return db_run(ctx, conn, s, NULL);
}

enum err repl_state_position(struct ctx *ctx, struct conn *conn, int64_t applied_seq,
                             const char *state_hash)
{
    struct stmt *s = change(ctx, conn, POSITION);
    db_bind_int(s, 2, applied_seq);
    db_bind_text(s, 3, state_hash);
    return db_run(ctx, conn, s, NULL);
}

enum err repl_state_capability(struct ctx *ctx, struct conn *conn, const char *capability,
                               const char *writer)
{
    struct stmt *s = change(ctx, conn, CAPABILITY);
    db_bind_text(s, 2, capability);
    db_bind_text(s, 3, writer);
    return db_run(ctx, conn, s, NULL);
}

enum err repl_forget(struct ctx *ctx, struct conn *conn)
{
    static const int steps[] = {FORGET_STATE, FORGET_TRUTH, FORGET_APPLIED};
    enum err err = OK;
    for (size_t i = 0; err == OK && i < sizeof steps / sizeof *steps; i++)
        err = db_run(ctx, conn, db_stmt(ctx, conn, &sql[steps[i]]), NULL);
    return err;
}

/* ------------------------------------------------------------------ truth */

enum err entity_rev_get(struct ctx *ctx, struct conn *conn, const char *entity,
                        struct entity_rev *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[ENTITY_GET]);
    db_bind_text(s, 1, entity);
    enum err err = db_step(ctx, s, found);
    if (err == OK && *found)
        *out = (struct entity_rev){db_text(ctx, s, 0), db_int(s, 1),       db_text(ctx, s, 2),
                                   db_int(s, 3),       db_text(ctx, s, 4), db_slice(ctx, s, 5)};
    db_done(s);
    return err == OK ? ctx->fault.err : err;
}

enum err entity_rev_put(struct ctx *ctx, struct conn *conn, const struct entity_rev *e)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[ENTITY_PUT]);
    db_bind_text(s, 1, e->entity);
    db_bind_int(s, 2, e->rev);
    db_bind_text(s, 3, e->op_id);
    db_bind_int(s, 4, e->seq);
    db_bind_text(s, 5, e->claim);
    db_bind_slice(s, 6, e->state);
    return db_run(ctx, conn, s, NULL);
}

enum err entity_rev_holder(struct ctx *ctx, struct conn *conn, const char *claim,
                           const char **entity, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[ENTITY_HOLDER]);
    db_bind_text(s, 1, claim);
    enum err err = db_step(ctx, s, found);
    if (err == OK && *found)
        *entity = db_text(ctx, s, 0);
    db_done(s);
    return err == OK ? ctx->fault.err : err;
}

enum err entity_rev_walk(struct ctx *ctx, struct conn *conn, const char *after, int max,
                         enum err (*each)(void *arg, const struct entity_rev *e), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[ENTITY_WALK]);
    bool row = false;
    enum err err;
    db_bind_text(s, 1, after);
    db_bind_int(s, 2, max);
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        struct entity_rev e = {db_peek_text(s, 0), db_int(s, 1),       db_peek_text(s, 2),
                               db_int(s, 3),       db_peek_text(s, 4), db_peek_slice(s, 5)};
        if ((err = each(arg, &e)) != OK)
            break;
    }
    db_done(s);
    return err;
}

/* ------------------------------------------------------------------ what was applied */

enum err applied_add(struct ctx *ctx, struct conn *conn, const char *op_id, int64_t seq)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[APPLIED_ADD]);
    db_bind_text(s, 1, op_id);
    db_bind_int(s, 2, seq);
    return db_run(ctx, conn, s, NULL);
}

enum err applied_has(struct ctx *ctx, struct conn *conn, const char *op_id, bool *has)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[APPLIED_HAS]);
    db_bind_text(s, 1, op_id);
    return db_any(ctx, s, has);
}
