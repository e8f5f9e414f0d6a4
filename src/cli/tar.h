/*
 * tar.h - the small part of the ustar format that a backup needs.
 *
 * Regular files with names of at most 100 bytes, nothing else: no links, no folders, no extended
 * headers. The writer makes only that and the reader refuses everything else, so there is no second
 * way to understand an archive. Any tar program can list and unpack what is written.
 */
#ifndef LARDER_CLI_TAR_H
#define LARDER_CLI_TAR_H

#include "base/ctx.h"

enum { TAR_BLOCK = 512, TAR_NAME = 101 /* with NUL */ };
#define TAR_SIZE_MAX ((int64_t)077777777777) /* what eleven octal digits can say: 8 GiB - 1 */

/* Writing: members one after another, each with exactly the bytes its head announced. */
struct tar_writer {
    int fd;
    /* Where the bytes go instead; NULL = the file. */
    enum err (*sink)(struct ctx *ctx, void *arg, struct slice piece);
    void *arg;
    int64_t left; /* bytes of the open member still to come */
    int64_t size; /* of the open member */
};

void tar_writer_init(struct tar_writer *w, int fd);
enum err tar_member(struct ctx *ctx, struct tar_writer *w, const char *name, int64_t size,
                    int64_t mtime_s) MUST_USE;
enum err tar_write(struct ctx *ctx, struct tar_writer *w, struct slice bytes) MUST_USE;
enum err tar_finish(struct ctx *ctx, struct tar_writer *w) MUST_USE;

/* Reading. */
struct tar_reader {
    int fd;
    int64_t left; /* bytes of the member still to be read */
    int64_t size;
    char name[TAR_NAME];
};

void tar_reader_init(struct tar_reader *r, int fd);
/* The next member into name and size, skipping what is left of the one before. *end: there is none
 * more; the two closing blocks stood there and nothing but zeros behind them. */
enum err tar_next(struct ctx *ctx, struct tar_reader *r, bool *end) MUST_USE;
/* At most n bytes of the member; *got == 0 is its end. */
enum err tar_read(struct ctx *ctx, struct tar_reader *r, void *p, size_t n, size_t *got) MUST_USE;

#endif
