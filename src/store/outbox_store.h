/*
 * outbox_store.h - changes that wait for the object store.
 *
 * A row is written by the transaction that made the change, so a change is never replicated that
 * did not happen, nor forgotten that did. Who writes one calls domain/outbound.h, which makes the
 * body; who publishes them is domain/replica.h. Bodies are JSON objects; all about a version have
 *
 *     org_id (null = system), pid, version, scheme, order_key (hex), at (ms), by (user), base_rev,
 *     base_op
 *
 * where base_rev is the revision the change was made on and base_op the change that made it (a
 * number alone could be right by accident, while several nodes count on). Beside them by kind:
 *
 *     version.create   id, sha256, size, generation, record: what the package says of itself
 *     version.enabled  enabled, quarantined
 *     version.tag      tag (null = none)
 *     version.replace  old_sha, new_sha, size, record   a v1 package was overwritten
 *     version.remove   old_sha                          a v1 package was deleted
 *     org.put          id, name, domain (null = none), status, is_deleted, at, by, base_*
 */
#ifndef LARDER_STORE_OUTBOX_STORE_H
#define LARDER_STORE_OUTBOX_STORE_H

#include "store/store.h"

#define OUTBOX_CREATE "version.create"
#define OUTBOX_ENABLED "version.enabled"
#define OUTBOX_TAG "version.tag"
#define OUTBOX_REPLACE "version.replace"
#define OUTBOX_REMOVE "version.remove"
#define OUTBOX_ORG "org.put"

struct outbox_row {
    int64_t seq;
    const char *op_id;
    const char *kind;
    const char *entity;
    const char *sha256; /* bytes that belong to it; NULL = none */
    int64_t size;
    struct slice body;
    int tries;
    int64_t next_at, created_at;
    const char *last_error;
};

enum outbox_stance {
    OUTBOX_CLOSED, /* replication is switched off: nothing is recorded */
    OUTBOX_ALONE, /* no bucket has heard of this node yet: the last word about an entity is enough */
    OUTBOX_KEEPS, /* there is no object store now, but a bucket knows what was before */
    OUTBOX_CARRIES
};
/* ERR_CONFLICT, naming the writer, where another node alone may publish. */
enum err outbox_stance(struct ctx *ctx, struct conn *conn, enum outbox_stance *out) MUST_USE;

/* Appends a change: of *row kind, entity, sha256, size and body count. */
enum err outbox_add(struct ctx *ctx, struct conn *conn, const struct outbox_row *row) MUST_USE;

/* Oldest first, those that may be worked on now and have no change of their entity before them that
 * may not; at most max, and none after one that is not taken. Rows are in the arena. */
enum err outbox_due(struct ctx *ctx, struct conn *conn, int64_t now, int max,
                    bool (*take)(void *arg, const struct outbox_row *row), void *arg) MUST_USE;
enum err outbox_find(struct ctx *ctx, struct conn *conn, const char *op_id, struct outbox_row *out,
                     bool *found) MUST_USE;
enum err outbox_first_of(struct ctx *ctx, struct conn *conn, const char *entity,
                         struct outbox_row *out, bool *found) MUST_USE;
/* How many changes of that entity wait; *last is the newest of them, where there is one. */
enum err outbox_last_of(struct ctx *ctx, struct conn *conn, const char *entity, int64_t *count,
                        const char **last) MUST_USE;
/* How many changes of that entity wait. */
enum err outbox_waiting(struct ctx *ctx, struct conn *conn, const char *entity,
                        int64_t *out) MUST_USE;
/* It was tried in vain: not again before next_at. */
enum err outbox_failed(struct ctx *ctx, struct conn *conn, const char *op_id, int64_t next_at,
                       const char *why) MUST_USE;
/* It stands in the log, or was lost to another change; *was tells whether there was such a row. */
enum err outbox_done(struct ctx *ctx, struct conn *conn, const char *op_id, bool *was) MUST_USE;
/* All waiting changes of that entity, in their order, are handed over and removed; each may be NULL. */
enum err outbox_drop(struct ctx *ctx, struct conn *conn, const char *entity,
                     enum err (*each)(void *arg, const struct outbox_row *row), void *arg) MUST_USE;
/* Everything may be tried at once: the store is back, or somebody asked. */
enum err outbox_hurry(struct ctx *ctx, struct conn *conn) MUST_USE;

struct outbox_figures {
    int64_t rows, bytes, oldest_at; /* oldest_at 0 = no row */
};
enum err outbox_figures(struct ctx *ctx, struct conn *conn, struct outbox_figures *out) MUST_USE;
/* The hashes of bytes that waiting changes need. */
enum err outbox_blobs(struct ctx *ctx, struct conn *conn,
                      enum err (*each)(void *arg, const char *sha256), void *arg) MUST_USE;

#endif
