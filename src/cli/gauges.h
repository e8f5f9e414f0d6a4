/*
 * gauges.h - what the process and the store report to /metrics.
 */
#ifndef LARDER_CLI_GAUGES_H
#define LARDER_CLI_GAUGES_H

#include <stdbool.h>

struct metrics;
struct store;

/* What the gauges read; lives as long as the metrics. */
struct gauges {
    struct store **store; /* *store is NULL until the database is open */
    double started_s;     /* wall seconds since 1970 */
};

bool gauges_add(struct metrics *metrics, struct gauges *gauges);

#endif
