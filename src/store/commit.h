/*
 * commit.h - group commit: whoever comes first commits for all who wait.
 *
 * The first writer becomes leader, takes the whole queue, runs every job in a savepoint of one
 * transaction, commits once and wakes them; then the head of the queue that has formed meanwhile
 * leads. An idle database adds no delay, a busy one shares its flushes.
 */
#ifndef LARDER_STORE_COMMIT_H
#define LARDER_STORE_COMMIT_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/conn.h"

struct commit_job;

struct committer {
    struct conn *conn; /* the leader's, nobody else's */
    pthread_mutex_t lock;
    struct commit_job *first, *last; /* waiting, not yet taken */
    int waiting;
    bool led;             /* there is a leader */
    int64_t data_version; /* of other processes' commits, as last seen by a leader */
    _Atomic uint64_t generation, rights_generation;
    _Atomic int64_t next_look; /* monotonic time of the next look at data_version */
    _Atomic int64_t writes, commits;
};

enum {
    COMMIT_BATCH = 64,      /* most jobs of one transaction */
    COMMIT_WAIT_MS = 15000, /* longest wait for a leader to take a job */
    COMMIT_LOOK_MS = 200    /* how stale the view of other processes may be */
};

/* Takes conn over: commit_close closes it. */
enum err commit_open(struct ctx *ctx, struct committer *c, struct conn *conn) MUST_USE;
void commit_close(struct committer *c);

enum err commit_run(struct ctx *ctx, struct committer *c,
                    enum err (*work)(struct ctx *ctx, struct conn *conn, void *arg),
                    void *arg) MUST_USE;

uint64_t commit_generation(struct committer *c); /* of all that is stored */
uint64_t commit_rights_generation(struct committer *c);
void commit_figures(struct committer *c, struct store_stats *out); /* writes, commits, waiting */

#endif
