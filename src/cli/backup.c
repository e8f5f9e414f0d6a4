/*
 * backup.c - `larder backup FILE`: one archive of the database and the packages, while running.
 *
 * The database is copied first and the packages are listed after it: a package is on disk before
 * its row is committed, so every row of the copy finds its package. A package that is in no row
 * does no harm; it is swept after a restore. Every byte is hashed on its way out, so that a damaged
 * package is found now and not when the backup is needed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup_list.h"
#include "cli/folder.h"
#include "cli/settings.h"
#include "cli/tar.h"
#include "cli/verbs.h"
#include "cli/workroom.h"
#include "store/snapshot.h"

enum { CHUNK = 64 << 10 };

struct backup {
    struct cli *cli;
    const char *data;
    struct workroom room; /* holds the copy of the database */
    struct backup_list list;
    int64_t bytes;
};

/* Where the bytes of a member are read from. */
static const char *source(const struct backup *b, const struct backup_file *file)
{
    return strcmp(file->name, "larder.db") == 0 ? b->room.copy
                                                : folder_file(b->cli->ctx, b->data, file->name);
}

static enum err add_file(struct backup *b, const char *name, const char *sha256)
{
    struct ctx *ctx = b->cli->ctx;
    if (b->list.count == BACKUP_FILES_MAX)
        return ctx_fail(ctx, ERR_TOO_LARGE, "There are more than %d packages to back up",
                        BACKUP_FILES_MAX);
    if ((b->list.count & (b->list.count - 1)) == 0) { /* full at every power of two */
        size_t room = b->list.count ? 2 * b->list.count : 1;
        struct backup_file *more = arena_array(ctx->arena, room, sizeof *more);
        if (more == NULL)
            return ctx_no_memory(ctx);
        if (b->list.count)
            memcpy(more, b->list.files, b->list.count * sizeof *more);
        b->list.files = more;
    }
    struct backup_file *file = &b->list.files[b->list.count++];
    (void)snprintf(file->name, sizeof file->name, "%s", name);
    (void)snprintf(file->sha256, sizeof file->sha256, "%s", sha256);
    struct stat st;
    const char *path = source(b, file);
    if (path == NULL)
        return ctx_no_memory(ctx);
    if (stat(path, &st) != 0)
        return ctx_fail_errno(ctx, errno, path);
    file->size = st.st_size;
    b->bytes += st.st_size;
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

static enum err add_hashed(struct backup *b, const char *name, const char *path)
{
    char hex[SHA256_HEX];
    enum err err = path ? hash_file(b->cli->ctx, path, hex) : ctx_no_memory(b->cli->ctx);
    return err == OK ? add_file(b, name, hex) : err;
}

/* The packages of one folder; what is not named as a package is not one. */
static enum err add_folder(struct backup *b, const char *prefix)
{
    struct ctx *ctx = b->cli->ctx;
    const char *path = folder_file(ctx, b->data, prefix);
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
            err = add_file(b, name, e->d_name);
    }
    (void)closedir(dir);
    return err;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct backup_file *)a)->name, ((const struct backup_file *)b)->name);
}

static enum err add_blobs(struct backup *b)
{
    size_t first = b->list.count;
    enum err err = OK;
    for (unsigned i = 0; i < 256 && err == OK; i++) {
        char prefix[16];
        (void)snprintf(prefix, sizeof prefix, "blobs/%02x", i);
        err = add_folder(b, prefix);
    }
    if (err == OK)
        qsort(b->list.files + first, b->list.count - first, sizeof *b->list.files, by_name);
    return err;
}

/* One file into the archive; it must still be what the list says. */
static enum err write_file(struct backup *b, struct tar_writer *w, const struct backup_file *file)
{
    struct ctx *ctx = b->cli->ctx;
    const char *path = source(b, file);
    char bytes[CHUNK], hex[SHA256_HEX];
    unsigned char sum[SHA256_BYTES];
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0)
        return path ? ctx_fail_errno(ctx, errno, path) : ctx_no_memory(ctx);
    struct crypto_hash *hash = crypto_hash_new();
    enum err err = hash ? tar_member(ctx, w, file->name, file->size, b->list.created_at / 1000)
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

static enum err write_archive(struct backup *b, int fd)
{
    struct ctx *ctx = b->cli->ctx;
    struct tar_writer w;
    struct buf list;
    buf_init(&list, ctx->arena, BACKUP_LIST_MAX);
    backup_list_write(&b->list, &list);
    if (buf_failed(&list))
        return ctx_no_memory(ctx);
    tar_writer_init(&w, fd);
    enum err err = tar_member(ctx, &w, BACKUP_LIST_NAME, (int64_t)list.n,
                              b->list.created_at / 1000);
    if (err == OK)
        err = tar_write(ctx, &w, buf_view(&list));
    for (size_t i = 0; i < b->list.count && err == OK; i++)
        err = write_file(b, &w, &b->list.files[i]);
    return err == OK ? tar_finish(ctx, &w) : err;
}

/* Temp name, fsync, rename, fsync of the folder: FILE is whole or not there. */
static enum err write_target(struct backup *b, const char *target)
{
    struct ctx *ctx = b->cli->ctx;
    const char *temp = str_printf(ctx->arena, "%s.%ld.tmp", target, (long)getpid());
    const char *slash = strrchr(target, '/');
    const char *parent = slash == target ? "/"
                         : slash         ? slice_dup(ctx->arena,
                                                     (struct slice){target, (size_t)(slash - target)})
                                         : ".";
    if (temp == NULL || parent == NULL)
        return ctx_no_memory(ctx);
    if (access(target, F_OK) == 0 && !cli_has(b->cli, "force"))
        return ctx_fail(ctx, ERR_EXISTS, "%s is there already; --force replaces it", target);
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return ctx_fail(ctx, ERR_IO, "%s cannot be made: %s", temp, strerror(errno));
    enum err err = write_archive(b, fd);
    if (err == OK && fsync(fd) != 0)
        err = ctx_fail_errno(ctx, errno, temp);
    (void)close(fd);
    if (err == OK && rename(temp, target) != 0)
        err = ctx_fail_errno(ctx, errno, target);
    if (err != OK) {
        (void)unlink(temp);
        return err;
    }
    return folder_sync(ctx, parent);
}

static enum err collect(struct backup *b)
{
    struct ctx *ctx = b->cli->ctx;
    b->list.version = LARDER_VERSION;
    b->list.created_at = clock_wall_ms(ctx->clock);
    enum err err = snapshot_make(ctx, folder_file(ctx, b->data, "larder.db"), b->room.copy);
    if (err == OK)
        err = add_hashed(b, "larder.db", b->room.copy);
    if (err == OK && cli_has(b->cli, "with-key"))
        err = add_hashed(b, "key", folder_file(ctx, b->data, "key"));
    return err == OK ? add_blobs(b) : err;
}

/* To stderr where the archive itself goes to stdout. */
static enum err report(struct backup *b, const char *target)
{
    struct cli *cli = b->cli;
    bool with_key = cli_has(cli, "with-key"), piped = strcmp(target, "-") == 0;
    if (cli->json && !piped) {
        struct buf out;
        struct jw j;
        cli_json(cli, &out, &j);
        jw_object(&j);
        jw_put_str(&j, "file", target);
        jw_put_time(&j, "created_at", b->list.created_at);
        jw_put_int(&j, "files", (int64_t)b->list.count);
        jw_put_int(&j, "bytes", b->bytes);
        jw_put_bool(&j, "key", with_key);
        jw_end(&j);
        return cli_json_done(cli, &out, &j);
    }
    FILE *to = piped ? cli->err : cli->out;
    (void)fprintf(to, "Backed up %zu files, %lld bytes, to %s\n", b->list.count,
                  (long long)b->bytes, piped ? "standard output" : target);
    (void)fputs(with_key ? "The signing key is in it: keep the file as safe as a password\n"
                         : "The signing key is not in it: after a restore everybody signs in again "
                           "(--with-key adds it)\n",
                to);
    return OK;
}

static enum err exec(struct cli *cli)
{
    struct backup b = {.cli = cli};
    const char *target = cli->word[0];
    bool piped = strcmp(target, "-") == 0;
    enum err err = settings_load(cli);
    if (err != OK)
        return err;
    if (piped && isatty(fileno(cli->out)))
        return cli_usage(cli, "An archive is nothing to look at: name a file, or pipe - somewhere");
    b.data = config_text(cli->config, "data");
    err = folder_must_exist(cli->ctx, b.data);
    if (err != OK)
        return err;
    err = workroom_open(cli->ctx, b.data, &b.room);
    if (err == OK)
        err = collect(&b);
    if (err == OK)
        err = piped ? write_archive(&b, fileno(cli->out)) : write_target(&b, target);
    workroom_close(&b.room);
    return err == OK ? report(&b, target) : err;
}

static const struct cli_flag flags[] = {
    {"with-key", NULL, "include the key that signs access tokens"},
    {"force", NULL, "replace FILE where it is there already"},
    {NULL, NULL, NULL}};

const struct command command_backup = {
    .name = "backup",
    .words = "FILE",
    .summary = "Write the database and all packages to one tar file, also while a server runs",
    .help =
        "FILE may be - for standard output. Without the signing key a restored Larder works, but\n"
        "all sessions end: everybody signs in again. API keys and passwords are kept (as hashes).",
    .flags = flags,
    .min_words = 1,
    .max_words = 1,
    .exec = exec,
};
