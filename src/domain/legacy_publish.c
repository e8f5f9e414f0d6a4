/*
 * legacy_publish.c - an upload of the v1 API becomes a version, or replaces one.
 *
 * The order is that of publish.c: read, judge, decide, make the files ready, one transaction, move
 * the files to their places. Where dependencies are to be installed the upload waits in between
 * (pending.h) and a job goes on from there; it is neither listed nor stored before. What an
 * overwrite replaces stays as a blob for a month, so that it can be undone by uploading it again.
 */
#include <string.h>

#include "base/crypto.h"
#include "blob/blob.h"
#include "domain/catalog.h"
#include "domain/dependencies.h"
#include "domain/domain.h"
#include "domain/events.h"
#include "domain/health.h"
#include "domain/jobs.h"
#include "domain/legacy_names.h"
#include "domain/legacy_place.h"
#include "domain/outbound.h"
#include "domain/package_row.h"
#include "domain/pending.h"
#include "domain/publish_tree.h"
#include "domain/record.h"
#include "domain/stages.h"
#include "package/inspect.h"
#include "package/version.h"
#include "package/zip.h"
#include "package/zip_source.h"
#include "store/legacy_store.h"
#include "store/outbox_store.h"
#include "store/plugin_store.h"

static const int64_t kept_ms = 30LL * 24 * 3600 * 1000; /* the bytes that were replaced */

struct publishing {
    struct domain *d;
    const struct actor *actor;
    const struct legacy_upload *up;
    struct legacy_done *out;
    struct zip *zip;
    int64_t archive_us; /* what reading its structure took */
    struct inspection *found;
    struct stage_report report;
    struct version version;
    struct plugin row; /* as it will be written */
    struct plugin old; /* the one it replaces, with `replaces` */
    bool replaces;
    const char *folder, *pending_id;
    unsigned char hash[SHA256_BYTES];
    char sha256[SHA256_HEX], id[ID_TEXT];
};

/* ------------------------------------------------------------------ refusing */

/* What was found keeps its sentence and gets the code that the v1 surface has a message for. */
static enum err recode(struct ctx *ctx, enum err err, const char *code)
{
    if (err != ERR_INVALID && err != ERR_TOO_LARGE)
        return err;
    size_t n = strlen(code);
    memcpy(ctx->fault.code, code, n + 1);
    ctx->fault.err = ERR_INVALID; /* of the package, not of the request: 413 is for the latter */
    return ERR_INVALID;
}

static enum err refuse(struct ctx *ctx, const char *sentence)
{
    return ctx_fail_code(ctx, ERR_INVALID, LEGACY_BAD_PLUGIN, "%s", sentence);
}

static enum err already_there(struct ctx *ctx)
{
    return ctx_fail_code(ctx, ERR_EXISTS, LEGACY_EXISTS, "Use force_overwrite=true to replace");
}

/* ------------------------------------------------------------------ reading */

static enum err open_archive(struct ctx *ctx, struct publishing *p)
{
    int64_t begun = clock_mono_us();
    if (!zip_has_magic(p->up->bytes))
        return ctx_fail_code(ctx, ERR_INVALID, LEGACY_BAD_ZIP, "File is not a valid ZIP archive");
    enum err err = zip_open(ctx, p->up->bytes, &zip_limits_cadence, &p->zip);
    if (err == OK)
        err = zip_verify(ctx, p->zip);
    p->archive_us = clock_mono_us() - begun;
    return recode(ctx, err, LEGACY_BAD_ZIP);
}

static enum err check_reserved(struct ctx *ctx, const struct zip *zip)
{
    for (size_t i = 0; i < zip->count; i++)
        if (publish_is_reserved(zip_name_below_root(zip, &zip->members[i])))
            return refuse(ctx, "The name '" TREE_MARKER "' is reserved; rename that file");
    return OK;
}

/* The file's name must say what the package says of itself. */
static enum err check_file_name(struct ctx *ctx, struct publishing *p)
{
    struct slice file = p->up->file_name, name, version;
    const struct plugin_meta *meta = &p->found->meta;
    const char *problem = legacy_name_problem(ctx->arena, meta->name, meta->version);
    if (problem)
        return refuse(ctx, problem);
    bool cut = zip_has_extension(file) &&
               legacy_cut(slice_sub(file, 0, file.n - 4), &name, &version);
    if (!cut)
        return ctx_fail_code(ctx, ERR_INVALID, LEGACY_BAD_PLUGIN,
                             "The file must be named {plugin_name}-{version}.zip: %s-%s.zip",
                             meta->name, meta->version);
    bool v = version.p[0] == 'v' || version.p[0] == 'V';
    if (slice_is(name, meta->name) &&
        (slice_is(version, meta->version) ||
         (v && slice_is(slice_sub(version, 1, version.n), meta->version))))
        return OK;
    return ctx_fail_code(
        ctx, ERR_INVALID, LEGACY_BAD_PLUGIN,
        "The file name says %.*s %.*s, but the plugin says %s %s", (int)(name.n < 80 ? name.n : 80),
        name.p, (int)(version.n < 50 ? version.n : 50), version.p, meta->name, meta->version);
}

static enum err judge(struct ctx *ctx, struct publishing *p)
{
    const struct stage_input in = {.surface = STAGE_FOR_V1,
                                   .zip = p->zip,
                                   .found = p->found,
                                   .archive_us = p->archive_us,
                                   .block = p->d->limits.findings_block};
    enum err err = stages_judge(ctx, &in, &p->report);
    return err == OK ? recode(ctx, stages_decide(ctx, &p->report), LEGACY_BAD_PLUGIN) : err;
}

static enum err read_package(struct ctx *ctx, struct publishing *p)
{
    struct package_source source;
    enum err err = open_archive(ctx, p);
    if (err == OK)
        err = check_reserved(ctx, p->zip);
    if (err == OK)
        err = zip_source(ctx, p->zip, &source);
    if (err != OK)
        return err;
    err = inspect_package_v1(ctx, &source, p->found);
    if (err != OK && err != ERR_INVALID)
        return err;
    if (err == ERR_INVALID && p->found->errors.count == 0)
        return recode(ctx, err, LEGACY_BAD_PLUGIN);
    ctx_forgive(ctx); /* its findings stand in the report, in the order of the stages */
    if (p->found->meta.pid)
        return refuse(ctx, "This package has a pid, so it is of the newer layout; upload it to "
                           "POST /api/admin/plugins/upload");
    if ((err = judge(ctx, p)) != OK)
        return err;
    const struct plugin_meta *meta = &p->found->meta;
    if (meta->name == NULL || meta->version == NULL ||
        !version_parse(VERSION_PEP440, slice_of(meta->version), &p->version))
        return refuse(ctx, "The plugin does not say its name and version");
    return check_file_name(ctx, p);
}

static enum err fill_row(struct ctx *ctx, struct publishing *p)
{
    struct plugin *row = &p->row;
    const struct plugin_meta *meta = &p->found->meta;
    enum err err = package_row(ctx, meta, row);
    if (err != OK)
        return recode(ctx, err, LEGACY_BAD_PLUGIN);
    crypto_sha256(p->up->bytes, p->hash);
    crypto_hex(p->hash, sizeof p->hash, p->sha256);
    crypto_uuid7(ctx->now, p->id);
    row->id = p->id;
    row->pid = legacy_pid(ctx->arena, meta->name);
    row->source = SOURCE_SYSTEM;
    row->scheme = "pep440";
    row->order_key = (struct slice){(const char *)p->version.key, p->version.key_len};
    row->generation = PLUGIN_V1;
    row->enabled = true;
    row->sha256 = p->sha256;
    row->size_bytes = (int64_t)p->up->bytes.n;
    row->artifact = "present";
    row->health = "unchecked";
    row->created_by = row->updated_by = p->actor->user_id;
    row->created_at = row->updated_at = ctx->now;
    p->out->directory = legacy_directory(ctx->arena, p->d, meta->name, meta->version);
    p->folder = row->pid ? legacy_folder(ctx->arena, row->pid, row->version) : NULL;
    return p->folder && p->out->directory ? OK : ctx_no_memory(ctx);
}

/* What a refusal names as well, as far as it is known and can be shown. */
static void note_names(struct publishing *p)
{
    p->out->name = p->found->meta.name;
    p->out->version = p->found->meta.version;
}

/* ------------------------------------------------------------------ deciding */

static enum err decide(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct publishing *p = arg;
    enum err err = plugin_store_find_version(ctx, conn, NULL, p->row.pid, p->row.order_key, &p->old,
                                             &p->replaces);
    if (err == OK && p->replaces && p->old.generation != PLUGIN_V1)
        return refuse(ctx, "A system plugin of the newer layout has that name; choose another");
    if (err == OK && p->replaces && p->old.quarantined)
        return refuse(ctx, "That version is quarantined; an administrator must lift that first");
    return err == OK && p->replaces && !p->up->force ? already_there(ctx) : err;
}

/* Under the lock: no row stands for it and yet there is something. It is in nobody's blob, so it
 * is not ours to replace. */
static enum err check_way(struct ctx *ctx, const struct publishing *p)
{
    bool foreign = false;
    enum err err = p->replaces ? OK
                               : legacy_is_foreign(ctx, p->d, p->folder, p->up->in_place, &foreign);
    if (err != OK || !foreign)
        return err;
    return ctx_fail_code(ctx, ERR_INVALID, LEGACY_BAD_PLUGIN,
                         "The plugin store has a folder or file named %s that Larder did not make; "
                         "move it away first",
                         p->folder);
}

/* ------------------------------------------------------------------ writing */

static enum err tell_replicas(struct ctx *ctx, struct conn *conn, const struct publishing *p)
{
    return p->replaces ? outbound_version(ctx, conn, OUTBOX_REPLACE, &p->row, p->old.sha256)
                       : outbound_version(ctx, conn, OUTBOX_CREATE, &p->row, NULL);
}

static enum err write_records(struct ctx *ctx, struct conn *conn, const struct publishing *p)
{
    struct record r;
    record_start(ctx, &r);
    jw_put_str(&r.json, "pid", p->row.pid);
    jw_put_str(&r.json, "version", p->row.version);
    jw_put_str(&r.json, "sha256", p->sha256);
    jw_put_int(&r.json, "size", p->row.size_bytes);
    if (p->replaces) {
        jw_put_str(&r.json, "sha256_before", p->old.sha256);
        jw_put_time(&r.json, "kept_until", ctx->now + kept_ms);
    }
    enum err err = record_append(ctx, conn, &r, p->actor,
                                 p->replaces ? "plugin.overwrite" : "plugin.upload", NULL,
                                 p->row.id);
    bool same = p->replaces && strcmp(p->old.sha256, p->sha256) == 0;
    return err == OK && !same ? tell_replicas(ctx, conn, p) : err;
}

static enum err write_row(struct ctx *ctx, struct conn *conn, struct publishing *p)
{
    if (!p->replaces)
        return plugin_store_insert(ctx, conn, &p->row);
    p->row.id = p->old.id;
    enum err err = legacy_store_replace(ctx, conn, &p->row);
    if (err == OK && strcmp(p->old.sha256, p->sha256) != 0)
        err = blob_store_keep(ctx, conn, p->old.sha256, ctx->now + kept_ms);
    return err;
}

static enum err commit(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct publishing *p = arg;
    p->row.id = p->id;
    enum err err = decide(ctx, conn, p);
    if (err == OK)
        err = write_row(ctx, conn, p);
    if (err == OK)
        err = plugin_store_promote(ctx, conn, NULL, p->row.pid);
    if (err == OK)
        err = stages_keep(ctx, conn, p->row.id, &p->report);
    if (err == OK)
        err = write_records(ctx, conn, p);
    if (err == OK && p->pending_id)
        err = pending_published(ctx, conn, p->pending_id, p->row.id);
    return err == OK ? health_after_upload(ctx, p->d, conn, true, p->row.id) : err;
}

/* ------------------------------------------------------------------ the whole */

static void tell(const struct publishing *p)
{
    const struct event event = {.kind = "plugin.uploaded",
                                .plugin_id = p->row.id,
                                .pid = p->row.pid,
                                .version = p->row.version};
    catalog_changed(p->d, NULL);
    events_emit(p->d, &event);
    jobs_wake(p->d->jobs);
}

/* Row first, files next; the other spelling of a replaced version ("1.0" for "1.0.0") goes. */
static enum err commit_and_put(struct ctx *ctx, struct publishing *p, struct legacy_files *files)
{
    enum err err = store_read(ctx, p->d->store, decide, p);
    if (err == OK)
        err = check_way(ctx, p);
    if (err == OK)
        err = store_write(ctx, p->d->store, commit, p);
    if (err != OK) {
        legacy_abandon(ctx, files);
        return err;
    }
    err = legacy_put(ctx, files, p->folder, p->sha256);
    if (err == OK && p->replaces && strcmp(p->old.version, p->row.version) != 0) {
        const char *other = legacy_folder(ctx->arena, p->old.pid, p->old.version);
        err = other ? legacy_drop(ctx, p->d, other) : ctx_no_memory(ctx);
    }
    tell(p);
    return err;
}

static enum err store_package(struct ctx *ctx, struct publishing *p)
{
    struct legacy_files files;
    enum err err = blob_put(ctx, p->d->blobs, p->up->bytes, p->sha256);
    if (err == OK)
        err = p->up->in_place ? legacy_stage_archive(ctx, p->d, p->up->bytes, &files)
                              : legacy_stage(ctx, p->d, p->zip, p->up->bytes, &files);
    if (err != OK)
        return err;
    (void)pthread_mutex_lock(&p->d->legacy->lock);
    err = commit_and_put(ctx, p, &files);
    (void)pthread_mutex_unlock(&p->d->legacy->lock);
    return err;
}

static enum err prepare(struct ctx *ctx, struct publishing *p)
{
    if ((p->found = arena_alloc(ctx->arena, sizeof *p->found)) == NULL)
        return ctx_no_memory(ctx);
    enum err err = p->d->legacy ? OK : ctx_fail(ctx, ERR_BUSY, "There is no store of v1 plugins");
    if (err == OK)
        err = read_package(ctx, p);
    note_names(p);
    if (err == OK)
        err = fill_row(ctx, p);
    /* most refusals need no writing; the transaction decides once more */
    return err == OK ? store_read(ctx, p->d->store, decide, p) : err;
}

/* ------------------------------------------------------------------ with dependencies */

static bool must_install(const struct publishing *p)
{
    return p->d->dependencies && p->d->jobs && p->found->meta.dependency_count > 0 &&
           dependencies_policy(p->d->dependencies) == DEPENDENCIES_INSTALL;
}

static enum err refuse_dependency(struct ctx *ctx, const struct pending *waited)
{
    bool other = waited->message && strcmp(waited->message, "Dependency installation failed") != 0;
    return ctx_fail_code(ctx, ERR_INVALID, other ? LEGACY_BAD_PLUGIN : LEGACY_BAD_DEPENDENCY, "%s",
                         waited->details   ? waited->details
                         : waited->message ? waited->message
                                           : "The dependencies could not be installed");
}

/* How it was asked for, for the job that goes on. */
static const struct {
    bool force, in_place;
    struct slice text;
} details[] = {
    {false, false, {"{}", 2}},
    {true, false, {"{\"force\":true}", 14}},
    {false, true, {"{\"in_place\":true}", 17}},
    {true, true, {"{\"force\":true,\"in_place\":true}", 30}},
};

static struct slice detail_of(const struct legacy_upload *up)
{
    return details[up->force + 2 * up->in_place].text;
}

static void read_detail(struct slice text, struct legacy_upload *up)
{
    for (size_t i = 0; i < sizeof details / sizeof *details; i++)
        if (slice_eq(details[i].text, text)) {
            up->force = details[i].force;
            up->in_place = details[i].in_place;
        }
}

/* The job publishes it; here it is only waited for, in the place of one of a bounded number. */
static enum err wait_for_job(struct ctx *ctx, struct publishing *p)
{
    const struct plugin_meta *meta = &p->found->meta;
    const struct pending_new what = {
        .name = meta->name,
        .version = meta->version,
        .file_name = slice_dup(ctx->arena, p->up->file_name),
        .bytes = p->up->bytes,
        .requirements = meta->dependencies,
        .requirement_count = meta->dependency_count,
        .detail = detail_of(p->up),
    };
    struct pending waited = {0};
    const char *id = NULL;
    if (what.file_name == NULL)
        return ctx_no_memory(ctx);
    enum err err = pending_start(ctx, p->d, p->actor, &what, &id);
    if (err == OK)
        err = pending_wait(ctx, p->d, id, p->up->wait_ms, &waited);
    if (err != OK)
        return err;
    if (strcmp(waited.state, "failed") == 0)
        return refuse_dependency(ctx, &waited);
    p->out->installed = meta->dependencies;
    p->out->installed_count = meta->dependency_count;
    if (strcmp(waited.state, "checked") != 0) {
        p->out->pending_id = id;
        p->out->pending_state = waited.state;
        p->out->pending_report = waited.report;
    }
    return OK;
}

enum err legacy_upload(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       const struct legacy_upload *upload, struct legacy_done *out)
{
    struct publishing *p = arena_alloc(ctx->arena, sizeof *p);
    *out = (struct legacy_done){0};
    if (p == NULL)
        return ctx_no_memory(ctx);
    *p = (struct publishing){.d = d, .actor = actor, .up = upload, .out = out};
    enum err err = prepare(ctx, p);
    if (err != OK)
        return err;
    return must_install(p) ? wait_for_job(ctx, p) : store_package(ctx, p);
}

enum err legacy_publish_pending(struct ctx *ctx, struct domain *d, const struct pending *waited,
                                struct slice bytes, const struct environment *environment)
{
    const struct actor actor = {.user_id = waited->actor_id,
                                .username = waited->actor_name,
                                .via = waited->actor_via,
                                .address = waited->address};
    struct legacy_upload upload = {.file_name = slice_of(waited->file_name), .bytes = bytes};
    struct legacy_done done = {0};
    struct publishing *p = arena_alloc(ctx->arena, sizeof *p);
    (void)environment; /* its stage of the report is written by the job itself */
    if (p == NULL)
        return ctx_no_memory(ctx);
    if (strcmp(waited->state, "checked") == 0)
        return OK; /* committed before a crash; the start-up walk has put its files in place */
    read_detail(waited->detail, &upload);
    *p = (struct publishing){
        .d = d, .actor = &actor, .up = &upload, .out = &done, .pending_id = waited->id};
    enum err err = prepare(ctx, p);
    return err == OK ? store_package(ctx, p) : err;
}
