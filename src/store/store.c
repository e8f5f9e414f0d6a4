/*
 * store.c - opening and closing, the pool of readers, and figures about the file.
 *
 * A reader is lent to one work function at a time, newest first, so that few stay warm. Waiting for
 * one is bounded: a server that is behind says so instead of queueing for ever. How writes are
 * gathered stands in commit.c.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/commit.h"
#include "store/migrate.h"
#include "store/statements.h"
#include "store/volume.h"

enum {
    READERS = 4,
    READERS_MAX = 64,
    LEASE_WAIT_MS = 5000, /* for a reader, before "busy" */
    STATS_WAIT_MS = 100   /* the same for figures, which then are those of last time */
};

enum { BEGIN, COMMIT, WAL, PAGE_COUNT, PAGE_SIZE, FREE_PAGES };

static const struct sql sql[] = {
    [BEGIN] = {"BEGIN", NULL},
    [COMMIT] = {"COMMIT", NULL},
    [WAL] = {"PRAGMA journal_mode = WAL", NULL},
    [PAGE_COUNT] = {"PRAGMA page_count", NULL},
    [PAGE_SIZE] = {"PRAGMA page_size", NULL},
    [FREE_PAGES] = {"PRAGMA freelist_count", NULL},
};

const struct sql_list store_sql = {"store.c", sql, sizeof sql / sizeof *sql};

struct store {
    char *path, *wal_path;
    struct committer committer;
    bool committing; /* the committer is open */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct conn *idle[READERS_MAX]; /* a stack */
    int idle_count, reader_count;
    struct store_stats last; /* figures of the file, as last read */
};

/* ---- opening ---- */

static struct store *store_new(const char *path)
{
    struct store *s = calloc(1, sizeof *s); /* freed by store_close */
    if (s == NULL)
        return NULL;
    pthread_condattr_t attr;
    size_t room = strlen(path) + sizeof "-wal";
    s->path = strdup(path);
    s->wal_path = malloc(room);
    if (s->path == NULL || s->wal_path == NULL || pthread_condattr_init(&attr) != 0) {
        free(s->path);
        free(s->wal_path);
        free(s);
        return NULL;
    }
    (void)snprintf(s->wal_path, room, "%s-wal", path);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&s->lock, NULL); /* these two cannot fail on Linux */
    (void)pthread_cond_init(&s->freed, &attr);
    (void)pthread_condattr_destroy(&attr);
    return s;
}

/* The file exists, is a plain one, and is readable by its owner only when we make it. */
static enum err find_file(struct ctx *ctx, const struct store_options *o)
{
    struct stat st;
    if (stat(o->path, &st) == 0)
        return S_ISREG(st.st_mode) ? OK
                                   : ctx_fail(ctx, ERR_CONFLICT, "%s is not a plain file", o->path);
    if (errno != ENOENT)
        return ctx_fail_errno(ctx, errno, o->path);
    if (!o->create)
        return ctx_fail(ctx, ERR_NOT_FOUND, "There is no database at %s; `larder serve` makes one",
                        o->path);
    int fd = open(o->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return ctx_fail_errno(ctx, errno, o->path);
    (void)close(fd);
    return OK;
}

/* WAL is not a preference: without it a writer stops every reader. */
static enum err set_wal(struct ctx *ctx, struct conn *conn)
{
    bool row;
    struct stmt *s = db_stmt(ctx, conn, &sql[WAL]);
    enum err err = db_step(ctx, s, &row);
    if (err == OK && (!row || !slice_is(db_peek_slice(s, 0), "wal")))
        err = ctx_fail(ctx, ERR_CONFLICT,
                       "The database cannot be switched to WAL here; the file "
                       "system may lack shared memory");
    db_done(s);
    return err;
}

static enum err open_writer(struct ctx *ctx, struct store *s, const struct store_options *o)
{
    struct migrate_plan plan;
    struct conn *conn = NULL;
    enum err err = migrate_plan(ctx, &plan);
    if (err == OK)
        err = conn_open(ctx, CONN_WRITER, s->path, &conn);
    if (err == ERR_CORRUPT) { /* already the first page is not SQLite's */
        ctx_forgive(ctx);
        err = ctx_fail(
            ctx, ERR_CONFLICT,
            "%s is not a database, or its first page is damaged; `larder restore` puts a "
            "backup in its place",
            s->path);
    }
    if (err != OK)
        return err;
    err = migrate_check(ctx, conn, s->path, &plan, o->create);
    if (err == OK)
        err = set_wal(ctx, conn);
    if (err == OK)
        err = migrate_run(ctx, conn, s->path, &plan);
    if (err == OK)
        err = commit_open(ctx, &s->committer, conn);
    s->committing = err == OK;
    if (err != OK)
        conn_close(conn);
    return err;
}

static enum err open_readers(struct ctx *ctx, struct store *s, int count)
{
    for (int i = 0; i < count; i++) {
        enum err err = conn_open(ctx, CONN_READER, s->path, &s->idle[s->idle_count]);
        if (err != OK)
            return err;
        s->idle_count = ++s->reader_count;
    }
    return OK;
}

enum err store_open(struct ctx *ctx, const struct store_options *options, struct store **out)
{
    enum err err = options->allow_network_fs ? OK : volume_check(ctx, options->path);
    if (err == OK)
        err = find_file(ctx, options);
    if (err != OK)
        return err;
    struct store *s = store_new(options->path);
    if (s == NULL)
        return ctx_no_memory(ctx);
    int readers = options->readers > 0 ? options->readers : READERS;
    err = open_writer(ctx, s, options);
    if (err == OK)
        err = open_readers(ctx, s, readers < READERS_MAX ? readers : READERS_MAX);
    if (err != OK) {
        store_close(s);
        return err;
    }
    log_line(options->log, LOG_DEBUG, ctx->request_id, "store.open", "path", s->path, NULL);
    *out = s;
    return OK;
}

/* The last connection to close, of all processes, plays the WAL into the file and removes it. */
void store_close(struct store *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < s->idle_count; i++)
        conn_close(s->idle[i]);
    if (s->committing)
        commit_close(&s->committer);
    (void)pthread_cond_destroy(&s->freed);
    (void)pthread_mutex_destroy(&s->lock);
    free(s->wal_path);
    free(s->path);
    free(s);
}

/* ---- reading ---- */

/* NULL when none came free in time. */
static struct conn *borrow(struct store *s, int wait_ms)
{
    struct timespec until = clock_deadline(wait_ms);
    struct conn *conn = NULL;
    (void)pthread_mutex_lock(&s->lock);
    while (s->idle_count == 0) {
        if (pthread_cond_timedwait(&s->freed, &s->lock, &until) == ETIMEDOUT)
            break;
    }
    if (s->idle_count > 0)
        conn = s->idle[--s->idle_count];
    (void)pthread_mutex_unlock(&s->lock);
    return conn;
}

static void give_back(struct store *s, struct conn *conn)
{
    (void)pthread_mutex_lock(&s->lock);
    s->idle[s->idle_count++] = conn;
    (void)pthread_cond_signal(&s->freed);
    (void)pthread_mutex_unlock(&s->lock);
}

enum err store_read(struct ctx *ctx, struct store *s,
                    enum err (*work)(struct ctx *ctx, struct conn *conn, void *arg), void *arg)
{
    struct conn *conn = borrow(s, LEASE_WAIT_MS);
    if (conn == NULL) {
        bool first = ctx->fault.err == OK;
        enum err busy = ctx_fail(ctx, ERR_BUSY, "Too many questions are waiting for the database");
        if (first)
            ctx->fault.retry_after = 1;
        return busy;
    }
    bool had_fault = ctx->fault.err != OK;
    enum err err = conn_exec(ctx, conn, &sql[BEGIN]);
    if (err == OK)
        err = work(ctx, conn, arg);
    conn_settle(conn);
    if (err == OK && !had_fault && ctx->fault.err != OK)
        err = ctx->fault.err; /* a column that found no memory: the work did not look */
    if (err == OK)
        err = conn_exec(ctx, conn, &sql[COMMIT]);
    conn_rollback(conn); /* where that went wrong */
    give_back(s, conn);
    return err;
}

/* ---- writing, caches, figures ---- */

enum err store_write(struct ctx *ctx, struct store *s,
                     enum err (*work)(struct ctx *ctx, struct conn *conn, void *arg), void *arg)
{
    return commit_run(ctx, &s->committer, work, arg);
}

uint64_t store_generation(struct store *s)
{
    return commit_generation(&s->committer);
}

uint64_t store_rights_generation(struct store *s)
{
    return commit_rights_generation(&s->committer);
}

static enum err read_figures(struct ctx *ctx, struct conn *conn, struct store_stats *out)
{
    enum err err = conn_number(ctx, conn, &sql[PAGE_COUNT], &out->pages);
    if (err == OK)
        err = conn_number(ctx, conn, &sql[PAGE_SIZE], &out->page_size);
    return err == OK ? conn_number(ctx, conn, &sql[FREE_PAGES], &out->free_pages) : err;
}

static bool look_at_file(struct store *s, struct store_stats *out)
{
    struct arena arena;
    struct ctx ctx;
    struct conn *conn = borrow(s, STATS_WAIT_MS);
    if (conn == NULL)
        return false;
    arena_init(&arena, 4096);
    ctx_init(&ctx, &arena, conn->clock, NULL, "stats");
    bool read = read_figures(&ctx, conn, out) == OK;
    conn_settle(conn);
    give_back(s, conn);
    arena_free(&arena);
    return read;
}

void store_stats(struct store *s, struct store_stats *out)
{
    struct stat st;
    struct store_stats seen = {0};
    bool read = look_at_file(s, &seen);
    (void)pthread_mutex_lock(&s->lock);
    if (read)
        s->last = seen;
    *out = s->last;
    (void)pthread_mutex_unlock(&s->lock);
    out->wal_bytes = stat(s->wal_path, &st) == 0 ? st.st_size : 0;
    commit_figures(&s->committer, out);
}
