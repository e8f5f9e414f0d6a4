/*
 * gauges.h - what the process and the store report to /metrics.
 */
#ifndef LARDER_CLI_GAUGES_H
#define LARDER_CLI_GAUGES_H

#include <stdatomic.h>
#include <stdbool.h>

struct domain;
struct metrics;
struct store;

/* What the gauges read; lives as long as the metrics. */
struct gauges {
    struct store **store;    /* *store is NULL until the database is open */
    const atomic_bool *open; /* true: the domain may be looked at */
    const struct domain *domain;
    double started_s; /* wall seconds since 1970 */
};

bool gauges_add(struct metrics *metrics, struct gauges *gauges);
bool gauges_replica_add(struct metrics *metrics, struct gauges *gauges); /* gauges_replica.c */

#endif
