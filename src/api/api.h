/*
 * api.h - what stands behind every handler, and the list of all route tables.
 *
 * `call->app` points to one struct api, which the wiring (cli/serve.c) fills before the server
 * starts and which nobody changes afterwards. Handlers are thin: they read fields, call the domain
 * and write JSON. They never ask who is calling, since permission is the route's column; they never
 * free, and they know no SQL. Look next at surface.h for how errors look, and at the table on top
 * of each *_api.c for what the surface offers.
 */
#ifndef LARDER_API_API_H
#define LARDER_API_API_H

#include "base/json_read.h"
#include "http/router.h"

struct actor;         /* model/identity.h */
struct admission;     /* api/admission.h: how many uploads at once */
struct answer_cache;  /* api/answer_cache.h: rendered lists */
struct assets;        /* http/assets.h: the web pages */
struct auth;          /* auth/auth.h: sign-in and the guard */
struct backup_keeper; /* api/backup_api.h: backups of everything */
struct config;        /* base/config.h: effective settings with their origin */
struct domain;        /* domain/domain.h: the rules */
struct event_feed;    /* api/event_feed.h: open event streams */
struct log;           /* base/log.h */
struct metrics;       /* base/metrics.h */
struct readiness;     /* api/ops_api.h: what /readyz reports */
struct row_cache;     /* api/row_cache.h: rendered rows */

struct api {
    struct domain *domain;
    struct auth *auth;
    const struct config *config;
    struct metrics *metrics;
    struct log *log;
    struct readiness *readiness;
    const struct router *router;
    const struct assets *assets;
    struct answer_cache *answers;
    struct row_cache *rows;
    struct admission *uploads;
    struct event_feed *feed;             /* NULL on the command line */
    const struct backup_keeper *backups; /* NULL on the command line */
    size_t max_upload;                   /* bytes of one package, inclusive */
    const char *version;
    int64_t started_at; /* wall milliseconds */
};

/* What stands behind a handler, by its type. */
const struct api *api_of(const struct call *call);
struct domain *api_domain(const struct call *call);
struct auth *api_auth(const struct call *call);
const struct actor *api_actor(const struct call *call);
/* {name} of the path in the arena; *out is never NULL on OK. */
enum err api_param(struct ctx *ctx, const struct call *call, const char *name,
                   const char **out) MUST_USE;
/* ERR_NOT_FOUND where there is no such org. A member is never asked: only who may look into any org
 * comes this far with one that is not there, and an empty answer would say that it is. */
enum err api_org_exists(struct ctx *ctx, const struct call *call, const char *org_id,
                        bool with_deleted) MUST_USE;
/* The body as a JSON object. */
enum err api_body(struct ctx *ctx, const struct call *call, const struct jr **out) MUST_USE;

/* All tables of the house, in reading order; what the router is made of. */
extern const struct route_table *const api_tables[];
extern const size_t api_table_count;

/* One table per file; each stands at the top of its file. */
extern const struct route_table admin_api_table;
extern const struct route_table appliance_api_table;
extern const struct route_table audit_api_table;
extern const struct route_table auth_api_table;
extern const struct route_table backup_api_table;
extern const struct route_table contents_api_table;
extern const struct route_table directory_api_table;
extern const struct route_table events_api_table;
extern const struct route_table examples_api_table;
extern const struct route_table health_api_table;
extern const struct route_table jobs_api_table;
extern const struct route_table keys_api_table;
extern const struct route_table me_api_table;
extern const struct route_table ops_api_table;
extern const struct route_table org_api_table;
extern const struct route_table pages_api_table;
extern const struct route_table pending_api_table;
extern const struct route_table plugin_api_table;
extern const struct route_table replication_api_table;
extern const struct route_table report_api_table;
extern const struct route_table role_api_table;
extern const struct route_table v1_api_table;

#endif
