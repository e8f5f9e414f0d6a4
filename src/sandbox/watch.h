/*
 * watch.h - how much memory and how many processes a sandbox has at this moment.
 *
 * The kernel's limits are per process, or do not hold for every user; this counts the sandbox as a
 * whole, through its own /proc. It only looks; who kills is run.c.
 */
#ifndef LARDER_SANDBOX_WATCH_H
#define LARDER_SANDBOX_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct watch {
    pid_t init;     /* the first process inside, by its number outside */
    int64_t limit;  /* bytes: up to here a rough sum will do */
    int processes;  /* threads count; out */
    int64_t memory; /* bytes; out */
};

/* False while the sandbox is not furnished yet, and when it is gone. */
bool watch_look(struct watch *watch);

#endif
