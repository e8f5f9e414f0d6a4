/*
 * directory.c - one pass over the store: what is new, what changed, what went.
 *
 * Most passes find nothing: dropped_names.c tells whether a thing is the one that was judged. What
 * is new is judged (directory_judge.c) in an arena of its own.
 */
#include "domain/directory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "domain/directory_judge.h"
#include "domain/domain.h"
#include "domain/dropped_names.h"
#include "domain/legacy_place.h"
#include "package/zip.h"

enum { ENTRIES = 4096, JUDGE_MEMORY = 512 << 20 };

struct directory {
    char *root; /* heap */
    int64_t wait_ms;
    struct dropped_limits limits;
    pthread_mutex_t pass; /* one pass at a time; guards nothing else */
};

/* ---- rows --------------------------------------------------------------------------------------- */

struct listing {
    struct ctx *ctx;
    struct directory_row *row;
    size_t count, cap;
    bool failed;
};

static enum err keep(void *arg, const struct directory_row *row)
{
    struct listing *l = arg;
    if (l->count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct directory_row *more = arena_array(l->ctx->arena, cap, sizeof *more);
        if (more == NULL)
            return ctx_no_memory(l->ctx);
        if (l->count)
            memcpy(more, l->row, l->count * sizeof *more);
        l->row = more;
        l->cap = cap;
    }
    l->row[l->count++] = *row;
    return OK;
}

static enum err read_rows(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct listing *l = arg;
    return l->failed ? directory_store_failed(ctx, conn, keep, l)
                     : directory_store_list(ctx, conn, keep, l);
}

static enum err list_rows(struct ctx *ctx, struct domain *d, bool failed,
                          struct directory_row **out, size_t *count)
{
    struct listing l = {.ctx = ctx, .failed = failed};
    *count = 0;
    if (d->directory == NULL)
        return OK;
    enum err err = store_read(ctx, d->store, read_rows, &l);
    *out = l.row;
    *count = l.count;
    return err;
}

enum err directory_list(struct ctx *ctx, struct domain *d, struct directory_row **out,
                        size_t *count)
{
    return list_rows(ctx, d, false, out, count);
}

enum err directory_failed(struct ctx *ctx, struct domain *d, struct directory_row **out,
                          size_t *count)
{
    return list_rows(ctx, d, true, out, count);
}

static const struct directory_row *find_row(const struct directory_row *rows, size_t count,
                                            const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static void log_judged(struct ctx *ctx, const struct directory_row *row)
{
    log_line(ctx->log, row->reason ? LOG_WARN : LOG_INFO, NULL, "directory.judged", "name",
             row->name, "state", row->state, row->reason ? "reason" : NULL, row->reason, NULL);
}

/* A failure of ours concerns this thing alone: it is logged, and tried again in the next pass. */
static void judge_one(struct ctx *ctx, struct domain *d, const struct dropped *item,
                      const struct directory_row *before)
{
    struct directory *dir = d->directory;
    struct arena *callers = ctx->arena, scratch;
    struct directory_verdict verdict;
    const struct directory_task task = {dir->root, &dir->limits, dir->wait_ms, item, before};
    arena_init(&scratch, JUDGE_MEMORY);
    ctx->arena = &scratch;
    if (directory_judge(ctx, d, &task, &verdict) == OK) {
        if (!verdict.same)
            log_judged(ctx, &verdict.row);
        if (!verdict.again)
            dropped_names_judged(d->dropped, item);
    } else {
        log_line(ctx->log, LOG_ERROR, NULL, "directory.failed", "name", item->name, "why",
                 ctx_sentence(ctx), "cause", ctx->fault.cause, NULL);
        ctx_forgive(ctx);
    }
    ctx->arena = callers;
    arena_free(&scratch);
}

static bool is_present(const struct dropped *items, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].name, name) == 0)
            return true;
    return false;
}

/* ---- the pass ----------------------------------------------------------------------------------- */

static bool is_ours(void *arg, const char *name)
{
    struct domain *d = arg;
    const struct tree_place place = {{name, NULL, NULL}};
    return !tree_is_foreign(d->legacy->trees, &place);
}

struct pass {
    struct domain *d;
    struct directory_scan *scan;
};

static bool skip(void *arg, const char *name)
{
    const struct pass *p = arg;
    return is_ours(p->d, name);
}

static void meet_folder(void *arg, const char *path)
{
    const struct pass *p = arg;
    if (p->scan->watch)
        p->scan->watch(p->scan->watch_arg, path);
}

static enum err scan_locked(struct ctx *ctx, struct domain *d, struct directory_scan *scan)
{
    struct directory *dir = d->directory;
    struct pass pass = {d, scan};
    const struct dropped_walk walk = {
        .limits = dir->limits, .arg = &pass, .skip = skip, .folder = meet_folder};
    struct directory_row *rows = NULL;
    struct dropped *items;
    size_t count, known;
    enum err err = directory_list(ctx, d, &rows, &known);
    if (err == OK)
        err = dropped_list(ctx, dir->root, &walk, &items, &count);
    if (err != OK)
        return err;
    for (size_t i = 0; i < count; i++) {
        const struct directory_row *before = find_row(rows, known, items[i].name);
        struct dropped_look look = {.now = ctx->now, .quiet_ms = DIRECTORY_QUIET_MS};
        look.again = scan->retry && before && strcmp(before->state, "failed") == 0;
        bool due = dropped_names_is_due(d->dropped, &items[i], &look);
        scan->unquiet |= look.unquiet;
        if (!due)
            continue;
        judge_one(ctx, d, &items[i], before);
        scan->judged++;
    }
    for (size_t i = 0; err == OK && i < known; i++)
        if (strcmp(rows[i].state, "gone") != 0 && !is_present(items, count, rows[i].name)) {
            dropped_names_gone(d->dropped, rows[i].name);
            err = directory_let_go(ctx, d, &rows[i]);
        }
    return err;
}

enum err directory_scan(struct ctx *ctx, struct domain *d, struct directory_scan *scan)
{
    scan->judged = 0;
    scan->unquiet = false;
    if (d->directory == NULL)
        return OK;
    (void)pthread_mutex_lock(&d->directory->pass);
    enum err err = scan_locked(ctx, d, scan);
    (void)pthread_mutex_unlock(&d->directory->pass);
    return err;
}

/* ---- beginning and end -------------------------------------------------------------------------- */

/* Names that were seen in earlier runs. */
static enum err load_names(struct ctx *ctx, struct domain *d)
{
    struct directory_row *rows;
    size_t count;
    enum err err = directory_list(ctx, d, &rows, &count);
    for (size_t i = 0; err == OK && i < count; i++)
        if (!dropped_names_add(d->dropped, rows[i].name))
            err = ctx_no_memory(ctx);
    return err;
}

enum err directory_open(struct ctx *ctx, struct domain *d, const struct directory_options *options)
{
    struct directory *dir = calloc(1, sizeof *dir); /* freed by directory_close */
    if (dir == NULL)
        return ctx_no_memory(ctx);
    const struct zip_limits *zip = &zip_limits_cadence;
    dir->limits = (struct dropped_limits){.entries = ENTRIES,
                                          .files = zip->members,
                                          .bytes = (int64_t)zip->unpacked,
                                          .file_bytes = (int64_t)zip->member,
                                          .zip_bytes = options->max_package};
    dir->wait_ms = options->wait_ms;
    (void)pthread_mutex_init(&dir->pass, NULL); /* cannot fail on Linux */
    d->directory = dir;
    d->dropped = dropped_names_new();
    dir->root = strdup(options->root);
    return dir->root && d->dropped ? load_names(ctx, d) : ctx_no_memory(ctx);
}

void directory_close(struct domain *d)
{
    struct directory *dir = d->directory;
    if (dir == NULL)
        return;
    (void)pthread_mutex_destroy(&dir->pass);
    dropped_names_free(d->dropped);
    free(dir->root);
    free(dir);
    d->directory = NULL;
    d->dropped = NULL;
}
