/*
 * body.c - pulling the body off the wire in pieces, each with its own deadline.
 *
 * A piece of n bytes must be complete within five seconds plus n at 1 KiB/s, and so must everything
 * read so far: a client that sends a little now and then neither holds a worker for hours nor can
 * it save up time by a fast start.
 */
#include "http/body.h"

#include "http/wire.h"

enum { PIECE = 4096, LARGE_PIECE = 65536, FAST = 1 << 20 /* bytes a second */ };

static enum err send_continue(struct ctx *ctx, struct body *body)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    body->expects = false;
    if (body->wire->write(body->wire, text, sizeof text - 1, WIRE_PATIENCE_MS))
        return OK;
    body->broken = true;
    return ctx_fail_cause(ctx, ERR_TIMEOUT, "the client is gone");
}

/* Small pieces bound the time a dripping client gets; a fast one is read in large pieces. */
static size_t piece_size(const struct body *body, size_t n, int64_t elapsed_ms)
{
    size_t piece = body->total > (elapsed_ms + 1) * (FAST / 1000) ? LARGE_PIECE : PIECE;
    if (piece > n)
        piece = n;
    return (int64_t)piece > body->left ? (size_t)body->left : piece;
}

enum err body_read(struct ctx *ctx, const struct request *req, void *p, size_t n, size_t *got)
{
    struct body *body = req->body;
    *got = 0;
    if (body == NULL || body->left == 0 || n == 0)
        return OK;
    if (body->broken)
        return ctx_fail(ctx, ERR_TIMEOUT, "The request body did not arrive completely");
    if (body->expects && send_continue(ctx, body) != OK)
        return ctx->fault.err;
    int64_t now = clock_mono_ms(body->wire->clock);
    if (body->begun == 0)
        body->begun = now;
    size_t piece = piece_size(body, n, now - body->begun);
    int64_t patience = wire_patience(piece);
    int64_t in_all = body->begun + wire_patience((size_t)body->total + piece) - now;
    int took = body->wire->read(body->wire, p, piece, patience < in_all ? patience : in_all);
    if (took > 0) {
        body->left -= took;
        body->total += took;
        *got = (size_t)took;
    }
    if (took < (int)piece)
        body->broken = true; /* late, or gone: what came is handed on, the next call fails */
    if (took > 0)
        return OK;
    return ctx_fail(ctx, ERR_TIMEOUT, "The request body did not arrive completely, or too slowly");
}

enum err body_read_all(struct ctx *ctx, const struct request *req, size_t max, struct slice *out)
{
    *out = SLICE("");
    if (req->body == NULL || req->body->left == 0)
        return OK;
    if ((uint64_t)req->body->left > max)
        return ctx_fail(ctx, ERR_TOO_LARGE, "The request body is larger than %zu bytes", max);
    size_t size = (size_t)req->body->left, at = 0;
    char *p = arena_alloc_raw(ctx->arena, size + 1);
    if (p == NULL)
        return ctx_no_memory(ctx);
    while (at < size) {
        size_t got;
        enum err err = body_read(ctx, req, p + at, size - at, &got);
        if (err)
            return err;
        at += got;
    }
    p[size] = '\0';
    *out = (struct slice){p, size};
    return OK;
}
