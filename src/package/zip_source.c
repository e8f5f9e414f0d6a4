/*
 * zip_source.c - the bridge between the archive reader and what inspects packages.
 *
 * Folders and what zip tools and Python leave behind are not files of the package.
 */
#include "package/zip_source.h"

struct files {
    const struct zip *zip;
    const struct zip_member **members;
};

static struct slice name_of(void *arg, size_t i)
{
    const struct files *f = arg;
    return f->members[i]->name;
}

static uint64_t size_of(void *arg, size_t i)
{
    const struct files *f = arg;
    return f->members[i]->size;
}

static enum err read_file(struct ctx *ctx, void *arg, size_t i, uint64_t max, struct slice *out)
{
    const struct files *f = arg;
    return zip_read(ctx, f->zip, f->members[i], max, out);
}

enum err zip_source(struct ctx *ctx, const struct zip *zip, struct package_source *out)
{
    struct files *f = arena_alloc(ctx->arena, sizeof *f);
    if (f == NULL)
        return ctx_no_memory(ctx);
    f->zip = zip;
    f->members = arena_array(ctx->arena, zip->count + 1, sizeof *f->members);
    if (f->members == NULL)
        return ctx_no_memory(ctx);
    *out = (struct package_source){f, 0, name_of, size_of, read_file};
    for (size_t i = 0; i < zip->count; i++)
        if (!zip->members[i].is_folder && !zip->members[i].is_ignored)
            f->members[out->count++] = &zip->members[i];
    return OK;
}
