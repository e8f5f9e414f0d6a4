/*
 * storage.c - figures of the disk, and the sweep of a running server.
 *
 * The wanted hashes are read first and the files looked at after: a blob that comes to be wanted in
 * between is young, or was made young by whoever claimed it (blob/blob.c).
 */
#include "domain/storage.h"

#include "base/names.h"
#include "blob/blob.h"
#include "domain/pending.h"
#include "domain/record.h"
#include "store/legacy_store.h"

enum { YOUNG_MS = 3600 * 1000 };

struct wanted {
    struct ctx *ctx; /* of the request, for faults */
    struct names hashes;
};

static enum err want(void *arg, const char *sha256)
{
    struct wanted *w = arg;
    return names_add(&w->hashes, sha256) ? OK : ctx_no_memory(w->ctx);
}

static enum err read_wanted(struct ctx *ctx, struct conn *conn, void *arg)
{
    enum err err = storage_store_named(ctx, conn, want, arg);
    if (err == OK)
        err = blob_store_kept(ctx, conn, ctx->now, want, arg);
    return err == OK ? pending_blobs(ctx, conn, want, arg) : err;
}

static bool is_wanted(void *arg, const char *sha256)
{
    struct wanted *w = arg;
    return names_have(&w->hashes, sha256);
}

static enum err walk(struct ctx *ctx, struct domain *d, bool look_only, struct storage_report *out)
{
    struct wanted w = {.ctx = ctx};
    struct blob_sweep sweep = {.is_wanted = is_wanted,
                               .arg = &w,
                               .older_than_ms = ctx->now - YOUNG_MS,
                               .look_only = look_only};
    enum err err = store_read(ctx, d->store, read_wanted, &w);
    if (err == OK)
        err = blob_sweep(ctx, d->blobs, &sweep);
    names_free(&w.hashes);
    out->orphans = sweep.blobs;
    out->orphan_bytes = sweep.bytes;
    out->temp_files = sweep.temp_files;
    return err;
}

static enum err read_figures(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct storage_report *out = arg;
    return storage_store_figures(ctx, conn, &out->stored);
}

enum err storage_look(struct ctx *ctx, struct domain *d, struct storage_report *out)
{
    struct store_stats stats;
    *out = (struct storage_report){0};
    enum err err = store_read(ctx, d->store, read_figures, out);
    if (err == OK)
        err = blobs_volume(ctx, d->blobs, &out->disk_free, &out->disk_total);
    if (err != OK)
        return err;
    store_stats(d->store, &stats);
    out->database_bytes = stats.pages * stats.page_size;
    out->wal_bytes = stats.wal_bytes;
    return walk(ctx, d, true, out);
}

struct swept {
    const struct actor *actor;
    const struct storage_report *report;
};

static enum err note_sweep(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct swept *s = arg;
    struct record record;
    record_start(ctx, &record);
    jw_put_int(&record.json, "blobs", s->report->orphans);
    jw_put_int(&record.json, "bytes", s->report->orphan_bytes);
    jw_put_int(&record.json, "temp_files", s->report->temp_files);
    return record_append(ctx, conn, &record, s->actor, "storage.sweep", NULL, "blobs");
}

enum err storage_sweep(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       struct storage_report *out)
{
    struct swept s = {actor, out};
    *out = (struct storage_report){0};
    enum err err = walk(ctx, d, false, out);
    return err == OK ? store_write(ctx, d->store, note_sweep, &s) : err;
}
