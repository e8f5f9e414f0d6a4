/*
 * pyread_memory.h - what the syntax tree library may allocate, and what happens when it cannot.
 *
 * The library ends the process when it finds no memory. A server must not: its allocations are
 * counted against a ceiling here, and where one cannot be had, everything it holds is given back and
 * the reading ends with an error.
 */
#ifndef LARDER_PACKAGE_PYREAD_MEMORY_H
#define LARDER_PACKAGE_PYREAD_MEMORY_H

#include "base/ctx.h"

enum { PY_MEMORY_MAX = 192 << 20 }; /* of one package */

/*
 * Runs work, in which alone the library may be used. ERR_NO_MEMORY when it ran out: work was left in
 * the middle, so it must keep nothing but arena memory and what the library gave it.
 */
enum err py_memory_run(struct ctx *ctx, enum err (*work)(struct ctx *ctx, void *arg),
                       void *arg) MUST_USE;

/* For the grammar's own scanner, which asks libc directly (see packaging/deps). */
void *larder_ts_calloc(size_t count, size_t size);
void larder_ts_free(void *p);

#endif
