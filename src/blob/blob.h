/*
 * blob.h - bytes of packages as files named by their SHA-256.
 *
 * A blob is either there whole or not there: it is written to a temp file, flushed, renamed to
 * blobs/aa/<sha256> and its folder flushed before blob_put returns. Names come from hashes only, so
 * nothing a client says becomes a path. Which blobs are wanted is the caller's knowledge.
 */
#ifndef LARDER_BLOB_BLOB_H
#define LARDER_BLOB_BLOB_H

#include "base/crypto.h"
#include "base/ctx.h"

struct blobs;

/* `dir` holds blobs/ and tmp/, made where they lack. Heap; ended by blobs_close. */
enum err blobs_open(struct ctx *ctx, const char *dir, struct blobs **out) MUST_USE;
void blobs_close(struct blobs *blobs);

/* Durable when it returns OK; a blob that is there and right is left alone. ERR_NO_SPACE. */
enum err blob_put(struct ctx *ctx, struct blobs *blobs, struct slice bytes,
                  const char sha256[SHA256_HEX]) MUST_USE;

/*
 * Opens for reading. The first time in this process the whole is hashed and compared; then only
 * size and file identity are. ERR_NOT_FOUND, ERR_CORRUPT.
 */
enum err blob_open(struct ctx *ctx, struct blobs *blobs, const char *sha256, int64_t size,
                   int *fd) MUST_USE;
/* The whole blob, hash checked, in the arena. */
enum err blob_read(struct ctx *ctx, struct blobs *blobs, const char *sha256, size_t max,
                   struct slice *out) MUST_USE;
/* Is there a file of that size? Cheap; says nothing about its content. */
bool blob_is_there(struct blobs *blobs, const char *sha256, int64_t size);
/* Hashes the file now. OK, ERR_NOT_FOUND, ERR_CORRUPT. */
enum err blob_verify(struct ctx *ctx, struct blobs *blobs, const char *sha256) MUST_USE;

/* Bytes free for us, and in all, on the file system of the blobs. */
enum err blobs_volume(struct ctx *ctx, struct blobs *blobs, int64_t *free_bytes,
                      int64_t *total) MUST_USE;

struct blob_sweep {
    bool (*is_wanted)(void *arg, const char *sha256); /* false = remove */
    void *arg;
    /* Only files last changed before this wall time: an hour ago while uploads may come in, since a
     * blob stands before its row; INT64_MAX = all, where none can. */
    int64_t older_than_ms;
    bool look_only;                   /* count, and remove nothing */
    int64_t blobs, bytes, temp_files; /* out: what was removed, or would be */
};
/* Removes unwanted blobs, files that are no blobs, and everything in tmp/. */
enum err blob_sweep(struct ctx *ctx, struct blobs *blobs, struct blob_sweep *sweep) MUST_USE;

#endif
