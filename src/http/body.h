/*
 * body.h - reading what follows the header, with a ceiling and a deadline.
 *
 * Nothing is read (and no "100 Continue" is sent) before a handler asks. A client that sends slower
 * than 1 KiB/s after the first five seconds is cut off with 408.
 */
#ifndef LARDER_HTTP_BODY_H
#define LARDER_HTTP_BODY_H

#include "http/request.h"

/* The whole body into the arena. ERR_TOO_LARGE before the first byte where the length says so. */
enum err body_read_all(struct ctx *ctx, const struct request *req, size_t max,
                       struct slice *out) MUST_USE;

/* At most n bytes; *got == 0 is the end. For streaming readers. */
enum err body_read(struct ctx *ctx, const struct request *req, void *p, size_t n,
                   size_t *got) MUST_USE;

#endif
