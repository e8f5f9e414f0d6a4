/*
 * zip_read.c - unpacking, through a window of fixed size, with nothing believed.
 *
 * A member is whole when its stream ends exactly at the end of its bytes, gives exactly the size
 * that was declared and has the declared CRC. Sizes were capped by zip_open; they are counted again
 * here, so that a stream that gives more is stopped at the first byte too many. zlib takes its memory
 * from the arena too, so nothing needs to be ended, and writes into our window instead of its own, so
 * that nothing is copied. Bytes whose checksums were right once are in the same memory the next time.
 */
#include "package/zip_read.h"

#include <string.h>
#include <zlib.h>

#include "package/zip_format.h"
#include "package/zip_rules.h"

enum { WINDOW = 32768 };

struct zip_inflater {
    struct arena *arena;
    z_stream stream;
    unsigned char *window; /* made with the first deflated member */
    bool verified;         /* zip_verify found all checksums right */
};

struct zip_inflater *zip_inflater_new(struct arena *arena)
{
    struct zip_inflater *in = arena_alloc(arena, sizeof *in);
    if (in)
        in->arena = arena;
    return in;
}

static voidpf take(voidpf opaque, uInt items, uInt size)
{
    struct arena *arena = opaque;
    size_t n = (size_t)items * size;
    return arena_alloc(arena, n);
}

static void give(voidpf opaque, voidpf address)
{
    (void)opaque; /* the arena gives everything back at once */
    (void)address;
}

static bool prepare(struct zip_inflater *in)
{
    if (in->window)
        return true;
    unsigned char *window = arena_alloc_raw(in->arena, WINDOW);
    in->stream.zalloc = take;
    in->stream.zfree = give;
    in->stream.opaque = in->arena;
    if (window == NULL || inflateBackInit(&in->stream, MAX_WBITS, window) != Z_OK)
        return false;
    in->window = window;
    return true;
}

/* One member on its way out. */
struct unpacking {
    const struct zip_member *member;
    struct ctx *ctx;
    uint64_t given;
    uint32_t crc;
    bool sums;     /* false = its checksum was right before */
    bool too_long; /* it gives more than it declares */
    enum err err;  /* of piece */
    enum err (*piece)(struct ctx *ctx, void *arg, struct slice bytes); /* NULL = only check */
    void *arg;
};

static void give_piece(struct unpacking *u, const void *p, size_t n)
{
    u->given += n;
    if (u->sums)
        u->crc = (uint32_t)crc32_z(u->crc, p, n);
    if (u->piece && n > 0)
        u->err = u->piece(u->ctx, u->arg, (struct slice){p, n});
}

static enum err unstore(struct unpacking *u)
{
    struct slice data = u->member->data;
    for (size_t at = 0; at < data.n && u->err == OK; at += WINDOW) {
        struct slice part = slice_sub(data, at, at + WINDOW);
        give_piece(u, part.p, part.n);
    }
    return u->err;
}

/* What zlib asks: there is nothing behind the bytes it was given. */
static unsigned no_more(void *arg, z_const unsigned char **p)
{
    (void)arg;
    *p = NULL;
    return 0;
}

/* What zlib tells: a window full, or the last piece. Not 0 = stop. */
static int take_window(void *arg, unsigned char *p, unsigned n)
{
    struct unpacking *u = arg;
    u->too_long = n > u->member->size - u->given;
    if (!u->too_long)
        give_piece(u, p, n);
    return u->too_long || u->err != OK;
}

/* Notes a stream that is broken, too long or not ended; stops at the first byte too many. */
static enum err inflate_all(struct zip_inflater *in, struct findings *f, struct unpacking *u)
{
    const struct zip_member *m = u->member;
    if (!prepare(in))
        return ctx_no_memory(u->ctx);
    z_stream *z = &in->stream;
    z->next_in = (z_const Bytef *)m->data.p;
    z->avail_in = (uInt)m->data.n; /* an archive is far below 4 GiB */
    int result = inflateBack(z, no_more, NULL, take_window, u);
    if (u->err != OK)
        return u->err;
    if (u->too_long)
        zip_broken(f, ZIP_SIZE, m->name,
                   "the member unpacks to more than the %llu bytes it declares",
                   (unsigned long long)m->size);
    else if (result != Z_STREAM_END)
        zip_broken(f, ZIP_DEFLATE, m->name, "the member's data are damaged or cut off");
    else if (z->avail_in > 0)
        zip_broken(f, ZIP_DEFLATE, m->name, "%u bytes follow the end of the member's data",
                   z->avail_in);
    return OK;
}

static enum err unpack(struct ctx *ctx, struct zip_inflater *in, struct findings *f,
                       struct unpacking *u)
{
    const struct zip_member *m = u->member;
    size_t before = f->count + f->dropped;
    u->ctx = ctx;
    u->sums = !in->verified;
    enum err err = m->method == ZIP_STORED ? unstore(u) : inflate_all(in, f, u);
    if (err != OK || f->count + f->dropped > before)
        return err;
    if (u->given != m->size)
        zip_broken(f, ZIP_SIZE, m->name, "the member unpacks to %llu bytes and declares %llu",
                   (unsigned long long)u->given, (unsigned long long)m->size);
    else if (u->sums && u->crc != m->crc)
        zip_broken(f, ZIP_CRC, m->name, "the member's checksum is wrong");
    return OK;
}

static enum err fill(struct ctx *ctx, void *arg, struct slice bytes)
{
    (void)ctx;
    char **to = arg; /* room for the declared size, which unpack never exceeds */
    memcpy(*to, bytes.p, bytes.n);
    *to += bytes.n;
    return OK;
}

enum err zip_read(struct ctx *ctx, const struct zip *zip, const struct zip_member *member,
                  uint64_t max, struct slice *out)
{
    if (member->size > max)
        return ctx_fail(ctx, ERR_TOO_LARGE,
                        "a member of the archive has %llu bytes, more than %llu",
                        (unsigned long long)member->size, (unsigned long long)max);
    char *room = arena_alloc_raw(ctx->arena, member->size);
    if (room == NULL)
        return ctx_no_memory(ctx);
    char *to = room;
    struct findings f;
    findings_init(&f, ctx);
    struct unpacking u = {.member = member, .piece = fill, .arg = &to};
    enum err err = unpack(ctx, zip->inflater, &f, &u);
    if (err == OK)
        err = findings_end(&f);
    if (err == OK)
        *out = (struct slice){room, member->size};
    return err;
}

static enum err visit(struct ctx *ctx, const struct zip *zip, struct findings *f,
                      const struct zip_visitor *v, const struct zip_member *m)
{
    enum err err = v->begin ? v->begin(ctx, v->arg, m) : OK;
    if (err != OK)
        return err;
    struct unpacking u = {.member = m, .piece = v->piece, .arg = v->arg};
    err = unpack(ctx, zip->inflater, f, &u);
    if (err == OK && v->end)
        err = v->end(ctx, v->arg, m);
    return err;
}

enum err zip_walk(struct ctx *ctx, const struct zip *zip, const struct zip_visitor *visitor)
{
    struct findings f;
    findings_init(&f, ctx);
    for (size_t i = 0; i < zip->count; i++) {
        enum err err = visit(ctx, zip, &f, visitor, &zip->members[i]);
        if (err != OK)
            return err;
    }
    return findings_end(&f);
}

enum err zip_verify(struct ctx *ctx, const struct zip *zip)
{
    enum err err = zip_walk(ctx, zip, &(struct zip_visitor){0});
    zip->inflater->verified = err == OK;
    return err;
}
