/*
 * shelf_restore.c - what came is unpacked, checked and compared; what is decided is written down.
 *
 * Nothing of the living folder is touched here. The decision is a file (cli/swap.h); the server
 * then ends its requests, and what starts next carries it out. At most one unpacked copy stands
 * below tmp/ at a time.
 */
#include "cli/shelf_restore.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"
#include "cli/folder.h"
#include "cli/shelf.h"
#include "cli/stage.h"
#include "cli/swap.h"
#include "domain/record.h"
#include "store/snapshot.h"

enum { CHUNK = 64 << 10, TWICE = 2 };

/* The archive and what is unpacked from it stand beside each other for a while. */
static enum err check_room(struct ctx *ctx, const struct shelf *s, int64_t size)
{
    struct statvfs v;
    if (statvfs(s->data, &v) != 0)
        return ctx_fail_errno(ctx, errno, s->data);
    if ((int64_t)v.f_bavail * (int64_t)v.f_frsize / TWICE < size)
        return ctx_fail(ctx, ERR_NO_SPACE,
                        "The disk has no room for a backup of %lld bytes and its content",
                        (long long)size);
    return OK;
}

static enum err receive(struct ctx *ctx, const struct backup_source *source, int fd)
{
    char *bytes = arena_alloc_raw(ctx->arena, CHUNK);
    size_t got = 1;
    enum err err = bytes ? OK : ctx_no_memory(ctx);
    while (err == OK && got > 0) {
        err = source->read(ctx, source->arg, bytes, CHUNK, &got);
        if (err == OK && file_write(fd, (struct slice){bytes, got}) != 0)
            err = ctx_fail_errno(ctx, errno, "writing the backup");
    }
    if (err == OK && lseek(fd, 0, SEEK_SET) != 0)
        err = ctx_fail_errno(ctx, errno, "reading the backup");
    return err;
}

/* A file without a name: whatever happens, nothing of it is left. */
static enum err open_sent(struct ctx *ctx, const struct shelf *s,
                          const struct backup_source *source, int *fd)
{
    const char *path = str_printf(ctx->arena, "%s/tmp/restore.tar.%s", s->data, ctx->request_id);
    if (path == NULL)
        return ctx_no_memory(ctx);
    enum err err = check_room(ctx, s, source->size);
    if (err != OK)
        return err;
    *fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return ctx_fail_errno(ctx, errno, path);
    (void)unlink(path);
    err = receive(ctx, source, *fd);
    if (err != OK)
        (void)close(*fd);
    return err;
}

static struct backup_figures figures(const struct snapshot_figures *f)
{
    return (struct backup_figures){f->orgs, f->users, f->plugins, f->versions};
}

static enum err compare(struct ctx *ctx, const struct shelf *s, const char *db,
                        struct backup_preview *out)
{
    struct snapshot_figures now, then;
    const char *ours = folder_file(ctx, s->data, "larder.db");
    enum err err = ours ? snapshot_count(ctx, db, false, &then) : ctx_no_memory(ctx);
    if (err == OK)
        err = snapshot_count(ctx, ours, true, &now);
    if (err != OK)
        return err;
    out->now = figures(&now);
    out->then = figures(&then);
    return OK;
}

static void describe(const struct backup_list *list, struct backup_preview *out)
{
    out->version = list->version;
    out->created_at = list->created_at;
    out->files = (int64_t)list->count;
    for (size_t i = 0; i < list->count; i++) {
        out->bytes += list->files[i].size;
        out->with_key |= strcmp(list->files[i].name, "key") == 0;
    }
}

static enum err unpack(struct ctx *ctx, const struct shelf *s, int fd, struct backup_preview *out)
{
    struct backup_list list = {0};
    char id[ID_TEXT];
    crypto_uuid7(ctx->now, id);
    out->token = slice_dup(ctx->arena, slice_of(id));
    const char *stage = out->token ? swap_stage(ctx, s->data, out->token) : NULL;
    const char *db = stage ? folder_file(ctx, stage, "larder.db") : NULL;
    if (db == NULL)
        return ctx_no_memory(ctx);
    enum err err = stage_read(ctx, fd, stage, &list);
    if (err == OK)
        err = snapshot_check(ctx, db);
    if (err == OK)
        err = compare(ctx, s, db, out);
    describe(&list, out);
    if (err != OK)
        stage_drop(ctx, stage, &list);
    return err;
}

/* A damaged archive is the fault of who sent it, not ours. */
static enum err blame_sender(struct ctx *ctx, enum err err)
{
    if (err != ERR_CORRUPT)
        return err;
    ctx->fault.err = ERR_INVALID;
    return ERR_INVALID;
}

enum err shelf_preview(struct ctx *ctx, void *shelf, const char *name,
                       const struct backup_source *source, struct backup_preview *out)
{
    struct shelf *s = shelf;
    int64_t size;
    int fd = -1;
    *out = (struct backup_preview){0};
    enum err err = source ? open_sent(ctx, s, source, &fd)
                          : s->keeper.open(ctx, s, name, &fd, &size);
    if (err != OK)
        return err;
    (void)pthread_mutex_lock(&s->lock);
    if (s->decided) {
        err = ctx_fail(ctx, ERR_BUSY, "A restore is under way");
    } else {
        swap_sweep(ctx, s->data); /* the copy of the preview before */
        err = unpack(ctx, s, fd, out);
    }
    (void)pthread_mutex_unlock(&s->lock);
    (void)close(fd);
    return blame_sender(ctx, err);
}

struct noting {
    const struct actor *actor;
    const char *token;
};

static enum err note(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct noting *n = arg;
    struct record r;
    record_start(ctx, &r);
    return record_append(ctx, conn, &r, n->actor, "restore.begin", NULL, n->token);
}

static enum err decide(struct ctx *ctx, struct shelf *s, const struct actor *actor,
                       const char *token)
{
    struct noting n = {actor, token};
    if (s->decided)
        return ctx_fail(ctx, ERR_BUSY, "A restore is under way");
    if (!swap_is_staged(ctx, s->data, token))
        return ctx_fail_field(ctx, ERR_NOT_FOUND, "token",
                              "This backup is not unpacked any more; preview it again");
    enum err err = store_write(ctx, s->d->store, note, &n);
    if (err == OK)
        err = swap_plan(ctx, s->data, token, actor->username ? actor->username : "");
    s->decided = err == OK;
    return err;
}

enum err shelf_restore(struct ctx *ctx, void *shelf, const struct actor *actor, const char *token)
{
    struct shelf *s = shelf;
    (void)pthread_mutex_lock(&s->lock);
    enum err err = decide(ctx, s, actor, token);
    (void)pthread_mutex_unlock(&s->lock);
    if (err == OK)
        s->start_anew(s->arg);
    return err;
}
