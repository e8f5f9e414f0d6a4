/*
 * store.h - the database as the rest of the house sees it: open, read, write.
 *
 * Many readers, one writer. A read runs on a read-only connection of a small pool. A write runs
 * inside a savepoint of a transaction that it may share with others (group commit) and is durable
 * when store_write returns OK: WAL with synchronous=FULL. Work functions call the *_store files
 * and nothing slow. This header names no noun; those stand in identity_store.h, audit_store.h, ...
 */
#ifndef LARDER_STORE_STORE_H
#define LARDER_STORE_STORE_H

#include <stdbool.h>

#include "base/ctx.h"

struct store;
struct conn; /* one connection, lent to a work function */

struct store_options {
    const char *path; /* of larder.db */
    int readers;      /* 0 = 4 */
    bool create;      /* make the file where there is none, upgrade it where it is old: `serve` */
    bool allow_network_fs;
    struct log *log;
};

/*
 * Opens, checks that the file is ours and not newer than this program and, where options say so,
 * migrates it in one transaction (a copy of the old file is kept beside it, larder.db.v<old>.bak).
 * Heap; ended by store_close.
 */
enum err store_open(struct ctx *ctx, const struct store_options *options,
                    struct store **out) MUST_USE;
void store_close(struct store *store); /* leaves no WAL behind, unless another process works on */

/*
 * Runs work on a read connection, in one read transaction: it sees one moment. A search that finds
 * no row for half a second is stopped (ERR_BUSY); many rows may take as long as they need.
 */
enum err store_read(struct ctx *ctx, struct store *store,
                    enum err (*work)(struct ctx *ctx, struct conn *conn, void *arg),
                    void *arg) MUST_USE;

/*
 * Runs work inside a savepoint of the common transaction. What work returns decides about the
 * savepoint; OK comes back only after the COMMIT. Work may run on another caller's thread, with
 * this caller's ctx, while this caller waits; it must not call store_read or store_write.
 */
enum err store_write(struct ctx *ctx, struct store *store,
                     enum err (*work)(struct ctx *ctx, struct conn *conn, void *arg),
                     void *arg) MUST_USE;

/* Changes whenever a commit of this or another process changed anything: for caches. Cheap: another
 * process's commits are seen within 200 ms. */
uint64_t store_generation(struct store *store);
/* The same, but of our own commits only for those that may have changed what somebody may do. */
uint64_t store_rights_generation(struct store *store);

struct store_stats {
    int64_t pages, page_size, free_pages, wal_bytes;
    int64_t writes, commits; /* since start: commits < writes shows group commit */
    int waiting;             /* writers in the queue now */
};
void store_stats(struct store *store, struct store_stats *out);

#endif
