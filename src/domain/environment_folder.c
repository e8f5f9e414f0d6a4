/*
 * environment_folder.c - one walk for each question.
 */
#include "domain/environment_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PACKAGES_SHOWN = 200 };

static FTS *walk(const char *path)
{
    char *const paths[] = {(char *)(uintptr_t)path, NULL}; /* fts copies it */
    return fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
}

void folder_measure(const char *path, int64_t max_bytes, int64_t max_files, struct folder_size *out)
{
    FTS *tree = walk(path);
    *out = (struct folder_size){0};
    if (tree == NULL)
        return;
    for (const FTSENT *e; (e = fts_read(tree)) != NULL;) {
        if (e->fts_info == FTS_F)
            out->bytes += e->fts_statp->st_size;
        if (e->fts_info != FTS_DP)
            out->files++;
        if (out->bytes > max_bytes || out->files > max_files)
            break;
    }
    (void)fts_close(tree);
}

static enum err settle_one(struct ctx *ctx, const FTSENT *e)
{
    bool folder = e->fts_info == FTS_D;
    if (!folder && e->fts_info != FTS_F)
        return ctx_fail(ctx, ERR_INVALID, "A package holds a link or another special file: %s",
                        e->fts_name);
    if (geteuid() == 0 && lchown(e->fts_path, 0, 0) != 0)
        return ctx_fail_errno(ctx, errno, e->fts_path);
    if (chmod(e->fts_path, folder ? 0755 : 0644) != 0)
        return ctx_fail_errno(ctx, errno, e->fts_path);
    return OK;
}

enum err folder_settle(struct ctx *ctx, const char *path)
{
    enum err err = OK;
    FTS *tree = walk(path);
    if (tree == NULL)
        return ctx_fail_errno(ctx, errno, path);
    for (const FTSENT *e; err == OK && (e = fts_read(tree)) != NULL;)
        if (e->fts_info != FTS_DP)
            err = settle_one(ctx, e);
    (void)fts_close(tree);
    return err;
}

enum err folder_remove(struct ctx *ctx, const char *path)
{
    enum err err = OK;
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? OK : ctx_fail_errno(ctx, errno, path);
    FTS *tree = walk(path);
    if (tree == NULL)
        return ctx_fail_errno(ctx, errno, path);
    for (const FTSENT *e; (e = fts_read(tree)) != NULL;) {
        if (e->fts_info == FTS_D)
            (void)chmod(e->fts_path, 0700); /* so that what is inside can go */
        else if (remove(e->fts_path) != 0 && errno != ENOENT && err == OK)
            err = ctx_fail_errno(ctx, errno, e->fts_path);
    }
    (void)fts_close(tree);
    return err;
}

/* "numpy-1.20.0.dist-info" is numpy, 1.20.0. */
static void put_package(struct jw *j, struct slice name)
{
    struct slice both = slice_sub(name, 0, name.n - strlen(".dist-info"));
    size_t dash = slice_find(both, '-');
    jw_object(j);
    jw_put_text(j, "name", slice_sub(both, 0, dash));
    jw_put_text(j, "version", slice_sub(both, dash + 1, both.n));
    jw_end(j);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum err folder_packages(struct ctx *ctx, const char *path, struct jw *j)
{
    const char **names = arena_array(ctx->arena, PACKAGES_SHOWN, sizeof *names);
    size_t count = 0;
    DIR *dir = names ? opendir(path) : NULL;
    if (dir == NULL)
        return names ? ctx_fail_errno(ctx, errno, path) : ctx_no_memory(ctx);
    for (const struct dirent *e; count < PACKAGES_SHOWN && (e = readdir(dir)) != NULL;)
        if (slice_ends(slice_of(e->d_name), ".dist-info") &&
            (names[count] = slice_dup(ctx->arena, slice_of(e->d_name))) != NULL)
            count++;
    (void)closedir(dir);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++)
        put_package(j, slice_of(names[i]));
    return OK;
}
