/*
 * workroom.c - making, locking and sweeping "backups/.work-<id>".
 */
#include "cli/workroom.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"

static const char prefix[] = ".work-";
static const char *const content[] = {"larder.db", "larder.db-journal", "larder.db-wal",
                                      "larder.db-shm"};

enum err workroom_open(struct ctx *ctx, const char *data, struct workroom *room)
{
    char id[ID_TEXT];
    crypto_uuid7(ctx->now, id);
    room->lock = -1;
    room->path = str_printf(ctx->arena, "%s/backups/%s%s", data, prefix, id);
    room->copy = room->path ? str_printf(ctx->arena, "%s/%s", room->path, content[0]) : NULL;
    if (room->copy == NULL)
        return ctx_no_memory(ctx);
    if (mkdir(room->path, 0700) != 0)
        return ctx_fail_errno(ctx, errno, room->path);
    room->lock = open(room->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (room->lock < 0 || flock(room->lock, LOCK_EX | LOCK_NB) != 0)
        return ctx_fail_errno(ctx, errno, room->path);
    return OK;
}

static void empty(int room)
{
    for (size_t i = 0; i < sizeof content / sizeof *content; i++)
        (void)unlinkat(room, content[i], 0);
}

void workroom_close(struct workroom *room)
{
    if (room->lock < 0)
        return;
    empty(room->lock);
    (void)rmdir(room->path);
    (void)close(room->lock);
    room->lock = -1;
}

static void sweep_one(int backups, const char *name)
{
    int room = openat(backups, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (room < 0)
        return;
    if (flock(room, LOCK_EX | LOCK_NB) == 0) {
        empty(room);
        (void)unlinkat(backups, name, AT_REMOVEDIR);
    }
    (void)close(room);
}

void workroom_sweep(struct ctx *ctx, const char *data)
{
    const char *path = str_printf(ctx->arena, "%s/backups", data);
    DIR *dir = path ? opendir(path) : NULL;
    if (dir == NULL)
        return;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        if (strncmp(e->d_name, prefix, sizeof prefix - 1) == 0)
            sweep_one(dirfd(dir), e->d_name);
    (void)closedir(dir);
}
