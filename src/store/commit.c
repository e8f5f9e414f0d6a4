/*
 * commit.c - the queue of writers, and the transaction that the leader runs for them.
 *
 * A job is answered only after the COMMIT that holds it. A job that fails takes back its own
 * savepoint and nobody else's; a COMMIT that fails is everybody's failure. Leadership is handed
 * to the head of the queue, so that no thread works for others longer than one batch.
 */
#include "store/commit.h"

#include <errno.h>
#include <time.h>

#include "store/statements.h"

enum { BEGIN, SAVEPOINT, RELEASE, ROLLBACK_TO, COMMIT, ROLLBACK, DATA_VERSION };

static const struct sql sql[] = {
    [BEGIN] = {"BEGIN IMMEDIATE", NULL},
    [SAVEPOINT] = {"SAVEPOINT job", NULL},
    [RELEASE] = {"RELEASE job", NULL},
    [ROLLBACK_TO] = {"ROLLBACK TO job", NULL},
    [COMMIT] = {"COMMIT", NULL},
    [ROLLBACK] = {"ROLLBACK", NULL},
    [DATA_VERSION] = {"PRAGMA data_version", NULL},
};

const struct sql_list commit_sql = {"commit.c", sql, sizeof sql / sizeof *sql};

struct commit_job { /* on the stack of the caller that waits for it */
    struct ctx *ctx;
    enum err (*work)(struct ctx *ctx, struct conn *conn, void *arg);
    void *arg;
    enum err err;
    bool taken, done, leads;
    pthread_cond_t wake;
    struct commit_job *next;
};

enum err commit_open(struct ctx *ctx, struct committer *c, struct conn *conn)
{
    *c = (struct committer){.conn = conn};
    if (pthread_mutex_init(&c->lock, NULL) != 0)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "no mutex for the writer");
    return conn_number(ctx, conn, &sql[DATA_VERSION], &c->data_version);
}

void commit_close(struct committer *c)
{
    conn_close(c->conn);
    (void)pthread_mutex_destroy(&c->lock);
}

/* ---- one batch, run by the leader without the lock ---- */

/* Something is stored, and perhaps somebody's right is another one. */
static void move_on(struct committer *c, bool rights)
{
    atomic_fetch_add(&c->generation, 1);
    if (rights)
        atomic_fetch_add(&c->rights_generation, 1);
}

/* Another process's commits; ours do not change this connection's number. */
static enum err look_around(struct ctx *ctx, struct committer *c)
{
    int64_t seen;
    enum err err = conn_number(ctx, c->conn, &sql[DATA_VERSION], &seen);
    if (err != OK)
        return err;
    if (seen != c->data_version)
        move_on(c, true); /* it does not say what it changed */
    c->data_version = seen;
    atomic_store(&c->next_look, clock_mono_ms(c->conn->clock) + COMMIT_LOOK_MS);
    return OK;
}

/* True while the common transaction stands: SQLite takes all of it back on some failures. */
static bool in_transaction(const struct committer *c)
{
    return sqlite3_get_autocommit(c->conn->db) == 0;
}

/* A job that is alone needs no savepoint, for which SQLite would copy each page it touches: where it
 * fails the transaction is taken back. */
static enum err run_job(struct committer *c, struct commit_job *job, bool alone)
{
    struct ctx *ctx = job->ctx;
    bool had_fault = ctx->fault.err != OK;
    enum err err = alone ? OK : conn_exec(ctx, c->conn, &sql[SAVEPOINT]);
    if (err != OK)
        return err;
    err = job->work(ctx, c->conn, job->arg);
    conn_settle(c->conn);
    if (err == OK && !had_fault && ctx->fault.err != OK)
        err = ctx->fault.err; /* a column that found no memory: the work did not look */
    if (!in_transaction(c))
        return err == OK ? ctx_fail_cause(ctx, ERR_INTERNAL, "the transaction is gone") : err;
    if (alone)
        return err;
    if (err == OK)
        return conn_exec(ctx, c->conn, &sql[RELEASE]);
    struct fault kept = ctx->fault;
    if (conn_exec(ctx, c->conn, &sql[ROLLBACK_TO]) != OK ||
        conn_exec(ctx, c->conn, &sql[RELEASE]) != OK)
        conn_rollback(c->conn); /* then all of it goes */
    ctx->fault = kept;
    return err;
}

/* Gives everyone who had been well the failure of the common transaction. */
static void fail_all(struct commit_job *jobs, const struct ctx *from, enum err err)
{
    for (struct commit_job *j = jobs; j; j = j->next) {
        if (j->err != OK)
            continue;
        j->err = err;
        if (j->ctx == from || j->ctx->fault.err != OK)
            continue;
        j->ctx->fault = from->fault;
        j->ctx->fault.items = NULL; /* those are in the other's arena */
        j->ctx->fault.item_count = 0;
    }
}

static void run_batch(struct committer *c, struct commit_job *jobs)
{
    struct ctx *first = jobs->ctx; /* its fault reports on the common steps */
    int64_t good = 0, before = sqlite3_total_changes64(c->conn->db);
    c->conn->rights = false;
    enum err err = conn_exec(first, c->conn, &sql[BEGIN]);
    if (err == OK)
        err = look_around(first, c);
    if (err != OK) {
        fail_all(jobs, first, err);
        conn_rollback(c->conn);
        return;
    }
    for (struct commit_job *j = jobs; j; j = j->next) {
        j->err = run_job(c, j, jobs->next == NULL);
        good += j->err == OK;
        if (!in_transaction(c)) {
            fail_all(jobs, j->ctx, j->err); /* those not begun share it */
            return;
        }
    }
    struct ctx scratch = *first; /* a job may have failed for reasons of its own */
    ctx_forgive(&scratch);
    err = conn_exec(&scratch, c->conn, &sql[good > 0 ? COMMIT : ROLLBACK]);
    if (err != OK) {
        conn_rollback(c->conn);
        fail_all(jobs, &scratch, err);
        return;
    }
    atomic_fetch_add(&c->writes, good);
    if (good > 0)
        atomic_fetch_add(&c->commits, 1);
    if (sqlite3_total_changes64(c->conn->db) != before)
        move_on(c, c->conn->rights);
}

/* ---- the queue, under the lock ---- */

static void enqueue(struct committer *c, struct commit_job *job)
{
    if (c->last)
        c->last->next = job;
    else
        c->first = job;
    c->last = job;
    c->waiting++;
}

/* Cuts up to a batch off the head of the queue. */
static struct commit_job *take(struct committer *c)
{
    struct commit_job *jobs = c->first, *end = NULL;
    int n = 0;
    for (struct commit_job *j = jobs; j && n < COMMIT_BATCH; j = j->next, n++) {
        j->taken = true;
        end = j;
    }
    if (end == NULL)
        return NULL;
    c->first = end->next;
    if (c->first == NULL)
        c->last = NULL;
    end->next = NULL;
    c->waiting -= n;
    return jobs;
}

static void withdraw(struct committer *c, struct commit_job *job)
{
    struct commit_job *before = NULL;
    for (struct commit_job *j = c->first; j != job; j = j->next)
        before = j;
    if (before)
        before->next = job->next;
    else
        c->first = job->next;
    if (c->last == job)
        c->last = before;
    c->waiting--;
}

/* The next in the queue leads; where nobody waits, nobody does. */
static void hand_over(struct committer *c)
{
    c->led = c->first != NULL;
    if (c->led) {
        c->first->leads = true;
        (void)pthread_cond_signal(&c->first->wake);
    }
}

static void lead(struct committer *c)
{
    struct commit_job *jobs = take(c);
    (void)pthread_mutex_unlock(&c->lock);
    run_batch(c, jobs);
    (void)pthread_mutex_lock(&c->lock);
    while (jobs) { /* a job that is done may be gone at once */
        struct commit_job *next = jobs->next;
        jobs->done = true;
        (void)pthread_cond_signal(&jobs->wake);
        jobs = next;
    }
    hand_over(c);
}

/* Until the job is done or must lead; a job that nobody took in time is withdrawn. */
static enum err await(struct committer *c, struct commit_job *job)
{
    struct timespec until = clock_deadline(COMMIT_WAIT_MS);
    while (!job->done && !job->leads) {
        if (job->taken) {
            (void)pthread_cond_wait(&job->wake, &c->lock);
        } else if (pthread_cond_timedwait(&job->wake, &c->lock, &until) == ETIMEDOUT &&
                   !job->taken && !job->leads) {
            withdraw(c, job);
            job->ctx->fault.retry_after = 1;
            return ctx_fail(job->ctx, ERR_BUSY, "Too many changes are waiting for the disk");
        }
    }
    if (job->leads)
        lead(c);
    return job->err;
}

static bool wake_init(pthread_cond_t *wake)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return false;
    bool made = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(wake, &attr) == 0;
    (void)pthread_condattr_destroy(&attr);
    return made;
}

enum err commit_run(struct ctx *ctx, struct committer *c,
                    enum err (*work)(struct ctx *ctx, struct conn *conn, void *arg), void *arg)
{
    struct commit_job job = {.ctx = ctx, .work = work, .arg = arg};
    if (!wake_init(&job.wake))
        return ctx_no_memory(ctx);
    (void)pthread_mutex_lock(&c->lock);
    enqueue(c, &job);
    if (!c->led)
        c->led = job.leads = true; /* then the queue was empty, and this is its head */
    enum err err = await(c, &job);
    (void)pthread_mutex_unlock(&c->lock);
    (void)pthread_cond_destroy(&job.wake);
    return err;
}

/* ---- what caches ask ---- */

/* One caller in 200 ms looks, as a leader without jobs, and only where nobody leads: a leader looks
 * by himself at the start of each batch. */
static void look_now_and_then(struct committer *c)
{
    int64_t now = clock_mono_ms(c->conn->clock), due = atomic_load(&c->next_look);
    if (now >= due && atomic_compare_exchange_strong(&c->next_look, &due, now + COMMIT_LOOK_MS)) {
        struct arena arena;
        struct ctx ctx;
        (void)pthread_mutex_lock(&c->lock);
        bool free = !c->led;
        c->led = true;
        (void)pthread_mutex_unlock(&c->lock);
        if (free) {
            arena_init(&arena, 4096);
            ctx_init(&ctx, &arena, c->conn->clock, NULL, "generation");
            if (look_around(&ctx, c) != OK) /* then what is cached may be stale: say so */
                move_on(c, true);
            arena_free(&arena);
            (void)pthread_mutex_lock(&c->lock);
            hand_over(c);
            (void)pthread_mutex_unlock(&c->lock);
        }
    }
}

uint64_t commit_generation(struct committer *c)
{
    look_now_and_then(c);
    return atomic_load(&c->generation);
}

uint64_t commit_rights_generation(struct committer *c)
{
    look_now_and_then(c);
    return atomic_load(&c->rights_generation);
}

void commit_figures(struct committer *c, struct store_stats *out)
{
    out->writes = atomic_load(&c->writes);
    out->commits = atomic_load(&c->commits);
    (void)pthread_mutex_lock(&c->lock);
    out->waiting = c->waiting;
    (void)pthread_mutex_unlock(&c->lock);
}
