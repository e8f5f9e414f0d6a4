/*
 * legacy_store.h - what only rows of the v1 API know: being replaced, being removed, and the blobs
 * that are kept after either.
 *
 * Such a row is a system row of generation 1 in the table of all versions; everything else about it
 * is plugin_store.h's. Which of these may happen is decided in domain/legacy_*.c.
 */
#ifndef LARDER_STORE_LEGACY_STORE_H
#define LARDER_STORE_LEGACY_STORE_H

#include "model/plugin.h"
#include "store/store.h"

/* As much of a row as the lists of the v1 API show. Strings live until the call returns. */
struct legacy_row {
    const char *id, *pid, *name, *version, *description, *sha256;
    struct slice capabilities; /* JSON array of text */
    const char *artifact;      /* "present", "missing", "corrupt" */
    const char *health;        /* "unchecked", "healthy", "failed" */
    int64_t size_bytes;
    bool enabled;
};

/* All of them, or those of one pid (NULL = all), by pid, newest first. */
enum err legacy_store_list(struct ctx *ctx, struct conn *conn, const char *pid,
                           enum err (*each)(void *arg, const struct legacy_row *row),
                           void *arg) MUST_USE;

/* Puts the content of p into the row p->id: bytes, metadata, enabled again and unchecked. The blob
 * is made known as plugin_store_insert does. */
enum err legacy_store_replace(struct ctx *ctx, struct conn *conn, const struct plugin *p) MUST_USE;
/* Removes the row with its findings, checks and counts. */
enum err legacy_store_remove(struct ctx *ctx, struct conn *conn, const char *id) MUST_USE;

/* The blob stays until then, whether a version names it or not. A later time holds. */
enum err blob_store_keep(struct ctx *ctx, struct conn *conn, const char *sha256,
                         int64_t until) MUST_USE;
/* Blobs that are to stay at this time. */
enum err blob_store_kept(struct ctx *ctx, struct conn *conn, int64_t now,
                         enum err (*each)(void *arg, const char *sha256), void *arg) MUST_USE;
/* Forgets blobs that no version names and that need not stay any longer. */
enum err blob_store_forget(struct ctx *ctx, struct conn *conn, int64_t now) MUST_USE;

#endif
