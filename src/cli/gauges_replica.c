/*
 * gauges_replica.c - what the replica counts, for /metrics.
 *
 * The second table of gauges.h. Everything is 0 where there is no object store. What needs a query
 * is asked when somebody reads the page.
 */
#include "base/metrics.h"
#include "cli/gauges.h"
#include "domain/domain.h"
#include "domain/replica.h"

enum { GAUGE_MEMORY = 4 << 20 };

static struct replica *replica_of(void *arg)
{
    const struct gauges *g = arg;
    return atomic_load_explicit(g->open, memory_order_acquire) ? g->domain->replica : NULL;
}

static struct replica_gauges cheap(void *arg)
{
    struct replica_gauges out = {0};
    struct replica *r = replica_of(arg);
    if (r)
        replica_gauges(r, &out);
    return out;
}

static double up(void *arg)
{
    struct replica_gauges g = cheap(arg);
    return replica_is_up(g.state);
}

static double applied(void *arg)
{
    return (double)cheap(arg).applied_seq;
}

static double lag(void *arg)
{
    struct replica_gauges g = cheap(arg);
    return g.head_seq > g.applied_seq ? (double)(g.head_seq - g.applied_seq) : 0;
}

static double sent(void *arg)
{
    return (double)cheap(arg).pushed;
}

static double taken(void *arg)
{
    return (double)cheap(arg).pulled;
}

static double requests(void *arg)
{
    return (double)cheap(arg).requests;
}

static double failures(void *arg)
{
    return (double)cheap(arg).failures;
}

static double last_success(void *arg)
{
    return (double)cheap(arg).last_success / 1000;
}

/* One figure of the view, which costs a few small queries. */
static double viewed(void *arg, double (*figure)(const struct replica_view *v, int64_t now))
{
    struct replica *r = replica_of(arg);
    struct arena arena;
    struct ctx ctx;
    double value = 0;
    if (r == NULL)
        return 0;
    arena_init(&arena, GAUGE_MEMORY);
    ctx_init(&ctx, &arena, &clock_system, NULL, "metrics");
    struct replica_view *v = arena_alloc(&arena, sizeof *v);
    if (v && replica_view(&ctx, r, v) == OK)
        value = figure(v, ctx.now);
    arena_free(&arena);
    return value;
}

static double backlog_of(const struct replica_view *v, int64_t now)
{
    (void)now;
    return (double)v->backlog.rows;
}

static double bytes_of(const struct replica_view *v, int64_t now)
{
    (void)now;
    return (double)v->backlog.bytes;
}

static double age_of(const struct replica_view *v, int64_t now)
{
    int64_t oldest = v->backlog.oldest_at;
    return oldest && now > oldest ? (double)(now - oldest) / 1000 : 0;
}

static double missing_of(const struct replica_view *v, int64_t now)
{
    (void)now;
    return (double)v->missing;
}

static double conflicts_of(const struct replica_view *v, int64_t now)
{
    (void)now;
    return (double)v->conflicts;
}

static double backlog(void *arg)
{
    return viewed(arg, backlog_of);
}

static double backlog_bytes(void *arg)
{
    return viewed(arg, bytes_of);
}

static double backlog_age(void *arg)
{
    return viewed(arg, age_of);
}

static double missing(void *arg)
{
    return viewed(arg, missing_of);
}

static double conflicts(void *arg)
{
    return viewed(arg, conflicts_of);
}

// clang-format off
static const struct {
    const char *name, *help;
    bool counter;
    double (*read)(void *arg);
} table[] = {
    {"larder_replication_up",                     "1 while the object store answers as it should.",          false, up},
    {"larder_replication_backlog",                "Changes that wait to be sent.",                           false, backlog},
    {"larder_replication_backlog_bytes",          "Bytes of packages that wait with them.",                  false, backlog_bytes},
    {"larder_replication_backlog_age_seconds",    "Age of the oldest of them.",                              false, backlog_age},
    {"larder_replication_applied",                "Number of the last entry of the log that is applied.",    false, applied},
    {"larder_replication_lag",                    "Entries of the log that are known and not applied.",      false, lag},
    {"larder_replication_missing_packages",       "Packages that are listed here and still to be fetched.",  false, missing},
    {"larder_replication_conflicts",              "Changes that lost to another node's and are not settled.", false, conflicts},
    {"larder_replication_last_success_seconds",   "When the last round went well, in Unix time.",            false, last_success},
    {"larder_replication_sent_total",             "Changes sent.",                                           true,  sent},
    {"larder_replication_taken_total",            "Entries of the log applied.",                             true,  taken},
    {"larder_replication_requests_total",         "Requests to the object store.",                           true,  requests},
    {"larder_replication_failed_requests_total",  "Those that did not go well.",                             true,  failures},
};
// clang-format on

bool gauges_replica_add(struct metrics *metrics, struct gauges *gauges)
{
    bool added = true;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        added &= metrics_gauge(metrics, table[i].name, table[i].help, table[i].counter, NULL,
                               table[i].read, gauges);
    return added;
}
