/*
 * dropped.c - one walk for both purposes: measuring looks at names, sizes and times, reading takes
 * the bytes.
 */
#include "blob/dropped.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 20, FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* The one that is being walked. */
struct walk {
    struct ctx *ctx;
    const struct dropped_limits *limits;
    const struct dropped_walk *hooks; /* of a measuring walk, else NULL */
    enum err (*each)(void *arg, struct slice name, struct slice bytes); /* of a reading one */
    void *arg;
    size_t files;
    int64_t bytes;
    uint64_t mark;
    int64_t changed_at;
};

struct names {
    const char **name;
    size_t count, cap;
};

/* ---- names -------------------------------------------------------------------------------------- */

static enum err add_name(struct ctx *ctx, struct names *list, const char *name, size_t max)
{
    if (list->count >= max)
        return ctx_fail(ctx, ERR_TOO_LARGE, "The folder holds more than %zu files", max);
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 32;
        const char **more = arena_array(ctx->arena, cap, sizeof *more);
        if (more == NULL)
            return ctx_no_memory(ctx);
        if (list->count)
            memcpy(more, list->name, list->count * sizeof *more);
        list->name = more;
        list->cap = cap;
    }
    list->name[list->count] = slice_dup(ctx->arena, slice_of(name));
    return list->name[list->count++] ? OK : ctx_no_memory(ctx);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What tools leave behind belongs to no package. */
static bool is_left_out(const char *name)
{
    struct slice s = slice_of(name);
    return name[0] == '.' || slice_is(s, "__pycache__") || slice_is(s, "__MACOSX") ||
           slice_ends(s, ".pyc");
}

static bool is_zip_name(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && slice_is_nocase(slice_of(name + n - 4), ".zip");
}

/* Of the folder behind fd, which is closed. */
static enum err read_names(struct ctx *ctx, int fd, size_t max, struct names *out)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd);
        return ctx_fail_errno(ctx, errno, "read a dropped folder");
    }
    enum err err = OK;
    for (struct dirent *e; err == OK && (e = readdir(dir)) != NULL;)
        if (!is_left_out(e->d_name))
            err = add_name(ctx, out, e->d_name, max);
    (void)closedir(dir);
    if (out->count)
        qsort(out->name, out->count, sizeof *out->name, by_name);
    return err;
}

/* ---- measuring ---------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    for (const unsigned char *c = p; n > 0; c++, n--)
        h = (h ^ *c) * 0x100000001b3;
    return h;
}

static void measure(struct walk *w, const char *path, const struct stat *st)
{
    int64_t at = (int64_t)st->st_ctim.tv_sec * 1000 + st->st_ctim.tv_nsec / 1000000;
    w->mark = mix(w->mark, path, strlen(path) + 1);
    w->mark = mix(w->mark, &st->st_ino, sizeof st->st_ino);
    w->mark = mix(w->mark, &st->st_size, sizeof st->st_size);
    w->mark = mix(w->mark, &st->st_mode, sizeof st->st_mode);
    w->mark = mix(w->mark, &st->st_mtim, sizeof st->st_mtim);
    w->mark = mix(w->mark, &st->st_ctim, sizeof st->st_ctim);
    if (at > w->changed_at)
        w->changed_at = at;
}

/* ---- reading ------------------------------------------------------------------------------------ */

static enum err gone(struct ctx *ctx, const char *path)
{
    return ctx_fail(ctx, ERR_NOT_FOUND, "%.200s cannot be read, or went away meanwhile", path);
}

static enum err too_large(struct ctx *ctx, const char *path, int64_t max)
{
    return ctx_fail(ctx, ERR_TOO_LARGE, "%.200s is larger than %lld bytes", path, (long long)max);
}

/* No more than was looked at before: a file that grows meanwhile is not quiet. */
static enum err read_bytes(struct walk *w, int fd, const char *path, size_t n)
{
    char *p = arena_alloc_raw(w->ctx->arena, n ? n : 1);
    if (p == NULL)
        return ctx_no_memory(w->ctx);
    for (size_t at = 0; at < n;) {
        ssize_t got = read(fd, p + at, n - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return gone(w->ctx, path);
        at += (size_t)got;
    }
    return w->each(w->arg, slice_of(path), (struct slice){p, n});
}

static enum err take_file(struct walk *w, int at, const char *name, const char *path, int64_t max)
{
    struct stat st;
    /* non-blocking: what was a file a moment ago may be a pipe now */
    int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return gone(w->ctx, path);
    enum err err = OK;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        err = gone(w->ctx, path);
    else if (st.st_size > max)
        err = too_large(w->ctx, path, max);
    else if ((w->bytes += st.st_size) > w->limits->bytes && max == w->limits->file_bytes)
        err = too_large(w->ctx, "The folder", w->limits->bytes);
    else
        err = read_bytes(w, fd, path, (size_t)st.st_size);
    (void)close(fd);
    return err;
}

/* ---- the walk ----------------------------------------------------------------------------------- */

static enum err walk_folder(struct walk *w, int at, const char *name, const char *path,
                            const char *inside, int depth);

static enum err visit(struct walk *w, int at, const char *name, const char *path,
                      const char *inside, int depth)
{
    struct stat st;
    if (++w->files > w->limits->files)
        return ctx_fail(w->ctx, ERR_TOO_LARGE, "The folder holds more than %zu files",
                        w->limits->files);
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return gone(w->ctx, path);
    measure(w, path, &st);
    if (S_ISDIR(st.st_mode))
        return walk_folder(w, at, name, path, inside, depth + 1);
    if (!S_ISREG(st.st_mode))
        return ctx_fail(w->ctx, ERR_INVALID,
                        "%.200s is a link or a special file; only files and folders are taken",
                        path);
    return w->each ? take_file(w, at, name, inside, w->limits->file_bytes) : OK;
}

/* `path` is seen from the root, `inside` from the dropped folder; "" for itself. */
static enum err walk_folder(struct walk *w, int at, const char *name, const char *path,
                            const char *inside, int depth)
{
    struct names names = {0};
    if (depth > DEPTH_MAX)
        return ctx_fail(w->ctx, ERR_INVALID, "%.200s is nested too deeply", path);
    if (w->hooks && w->hooks->folder)
        w->hooks->folder(w->hooks->arg, path);
    int fd = openat(at, name, FOLDER);
    int again = fd < 0 ? -1 : openat(fd, ".", FOLDER);
    if (fd < 0 || again < 0) {
        if (fd >= 0)
            (void)close(fd);
        return gone(w->ctx, path);
    }
    enum err err = read_names(w->ctx, again, w->limits->files, &names);
    for (size_t i = 0; err == OK && i < names.count; i++) {
        const char *n = names.name[i];
        const char *outer = str_printf(w->ctx->arena, "%s/%s", path, n);
        const char *inner = inside[0] ? str_printf(w->ctx->arena, "%s/%s", inside, n) : n;
        err = outer && inner ? visit(w, fd, n, outer, inner, depth) : ctx_no_memory(w->ctx);
    }
    (void)close(fd);
    return err;
}

static int open_root(struct ctx *ctx, const char *root, enum err *err)
{
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *err = fd < 0 ? ctx_fail_errno(ctx, errno, root) : OK;
    return fd;
}

/* ---- listing ------------------------------------------------------------------------------------ */

static enum err measure_one(struct ctx *ctx, int root, const struct stat *st,
                            const struct dropped_walk *hooks, struct dropped *out)
{
    struct walk w = {
        .ctx = ctx, .limits = &hooks->limits, .hooks = hooks, .mark = 0xcbf29ce484222325};
    enum err err = OK;
    measure(&w, out->name, st);
    if (S_ISDIR(st->st_mode))
        err = walk_folder(&w, root, out->name, out->name, "", 0);
    else if (!S_ISREG(st->st_mode))
        err = ctx_fail(ctx, ERR_INVALID, "%.200s is a link or a special file", out->name);
    else if (st->st_size > hooks->limits.zip_bytes)
        err = too_large(ctx, out->name, hooks->limits.zip_bytes);
    out->mark = w.mark;
    out->changed_at = w.changed_at;
    if (err == OK || (err != ERR_INVALID && err != ERR_TOO_LARGE && err != ERR_NOT_FOUND))
        return err;
    out->problem = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
    ctx_forgive(ctx);
    return out->problem ? OK : ctx_no_memory(ctx);
}

static enum err list_names(struct ctx *ctx, int root, const struct names *names,
                           const struct dropped_walk *walk, struct dropped *out, size_t *count)
{
    enum err err = OK;
    *count = 0;
    for (size_t i = 0; err == OK && i < names->count; i++) {
        struct stat st;
        struct dropped *one = &out[*count];
        const char *name = names->name[i];
        if (fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue; /* gone already */
        bool is_zip = !S_ISDIR(st.st_mode) && is_zip_name(name);
        if ((!S_ISDIR(st.st_mode) && !is_zip) || walk->skip(walk->arg, name))
            continue;
        *one = (struct dropped){.name = name, .is_zip = is_zip};
        err = measure_one(ctx, root, &st, walk, one);
        ++*count;
    }
    return err;
}

enum err dropped_list(struct ctx *ctx, const char *root, const struct dropped_walk *walk,
                      struct dropped **out, size_t *count)
{
    struct names names = {0};
    enum err err;
    int fd = open_root(ctx, root, &err), again = fd < 0 ? -1 : openat(fd, ".", FOLDER);
    *count = 0;
    if (fd < 0)
        return err;
    err = again < 0 ? ctx_fail_errno(ctx, errno, root)
                    : read_names(ctx, again, walk->limits.entries, &names);
    struct dropped *list = arena_array(ctx->arena, names.count + 1, sizeof *list);
    if (err == OK)
        err = list ? list_names(ctx, fd, &names, walk, list, count) : ctx_no_memory(ctx);
    *out = list;
    (void)close(fd);
    return err;
}

/* ---- taking one --------------------------------------------------------------------------------- */

enum err dropped_read(struct ctx *ctx, const char *root, const char *name, bool is_zip,
                      const struct dropped_limits *limits,
                      enum err (*each)(void *arg, struct slice name, struct slice bytes), void *arg)
{
    struct walk w = {.ctx = ctx, .limits = limits, .each = each, .arg = arg};
    enum err err;
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/'))
        return ctx_fail_cause(ctx, ERR_INTERNAL, "no name of a dropped plugin");
    int fd = open_root(ctx, root, &err);
    if (fd < 0)
        return err;
    err = is_zip ? take_file(&w, fd, name, name, limits->zip_bytes)
                 : walk_folder(&w, fd, name, name, "", 0);
    (void)close(fd);
    return err;
}
