/*
 * archive.c - writing, moving and sweeping named archives.
 *
 * The archive goes to its place before the hidden file does: after a crash between the two the
 * hidden file names the old hash or is absent, so the archive is made again, and what a stranger
 * put there is never taken for ours. Removing goes the same way round.
 */
#include "blob/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"

#define STAGING ".larder-staging-"
#define MARK ".larder."

enum {
    FOLDER_MODE = 0755,
    FILE_MODE = 0644,
    STAGING_NAME = sizeof STAGING + 32,
    MARK_NAME = sizeof MARK + NAME_MAX
};

struct archives {
    int root;
};

struct archive {
    struct archives *archives;
    char staging[STAGING_NAME];
};

/* ------------------------------------------------------------------ the folder */

enum err archives_open(struct ctx *ctx, const char *root, struct archives **out)
{
    if (file_make_path(root, FOLDER_MODE) != 0)
        return ctx_fail_errno(ctx, errno, root);
    struct archives *a = malloc(sizeof *a); /* freed by archives_close */
    if (a == NULL)
        return ctx_no_memory(ctx);
    a->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (a->root < 0) {
        int why = errno;
        free(a);
        return ctx_fail_errno(ctx, why, root);
    }
    *out = a;
    return OK;
}

void archives_close(struct archives *a)
{
    if (a == NULL)
        return;
    (void)close(a->root);
    free(a);
}

enum err archives_sync(struct ctx *ctx, struct archives *a)
{
    return syncfs(a->root) == 0 ? OK : ctx_fail_errno(ctx, errno, "flush the archives");
}

uint64_t archives_device(const struct archives *a)
{
    struct stat st;
    return fstat(a->root, &st) == 0 ? (uint64_t)st.st_dev : 0;
}

/* ------------------------------------------------------------------ names */

/* A name of the folder that cannot be mistaken for one of the hidden ones. */
static bool is_name(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n + sizeof MARK <= NAME_MAX && name[0] != '.' && strchr(name, '/') == NULL;
}

static void mark_name(const char *name, char out[MARK_NAME])
{
    (void)snprintf(out, MARK_NAME, MARK "%s", name);
}

static void staging_name(char out[STAGING_NAME])
{
    unsigned char random[16];
    char hex[2 * sizeof random + 1];
    crypto_random(random, sizeof random);
    crypto_hex(random, sizeof random, hex);
    (void)snprintf(out, STAGING_NAME, STAGING "%s", hex);
}

/* A folder that should be there and is not is trouble on the disk, never "not found". */
static enum err disk_trouble(struct ctx *ctx, const char *what)
{
    return ctx_fail_errno(ctx, errno == ENOENT || errno == ENOTDIR ? EIO : errno, what);
}

/* ------------------------------------------------------------------ writing */

/* A file of a new name with these bytes, whole or not at all. */
static int write_staging(const struct archives *a, struct slice bytes, char name[STAGING_NAME])
{
    staging_name(name);
    int fd = openat(a->root, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return -1;
    int result = file_write(fd, bytes), why = errno;
    if (close(fd) != 0 && result == 0) {
        result = -1;
        why = errno;
    }
    if (result != 0)
        (void)unlinkat(a->root, name, 0);
    errno = why;
    return result;
}

enum err archive_stage(struct ctx *ctx, struct archives *archives, struct slice bytes,
                       struct archive **out)
{
    struct archive *a = arena_alloc(ctx->arena, sizeof *a);
    if (a == NULL)
        return ctx_no_memory(ctx);
    a->archives = archives;
    if (write_staging(archives, bytes, a->staging) != 0)
        return disk_trouble(ctx, "write an archive");
    *out = a;
    return OK;
}

void archive_abandon(struct archive *a)
{
    (void)unlinkat(a->archives->root, a->staging, 0); /* what is left the next start removes */
}

enum err archive_publish(struct ctx *ctx, struct archive *a, const char *name, const char *sha256)
{
    int root = a->archives->root;
    char mark[MARK_NAME], staged_mark[STAGING_NAME];
    enum err err = is_name(name) ? OK
                                 : ctx_fail_cause(ctx, ERR_INTERNAL, "an archive named '%s'", name);
    if (err == OK && renameat(root, a->staging, root, name) != 0)
        err = disk_trouble(ctx, "move an archive to its place");
    if (err != OK) {
        archive_abandon(a);
        return err;
    }
    mark_name(name, mark);
    if (write_staging(a->archives, slice_of(sha256), staged_mark) != 0)
        return disk_trouble(ctx, "mark an archive");
    if (renameat(root, staged_mark, root, mark) == 0)
        return OK;
    err = disk_trouble(ctx, "mark an archive");
    (void)unlinkat(root, staged_mark, 0);
    return err;
}

/* ------------------------------------------------------------------ looking */

static bool read_mark(const struct archives *a, const char *name, char sha256[SHA256_HEX])
{
    char mark[MARK_NAME];
    mark_name(name, mark);
    int fd = openat(a->root, mark, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, sha256, SHA256_HEX);
    if (fd >= 0)
        (void)close(fd);
    if (n != SHA256_HEX - 1)
        return false;
    sha256[SHA256_HEX - 1] = '\0';
    return true;
}

bool archive_is_there(const struct archives *a, const char *name, const char *sha256, int64_t size)
{
    char found[SHA256_HEX];
    struct stat st;
    return is_name(name) && read_mark(a, name, found) && strcmp(found, sha256) == 0 &&
           fstatat(a->root, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           st.st_size == size;
}

bool archive_is_foreign(const struct archives *a, const char *name)
{
    char found[SHA256_HEX];
    struct stat st;
    return is_name(name) && fstatat(a->root, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           !read_mark(a, name, found);
}

/* ------------------------------------------------------------------ removing */

/* A name that became a folder is somebody else's work: it stays. */
static int remove_pair(const struct archives *a, const char *name)
{
    char mark[MARK_NAME];
    if (unlinkat(a->root, name, 0) != 0 && errno != ENOENT && errno != EISDIR)
        return -1;
    mark_name(name, mark);
    return unlinkat(a->root, mark, 0) == 0 || errno == ENOENT ? 0 : -1;
}

enum err archive_remove(struct ctx *ctx, struct archives *a, const char *name)
{
    char found[SHA256_HEX];
    if (!is_name(name))
        return ctx_fail_cause(ctx, ERR_INTERNAL, "an archive named '%s'", name);
    if (!read_mark(a, name, found))
        return OK;
    return remove_pair(a, name) == 0 ? OK : disk_trouble(ctx, "remove an archive");
}

enum err archive_sweep(struct ctx *ctx, struct archives *a,
                       bool (*is_wanted)(void *arg, const char *name), void *arg, int64_t *removed)
{
    int fd = openat(a->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    *removed = 0;
    if (dir == NULL) {
        enum err err = ctx_fail_errno(ctx, errno, "read the archives");
        if (fd >= 0)
            (void)close(fd);
        return err;
    }
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        const char *name = e->d_name;
        if (strncmp(name, STAGING, sizeof STAGING - 1) == 0)
            (void)unlinkat(a->root, name, 0);
        else if (strncmp(name, MARK, sizeof MARK - 1) == 0 && is_name(name + sizeof MARK - 1) &&
                 !is_wanted(arg, name + sizeof MARK - 1) &&
                 remove_pair(a, name + sizeof MARK - 1) == 0)
            ++*removed;
    }
    (void)closedir(dir);
    return OK;
}
