/*
 * work.c - opening what jobs need, and the table of their kinds.
 */
#include "cli/work.h"

#include "domain/jobs.h"

enum { KINDS_MAX = 8 };

enum err work_open(struct ctx *ctx, const struct config *config, const char *data, struct domain *d)
{
    struct job_kind kinds[KINDS_MAX];
    size_t count = 0;
    (void)data;
    d->limits.job_threads = (int)config_int(config, "job-threads");
    return jobs_open(ctx, d, kinds, count, &d->jobs);
}

void work_stop(struct domain *d)
{
    jobs_stop(d->jobs);
}

void work_close(struct domain *d)
{
    jobs_close(d->jobs);
    d->jobs = NULL;
}
