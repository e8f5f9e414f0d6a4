/*
 * zip_source.c - which members of an archive count as files of the package.
 */
#include "package/zip_source.h"

struct listing {
    const struct zip *zip;
    const struct zip_member *file[];
};

static struct slice name_of(void *arg, size_t i)
{
    const struct listing *l = arg;
    return l->file[i]->name;
}

static uint64_t size_of(void *arg, size_t i)
{
    const struct listing *l = arg;
    return l->file[i]->size;
}

static enum err read_file(struct ctx *ctx, void *arg, size_t i, uint64_t max, struct slice *out)
{
    const struct listing *l = arg;
    return zip_read(ctx, l->zip, l->file[i], max, out);
}

enum err zip_source(struct ctx *ctx, const struct zip *zip, struct package_source *out)
{
    struct listing *l =
        arena_alloc(ctx->arena, sizeof *l + zip->count * sizeof(const struct zip_member *));
    if (l == NULL)
        return ctx_no_memory(ctx);
    size_t n = 0;
    l->zip = zip;
    for (size_t i = 0; i < zip->count; i++)
        if (!zip->members[i].is_folder && !zip->members[i].is_ignored)
            l->file[n++] = &zip->members[i];
    *out = (struct package_source){l, n, name_of, size_of, read_file};
    return OK;
}
