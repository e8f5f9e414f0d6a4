/*
 * patience.h - waiting for a disk only so long.
 *
 * Flushing a file system waits for everything that anybody has written to it, which on a busy
 * machine takes seconds, and neither a thread nor its process can be ended meanwhile. So the work is
 * done by a child of the process, which may go on after its parent has ended.
 */
#ifndef LARDER_BLOB_PATIENCE_H
#define LARDER_BLOB_PATIENCE_H

#include "base/ctx.h"

/*
 * Runs work in a child that shares nothing with us any more but open files. It must not allocate
 * where it succeeds, since a thread may have held the heap's lock. ERR_TIMEOUT when it takes longer;
 * what it returned otherwise, without its sentence.
 */
enum err patience_run(struct ctx *ctx, enum err (*work)(struct ctx *ctx, void *arg), void *arg,
                      int wait_ms) MUST_USE;

#endif
