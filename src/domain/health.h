/*
 * health.h - does a plugin work: its check in the sandbox, and what is kept of it.
 *
 * A check is a job (jobs.h) on the row of one version: the stored bytes are unpacked, imported and
 * tried by sandbox/runner.py inside the sandbox (sandbox/sandbox.h), and what the runner reports is
 * read as data (health_report.h). One transaction then writes the row of health_check, the plugin's
 * state and the stage of its validation. Nothing is ever "healthy" without having run; where it
 * could not run it is "unchecked", with the reason. Queueing never delays or decides an upload.
 */
#ifndef LARDER_DOMAIN_HEALTH_H
#define LARDER_DOMAIN_HEALTH_H

#include <stdbool.h>

#include "base/ctx.h"
#include "domain/jobs.h"
#include "model/health.h"
#include "model/identity.h"

struct conn;
struct domain;
struct plugin;

/* The kind "health" for jobs_open; d->sandbox may be NULL. */
struct job_kind health_job(struct domain *d);

/* What an upload asks for, by the setting: nothing, or a queued check. Inside its transaction; the
 * caller wakes the jobs after the commit, where one was queued. */
bool health_follows_upload(const struct domain *d, bool is_v1);
enum err health_after_upload(struct ctx *ctx, struct domain *d, struct conn *conn, bool is_v1,
                             const char *plugin_id) MUST_USE;

/* Somebody asks: queued and audited in one transaction. ERR_NOT_FOUND, ERR_BUSY where no jobs run.
 * With an org only plugins it owns; NULL = any. *job_id lives in the arena. */
enum err health_ask(struct ctx *ctx, struct domain *d, const struct actor *actor,
                    const char *org_id, const char *plugin_id, const char **job_id) MUST_USE;

/* Newest first, at most `limit` from before that number (0 = the newest). */
enum err health_history(struct ctx *ctx, struct domain *d, const char *org_id,
                        const char *plugin_id, int64_t before_seq, int limit,
                        struct health_check **out, size_t *count, bool *more) MUST_USE;

/* May checks of this plugin, in all its versions, reach the network? Audited where it changes. */
enum err health_allow_network(struct ctx *ctx, struct domain *d, const struct actor *actor,
                              const struct plugin *plugin, bool allow) MUST_USE;
enum err health_network(struct ctx *ctx, struct domain *d, const struct plugin *plugin,
                        bool *allowed) MUST_USE;

/* Every minute: queues the latest versions that were checked once, but not within
 * d->limits.health_every_ms. What nobody ever had checked is not begun with here. */
enum err health_tend(struct ctx *ctx, struct domain *d) MUST_USE;

#endif
