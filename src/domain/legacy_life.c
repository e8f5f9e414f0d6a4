/*
 * legacy_life.c - v1 plugins after their upload: listed, reloaded, deleted.
 *
 * Lists are read from the rows in one transaction, never from the disk, so a reload that is under
 * way changes nothing for those who list meanwhile. Deleting removes the row first: a crash after
 * that leaves files with our mark and without a row, which the next start removes.
 */
#include <string.h>

#include "domain/catalog.h"
#include "domain/directory.h"
#include "domain/domain.h"
#include "domain/events.h"
#include "domain/legacy_names.h"
#include "domain/legacy_place.h"
#include "domain/outbound.h"
#include "domain/record.h"
#include "package/version.h"
#include "store/legacy_store.h"
#include "store/outbox_store.h"
#include "store/plugin_store.h"

enum { SCRATCH = 256 << 20 };

/* ------------------------------------------------------------------ rows in memory */

struct kept {
    struct legacy_row row;
    struct kept *next;
};

struct rows {
    struct ctx *ctx;
    const char *pid; /* NULL = all */
    struct kept *first, **last;
    size_t count;
};

static const char *copy(struct arena *arena, const char *text)
{
    return text ? slice_dup(arena, slice_of(text)) : NULL;
}

/* One of the words that the column can hold, so that it needs no copy. */
static const char *word(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return words[i];
    return words[0];
}

static enum err keep(void *arg, const struct legacy_row *row)
{
    static const char *const healths[] = {"unchecked", "healthy", "failed"};
    static const char *const artifacts[] = {"missing", "present", "corrupt"};
    struct rows *rows = arg;
    struct arena *arena = rows->ctx->arena;
    struct kept *k = arena_alloc(arena, sizeof *k);
    if (k == NULL)
        return ctx_no_memory(rows->ctx);
    k->row = *row;
    k->row.id = copy(arena, row->id);
    k->row.pid = copy(arena, row->pid);
    k->row.name = copy(arena, row->name);
    k->row.version = copy(arena, row->version);
    k->row.description = copy(arena, row->description ? row->description : "");
    k->row.sha256 = copy(arena, row->sha256);
    const char *capabilities = slice_dup(arena, row->capabilities);
    k->row.capabilities = slice_of(capabilities);
    k->row.health = word(row->health, healths, 3);
    k->row.artifact = word(row->artifact, artifacts, 3);
    if (!k->row.id || !k->row.pid || !k->row.name || !k->row.version || !k->row.description ||
        !k->row.sha256 || !capabilities)
        return ctx_no_memory(rows->ctx);
    *rows->last = k;
    rows->last = &k->next;
    rows->count++;
    return OK;
}

static enum err read_all(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct rows *rows = arg;
    return legacy_store_list(ctx, conn, rows->pid, keep, rows);
}

static enum err load(struct ctx *ctx, struct domain *d, const char *pid, struct rows *rows)
{
    *rows = (struct rows){.ctx = ctx, .pid = pid, .last = &rows->first};
    return store_read(ctx, d->store, read_all, rows);
}

/* ------------------------------------------------------------------ what the rows say */

static bool is_whole(const struct legacy_row *row)
{
    return strcmp(row->artifact, "present") == 0;
}

/* A version whose bytes are gone cannot be what it was checked as. */
static const char *status_of(const struct legacy_row *row)
{
    return is_whole(row) ? row->health : "failed";
}

/* The newest enabled version among those of one plugin, which stand together; NULL = none. *end is
 * the first row of the next plugin. */
static const struct legacy_row *newest(const struct kept *k, const struct kept **end)
{
    const struct legacy_row *found = NULL;
    const char *pid = k->row.pid;
    for (; k && strcmp(k->row.pid, pid) == 0; k = k->next)
        if (found == NULL && k->row.enabled)
            found = &k->row;
    *end = k;
    return found;
}

/* Some version can be used: enabled, whole and not found failing. */
static bool serves(const struct kept *k)
{
    const char *pid = k->row.pid;
    for (; k && strcmp(k->row.pid, pid) == 0; k = k->next)
        if (k->row.enabled && strcmp(status_of(&k->row), "failed") != 0)
            return true;
    return false;
}

static enum err show(struct ctx *ctx, const struct domain *d, const struct legacy_row *row,
                     struct legacy_plugin *out)
{
    *out = (struct legacy_plugin){
        .name = row->name,
        .version = row->version,
        .description = row->description,
        .directory = legacy_directory(ctx->arena, d, row->name, row->version),
        .capabilities = row->capabilities,
        .status = status_of(row),
    };
    return out->directory ? OK : ctx_no_memory(ctx);
}

static enum err need_store(struct ctx *ctx, const struct domain *d)
{
    return d->legacy ? OK : ctx_fail(ctx, ERR_BUSY, "There is no store of v1 plugins");
}

/* What was dropped into the store and is broken, where nothing of that name is listed. */
static enum err list_broken(struct ctx *ctx, struct domain *d,
                            enum err (*each)(void *arg, const struct legacy_plugin *p), void *arg)
{
    struct directory_row *rows;
    size_t count;
    enum err err = directory_failed(ctx, d, &rows, &count);
    for (size_t i = 0; err == OK && i < count; i++) {
        struct slice whole = slice_of(rows[i].name), name, version;
        if (slice_ends(whole, ".zip"))
            whole.n -= 4;
        if (!legacy_cut(whole, &name, &version)) {
            name = whole;
            version = SLICE("");
        }
        const struct legacy_plugin p = {
            .name = slice_dup(ctx->arena, name),
            .version = slice_dup(ctx->arena, version),
            .description = rows[i].reason,
            .directory = rows[i].name,
            .capabilities = SLICE("[]"),
            .status = "failed",
        };
        err = p.name && p.version ? each(arg, &p) : ctx_no_memory(ctx);
    }
    return err;
}

enum err legacy_list(struct ctx *ctx, struct domain *d,
                     enum err (*each)(void *arg, const struct legacy_plugin *p), void *arg)
{
    struct rows rows;
    enum err err = need_store(ctx, d);
    if (err == OK)
        err = load(ctx, d, NULL, &rows);
    for (const struct kept *k = err == OK ? rows.first : NULL; err == OK && k;) {
        struct legacy_plugin p;
        const struct legacy_row *row = newest(k, &k);
        if (row && (err = show(ctx, d, row, &p)) == OK)
            err = each(arg, &p);
    }
    return err == OK ? list_broken(ctx, d, each, arg) : err;
}

enum err legacy_find(struct ctx *ctx, struct domain *d, const char *name, struct legacy_plugin *out,
                     bool *found)
{
    struct rows rows;
    const char *pid = legacy_pid(ctx->arena, name);
    *found = false;
    enum err err = pid ? need_store(ctx, d) : ctx_no_memory(ctx);
    if (err == OK)
        err = load(ctx, d, pid, &rows);
    if (err != OK || rows.first == NULL)
        return err;
    const struct kept *end;
    const struct legacy_row *row = newest(rows.first, &end);
    *found = row != NULL;
    return row ? show(ctx, d, row, out) : OK;
}

enum err legacy_uploaded(struct ctx *ctx, struct domain *d,
                         enum err (*each)(void *arg, const struct legacy_plugin *p), void *arg)
{
    struct rows rows;
    enum err err = need_store(ctx, d);
    if (err == OK)
        err = load(ctx, d, NULL, &rows);
    for (const struct kept *k = err == OK ? rows.first : NULL; err == OK && k; k = k->next) {
        struct legacy_plugin p;
        if ((err = show(ctx, d, &k->row, &p)) == OK)
            err = each(arg, &p);
    }
    return err;
}

/* ------------------------------------------------------------------ status and reload */

static enum err sum_up(struct ctx *ctx, struct domain *d, const struct rows *rows,
                       struct legacy_summary *out)
{
    struct directory_row *broken;
    size_t count;
    enum err err = directory_failed(ctx, d, &broken, &count);
    if (err != OK)
        return err;
    *out = (struct legacy_summary){
        .loaded = arena_array(ctx->arena, rows->count + 1, sizeof *out->loaded),
        .healthy = arena_array(ctx->arena, rows->count + 1, sizeof *out->healthy),
        .failed = arena_array(ctx->arena, rows->count + count + 1, sizeof *out->failed),
    };
    if (!out->loaded || !out->healthy || !out->failed)
        return ctx_no_memory(ctx);
    for (const struct kept *k = rows->first, *end; k; k = end) {
        const struct legacy_row *row = newest(k, &end);
        if (row == NULL)
            continue;
        if (serves(k))
            out->loaded[out->loaded_count++] = row->name;
        if (strcmp(status_of(row), "healthy") == 0)
            out->healthy[out->healthy_count++] = row->name;
        if (strcmp(status_of(row), "failed") == 0)
            out->failed[out->failed_count++] = row->name;
    }
    for (size_t i = 0; i < count; i++)
        out->failed[out->failed_count++] = broken[i].plugin[0] ? broken[i].plugin : broken[i].name;
    return OK;
}

enum err legacy_status(struct ctx *ctx, struct domain *d, struct legacy_summary *out)
{
    struct rows rows;
    enum err err = load(ctx, d, NULL, &rows);
    return err == OK ? sum_up(ctx, d, &rows, out) : err;
}

struct state {
    const char *sha256, *state;
};

static enum err write_state(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct state *s = arg;
    return plugin_store_set_artifact(ctx, conn, s->sha256, s->state);
}

/* The bytes cannot be had: the row says so from now on, and the others go on. */
static enum err note_damage(struct ctx *ctx, struct domain *d, const struct legacy_row *row,
                            enum err why)
{
    struct state s = {row->sha256, why == ERR_NOT_FOUND ? "missing" : "corrupt"};
    ctx_forgive(ctx);
    return store_write(ctx, d->store, write_state, &s);
}

static enum err still_so(struct ctx *ctx, struct domain *d, const struct legacy_row *row,
                         bool *same)
{
    struct rows now;
    enum err err = load(ctx, d, row->pid, &now);
    *same = false;
    for (const struct kept *k = err == OK ? now.first : NULL; k; k = k->next)
        *same = *same ||
                (strcmp(k->row.id, row->id) == 0 && strcmp(k->row.version, row->version) == 0 &&
                 strcmp(k->row.sha256, row->sha256) == 0);
    return err;
}

/* Under the lock: the row may have changed since it was read, and then whoever changed it has seen
 * to its files. */
static enum err repair_locked(struct ctx *ctx, struct domain *d, const struct legacy_row *row,
                              bool *built)
{
    bool same = false;
    const char *folder = legacy_folder(ctx->arena, row->pid, row->version);
    enum err err = folder ? still_so(ctx, d, row, &same) : ctx_no_memory(ctx);
    if (err != OK || !same)
        return err;
    err = legacy_restore(ctx, d, folder, row->sha256, row->size_bytes, false, built);
    if (err == ERR_NOT_FOUND || err == ERR_CORRUPT || err == ERR_INVALID)
        return note_damage(ctx, d, row, err);
    if (err == OK && *built && !is_whole(row)) {
        struct state s = {row->sha256, "present"};
        err = store_write(ctx, d->store, write_state, &s);
    }
    return err;
}

/* Each in an arena of its own: one package at a time is in memory. */
static enum err repair(struct ctx *ctx, struct domain *d, const struct legacy_row *row,
                       int64_t *repaired)
{
    struct arena *callers = ctx->arena, scratch;
    bool built = false;
    arena_init(&scratch, SCRATCH);
    ctx->arena = &scratch;
    (void)pthread_mutex_lock(&d->legacy->lock);
    enum err err = repair_locked(ctx, d, row, &built);
    (void)pthread_mutex_unlock(&d->legacy->lock);
    ctx->arena = callers;
    arena_free(&scratch);
    *repaired += built;
    return err;
}

struct reloading {
    const struct actor *actor;
    const struct legacy_summary *summary;
    int64_t repaired;
};

static enum err record_reload(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct reloading *r = arg;
    struct record record;
    record_start(ctx, &record);
    jw_put_int(&record.json, "loaded", (int64_t)r->summary->loaded_count);
    jw_put_int(&record.json, "healthy", (int64_t)r->summary->healthy_count);
    jw_put_int(&record.json, "failed", (int64_t)r->summary->failed_count);
    jw_put_int(&record.json, "repaired", r->repaired);
    return record_append(ctx, conn, &record, r->actor, "plugin.reload", NULL, NULL);
}

enum err legacy_reload(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       struct legacy_summary *out)
{
    struct reloading r = {.actor = actor, .summary = out};
    struct directory_scan scan = {.retry = true};
    struct rows rows;
    enum err err = need_store(ctx, d);
    if (err == OK)
        err = directory_scan(ctx, d, &scan);
    if (err == OK)
        err = load(ctx, d, NULL, &rows);
    for (const struct kept *k = err == OK ? rows.first : NULL; err == OK && k; k = k->next)
        err = repair(ctx, d, &k->row, &r.repaired);
    if (err == OK)
        err = legacy_status(ctx, d, out);
    if (err == OK)
        err = store_write(ctx, d->store, record_reload, &r);
    if (err != OK)
        return err;
    const struct event event = {.kind = "plugins.reloaded"};
    if (r.repaired)
        catalog_changed(d, NULL);
    events_emit(d, &event);
    return OK;
}

/* ------------------------------------------------------------------ deletion */

struct deleting {
    const struct actor *actor;
    const char *name, *version, *pid;
    struct version parsed;
    struct plugin row;
};

static enum err not_uploaded(struct ctx *ctx, const char *name, const char *version)
{
    return ctx_fail_code(ctx, ERR_NOT_FOUND, "PL-0002", "Plugin '%.100s' version '%.60s' not found",
                         name, version);
}

static enum err remove_row(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct deleting *w = arg;
    struct slice key = {(const char *)w->parsed.key, w->parsed.key_len};
    struct record r;
    bool found;
    enum err err = plugin_store_find_version(ctx, conn, NULL, w->pid, key, &w->row, &found);
    if (err == OK && (!found || w->row.generation != PLUGIN_V1))
        return not_uploaded(ctx, w->name, w->version);
    if (err == OK)
        err = legacy_store_remove(ctx, conn, w->row.id);
    if (err == OK)
        err = plugin_store_promote(ctx, conn, NULL, w->pid);
    if (err != OK)
        return err;
    w->row.updated_by = w->actor->user_id;
    record_start(ctx, &r);
    jw_put_str(&r.json, "pid", w->row.pid);
    jw_put_str(&r.json, "version", w->row.version);
    jw_put_str(&r.json, "sha256", w->row.sha256);
    err = record_append(ctx, conn, &r, w->actor, "plugin.delete", NULL, w->row.id);
    return err == OK ? outbound_version(ctx, conn, OUTBOX_REMOVE, &w->row, w->row.sha256) : err;
}

static enum err delete_locked(struct ctx *ctx, struct domain *d, struct deleting *w)
{
    enum err err = store_write(ctx, d->store, remove_row, w);
    if (err != OK)
        return err;
    const char *folder = legacy_folder(ctx->arena, w->row.pid, w->row.version);
    return folder ? legacy_drop(ctx, d, folder) : ctx_no_memory(ctx);
}

enum err legacy_delete(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       const char *name, const char *version)
{
    struct deleting w = {.actor = actor, .name = name, .version = version};
    enum err err = need_store(ctx, d);
    if (err != OK)
        return err;
    w.pid = legacy_pid(ctx->arena, name);
    if (w.pid == NULL)
        return ctx_no_memory(ctx);
    if (!version_parse(VERSION_PEP440, slice_of(version), &w.parsed))
        return not_uploaded(ctx, name, version);
    (void)pthread_mutex_lock(&d->legacy->lock);
    err = delete_locked(ctx, d, &w);
    (void)pthread_mutex_unlock(&d->legacy->lock);
    if (w.row.id == NULL)
        return err;
    const struct event event = {.kind = "plugin.deleted",
                                .plugin_id = w.row.id,
                                .pid = w.row.pid,
                                .version = w.row.version};
    catalog_changed(d, NULL);
    events_emit(d, &event);
    return err;
}
