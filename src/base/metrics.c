/*
 * metrics.c - arrays of atomic counters, and the text page made of them.
 *
 * All counting is relaxed: a page that is rendered while requests end may show a request in one
 * line and not yet in the next, which every reader of such pages expects.
 */
#include "base/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Every status the house answers with; anything else is counted in the last place, "other". */
static const int known_status[] = {200, 201, 202, 204, 206, 302, 303, 304, 307, 308, 400, 401, 403,
                                   404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417,
                                   421, 422, 428, 429, 431, 500, 501, 502, 503, 505, 507};

/* Upper ends of the buckets in microseconds; the last bucket, +Inf, has none. */
static const int64_t bucket_end[] = {250,   500,    1000,   2500,   5000,    10000,   25000,
                                     50000, 100000, 250000, 500000, 1000000, 2500000, 10000000};

enum {
    STATUSES = sizeof known_status / sizeof *known_status,
    BUCKETS = sizeof bucket_end / sizeof *bucket_end
};

struct row {
    struct metrics_route name;
    _Atomic uint64_t status[STATUSES + 1];
    _Atomic uint64_t bucket[BUCKETS + 1];
    _Atomic uint64_t micros; /* sum */
};

struct gauge {
    const char *name, *help, *labels;
    bool counter;
    double (*read)(void *arg);
    void *arg;
};

struct metrics {
    _Atomic int64_t in_flight;
    struct gauge gauge[METRICS_GAUGES];
    size_t gauges;
    size_t routes;
    struct row row[]; /* routes + 1: the last one counts what found no route */
};

struct metrics *metrics_new(const struct metrics_route *routes, size_t count)
{
    struct metrics *m = calloc(1, sizeof *m + (count + 1) * sizeof *m->row); /* metrics_free */
    if (m == NULL)
        return NULL;
    m->routes = count;
    for (size_t i = 0; i < count; i++)
        m->row[i].name = routes[i];
    m->row[count].name = (struct metrics_route){"", "none"};
    return m;
}

void metrics_free(struct metrics *m)
{
    free(m);
}

void metrics_begin(struct metrics *m)
{
    if (m)
        atomic_fetch_add_explicit(&m->in_flight, 1, memory_order_relaxed);
}

static size_t status_place(int status)
{
    size_t i = 0;
    while (i < STATUSES && known_status[i] != status)
        i++;
    return i;
}

static size_t bucket_place(int64_t micros)
{
    size_t i = 0;
    while (i < BUCKETS && micros > bucket_end[i])
        i++;
    return i;
}

static void count_up(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

void metrics_request(struct metrics *m, size_t route, int status, int64_t micros)
{
    if (m == NULL)
        return;
    struct row *row = &m->row[route < m->routes ? route : m->routes];
    if (micros < 0)
        micros = 0;
    count_up(&row->status[status_place(status)], 1);
    count_up(&row->bucket[bucket_place(micros)], 1);
    count_up(&row->micros, (uint64_t)micros);
    atomic_fetch_sub_explicit(&m->in_flight, 1, memory_order_relaxed);
}

bool metrics_gauge(struct metrics *m, const char *name, const char *help, bool counter,
                   const char *labels, double (*read)(void *arg), void *arg)
{
    if (m->gauges == METRICS_GAUGES)
        return false;
    m->gauge[m->gauges++] = (struct gauge){name, help, labels, counter, read, arg};
    return true;
}

static uint64_t value(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Patterns and methods are ours, but the format's three special letters are escaped all the same. */
static void label(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            buf_char(out, '\\');
        if (*text == '\n')
            buf_str(out, "\\n");
        else
            buf_char(out, *text);
    }
}

static void open_line(struct buf *out, const char *name, const struct row *row)
{
    buf_printf(out, "%s{route=\"", name);
    label(out, row->name.pattern);
    buf_str(out, "\",method=\"");
    label(out, row->name.method);
    buf_char(out, '"');
}

static void render_requests(const struct metrics *m, struct buf *out)
{
    head(out, "larder_http_requests_total", "counter", "Requests answered.");
    for (size_t i = 0; i <= m->routes; i++)
        for (size_t s = 0; s <= STATUSES; s++) {
            uint64_t n = value(&m->row[i].status[s]);
            if (n == 0)
                continue;
            open_line(out, "larder_http_requests_total", &m->row[i]);
            buf_str(out, ",status=\"");
            if (s < STATUSES)
                buf_i64(out, known_status[s]);
            else
                buf_str(out, "other");
            buf_str(out, "\"} ");
            buf_u64(out, n);
            buf_char(out, '\n');
        }
}

static void render_row_latency(const struct row *row, struct buf *out)
{
    uint64_t count[BUCKETS + 1], total = 0;
    for (size_t b = 0; b <= BUCKETS; b++)
        total += count[b] = value(&row->bucket[b]);
    if (total == 0)
        return;
    uint64_t below = 0;
    for (size_t b = 0; b <= BUCKETS; b++) {
        below += count[b];
        open_line(out, "larder_http_request_seconds_bucket", row);
        if (b < BUCKETS)
            buf_printf(out, ",le=\"%g\"} ", (double)bucket_end[b] / 1e6);
        else
            buf_str(out, ",le=\"+Inf\"} ");
        buf_u64(out, below);
        buf_char(out, '\n');
    }
    open_line(out, "larder_http_request_seconds_sum", row);
    buf_printf(out, "} %.6f\n", (double)value(&row->micros) / 1e6);
    open_line(out, "larder_http_request_seconds_count", row);
    buf_str(out, "} ");
    buf_u64(out, total);
    buf_char(out, '\n');
}

static void render_gauges(const struct metrics *m, struct buf *out)
{
    for (size_t i = 0; i < m->gauges; i++) {
        const struct gauge *g = &m->gauge[i];
        head(out, g->name, g->counter ? "counter" : "gauge", g->help);
        buf_str(out, g->name);
        if (g->labels)
            buf_printf(out, "{%s}", g->labels);
        buf_printf(out, " %.17g\n", g->read(g->arg));
    }
}

void metrics_render(const struct metrics *m, struct buf *out)
{
    render_requests(m, out);
    head(out, "larder_http_request_seconds", "histogram",
         "Time from the whole header to the answer.");
    for (size_t i = 0; i <= m->routes; i++)
        render_row_latency(&m->row[i], out);
    head(out, "larder_http_in_flight", "gauge", "Requests being worked on now.");
    buf_str(out, "larder_http_in_flight ");
    buf_i64(out, atomic_load_explicit(&m->in_flight, memory_order_relaxed));
    buf_char(out, '\n');
    render_gauges(m, out);
}
