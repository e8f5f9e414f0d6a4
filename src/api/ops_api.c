/*
 * ops_api.c - is it alive, is it ready, and what has it counted.
 *
 * The probes answer from memory, without a session and without the catalog, so that they stay
 * quick when everything else is slow. `/livez` says that the process answers; `/readyz` that it is
 * worth sending users here. What anybody may read names no path, no user and no setting.
 *
 * /metrics names routes and counts, which tells a stranger how busy the place is; so it needs the
 * permission in its row. The setting `metrics = open` lifts that, for a scraper without a token: the
 * wiring does it (cli/guard.c), not this file.
 */
#include "api/ops_api.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/api.h"
#include "base/metrics.h"
#include "domain/domain.h"
#include "domain/replica.h"

static enum err show_alive(struct ctx *ctx, struct call *call);
static enum err show_health(struct ctx *ctx, struct call *call);
static enum err show_ready(struct ctx *ctx, struct call *call);

// clang-format off
static const struct route routes[] = {
    {METHOD_GET, "/livez",   "public", BODY_NONE, 0, show_alive,  "The process answers"},
    {METHOD_GET, "/healthz", "public", BODY_NONE, 0, show_alive,  "The same as /livez, under the name older probes use"},
    {METHOD_GET, "/readyz",  "public", BODY_NONE, 0, show_ready,  "Start-up is over and the database answers: 200, else 503"},
    {METHOD_GET, "/health",  "public", BODY_NONE, 0, show_health, "Name and version of the service"},
    {METHOD_GET, "/metrics", "cadence:system:metrics:read", BODY_NONE, 0, ops_metrics, "Counters for Prometheus, in its text format"},
};
// clang-format on

const struct route_table ops_api_table = {"ops_api", routes, sizeof routes / sizeof *routes};

/* "1h2m3s": only the parts that count, seconds always. */
static const char *uptime(const struct ctx *ctx, const struct api *api, char text[32])
{
    int64_t s = ctx->now > api->started_at ? (ctx->now - api->started_at) / 1000 : 0;
    if (s >= 3600)
        (void)snprintf(text, 32, "%" PRId64 "h%" PRId64 "m%" PRId64 "s", s / 3600, s / 60 % 60,
                       s % 60);
    else if (s >= 60)
        (void)snprintf(text, 32, "%" PRId64 "m%" PRId64 "s", s / 60, s % 60);
    else
        (void)snprintf(text, 32, "%" PRId64 "s", s);
    return text;
}

static enum err show_alive(struct ctx *ctx, struct call *call)
{
    struct jw j;
    char text[32];
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "status", "alive");
    jw_put_str(&j, "uptime", uptime(ctx, call->app, text));
    jw_end(&j);
    return OK;
}

static enum err show_health(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    const struct api *api = call->app;
    struct jw j;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "status", "healthy");
    jw_put_str(&j, "service", "larder");
    jw_put_str(&j, "version", api->version);
    jw_end(&j);
    return OK;
}

static void put_component(struct jw *j, const char *name, const char *status, const char *details)
{
    jw_key(j, name);
    jw_object(j);
    jw_put_str(j, "status", status);
    if (details)
        jw_put_str(j, "details", details);
    jw_end(j);
}

static enum err show_ready(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    const struct api *api = call->app;
    struct readiness *r = api->readiness;
    bool loaded = atomic_load(&r->loaded);
    bool up = atomic_load(&r->open) && r->database_up(r->arg);
    /* an object store that is away is no reason; an empty node that has not caught up once is */
    const struct replica *replica = loaded ? api->domain->replica : NULL;
    bool caught_up = replica == NULL || replica_ready(api->domain->replica);
    loaded = loaded && caught_up;
    struct jw j;
    reply_status(call->reply, up && loaded ? 200 : 503);
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "status", up && loaded ? "ready" : "not_ready");
    jw_key(&j, "components");
    jw_object(&j);
    put_component(&j, "database", up ? "up" : "down", NULL);
    put_component(&j, "initial_load", loaded ? "complete" : "pending", NULL);
    put_component(&j, "replication",
                  replica == NULL ? "not_configured" : replica_word(api->domain->replica),
                  caught_up ? NULL : "the first catch-up with the object store is not over");
    put_component(&j, "plugins", "healthy", "all 0 plugins healthy"); /* no catalogs to load yet */
    put_component(&j, "leader_election", "not_configured", NULL);
    jw_end(&j);
    jw_end(&j);
    return OK;
}

enum err ops_metrics(struct ctx *ctx, struct call *call)
{
    const struct api *api = call->app;
    struct buf page;
    buf_init(&page, ctx->arena, METRICS_PAGE_MAX);
    metrics_render(api->metrics, &page);
    if (buf_failed(&page))
        return ctx_no_memory(ctx);
    reply_no_store(call->reply);
    reply_text(call->reply, "text/plain; version=0.0.4; charset=utf-8", buf_view(&page));
    return OK;
}
