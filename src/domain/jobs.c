/*
 * jobs.c - the threads: look, claim, run, write down what came of it, wait.
 *
 * A thread sleeps until it is woken, until the next job is due, or for a few seconds: another
 * process (the command line) may have queued something, which the store's generation tells without
 * a query. Claiming is one transaction, so two threads never get the same job. What a job shows of
 * itself while it runs is kept in memory: it is worth nothing after a crash. How rows are read for
 * others stands in jobs_find.c.
 */
#include "domain/jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json_write.h"
#include "base/log.h"
#include "domain/domain.h"
#include "domain/jobs_state.h"
#include "store/job_store.h"

enum {
    JOB_ARENA = 256 << 20, /* the most a job may take; nothing is taken in advance */
    LOOK_MS = 3000,        /* longest sleep: somebody else's jobs are found after that */
    TRIES = 3,
    RETRY_MS = 5000,
    RETRY_MAX_MS = 3600 * 1000,
    KEPT = 10000, /* finished jobs */
    SWEEP_AT_ONCE = 500,
    SWEEP_EVERY_MS = 600 * 1000,
    RESULT_MAX = 64 << 10,
    AGAIN_MS = 1000 /* when the database does not take what came of a job */
};
static const int64_t kept_ms = 30LL * 24 * 3600 * 1000;

/* ------------------------------------------------------------------ waking and sleeping */

void jobs_wake(struct jobs *jobs)
{
    if (jobs == NULL)
        return;
    (void)pthread_mutex_lock(&jobs->lock);
    jobs->wakes++;
    (void)pthread_cond_broadcast(&jobs->woken);
    (void)pthread_mutex_unlock(&jobs->lock);
}

static bool stopping(const struct jobs *jobs)
{
    return atomic_load_explicit(&jobs->cancel, memory_order_acquire);
}

/* Until a wake that was not seen yet, or for `ms`. */
static void sleep_for(struct jobs_worker *w, int64_t ms)
{
    struct jobs *jobs = w->jobs;
    struct timespec until = clock_deadline(ms);
    (void)pthread_mutex_lock(&jobs->lock);
    while (!stopping(jobs) && w->seen_wakes == jobs->wakes)
        if (pthread_cond_timedwait(&jobs->woken, &jobs->lock, &until) != 0)
            break;
    w->seen_wakes = jobs->wakes;
    (void)pthread_mutex_unlock(&jobs->lock);
}

/* ------------------------------------------------------------------ one job */

static const struct job_kind *kind_of(const struct jobs *jobs, const char *name)
{
    for (size_t i = 0; i < jobs->kind_count; i++)
        if (strcmp(jobs->kinds[i].name, name) == 0)
            return &jobs->kinds[i];
    return NULL;
}

static int tries_of(const struct job_kind *kind)
{
    return kind == NULL ? 1 : kind->tries > 0 ? kind->tries : TRIES;
}

/* Twice as long each time, a quarter more or less, so that many do not come back together. */
static int64_t pause_after(const struct job_kind *kind, int tries)
{
    unsigned char random;
    int64_t pause = kind->retry_ms > 0 ? kind->retry_ms : RETRY_MS;
    for (int i = 1; i < tries && pause < RETRY_MAX_MS; i++)
        pause *= 2;
    if (pause > RETRY_MAX_MS)
        pause = RETRY_MAX_MS;
    crypto_random(&random, 1);
    return pause * 3 / 4 + pause * random / 510;
}

static struct slice error_json(struct ctx *ctx, const char *why)
{
    struct buf b;
    struct jw j;
    buf_init(&b, ctx->arena, RESULT_MAX);
    jw_start(&j, &b);
    jw_object(&j);
    jw_put_str(&j, "error", why);
    jw_end(&j);
    return jw_done(&j) ? buf_view(&b) : SLICE("{\"error\":\"out of memory\"}");
}

struct ending {
    const struct jobs *jobs;
    const struct job_row *row;
    struct slice result;
    const char *why;    /* of a failure */
    bool ok, stopped;   /* how the runner ended */
    bool failed;        /* out: for good */
    int64_t now, pause; /* pause: until the next try, where there is one */
};

static struct job as_given(const struct job_row *row, const struct jobs *jobs)
{
    return (struct job){.id = row->id,
                        .kind = row->kind,
                        .subject = row->subject,
                        .args = row->args,
                        .tries = row->tries,
                        .cancel = &jobs->cancel};
}

static enum err fail_for_good(struct ctx *ctx, struct conn *conn, struct ending *e)
{
    const struct job_kind *kind = kind_of(e->jobs, e->row->kind);
    struct job job = as_given(e->row, e->jobs);
    enum err err = job_store_finish(ctx, conn, e->row->id, false, error_json(ctx, e->why), e->now);
    if (err == OK && kind && kind->gave_up)
        err = kind->gave_up(ctx, conn, kind->arg, &job, e->why);
    e->failed = err == OK;
    return err;
}

static enum err write_ending(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct ending *e = arg;
    const struct job_kind *kind = kind_of(e->jobs, e->row->kind);
    if (e->ok)
        return job_store_finish(ctx, conn, e->row->id, true, e->result, e->now);
    if (e->stopped) /* our doing, not the job's: it does not count */
        return job_store_release(ctx, conn, e->row, e->row->tries - 1, e->now);
    if (e->row->tries >= tries_of(kind))
        return fail_for_good(ctx, conn, e);
    return job_store_release(ctx, conn, e->row, e->row->tries, e->now + e->pause);
}

/* Tells the log about a failure; what came of it must reach the database, or nobody would know. */
static void end_job(struct ctx *ctx, struct jobs_worker *w, struct ending *e)
{
    struct jobs *jobs = w->jobs;
    if (!e->ok && !e->stopped)
        log_line(ctx->log, LOG_WARN, ctx->request_id, "job.failed", "kind", e->row->kind, "subject",
                 e->row->subject, "why", e->why, "cause", ctx->fault.cause, NULL);
    for (;;) {
        ctx_forgive(ctx);
        e->now = clock_wall_ms(ctx->clock);
        enum err err = store_write(ctx, jobs->d->store, write_ending, e);
        if (err == OK)
            break;
        log_line(ctx->log, LOG_ERROR, ctx->request_id, "job.not_written", "why", ctx_sentence(ctx),
                 "cause", ctx->fault.cause, NULL);
        if (stopping(jobs))
            return; /* it stays marked as running: the next start begins it again */
        sleep_for(w, AGAIN_MS);
    }
    if (e->ok)
        atomic_fetch_add(&jobs->done, 1);
    else if (e->failed)
        atomic_fetch_add(&jobs->failed, 1);
}

static const char *run_kind(struct ctx *ctx, struct jobs *jobs, const struct job_row *row,
                            struct slice *result)
{
    const struct job_kind *kind = kind_of(jobs, row->kind);
    struct job job = as_given(row, jobs);
    if (kind == NULL)
        return "This server does not know such work";
    enum err err = kind->run(ctx, kind->arg, &job, result);
    if (err == OK && result->n > RESULT_MAX)
        *result = SLICE("{}");
    if (err == OK)
        return NULL;
    const char *why = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
    return why ? why : "out of memory";
}

static void show_running(struct jobs_worker *w, const struct job_row *row)
{
    (void)pthread_mutex_lock(&w->jobs->lock);
    str_set(w->id, sizeof w->id, slice_of(row ? row->id : ""));
    w->progress_size = 0;
    (void)pthread_mutex_unlock(&w->jobs->lock);
}

static void run_one(struct ctx *ctx, struct jobs_worker *w, const struct job_row *row)
{
    struct jobs *jobs = w->jobs;
    int64_t began = clock_mono_us();
    struct ending e = {.jobs = jobs, .row = row, .result = SLICE_NONE};
    const struct job_kind *kind = kind_of(jobs, row->kind);
    (void)snprintf(ctx->request_id, sizeof ctx->request_id, "job-%s", row->id);
    show_running(w, row);
    atomic_fetch_add(&jobs->running, 1);
    e.why = run_kind(ctx, jobs, row, &e.result);
    e.ok = e.why == NULL;
    e.stopped = !e.ok && stopping(jobs);
    e.pause = kind ? pause_after(kind, row->tries) : 0;
    end_job(ctx, w, &e);
    atomic_fetch_add(&jobs->busy_us, clock_mono_us() - began);
    atomic_fetch_sub(&jobs->running, 1);
    show_running(w, NULL);
    (void)pthread_mutex_lock(&jobs->lock);
    jobs->ended++;
    (void)pthread_cond_broadcast(&jobs->one_ended);
    (void)pthread_mutex_unlock(&jobs->lock);
}

/* ------------------------------------------------------------------ a thread */

struct look {
    int64_t now, next;
    struct job_row row;
    bool found;
};

static enum err read_next(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct look *l = arg;
    return job_store_next(ctx, conn, &l->next);
}

static enum err claim(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct look *l = arg;
    return job_store_claim(ctx, conn, l->now, &l->row, &l->found);
}

struct sweeping {
    int64_t before, swept;
};

static enum err sweep(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct sweeping *s = arg;
    return job_store_sweep(ctx, conn, s->before, KEPT, SWEEP_AT_ONCE, &s->swept);
}

/* One thread at a time, now and then: the history is bounded. */
static enum err sweep_history(struct ctx *ctx, struct jobs *jobs)
{
    int64_t now = clock_mono_ms(ctx->clock), due = atomic_load(&jobs->sweep_at);
    struct sweeping s = {.before = ctx->now - kept_ms, .swept = SWEEP_AT_ONCE};
    enum err err = OK;
    if (now < due || !atomic_compare_exchange_strong(&jobs->sweep_at, &due, now + SWEEP_EVERY_MS))
        return OK;
    while (err == OK && s.swept >= SWEEP_AT_ONCE && !stopping(jobs))
        err = store_write(ctx, jobs->d->store, sweep, &s);
    return err;
}

/* Runs the job that is due, if there is one; *next tells when to look again. */
static enum err take_one(struct ctx *ctx, struct jobs_worker *w, int64_t *next, bool *took)
{
    struct store *store = w->jobs->d->store;
    struct look l = {.now = ctx->now};
    *took = false;
    enum err err = store_read(ctx, store, read_next, &l);
    *next = l.next;
    if (err != OK || l.next > l.now)
        return err;
    err = store_write(ctx, store, claim, &l);
    *took = err == OK && l.found;
    if (*took)
        run_one(ctx, w, &l.row);
    else
        *next = l.now; /* another thread was faster */
    return err;
}

/* True when there may be something to do: a wake, a time that came, or a foreign commit. */
static bool worth_a_look(struct jobs_worker *w, const struct ctx *ctx, int64_t next)
{
    uint64_t generation = store_generation(w->jobs->d->store);
    bool changed = generation != w->seen_generation;
    w->seen_generation = generation;
    return changed || next <= ctx->now;
}

static void *work(void *arg)
{
    struct jobs_worker *w = arg;
    struct jobs *jobs = w->jobs;
    int64_t next = 0;
    while (!stopping(jobs)) {
        struct ctx ctx;
        bool took = false;
        enum err err = OK;
        arena_reset(&w->arena);
        ctx_init(&ctx, &w->arena, jobs->clock, jobs->log, "jobs");
        if (worth_a_look(w, &ctx, next))
            err = take_one(&ctx, w, &next, &took);
        if (err == OK && !took)
            err = sweep_history(&ctx, jobs);
        if (err != OK) {
            log_line(jobs->log, LOG_WARN, "jobs", "jobs.trouble", "why", ctx_sentence(&ctx),
                     "cause", ctx.fault.cause, NULL);
            next = ctx.now + LOOK_MS;
        }
        if (took)
            next = 0;
        else if (next > ctx.now)
            sleep_for(w, next - ctx.now < LOOK_MS ? next - ctx.now : LOOK_MS);
    }
    return NULL;
}

/* ------------------------------------------------------------------ starting and ending */

/* What an earlier process left as running died with it. */
static enum err take_up(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct jobs *jobs = arg;
    struct job_row *rows;
    size_t count = 0;
    enum err err = job_store_running(ctx, conn, &rows, &count);
    for (size_t i = 0; err == OK && i < count; i++) {
        const struct job_kind *kind = kind_of(jobs, rows[i].kind);
        struct ending e = {.jobs = jobs, .row = &rows[i], .now = ctx->now};
        e.why = "The server ended while this was at work";
        if (rows[i].tries >= tries_of(kind))
            err = fail_for_good(ctx, conn, &e);
        else
            err = job_store_release(ctx, conn, &rows[i], rows[i].tries, ctx->now);
    }
    return err;
}

static struct jobs *jobs_new(struct ctx *ctx, struct domain *d, const struct job_kind *kinds,
                             size_t count)
{
    pthread_condattr_t attr;
    int threads = d->limits.job_threads > 0 ? d->limits.job_threads : 1;
    struct jobs *jobs = calloc(1, sizeof *jobs); /* freed by jobs_close */
    if (jobs == NULL || pthread_condattr_init(&attr) != 0) {
        free(jobs);
        return NULL;
    }
    jobs->d = d;
    jobs->log = ctx->log;
    jobs->clock = ctx->clock;
    jobs->worker_count = threads < JOBS_THREADS_MAX ? threads : JOBS_THREADS_MAX;
    jobs->kinds = calloc(count ? count : 1, sizeof *jobs->kinds);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&jobs->lock, NULL); /* these cannot fail on Linux */
    (void)pthread_cond_init(&jobs->woken, &attr);
    (void)pthread_cond_init(&jobs->one_ended, &attr);
    (void)pthread_condattr_destroy(&attr);
    jobs->kind_count = jobs->kinds ? count : 0;
    if (jobs->kinds && count)
        memcpy(jobs->kinds, kinds, count * sizeof *kinds);
    return jobs;
}

enum err jobs_open(struct ctx *ctx, struct domain *d, const struct job_kind *kinds, size_t count,
                   struct jobs **out)
{
    struct jobs *jobs = jobs_new(ctx, d, kinds, count);
    if (jobs == NULL)
        return ctx_no_memory(ctx);
    enum err err = jobs->kinds ? OK : ctx_no_memory(ctx);
    if (err == OK)
        err = store_write(ctx, d->store, take_up, jobs);
    *out = jobs; /* before a runner may ask for it */
    for (int i = 0; err == OK && i < jobs->worker_count; i++) {
        struct jobs_worker *w = &jobs->worker[i];
        w->jobs = jobs;
        arena_init(&w->arena, JOB_ARENA);
        w->started = pthread_create(&w->thread, NULL, work, w) == 0;
        if (!w->started)
            err = ctx_fail_cause(ctx, ERR_INTERNAL, "no thread for jobs");
    }
    if (err != OK) {
        jobs_close(jobs);
        *out = NULL;
    }
    return err;
}

void jobs_stop(struct jobs *jobs)
{
    if (jobs == NULL)
        return;
    atomic_store_explicit(&jobs->cancel, true, memory_order_release);
    (void)pthread_mutex_lock(&jobs->lock);
    (void)pthread_cond_broadcast(&jobs->woken);
    (void)pthread_cond_broadcast(&jobs->one_ended);
    (void)pthread_mutex_unlock(&jobs->lock);
}

void jobs_close(struct jobs *jobs)
{
    if (jobs == NULL)
        return;
    jobs_stop(jobs);
    for (int i = 0; i < jobs->worker_count; i++)
        if (jobs->worker[i].started) {
            (void)pthread_join(jobs->worker[i].thread, NULL);
            arena_free(&jobs->worker[i].arena);
        }
    (void)pthread_cond_destroy(&jobs->one_ended);
    (void)pthread_cond_destroy(&jobs->woken);
    (void)pthread_mutex_destroy(&jobs->lock);
    free(jobs->kinds);
    free(jobs);
}
