/*
 * cursor.h - the opaque text that says after which row a list goes on.
 *
 * It names a place (source, pid, seq), not a number of rows, so a page walk under inserts covers
 * every row once. What a client sends back is foreign: anything that is not exactly what we wrote
 * is a 422 that names the parameter.
 */
#ifndef LARDER_API_CURSOR_H
#define LARDER_API_CURSOR_H

#include "base/ctx.h"
#include "model/plugin.h"

struct cursor {
    enum plugin_source source;
    const char *pid; /* in the arena */
    int64_t seq;
};

/* Appends the text: letters that need no escaping in a URL. */
void cursor_write(struct buf *out, const struct cursor *c);
enum err cursor_read(struct ctx *ctx, struct slice text, struct cursor *out) MUST_USE;

#endif
