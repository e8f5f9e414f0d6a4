/*
 * health_store.h - runs of health checks, and which plugins may reach the network in theirs.
 */
#ifndef LARDER_STORE_HEALTH_STORE_H
#define LARDER_STORE_HEALTH_STORE_H

#include "model/health.h"
#include "store/store.h"

/* Adds a run, makes its result the version's state, and forgets what is too old to keep: the detail
 * of all but the newest runs, and runs beyond a number. *changed: the state is another one now. */
enum err health_store_add(struct ctx *ctx, struct conn *conn, const struct health_check *run,
                          bool *changed) MUST_USE;

/* Newest first, at most `limit` from before that number (0 = the newest), in the arena. */
enum err health_store_list(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                           int64_t before_seq, int limit, struct health_check *out,
                           size_t *count) MUST_USE;

/* Ids of latest versions that were checked once, but not since that time. */
enum err health_store_due(struct ctx *ctx, struct conn *conn, int64_t before, int limit,
                          enum err (*each)(void *arg, const char *plugin_id), void *arg) MUST_USE;

/* A plugin is a slice (org, NULL = system) and a pid; the grant holds for all its versions. */
enum err health_store_network(struct ctx *ctx, struct conn *conn, const char *org_id,
                              const char *pid, bool *allowed) MUST_USE;
enum err health_store_set_network(struct ctx *ctx, struct conn *conn, const char *org_id,
                                  const char *pid, bool allow, const char *by) MUST_USE;

#endif
