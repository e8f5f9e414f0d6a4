/*
 * jobs_find.c - queueing, asking for and waiting for jobs: the half of jobs.h that callers use.
 */
#include <stdatomic.h>
#include <string.h>

#include "domain/domain.h"
#include "domain/jobs.h"
#include "domain/jobs_state.h"
#include "store/job_store.h"

enum { STATS_MEMORY = 64 << 10 };

enum err jobs_queue(struct ctx *ctx, struct conn *conn, const char *kind, const char *subject,
                    struct slice args, int64_t run_at)
{
    return job_store_queue(ctx, conn, kind, subject, args, run_at ? run_at : ctx->now);
}

/* ------------------------------------------------------------------ what runs */

static struct jobs_worker *at_work_on(struct jobs *jobs, const char *id)
{
    for (int i = 0; i < jobs->worker_count; i++)
        if (strcmp(jobs->worker[i].id, id) == 0)
            return &jobs->worker[i];
    return NULL;
}

enum err jobs_progress(struct ctx *ctx, struct jobs *jobs, const char *id, struct slice json)
{
    if (json.n > JOBS_PROGRESS_MAX)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "progress of %zu bytes", json.n);
    if (jobs == NULL)
        return OK;
    (void)pthread_mutex_lock(&jobs->lock);
    struct jobs_worker *w = at_work_on(jobs, id);
    if (w) {
        memcpy(w->progress, json.p, json.n);
        w->progress_size = json.n;
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return OK;
}

/* The row as it is on the disk, with what its runner says meanwhile. */
static enum err add_progress(struct ctx *ctx, struct jobs *jobs, struct job_row *row)
{
    char *copy = NULL;
    size_t n = 0;
    if (jobs == NULL || strcmp(row->state, "running") != 0)
        return OK;
    copy = arena_alloc_raw(ctx->arena, JOBS_PROGRESS_MAX);
    if (copy == NULL)
        return ctx_no_memory(ctx);
    (void)pthread_mutex_lock(&jobs->lock);
    const struct jobs_worker *w = at_work_on(jobs, row->id);
    if (w) {
        n = w->progress_size;
        memcpy(copy, w->progress, n);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    row->progress = n ? (struct slice){copy, n} : SLICE_NONE;
    return OK;
}

/* ------------------------------------------------------------------ finding */

struct finding {
    const char *id, *org_id, *kind, *subject;
    struct job_row *out;
    bool found;
};

static enum err find_id(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct finding *f = arg;
    return job_store_find(ctx, conn, f->id, f->org_id, f->out, &f->found);
}

static enum err find_newest(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct finding *f = arg;
    return job_store_newest(ctx, conn, f->kind, f->subject, f->out, &f->found);
}

enum err jobs_get(struct ctx *ctx, struct domain *d, const char *org_id, const char *id,
                  struct job_row *out)
{
    struct finding f = {.id = id, .org_id = org_id, .out = out};
    enum err err = store_read(ctx, d->store, find_id, &f);
    if (err == OK && !f.found)
        err = ctx_fail(ctx, ERR_NOT_FOUND, "Job not found");
    return err == OK ? add_progress(ctx, d->jobs, out) : err;
}

enum err jobs_newest(struct ctx *ctx, struct domain *d, const char *kind, const char *subject,
                     struct job_row *out, bool *found)
{
    struct finding f = {.kind = kind, .subject = subject, .out = out};
    enum err err = store_read(ctx, d->store, find_newest, &f);
    *found = f.found;
    return err == OK && f.found ? add_progress(ctx, d->jobs, out) : err;
}

/* False when the time is over or the server stops. *seen: how many jobs had ended before. */
static bool wait_for_an_end(struct jobs *jobs, uint64_t *seen, const struct timespec *until)
{
    int rc = 0;
    (void)pthread_mutex_lock(&jobs->lock);
    while (rc == 0 && jobs->ended == *seen && !atomic_load(&jobs->cancel))
        rc = pthread_cond_timedwait(&jobs->one_ended, &jobs->lock, until);
    bool ended = jobs->ended != *seen;
    *seen = jobs->ended;
    (void)pthread_mutex_unlock(&jobs->lock);
    return ended && !atomic_load(&jobs->cancel);
}

static uint64_t ended_so_far(struct jobs *jobs)
{
    (void)pthread_mutex_lock(&jobs->lock);
    uint64_t n = jobs->ended;
    (void)pthread_mutex_unlock(&jobs->lock);
    return n;
}

static bool is_over(const struct job_row *row)
{
    return strcmp(row->state, "done") == 0 || strcmp(row->state, "failed") == 0;
}

enum err jobs_wait(struct ctx *ctx, struct domain *d, const char *kind, const char *subject,
                   int64_t ms, struct job_row *out, bool *found)
{
    struct timespec until = clock_deadline(ms);
    uint64_t seen = d->jobs ? ended_so_far(d->jobs) : 0;
    enum err err;
    bool more = d->jobs != NULL;
    while ((err = jobs_newest(ctx, d, kind, subject, out, found)) == OK && *found &&
           !is_over(out) && more)
        more = wait_for_an_end(d->jobs, &seen, &until);
    return err;
}

/* ------------------------------------------------------------------ listing, counting */

struct listing {
    struct job_page page;
    struct job_row *rows;
    size_t count;
};

static enum err read_list(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct listing *l = arg;
    return job_store_list(ctx, conn, &l->page, &l->rows, &l->count);
}

enum err jobs_list(struct ctx *ctx, struct domain *d, const struct job_filter *filter,
                   struct job_row **out, size_t *count, bool *more)
{
    struct listing l = {.page = {.kind = filter->kind,
                                 .subject = filter->subject,
                                 .state = filter->state,
                                 .before_seq = filter->before_seq,
                                 .limit = filter->limit + 1}};
    if (filter->limit < 1 || filter->limit > JOBS_PAGE_MAX)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "page of %d jobs", filter->limit);
    enum err err = store_read(ctx, d->store, read_list, &l);
    *more = l.count > (size_t)filter->limit;
    *count = *more ? (size_t)filter->limit : l.count;
    *out = l.rows;
    for (size_t i = 0; err == OK && i < *count; i++)
        err = add_progress(ctx, d->jobs, &l.rows[i]);
    return err;
}

static enum err count_queued(struct ctx *ctx, struct conn *conn, void *arg)
{
    return job_store_queued(ctx, conn, arg);
}

void jobs_stats(struct jobs *jobs, struct jobs_stats *out)
{
    struct arena arena;
    struct ctx ctx;
    *out = (struct jobs_stats){0};
    if (jobs == NULL)
        return;
    arena_init(&arena, STATS_MEMORY);
    ctx_init(&ctx, &arena, jobs->clock, NULL, "stats");
    if (store_read(&ctx, jobs->d->store, count_queued, &out->queued) != OK)
        out->queued = 0;
    arena_free(&arena);
    out->running = atomic_load(&jobs->running);
    out->done = atomic_load(&jobs->done);
    out->failed = atomic_load(&jobs->failed);
    out->seconds = (double)atomic_load(&jobs->busy_us) / 1e6;
}
