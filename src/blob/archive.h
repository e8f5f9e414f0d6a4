/*
 * archive.h - uploaded archives under the names that people gave them.
 *
 * A folder of plain files beside which each has a hidden one, ".larder.<name>", that holds the
 * hash of the bytes: what has none is not ours and is never removed. A file is written under a name
 * nobody looks for and renamed, so that a reader sees a whole archive, the old one or the new one.
 * Like trees (tree.h) archives are not flushed one by one, since each can be made again from its
 * blob; archives_sync flushes the whole folder.
 */
#ifndef LARDER_BLOB_ARCHIVE_H
#define LARDER_BLOB_ARCHIVE_H

#include "base/ctx.h"

struct archives; /* one folder */
struct archive;  /* one being written */

/* Makes the folder where it lacks. Heap; ended by archives_close. */
enum err archives_open(struct ctx *ctx, const char *root, struct archives **out) MUST_USE;
void archives_close(struct archives *archives); /* NULL does nothing */

/* Writes the bytes under a name of its own; archive_publish or archive_abandon follows. */
enum err archive_stage(struct ctx *ctx, struct archives *archives, struct slice bytes,
                       struct archive **out) MUST_USE;
/* Moves it to its name, over what stands there, and writes the hidden file. Ends it in any case. */
enum err archive_publish(struct ctx *ctx, struct archive *archive, const char *name,
                         const char *sha256) MUST_USE;
void archive_abandon(struct archive *archive);

/* Does a file of ours made from these bytes stand there? By the hidden file and the size only. */
bool archive_is_there(const struct archives *archives, const char *name, const char *sha256,
                      int64_t size);
/* Something stands there that is not ours. */
bool archive_is_foreign(const struct archives *archives, const char *name);
/* The file and its hidden one; fine where there is none. A file that is not ours stays. */
enum err archive_remove(struct ctx *ctx, struct archives *archives, const char *name) MUST_USE;
enum err archives_sync(struct ctx *ctx, struct archives *archives) MUST_USE;
uint64_t archives_device(const struct archives *archives); /* as trees_device */

/* Removes files of ours that are not wanted, and all that was being written. */
enum err archive_sweep(struct ctx *ctx, struct archives *archives,
                       bool (*is_wanted)(void *arg, const char *name), void *arg,
                       int64_t *removed) MUST_USE;

#endif
