/*
 * stage.c - from archive to staging folder, every byte counted and hashed on its way.
 */
#include "cli/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/folder.h"
#include "cli/tar.h"

enum { CHUNK = 64 << 10 };

static enum err damaged(struct ctx *ctx, const char *what, const char *name)
{
    return ctx_fail(ctx, ERR_CORRUPT, "The backup is damaged or was changed: %s %s", name, what);
}

/* The next member; it must be the one that is due. */
static enum err expect(struct ctx *ctx, struct tar_reader *r, const char *name)
{
    bool end;
    enum err err = tar_next(ctx, r, &end);
    if (err != OK)
        return err;
    if (end)
        return damaged(ctx, "is missing", name);
    if (strcmp(r->name, name) != 0)
        return damaged(ctx, "stands where something else was announced", r->name);
    return OK;
}

static enum err read_list(struct ctx *ctx, struct tar_reader *r, struct backup_list *list)
{
    size_t got;
    enum err err = expect(ctx, r, BACKUP_LIST_NAME);
    if (err != OK)
        return err;
    if (r->size > BACKUP_LIST_MAX)
        return damaged(ctx, "is too large", BACKUP_LIST_NAME);
    char *text = arena_alloc_raw(ctx->arena, (size_t)r->size + 1);
    if (text == NULL)
        return ctx_no_memory(ctx);
    err = tar_read(ctx, r, text, (size_t)r->size, &got);
    return err == OK ? backup_list_read(ctx, (struct slice){text, got}, list) : err;
}

/* The content of one member into fd, or (-1) nowhere; what came must hash to what was announced. */
static enum err copy_member(struct ctx *ctx, struct tar_reader *r, const struct backup_file *file,
                            int fd)
{
    char bytes[CHUNK], hex[SHA256_HEX];
    unsigned char sum[SHA256_BYTES];
    struct crypto_hash *hash = crypto_hash_new();
    size_t got = 1;
    enum err err = hash ? OK : ctx_no_memory(ctx);
    while (err == OK && got > 0) {
        err = tar_read(ctx, r, bytes, sizeof bytes, &got);
        if (err == OK && fd >= 0 && file_write(fd, (struct slice){bytes, got}) != 0)
            err = ctx_fail_errno(ctx, errno, "writing the staging folder");
        if (err == OK)
            crypto_hash_add(hash, bytes, got);
    }
    if (hash)
        crypto_hash_end(hash, sum);
    if (err != OK)
        return err;
    crypto_hex(sum, sizeof sum, hex);
    return strcmp(hex, file->sha256) == 0
               ? OK
               : damaged(ctx, "has other bytes than announced", file->name);
}

/* "blobs/ab/..." needs its folder; names were checked by the list reader. */
static enum err make_parent(struct ctx *ctx, const char *stage, const char *name)
{
    const char *slash = strrchr(name, '/');
    if (slash == NULL)
        return OK;
    const char *parent = str_printf(ctx->arena, "%s/%.*s", stage, (int)(slash - name), name);
    if (parent == NULL)
        return ctx_no_memory(ctx);
    if (mkdir(parent, 0700) != 0 && errno != EEXIST)
        return ctx_fail_errno(ctx, errno, parent);
    return OK;
}

static enum err find_file(struct ctx *ctx, struct tar_reader *r, const struct backup_file *file)
{
    enum err err = expect(ctx, r, file->name);
    if (err == OK && r->size != file->size)
        err = damaged(ctx, "has another size than announced", file->name);
    return err;
}

static enum err read_file(struct ctx *ctx, struct tar_reader *r, const char *stage,
                          const struct backup_file *file)
{
    enum err err = find_file(ctx, r, file);
    if (err == OK)
        err = make_parent(ctx, stage, file->name);
    if (err != OK)
        return err;
    const char *path = folder_file(ctx, stage, file->name);
    if (path == NULL)
        return ctx_no_memory(ctx);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return ctx_fail_errno(ctx, errno, path);
    err = copy_member(ctx, r, file, fd);
    if (close(fd) != 0 && err == OK)
        err = ctx_fail_errno(ctx, errno, path);
    return err;
}

/* One call for all files, instead of one fsync each: a backup may hold a hundred thousand. */
static enum err make_durable(struct ctx *ctx, const char *stage)
{
    int fd = open(stage, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) != 0) {
        int why = errno;
        if (fd >= 0)
            (void)close(fd);
        return ctx_fail_errno(ctx, why, "syncing the staging folder");
    }
    (void)close(fd);
    return OK;
}

static enum err at_end(struct ctx *ctx, struct tar_reader *r)
{
    bool end = false;
    enum err err = tar_next(ctx, r, &end);
    return err == OK && !end ? damaged(ctx, "was never announced", r->name) : err;
}

enum err stage_read(struct ctx *ctx, int archive, const char *stage, struct backup_list *list)
{
    struct tar_reader r;
    memset(list, 0, sizeof *list);
    tar_reader_init(&r, archive);
    enum err err = read_list(ctx, &r, list);
    if (err != OK)
        return err;
    const char *blobs = folder_file(ctx, stage, "blobs");
    if (blobs == NULL)
        return ctx_no_memory(ctx);
    if (mkdir(stage, 0700) != 0 || mkdir(blobs, 0700) != 0)
        return ctx_fail_errno(ctx, errno, stage);
    for (size_t i = 0; i < list->count && err == OK; i++)
        err = read_file(ctx, &r, stage, &list->files[i]);
    if (err == OK)
        err = at_end(ctx, &r);
    return err == OK ? make_durable(ctx, stage) : err;
}

enum err stage_check(struct ctx *ctx, int archive)
{
    struct tar_reader r;
    struct backup_list list = {0};
    tar_reader_init(&r, archive);
    enum err err = read_list(ctx, &r, &list);
    for (size_t i = 0; i < list.count && err == OK; i++) {
        err = find_file(ctx, &r, &list.files[i]);
        if (err == OK)
            err = copy_member(ctx, &r, &list.files[i], -1);
    }
    return err == OK ? at_end(ctx, &r) : err;
}

void stage_drop(struct ctx *ctx, const char *stage, const struct backup_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *path = folder_file(ctx, stage, list->files[i].name);
        if (path)
            (void)unlink(path);
    }
    for (int i = 0; i < 256; i++) {
        const char *sub = str_printf(ctx->arena, "%s/blobs/%02x", stage, (unsigned)i);
        if (sub)
            (void)rmdir(sub);
    }
    const char *blobs = folder_file(ctx, stage, "blobs");
    if (blobs)
        (void)rmdir(blobs);
    (void)rmdir(stage); /* what cannot be removed is swept at the next start, with all of tmp/ */
}
