/*
 * sealed.c - pieces are collected until they are full; parts likewise.
 */
#include "cli/sealed.h"

#include <stdlib.h>
#include <string.h>

static const char format[] = "larder-sealed-1\n";

enum { FORMAT = sizeof format - 1, FRONT = FORMAT + SEAL_HEAD, SEALED = SEALED_PIECE + SEAL_EXTRA };

struct sealed_writer {
    enum err (*part)(struct ctx *ctx, void *arg, struct slice bytes);
    void *arg;
    struct crypto_seal *seal; /* NULL = bytes go through */
    char piece[SEALED_PIECE];
    size_t piece_n;
    size_t part_n;
    char bytes[SEALED_PART];
};

enum err sealed_writer_new(struct ctx *ctx, const unsigned char *key,
                           enum err (*part)(struct ctx *ctx, void *arg, struct slice bytes),
                           void *arg, struct sealed_writer **out)
{
    struct sealed_writer *w = calloc(1, sizeof *w); /* sealed_writer_free */
    if (w == NULL)
        return ctx_no_memory(ctx);
    w->part = part;
    w->arg = arg;
    if (key) {
        memcpy(w->bytes, format, FORMAT);
        w->seal = crypto_seal_new(key, (unsigned char *)w->bytes + FORMAT);
        w->part_n = FRONT;
    }
    if (key && w->seal == NULL) {
        sealed_writer_free(w);
        return ctx_no_memory(ctx);
    }
    *out = w;
    return OK;
}

void sealed_writer_free(struct sealed_writer *w)
{
    if (w == NULL)
        return;
    crypto_seal_end(w->seal);
    crypto_wipe(w->piece, sizeof w->piece);
    free(w);
}

static enum err give_part(struct ctx *ctx, struct sealed_writer *w)
{
    enum err err = w->part(ctx, w->arg, (struct slice){w->bytes, w->part_n});
    w->part_n = 0;
    return err;
}

static enum err add(struct ctx *ctx, struct sealed_writer *w, const char *p, size_t n)
{
    while (n > 0) {
        size_t room = SEALED_PART - w->part_n, take = n < room ? n : room;
        memcpy(w->bytes + w->part_n, p, take);
        w->part_n += take;
        p += take;
        n -= take;
        enum err err = w->part_n == SEALED_PART ? give_part(ctx, w) : OK;
        if (err != OK)
            return err;
    }
    return OK;
}

static enum err seal_piece(struct ctx *ctx, struct sealed_writer *w, bool last)
{
    unsigned char sealed[SEALED];
    crypto_seal_add(w->seal, (struct slice){w->piece, w->piece_n}, last, sealed);
    size_t n = w->piece_n + SEAL_EXTRA;
    w->piece_n = 0;
    return add(ctx, w, (const char *)sealed, n);
}

enum err sealed_write(struct ctx *ctx, struct sealed_writer *w, struct slice bytes)
{
    if (w->seal == NULL)
        return add(ctx, w, bytes.p, bytes.n);
    while (bytes.n > 0) {
        /* A full piece waits for more, since only then is it known not to be the last. */
        enum err err = w->piece_n == SEALED_PIECE ? seal_piece(ctx, w, false) : OK;
        if (err != OK)
            return err;
        size_t room = SEALED_PIECE - w->piece_n, take = bytes.n < room ? bytes.n : room;
        memcpy(w->piece + w->piece_n, bytes.p, take);
        w->piece_n += take;
        bytes = slice_sub(bytes, take, bytes.n);
    }
    return OK;
}

enum err sealed_finish(struct ctx *ctx, struct sealed_writer *w)
{
    enum err err = w->seal ? seal_piece(ctx, w, true) : OK;
    return err == OK && w->part_n > 0 ? give_part(ctx, w) : err;
}

/* ---- the way back ---- */

struct sealed_reader {
    enum err (*out)(struct ctx *ctx, void *arg, struct slice bytes);
    void *arg;
    bool sealed; /* a key was given */
    unsigned char key[SEAL_KEY];
    struct crypto_seal *seal; /* NULL until the front was read */
    bool ended;
    size_t have;
    char bytes[SEALED]; /* the front, then one sealed piece */
    unsigned char plain[SEALED_PIECE];
};

enum err sealed_reader_new(struct ctx *ctx, const unsigned char *key,
                           enum err (*out)(struct ctx *ctx, void *arg, struct slice bytes),
                           void *arg, struct sealed_reader **made)
{
    struct sealed_reader *r = calloc(1, sizeof *r); /* sealed_reader_free */
    if (r == NULL)
        return ctx_no_memory(ctx);
    r->out = out;
    r->arg = arg;
    r->sealed = key != NULL;
    if (key)
        memcpy(r->key, key, SEAL_KEY);
    *made = r;
    return OK;
}

void sealed_reader_free(struct sealed_reader *r)
{
    if (r == NULL)
        return;
    crypto_seal_end(r->seal);
    crypto_wipe(r, sizeof *r);
    free(r);
}

static enum err open_front(struct ctx *ctx, struct sealed_reader *r)
{
    if (memcmp(r->bytes, format, FORMAT) != 0)
        return ctx_fail(ctx, ERR_CORRUPT, "The backup is not sealed as this program seals");
    r->seal = crypto_unseal_new(r->key, (const unsigned char *)r->bytes + FORMAT);
    r->have = 0;
    return r->seal ? OK : ctx_no_memory(ctx);
}

static enum err open_piece(struct ctx *ctx, struct sealed_reader *r)
{
    size_t n = r->have;
    r->have = 0;
    if (n < SEAL_EXTRA ||
        !crypto_unseal_add(r->seal, (struct slice){r->bytes, n}, r->plain, &r->ended))
        return ctx_fail(ctx, ERR_CORRUPT,
                        "The backup cannot be opened: it was sealed with another key, or was "
                        "changed");
    return r->out(ctx, r->arg, (struct slice){(const char *)r->plain, n - SEAL_EXTRA});
}

enum err sealed_read(struct ctx *ctx, struct sealed_reader *r, struct slice part)
{
    if (!r->sealed)
        return r->out(ctx, r->arg, part);
    while (part.n > 0) {
        size_t full = r->seal ? (size_t)SEALED : (size_t)FRONT;
        size_t take = full - r->have < part.n ? full - r->have : part.n;
        if (r->ended)
            return ctx_fail(ctx, ERR_CORRUPT, "The backup goes on behind its end");
        memcpy(r->bytes + r->have, part.p, take);
        r->have += take;
        part = slice_sub(part, take, part.n);
        if (r->have < full)
            return OK;
        enum err err = r->seal ? open_piece(ctx, r) : open_front(ctx, r);
        if (err != OK)
            return err;
    }
    return OK;
}

enum err sealed_end(struct ctx *ctx, struct sealed_reader *r)
{
    enum err err = OK;
    if (!r->sealed)
        return OK;
    if (r->seal && !r->ended && r->have > 0) /* the last piece is as long as it is */
        err = open_piece(ctx, r);
    if (err == OK && (!r->ended || r->have > 0))
        return ctx_fail(ctx, ERR_CORRUPT, "The backup is cut short");
    return err;
}
