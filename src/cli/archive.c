/*
 * archive.c - collecting the members, then writing them one after another.
 */
#include "cli/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/folder.h"
#include "store/snapshot.h"

enum { CHUNK = 64 << 10 };

/* Where the bytes of a member are read from. */
static const char *source(const struct archive *a, const struct backup_file *file)
{
    return strcmp(file->name, "larder.db") == 0 ? a->room.copy
                                                : folder_file(a->ctx, a->data, file->name);
}

static enum err add_file(struct archive *a, const char *name, const char *sha256)
{
    struct ctx *ctx = a->ctx;
    if (a->list.count == BACKUP_FILES_MAX)
        return ctx_fail(ctx, ERR_TOO_LARGE, "There are more than %d packages to back up",
                        BACKUP_FILES_MAX);
    if ((a->list.count & (a->list.count - 1)) == 0) { /* full at every power of two */
        size_t room = a->list.count ? 2 * a->list.count : 1;
        struct backup_file *more = arena_array(ctx->arena, room, sizeof *more);
        if (more == NULL)
            return ctx_no_memory(ctx);
        if (a->list.count)
            memcpy(more, a->list.files, a->list.count * sizeof *more);
        a->list.files = more;
    }
    struct backup_file *file = &a->list.files[a->list.count++];
    str_set(file->name, sizeof file->name, slice_of(name));
    str_set(file->sha256, sizeof file->sha256, slice_of(sha256));
    struct stat st;
    const char *path = source(a, file);
    if (path == NULL)
        return ctx_no_memory(ctx);
    if (stat(path, &st) != 0)
        return ctx_fail_errno(ctx, errno, path);
    file->size = st.st_size;
    a->bytes += st.st_size;
    return OK;
}

static enum err hash_file(struct ctx *ctx, const char *path, char hex[SHA256_HEX])
{
    char bytes[CHUNK];
    unsigned char sum[SHA256_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return ctx_fail_errno(ctx, errno, path);
    struct crypto_hash *hash = crypto_hash_new();
    ssize_t n = hash ? 1 : 0;
    while (n > 0) {
        n = read(fd, bytes, sizeof bytes);
        if (n > 0)
            crypto_hash_add(hash, bytes, (size_t)n);
    }
    int why = errno;
    (void)close(fd);
    if (hash == NULL)
        return ctx_no_memory(ctx);
    crypto_hash_end(hash, sum);
    if (n < 0)
        return ctx_fail_errno(ctx, why, path);
    crypto_hex(sum, sizeof sum, hex);
    return OK;
}

static enum err add_hashed(struct archive *a, const char *name, const char *path)
{
    char hex[SHA256_HEX];
    enum err err = path ? hash_file(a->ctx, path, hex) : ctx_no_memory(a->ctx);
    return err == OK ? add_file(a, name, hex) : err;
}

/* The packages of one folder; what is not named as a package is not one. */
static enum err add_folder(struct archive *a, const char *prefix)
{
    struct ctx *ctx = a->ctx;
    const char *path = folder_file(ctx, a->data, prefix);
    DIR *dir = path ? opendir(path) : NULL;
    if (path == NULL)
        return ctx_no_memory(ctx);
    if (dir == NULL)
        return errno == ENOENT ? OK : ctx_fail_errno(ctx, errno, path);
    enum err err = OK;
    for (const struct dirent *e; err == OK && (e = readdir(dir)) != NULL;) {
        char name[BACKUP_NAME];
        int n = snprintf(name, sizeof name, "%s/%s", prefix, e->d_name);
        if (n > 0 && (size_t)n < sizeof name && backup_is_blob(slice_of(name)))
            err = add_file(a, name, e->d_name);
    }
    (void)closedir(dir);
    return err;
}

static int by_name(const void *x, const void *y)
{
    return strcmp(((const struct backup_file *)x)->name, ((const struct backup_file *)y)->name);
}

static enum err add_blobs(struct archive *a)
{
    size_t first = a->list.count;
    enum err err = OK;
    for (unsigned i = 0; i < 256 && err == OK; i++) {
        char prefix[16];
        (void)snprintf(prefix, sizeof prefix, "blobs/%02x", i);
        err = add_folder(a, prefix);
    }
    if (err == OK)
        qsort(a->list.files + first, a->list.count - first, sizeof *a->list.files, by_name);
    return err;
}

/* One file into the archive; it must still be what the list says. */
static enum err write_file(struct archive *a, struct tar_writer *w, const struct backup_file *file)
{
    struct ctx *ctx = a->ctx;
    const char *path = source(a, file);
    char bytes[CHUNK], hex[SHA256_HEX];
    unsigned char sum[SHA256_BYTES];
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0)
        return path ? ctx_fail_errno(ctx, errno, path) : ctx_no_memory(ctx);
    struct crypto_hash *hash = crypto_hash_new();
    enum err err = hash ? tar_member(ctx, w, file->name, file->size, a->list.created_at / 1000)
                        : ctx_no_memory(ctx);
    ssize_t n = 1;
    while (err == OK && n > 0) {
        n = read(fd, bytes, sizeof bytes);
        if (n < 0)
            err = ctx_fail_errno(ctx, errno, path);
        if (n > 0) {
            crypto_hash_add(hash, bytes, (size_t)n);
            err = tar_write(ctx, w, (struct slice){bytes, (size_t)n});
        }
    }
    (void)close(fd);
    if (hash)
        crypto_hash_end(hash, sum);
    if (err != OK)
        return err;
    crypto_hex(sum, sizeof sum, hex);
    if (strcmp(hex, file->sha256) != 0)
        return ctx_fail(ctx, ERR_CORRUPT, "%s is damaged; `larder verify --deep` lists what is",
                        file->name);
    return OK;
}

enum err archive_write(struct archive *a, struct tar_writer *w)
{
    struct ctx *ctx = a->ctx;
    struct buf list;
    buf_init(&list, ctx->arena, BACKUP_LIST_MAX);
    backup_list_write(&a->list, &list);
    if (buf_failed(&list))
        return ctx_no_memory(ctx);
    enum err err = tar_member(ctx, w, BACKUP_LIST_NAME, (int64_t)list.n, a->list.created_at / 1000);
    if (err == OK)
        err = tar_write(ctx, w, buf_view(&list));
    for (size_t i = 0; i < a->list.count && err == OK; i++)
        err = write_file(a, w, &a->list.files[i]);
    return err == OK ? tar_finish(ctx, w) : err;
}

enum err archive_open(struct ctx *ctx, const char *data, bool with_key, struct archive *out)
{
    *out = (struct archive){.ctx = ctx, .data = data, .room.lock = -1};
    out->list.version = LARDER_VERSION;
    out->list.created_at = clock_wall_ms(ctx->clock);
    enum err err = workroom_open(ctx, data, &out->room);
    if (err == OK)
        err = snapshot_make(ctx, folder_file(ctx, data, "larder.db"), out->room.copy);
    if (err == OK)
        err = add_hashed(out, "larder.db", out->room.copy);
    if (err == OK && with_key)
        err = add_hashed(out, "key", folder_file(ctx, data, "key"));
    return err == OK ? add_blobs(out) : err;
}

void archive_close(struct archive *a)
{
    workroom_close(&a->room);
}
