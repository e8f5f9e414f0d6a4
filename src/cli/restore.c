/*
 * restore.c - `larder restore FILE`: a backup takes the place of what is in the data folder.
 *
 * First everything is read into a staging folder and checked; only then, under the process lock,
 * is anything put in place. What was there is set aside, never deleted. A marker stands in the
 * folder while names are being changed: a server does not start beside it, so a half done restore
 * cannot be taken for the whole (see app.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/folder.h"
#include "cli/settings.h"
#include "cli/stage.h"
#include "cli/swap.h"
#include "cli/verbs.h"
#include "store/snapshot.h"

/* What is set aside: the database with what belongs to it, the packages, what was unpacked. */
static const char *const parts[] = {"larder.db", "larder.db-wal", "larder.db-shm", "blobs",
                                    "plugins"};
enum { PARTS = sizeof parts / sizeof *parts };

struct restore {
    struct cli *cli;
    const char *data;
    const char *stage;
    const char *aside; /* "backups/before-restore-...", relative to data; NULL = nothing to keep */
    struct backup_list list;
    bool with_key;
};

/* Names the place for what is there now; refuses to touch anything without --force. */
static enum err look_around(struct restore *r)
{
    struct ctx *ctx = r->cli->ctx;
    bool occupied = folder_has(ctx, r->data, "larder.db") ||
                    folder_has(ctx, r->data, FOLDER_RESTORE_MARK);
    if (!occupied)
        return OK;
    if (!cli_has(r->cli, "force"))
        return ctx_fail(ctx, ERR_EXISTS,
                        "%s holds a Larder already. --force sets it aside, below backups/ in the "
                        "same folder",
                        r->data);
    char id[ID_TEXT];
    crypto_uuid7(ctx->now, id);
    r->aside = str_printf(ctx->arena, "backups/before-restore-%s", id);
    return r->aside ? OK : ctx_no_memory(ctx);
}

static enum err unreadable(struct ctx *ctx, const char *file)
{
    return ctx_fail(ctx, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s cannot be read: %s", file,
                    strerror(errno));
}

static enum err read_backup(struct restore *r, const char *file)
{
    struct ctx *ctx = r->cli->ctx;
    bool is_stdin = strcmp(file, "-") == 0;
    int fd = is_stdin ? fileno(r->cli->in) : open(file, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 && !is_stdin && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        (void)close(fd);
        return ctx_fail(ctx, ERR_INVALID, "%s is a folder; name the tar that a backup made", file);
    }
    if (fd < 0)
        return unreadable(ctx, file);
    enum err err = stage_read(ctx, fd, r->stage, &r->list);
    if (!is_stdin)
        (void)close(fd);
    if (err != OK)
        return err;
    for (size_t i = 0; i < r->list.count; i++)
        r->with_key |= strcmp(r->list.files[i].name, "key") == 0;
    const char *db = folder_file(ctx, r->stage, "larder.db");
    return db ? snapshot_check(ctx, db) : ctx_no_memory(ctx);
}

static enum err set_aside(struct restore *r)
{
    struct ctx *ctx = r->cli->ctx;
    if (r->aside == NULL)
        return OK;
    const char *to = folder_file(ctx, r->data, r->aside);
    if (to == NULL)
        return ctx_no_memory(ctx);
    if (mkdir(to, 0700) != 0)
        return ctx_fail_errno(ctx, errno, to);
    enum err err = OK;
    for (size_t i = 0; i < PARTS && err == OK; i++)
        err = folder_move(ctx, r->data, to, parts[i]);
    if (err == OK && r->with_key)
        err = folder_move(ctx, r->data, to, "key");
    return err;
}

/* The blobs folder that `serve` makes is empty here, or set aside; the one of the stage replaces it. */
static enum err put_in_place(struct restore *r)
{
    struct ctx *ctx = r->cli->ctx;
    const char *blobs = folder_file(ctx, r->data, "blobs");
    if (blobs == NULL)
        return ctx_no_memory(ctx);
    if (rmdir(blobs) != 0 && errno != ENOENT)
        return ctx_fail(ctx, ERR_EXISTS, "%s is in the way: %s", blobs, strerror(errno));
    enum err err = folder_move(ctx, r->stage, r->data, "blobs");
    if (err == OK && r->with_key)
        err = folder_move(ctx, r->stage, r->data, "key");
    if (err == OK)
        err = folder_move(ctx, r->stage, r->data, "larder.db");
    return err;
}

static enum err swap(struct restore *r)
{
    struct ctx *ctx = r->cli->ctx;
    const char *mark = folder_file(ctx, r->data, FOLDER_RESTORE_MARK);
    if (mark == NULL)
        return ctx_no_memory(ctx);
    enum err err = folder_write(ctx, r->data, FOLDER_RESTORE_MARK,
                                slice_of(r->aside ? r->aside : ""));
    if (err == OK)
        err = set_aside(r);
    if (err == OK)
        err = put_in_place(r);
    if (err == OK)
        err = folder_make(ctx, r->data); /* what was set aside is there again, empty */
    if (err == OK)
        err = folder_sync(ctx, r->data);
    if (err != OK)
        return err;
    if (unlink(mark) != 0)
        return ctx_fail_errno(ctx, errno, mark);
    return folder_sync(ctx, r->data);
}

static enum err report(const struct restore *r)
{
    struct cli *cli = r->cli;
    char when[CLOCK_TEXT];
    (void)clock_format(r->list.created_at, when);
    if (cli->json) {
        struct buf b;
        struct jw j;
        cli_json(cli, &b, &j);
        jw_object(&j);
        jw_put_str(&j, "data", r->data);
        jw_put_str(&j, "backup_of", when);
        jw_put_int(&j, "files", (int64_t)r->list.count);
        jw_put_bool(&j, "key", r->with_key);
        jw_put_str(&j, "set_aside", r->aside);
        jw_end(&j);
        return cli_json_done(cli, &b, &j);
    }
    (void)fprintf(cli->out, "Restored %zu files of %s into %s\n", r->list.count, when, r->data);
    if (r->aside)
        (void)fprintf(cli->out, "What was there before is in %s/%s\n", r->data, r->aside);
    if (!r->with_key)
        (void)fprintf(cli->out, "The backup held no signing key: everybody signs in again\n");
    return OK;
}

static enum err locked(struct restore *r)
{
    struct ctx *ctx = r->cli->ctx;
    char id[ID_TEXT];
    crypto_uuid7(ctx->now, id);
    r->stage = str_printf(ctx->arena, "%s/tmp/restore-%s", r->data, id);
    if (r->stage == NULL)
        return ctx_no_memory(ctx);
    struct swap_done waiting; /* decided in the browser and not carried out yet: it comes first */
    enum err err = swap_resume(ctx, r->data, &waiting);
    if (err == OK)
        err = swap_forget(ctx, r->data, &waiting);
    if (err == OK)
        err = look_around(r);
    if (err != OK)
        return err;
    err = read_backup(r, r->cli->word[0]);
    if (err == OK)
        err = swap(r);
    stage_drop(ctx, r->stage, &r->list);
    return err == OK ? report(r) : err;
}

static enum err exec(struct cli *cli)
{
    struct restore r = {.cli = cli};
    int lock = -1;
    enum err err = settings_load(cli);
    if (err != OK)
        return err;
    r.data = config_text(cli->config, "data");
    if (strcmp(cli->word[0], "-") != 0 && access(cli->word[0], R_OK) != 0)
        return unreadable(cli->ctx, cli->word[0]); /* before a folder is made for nothing */
    err = folder_make(cli->ctx, r.data);
    if (err == OK)
        err = folder_lock(cli->ctx, r.data, &lock);
    if (err == OK)
        err = locked(&r);
    folder_unlock(lock);
    return err;
}

static const struct cli_flag flags[] = {
    {"force", NULL, "set aside what is there, below backups/ in the data folder"},
    {NULL, NULL, NULL}};

const struct command command_restore = {
    .name = "restore",
    .words = "FILE",
    .summary = "Put a backup in the place of the data folder's content",
    .help =
        "FILE may be - for standard input. Everything is checked before anything is changed: the\n"
        "list of the backup, every size and hash, and the database. No server may be running.",
    .flags = flags,
    .min_words = 1,
    .max_words = 1,
    .exec = exec,
};
