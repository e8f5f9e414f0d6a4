/*
 * shelf.c - backups/ as a list: made, shown, handed out, removed.
 *
 * A file gets its name only when every byte of it was read again and its database was checked; a
 * file beside it says when. So a backup that was copied in by hand is shown as not yet verified.
 */
#include "cli/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/archive.h"
#include "cli/folder.h"
#include "cli/shelf_restore.h"
#include "cli/stage.h"
#include "domain/record.h"
#include "store/snapshot.h"

#define KIND "backup-file"
#define ENDING ".tar"
#define CHECKED ".verified"

enum { NAME_MAX_BYTES = 100, SHELF_MAX = 1000, PROGRESS_MS = 500, TRIES = 2 };

/* ---- names ------------------------------------------------------------------------------------ */

/* Letters, digits, "._-", no dot in front, ".tar" at the end: nothing that leads elsewhere. */
static bool is_name(const char *name)
{
    size_t n = strlen(name), e = sizeof ENDING - 1;
    if (n <= e || n > NAME_MAX_BYTES || name[0] == '.' || strcmp(name + n - e, ENDING) != 0)
        return false;
    for (const char *p = name; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
              *p == '.' || *p == '_' || *p == '-'))
            return false;
    return true;
}

static enum err absent(struct ctx *ctx)
{
    return ctx_fail(ctx, ERR_NOT_FOUND, "Backup not found");
}

static const char *place(struct ctx *ctx, const struct shelf *s, const char *name,
                         const char *ending)
{
    return str_printf(ctx->arena, "%s/backups/%s%s", s->data, name, ending);
}

/* "larder-20261121T093300Z.tar" out of "2026-11-21T09:33:00.123Z". */
static const char *fresh_name(struct ctx *ctx)
{
    char text[CLOCK_TEXT], stamp[CLOCK_TEXT];
    size_t n = 0;
    for (const char *p = clock_format(ctx->now, text); *p && *p != '.'; p++)
        if (*p != '-' && *p != ':')
            stamp[n++] = *p;
    return str_printf(ctx->arena, "larder-%.*sZ" ENDING, (int)n, stamp);
}

/* ---- the list --------------------------------------------------------------------------------- */

static int newest_first(const void *x, const void *y)
{
    const struct backup_entry *a = x, *b = y;
    return a->made_at < b->made_at ? 1 : a->made_at > b->made_at ? -1 : strcmp(b->name, a->name);
}

static int64_t stat_ms(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static enum err look(struct ctx *ctx, int dir, const char *name, struct backup_entry *out,
                     bool *fits)
{
    struct stat st, mark;
    *fits = is_name(name) && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode);
    if (!*fits)
        return OK;
    const char *checked = str_printf(ctx->arena, "%s" CHECKED, name);
    *out = (struct backup_entry){.name = slice_dup(ctx->arena, slice_of(name)),
                                 .bytes = st.st_size,
                                 .made_at = stat_ms(&st)};
    if (checked == NULL || out->name == NULL)
        return ctx_no_memory(ctx);
    if (fstatat(dir, checked, &mark, AT_SYMLINK_NOFOLLOW) == 0 && stat_ms(&mark) >= out->made_at)
        out->verified_at = stat_ms(&mark);
    return OK;
}

static enum err list(struct ctx *ctx, void *arg, struct backup_entry **out, size_t *count)
{
    const struct shelf *s = arg;
    const char *path = folder_file(ctx, s->data, "backups");
    bool fits;
    *count = 0;
    *out = arena_array(ctx->arena, SHELF_MAX, sizeof **out);
    if (path == NULL || *out == NULL)
        return ctx_no_memory(ctx);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return ctx_fail_errno(ctx, errno, path);
    enum err err = OK;
    for (const struct dirent *e; err == OK && *count < SHELF_MAX && (e = readdir(dir)) != NULL;) {
        err = look(ctx, dirfd(dir), e->d_name, &(*out)[*count], &fits);
        *count += err == OK && fits;
    }
    (void)closedir(dir);
    qsort(*out, *count, sizeof **out, newest_first);
    return err;
}

static enum err open_one(struct ctx *ctx, void *arg, const char *name, int *fd, int64_t *size)
{
    const struct shelf *s = arg;
    struct stat st;
    if (!is_name(name))
        return absent(ctx);
    const char *path = place(ctx, s, name, "");
    if (path == NULL)
        return ctx_no_memory(ctx);
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0)
        return errno == ENOENT || errno == ELOOP ? absent(ctx) : ctx_fail_errno(ctx, errno, path);
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(*fd);
        return absent(ctx);
    }
    *size = st.st_size;
    return OK;
}

/* ---- asking and removing ---------------------------------------------------------------------- */

struct noting {
    const struct actor *actor;
    const char *action, *name;
    bool queues;
};

static enum err note(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct noting *n = arg;
    struct record r;
    enum err err = n->queues ? jobs_queue(ctx, conn, KIND, n->name, SLICE_NONE, 0) : OK;
    record_start(ctx, &r);
    return err == OK ? record_append(ctx, conn, &r, n->actor, n->action, NULL, n->name) : err;
}

static enum err queue(struct ctx *ctx, void *arg, const struct actor *actor, const char **job_id,
                      const char **name)
{
    const struct shelf *s = arg;
    struct job_row job;
    bool found = false;
    *name = fresh_name(ctx);
    if (*name == NULL)
        return ctx_no_memory(ctx);
    struct noting n = {actor, "backup.make", *name, true};
    enum err err = store_write(ctx, s->d->store, note, &n);
    if (err != OK)
        return err;
    jobs_wake(s->d->jobs);
    err = jobs_newest(ctx, s->d, KIND, *name, &job, &found);
    *job_id = found ? job.id : "";
    return err;
}

static enum err remove_one(struct ctx *ctx, void *arg, const struct actor *actor, const char *name)
{
    const struct shelf *s = arg;
    struct noting n = {actor, "backup.delete", name, false};
    int fd = -1;
    int64_t size;
    enum err err = open_one(ctx, arg, name, &fd, &size);
    if (err != OK)
        return err;
    (void)close(fd);
    const char *path = place(ctx, s, name, ""), *checked = place(ctx, s, name, CHECKED);
    if (path == NULL || checked == NULL)
        return ctx_no_memory(ctx);
    if ((err = store_write(ctx, s->d->store, note, &n)) != OK)
        return err;
    if (unlink(path) != 0 && errno != ENOENT)
        return ctx_fail_errno(ctx, errno, path);
    (void)unlink(checked);
    return OK;
}

/* ---- making one ------------------------------------------------------------------------------- */

struct making {
    struct shelf *shelf;
    const struct job *job;
    struct archive archive;
    const char *phase;
    int64_t done, said_at;
    int fd;
};

static enum err say(struct ctx *ctx, struct making *m, bool always)
{
    int64_t now = clock_mono_ms(ctx->clock);
    if (atomic_load(m->job->cancel))
        return ctx_fail(ctx, ERR_BUSY, "The server stops");
    if (!always && now - m->said_at < PROGRESS_MS)
        return OK;
    m->said_at = now;
    const char *text = str_printf(ctx->arena, "{\"phase\":\"%s\",\"done\":%lld,\"total\":%lld}",
                                  m->phase, (long long)m->done, (long long)m->archive.bytes);
    return text ? jobs_progress(ctx, m->shelf->d->jobs, m->job->id, slice_of(text))
                : ctx_no_memory(ctx);
}

static enum err take(struct ctx *ctx, void *arg, struct slice piece)
{
    struct making *m = arg;
    m->done += (int64_t)piece.n;
    if (file_write(m->fd, piece) != 0)
        return ctx_fail_errno(ctx, errno, "writing the backup");
    return say(ctx, m, false);
}

/* Every byte of the file once more, against its list; the database from the copy it was made of. */
static enum err check(struct ctx *ctx, struct making *m)
{
    m->phase = "checking";
    enum err err = say(ctx, m, true);
    if (err == OK && lseek(m->fd, 0, SEEK_SET) != 0)
        err = ctx_fail_errno(ctx, errno, "reading the backup");
    if (err == OK)
        err = stage_check(ctx, m->fd);
    return err == OK ? snapshot_check(ctx, m->archive.room.copy) : err;
}

static enum err write_and_check(struct ctx *ctx, struct making *m)
{
    struct tar_writer w;
    tar_writer_init(&w, -1);
    w.sink = take;
    w.arg = m;
    m->phase = "writing";
    enum err err = say(ctx, m, true);
    if (err == OK)
        err = archive_write(&m->archive, &w);
    if (err == OK && fsync(m->fd) != 0)
        err = ctx_fail_errno(ctx, errno, "writing the backup");
    return err == OK ? check(ctx, m) : err;
}

static enum err finish(struct ctx *ctx, struct making *m, const char *temp, struct slice *result)
{
    const struct shelf *s = m->shelf;
    const char *backups = folder_file(ctx, s->data, "backups");
    const char *path = place(ctx, s, m->job->subject, "");
    const char *checked = str_printf(ctx->arena, "%s" CHECKED, m->job->subject);
    const char *text = str_printf(ctx->arena, "{\"name\":\"%s\",\"bytes\":%lld}", m->job->subject,
                                  (long long)m->done);
    if (backups == NULL || path == NULL || checked == NULL || text == NULL)
        return ctx_no_memory(ctx);
    if (rename(temp, path) != 0)
        return ctx_fail_errno(ctx, errno, path);
    enum err err = folder_write(ctx, backups, checked, SLICE("verified\n"));
    if (err == OK)
        log_line(ctx->log, LOG_INFO, NULL, "backup.done", "backup", m->job->subject, NULL);
    *result = slice_of(text);
    return err;
}

static enum err run(struct ctx *ctx, void *arg, const struct job *job, struct slice *result)
{
    struct making m = {.shelf = arg, .job = job, .fd = -1};
    if (!is_name(job->subject))
        return OK; /* a row that nobody of us wrote */
    const char *temp = place(ctx, m.shelf, job->subject, ".part");
    if (temp == NULL)
        return ctx_no_memory(ctx);
    (void)unlink(temp); /* of a try that was broken off */
    m.fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (m.fd < 0)
        return ctx_fail_errno(ctx, errno, temp);
    enum err err = archive_open(ctx, m.shelf->data, false, &m.archive);
    if (err == OK)
        err = write_and_check(ctx, &m);
    archive_close(&m.archive);
    (void)close(m.fd);
    if (err == OK)
        err = finish(ctx, &m, temp, result);
    if (err != OK)
        (void)unlink(temp);
    return err;
}

struct job_kind shelf_job(struct shelf *shelf)
{
    return (struct job_kind){.name = KIND, .run = run, .arg = shelf, .tries = TRIES};
}

void shelf_init(struct shelf *shelf, const char *data, struct domain *d)
{
    *shelf = (struct shelf){.data = data, .d = d};
    (void)pthread_mutex_init(&shelf->lock, NULL);
    shelf->keeper = (struct backup_keeper){.arg = shelf,
                                           .list = list,
                                           .queue = queue,
                                           .open = open_one,
                                           .remove = remove_one,
                                           .preview = shelf_preview,
                                           .restore = shelf_restore};
}
