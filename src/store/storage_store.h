/*
 * storage_store.h - figures about what is stored, and which blobs somebody still wants.
 */
#ifndef LARDER_STORE_STORAGE_STORE_H
#define LARDER_STORE_STORAGE_STORE_H

#include "store/store.h"

struct stored {
    int64_t versions, plugins; /* rows; names */
    int64_t blobs, blob_bytes; /* that versions name */
    int64_t missing, corrupt;  /* of them */
    int64_t kept, kept_bytes;  /* named by none, kept for undoing an overwrite */
};
enum err storage_store_figures(struct ctx *ctx, struct conn *conn, struct stored *out) MUST_USE;

/* The hash of every blob that a version names, in order, each once. */
enum err storage_store_named(struct ctx *ctx, struct conn *conn,
                             enum err (*each)(void *arg, const char *sha256), void *arg) MUST_USE;

#endif
