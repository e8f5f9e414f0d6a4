/*
 * steps.h - the two steps of a durable blob, for whoever does them apart: blob.c in a row, ahead.c
 * with a judgement in between. Each is one flush, and the first comes first.
 */
#ifndef LARDER_BLOB_STEPS_H
#define LARDER_BLOB_STEPS_H

#include "blob/blob.h"

enum { BLOB_TEMP = 40 };

/* The content is on the disk under a name in tmp/; nothing stays where that fails. */
enum err blob_step_content(struct ctx *ctx, struct blobs *blobs, struct slice bytes,
                           char temp[BLOB_TEMP]) MUST_USE;
/* It has its name, for good; likewise. */
enum err blob_step_name(struct ctx *ctx, struct blobs *blobs, const char temp[BLOB_TEMP],
                        const char *sha256) MUST_USE;
void blob_step_drop(struct blobs *blobs, const char temp[BLOB_TEMP]);

#endif
