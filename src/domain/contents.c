/*
 * contents.c - packages opened again from their blobs.
 *
 * Names of both packages are sorted, so that two lists become one list of differences in one walk.
 * Whether two files are equal is asked of their sizes and check sums first; only those that differ
 * are unpacked.
 */
#include "domain/contents.h"

#include <string.h>

#include "blob/blob.h"
#include "domain/domain.h"
#include "package/zip.h"

enum { PACKAGE_MAX = 64 << 20 };

static enum err open_package(struct ctx *ctx, struct domain *d, const struct plugin *p,
                             struct zip **out)
{
    struct slice bytes;
    enum err err = blob_read(ctx, d->blobs, p->sha256, PACKAGE_MAX, &bytes);
    return err == OK ? zip_open(ctx, bytes, &zip_limits_cadence, out) : err;
}

/* The members that are files and count, in the order of the archive's names. */
static enum err counted(struct ctx *ctx, const struct zip *zip, const struct zip_member ***out,
                        size_t *count)
{
    const struct zip_member **list = arena_array(ctx->arena, zip->count + 1, sizeof *list);
    if (list == NULL)
        return ctx_no_memory(ctx);
    *count = 0;
    for (size_t i = 0; i < zip->count; i++)
        if (!zip->members[i].is_folder && !zip->members[i].is_ignored)
            list[(*count)++] = &zip->members[i];
    *out = list;
    return OK;
}

enum err contents_files(struct ctx *ctx, struct domain *d, const struct plugin *p,
                        struct content_file **out, size_t *count)
{
    const struct zip_member **list;
    struct zip *zip;
    enum err err = open_package(ctx, d, p, &zip);
    if (err == OK)
        err = counted(ctx, zip, &list, count);
    if (err != OK)
        return err;
    struct content_file *files = arena_array(ctx->arena, *count + 1, sizeof *files);
    if (files == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < *count; i++)
        files[i] = (struct content_file){zip_name_below_root(zip, list[i]), list[i]->size};
    *out = files;
    return OK;
}

enum err contents_file(struct ctx *ctx, struct domain *d, const struct plugin *p, struct slice name,
                       struct slice *out)
{
    struct zip *zip;
    enum err err = open_package(ctx, d, p, &zip);
    if (err != OK)
        return err;
    const struct zip_member *m = zip_find_below_root(zip, name);
    if (m == NULL || m->is_folder || m->is_ignored)
        return ctx_fail(ctx, ERR_NOT_FOUND, "%s %s has no file '%.*s'", p->pid, p->version,
                        SLICE_ARGS(name));
    return zip_read(ctx, zip, m, zip_limits_cadence.member, out);
}

/* ------------------------------------------------------------------ two versions */

struct side {
    struct zip *zip;
    const struct zip_member **list;
    size_t count, at;
};

static enum err open_side(struct ctx *ctx, struct domain *d, const struct plugin *p, struct side *s)
{
    enum err err = open_package(ctx, d, p, &s->zip);
    return err == OK ? counted(ctx, s->zip, &s->list, &s->count) : err;
}

/* The file a side stands at; NULL at its end. */
static const struct zip_member *here(const struct side *s)
{
    return s->at < s->count ? s->list[s->at] : NULL;
}

static int by_name(const struct side *a, const struct side *b)
{
    const struct zip_member *old = here(a), *new = here(b);
    if (old == NULL || new == NULL)
        return old ? -1 : 1;
    struct slice x = zip_name_below_root(a->zip, old), y = zip_name_below_root(b->zip, new);
    int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

/* The lines of one side; *is_text false when it is not text that is shown. */
static enum err read_lines(struct ctx *ctx, const struct side *s, const struct zip_member *m,
                           struct lines *out, bool *is_text)
{
    struct slice text;
    *out = (struct lines){0};
    if (m == NULL)
        return OK;
    if (m->size > CONTENTS_TEXT_MAX) {
        *is_text = false;
        return OK;
    }
    enum err err = zip_read(ctx, s->zip, m, CONTENTS_TEXT_MAX, &text);
    if (err != OK)
        return err;
    *is_text = *is_text && slice_is_utf8(text) && (!text.n || !memchr(text.p, '\0', text.n)) &&
               lines_split(ctx->arena, text, out);
    return OK;
}

static enum err compare_text(struct ctx *ctx, const struct side *a, const struct zip_member *old,
                             const struct side *b, const struct zip_member *new,
                             struct content_difference *out)
{
    bool is_text = true;
    enum err err = read_lines(ctx, a, old, &out->old_lines, &is_text);
    if (err == OK && is_text)
        err = read_lines(ctx, b, new, &out->new_lines, &is_text);
    if (err != OK || !is_text)
        return err;
    if (!line_diff(ctx->arena, &out->old_lines, &out->new_lines, &out->stretches,
                   &out->stretch_count))
        return ctx_no_memory(ctx);
    out->has_text = true;
    return OK;
}

/* One step along both lists; *differs tells whether *out was filled. */
static enum err compare_next(struct ctx *ctx, struct side *a, struct side *b, uint64_t *budget,
                             struct content_difference *out, bool *differs)
{
    int order = by_name(a, b);
    const struct zip_member *old = order <= 0 ? here(a) : NULL, *new = order >= 0 ? here(b) : NULL;
    *out = (struct content_difference){
        .name = old ? zip_name_below_root(a->zip, old) : zip_name_below_root(b->zip, new),
        .change = old == NULL   ? CONTENT_ADDED
                  : new == NULL ? CONTENT_REMOVED
                                : CONTENT_CHANGED,
        .old_size = old ? old->size : 0,
        .new_size = new ? new->size : 0,
    };
    a->at += old != NULL;
    b->at += new != NULL;
    *differs = !old || !new || old->size != new->size || old->crc != new->crc;
    uint64_t cost = out->old_size + out->new_size;
    if (!*differs || cost > *budget)
        return OK;
    *budget -= cost;
    return compare_text(ctx, a, old, b, new, out);
}

enum err contents_compare(struct ctx *ctx, struct domain *d, const struct plugin *from,
                          const struct plugin *to, struct content_difference **out, size_t *count)
{
    struct side a = {0}, b = {0};
    uint64_t budget = CONTENTS_DIFF_MAX;
    enum err err = open_side(ctx, d, from, &a);
    if (err == OK)
        err = open_side(ctx, d, to, &b);
    if (err != OK)
        return err;
    struct content_difference *list = arena_array(ctx->arena, a.count + b.count + 1, sizeof *list);
    if (list == NULL)
        return ctx_no_memory(ctx);
    *count = 0;
    while (err == OK && (here(&a) || here(&b))) {
        bool differs;
        err = compare_next(ctx, &a, &b, &budget, &list[*count], &differs);
        *count += differs;
    }
    *out = list;
    return err;
}
