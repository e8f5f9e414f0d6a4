/*
 * stores.h - opening the files of the catalog: blobs, and the trees that workers read.
 *
 * Shared by the server and by verbs that work on the data folder themselves.
 */
#ifndef LARDER_CLI_STORES_H
#define LARDER_CLI_STORES_H

#include "base/config.h"
#include "base/log.h"
#include "domain/domain.h"

/* Fills d->blobs, the trees and d->legacy. stores_close follows in any case. */
enum err stores_open(struct ctx *ctx, const struct config *config, const char *data,
                     struct domain *d) MUST_USE;
/* The store of v1 plugins, as an absolute path or one below the data folder; NULL = no memory. */
const char *stores_plugin_root(struct ctx *ctx, const struct config *config, const char *data);
void stores_close(struct domain *d);

/*
 * Makes files and rows agree after the last stop (domain/reconcile.h) and logs what was done. The
 * caller holds the process lock. stores_stopped notes that this run ended well: every tree has
 * reached the disk.
 */
enum err stores_reconcile(struct ctx *ctx, struct domain *d) MUST_USE;
void stores_stopped(struct ctx *ctx, struct domain *d);

#endif
