/*
 * snapshot.h - the database as one file: a copy of a living one, and the check of somebody else's.
 */
#ifndef LARDER_STORE_SNAPSHOT_H
#define LARDER_STORE_SNAPSHOT_H

#include "base/ctx.h"

/*
 * Copies the database at `from` as it is at one moment, while others go on reading and writing.
 * `to` must not exist; it is whole and on disk when OK comes back, and gone otherwise. It needs no
 * journal or WAL beside it.
 */
enum err snapshot_make(struct ctx *ctx, const char *from, const char *to) MUST_USE;

/*
 * Is the file a database that this program may use? It is taken for hostile: never written, none of
 * its triggers or views run, every page and index checked, its schema compared with the known one
 * letter by letter, its audit chain walked. ERR_INVALID with the reason.
 */
enum err snapshot_check(struct ctx *ctx, const char *path) MUST_USE;

struct snapshot_figures {
    int64_t orgs, users, plugins, versions; /* deleted orgs and users do not count */
};
/* Of a database that was checked; `is_ours`: the one in use. */
enum err snapshot_count(struct ctx *ctx, const char *path, bool is_ours,
                        struct snapshot_figures *out) MUST_USE;

#endif
