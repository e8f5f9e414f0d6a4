/*
 * environment_sweep.c - walking the folder of environments.
 */
#include "domain/environment_sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "domain/environment_folder.h"

enum { AT_ONCE = 10000 };

/* NULL without a fault where there is no such folder yet. */
static DIR *open_folder(struct ctx *ctx, const char *folder, enum err *err)
{
    DIR *dir = opendir(folder);
    *err = dir || errno == ENOENT ? OK : ctx_fail_errno(ctx, errno, folder);
    return dir;
}

static enum err remove_below(struct ctx *ctx, const char *folder, const char *name)
{
    const char *path = str_printf(ctx->arena, "%s/%s", folder, name);
    return path ? folder_remove(ctx, path) : ctx_no_memory(ctx);
}

enum err environment_sweep_staging(struct ctx *ctx, const char *folder)
{
    enum err err;
    DIR *dir = open_folder(ctx, folder, &err);
    if (dir == NULL)
        return err;
    for (const struct dirent *e; err == OK && (e = readdir(dir)) != NULL;)
        if (slice_starts(slice_of(e->d_name), ENVIRONMENT_STAGING))
            err = remove_below(ctx, folder, e->d_name);
    (void)closedir(dir);
    return err;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct standing *)a)->key, ((const struct standing *)b)->key);
}

static bool is_old(DIR *dir, const char *name, int64_t before_ms)
{
    struct stat st;
    return fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           (int64_t)st.st_mtim.tv_sec * 1000 < before_ms;
}

enum err environment_standing(struct ctx *ctx, const char *folder, int64_t before_ms,
                              struct standing **out, size_t *count)
{
    enum err err;
    DIR *dir = open_folder(ctx, folder, &err);
    *count = 0;
    if (dir == NULL)
        return err;
    struct standing *list = arena_array(ctx->arena, AT_ONCE, sizeof *list);
    if (list == NULL) {
        (void)closedir(dir);
        return ctx_no_memory(ctx);
    }
    for (const struct dirent *e; err == OK && *count < AT_ONCE && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.' || !is_old(dir, e->d_name, before_ms))
            continue;
        list[*count].key = slice_dup(ctx->arena, slice_of(e->d_name));
        err = list[(*count)++].key ? OK : ctx_no_memory(ctx);
    }
    (void)closedir(dir);
    if (err == OK)
        qsort(list, *count, sizeof *list, by_key);
    *out = list;
    return err;
}

void environment_want(struct standing *list, size_t count, const char *key)
{
    const struct standing want = {.key = key};
    struct standing *found = bsearch(&want, list, count, sizeof *list, by_key);
    if (found)
        found->wanted = true;
}

/* Away from its name first, so that nobody finds half of it. */
static enum err remove_one(struct ctx *ctx, const char *folder, const char *key)
{
    const char *from = str_printf(ctx->arena, "%s/%s", folder, key);
    const char *to = str_printf(ctx->arena, "%s/" ENVIRONMENT_STAGING "gone-%s", folder, key);
    if (from == NULL || to == NULL)
        return ctx_no_memory(ctx);
    if (rename(from, to) != 0)
        return ctx_fail_errno(ctx, errno, from);
    return folder_remove(ctx, to);
}

enum err environment_sweep(struct ctx *ctx, const char *folder, const struct standing *list,
                           size_t count, int64_t *removed)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < count; i++) {
        if (list[i].wanted)
            continue;
        err = remove_one(ctx, folder, list[i].key);
        *removed += err == OK;
    }
    return err;
}
