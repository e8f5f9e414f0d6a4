/*
 * backup.c - `larder backup FILE`: one archive of the database and the packages, while running.
 *
 * What goes into it is in cli/archive.h; this is about where it goes, and that FILE is whole or not
 * there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/archive.h"
#include "cli/folder.h"
#include "cli/settings.h"
#include "cli/verbs.h"

struct backup {
    struct cli *cli;
    struct archive archive;
};

static enum err write_archive(struct backup *b, int fd)
{
    struct tar_writer w;
    tar_writer_init(&w, fd);
    return archive_write(&b->archive, &w);
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
        jw_put_time(&j, "created_at", b->archive.list.created_at);
        jw_put_int(&j, "files", (int64_t)b->archive.list.count);
        jw_put_int(&j, "bytes", b->archive.bytes);
        jw_put_bool(&j, "key", with_key);
        jw_end(&j);
        return cli_json_done(cli, &out, &j);
    }
    FILE *to = piped ? cli->err : cli->out;
    (void)fprintf(to, "Backed up %zu files, %lld bytes, to %s\n", b->archive.list.count,
                  (long long)b->archive.bytes, piped ? "standard output" : target);
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
    const char *data = config_text(cli->config, "data");
    err = folder_must_exist(cli->ctx, data);
    if (err != OK)
        return err;
    err = archive_open(cli->ctx, data, cli_has(cli, "with-key"), &b.archive);
    if (err == OK)
        err = piped ? write_archive(&b, fileno(cli->out)) : write_target(&b, target);
    archive_close(&b.archive);
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
