/*
 * ahead.h - writing a blob while its bytes are still being judged.
 *
 * An upload waits twice for the disk before its row is written: for the content and for the name.
 * Here another thread waits, while the caller reads the package (beside the content) and unpacks it
 * (beside the name). Before the caller says that the bytes are good there is nothing but a temp
 * file, which goes if he says they are not, and which a start removes if nobody says anything.
 */
#ifndef LARDER_BLOB_AHEAD_H
#define LARDER_BLOB_AHEAD_H

#include "blob/blob.h"

struct ahead;        /* the threads */
struct ahead_writer; /* one of them, at work for one caller */

/* Threads start with the first blob. Heap, NULL = no memory; nobody may be using it at its end. */
struct ahead *ahead_open(struct blobs *blobs, const struct clock *clock);
void ahead_close(struct ahead *ahead); /* NULL does nothing */

/* Begins to write the bytes, which must stay until the end. NULL where no thread is free, or there
 * is no `ahead`: then blob_put does it all at its time. Others are ended by one of the last two. */
struct ahead_writer *ahead_begin(struct ahead *ahead, struct slice bytes);
/* The bytes are good, and the blob gets its name; a whole one that is there is replaced by itself. */
void ahead_approve(struct ahead_writer *writer, const char *sha256);
/* Waits until the approved blob is durable: what blob_put would have said. */
enum err ahead_end(struct ctx *ctx, struct ahead_writer *writer) MUST_USE;
void ahead_drop(struct ahead_writer *writer); /* not approved: nothing stays; NULL does nothing */

#endif
