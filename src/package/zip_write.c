/*
 * zip_write.c - local records one after the other, then the directory, then the end record.
 *
 * Nothing varies: no clock, no owner, no extra field, one deflate level. No ZIP64: what Larder
 * takes is far below 4 GiB and 65,535 members, and more is refused here.
 */
#include "package/zip_write.h"

#include <string.h>
#include <zlib.h>

#include "package/zip_format.h"
#include "package/zip_names.h"

enum {
    MADE_BY = 3 << 8 | 20, /* Unix, version 2.0: so that the mode below counts */
    NEEDS = 20,
    DATE_1980 = 1 << 5 | 1, /* 1980-01-01, the first day a ZIP can name; time 0 */
    MODE_FILE = 0x81A4,     /* regular, 0644 */
    MODE_FOLDER = 0x41ED,   /* folder, 0755 */
    MEMBERS_MAX = 65534,
    DIRECTORY_MAX = 32 << 20
};

static void put16(struct buf *b, uint32_t v)
{
    char p[2] = {(char)(v & 0xFF), (char)(v >> 8 & 0xFF)};
    buf_add(b, p, sizeof p);
}

static void put32(struct buf *b, uint32_t v)
{
    put16(b, v & 0xFFFF);
    put16(b, v >> 16);
}

void zip_write_begin(struct zip_writer *w, struct ctx *ctx, struct buf *out)
{
    *w = (struct zip_writer){.ctx = ctx, .out = out, .start = out->n};
    buf_init(&w->directory, ctx->arena, DIRECTORY_MAX);
}

static voidpf take(voidpf opaque, uInt items, uInt size)
{
    return arena_alloc(opaque, (size_t)items * size);
}

static void give(voidpf opaque, voidpf address)
{
    (void)opaque; /* the arena gives everything back at once */
    (void)address;
}

static z_stream *deflater(struct zip_writer *w)
{
    z_stream *z = w->deflate;
    if (z)
        return deflateReset(z) == Z_OK ? z : NULL;
    z = arena_alloc(w->ctx->arena, sizeof *z);
    if (z == NULL)
        return NULL;
    z->zalloc = take;
    z->zfree = give;
    z->opaque = w->ctx->arena;
    if (deflateInit2(z, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    w->deflate = z;
    return z;
}

static enum err pack(struct zip_writer *w, struct slice bytes, struct slice *out)
{
    z_stream *z = deflater(w);
    if (z == NULL)
        return ctx_no_memory(w->ctx);
    size_t room = deflateBound(z, bytes.n);
    char *packed = arena_alloc_raw(w->ctx->arena, room);
    if (packed == NULL)
        return ctx_no_memory(w->ctx);
    z->next_in = (z_const Bytef *)(bytes.n ? bytes.p : "");
    z->avail_in = (uInt)bytes.n;
    z->next_out = (Bytef *)packed;
    z->avail_out = (uInt)room;
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        return ctx_fail_cause(w->ctx, ERR_INTERNAL, "deflate did not end");
    *out = (struct slice){packed, room - z->avail_out};
    return OK;
}

struct record {
    struct slice name, data;
    uint32_t size, crc, offset;
    uint16_t method, flags;
};

/* What both copies of a header have in common, from "version needed" to the extra field's length. */
static void put_common(struct buf *b, const struct record *r)
{
    put16(b, NEEDS);
    put16(b, r->flags);
    put16(b, r->method);
    put16(b, 0);
    put16(b, DATE_1980);
    put32(b, r->crc);
    put32(b, (uint32_t)r->data.n);
    put32(b, r->size);
    put16(b, (uint32_t)r->name.n);
    put16(b, 0);
}

static void put_record(struct zip_writer *w, const struct record *r)
{
    put32(w->out, ZIP_LOCAL_MARK);
    put_common(w->out, r);
    buf_slice(w->out, r->name);
    buf_slice(w->out, r->data);

    struct buf *d = &w->directory;
    put32(d, ZIP_CENTRAL_MARK);
    put16(d, MADE_BY);
    put_common(d, r);
    put16(d, 0); /* comment */
    put16(d, 0); /* disk */
    put16(d, 0); /* internal attributes */
    put32(d, slice_ends(r->name, "/") ? (uint32_t)MODE_FOLDER << 16 | 0x10
                                      : (uint32_t)MODE_FILE << 16);
    put32(d, r->offset);
    buf_slice(d, r->name);
}

static bool is_ascii(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

static enum err check(struct zip_writer *w, struct slice name, struct slice bytes)
{
    struct findings f;
    findings_init(&f, w->ctx);
    zip_name_check(&f, name, true, &zip_limits_cadence);
    if (name.n > 0 && slice_ends(name, "/") && bytes.n > 0)
        zip_broken(&f, ZIP_FOLDER_DATA, name, "a folder holds bytes of its own");
    if (w->count >= MEMBERS_MAX)
        zip_broken(&f, ZIP_MEMBERS, name, "the archive has more than %d members", MEMBERS_MAX);
    if (bytes.n >= ZIP_FULL32 || w->out->n - w->start >= ZIP_FULL32 - bytes.n)
        zip_broken(&f, ZIP_MEMBER_SIZE, name, "the archive would be larger than 4 GiB");
    return findings_end(&f);
}

enum err zip_write_add(struct zip_writer *w, struct slice name, struct slice bytes,
                       enum zip_pack how)
{
    enum err err = check(w, name, bytes);
    if (err != OK)
        return err;
    struct record r = {.name = name, .data = bytes, .size = (uint32_t)bytes.n};
    r.crc = bytes.n ? (uint32_t)crc32_z(0, (const Bytef *)bytes.p, bytes.n) : 0;
    r.offset = (uint32_t)(w->out->n - w->start);
    r.flags = is_ascii(name) ? 0 : ZIP_FLAG_UTF8;
    if (how == ZIP_PACK_DEFLATED || (how == ZIP_PACK_SMALLER && bytes.n > 0)) {
        struct slice packed;
        if ((err = pack(w, bytes, &packed)) != OK)
            return err;
        if (how == ZIP_PACK_DEFLATED || packed.n < bytes.n) {
            r.data = packed;
            r.method = ZIP_DEFLATED;
        }
    }
    put_record(w, &r);
    w->count++;
    return OK;
}

enum err zip_write_end(struct zip_writer *w)
{
    struct slice directory = buf_view(&w->directory);
    uint32_t offset = (uint32_t)(w->out->n - w->start);
    buf_slice(w->out, directory);
    put32(w->out, ZIP_END_MARK);
    put16(w->out, 0);
    put16(w->out, 0);
    put16(w->out, (uint32_t)w->count);
    put16(w->out, (uint32_t)w->count);
    put32(w->out, (uint32_t)directory.n);
    put32(w->out, offset);
    put16(w->out, 0);
    if (!buf_failed(w->out) && !buf_failed(&w->directory))
        return OK;
    if (!w->out->over && !w->directory.over)
        return ctx_no_memory(w->ctx);
    return ctx_fail(w->ctx, ERR_TOO_LARGE, "the archive would be larger than %zu bytes",
                    w->out->max);
}
