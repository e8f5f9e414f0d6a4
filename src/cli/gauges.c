/*
 * gauges.c - one table of gauges: name, sentence, function.
 *
 * Names follow the conventions of the Prometheus world (process_*, base units in the name), so that
 * ready-made dashboards find them.
 */
#include "cli/gauges.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/metrics.h"
#include "domain/domain.h"
#include "domain/jobs.h"
#include "store/store.h"

/* The store as it is now; all zero before it is open. */
static struct store_stats stats(void *arg)
{
    const struct gauges *g = arg;
    struct store_stats s = {0};
    struct store *store = __atomic_load_n(g->store, __ATOMIC_ACQUIRE);
    if (store)
        store_stats(store, &s);
    return s;
}

static double database_bytes(void *arg)
{
    struct store_stats s = stats(arg);
    return (double)s.pages * (double)s.page_size;
}

static double database_free_bytes(void *arg)
{
    struct store_stats s = stats(arg);
    return (double)s.free_pages * (double)s.page_size;
}

static double wal_bytes(void *arg)
{
    return (double)stats(arg).wal_bytes;
}

static double writers_waiting(void *arg)
{
    return stats(arg).waiting;
}

static double writes(void *arg)
{
    return (double)stats(arg).writes;
}

static double commits(void *arg)
{
    return (double)stats(arg).commits;
}

/* The jobs as they are now; all zero before the server is open. */
static struct jobs_stats job_stats(void *arg)
{
    const struct gauges *g = arg;
    struct jobs_stats s;
    jobs_stats(atomic_load(g->open) ? g->domain->jobs : NULL, &s);
    return s;
}

static double jobs_queued(void *arg)
{
    return (double)job_stats(arg).queued;
}

static double jobs_running(void *arg)
{
    return (double)job_stats(arg).running;
}

static double jobs_done(void *arg)
{
    return (double)job_stats(arg).done;
}

static double jobs_failed(void *arg)
{
    return (double)job_stats(arg).failed;
}

static double job_seconds(void *arg)
{
    return job_stats(arg).seconds;
}

static double started(void *arg)
{
    return ((const struct gauges *)arg)->started_s;
}

static double one(void *arg)
{
    (void)arg;
    return 1;
}

static double resident_bytes(void *arg)
{
    (void)arg;
    char text[128];
    uint64_t resident = 0;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text);
    if (fd >= 0)
        (void)close(fd);
    struct slice rest = {text, n > 0 ? (size_t)n : 0}, field; /* "pages resident ..." */
    if (!slice_split(&rest, ' ', &field) || !slice_split(&rest, ' ', &field) ||
        !slice_to_u64(field, &resident))
        return 0;
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double open_fds(void *arg)
{
    (void)arg;
    DIR *dir = opendir("/proc/self/fd");
    double n = 0;
    if (dir == NULL)
        return 0;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        n += e->d_name[0] != '.';
    (void)closedir(dir);
    return n - 1; /* not the one that counts */
}

// clang-format off
static const struct {
    const char *name, *help;
    bool counter;
    const char *labels;
    double (*read)(void *arg);
} table[] = {
    {"larder_build_info",             "Always 1; the labels say what is running.", false, "version=\"" LARDER_VERSION "\"", one},
    {"larder_database_bytes",         "Size of the database.",                     false, NULL, database_bytes},
    {"larder_database_free_bytes",    "Part of it that is free for reuse.",        false, NULL, database_free_bytes},
    {"larder_wal_bytes",              "Size of the write-ahead log.",              false, NULL, wal_bytes},
    {"larder_store_queue",            "Writers waiting for their turn.",           false, NULL, writers_waiting},
    {"larder_store_writes_total",     "Changes that were made.",                   true,  NULL, writes},
    {"larder_store_commits_total",    "Transactions they were made in.",           true,  NULL, commits},
    {"larder_jobs_queued",            "Jobs waiting, due or not.",                 false, NULL, jobs_queued},
    {"larder_jobs_running",           "Jobs under way.",                           false, NULL, jobs_running},
    {"larder_jobs_done_total",        "Jobs that were done.",                      true,  NULL, jobs_done},
    {"larder_jobs_failed_total",      "Jobs that failed for good.",                true,  NULL, jobs_failed},
    {"larder_job_seconds_total",      "Time spent on jobs.",                       true,  NULL, job_seconds},
    {"process_start_time_seconds",    "When the process started, in Unix time.",   false, NULL, started},
    {"process_resident_memory_bytes", "Memory in use.",                            false, NULL, resident_bytes},
    {"process_open_fds",              "Open file descriptors.",                    false, NULL, open_fds},
};
// clang-format on

bool gauges_add(struct metrics *metrics, struct gauges *gauges)
{
    bool added = true;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        added &= metrics_gauge(metrics, table[i].name, table[i].help, table[i].counter,
                               table[i].labels, table[i].read, gauges);
    return added && gauges_replica_add(metrics, gauges);
}
