/*
 * arrival.c - the way of a fetched package from bytes to a version that is served.
 */
#include "domain/arrival.h"

#include <string.h>

#include "base/json_read.h"
#include "base/log.h"
#include "blob/blob.h"
#include "blob/tree.h"
#include "domain/catalog.h"
#include "domain/domain.h"
#include "domain/events.h"
#include "domain/legacy.h"
#include "domain/legacy_names.h"
#include "domain/package_row.h"
#include "domain/publish_tree.h"
#include "package/inspect.h"
#include "package/zip_source.h"
#include "store/plugin_store.h"
#include "store/replica_store.h"

enum { COLUMN_MAX = 1 << 20 };

/* An archive, whole and within the limits, and its files; *us tells how long that took. */
static enum err open_package(struct ctx *ctx, struct slice bytes, struct zip **zip,
                             struct package_source *source, int64_t *us)
{
    int64_t start = clock_mono_us();
    *zip = NULL;
    enum err err = zip_open(ctx, bytes, &zip_limits_cadence, zip);
    if (err == OK)
        err = zip_verify(ctx, *zip);
    if (err == OK)
        err = zip_source(ctx, *zip, source);
    *us = clock_mono_us() - start;
    return err;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The same value, however its letters are written. */
static bool same_json(struct ctx *ctx, struct slice a, struct slice b)
{
    struct buf x, y;
    const struct jr *v, *w;
    if (slice_eq(a, b))
        return true;
    if (jr_parse(ctx, a, &v) != OK || jr_parse(ctx, b, &w) != OK) {
        ctx_forgive(ctx);
        return false;
    }
    buf_init(&x, ctx->arena, COLUMN_MAX);
    buf_init(&y, ctx->arena, COLUMN_MAX);
    jr_copy(v, &x);
    jr_copy(w, &y);
    return !buf_failed(&x) && !buf_failed(&y) && slice_eq(buf_view(&x), buf_view(&y));
}

/* NULL, or the first thing that the record says otherwise. Words that only people read are left
 * out: two versions of this program may cut them differently. */
static const char *difference(struct ctx *ctx, const struct plugin *row, const struct plugin *read,
                              const char *pid)
{
    if (row->generation == PLUGIN_V2 && !same(row->pid, pid))
        return "pid";
    if (!same(row->version, read->version))
        return "version";
    if (!same(row->name, read->name))
        return "name";
    if (row->generation != read->generation)
        return "generation";
    if (!same(row->agent_type, read->agent_type))
        return "agent_type";
    if (!same_json(ctx, row->capabilities, read->capabilities))
        return "capabilities";
    if (!same_json(ctx, row->dependencies, read->dependencies))
        return "dependencies";
    if (!same_json(ctx, row->default_settings, read->default_settings))
        return "default_settings";
    return same_json(ctx, row->settings_schema, read->settings_schema) ? NULL : "settings_schema";
}

/* *reason stays NULL where the package is what its row says; *logo is its picture. */
static enum err judge(struct ctx *ctx, const struct plugin *row, struct slice bytes,
                      struct slice *logo, const char **reason)
{
    struct inspection *found = arena_alloc(ctx->arena, sizeof *found);
    struct package_source source;
    struct plugin read = {0};
    struct zip *zip;
    int64_t us;
    if (found == NULL)
        return ctx_no_memory(ctx);
    enum err err = open_package(ctx, bytes, &zip, &source, &us);
    for (size_t i = 0; err == OK && i < zip->count; i++)
        if (publish_is_reserved(zip_name_below_root(zip, &zip->members[i])))
            err = ctx_fail(ctx, ERR_INVALID, "It brings a file with a reserved name");
    if (err == OK)
        err = row->generation == PLUGIN_V1 ? inspect_package_v1(ctx, &source, found)
                                           : inspect_package(ctx, &source, found);
    if (err == OK)
        err = package_row(ctx, &found->meta, &read);
    if (err == ERR_INVALID || err == ERR_TOO_LARGE) {
        *reason = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
        ctx_forgive(ctx);
        return *reason ? OK : ctx_no_memory(ctx);
    }
    *logo = read.logo_image;
    if (err == OK)
        *reason = difference(ctx, row, &read, found->meta.pid);
    return err;
}

/* ------------------------------------------------------------------ rows */

enum { ROWS_MAX = 256 }; /* versions with the same bytes, in different slices */

struct arriving {
    const char *sha256;
    const char *ids[ROWS_MAX];
    size_t count;
    const char *id;
    struct plugin row;
    bool found;
    const char *state;
    struct slice logo;
};

static enum err find_rows(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct arriving *a = arg;
    return replica_ids_of(ctx, conn, a->sha256, ROWS_MAX, a->ids, &a->count);
}

static enum err find_row(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct arriving *a = arg;
    return plugin_store_find(ctx, conn, a->id, &a->row, &a->found);
}

static enum err note_state(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct arriving *a = arg;
    enum err err = plugin_store_set_artifact(ctx, conn, a->sha256, a->state);
    return err == OK && a->logo.n ? replica_set_logo(ctx, conn, a->sha256, a->logo) : err;
}

static bool is_legacy(const char *org_id, const char *pid)
{
    return org_id == NULL && legacy_is_pid(pid);
}

static enum err unpack(struct ctx *ctx, struct domain *d, const struct plugin *p,
                       struct slice bytes)
{
    bool built;
    if (!is_legacy(p->org_id, p->pid))
        return publish_tree(ctx, d, p->org_id, p->pid, p->version, p->sha256, bytes);
    if (d->legacy == NULL)
        return OK;
    const char *folder = legacy_folder(ctx->arena, p->pid, p->version);
    return folder ? legacy_restore(ctx, d, folder, p->sha256, p->size_bytes, true, &built)
                  : ctx_no_memory(ctx);
}

static enum err refuse(struct ctx *ctx, struct domain *d, struct arriving *a, const char *reason)
{
    log_line(ctx->log, LOG_ERROR, ctx->request_id, "replication.package_refused", "pid", a->row.pid,
             "version", a->row.version, "sha256", a->sha256, "why", reason, NULL);
    a->state = "corrupt";
    a->logo = SLICE_NONE;
    enum err err = store_write(ctx, d->store, note_state, a);
    catalog_changed(d, a->row.org_id);
    if (err != OK)
        return err;
    return ctx_fail_cause(ctx, ERR_CORRUPT, "%s %s is not what its record says: %s", a->row.pid,
                          a->row.version, reason);
}

/* One row: what its bytes say must be what it says. */
static enum err check_row(struct ctx *ctx, struct domain *d, struct arriving *a, size_t i,
                          struct slice bytes)
{
    const char *reason = NULL;
    a->id = a->ids[i];
    enum err err = store_read(ctx, d->store, find_row, a);
    if (err != OK || !a->found)
        return err; /* replaced or removed while it was on its way */
    err = judge(ctx, &a->row, bytes, &a->logo, &reason);
    return err == OK && reason ? refuse(ctx, d, a, reason) : err;
}

static enum err unpack_row(struct ctx *ctx, struct domain *d, struct arriving *a, size_t i,
                           struct slice bytes)
{
    a->id = a->ids[i];
    enum err err = store_read(ctx, d->store, find_row, a);
    if (err != OK || !a->found || !same(a->row.sha256, a->sha256))
        return err;
    return unpack(ctx, d, &a->row, bytes);
}

enum err arrival_take(struct ctx *ctx, struct domain *d, const char *sha256, struct slice bytes)
{
    struct arriving *a = arena_alloc(ctx->arena, sizeof *a);
    if (a == NULL)
        return ctx_no_memory(ctx);
    a->sha256 = sha256;
    enum err err = store_read(ctx, d->store, find_rows, a);
    for (size_t i = 0; err == OK && i < a->count; i++)
        err = check_row(ctx, d, a, i, bytes);
    if (err == OK)
        err = blob_put(ctx, d->blobs, bytes, sha256);
    for (size_t i = 0; err == OK && i < a->count; i++)
        err = unpack_row(ctx, d, a, i, bytes);
    a->state = "present";
    if (err == OK)
        err = store_write(ctx, d->store, note_state, a);
    for (size_t i = 0; err == OK && i < a->count; i++) {
        a->id = a->ids[i];
        err = store_read(ctx, d->store, find_row, a);
        if (err != OK || !a->found)
            continue;
        catalog_changed(d, a->row.org_id);
        events_emit(d, &(struct event){.kind = "plugin.uploaded",
                                       .org_id = a->row.org_id,
                                       .plugin_id = a->row.id,
                                       .pid = a->row.pid,
                                       .version = a->row.version});
    }
    return err;
}

/* ------------------------------------------------------------------ trees */

enum err arrival_settle(struct ctx *ctx, struct domain *d, const char *id)
{
    struct arriving *a = arena_alloc(ctx->arena, sizeof *a);
    struct slice bytes;
    if (a == NULL)
        return ctx_no_memory(ctx);
    a->id = id;
    enum err err = store_read(ctx, d->store, find_row, a);
    const struct plugin *p = &a->row;
    if (err != OK || !a->found || strcmp(p->artifact, "present") != 0)
        return err;
    struct tree_place place = publish_place(p->org_id, p->pid, p->version);
    if (!is_legacy(p->org_id, p->pid) &&
        tree_is_there(publish_root(d, p->org_id), &place, p->sha256))
        return OK;
    err = blob_read(ctx, d->blobs, p->sha256, (size_t)p->size_bytes, &bytes);
    if (err == OK)
        err = unpack(ctx, d, p, bytes);
    if (err != ERR_NOT_FOUND && err != ERR_CORRUPT && err != ERR_INVALID)
        return err;
    ctx_forgive(ctx); /* the row said that they are here: from now on it says that they are not */
    a->sha256 = p->sha256;
    a->state = "missing";
    return store_write(ctx, d->store, note_state, a);
}

enum err arrival_forget(struct ctx *ctx, struct domain *d, const char *org_id, const char *pid,
                        const char *version, const char *keep)
{
    struct tree_place place = publish_place(org_id, pid, version);
    if (is_legacy(org_id, pid)) {
        const char *folder = d->legacy ? legacy_folder(ctx->arena, pid, version) : NULL;
        return folder && !keep ? legacy_forget(ctx, d, folder) : OK;
    }
    struct trees *root = publish_root(d, org_id);
    if (root == NULL || (keep && tree_is_there(root, &place, keep)))
        return OK;
    enum err err = tree_remove(ctx, root, &place);
    if (err != ERR_NOT_FOUND)
        return err;
    ctx_forgive(ctx);
    return OK;
}
