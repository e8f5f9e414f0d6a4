/*
 * jobs.h - work for later: queued in a transaction, done by threads of the server.
 *
 * A job is a row of the table `job`, so it outlives the process: what was running when a process
 * died is begun again, and fails for good once it was begun as often as its kind allows. Each
 * thread takes the oldest job that is due. A runner gets an arena of its own, writes nothing while
 * it computes, and looks at job->cancel: the server stops within two seconds. Kinds are listed
 * where the server is wired up; this file knows none of them.
 */
#ifndef LARDER_DOMAIN_JOBS_H
#define LARDER_DOMAIN_JOBS_H

#include <stdbool.h>

#include "base/ctx.h"
#include "model/job.h"

struct conn;
struct domain;
struct jobs;

/* What a runner is given. */
struct job {
    const char *id, *kind, *subject;
    struct slice args; /* JSON object */
    int tries;         /* how often it was begun, this time included */
    const _Atomic bool
        *cancel; /* true: the server stops; what is unfinished is begun again later */
};

struct job_kind {
    const char *name; /* "health" */
    /*
     * OK: the job is done, and *result (a JSON object in the arena, or left alone) is kept. A
     * failure is tried again after a pause, up to `tries` beginnings in all. A runner that has
     * come to a decision, a bad one too, returns OK with that decision as its result.
     */
    enum err (*run)(struct ctx *ctx, void *arg, const struct job *job, struct slice *result);
    /* In the transaction that fails it for good, `why` a sentence; NULL = nothing is to be done. */
    enum err (*gave_up)(struct ctx *ctx, struct conn *conn, void *arg, const struct job *job,
                        const char *why);
    void *arg;
    int tries;        /* 0 = 3 */
    int64_t retry_ms; /* the first pause; each further one is twice as long. 0 = 5 s */
};

/*
 * Takes up what an earlier process left and starts d->limits.job_threads threads. Heap; ended by
 * jobs_close. `kinds` is copied; what stands behind arg must outlive the jobs. The wiring hangs
 * *out into d->jobs.
 */
enum err jobs_open(struct ctx *ctx, struct domain *d, const struct job_kind *kinds, size_t count,
                   struct jobs **out) MUST_USE;
/* Cancels what runs and ends every jobs_wait, at once; NULL does nothing. */
void jobs_stop(struct jobs *jobs);
/* The same, and waits until the threads have ended. Nobody may be using it any more. */
void jobs_close(struct jobs *jobs);

/*
 * Queues work inside the caller's transaction; args is a JSON object, SLICE_NONE = {}. Asking again
 * while the same work (kind, subject) is queued is asking once: the newer args and the earlier time
 * hold. run_at is wall time, 0 = now.
 */
enum err jobs_queue(struct ctx *ctx, struct conn *conn, const char *kind, const char *subject,
                    struct slice args, int64_t run_at) MUST_USE;
/* After the commit: the threads look at once instead of within a few seconds. NULL does nothing. */
void jobs_wake(struct jobs *jobs);

/* Of a runner: what is to be seen of the job that runs, a JSON object of at most 4 KiB. */
enum err jobs_progress(struct ctx *ctx, struct jobs *jobs, const char *id,
                       struct slice json) MUST_USE;

/* The job of that id; with an org, only if it is work on a plugin of the org. ERR_NOT_FOUND. */
enum err jobs_get(struct ctx *ctx, struct domain *d, const char *org_id, const char *id,
                  struct job_row *out) MUST_USE;
/* The newest job of that kind and subject, in any state. */
enum err jobs_newest(struct ctx *ctx, struct domain *d, const char *kind, const char *subject,
                     struct job_row *out, bool *found) MUST_USE;
/* The same, but waits until it is done or failed, `ms` at most: look at out->state. */
enum err jobs_wait(struct ctx *ctx, struct domain *d, const char *kind, const char *subject,
                   int64_t ms, struct job_row *out, bool *found) MUST_USE;

enum { JOBS_PAGE_MAX = 200 };

struct job_filter {
    const char *kind, *subject, *state; /* NULL = any */
    int64_t before_seq;                 /* 0 = from the newest */
    int limit;                          /* 1..JOBS_PAGE_MAX */
};
enum err jobs_list(struct ctx *ctx, struct domain *d, const struct job_filter *filter,
                   struct job_row **out, size_t *count, bool *more) MUST_USE;

struct jobs_stats {
    int64_t queued; /* due or not */
    int64_t running;
    int64_t done, failed; /* since start; failed = for good */
    double seconds;       /* spent in runners since start */
};
void jobs_stats(struct jobs *jobs, struct jobs_stats *out); /* all zero for NULL */

#endif
