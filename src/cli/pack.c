/*
 * pack.c - walking folders and packing them.
 *
 * Names are sorted, so that two machines pack the same folder into the same bytes. Links are not
 * followed and not packed; what tools leave behind (caches, hidden files) is left out.
 */
#include "cli/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "package/zip_write.h"

enum { FILE_MAX = 64 << 20, ENTRIES_MAX = 10000, DEPTH_MAX = 20 };

struct names {
    const char **name;
    size_t count, cap;
};

static enum err add_name(struct cli *cli, struct names *list, const char *name)
{
    if (list->count == ENTRIES_MAX)
        return ctx_fail(cli->ctx, ERR_TOO_LARGE, "A folder holds more than %d entries",
                        ENTRIES_MAX);
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 64;
        const char **more = arena_array(cli->ctx->arena, cap, sizeof *more);
        if (more == NULL)
            return ctx_no_memory(cli->ctx);
        if (list->count)
            memcpy(more, list->name, list->count * sizeof *more);
        list->name = more;
        list->cap = cap;
    }
    list->name[list->count] = slice_dup(cli->ctx->arena, slice_of(name));
    return list->name[list->count++] ? OK : ctx_no_memory(cli->ctx);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_left_out(const char *name)
{
    struct slice s = slice_of(name);
    return name[0] == '.' || slice_is(s, "__pycache__") || slice_is(s, "__MACOSX") ||
           slice_ends(s, ".pyc");
}

static enum err read_folder(struct cli *cli, const char *path, struct names *out)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return ctx_fail_errno(cli->ctx, errno, path);
    enum err err = OK;
    for (struct dirent *e; err == OK && (e = readdir(dir)) != NULL;)
        if (!is_left_out(e->d_name))
            err = add_name(cli, out, e->d_name);
    (void)closedir(dir);
    if (out->count)
        qsort(out->name, out->count, sizeof *out->name, by_name);
    return err;
}

static const char *join(struct cli *cli, const char *folder, const char *name)
{
    return str_printf(cli->ctx->arena, "%s/%s", folder, name);
}

/* A pipe of that name would be waited for, for ever. */
static bool is_zip(const char *path)
{
    struct stat st;
    return slice_ends(slice_of(path), ".zip") && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool has_plugin(struct cli *cli, const char *folder)
{
    struct stat st;
    const char *file = join(cli, folder, "plugin.py");
    return file && stat(file, &st) == 0 && S_ISREG(st.st_mode);
}

static enum err take(struct cli *cli, struct pack_list *list, const char *path)
{
    struct names names = {list->path, list->count, list->cap};
    enum err err = add_name(cli, &names, path);
    *list = (struct pack_list){names.name, names.count, names.cap};
    return err;
}

enum err pack_find(struct cli *cli, const char *path, struct pack_list *list)
{
    struct stat st;
    struct names names = {0};
    size_t before = list->count;
    if (stat(path, &st) != 0)
        return ctx_fail(cli->ctx, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path,
                        errno == ENOENT ? "there is no such file" : "it cannot be read");
    if (!S_ISDIR(st.st_mode) || has_plugin(cli, path))
        return take(cli, list, path);
    enum err err = read_folder(cli, path, &names);
    for (size_t i = 0; err == OK && i < names.count; i++) {
        const char *inner = join(cli, path, names.name[i]);
        if (inner == NULL)
            return ctx_no_memory(cli->ctx);
        if (is_zip(inner) || has_plugin(cli, inner))
            err = take(cli, list, inner);
    }
    if (err == OK && list->count == before)
        return ctx_fail(cli->ctx, ERR_NOT_FOUND, "%s holds no ZIP and no folder with a plugin.py",
                        path);
    return err;
}

static enum err read_whole(struct cli *cli, int fd, const char *path, size_t n, struct slice *out)
{
    if (n > FILE_MAX)
        return ctx_fail(cli->ctx, ERR_TOO_LARGE, "%s is larger than %d bytes", path, FILE_MAX);
    char *p = arena_alloc_raw(cli->ctx->arena, n);
    if (p == NULL)
        return ctx_no_memory(cli->ctx);
    for (size_t at = 0; at < n;) {
        ssize_t got = read(fd, p + at, n - at);
        if (got <= 0)
            return ctx_fail_errno(cli->ctx, got < 0 ? errno : EIO, path);
        at += (size_t)got;
    }
    *out = (struct slice){p, n};
    return OK;
}

static enum err read_file(struct cli *cli, const char *path, struct slice *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return ctx_fail_errno(cli->ctx, errno, path);
    enum err err = OK;
    if (fstat(fd, &st) != 0)
        err = ctx_fail_errno(cli->ctx, errno, path);
    else if (!S_ISREG(st.st_mode))
        err = ctx_fail(cli->ctx, ERR_INVALID, "%s is no plain file, so its size is not known",
                       path);
    else
        err = read_whole(cli, fd, path, (size_t)st.st_size, out);
    (void)close(fd);
    return err;
}

/* Adds all of a folder, its files and then the folders in it; `below` is its name in the archive. */
static enum err pack_folder(struct cli *cli, struct zip_writer *w, const char *path,
                            const char *below, int depth)
{
    struct names names = {0};
    enum err err = read_folder(cli, path, &names);
    if (depth > DEPTH_MAX)
        return ctx_fail(cli->ctx, ERR_INVALID, "%s is nested too deeply", path);
    for (size_t i = 0; err == OK && i < names.count; i++) {
        const char *inner = join(cli, path, names.name[i]);
        const char *name = str_printf(cli->ctx->arena, "%s%s", below, names.name[i]);
        struct slice bytes;
        struct stat st;
        if (inner == NULL || name == NULL)
            return ctx_no_memory(cli->ctx);
        if (lstat(inner, &st) != 0)
            return ctx_fail_errno(cli->ctx, errno, inner);
        if (S_ISDIR(st.st_mode)) {
            const char *deeper = str_printf(cli->ctx->arena, "%s/", name);
            err = deeper ? pack_folder(cli, w, inner, deeper, depth + 1) : ctx_no_memory(cli->ctx);
        } else if (S_ISREG(st.st_mode)) {
            err = read_file(cli, inner, &bytes);
            if (err == OK)
                err = zip_write_add(w, slice_of(name), bytes, ZIP_PACK_SMALLER);
        }
    }
    return err;
}

/* "dir/web_search/" gives "web_search". */
static struct slice base_name(const char *path)
{
    struct slice s = slice_of(path);
    while (s.n > 1 && s.p[s.n - 1] == '/')
        s.n--;
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '/')
            return slice_sub(s, i, s.n);
    return s;
}

enum err pack_read(struct cli *cli, const char *path, struct slice *bytes, const char **name)
{
    struct stat st;
    struct slice base = base_name(path);
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    *name = str_printf(cli->ctx->arena, folder ? "%.*s.zip" : "%.*s", SLICE_ARGS(base));
    if (*name == NULL)
        return ctx_no_memory(cli->ctx);
    if (!folder)
        return read_file(cli, path, bytes);
    struct zip_writer w;
    struct buf *out = arena_alloc(cli->ctx->arena, sizeof *out);
    if (out == NULL)
        return ctx_no_memory(cli->ctx);
    buf_init(out, cli->ctx->arena, FILE_MAX);
    zip_write_begin(&w, cli->ctx, out);
    enum err err = pack_folder(cli, &w, path, "", 0);
    if (err == OK)
        err = zip_write_end(&w);
    *bytes = buf_view(out);
    return err;
}
