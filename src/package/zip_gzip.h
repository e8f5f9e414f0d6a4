/*
 * zip_gzip.h - lines of text, packed as a stream of gzip.
 *
 * For what Larder itself keeps packed in an object store: lines go in one after the other and come
 * out one after the other, so that neither side holds the whole. No name and no time is written: the
 * same lines give the same bytes. What is read is a stranger's: the whole and each line have their
 * ceiling, and the checksum at the end must be right.
 */
#ifndef LARDER_PACKAGE_ZIP_GZIP_H
#define LARDER_PACKAGE_ZIP_GZIP_H

#include "base/crypto.h"
#include "base/ctx.h"

struct gzip_writer;

/* Writes to fd from where it stands. Heap; ended by gzip_close in any case. */
enum err gzip_open(struct ctx *ctx, int fd, struct gzip_writer **out) MUST_USE;
/* A line without its '\n', which is added. */
enum err gzip_line(struct ctx *ctx, struct gzip_writer *w, struct slice line) MUST_USE;
/* Writes the end; *size and the hash are of the packed bytes. */
enum err gzip_end(struct ctx *ctx, struct gzip_writer *w, int64_t *size,
                  char sha256[SHA256_HEX]) MUST_USE;
void gzip_close(struct gzip_writer *w);

/*
 * Unpacks fd from its start and hands over each line, which lives until `each` returns. ERR_CORRUPT
 * where it is no gzip, is cut off, or does not end in a line; ERR_TOO_LARGE above a ceiling.
 */
enum err gzip_each(struct ctx *ctx, int fd, int64_t max, size_t line_max,
                   enum err (*each)(void *arg, struct slice line), void *arg) MUST_USE;

#endif
