/*
 * directory_store.h - what became of the folders and ZIPs that were dropped into the plugin store.
 */
#ifndef LARDER_STORE_DIRECTORY_STORE_H
#define LARDER_STORE_DIRECTORY_STORE_H

#include "base/crypto.h"
#include "store/store.h"

struct directory_row {
    const char *name;      /* in the store */
    const char *plugin;    /* name of the plugin as that name says, "" = it says none */
    const char *sha256;    /* of what was judged, "" = it could not even be read */
    const char *state;     /* "listed", "failed", "gone" */
    const char *plugin_id; /* the version it became, NULL = none */
    const char *reason;    /* why it failed, else NULL */
    int64_t judged_at;
};

/* All of them by name; strings are copied into the arena. */
enum err directory_store_list(struct ctx *ctx, struct conn *conn,
                              enum err (*each)(void *arg, const struct directory_row *row),
                              void *arg) MUST_USE;
/* Those that failed and have no enabled version of their plugin to serve instead. */
enum err directory_store_failed(struct ctx *ctx, struct conn *conn,
                                enum err (*each)(void *arg, const struct directory_row *row),
                                void *arg) MUST_USE;
/* Makes or replaces the row of that name. */
enum err directory_store_put(struct ctx *ctx, struct conn *conn,
                             const struct directory_row *row) MUST_USE;

#endif
