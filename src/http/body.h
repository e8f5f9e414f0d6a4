/*
 * body.h - reading what follows the header, with a ceiling and a deadline.
 *
 * Nothing is read (and no "100 Continue" is sent) before a handler asks. A client that sends slower
 * than 1 KiB/s after the first five seconds is cut off with 408.
 */
#ifndef LARDER_HTTP_BODY_H
#define LARDER_HTTP_BODY_H

#include "http/request.h"

struct wire;

/* The unread rest of one request; filled by http/exchange.c. */
struct body {
    struct wire *wire;
    int64_t left;  /* bytes that were announced and not yet read */
    int64_t total; /* bytes read */
    int64_t begun; /* monotonic milliseconds of the first read, 0 = none yet */
    bool expects;  /* the client waits for "100 Continue" before it sends */
    bool broken;   /* the connection is of no more use */
};

/* The whole body into the arena. ERR_TOO_LARGE before the first byte where the length says so. */
enum err body_read_all(struct ctx *ctx, const struct request *req, size_t max,
                       struct slice *out) MUST_USE;

/* At most n bytes; *got == 0 is the end. For streaming readers. */
enum err body_read(struct ctx *ctx, const struct request *req, void *p, size_t n,
                   size_t *got) MUST_USE;

#endif
