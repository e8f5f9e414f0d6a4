/*
 * storage.h - what is on the disk, and removing what nobody names while the server runs.
 *
 * A blob that no version names is left by an upload that was refused late or a row that was
 * deleted; the start removes them all, and this is the same for somebody who does not want to
 * restart. Only files an hour old are touched, since a blob stands before its row.
 */
#ifndef LARDER_DOMAIN_STORAGE_H
#define LARDER_DOMAIN_STORAGE_H

#include "domain/domain.h"
#include "store/storage_store.h"

struct storage_report {
    struct stored stored;
    int64_t database_bytes, wal_bytes;
    int64_t disk_free, disk_total;             /* of the data folder's file system */
    int64_t orphans, orphan_bytes, temp_files; /* that a sweep would remove */
};

/* Walks the folder of blobs; removes nothing. */
enum err storage_look(struct ctx *ctx, struct domain *d, struct storage_report *out) MUST_USE;

/* Removes the orphans and old temp files, with an audit row; the report says what went. */
enum err storage_sweep(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       struct storage_report *out) MUST_USE;

#endif
