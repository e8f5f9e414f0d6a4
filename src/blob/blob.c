/*
 * blob.c - writing, opening and sweeping files named by their hash.
 *
 * Folders are held open and everything happens relative to them with O_NOFOLLOW, so a link that
 * somebody plants below the data folder is refused and not followed. What was hashed since start
 * is remembered in a small table keyed by hash and file identity; losing an entry costs a hash.
 */
#include "blob/blob.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "blob/steps.h"

enum {
    KNOWN = 16384,
    PIECE = 256 << 10,
    HEX = SHA256_HEX - 1,
    YOUNG_MS = 10 * 60 * 1000 /* a put does not touch a blob younger than this */
};

struct known {
    unsigned char sha256[SHA256_BYTES];
    ino_t ino;
    struct timespec mtime;
    off_t size;
};

struct blobs {
    int blobs, tmp; /* folders */
    pthread_mutex_t lock;
    pthread_mutex_t life;      /* held while a sweep decides about a blob, and while a put claims or
                             names one */
    struct known known[KNOWN]; /* a slot per hash: a later one takes it */
};

static int open_folder(int at, const char *name)
{
    if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
        return -1;
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/*
 * All 256 folders are made before the first blob: a folder made by the way would have to be flushed
 * into its parent by whoever uses it, also by one who only found it there.
 */
static int make_shards(int blobs)
{
    bool made = false;
    for (unsigned i = 0; i < 256; i++) {
        char name[3];
        (void)snprintf(name, sizeof name, "%02x", i);
        if (mkdirat(blobs, name, 0700) == 0)
            made = true;
        else if (errno != EEXIST)
            return -1;
    }
    return made ? fsync(blobs) : 0;
}

/* A folder that should be there and is not is trouble on the disk, never "not found". */
static enum err disk_trouble(struct ctx *ctx, const char *what)
{
    return ctx_fail_errno(ctx, errno == ENOENT || errno == ENOTDIR ? EIO : errno, what);
}

enum err blobs_open(struct ctx *ctx, const char *dir, struct blobs **out)
{
    struct blobs *b = calloc(1, sizeof *b); /* freed by blobs_close */
    if (b == NULL)
        return ctx_no_memory(ctx);
    pthread_mutex_init(&b->lock, NULL);
    pthread_mutex_init(&b->life, NULL);
    b->blobs = b->tmp = -1;
    int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root >= 0)
        b->blobs = open_folder(root, "blobs");
    if (b->blobs >= 0)
        b->tmp = open_folder(root, "tmp");
    enum err err = OK;
    if (b->blobs < 0 || b->tmp < 0 || make_shards(b->blobs) != 0 || fsync(root) != 0)
        err = disk_trouble(ctx, "open the folder of blobs");
    if (root >= 0)
        (void)close(root);
    if (err == OK)
        *out = b;
    else
        blobs_close(b);
    return err;
}

void blobs_close(struct blobs *b)
{
    if (b == NULL)
        return;
    if (b->blobs >= 0)
        (void)close(b->blobs);
    if (b->tmp >= 0)
        (void)close(b->tmp);
    pthread_mutex_destroy(&b->lock);
    pthread_mutex_destroy(&b->life);
    free(b);
}

/* ------------------------------------------------------------------ names */

static bool is_hash(const char *sha256)
{
    return strlen(sha256) == HEX && strspn(sha256, "0123456789abcdef") == HEX;
}

/* "ab/abcdef..."; the caller has checked that it is a hash. */
static void path_of(const char *sha256, char path[SHA256_HEX + 3])
{
    (void)snprintf(path, SHA256_HEX + 3, "%.2s/%.64s", sha256, sha256);
}

static int open_blob(struct blobs *b, const char *sha256)
{
    char path[SHA256_HEX + 3];
    if (!is_hash(sha256)) {
        errno = ENOENT;
        return -1;
    }
    path_of(sha256, path);
    /* not to wait where somebody put a pipe; check_file refuses what is no file */
    return openat(b->blobs, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* ------------------------------------------------------------------ what was hashed already */

static bool is_known(struct blobs *b, const unsigned char *hash, const struct stat *st)
{
    size_t slot = ((size_t)hash[0] << 8 | hash[1]) % KNOWN;
    pthread_mutex_lock(&b->lock);
    const struct known *k = &b->known[slot];
    bool known = memcmp(k->sha256, hash, SHA256_BYTES) == 0 && k->ino == st->st_ino &&
                 k->size == st->st_size && k->mtime.tv_sec == st->st_mtim.tv_sec &&
                 k->mtime.tv_nsec == st->st_mtim.tv_nsec;
    pthread_mutex_unlock(&b->lock);
    return known;
}

static void remember(struct blobs *b, const unsigned char *hash, const struct stat *st)
{
    size_t slot = ((size_t)hash[0] << 8 | hash[1]) % KNOWN;
    pthread_mutex_lock(&b->lock);
    struct known *k = &b->known[slot];
    memcpy(k->sha256, hash, SHA256_BYTES);
    k->ino = st->st_ino;
    k->size = st->st_size;
    k->mtime = st->st_mtim;
    pthread_mutex_unlock(&b->lock);
}

static enum err hash_file(struct ctx *ctx, int fd, unsigned char out[SHA256_BYTES])
{
    struct crypto_hash *h = crypto_hash_new();
    /* freed below: a walk over all blobs hashes thousands in one piece of work */
    char *piece = malloc(PIECE);
    ssize_t n = -1;
    if (h && piece) {
        off_t at = 0;
        while ((n = pread(fd, piece, PIECE, at)) > 0) {
            crypto_hash_add(h, piece, (size_t)n);
            at += n;
        }
    }
    int why = errno;
    if (h)
        crypto_hash_end(h, out);
    bool starved = h == NULL || piece == NULL;
    free(piece);
    if (starved)
        return ctx_no_memory(ctx);
    return n < 0 ? ctx_fail_errno(ctx, why, "read a blob") : OK;
}

/* Is the open file the blob of that hash? Hashes unless it is known to be. */
static enum err check_file(struct ctx *ctx, struct blobs *b, int fd, const char *sha256, bool again)
{
    unsigned char want[SHA256_BYTES], got[SHA256_BYTES];
    struct stat st;
    if (!crypto_unhex((struct slice){sha256, HEX}, want, sizeof want))
        return ctx_fail_cause(ctx, ERR_NOT_FOUND, "not a hash");
    if (fstat(fd, &st) != 0)
        return ctx_fail_errno(ctx, errno, "look at a blob");
    if (!S_ISREG(st.st_mode))
        return ctx_fail_cause(ctx, ERR_CORRUPT, "blob %s is not a regular file", sha256);
    if (!again && is_known(b, want, &st))
        return OK;
    enum err err = hash_file(ctx, fd, got);
    if (err != OK)
        return err;
    if (!crypto_equal(want, got, sizeof want))
        return ctx_fail_cause(ctx, ERR_CORRUPT, "blob %s does not have its hash", sha256);
    remember(b, want, &st);
    return OK;
}

/* ------------------------------------------------------------------ writing */

static void temp_name(char name[BLOB_TEMP])
{
    unsigned char random[16];
    crypto_random(random, sizeof random);
    crypto_hex(random, sizeof random, name);
}

/* Makes the names in the folder of that hash durable. */
static enum err flush_folder(struct ctx *ctx, struct blobs *b, const char *sha256)
{
    const char folder[3] = {sha256[0], sha256[1], '\0'};
    int dir = openat(b->blobs, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return disk_trouble(ctx, "open a folder of blobs");
    enum err err = fsync(dir) == 0 ? OK : disk_trouble(ctx, "flush a folder of blobs");
    (void)close(dir);
    return err;
}

enum err blob_step_content(struct ctx *ctx, struct blobs *b, struct slice bytes,
                           char temp[BLOB_TEMP])
{
    temp_name(temp);
    int fd = openat(b->tmp, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return disk_trouble(ctx, "create a temp file");
    enum err err = OK;
    if (file_write(fd, bytes) != 0 || fsync(fd) != 0)
        err = disk_trouble(ctx, "write a blob");
    if (close(fd) != 0 && err == OK)
        err = disk_trouble(ctx, "close a blob");
    if (err != OK)
        blob_step_drop(b, temp);
    return err;
}

enum err blob_step_name(struct ctx *ctx, struct blobs *b, const char temp[BLOB_TEMP],
                        const char *sha256)
{
    char path[SHA256_HEX + 3];
    path_of(sha256, path);
    /* a sweep that found an old one under this name must not take the new one for it */
    pthread_mutex_lock(&b->life);
    bool moved = renameat(b->tmp, temp, b->blobs, path) == 0;
    enum err err = moved ? OK : disk_trouble(ctx, "move a blob to its place");
    pthread_mutex_unlock(&b->life);
    if (err == OK)
        return flush_folder(ctx, b, sha256);
    blob_step_drop(b, temp);
    return err;
}

void blob_step_drop(struct blobs *b, const char temp[BLOB_TEMP])
{
    (void)unlinkat(b->tmp, temp, 0);
}

/*
 * Opens a blob that is there already and makes it young again: it may be unwanted until the row of
 * this upload is written, and a sweep must not take it meanwhile.
 */
static int claim(struct ctx *ctx, struct blobs *b, const char *sha256)
{
    struct stat st;
    pthread_mutex_lock(&b->life);
    int fd = open_blob(b, sha256);
    if (fd >= 0 && fstat(fd, &st) == 0 &&
        (int64_t)st.st_mtim.tv_sec * 1000 < clock_wall_ms(ctx->clock) - YOUNG_MS)
        (void)futimens(fd, NULL); /* where that fails the blob is as old as it was */
    pthread_mutex_unlock(&b->life);
    return fd;
}

enum err blob_put(struct ctx *ctx, struct blobs *b, struct slice bytes,
                  const char sha256[SHA256_HEX])
{
    if (!is_hash(sha256))
        return ctx_fail_cause(ctx, ERR_INTERNAL, "a blob needs a hash for a name");
    int fd = claim(ctx, b, sha256);
    if (fd >= 0) {
        enum err there = check_file(ctx, b, fd, sha256, false);
        (void)close(fd);
        if (there == OK) /* whoever wrote it may not have flushed its name yet */
            return flush_folder(ctx, b, sha256);
        ctx_forgive(ctx); /* damaged: the new bytes take its place */
    }
    char temp[BLOB_TEMP];
    enum err err = blob_step_content(ctx, b, bytes, temp);
    return err == OK ? blob_step_name(ctx, b, temp, sha256) : err;
}

/* ------------------------------------------------------------------ reading */

enum err blob_open(struct ctx *ctx, struct blobs *b, const char *sha256, int64_t size, int *out)
{
    struct stat st;
    int fd = open_blob(b, sha256);
    if (fd < 0)
        return ctx_fail_errno(ctx, errno, "open a blob");
    enum err err = check_file(ctx, b, fd, sha256, false);
    if (err == OK && (fstat(fd, &st) != 0 || st.st_size != size))
        err = ctx_fail_cause(ctx, ERR_CORRUPT, "blob %s is not as large as its row says", sha256);
    if (err != OK)
        (void)close(fd);
    else
        *out = fd;
    return err;
}

static enum err read_whole(struct ctx *ctx, int fd, size_t max, struct slice *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return ctx_fail_errno(ctx, errno, "look at a blob");
    if (st.st_size < 0 || (uint64_t)st.st_size > max)
        return ctx_fail_cause(ctx, ERR_TOO_LARGE, "a blob is larger than %zu bytes", max);
    size_t n = (size_t)st.st_size, at = 0;
    char *p = arena_alloc_raw(ctx->arena, n);
    if (p == NULL)
        return ctx_no_memory(ctx);
    while (at < n) {
        ssize_t got = pread(fd, p + at, n - at, (off_t)at);
        if (got <= 0)
            return ctx_fail_errno(ctx, got < 0 ? errno : EIO, "read a blob");
        at += (size_t)got;
    }
    *out = (struct slice){p, n};
    return OK;
}

enum err blob_read(struct ctx *ctx, struct blobs *b, const char *sha256, size_t max,
                   struct slice *out)
{
    unsigned char want[SHA256_BYTES], got[SHA256_BYTES];
    int fd = open_blob(b, sha256);
    if (fd < 0)
        return ctx_fail_errno(ctx, errno, "open a blob");
    enum err err = read_whole(ctx, fd, max, out);
    (void)close(fd);
    if (err != OK)
        return err;
    crypto_sha256(*out, got);
    if (!crypto_unhex((struct slice){sha256, HEX}, want, sizeof want) ||
        !crypto_equal(want, got, sizeof want))
        return ctx_fail_cause(ctx, ERR_CORRUPT, "blob %s does not have its hash", sha256);
    return OK;
}

bool blob_is_there(struct blobs *b, const char *sha256, int64_t size)
{
    char path[SHA256_HEX + 3];
    struct stat st;
    if (!is_hash(sha256))
        return false;
    path_of(sha256, path);
    return fstatat(b->blobs, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           st.st_size == size;
}

enum err blob_verify(struct ctx *ctx, struct blobs *b, const char *sha256)
{
    int fd = open_blob(b, sha256);
    if (fd < 0)
        return ctx_fail_errno(ctx, errno, "open a blob");
    enum err err = check_file(ctx, b, fd, sha256, true);
    (void)close(fd);
    return err;
}

/* ------------------------------------------------------------------ sweeping */

/* Calls each for every name in the folder `at`/name; the folder stays open meanwhile. */
static enum err each_name(struct ctx *ctx, int at, const char *name,
                          enum err (*each)(struct ctx *ctx, int dir, const char *name, void *arg),
                          void *arg)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        enum err err = ctx_fail_errno(ctx, errno, "read a folder of blobs");
        if (fd >= 0)
            (void)close(fd);
        return err;
    }
    enum err err = OK;
    for (struct dirent *e; err == OK && (e = readdir(dir)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            err = each(ctx, fd, e->d_name, arg);
    (void)closedir(dir);
    return err;
}

static bool is_old(const struct blob_sweep *s, const struct stat *st)
{
    return s->older_than_ms == INT64_MAX ||
           (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000 < s->older_than_ms;
}

struct sweeping {
    struct blobs *blobs;
    struct blob_sweep *s;
};

static enum err sweep_blob(struct ctx *ctx, int dir, const char *name, void *arg)
{
    const struct sweeping *w = arg;
    struct stat st;
    (void)ctx;
    pthread_mutex_lock(&w->blobs->life);
    bool goes = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_old(w->s, &st) &&
                !(is_hash(name) && S_ISREG(st.st_mode) && w->s->is_wanted(w->s->arg, name));
    if (goes && (w->s->look_only ||
                 unlinkat(dir, name, 0) == 0)) { /* a folder in here is not ours: it stays */
        w->s->blobs++;
        w->s->bytes += st.st_size;
    }
    pthread_mutex_unlock(&w->blobs->life);
    return OK;
}

static enum err sweep_folder(struct ctx *ctx, int dir, const char *name, void *arg)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return OK;
    if (S_ISDIR(st.st_mode))
        return each_name(ctx, dir, name, sweep_blob, arg);
    const struct sweeping *w = arg;
    if (!w->s->look_only)
        (void)unlinkat(dir, name, 0);
    return OK;
}

static enum err sweep_temp(struct ctx *ctx, int dir, const char *name, void *arg)
{
    struct blob_sweep *s = arg;
    struct stat st;
    (void)ctx;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_old(s, &st) &&
        (s->look_only || unlinkat(dir, name, 0) == 0))
        s->temp_files++;
    return OK;
}

enum err blob_sweep(struct ctx *ctx, struct blobs *b, struct blob_sweep *sweep)
{
    struct sweeping w = {b, sweep};
    sweep->blobs = sweep->bytes = sweep->temp_files = 0;
    enum err err = each_name(ctx, b->tmp, ".", sweep_temp, sweep);
    return err == OK ? each_name(ctx, b->blobs, ".", sweep_folder, &w) : err;
}

enum err blobs_volume(struct ctx *ctx, struct blobs *b, int64_t *free_bytes, int64_t *total)
{
    struct statvfs v;
    if (fstatvfs(b->blobs, &v) != 0)
        return ctx_fail_errno(ctx, errno, "ask how full the disk is");
    *free_bytes = (int64_t)v.f_bavail * (int64_t)v.f_frsize;
    *total = (int64_t)v.f_blocks * (int64_t)v.f_frsize;
    return OK;
}
