/*
 * archive.h - what a backup holds: a copy of the database as it is at one moment, and all packages.
 *
 * The database is copied first and the packages are listed after it: a package is on disk before
 * its row is committed, so every row of the copy finds its package. A package that is in no row
 * does no harm; it is swept after a restore. Every byte is hashed on its way out, so that a damaged
 * package is found now and not when the backup is needed. Where the archive goes is the caller's:
 * cli/backup.c writes a file, cli/bucket_backup.c a bucket.
 */
#ifndef LARDER_CLI_ARCHIVE_H
#define LARDER_CLI_ARCHIVE_H

#include "cli/backup_list.h"
#include "cli/tar.h"
#include "cli/workroom.h"

struct archive {
    struct ctx *ctx;
    const char *data;
    struct workroom room; /* holds the copy of the database */
    struct backup_list list;
    int64_t bytes;
};

/* Copies the database and lists the rest. archive_close follows in any case. */
enum err archive_open(struct ctx *ctx, const char *data, bool with_key,
                      struct archive *out) MUST_USE;
/* The whole archive, to its end. */
enum err archive_write(struct archive *a, struct tar_writer *w) MUST_USE;
void archive_close(struct archive *a);

#endif
