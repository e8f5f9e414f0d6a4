/*
 * zip_gzip.c - the two directions of a gzip stream over a file.
 */
#include "package/zip_gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE = 64 << 10, GZIP_BITS = 15 + 16, LEVEL = 6, MEMORY = 8 };

struct gzip_writer {
    z_stream z;
    bool begun; /* deflateEnd is due */
    int fd;
    int64_t size;
    struct crypto_hash *hash;
    unsigned char out[PIECE];
};

enum err gzip_open(struct ctx *ctx, int fd, struct gzip_writer **out)
{
    struct gzip_writer *w = calloc(1, sizeof *w); /* freed by gzip_close */
    if (w == NULL)
        return ctx_no_memory(ctx);
    w->fd = fd;
    w->hash = crypto_hash_new();
    w->begun = w->hash && deflateInit2(&w->z, LEVEL, Z_DEFLATED, GZIP_BITS, MEMORY,
                                       Z_DEFAULT_STRATEGY) == Z_OK;
    if (!w->begun) {
        gzip_close(w);
        return ctx_no_memory(ctx);
    }
    w->z.next_out = w->out;
    w->z.avail_out = PIECE;
    *out = w;
    return OK;
}

void gzip_close(struct gzip_writer *w)
{
    if (w == NULL)
        return;
    if (w->begun)
        (void)deflateEnd(&w->z);
    if (w->hash)
        crypto_hash_end(w->hash, NULL);
    free(w);
}

static enum err flush(struct ctx *ctx, struct gzip_writer *w)
{
    size_t n = PIECE - w->z.avail_out, at = 0;
    while (at < n) {
        ssize_t done = write(w->fd, w->out + at, n - at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return ctx_fail_errno(ctx, errno, "write packed lines");
        at += (size_t)done;
    }
    crypto_hash_add(w->hash, w->out, n);
    w->size += (int64_t)n;
    w->z.next_out = w->out;
    w->z.avail_out = PIECE;
    return OK;
}

/* zlib's interface wants a pointer without const; it does not write there. */
static enum err pack(struct ctx *ctx, struct gzip_writer *w, struct slice bytes, int how)
{
    union {
        const char *from;
        unsigned char *to;
    } in = {.from = bytes.p};
    int rc;
    w->z.next_in = in.to;
    w->z.avail_in = (uInt)bytes.n;
    do {
        rc = deflate(&w->z, how);
        if (rc == Z_STREAM_ERROR)
            return ctx_fail_cause(ctx, ERR_INTERNAL, "packing failed");
        if (w->z.avail_out == 0 || how == Z_FINISH) {
            enum err err = flush(ctx, w);
            if (err != OK)
                return err;
        }
    } while (how == Z_FINISH ? rc != Z_STREAM_END : w->z.avail_in > 0);
    return OK;
}

enum err gzip_line(struct ctx *ctx, struct gzip_writer *w, struct slice line)
{
    enum err err = pack(ctx, w, line, Z_NO_FLUSH);
    return err == OK ? pack(ctx, w, SLICE("\n"), Z_NO_FLUSH) : err;
}

enum err gzip_end(struct ctx *ctx, struct gzip_writer *w, int64_t *size, char sha256[SHA256_HEX])
{
    unsigned char sum[SHA256_BYTES];
    enum err err = pack(ctx, w, SLICE(""), Z_FINISH);
    if (err != OK)
        return err;
    crypto_hash_end(w->hash, sum);
    w->hash = NULL;
    crypto_hex(sum, sizeof sum, sha256);
    *size = w->size;
    return OK;
}

/* ------------------------------------------------------------------ reading */

struct unpacking {
    z_stream z;
    int fd;
    int64_t left; /* bytes that may still come out */
    struct buf line;
    enum err (*each)(void *arg, struct slice line);
    void *arg;
    unsigned char in[PIECE], out[PIECE];
};

static enum err damaged(struct ctx *ctx, const char *how)
{
    return ctx_fail_cause(ctx, ERR_CORRUPT, "packed lines are damaged: %s", how);
}

static enum err take_lines(struct ctx *ctx, struct unpacking *u, struct slice piece)
{
    while (piece.n > 0) {
        size_t end = slice_find(piece, '\n');
        buf_slice(&u->line, slice_sub(piece, 0, end));
        if (buf_failed(&u->line))
            return u->line.over ? ctx_fail_cause(ctx, ERR_TOO_LARGE, "a packed line is too long")
                                : ctx_no_memory(ctx);
        if (end == piece.n)
            return OK;
        enum err err = u->each(u->arg, buf_view(&u->line));
        if (err != OK)
            return err;
        buf_clear(&u->line);
        piece = slice_sub(piece, end + 1, piece.n);
    }
    return OK;
}

/* Everything that the bytes at hand unpack to. *ended: the stream is over. */
static enum err unpack(struct ctx *ctx, struct unpacking *u, bool *ended)
{
    do {
        u->z.next_out = u->out;
        u->z.avail_out = PIECE;
        int rc = inflate(&u->z, Z_NO_FLUSH);
        *ended = rc == Z_STREAM_END;
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return rc == Z_MEM_ERROR ? ctx_no_memory(ctx) : damaged(ctx, "it is no gzip");
        size_t n = PIECE - u->z.avail_out;
        u->left -= (int64_t)n;
        if (u->left < 0)
            return ctx_fail_cause(ctx, ERR_TOO_LARGE, "packed lines are too many");
        enum err err = take_lines(ctx, u, (struct slice){(const char *)u->out, n});
        if (err != OK)
            return err;
    } while (!*ended && u->z.avail_out == 0);
    return OK;
}

static enum err unpack_all(struct ctx *ctx, struct unpacking *u)
{
    bool ended = false;
    off_t at = 0;
    while (!ended) {
        ssize_t n = pread(u->fd, u->in, PIECE, at);
        if (n < 0)
            return ctx_fail_errno(ctx, errno, "read packed lines");
        if (n == 0)
            return damaged(ctx, "it is cut off");
        at += n;
        u->z.next_in = u->in;
        u->z.avail_in = (uInt)n;
        enum err err = unpack(ctx, u, &ended);
        if (err != OK)
            return err;
    }
    if (u->z.avail_in > 0 || pread(u->fd, u->in, 1, at) != 0)
        return damaged(ctx, "something follows it");
    return u->line.n == 0 ? OK : damaged(ctx, "the last line does not end");
}

enum err gzip_each(struct ctx *ctx, int fd, int64_t max, size_t line_max,
                   enum err (*each)(void *arg, struct slice line), void *arg)
{
    struct unpacking *u = calloc(1, sizeof *u); /* freed below: far too large for the stack */
    if (u == NULL)
        return ctx_no_memory(ctx);
    u->fd = fd;
    u->left = max;
    u->each = each;
    u->arg = arg;
    buf_init(&u->line, NULL, line_max);
    enum err err = inflateInit2(&u->z, GZIP_BITS) == Z_OK ? OK : ctx_no_memory(ctx);
    if (err == OK) {
        err = unpack_all(ctx, u);
        (void)inflateEnd(&u->z);
    }
    buf_free(&u->line);
    free(u);
    return err;
}
