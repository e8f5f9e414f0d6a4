/*
 * health.h - one run of a plugin's check, as it is kept and as it comes out of the sandbox.
 */
#ifndef LARDER_MODEL_HEALTH_H
#define LARDER_MODEL_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define HEALTH_HEALTHY "healthy"
#define HEALTH_FAILED "failed"
#define HEALTH_UNCHECKED "unchecked"

/* What a check came to. */
struct health_outcome {
    const char *result;  /* one of the words above */
    const char *reason;  /* why it failed or was not checked; NULL for a healthy one */
    struct slice detail; /* JSON object: tools, timings, errors; none where it never began */
    int64_t duration_ms;
    bool network; /* it could reach the network */
};

/* A row of the history. */
struct health_check {
    int64_t seq;
    const char *plugin_id;
    int64_t at;
    struct health_outcome outcome;
};

#endif
