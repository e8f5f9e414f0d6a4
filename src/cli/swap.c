/*
 * swap.c - moving names, in an order that leaves no doubt about how far it came.
 *
 * As long as a part stands in the staging folder, what has its name in the data folder is the old
 * one and goes aside; once it is gone from there, what is in the data folder is the new one. The
 * database moves last: without it in the stage, all is done.
 */
#include "cli/swap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "cli/folder.h"

#define PLAN "restore.plan" /* "<token> <by>", or "back <token> <by>" and why in a second line */
#define BACK "back "
#define PREFIX "restore-"

/* What belongs to a database beside its file; it is made anew with it. */
static const char *const leftovers[] = {"larder.db-wal", "larder.db-shm"};

struct swap {
    struct ctx *ctx;
    const char *data, *stage, *aside;
    const char *failed; /* where what was restored goes on the way back */
};

const char *swap_stage(struct ctx *ctx, const char *data, const char *token)
{
    return str_printf(ctx->arena, "%s/tmp/" PREFIX "%s", data, token);
}

bool swap_is_staged(struct ctx *ctx, const char *data, const char *token)
{
    if (!crypto_is_uuid(slice_of(token)))
        return false;
    const char *stage = swap_stage(ctx, data, token);
    return stage && folder_has(ctx, stage, "larder.db") && folder_has(ctx, stage, "blobs");
}

/* ---- sweeping --------------------------------------------------------------------------------- */

static void empty(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL)
        return;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            (void)unlinkat(fd, e->d_name, 0);
    (void)closedir(dir);
}

/* A stage is three levels deep: files, blobs/, blobs/ab/. */
static void drop(int tmp, const char *name)
{
    int stage = openat(tmp, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int blobs = stage < 0 ? -1
                          : openat(stage, "blobs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    for (unsigned i = 0; blobs >= 0 && i < 256; i++) {
        char sub[3];
        (void)snprintf(sub, sizeof sub, "%02x", i);
        empty(blobs, sub);
        (void)unlinkat(blobs, sub, AT_REMOVEDIR);
    }
    if (blobs >= 0)
        (void)close(blobs);
    if (stage < 0)
        return;
    (void)unlinkat(stage, "blobs", AT_REMOVEDIR);
    (void)close(stage);
    empty(tmp, name);
    (void)unlinkat(tmp, name, AT_REMOVEDIR);
}

void swap_sweep(struct ctx *ctx, const char *data)
{
    const char *path = folder_file(ctx, data, "tmp");
    DIR *dir = path ? opendir(path) : NULL;
    if (dir == NULL)
        return;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        if (strncmp(e->d_name, PREFIX, sizeof PREFIX - 1) == 0)
            drop(dirfd(dir), e->d_name);
    (void)closedir(dir);
}

/* ---- deciding and doing ----------------------------------------------------------------------- */

enum err swap_plan(struct ctx *ctx, const char *data, const char *token, const char *by)
{
    const char *text = str_printf(ctx->arena, "%s %s", token, by);
    return text ? folder_write(ctx, data, PLAN, slice_of(text)) : ctx_no_memory(ctx);
}

enum err swap_take_back(struct ctx *ctx, const char *data, const struct swap_done *done,
                        const char *why)
{
    const char *text = str_printf(ctx->arena, BACK "%s %s\n%s", done->token, done->by, why);
    return text ? folder_write(ctx, data, PLAN, slice_of(text)) : ctx_no_memory(ctx);
}

static enum err read_plan(struct ctx *ctx, const char *data, struct swap_done *out)
{
    struct slice text, first = SLICE_NONE;
    const char *path = folder_file(ctx, data, PLAN);
    *out = (struct swap_done){0};
    if (path == NULL)
        return ctx_no_memory(ctx);
    if (access(path, F_OK) != 0)
        return OK;
    enum err err = folder_read(ctx, path, &text);
    if (err != OK)
        return err;
    bool back = slice_starts(text, BACK);
    text = back ? slice_sub(text, sizeof BACK - 1, text.n) : text;
    (void)slice_split(&text, '\n', &first);
    size_t at = slice_find(first, ' ');
    struct slice token = slice_sub(first, 0, at);
    if (!crypto_is_uuid(token))
        return ctx_fail(ctx, ERR_CORRUPT,
                        "%s is not readable. Remove it to leave the folder as it is now", path);
    out->token = slice_dup(ctx->arena, token);
    out->by = slice_dup(ctx->arena, slice_trim(slice_sub(first, at, first.n)));
    out->aside = out->token ? str_printf(ctx->arena, "backups/before-restore-%s", out->token)
                            : NULL;
    out->why = back ? slice_dup(ctx->arena, slice_trim(text)) : NULL;
    return out->aside && out->by && (out->why || !back) ? OK : ctx_no_memory(ctx);
}

static enum err make_folder(struct ctx *ctx, const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ? OK : ctx_fail_errno(ctx, errno, path);
}

/* The old one goes aside, unless it did before; an empty folder in its place was made by a start
 * since then. The new one follows. */
static enum err replace(const struct swap *s, const char *name)
{
    struct ctx *ctx = s->ctx;
    if (!folder_has(ctx, s->stage, name))
        return OK;
    enum err err = OK;
    if (!folder_has(ctx, s->aside, name)) {
        err = folder_move(ctx, s->data, s->aside, name);
    } else {
        const char *path = folder_file(ctx, s->data, name);
        if (path == NULL)
            return ctx_no_memory(ctx);
        if (rmdir(path) != 0 && errno != ENOENT)
            return ctx_fail(ctx, ERR_CONFLICT, "%s is in the way of a restore: %s", path,
                            strerror(errno));
    }
    return err == OK ? folder_move(ctx, s->stage, s->data, name) : err;
}

/* What the new database has no counterpart for: it is made anew from the packages. */
static enum err set_aside(const struct swap *s, const char *name)
{
    return folder_has(s->ctx, s->aside, name) ? OK : folder_move(s->ctx, s->data, s->aside, name);
}

static enum err carry_out(const struct swap *s)
{
    enum err err = make_folder(s->ctx, s->aside);
    if (err != OK || !folder_has(s->ctx, s->stage, "larder.db"))
        return err;
    for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers && err == OK; i++)
        err = set_aside(s, leftovers[i]);
    if (err == OK)
        err = set_aside(s, "plugins");
    if (err == OK)
        err = replace(s, "blobs");
    if (err == OK)
        err = replace(s, "key");
    if (err == OK)
        err = folder_sync(s->ctx, s->data);
    return err == OK ? replace(s, "larder.db") : err;
}

/* What was there comes back, the database last. Where somebody removed the unpacked copy in between,
 * some of it never went. */
static enum err bring_back(const struct swap *s)
{
    static const char *const parts[] = {"blobs", "plugins", "key", "larder.db-wal", "larder.db"};
    enum err err = OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && err == OK; i++) {
        const char *path = folder_file(s->ctx, s->data, parts[i]);
        if (path == NULL)
            return ctx_no_memory(s->ctx);
        if (!folder_has(s->ctx, s->aside, parts[i]))
            continue;
        if (rmdir(path) == 0 || access(path, F_OK) != 0)
            err = folder_move(s->ctx, s->aside, s->data, parts[i]);
    }
    return err;
}

/*
 * First all of what was restored goes, the database last, then all of what was there comes. So the
 * log of one database never stands beside another, and it can be seen how far a process came that was
 * killed here. The shared memory of the log is made anew from it.
 */
static enum err give_back(const struct swap *s)
{
    static const char *const parts[] = {"larder.db-wal", "larder.db-shm", "plugins", "blobs"};
    const struct swap out = {s->ctx, s->data, NULL, s->failed, NULL};
    if (!folder_has(s->ctx, s->aside, "larder.db"))
        return OK;
    enum err err = make_folder(s->ctx, s->failed);
    bool here = folder_has(s->ctx, s->data, "larder.db") &&
                !folder_has(s->ctx, s->failed, "larder.db");
    for (size_t i = 0; i < sizeof parts / sizeof *parts && err == OK && here; i++)
        err = set_aside(&out, parts[i]);
    if (err == OK && here && folder_has(s->ctx, s->aside, "key"))
        err = set_aside(&out, "key");
    if (err == OK && here)
        err = set_aside(&out, "larder.db");
    if (err == OK)
        err = folder_sync(s->ctx, s->data);
    return err == OK ? bring_back(s) : err;
}

enum err swap_resume(struct ctx *ctx, const char *data, struct swap_done *out)
{
    enum err err = read_plan(ctx, data, out);
    if (err != OK || out->token == NULL)
        return err;
    const char *failed = str_printf(ctx->arena, "backups/failed-restore-%s", out->token);
    struct swap s = {ctx, data, swap_stage(ctx, data, out->token),
                     folder_file(ctx, data, out->aside),
                     failed ? folder_file(ctx, data, failed) : NULL};
    if (s.stage == NULL || s.aside == NULL || s.failed == NULL)
        return ctx_no_memory(ctx);
    err = out->why ? give_back(&s) : carry_out(&s);
    if (err == OK && out->why) {
        out->aside = failed;
    } else if (err == OK && !folder_has(ctx, data, "larder.db")) {
        out->why = "The unpacked backup was removed before it could take its place";
        err = swap_take_back(ctx, data, out, out->why);
        if (err == OK)
            err = bring_back(&s);
    }
    if (err == OK)
        err = folder_make(ctx, data); /* what was set aside is there again, empty */
    return err == OK ? folder_sync(ctx, data) : err;
}

enum err swap_forget(struct ctx *ctx, const char *data, const struct swap_done *done)
{
    const char *plan = folder_file(ctx, data, PLAN);
    if (done->token == NULL)
        return OK;
    if (plan == NULL)
        return ctx_no_memory(ctx);
    if (unlink(plan) != 0 && errno != ENOENT)
        return ctx_fail_errno(ctx, errno, plan);
    return folder_sync(ctx, data);
}
