/*
 * job_store.c - statements over `job`.
 */
#include "store/job_store.h"

#include "base/crypto.h"
#include "store/db.h"
#include "store/statements.h"

/* The order of the columns is that of `read_row`. */
#define COLUMNS                                                                                    \
    "j.seq,j.id,j.kind,j.subject,j.state,j.tries,j.run_at,j.created_at,j.started_at,"              \
    "j.finished_at,j.args,j.result"

enum {
    QUEUE,
    DUE,
    START,
    NEXT,
    IS_QUEUED,
    RELEASE,
    FINISH,
    RUNNING,
    FIND,
    FIND_OF_ORG,
    NEWEST,
    LIST,
    QUEUED,
    SWEEP_OLD,
    SWEEP_MANY
};

static const struct sql sql[] = {
    [QUEUE] = {"INSERT INTO job (id, kind, subject, args, state, run_at, created_at)"
               " VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?6)"
               " ON CONFLICT (kind, subject) WHERE state = 'queued'"
               " DO UPDATE SET args = ?4, run_at = min(run_at, ?5)",
               NULL},
    [DUE] = {"SELECT " COLUMNS " FROM job j WHERE j.state = 'queued' AND j.run_at <= ?1"
             " ORDER BY j.run_at, j.seq LIMIT 1",
             NULL},
    [START] = {"UPDATE job SET state = 'running', tries = tries + 1, started_at = ?2,"
               " finished_at = NULL, result = NULL WHERE seq = ?1",
               NULL},
    [NEXT] = {"SELECT run_at FROM job WHERE state = 'queued' ORDER BY run_at LIMIT 1", NULL},
    [IS_QUEUED] = {"SELECT 1 FROM job WHERE kind = ?1 AND subject = ?2 AND state = 'queued'", NULL},
    [RELEASE] = {"UPDATE job SET state = 'queued', tries = ?2, run_at = ?3 WHERE id = ?1", NULL},
    [FINISH] = {"UPDATE job SET state = iif(?2, 'done', 'failed'), result = ?3, finished_at = ?4"
                " WHERE id = ?1",
                NULL},
    [RUNNING] = {"SELECT " COLUMNS " FROM job j WHERE j.state = 'running'"
                 " ORDER BY j.started_at",
                 NULL},
    [FIND] = {"SELECT " COLUMNS " FROM job j WHERE j.id = ?1", NULL},
    [FIND_OF_ORG] = {"SELECT " COLUMNS " FROM job j JOIN plugin p ON p.id = j.subject"
                     " WHERE j.id = ?1 AND p.org_id = ?2",
                     NULL},
    [NEWEST] = {"SELECT " COLUMNS " FROM job j WHERE j.subject = ?2 AND j.kind = ?1"
                " ORDER BY j.seq DESC LIMIT 1",
                NULL},
    [LIST] = {"SELECT " COLUMNS " FROM job j WHERE j.seq < ?1 AND (?2 IS NULL OR j.kind = ?2)"
              " AND (?3 IS NULL OR j.subject = ?3) AND (?4 IS NULL OR j.state = ?4)"
              " ORDER BY j.seq DESC LIMIT ?5",
              NULL},
    [QUEUED] = {"SELECT count(*) FROM job INDEXED BY job_due WHERE state = 'queued'",
                "counts the entries of a small index"},
    [SWEEP_OLD] = {"DELETE FROM job WHERE seq IN (SELECT seq FROM job"
                   " WHERE finished_at IS NOT NULL AND finished_at < ?1 LIMIT ?2)",
                   NULL},
    [SWEEP_MANY] = {"DELETE FROM job WHERE seq IN (SELECT seq FROM job"
                    " WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT ?2 OFFSET ?1)",
                    NULL},
};

const struct sql_list job_store_sql = {"job_store.c", sql, sizeof sql / sizeof *sql};

static void read_row(struct ctx *ctx, struct stmt *s, void *row)
{
    *(struct job_row *)row = (struct job_row){
        .seq = db_int(s, 0),
        .id = db_text(ctx, s, 1),
        .kind = db_text(ctx, s, 2),
        .subject = db_text(ctx, s, 3),
        .state = db_text(ctx, s, 4),
        .tries = (int)db_int(s, 5),
        .run_at = db_int(s, 6),
        .created_at = db_int(s, 7),
        .started_at = db_int(s, 8),
        .finished_at = db_int(s, 9),
        .args = db_slice(ctx, s, 10),
        .result = db_slice(ctx, s, 11),
    };
}

enum err job_store_queue(struct ctx *ctx, struct conn *conn, const char *kind, const char *subject,
                         struct slice args, int64_t run_at)
{
    char id[ID_TEXT];
    struct stmt *s = db_stmt(ctx, conn, &sql[QUEUE]);
    crypto_uuid7(ctx->now, id);
    db_bind_text(s, 1, id);
    db_bind_text(s, 2, kind);
    db_bind_text(s, 3, subject);
    db_bind_slice(s, 4, args.n ? args : SLICE("{}"));
    db_bind_int(s, 5, run_at);
    db_bind_int(s, 6, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

enum err job_store_claim(struct ctx *ctx, struct conn *conn, int64_t now, struct job_row *out,
                         bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[DUE]);
    db_bind_int(s, 1, now);
    enum err err = db_find(ctx, s, read_row, out, found);
    if (err != OK || !*found)
        return err;
    s = db_stmt(ctx, conn, &sql[START]);
    db_bind_int(s, 1, out->seq);
    db_bind_int(s, 2, now);
    out->tries++;
    out->started_at = now;
    out->state = "running";
    return db_run(ctx, conn, s, NULL);
}

enum err job_store_next(struct ctx *ctx, struct conn *conn, int64_t *run_at)
{
    bool row;
    struct stmt *s = db_stmt(ctx, conn, &sql[NEXT]);
    enum err err = db_step(ctx, s, &row);
    *run_at = err == OK && row ? db_int(s, 0) : INT64_MAX;
    db_done(s);
    return err;
}

static enum err is_queued(struct ctx *ctx, struct conn *conn, const struct job_row *job, bool *out)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[IS_QUEUED]);
    db_bind_text(s, 1, job->kind);
    db_bind_text(s, 2, job->subject);
    return db_any(ctx, s, out);
}

enum err job_store_release(struct ctx *ctx, struct conn *conn, const struct job_row *job, int tries,
                           int64_t run_at)
{
    bool again = false;
    enum err err = is_queued(ctx, conn, job, &again);
    if (err != OK)
        return err;
    if (again)
        return job_store_finish(ctx, conn, job->id, false,
                                SLICE("{\"error\":\"The same work was queued again meanwhile\"}"),
                                ctx->now);
    struct stmt *s = db_stmt(ctx, conn, &sql[RELEASE]);
    db_bind_text(s, 1, job->id);
    db_bind_int(s, 2, tries);
    db_bind_int(s, 3, run_at);
    return db_run(ctx, conn, s, NULL);
}

enum err job_store_finish(struct ctx *ctx, struct conn *conn, const char *id, bool done,
                          struct slice result, int64_t now)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FINISH]);
    db_bind_text(s, 1, id);
    db_bind_int(s, 2, done);
    db_bind_slice(s, 3, result);
    db_bind_int(s, 4, now);
    return db_run(ctx, conn, s, NULL);
}

enum { ROWS_MAX = 1000 };

enum err job_store_running(struct ctx *ctx, struct conn *conn, struct job_row **out, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[RUNNING]);
    *out = db_list(ctx, s, sizeof **out, ROWS_MAX, read_row, count);
    return *out ? OK : ctx->fault.err;
}

enum err job_store_find(struct ctx *ctx, struct conn *conn, const char *id, const char *org_id,
                        struct job_row *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[org_id ? FIND_OF_ORG : FIND]);
    db_bind_text(s, 1, id);
    if (org_id)
        db_bind_text(s, 2, org_id);
    return db_find(ctx, s, read_row, out, found);
}

enum err job_store_newest(struct ctx *ctx, struct conn *conn, const char *kind, const char *subject,
                          struct job_row *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[NEWEST]);
    db_bind_text(s, 1, kind);
    db_bind_text(s, 2, subject);
    return db_find(ctx, s, read_row, out, found);
}

enum err job_store_list(struct ctx *ctx, struct conn *conn, const struct job_page *page,
                        struct job_row **out, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[LIST]);
    db_bind_int(s, 1, page->before_seq ? page->before_seq : INT64_MAX);
    db_bind_text(s, 2, page->kind);
    db_bind_text(s, 3, page->subject);
    db_bind_text(s, 4, page->state);
    db_bind_int(s, 5, page->limit);
    *out = db_list(ctx, s, sizeof **out, page->limit, read_row, count);
    return *out ? OK : ctx->fault.err;
}

enum err job_store_queued(struct ctx *ctx, struct conn *conn, int64_t *count)
{
    return db_number(ctx, db_stmt(ctx, conn, &sql[QUEUED]), count);
}

enum err job_store_sweep(struct ctx *ctx, struct conn *conn, int64_t before, int64_t keep,
                         int64_t limit, int64_t *swept)
{
    int64_t many = 0;
    struct stmt *s = db_stmt(ctx, conn, &sql[SWEEP_OLD]);
    db_bind_int(s, 1, before);
    db_bind_int(s, 2, limit);
    enum err err = db_run(ctx, conn, s, swept);
    if (err != OK)
        return err;
    s = db_stmt(ctx, conn, &sql[SWEEP_MANY]);
    db_bind_int(s, 1, keep);
    db_bind_int(s, 2, limit);
    err = db_run(ctx, conn, s, &many);
    *swept += many;
    return err;
}
