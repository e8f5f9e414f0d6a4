/*
 * zip_write.h - the same files give the same archive, byte for byte.
 *
 * For `larder upload DIR`, for archives built from stored files, and for tests. Times are fixed at
 * 1980-01-01, files are 0644, deflate has one level; the caller adds members in the order they shall
 * have (sorted by name where the archive is to be canonical). What is written is what zip.c accepts.
 */
#ifndef LARDER_PACKAGE_ZIP_WRITE_H
#define LARDER_PACKAGE_ZIP_WRITE_H

#include "base/ctx.h"

struct zip_writer {
    struct ctx *ctx;
    struct buf *out;      /* the archive grows here; its ceiling is the archive's */
    struct buf directory; /* in the arena */
    size_t start;         /* of the archive in out */
    size_t count;
    void *deflate; /* one stream for all members, in the arena */
};

enum zip_pack { ZIP_PACK_SMALLER, ZIP_PACK_STORED, ZIP_PACK_DEFLATED };

void zip_write_begin(struct zip_writer *w, struct ctx *ctx, struct buf *out);
/* A name that ends in '/' is a folder and has no bytes. The name must satisfy zip_names.h. */
enum err zip_write_add(struct zip_writer *w, struct slice name, struct slice bytes,
                       enum zip_pack pack) MUST_USE;
/* The directory and the end record. ERR_TOO_LARGE when out has reached its ceiling. */
enum err zip_write_end(struct zip_writer *w) MUST_USE;

#endif
