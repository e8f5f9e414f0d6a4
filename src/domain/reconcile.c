/*
 * reconcile.c - one walk over the rows, one over the blobs, one over each root of trees.
 *
 * A tree carries a marker that is written last and before the move to its place, so a marker with
 * the right hash is proof enough, unless the power may have failed since: then the trees that were
 * made after the last flush of their root are built again. Memory: one small record per version, in
 * an arena that ends with the job. What the rows should say is written many at a time: after the
 * loss of a folder it concerns every row.
 */
#include "domain/reconcile.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "blob/blob.h"
#include "blob/patience.h"
#include "blob/tree.h"
#include "domain/catalog.h"
#include "domain/domain.h"
#include "domain/legacy.h"
#include "domain/legacy_names.h"
#include "domain/pending.h"
#include "domain/publish_tree.h"
#include "store/kv_store.h"
#include "store/legacy_store.h"
#include "store/outbox_store.h"
#include "store/plugin_store.h"
#include "store/replica_store.h"

enum {
    PACKAGE_MAX = 64 << 20,
    ROWS_MAX = 1 << 30, /* bytes for the records: some millions of versions */
    SYSTEM_DEPTH = 2,
    TENANT_DEPTH = 3,
    STOP_FLUSH_MS = 1000, /* the end of a server must not wait for a busy disk */
    MARKS = 500           /* rows' states in one transaction */
};

struct held {
    const char *org_id, *pid, *version, *sha256, *state;
    const char *folder; /* in the stores of the v1 API; NULL = it stands among the trees */
    int64_t size, changed_at;
    struct held *next;
};

struct mark {
    const char *sha256, *state;
};

struct kept {
    const char *sha256;
    struct kept *next;
};

struct work {
    struct ctx *ctx;
    struct domain *d;
    struct held *list;       /* newest last read first */
    struct held **by_sha;    /* sorted by sha256 */
    struct held **by_place;  /* sorted by org, pid, version */
    struct held **by_folder; /* those of the v1 API, sorted by folder */
    size_t count, folder_count;
    struct kept *kept; /* blobs that stay without a row */
    int64_t unsure_since;
    struct mark marks[MARKS]; /* to be written */
    size_t mark_count;
    struct reconcile_report *report;
};

/* One of the three words that the column can hold. */
static const char *known_state(const char *state)
{
    return strcmp(state, "present") == 0   ? "present"
           : strcmp(state, "missing") == 0 ? "missing"
                                           : "corrupt";
}

static enum err keep(void *arg, const struct artifact *a)
{
    struct work *w = arg;
    struct arena *arena = w->ctx->arena;
    struct held *h = arena_alloc(arena, sizeof *h);
    if (h == NULL)
        return ctx_no_memory(w->ctx);
    /* rows of one org often stand together: one copy of its name will do */
    bool same = a->org_id && w->list && w->list->org_id && strcmp(w->list->org_id, a->org_id) == 0;
    h->org_id = same ? w->list->org_id : a->org_id ? slice_dup(arena, slice_of(a->org_id)) : NULL;
    h->pid = slice_dup(arena, slice_of(a->pid));
    h->version = slice_dup(arena, slice_of(a->version));
    h->sha256 = slice_dup(arena, slice_of(a->sha256));
    h->state = known_state(a->state);
    h->size = a->size_bytes;
    h->changed_at = a->changed_at;
    if (!h->pid || !h->version || !h->sha256 || (a->org_id && !h->org_id))
        return ctx_no_memory(w->ctx);
    if (a->is_v1 && w->d->legacy) {
        if ((h->folder = legacy_folder(arena, h->pid, h->version)) == NULL)
            return ctx_no_memory(w->ctx);
        w->folder_count++;
    }
    h->next = w->list;
    w->list = h;
    w->count++;
    return OK;
}

static enum err keep_blob(void *arg, const char *sha256)
{
    struct work *w = arg;
    struct kept *k = arena_alloc(w->ctx->arena, sizeof *k);
    if (k == NULL || (k->sha256 = slice_dup(w->ctx->arena, slice_of(sha256))) == NULL)
        return ctx_no_memory(w->ctx);
    k->next = w->kept;
    w->kept = k;
    return OK;
}

static enum err read_rows(struct ctx *ctx, struct conn *conn, void *arg)
{
    enum err err = plugin_store_artifacts(ctx, conn, keep, arg);
    if (err == OK)
        err = blob_store_kept(ctx, conn, ctx->now, keep_blob, arg);
    if (err == OK)
        err = outbox_blobs(ctx, conn, keep_blob, arg);
    if (err == OK)
        err = repl_conflict_blobs(ctx, conn, keep_blob, arg);
    return err == OK ? pending_blobs(ctx, conn, keep_blob, arg) : err;
}

static int by_sha(const void *a, const void *b)
{
    return strcmp((*(struct held *const *)a)->sha256, (*(struct held *const *)b)->sha256);
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int by_place(const void *a, const void *b)
{
    const struct held *x = *(struct held *const *)a, *y = *(struct held *const *)b;
    int order = compare_text(x->org_id, y->org_id);
    if (order == 0)
        order = strcmp(x->pid, y->pid);
    return order ? order : strcmp(x->version, y->version);
}

static int by_folder(const void *a, const void *b)
{
    return strcmp((*(struct held *const *)a)->folder, (*(struct held *const *)b)->folder);
}

static enum err sort_rows(struct work *w)
{
    w->by_sha = arena_array(w->ctx->arena, w->count + 1, sizeof *w->by_sha);
    w->by_place = arena_array(w->ctx->arena, w->count + 1, sizeof *w->by_place);
    w->by_folder = arena_array(w->ctx->arena, w->folder_count + 1, sizeof *w->by_folder);
    if (w->by_sha == NULL || w->by_place == NULL || w->by_folder == NULL)
        return ctx_no_memory(w->ctx);
    size_t i = 0, k = 0;
    for (struct held *h = w->list; h; h = h->next, i++) {
        w->by_sha[i] = w->by_place[i] = h;
        if (h->folder)
            w->by_folder[k++] = h;
    }
    qsort(w->by_folder, k, sizeof *w->by_folder, by_folder);
    qsort(w->by_sha, w->count, sizeof *w->by_sha, by_sha);
    qsort(w->by_place, w->count, sizeof *w->by_place, by_place);
    return OK;
}

static bool blob_is_wanted(void *arg, const char *sha256)
{
    const struct work *w = arg;
    struct held want = {.sha256 = sha256}, *key = &want;
    if (bsearch(&key, w->by_sha, w->count, sizeof *w->by_sha, by_sha))
        return true;
    for (const struct kept *k = w->kept; k; k = k->next) /* overwrites of a month: not many */
        if (strcmp(k->sha256, sha256) == 0)
            return true;
    return false;
}

static bool folder_is_wanted(void *arg, const char *folder)
{
    const struct work *w = arg;
    struct held want = {.folder = folder}, *key = &want;
    return bsearch(&key, w->by_folder, w->folder_count, sizeof *w->by_folder, by_folder) != NULL;
}

static bool tree_is_wanted(void *arg, const struct tree_place *place)
{
    const struct work *w = arg;
    bool tenant = place->segment[2] != NULL;
    struct held want = {.org_id = tenant ? place->segment[0] : NULL,
                        .pid = place->segment[tenant ? 1 : 0],
                        .version = place->segment[tenant ? 2 : 1]};
    struct held *key = &want;
    struct held *const *found = bsearch(&key, w->by_place, w->count, sizeof *w->by_place, by_place);
    return found && (*found)->folder == NULL;
}

static enum err sweep(struct work *w)
{
    struct blob_sweep s = {.is_wanted = blob_is_wanted, .arg = w, .older_than_ms = INT64_MAX};
    enum err err = blob_sweep(w->ctx, w->d->blobs, &s);
    w->report->blobs_swept = s.blobs;
    w->report->bytes_swept = s.bytes;
    w->report->temp_files = s.temp_files;
    int64_t system = 0, tenants = 0, legacy = 0;
    if (err == OK)
        err = tree_sweep(w->ctx, w->d->system_trees, SYSTEM_DEPTH, tree_is_wanted, w, &system);
    if (err == OK)
        err = tree_sweep(w->ctx, w->d->tenant_trees, TENANT_DEPTH, tree_is_wanted, w, &tenants);
    if (err == OK)
        err = legacy_sweep(w->ctx, w->d, folder_is_wanted, w, &legacy);
    w->report->trees_swept = system + tenants + legacy;
    return err;
}

static enum err write_marks(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct work *w = arg;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < w->mark_count; i++)
        err = plugin_store_set_artifact(ctx, conn, w->marks[i].sha256, w->marks[i].state);
    return err;
}

static enum err flush_marks(struct work *w)
{
    enum err err = w->mark_count ? store_write(w->ctx, w->d->store, write_marks, w) : OK;
    w->mark_count = 0;
    return err;
}

/* Of all rows with that blob; the last word about it counts. */
static enum err mark(struct work *w, struct held *h, const char *state)
{
    h->state = state;
    w->marks[w->mark_count++] = (struct mark){h->sha256, state};
    return w->mark_count == MARKS ? flush_marks(w) : OK;
}

/* Notes in the rows what the disk says; a blob that came back is hashed before it counts. */
static enum err check_blob(struct work *w, struct held *h)
{
    bool there = blob_is_there(w->d->blobs, h->sha256, h->size);
    bool marked = strcmp(h->state, "present") != 0;
    const char *state = there ? "present" : "missing";
    if (!there)
        w->report->missing++;
    if (there && marked) {
        enum err err = blob_verify(w->ctx, w->d->blobs, h->sha256);
        ctx_forgive(w->ctx);
        state = err == OK ? "present" : "corrupt";
        w->report->returned += err == OK;
    }
    return strcmp(state, h->state) == 0 ? OK : mark(w, h, state);
}

static enum err build_tree(struct work *w, struct held *h, bool *built)
{
    struct tree_place place = {{h->org_id ? h->org_id : h->pid, h->org_id ? h->pid : h->version,
                                h->org_id ? h->version : NULL}};
    struct trees *root = h->org_id ? w->d->tenant_trees : w->d->system_trees;
    struct slice bytes;
    *built = false;
    if (h->changed_at < w->unsure_since && tree_is_there(root, &place, h->sha256))
        return OK;
    enum err err = blob_read(w->ctx, w->d->blobs, h->sha256, PACKAGE_MAX, &bytes);
    if (err == OK)
        err = publish_tree(w->ctx, w->d, h->org_id, h->pid, h->version, h->sha256, bytes);
    *built = err == OK;
    return err;
}

/* A package that cannot be unpacked any more is marked, and must not keep the others away. */
static enum err build_files(struct work *w, struct held *h)
{
    bool built = false;
    if (strcmp(h->state, "present") != 0)
        return OK;
    enum err err = h->folder ? legacy_restore(w->ctx, w->d, h->folder, h->sha256, h->size,
                                              h->changed_at >= w->unsure_since, &built)
                             : build_tree(w, h, &built);
    w->report->trees_built += built;
    if (err != ERR_CORRUPT && err != ERR_INVALID)
        return err;
    ctx_forgive(w->ctx);
    return mark(w, h, "corrupt");
}

/* One package at a time is in memory: each gets an arena of its own. */
static enum err ensure_local(struct work *w, struct held *h)
{
    struct arena *rows = w->ctx->arena, scratch;
    arena_init(&scratch, 2 * (size_t)PACKAGE_MAX);
    w->ctx->arena = &scratch;
    enum err err = check_blob(w, h);
    if (err == OK)
        err = build_files(w, h);
    w->ctx->arena = rows;
    arena_free(&scratch);
    return err;
}

/* ------------------------------------------------------------------ how the last run ended */

#define KV_UNSURE "trees_unsure_since" /* wall time; absent or empty = the last run ended well */

/* Reads since when trees are unsure, and leaves a mark for the run that begins now. */
static enum err begin_run(struct ctx *ctx, struct conn *conn, void *arg)
{
    int64_t *since = arg;
    const char *text = NULL;
    enum err err = kv_get(ctx, conn, KV_UNSURE, &text);
    *since = INT64_MAX;
    if (err != OK || slice_to_i64(slice_of(text), since))
        return err; /* a mark of an earlier run stays until one ends well */
    const char *now = str_printf(ctx->arena, "%lld", (long long)ctx->now);
    return now ? kv_put(ctx, conn, KV_UNSURE, now) : ctx_no_memory(ctx);
}

static enum err end_run(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    return kv_put(ctx, conn, KV_UNSURE, "");
}

static enum err flush_trees(struct ctx *ctx, struct domain *d)
{
    enum err err = trees_sync(ctx, d->system_trees);
    if (err == OK && trees_device(d->tenant_trees) != trees_device(d->system_trees))
        err = trees_sync(ctx, d->tenant_trees);
    return err == OK ? legacy_flush(ctx, d) : err;
}

static enum err flush_all(struct ctx *ctx, void *arg)
{
    return flush_trees(ctx, arg);
}

enum err reconcile_ended(struct ctx *ctx, struct domain *d)
{
    enum err err = patience_run(ctx, flush_all, d, STOP_FLUSH_MS);
    return err == OK ? store_write(ctx, d->store, end_run, NULL) : err;
}

static enum err forget_blobs(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    return blob_store_forget(ctx, conn, ctx->now);
}

static enum err walk(struct work *w)
{
    enum err err = store_write(w->ctx, w->d->store, forget_blobs, NULL);
    if (err == OK)
        err = store_read(w->ctx, w->d->store, read_rows, w);
    if (err == OK)
        err = sort_rows(w);
    if (err == OK)
        err = sweep(w);
    for (struct held *h = w->list; err == OK && h; h = h->next)
        err = ensure_local(w, h);
    if (err == OK)
        err = flush_marks(w);
    for (struct held *h = w->list; h; h = h->next)
        catalog_changed(w->d, h->org_id);
    return err;
}

enum err reconcile_run(struct ctx *ctx, struct domain *d, struct reconcile_report *out)
{
    struct arena *callers = ctx->arena, rows;
    struct work *w = arena_alloc(ctx->arena, sizeof *w);
    if (w == NULL)
        return ctx_no_memory(ctx);
    *w = (struct work){.ctx = ctx, .d = d, .report = out};
    *out = (struct reconcile_report){0};
    enum err err = store_write(ctx, d->store, begin_run, &w->unsure_since);
    if (err != OK)
        return err;
    arena_init(&rows, ROWS_MAX);
    ctx->arena = &rows;
    err = walk(w);
    ctx->arena = callers;
    arena_free(&rows);
    (void)malloc_trim(0); /* a large catalog's records are given back and not kept for later */
    if (err == OK)
        err = flush_trees(ctx, d);
    out->versions = (int64_t)w->count;
    return err;
}
