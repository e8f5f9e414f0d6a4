/*
 * legacy.c - the two stores of the v1 API on the disk.
 *
 * Both files of a version are staged before its row is written and put in their places after it.
 * Nothing here decides about rows; how things are called stands in legacy_names.c.
 */
#include "domain/legacy.h"

#include <stdlib.h>
#include <string.h>

#include "blob/blob.h"
#include "domain/domain.h"
#include "domain/dropped_names.h"
#include "domain/legacy_place.h"
#include "domain/publish_tree.h"
#include "package/zip.h"

enum { PACKAGE_MAX = 64 << 20 };

/* ------------------------------------------------------------------ the stores */

enum err legacy_open(struct ctx *ctx, struct domain *d, const struct legacy_paths *paths)
{
    size_t n = strlen(paths->shown) + 1;
    struct legacy *l = calloc(1, sizeof *l + n); /* freed by legacy_close */
    if (l == NULL)
        return ctx_no_memory(ctx);
    memcpy(l->text, paths->shown, n);
    l->shown = l->text;
    (void)pthread_mutex_init(&l->lock, NULL);
    d->legacy = l;
    enum err err = trees_open(ctx, paths->plugins, &l->trees);
    return err == OK ? archives_open(ctx, paths->archives, &l->archives) : err;
}

void legacy_close(struct domain *d)
{
    struct legacy *l = d->legacy;
    if (l == NULL)
        return;
    trees_close(l->trees);
    archives_close(l->archives);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
    d->legacy = NULL;
}

/* A flush concerns a whole file system: one that has just been done is not done again. */
enum err legacy_flush(struct ctx *ctx, struct domain *d)
{
    const struct legacy *l = d->legacy;
    if (l == NULL)
        return OK;
    uint64_t done[] = {trees_device(d->system_trees), trees_device(d->tenant_trees)};
    uint64_t trees = trees_device(l->trees), archives = archives_device(l->archives);
    enum err err = trees == done[0] || trees == done[1] ? OK : trees_sync(ctx, l->trees);
    if (err != OK || archives == trees || archives == done[0] || archives == done[1])
        return err;
    return archives_sync(ctx, l->archives);
}

/* ------------------------------------------------------------------ files of a version */

const char *legacy_directory(struct arena *arena, const struct domain *d, const char *name,
                             const char *version)
{
    const char *shown = d->legacy->shown;
    size_t n = strlen(shown);
    while (n > 1 && shown[n - 1] == '/')
        n--;
    return str_printf(arena, "%.*s/%s-%s", (int)n, shown, name, version);
}

/* One version in the stores. */
struct place {
    struct tree_place tree;
    const char *archive; /* "math_plugin-1.0.0.zip" */
};

static enum err find_place(struct ctx *ctx, const char *folder, struct place *out)
{
    out->tree = (struct tree_place){{folder, NULL, NULL}};
    out->archive = str_printf(ctx->arena, "%s.zip", folder);
    return out->archive ? OK : ctx_no_memory(ctx);
}

enum err legacy_stage(struct ctx *ctx, struct domain *d, const struct zip *zip, struct slice bytes,
                      struct legacy_files *out)
{
    enum err err = publish_stage(ctx, d->legacy->trees, zip, &out->tree);
    if (err != OK)
        return err;
    if ((err = archive_stage(ctx, d->legacy->archives, bytes, &out->archive)) != OK)
        tree_abandon(ctx, out->tree);
    return err;
}

enum err legacy_stage_archive(struct ctx *ctx, struct domain *d, struct slice bytes,
                              struct legacy_files *out)
{
    out->tree = NULL;
    return archive_stage(ctx, d->legacy->archives, bytes, &out->archive);
}

void legacy_abandon(struct ctx *ctx, struct legacy_files *files)
{
    if (files->tree)
        tree_abandon(ctx, files->tree);
    archive_abandon(files->archive);
}

enum err legacy_put(struct ctx *ctx, struct legacy_files *files, const char *folder,
                    const char *sha256)
{
    struct place place;
    enum err err = find_place(ctx, folder, &place);
    if (err != OK) {
        legacy_abandon(ctx, files);
        return err;
    }
    if (files->tree && (err = tree_publish(ctx, files->tree, &place.tree, sha256)) != OK) {
        archive_abandon(files->archive);
        return err;
    }
    return archive_publish(ctx, files->archive, place.archive, sha256);
}

enum err legacy_drop(struct ctx *ctx, struct domain *d, const char *folder)
{
    struct place place;
    enum err err = find_place(ctx, folder, &place);
    if (err == OK)
        err = tree_remove(ctx, d->legacy->trees, &place.tree);
    return err == OK ? archive_remove(ctx, d->legacy->archives, place.archive) : err;
}

enum err legacy_forget(struct ctx *ctx, struct domain *d, const char *folder)
{
    (void)pthread_mutex_lock(&d->legacy->lock);
    enum err err = legacy_drop(ctx, d, folder);
    (void)pthread_mutex_unlock(&d->legacy->lock);
    return err;
}

enum err legacy_is_foreign(struct ctx *ctx, struct domain *d, const char *folder, bool in_place,
                           bool *foreign)
{
    struct place place;
    enum err err = find_place(ctx, folder, &place);
    *foreign = err == OK && ((!in_place && tree_is_foreign(d->legacy->trees, &place.tree)) ||
                             archive_is_foreign(d->legacy->archives, place.archive));
    return err;
}

/* ------------------------------------------------------------------ building what lacks */

static enum err build(struct ctx *ctx, struct domain *d, const char *folder, const char *sha256)
{
    struct legacy_files files;
    struct slice bytes;
    struct zip *zip;
    enum err err = blob_read(ctx, d->blobs, sha256, PACKAGE_MAX, &bytes);
    if (err == OK)
        err = zip_open(ctx, bytes, &zip_limits_cadence, &zip);
    if (err == OK)
        err = legacy_stage(ctx, d, zip, bytes, &files);
    return err == OK ? legacy_put(ctx, &files, folder, sha256) : err;
}

enum err legacy_restore(struct ctx *ctx, struct domain *d, const char *folder, const char *sha256,
                        int64_t size, bool unsure, bool *built)
{
    struct place place;
    enum err err = find_place(ctx, folder, &place);
    *built = false;
    if (err != OK)
        return err;
    const struct legacy *l = d->legacy;
    if (!unsure && tree_is_there(l->trees, &place.tree, sha256) &&
        archive_is_there(l->archives, place.archive, sha256, size))
        return OK;
    /* a folder that its owner dropped there is the plugin, and stays his; where he took it away
     * again, nothing is put in its place */
    if (tree_is_foreign(l->trees, &place.tree) || dropped_names_has(d->dropped, folder))
        return OK;
    err = build(ctx, d, folder, sha256);
    *built = err == OK;
    return err;
}

/* ------------------------------------------------------------------ sweeping */

struct sweeping {
    bool (*is_wanted)(void *arg, const char *folder);
    void *arg;
};

static bool tree_is_wanted(void *arg, const struct tree_place *place)
{
    const struct sweeping *s = arg;
    return s->is_wanted(s->arg, place->segment[0]);
}

/* A hidden file of another ending is none that this program wrote: what it stands for stays. */
static bool archive_is_wanted(void *arg, const char *name)
{
    const struct sweeping *s = arg;
    char folder[256];
    size_t n = strlen(name);
    if (n < 5 || n - 4 >= sizeof folder || strcmp(name + n - 4, ".zip") != 0)
        return true;
    memcpy(folder, name, n - 4);
    folder[n - 4] = '\0';
    return s->is_wanted(s->arg, folder);
}

enum err legacy_sweep(struct ctx *ctx, struct domain *d,
                      bool (*is_wanted)(void *arg, const char *folder), void *arg, int64_t *removed)
{
    struct sweeping s = {is_wanted, arg};
    int64_t trees = 0, archives = 0;
    *removed = 0;
    if (d->legacy == NULL)
        return OK;
    enum err err = tree_sweep(ctx, d->legacy->trees, 1, tree_is_wanted, &s, &trees);
    if (err == OK)
        err = archive_sweep(ctx, d->legacy->archives, archive_is_wanted, &s, &archives);
    *removed = trees + archives;
    return err;
}
