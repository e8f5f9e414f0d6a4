/*
 * pending.h - uploads that were accepted and wait for their dependencies.
 *
 * The bytes are durable as a blob and a row of `pending_upload` names them, so a crash loses
 * nothing: the job "install" begins again. Until it ends well the upload is in no list and no store;
 * then the job itself publishes it, and the publishing transaction notes that in the row, so that
 * it happens once. Who published and how is given by the wiring.
 */
#ifndef LARDER_DOMAIN_PENDING_H
#define LARDER_DOMAIN_PENDING_H

#include "base/ctx.h"
#include "domain/dependencies.h"
#include "domain/jobs.h"
#include "model/identity.h"

struct conn;
struct domain;

struct pending_new {
    const char *name, *version; /* of the plugin */
    const char *file_name;      /* as it was uploaded */
    struct slice bytes;         /* the archive, judged already */
    const char *const *requirements;
    size_t requirement_count;
    struct slice detail; /* JSON object for the publisher: force and the like; SLICE_NONE = {} */
};

struct pending {
    const char *id, *name, *version, *file_name, *sha256;
    const char *state;     /* "pending", "installing", "checked", "failed" */
    struct slice detail;   /* as it was given */
    struct slice report;   /* JSON object: progress while installing, then what came of it */
    const char *message;   /* of a failed one: "Dependency installation failed", ... */
    const char *details;   /* and "Failed to install: numpy>=1.20.0" */
    const char *plugin_id; /* of a checked one: its row */
    const char *actor_id, *actor_name, *actor_via, *address; /* who uploaded it; ids may be NULL */
    int64_t created_at, updated_at;
};

/*
 * Keeps the upload and queues its job. ERR_EXISTS where the same name and version is on its way
 * already. *id lives in the arena.
 */
enum err pending_start(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       const struct pending_new *what, const char **id) MUST_USE;
/* As it is now, or ERR_NOT_FOUND. */
enum err pending_get(struct ctx *ctx, struct domain *d, const char *id,
                     struct pending *out) MUST_USE;
/* The same once it is "checked" or "failed", after `ms` at the latest. Not many may wait at a time:
 * one more is answered at once. */
enum err pending_wait(struct ctx *ctx, struct domain *d, const char *id, int64_t ms,
                      struct pending *out) MUST_USE;

/* Inside the transaction that publishes: this upload is a version now. */
enum err pending_published(struct ctx *ctx, struct conn *conn, const char *id,
                           const char *plugin_id) MUST_USE;

/*
 * How one is published: calls pending_published in its transaction, and returns OK only after the
 * commit. An error that is the upload's own (4xx in the table of base/err.h) fails the upload with
 * its sentence; any other is tried again. It may be called again for an upload that a crash kept
 * from being finished after the commit: `state` is "checked" and plugin_id set then.
 */
struct pending_publisher {
    enum err (*publish)(struct ctx *ctx, struct domain *d, const struct pending *upload,
                        struct slice bytes, const struct environment *environment);
    struct domain *domain;
};
/* The kind "install" for jobs_open, its subject the upload's id; the publisher outlives the jobs. */
struct job_kind pending_job(struct pending_publisher *publisher);

/* For the start-up walk: the bytes of uploads on their way are wanted, though no version names
 * them. Inside a read. */
enum err pending_blobs(struct ctx *ctx, struct conn *conn,
                       enum err (*each)(void *arg, const char *sha256), void *arg) MUST_USE;

#endif
