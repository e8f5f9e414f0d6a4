/*
 * job.h - one piece of work for later, as its row says.
 *
 * Strings live in the arena of whoever read them.
 */
#ifndef LARDER_MODEL_JOB_H
#define LARDER_MODEL_JOB_H

#include <stdint.h>

#include "base/str.h"

struct job_row {
    int64_t seq;
    const char *id, *kind, *subject;
    const char *state; /* "queued", "running", "done", "failed" */
    int tries;         /* how often it was begun */
    int64_t run_at, created_at;
    int64_t started_at, finished_at; /* 0 = not yet */
    struct slice args;               /* JSON object */
    struct slice result;             /* JSON object, or none yet; of a failed one {"error":...} */
    struct slice progress;           /* JSON object while it runs, or none */
};

#endif
