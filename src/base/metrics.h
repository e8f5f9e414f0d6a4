/*
 * metrics.h - counting what the server does, for whoever watches it.
 *
 * One row of counters per route (and one for requests that found no route), a latency histogram for
 * each, and gauges that are read when somebody asks. Counting takes no lock and allocates nothing;
 * labels are fixed at start, so a stranger cannot make the page grow. Who may read the page is
 * decided in `api/ops_api.c`.
 */
#ifndef LARDER_BASE_METRICS_H
#define LARDER_BASE_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct metrics;

enum { METRICS_GAUGES = 64, METRICS_PAGE_MAX = 4 << 20 };

/* What the rows are called; the strings must outlive the metrics. */
struct metrics_route {
    const char *method;
    const char *pattern;
};

/* Heap; ended by metrics_free. `routes` is copied. NULL when there is no memory. */
struct metrics *metrics_new(const struct metrics_route *routes, size_t count);
void metrics_free(struct metrics *m);

/* A request arrived. Every call is followed by one of metrics_request. NULL does nothing. */
void metrics_begin(struct metrics *m);
/* It was answered: `route` is its row, or any number >= count for "no route". */
void metrics_request(struct metrics *m, size_t route, int status, int64_t micros);

/*
 * A value that is read when the page is rendered. `counter`: it only grows. `labels` is NULL or the
 * inside of the braces, "version=\"1.0\"". Before any thread starts; false when the table is full.
 */
bool metrics_gauge(struct metrics *m, const char *name, const char *help, bool counter,
                   const char *labels, double (*read)(void *arg), void *arg);

/* The page in the Prometheus text format, version 0.0.4. */
void metrics_render(const struct metrics *m, struct buf *out);

#endif
