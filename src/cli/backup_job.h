/*
 * backup_job.h - backups to the bucket while the server runs, every backup-s3-every.
 */
#ifndef LARDER_CLI_BACKUP_JOB_H
#define LARDER_CLI_BACKUP_JOB_H

#include "cli/command.h"
#include "domain/jobs.h"

struct backup_job {
    const struct cli *cli;
    const char *data;
    struct domain *d;
};

struct job_kind backup_job(struct backup_job *b);
/* Queues the first one, where backups are wanted and possible; says so where they are wanted only. */
enum err backup_job_start(struct ctx *ctx, const struct backup_job *b) MUST_USE;

#endif
