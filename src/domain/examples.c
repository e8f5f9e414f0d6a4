/*
 * examples.c - packing the embedded example folders, and uploading them all.
 *
 * The embedded table is sorted by path, so the members of one example stand together and its
 * archive is the same on every machine.
 */
#include "domain/examples.h"

#include <string.h>

#include "base/embedded.h"
#include "domain/publish.h"
#include "package/zip_write.h"

enum { PACKAGE_MAX = 1 << 20 };

static const char root[] = "packaging/examples/";

/* The text with the value of `version="..."` replaced. */
static struct slice set_version(struct ctx *ctx, struct slice text, const char *version)
{
    static const char field[] = "version=\"";
    const char *at = memmem(text.p, text.n, field, sizeof field - 1);
    struct buf *b = arena_alloc(ctx->arena, sizeof *b);
    if (at == NULL || b == NULL)
        return text;
    size_t from = (size_t)(at - text.p) + sizeof field - 1;
    struct slice rest = slice_sub(text, from, text.n);
    buf_init(b, ctx->arena, PACKAGE_MAX);
    buf_slice(b, slice_sub(text, 0, from));
    buf_str(b, version);
    buf_slice(b, slice_sub(rest, slice_find(rest, '"'), rest.n));
    return buf_view(b);
}

enum err examples_pack(struct ctx *ctx, const char *name, const char *version, struct slice *out)
{
    struct zip_writer w;
    struct buf *b = arena_alloc(ctx->arena, sizeof *b);
    const char *folder = str_printf(ctx->arena, "%s%s/", root, name);
    if (b == NULL || folder == NULL)
        return ctx_no_memory(ctx);
    buf_init(b, ctx->arena, PACKAGE_MAX);
    zip_write_begin(&w, ctx, b);
    enum err err = OK;
    for (size_t i = 0; err == OK && i < embedded_count(); i++) {
        const struct embedded *e = embedded_at(i);
        struct slice path = slice_of(e->path);
        if (!slice_starts(path, folder))
            continue;
        struct slice member = slice_sub(path, strlen(folder), path.n);
        struct slice bytes = {(const char *)e->plain, e->plain_size};
        if (version && slice_is(member, "plugin.py"))
            bytes = set_version(ctx, bytes, version);
        err = zip_write_add(&w, member, bytes, ZIP_PACK_SMALLER);
    }
    if (err == OK)
        err = zip_write_end(&w);
    *out = buf_view(b);
    return err;
}

static enum err load_one(struct ctx *ctx, struct domain *d, const struct actor *actor,
                         struct slice name, int *loaded, int *known)
{
    struct upload up = {.file_name = SLICE("example.zip"), .allow_backport = true};
    struct published done = {0};
    const char *folder = slice_dup(ctx->arena, name);
    if (folder == NULL)
        return ctx_no_memory(ctx);
    enum err err = examples_pack(ctx, folder, NULL, &up.bytes);
    if (err == OK)
        err = publish_upload(ctx, d, actor, &up, &done);
    if (err == OK)
        *(done.unchanged ? known : loaded) += 1;
    return err;
}

enum err examples_load(struct ctx *ctx, struct domain *d, const struct actor *actor, int *loaded,
                       int *known)
{
    static const char marker[] = "/plugin.py"; /* one for each example, since none is nested */
    enum err err = OK;
    *loaded = *known = 0;
    for (size_t i = 0; err == OK && i < embedded_count(); i++) {
        struct slice path = slice_of(embedded_at(i)->path);
        if (slice_starts(path, root) && slice_ends(path, marker))
            err = load_one(ctx, d, actor,
                           slice_sub(path, sizeof root - 1, path.n - (sizeof marker - 1)), loaded,
                           known);
    }
    return err;
}
