/*
 * shelf.h - the backups that stand in the data folder, and the restore that a running server does.
 *
 * Backups are made by a job, read once more before they get their name, and stand in backups/. What
 * is to be restored is unpacked and checked below tmp/ first (cli/swap.h is the rest). The handlers
 * of api/backup_api.c reach all this through struct backup_keeper.
 */
#ifndef LARDER_CLI_SHELF_H
#define LARDER_CLI_SHELF_H

#include <pthread.h>

#include "api/backup_api.h"
#include "domain/domain.h"
#include "domain/jobs.h"

struct shelf {
    const char *data;
    struct domain *d;
    pthread_mutex_t lock; /* one preview or restore at a time */
    bool decided;         /* a restore is: there is no further one before the next start */
    /* Called once, when a restore is decided: the server shall end its requests and start anew. */
    void (*start_anew)(void *arg);
    void *arg;
    struct backup_keeper keeper;
};

void shelf_init(struct shelf *shelf, const char *data, struct domain *d);

/* The job that makes a backup; its subject is the name of the file. `shelf` outlives the jobs. */
struct job_kind shelf_job(struct shelf *shelf);

#endif
