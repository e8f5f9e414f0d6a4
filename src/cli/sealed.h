/*
 * sealed.h - a stream cut into parts, sealed on the way out and opened on the way back.
 *
 * A backup in a bucket is such a stream: a line that names the format, the head of the seal, then
 * sealed pieces of 64 KiB, the last one marked. Who has the parts but not the key learns their size
 * and nothing else; a part that is missing, swapped or cut is found. Without a key the bytes go
 * through as they are. Where parts go and come from is the caller's: cli/bucket_backup.c.
 */
#ifndef LARDER_CLI_SEALED_H
#define LARDER_CLI_SEALED_H

#include "base/crypto.h"
#include "base/ctx.h"

enum { SEALED_PART = 16 << 20, SEALED_PIECE = 64 << 10 };

struct sealed_writer;
struct sealed_reader;

/*
 * `part` is called with each part as it is full, and with the last one; its bytes live until it
 * returns. key NULL = not sealed. Heap; ended by sealed_writer_free.
 */
enum err sealed_writer_new(struct ctx *ctx, const unsigned char *key,
                           enum err (*part)(struct ctx *ctx, void *arg, struct slice bytes),
                           void *arg, struct sealed_writer **out) MUST_USE;
enum err sealed_write(struct ctx *ctx, struct sealed_writer *w, struct slice bytes) MUST_USE;
enum err sealed_finish(struct ctx *ctx, struct sealed_writer *w) MUST_USE;
void sealed_writer_free(struct sealed_writer *w);

/* The way back: parts go in, in order, and bytes come out at `out`. ERR_CORRUPT says why not. */
enum err sealed_reader_new(struct ctx *ctx, const unsigned char *key,
                           enum err (*out)(struct ctx *ctx, void *arg, struct slice bytes),
                           void *arg, struct sealed_reader **made) MUST_USE;
enum err sealed_read(struct ctx *ctx, struct sealed_reader *r, struct slice part) MUST_USE;
/* After the last part: ERR_CORRUPT where the end is missing. */
enum err sealed_end(struct ctx *ctx, struct sealed_reader *r) MUST_USE;
void sealed_reader_free(struct sealed_reader *r);

#endif
