/*
 * folder.c - directories, flock, and files written so that a power cut leaves the old or the new.
 */
#include "cli/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"

const char *folder_file(struct ctx *ctx, const char *path, const char *name)
{
    return str_printf(ctx->arena, "%s/%s", path, name);
}

bool folder_has(struct ctx *ctx, const char *path, const char *name)
{
    const char *file = folder_file(ctx, path, name);
    return file && access(file, F_OK) == 0;
}

enum err folder_move(struct ctx *ctx, const char *from, const char *to, const char *name)
{
    const char *a = folder_file(ctx, from, name), *b = folder_file(ctx, to, name);
    if (a == NULL || b == NULL)
        return ctx_no_memory(ctx);
    if (rename(a, b) != 0 && errno != ENOENT)
        return ctx_fail(ctx, ERR_IO, "Cannot move %s to %s: %s", a, b, strerror(errno));
    return OK;
}

static enum err fail_path(struct ctx *ctx, const char *what, const char *path)
{
    int why = errno;
    if (why == ENOSPC || why == EDQUOT)
        return ctx_fail_errno(ctx, why, path);
    return ctx_fail(ctx, ERR_IO, "%s %s: %s", what, path, strerror(why));
}

enum err folder_make(struct ctx *ctx, const char *path)
{
    static const char *const inner[] = {
        "tmp", "blobs", "plugins", "plugins/system", "plugins/tenants", "backups"};
    struct stat st;
    if (file_make_path(path, 0700) != 0)
        return fail_path(ctx, "Cannot make the folder", path);
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return ctx_fail_field(ctx, ERR_IO, "data", "The data folder %s is not a folder", path);
    if (access(path, W_OK | X_OK) != 0)
        return fail_path(ctx, "Cannot write to the data folder", path);
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
        const char *sub = folder_file(ctx, path, inner[i]);
        if (sub == NULL)
            return ctx_no_memory(ctx);
        if (mkdir(sub, 0700) != 0 && errno != EEXIST)
            return fail_path(ctx, "Cannot make the folder", sub);
    }
    return OK;
}

enum err folder_must_exist(struct ctx *ctx, const char *path)
{
    const char *db = folder_file(ctx, path, "larder.db");
    if (db == NULL)
        return ctx_no_memory(ctx);
    if (access(db, F_OK) == 0)
        return access(path, W_OK | X_OK) == 0
                   ? OK
                   : fail_path(ctx, "Cannot write to the data folder", path);
    if (errno != ENOENT && errno != ENOTDIR)
        return fail_path(ctx, "Cannot look into the data folder", path);
    return ctx_fail_field(
        ctx, ERR_NOT_FOUND, "data",
        "There is no Larder in %s; `larder serve` makes one, --data names another", path);
}

/* Who holds the lock, as it wrote itself into the file; 0 = cannot be told. */
static long holder(int fd)
{
    char text[32];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    uint64_t pid;
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
        n--;
    return n > 0 && slice_to_u64((struct slice){text, (size_t)n}, &pid) ? (long)pid : 0;
}

enum err folder_lock(struct ctx *ctx, const char *path, int *lock)
{
    const char *file = folder_file(ctx, path, "larder.lock");
    if (file == NULL)
        return ctx_no_memory(ctx);
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_path(ctx, "Cannot open", file);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        long pid = holder(fd);
        (void)close(fd);
        if (why != EWOULDBLOCK)
            return ctx_fail(ctx, ERR_IO, "Cannot lock %s: %s", file, strerror(why));
        if (pid == 0)
            return ctx_fail(ctx, ERR_CONFLICT, "Another Larder process is using %s; stop it first",
                            path);
        return ctx_fail(ctx, ERR_CONFLICT,
                        "Another Larder process (pid %ld) is using %s; stop it first", pid, path);
    }
    if (ftruncate(fd, 0) != 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0) {
        enum err err = fail_path(ctx, "Cannot write", file);
        (void)close(fd);
        return err;
    }
    *lock = fd;
    return OK;
}

void folder_unlock(int lock)
{
    if (lock < 0)
        return;
    if (ftruncate(lock, 0) == 0)
        (void)flock(lock, LOCK_UN);
    (void)close(lock); /* lets go of the lock in any case */
}

enum err folder_sync(struct ctx *ctx, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_path(ctx, "Cannot open", path);
    int bad = fsync(fd);
    (void)close(fd);
    return bad ? fail_path(ctx, "Cannot sync", path) : OK;
}

static enum err write_whole(struct ctx *ctx, const char *file, struct slice text)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_path(ctx, "Cannot make", file);
    bool bad = file_write(fd, text) != 0 || fsync(fd) != 0;
    enum err err = bad ? fail_path(ctx, "Cannot write", file) : OK;
    (void)close(fd);
    if (bad)
        (void)unlink(file);
    return err;
}

enum err folder_write(struct ctx *ctx, const char *path, const char *name, struct slice text)
{
    const char *to = folder_file(ctx, path, name);
    const char *temp = str_printf(ctx->arena, "%s/%s.%ld.tmp", path, name, (long)getpid());
    if (to == NULL || temp == NULL)
        return ctx_no_memory(ctx);
    enum err err = write_whole(ctx, temp, text);
    if (err != OK)
        return err;
    if (rename(temp, to) != 0) {
        err = fail_path(ctx, "Cannot make", to);
        (void)unlink(temp);
        return err;
    }
    return folder_sync(ctx, path);
}

enum err folder_read(struct ctx *ctx, const char *file, struct slice *out)
{
    enum { SMALL = 64 << 10 };
    char *p = arena_alloc_raw(ctx->arena, SMALL + 1);
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (p == NULL || fd < 0) {
        enum err err = p ? fail_path(ctx, "Cannot read", file) : ctx_no_memory(ctx);
        if (fd >= 0)
            (void)close(fd);
        return err;
    }
    ssize_t n = read(fd, p, SMALL + 1); /* of a regular file this is all there is */
    enum err err = n < 0 ? fail_path(ctx, "Cannot read", file) : OK;
    (void)close(fd);
    if (n > SMALL)
        return ctx_fail(ctx, ERR_TOO_LARGE, "%s is larger than %d bytes", file, SMALL);
    *out = (struct slice){p, n > 0 ? (size_t)n : 0};
    return err;
}

static enum err read_key(struct ctx *ctx, const char *file, unsigned char *key)
{
    char text[2 * FOLDER_KEY_BYTES + 2];
    struct stat st;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return fail_path(ctx, "Cannot open", file);
    ssize_t n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, text, sizeof text) : -1;
    (void)close(fd);
    if (n > 0 && text[n - 1] == '\n')
        n--;
    bool good = n == 2 * FOLDER_KEY_BYTES &&
                crypto_unhex((struct slice){text, (size_t)n}, key, FOLDER_KEY_BYTES);
    crypto_wipe(text, sizeof text);
    if (!good)
        return ctx_fail(ctx, ERR_CORRUPT,
                        "%s is not a key. Remove it to make a new one; everybody must then sign in "
                        "again",
                        file);
    if (st.st_mode & 077)
        return ctx_fail(ctx, ERR_IO, "%s can be read by others; run `chmod 600 %s`", file, file);
    return OK;
}

enum err folder_key(struct ctx *ctx, const char *path, unsigned char key[FOLDER_KEY_BYTES])
{
    const char *file = folder_file(ctx, path, "key");
    if (file == NULL)
        return ctx_no_memory(ctx);
    if (access(file, F_OK) != 0) {
        char text[2 * FOLDER_KEY_BYTES + 2];
        crypto_random(key, FOLDER_KEY_BYTES);
        crypto_hex(key, FOLDER_KEY_BYTES, text);
        text[2 * FOLDER_KEY_BYTES] = '\n';
        enum err err = folder_write(ctx, path, "key", (struct slice){text, sizeof text - 1});
        crypto_wipe(text, sizeof text);
        if (err != OK)
            return err;
    }
    return read_key(ctx, file, key);
}
