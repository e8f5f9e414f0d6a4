/*
 * jobs_state.h - what jobs.c and jobs_find.c share; nobody else looks inside.
 */
#ifndef LARDER_DOMAIN_JOBS_STATE_H
#define LARDER_DOMAIN_JOBS_STATE_H

#include <pthread.h>

#include "base/crypto.h"
#include "domain/jobs.h"

enum { JOBS_THREADS_MAX = 16, JOBS_PROGRESS_MAX = 4096 };

struct jobs_worker {
    struct jobs *jobs;
    pthread_t thread;
    bool started;
    struct arena arena;               /* of the job under way */
    uint64_t seen_wakes;              /* jobs->wakes when it last looked */
    uint64_t seen_generation;         /* of the store, likewise */
    char id[ID_TEXT];                 /* of the job under way, "" = none; under jobs->lock */
    char progress[JOBS_PROGRESS_MAX]; /* JSON; likewise */
    size_t progress_size;             /* 0 = none; likewise */
};

struct jobs {
    struct domain *d;
    struct log *log;
    const struct clock *clock;
    struct job_kind *kinds;
    size_t kind_count;
    _Atomic bool cancel; /* the server stops */
    pthread_mutex_t lock;
    pthread_cond_t woken, one_ended;
    uint64_t wakes, ended; /* under lock */
    _Atomic int64_t running, done, failed, busy_us;
    _Atomic int64_t sweep_at; /* monotonic */
    int worker_count;
    struct jobs_worker worker[JOBS_THREADS_MAX];
};

#endif
