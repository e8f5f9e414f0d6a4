/*
 * attention_store.c - one statement for each kind of thing that waits for a person.
 *
 * All of them give the same columns, so that a kind is one row of the table below; what they look
 * for stands in partial indexes, which are empty while all is well.
 */
#include "store/attention_store.h"

#include "store/db.h"
#include "store/statements.h"

static const int64_t NEAR_MS = 14LL * 24 * 3600 * 1000;

/* id, org_id, name, version, reason, at; ?1 = most, and where time matters ?2 = now, ?3 = how far
 * from it still counts */
static const struct sql sql[] = {
    {"SELECT id, org_id, pid, version, (SELECT h.reason FROM health_check h WHERE"
     " h.plugin_id = p.id ORDER BY h.at DESC LIMIT 1), updated_at FROM plugin p"
     " WHERE health = 'failed' AND enabled = 1 ORDER BY seq DESC LIMIT ?1",
     NULL},
    {"SELECT id, org_id, pid, version, artifact, updated_at FROM plugin"
     " WHERE artifact <> 'present' ORDER BY seq DESC LIMIT ?1",
     NULL},
    {"SELECT id, org_id, pid, version, NULL, updated_at FROM plugin"
     " WHERE replication = 'conflict' ORDER BY seq DESC LIMIT ?1",
     NULL},
    {"SELECT p.id, p.org_id, p.pid, p.version, f.sentence, p.updated_at FROM finding f"
     " JOIN plugin p ON p.id = f.plugin_id WHERE f.level = 'error' AND f.stage <> 'health'"
     " AND p.is_latest = 1 GROUP BY p.id ORDER BY p.seq DESC LIMIT ?1",
     NULL},
    {"SELECT id, org_id, name, NULL, NULL, expires_at FROM api_key WHERE revoked_at IS NULL"
     " AND expires_at BETWEEN ?2 - ?3 AND ?2 + ?3 ORDER BY expires_at LIMIT ?1",
     NULL},
    {"SELECT id, NULL, kind, NULL, substr(result, 1, 500), finished_at FROM job"
     " WHERE state = 'failed' AND finished_at > ?2 - ?3 ORDER BY finished_at DESC"
     " LIMIT ?1",
     NULL},
};
static const char *const kind[] = {"health.failed", "artifact",     "conflict",
                                   "findings",      "key.expiring", "job.failed"};
static const bool timed[] = {false, false, false, false, true, true};
enum { KINDS = sizeof sql / sizeof *sql };
_Static_assert(KINDS == sizeof kind / sizeof *kind, "each statement has its name");

const struct sql_list attention_store_sql = {"attention_store.c", sql, KINDS};

static enum err all_of(struct ctx *ctx, struct conn *conn, size_t which,
                       enum err (*each)(void *arg, const struct attention *item), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    bool row = false;
    enum err err;
    db_bind_int(s, 1, ATTENTION_EACH);
    if (timed[which]) {
        db_bind_int(s, 2, ctx->now);
        db_bind_int(s, 3, NEAR_MS);
    }
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        const struct attention item = {
            .kind = kind[which],
            .id = db_peek_text(s, 0),
            .org_id = db_peek_text(s, 1),
            .name = db_peek_text(s, 2),
            .version = db_peek_text(s, 3),
            .reason = db_peek_text(s, 4),
            .at = db_int(s, 5),
        };
        if ((err = each(arg, &item)) != OK)
            break;
    }
    db_done(s);
    return err;
}

enum err attention_store_all(struct ctx *ctx, struct conn *conn,
                             enum err (*each)(void *arg, const struct attention *item), void *arg)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < KINDS; i++)
        err = all_of(ctx, conn, i, each, arg);
    return err;
}
