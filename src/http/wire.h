/*
 * wire.h - one connection as the rest of this room sees it: bytes in, bytes out, no longer than.
 *
 * server.c fills it over civetweb; a test fills it over an array. Both directions take the time
 * within which all n bytes must have moved: that is how a client that drips is cut off.
 */
#ifndef LARDER_HTTP_WIRE_H
#define LARDER_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/* A client must move this much a second, once this long has passed. */
enum { WIRE_PACE = 1024, WIRE_PATIENCE_MS = 5000 };

struct wire {
    void *conn;
    /* Up to n bytes; fewer only at the end, at an error or when the time is over. -1 = none. */
    int (*read)(struct wire *w, void *p, size_t n, int64_t patience_ms);
    /* All n bytes, or it is an error (false) and the connection is of no more use. */
    bool (*write)(struct wire *w, const void *p, size_t n, int64_t patience_ms);
    /* The connection itself, to be closed by whoever takes it; the wire is dead afterwards. -1 =
     * it failed. NULL where the connection cannot leave its worker: it is encrypted. */
    int (*take)(struct wire *w);
    const struct clock *clock;
};

/* The patience for moving n bytes in one call. */
static inline int64_t wire_patience(size_t n)
{
    return WIRE_PATIENCE_MS + (int64_t)(n / WIRE_PACE) * 1000;
}

#endif
