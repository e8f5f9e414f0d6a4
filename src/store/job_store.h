/*
 * job_store.h - the rows of work for later.
 *
 * Who does the work, when it is tried again and when it fails for good is decided in the domain.
 * Strings of rows live in the arena.
 */
#ifndef LARDER_STORE_JOB_STORE_H
#define LARDER_STORE_JOB_STORE_H

#include "model/job.h"
#include "store/store.h"

/* Queues it, or gives the newer args and the earlier time to the one that is queued already. */
enum err job_store_queue(struct ctx *ctx, struct conn *conn, const char *kind, const char *subject,
                         struct slice args, int64_t run_at) MUST_USE;

/* The oldest job that is due at `now` becomes running, begun once more. */
enum err job_store_claim(struct ctx *ctx, struct conn *conn, int64_t now, struct job_row *out,
                         bool *found) MUST_USE;
/* When the next one is due, INT64_MAX for never. */
enum err job_store_next(struct ctx *ctx, struct conn *conn, int64_t *run_at) MUST_USE;

/* Back among the queued from run_at on, `tries` times begun. Where the same work was queued again
 * meanwhile this one gives way to it, as failed. */
enum err job_store_release(struct ctx *ctx, struct conn *conn, const struct job_row *job, int tries,
                           int64_t run_at) MUST_USE;
enum err job_store_finish(struct ctx *ctx, struct conn *conn, const char *id, bool done,
                          struct slice result, int64_t now) MUST_USE;

/* All that are marked as running, oldest first. */
enum err job_store_running(struct ctx *ctx, struct conn *conn, struct job_row **out,
                           size_t *count) MUST_USE;

/* org_id NULL = any job; else only one whose subject is a plugin of the org. */
enum err job_store_find(struct ctx *ctx, struct conn *conn, const char *id, const char *org_id,
                        struct job_row *out, bool *found) MUST_USE;
enum err job_store_newest(struct ctx *ctx, struct conn *conn, const char *kind, const char *subject,
                          struct job_row *out, bool *found) MUST_USE;

struct job_page {
    const char *kind, *subject, *state; /* NULL = any */
    int64_t before_seq;                 /* 0 = from the newest */
    int limit;
};
enum err job_store_list(struct ctx *ctx, struct conn *conn, const struct job_page *page,
                        struct job_row **out, size_t *count) MUST_USE;

enum err job_store_queued(struct ctx *ctx, struct conn *conn, int64_t *count) MUST_USE;

/* Finished rows that ended before `before`, and those beyond the newest `keep`; at most `limit`. */
enum err job_store_sweep(struct ctx *ctx, struct conn *conn, int64_t before, int64_t keep,
                         int64_t limit, int64_t *swept) MUST_USE;

#endif
