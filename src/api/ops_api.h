/*
 * ops_api.h - what the operations routes report beside what struct api holds.
 *
 * The wiring makes one and changes it while the server is already listening, hence the atomics.
 */
#ifndef LARDER_API_OPS_API_H
#define LARDER_API_OPS_API_H

#include <stdatomic.h>
#include <stdbool.h>

#include "http/router.h"

struct readiness {
    _Atomic bool open;              /* the database is open: handlers other than these may run */
    _Atomic bool loaded;            /* start-up work is done */
    bool (*database_up)(void *arg); /* asked only while `open` */
    void *arg;
};

/* The handler of /metrics: the wiring knows its row by it, to lift the permission when told to. */
enum err ops_metrics(struct ctx *ctx, struct call *call) MUST_USE;

#endif
