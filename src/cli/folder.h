/*
 * folder.h - the data folder: making it, locking it, the key in it.
 *
 * Layout: larder.db, larder.lock, key, blobs/, tmp/, plugins/, backups/. Everything is for its owner
 * only. The lock belongs to one `serve`, `restore` or migration at a time; it is the kernel's, so a
 * process that dies lets go of it.
 */
#ifndef LARDER_CLI_FOLDER_H
#define LARDER_CLI_FOLDER_H

#include "base/ctx.h"

enum { FOLDER_KEY_BYTES = 32 };

#define FOLDER_RESTORE_MARK "restore.pending" /* stands while a restore changes names */

/* Makes the folder (0700) and what stands in it, where it is missing. */
enum err folder_make(struct ctx *ctx, const char *path) MUST_USE;
/* ERR_NOT_FOUND with the way out where there is no database in the folder. */
enum err folder_must_exist(struct ctx *ctx, const char *path) MUST_USE;
/* The path of a file in it, in the arena; NULL = no memory. */
const char *folder_file(struct ctx *ctx, const char *path, const char *name);

bool folder_has(struct ctx *ctx, const char *path, const char *name);
/* Moves what is called name from one folder to another; what is not there is no failure. */
enum err folder_move(struct ctx *ctx, const char *from, const char *to, const char *name) MUST_USE;

/* Takes the process lock. ERR_CONFLICT names the process that holds it. */
enum err folder_lock(struct ctx *ctx, const char *path, int *lock) MUST_USE;
void folder_unlock(int lock); /* -1 does nothing */

/* The key that signs access tokens; made at the first call, atomically. */
enum err folder_key(struct ctx *ctx, const char *path,
                    unsigned char key[FOLDER_KEY_BYTES]) MUST_USE;

/* Writes name in the folder: temp file, fsync, rename, fsync of the folder. */
enum err folder_write(struct ctx *ctx, const char *path, const char *name,
                      struct slice text) MUST_USE;
/* A small text file, anywhere: at most 64 KiB, in the arena. */
enum err folder_read(struct ctx *ctx, const char *file, struct slice *out) MUST_USE;
enum err folder_sync(struct ctx *ctx, const char *path) MUST_USE; /* makes renames in it durable */

#endif
