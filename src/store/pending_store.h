/*
 * pending_store.h - the rows of uploads that wait for their dependencies.
 *
 * Strings of rows live in the arena.
 */
#ifndef LARDER_STORE_PENDING_STORE_H
#define LARDER_STORE_PENDING_STORE_H

#include "store/store.h"

struct pending_row {
    const char *id, *name, *version, *file_name, *sha256;
    struct slice needs, detail; /* JSON: an array of requirements, an object */
    const char *state;          /* "pending", "installing", "checked", "failed" */
    struct slice report;        /* JSON object, or none */
    const char *message, *details, *plugin_id;
    const char *actor_id, *actor_name, *actor_via, *address;
    int64_t created_at, updated_at;
};

/* ERR_EXISTS where the same name and version is on its way. */
enum err pending_store_insert(struct ctx *ctx, struct conn *conn,
                              const struct pending_row *p) MUST_USE;
enum err pending_store_find(struct ctx *ctx, struct conn *conn, const char *id,
                            struct pending_row *out, bool *found) MUST_USE;
/* pending or installing, in that order; what is over stays over. */
enum err pending_store_begin(struct ctx *ctx, struct conn *conn, const char *id) MUST_USE;
/* What was installed, before the upload is published. */
enum err pending_store_report(struct ctx *ctx, struct conn *conn, const char *id,
                              struct slice report) MUST_USE;
/* plugin_id set: checked. Otherwise failed, with message and details; what is checked stays so. */
enum err pending_store_end(struct ctx *ctx, struct conn *conn, const char *id,
                           const char *plugin_id, const char *message,
                           const char *details) MUST_USE;

/* Does an upload that is on its way need these bytes? */
enum err pending_store_blobs(struct ctx *ctx, struct conn *conn,
                             enum err (*each)(void *arg, const char *sha256), void *arg) MUST_USE;
/* Every list of requirements (a JSON array), of versions and of uploads on their way; the same one
 * may come twice. */
enum err pending_store_needs(struct ctx *ctx, struct conn *conn,
                             enum err (*each)(struct ctx *ctx, void *arg, struct slice json),
                             void *arg) MUST_USE;
/* Rows that were over before `before`. */
enum err pending_store_sweep(struct ctx *ctx, struct conn *conn, int64_t before) MUST_USE;

#endif
