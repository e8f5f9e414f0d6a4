/*
 * work.c - opening what jobs need, and the table of their kinds.
 */
#include "cli/work.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/backup_job.h"
#include "cli/shelf.h"
#include "domain/dependencies.h"
#include "domain/health.h"
#include "domain/jobs.h"
#include "domain/legacy.h"
#include "domain/pending.h"
#include "sandbox/sandbox.h"

enum { KINDS_MAX = 8, HOUR_MS = 3600 * 1000 };

static const int64_t first_sweep_ms = 3600 * 1000;

/* What is not said follows from whether there is anything to install from. */
static enum err read_policy(struct ctx *ctx, const struct config *config,
                            struct dependencies_options *o)
{
    const char *word = config_text(config, "dependencies");
    bool has_source = o->wheelhouse || o->index_url;
    o->policy = word == NULL ? (has_source ? DEPENDENCIES_INSTALL : DEPENDENCIES_CHECK)
                : strcmp(word, "install") == 0 ? DEPENDENCIES_INSTALL
                : strcmp(word, "check") == 0   ? DEPENDENCIES_CHECK
                                               : DEPENDENCIES_OFF;
    if (o->policy == DEPENDENCIES_INSTALL && !has_source)
        return ctx_fail(
            ctx, ERR_INVALID,
            "dependencies = install needs a wheelhouse or an index-url to install from");
    return OK;
}

/* pip runs as a user of nobody where we are root, and must be able to look into it. */
static enum err check_wheelhouse(struct ctx *ctx, const char *path)
{
    struct stat st;
    if (path == NULL)
        return OK;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return ctx_fail_field(ctx, ERR_INVALID, "wheelhouse", "wheelhouse: %s is not a folder",
                              path);
    if (geteuid() == 0 && (st.st_mode & 0005) != 0005)
        return ctx_fail_field(ctx, ERR_INVALID, "wheelhouse",
                              "wheelhouse: %s must be readable by everybody (chmod 755), since "
                              "installations run as a user without rights",
                              path);
    return OK;
}

static enum err open_dependencies(struct ctx *ctx, const struct config *config, const char *data,
                                  struct domain *d)
{
    struct dependencies_options o = {
        .folder = str_printf(ctx->arena, "%s/environments", data),
        .wheelhouse = config_text(config, "wheelhouse"),
        .index_url = config_text(config, "index-url"),
        .sandbox = d->sandbox,
        .timeout_ms = config_int(config, "install-timeout"),
        .max_bytes = config_int(config, "install-max-bytes"),
        .max_files = config_int(config, "install-max-files"),
    };
    if (o.folder == NULL)
        return ctx_no_memory(ctx);
    enum err err = read_policy(ctx, config, &o);
    if (err == OK)
        err = check_wheelhouse(ctx, o.wheelhouse);
    return err == OK ? dependencies_open(ctx, &o, &d->dependencies) : err;
}

/* Before the dependencies, which are installed in the same sandbox. */
static enum err open_health(struct ctx *ctx, const struct config *config, const char *data,
                            struct domain *d)
{
    const struct sandbox_options options = {.bwrap = config_text(config, "bwrap"),
                                            .python = config_text(config, "python"),
                                            .hidden = data};
    const char *word = config_text(config, "health-on-upload");
    d->limits.health_on_upload = strcmp(word, "all") == 0   ? HEALTH_ON_ALL
                                 : strcmp(word, "off") == 0 ? HEALTH_ON_NONE
                                                            : HEALTH_ON_V1;
    d->limits.health_timeout_ms = config_int(config, "health-timeout");
    d->limits.health_memory = config_int(config, "health-memory");
    d->limits.health_every_ms = config_int(config, "health-interval") * HOUR_MS;
    enum err err = sandbox_open(ctx, &options, &d->sandbox);
    const char *missing = err == OK ? sandbox_missing(d->sandbox) : NULL;
    if (missing)
        log_line(ctx->log, LOG_WARN, NULL, "health.unavailable", "why", missing, NULL);
    return err;
}

static enum err queue_sweep(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    return jobs_queue(ctx, conn, DEPENDENCIES_SWEEP, "all", SLICE_NONE, ctx->now + first_sweep_ms);
}

enum err work_open(const struct cli *cli, const char *data, struct domain *d, struct shelf *shelf)
{
    struct ctx *ctx = cli->ctx;
    const struct config *config = cli->config;
    struct job_kind kinds[KINDS_MAX];
    size_t count = 0;
    d->limits.job_threads = (int)config_int(config, "job-threads");
    enum err err = open_health(ctx, config, data, d);
    if (err == OK)
        err = open_dependencies(ctx, config, data, d);
    if (err == OK && dependencies_policy(d->dependencies) == DEPENDENCIES_INSTALL)
        err = store_write(ctx, d->store, queue_sweep, NULL);
    if (err != OK)
        return err;
    struct pending_publisher *v1 = arena_alloc(ctx->arena, sizeof *v1); /* outlives the jobs */
    if (v1 == NULL)
        return ctx_no_memory(ctx);
    *v1 = (struct pending_publisher){legacy_publish_pending, d};
    struct backup_job *backup = arena_alloc(ctx->arena, sizeof *backup); /* likewise */
    if (backup == NULL)
        return ctx_no_memory(ctx);
    *backup = (struct backup_job){cli, data, d};
    err = backup_job_start(ctx, backup);
    if (err != OK)
        return err;
    kinds[count++] = backup_job(backup);
    kinds[count++] = shelf_job(shelf);
    kinds[count++] = pending_job(v1);
    kinds[count++] = dependencies_job(d);
    kinds[count++] = health_job(d);
    return jobs_open(ctx, d, kinds, count, &d->jobs);
}

void work_stop(struct domain *d)
{
    jobs_stop(d->jobs);
}

void work_close(struct domain *d)
{
    jobs_close(d->jobs);
    dependencies_close(d->dependencies);
    sandbox_close(d->sandbox);
    d->jobs = NULL;
    d->dependencies = NULL;
    d->sandbox = NULL;
}
