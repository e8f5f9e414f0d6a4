/*
 * publish.c - the order of an acknowledged upload.
 *
 * 1 form, 2 the archive's structure and every member's checksum, 3 metadata, 4 the rules of the
 * slice, 5 the blob on disk and the tree in staging, 6 one transaction, 7 the tree to its place, then
 * the answer. Until 4 is through there is at most a temp file, which another thread writes meanwhile
 * (blob/ahead.h) and a refusal takes back; a crash after 5 leaves files that no row names, one after
 * 6 a version without a tree, and the next start mends both (reconcile.c).
 */
#include "domain/publish.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json_write.h"
#include "blob/ahead.h"
#include "blob/blob.h"
#include "blob/tree.h"
#include "domain/catalog.h"
#include "domain/domain.h"
#include "domain/events.h"
#include "domain/health.h"
#include "domain/jobs.h"
#include "domain/legacy_names.h"
#include "domain/orgs.h"
#include "domain/outbound.h"
#include "domain/package_row.h"
#include "domain/publish_tree.h"
#include "domain/replica.h"
#include "domain/stages.h"
#include "package/inspect.h"
#include "package/pid.h"
#include "package/version.h"
#include "package/zip.h"
#include "package/zip_source.h"
#include "store/audit_store.h"
#include "store/idempotency_store.h"
#include "store/outbox_store.h"
#include "store/plugin_store.h"

#define UPLOAD_ROUTE_SYSTEM "upload system"
#define UPLOAD_ROUTE_ORG "upload org" /* + the org's id: a key is worth something in one place */

struct publishing {
    struct domain *d;
    const struct actor *actor;
    const struct upload *upload;
    struct published *out;
    struct plugin row; /* as it will be inserted */
    struct version version;
    unsigned char hash[SHA256_BYTES]; /* of the bytes, sha256 as text */
    char sha256[SHA256_HEX], id[ID_TEXT];
    const char *route;
    bool replayed;              /* the idempotency key was used before, for the same bytes */
    bool mended;                /* the version had lost its bytes, and these are they */
    struct ahead_writer *ahead; /* writes the blob meanwhile; NULL = nobody */
};

/* ------------------------------------------------------------------ reading */

static enum err check_form(struct ctx *ctx, const struct upload *up)
{
    if (!zip_has_extension(up->file_name))
        return ctx_fail_field(ctx, ERR_INVALID, "file", "Only .zip files are supported");
    if (!zip_has_magic(up->bytes))
        return ctx_fail_field(ctx, ERR_INVALID, "file",
                              "Invalid ZIP file format: the file does not begin as a ZIP archive "
                              "with at least one member");
    return OK;
}

/* The marker of a tree is ours; a package that brings one joins the other findings. */
static enum err check_names(struct ctx *ctx, const struct zip *zip, struct inspection *found,
                            enum err err)
{
    if (err != OK && found->errors.count == 0)
        return err;
    size_t before = found->errors.count;
    for (size_t i = 0; i < zip->count; i++)
        if (publish_is_reserved(zip_name_below_root(zip, &zip->members[i])))
            findings_say(&found->errors, "zip.reserved", "Rename that file", zip->members[i].name,
                         "The name '%s' is reserved", TREE_MARKER);
    if (found->errors.count == before && !found->errors.no_memory)
        return err;
    ctx_forgive(ctx);
    return findings_end(&found->errors);
}

/* The domain of the org that uploads decides which pids it may publish; it joins what else is
 * wrong, so that one answer names it all. */
static enum err check_domain(struct ctx *ctx, const struct org *org, struct inspection *found,
                             enum err err)
{
    const char *pid = found->meta.pid;
    if (pid == NULL || org->domain == NULL || (err != OK && found->errors.count == 0) ||
        pid_fits_domain(slice_of(pid), slice_of(org->domain)))
        return err;
    const char *sentence = pid_domain_sentence(ctx->arena, slice_of(pid), slice_of(org->domain));
    if (sentence == NULL)
        return ctx_no_memory(ctx);
    ctx_forgive(ctx);
    findings_add(&found->errors, &(struct fault_item){.rule = "pid.domain",
                                                      .field = "pid",
                                                      .file = "plugin.py",
                                                      .sentence = sentence,
                                                      .remedy = "Choose a pid below the domain"});
    return findings_end(&found->errors);
}

static enum err read_package(struct ctx *ctx, const struct upload *up, const struct org *org,
                             struct zip **zip, struct inspection *found, int64_t *archive_us)
{
    struct package_source source;
    int64_t start = clock_mono_us();
    enum err err = zip_open(ctx, up->bytes, &zip_limits_cadence, zip);
    if (err == OK)
        err = zip_verify(ctx, *zip);
    if (err == OK)
        err = zip_source(ctx, *zip, &source);
    *archive_us = clock_mono_us() - start;
    if (err != OK)
        return err;
    err = inspect_package(ctx, &source, found);
    if (up->org_id == NULL && found->meta.pid && legacy_is_pid(found->meta.pid)) {
        ctx_forgive(ctx);
        return ctx_fail_field(ctx, ERR_INVALID, "pid",
                              "System plugins whose pid begins with \"legacy.\" come from the v1 "
                              "API; choose another pid");
    }
    if (found->meta.generation == PLUGIN_V1) {
        ctx_forgive(ctx); /* what else is wrong with it the other route tells */
        return ctx_fail_code(ctx, ERR_INVALID, "PL-0003",
                             "This package has the older (v1) layout without a pid; upload it to "
                             "POST /api/v1/plugins/upload instead");
    }
    return check_domain(ctx, org, found, check_names(ctx, *zip, found, err));
}

/* What the stages found is kept with the version. It decides nothing here, but that a setting may
 * refuse what the code touches. */
static enum err judge(struct ctx *ctx, const struct publishing *p, const struct zip *zip,
                      const struct inspection *found, int64_t archive_us)
{
    const struct stage_input in = {.surface = p->upload->org_id ? STAGE_FOR_ORG : STAGE_FOR_SYSTEM,
                                   .zip = zip,
                                   .found = found,
                                   .archive_us = archive_us,
                                   .block = p->d->limits.findings_block};
    enum err err = stages_judge(ctx, &in, &p->out->report);
    return err == OK ? stages_decide(ctx, &p->out->report) : err;
}

static enum err read_version(struct ctx *ctx, struct publishing *p, const struct plugin_meta *meta)
{
    if (!version_parse(VERSION_PEP440, slice_of(meta->version), &p->version))
        return ctx_fail_field(ctx, ERR_INVALID, "version", "'%s' is not a version", meta->version);
    return OK;
}

static enum err fill_row(struct ctx *ctx, struct publishing *p, const struct plugin_meta *meta)
{
    struct plugin *row = &p->row;
    enum err err = package_row(ctx, meta, row);
    if (err != OK)
        return err;
    crypto_sha256(p->upload->bytes, p->hash);
    crypto_hex(p->hash, sizeof p->hash, p->sha256);
    crypto_uuid7(ctx->now, p->id);
    row->id = p->id;
    row->org_id = p->upload->org_id;
    row->source = row->org_id ? SOURCE_ORG : SOURCE_SYSTEM;
    row->scheme = "pep440";
    row->order_key = (struct slice){(const char *)p->version.key, p->version.key_len};
    row->enabled = true;
    row->sha256 = p->sha256;
    row->size_bytes = (int64_t)p->upload->bytes.n;
    row->artifact = "present";
    row->health = "unchecked";
    row->created_by = row->updated_by = p->actor->user_id;
    row->created_at = row->updated_at = ctx->now;
    return OK;
}

/* ------------------------------------------------------------------ deciding */

static enum err replay(struct ctx *ctx, struct conn *conn, struct publishing *p, bool *done)
{
    struct idempotent seen = {.actor_id = p->actor->user_id ? p->actor->user_id : "",
                              .route = p->route,
                              .key = p->upload->idempotency_key};
    bool found;
    *done = false;
    if (seen.key.p == NULL)
        return OK;
    enum err err = idempotency_find(ctx, conn, &seen, &found);
    if (err != OK || !found)
        return err;
    if (!slice_eq(seen.request_hash, (struct slice){(const char *)p->hash, sizeof p->hash}))
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "Idempotency-Key",
                              "This Idempotency-Key was used for another upload; choose a new one");
    p->out->unchanged = seen.status == 200;
    p->replayed = true;
    return plugin_store_find(ctx, conn, seen.subject ? seen.subject : "", &p->out->plugin, done);
}

/* Immutable versions, and no step back without a word. *stop: the answer stands in out already. */
static enum err decide(struct ctx *ctx, struct conn *conn, struct publishing *p, bool *stop)
{
    struct plugin other;
    bool found;
    enum err err = replay(ctx, conn, p, stop);
    if (err != OK || *stop)
        return err;
    err = plugin_store_find_version(ctx, conn, p->row.org_id, p->row.pid, p->row.order_key, &other,
                                    &found);
    if (err != OK)
        return err;
    if (found && strcmp(other.sha256, p->sha256) == 0) {
        p->out->plugin = other;
        p->out->unchanged = *stop = true;
        return OK;
    }
    if (found)
        return ctx_fail_code(ctx, ERR_EXISTS, "RE-0002",
                             "Version %s of %s exists already with different content; versions are "
                             "immutable, so raise the version",
                             other.version, p->row.pid);
    err = plugin_store_highest(ctx, conn, p->row.org_id, p->row.pid, &other, &found);
    if (err != OK || !found || p->upload->allow_backport)
        return err;
    struct slice highest = other.order_key, mine = p->row.order_key;
    size_t n = highest.n < mine.n ? highest.n : mine.n;
    int order = memcmp(mine.p, highest.p, n);
    if (order < 0 || (order == 0 && mine.n < highest.n))
        return ctx_fail_code(ctx, ERR_CONFLICT, "RE-0003",
                             "Version %s of %s is lower than %s, which exists; raise the version, "
                             "or send allow_backport=true to add it without moving latest",
                             p->row.version, p->row.pid, other.version);
    return OK;
}

/* What the transaction would say now. */
static enum err decide_only(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct publishing *p = arg;
    bool stop;
    enum err err = decide(ctx, conn, p, &stop);
    return err == OK && !stop ? outbound_open(ctx, conn) : err;
}

/* ------------------------------------------------------------------ writing */

static enum err write_records(struct ctx *ctx, struct conn *conn, const struct publishing *p)
{
    struct buf b;
    struct jw j;
    buf_init(&b, ctx->arena, 4096);
    jw_start(&j, &b);
    jw_object(&j);
    jw_put_str(&j, "pid", p->row.pid);
    jw_put_str(&j, "version", p->row.version);
    jw_put_str(&j, "sha256", p->sha256);
    jw_put_int(&j, "size", p->row.size_bytes);
    jw_end(&j);
    if (!jw_done(&j))
        return ctx_no_memory(ctx);
    enum err err = audit_append(ctx, conn, p->actor, "plugin.upload", p->row.org_id, p->row.id,
                                buf_view(&b));
    if (err == OK)
        err = outbound_version(ctx, conn, OUTBOX_CREATE, &p->row, NULL);
    return err == OK ? health_after_upload(ctx, p->d, conn, false, p->row.id) : err;
}

static enum err remember_key(struct ctx *ctx, struct conn *conn, const struct publishing *p)
{
    if (p->upload->idempotency_key.p == NULL || p->replayed)
        return OK;
    const struct idempotent note = {
        .actor_id = p->actor->user_id ? p->actor->user_id : "",
        .route = p->route,
        .key = p->upload->idempotency_key,
        .request_hash = {(const char *)p->hash, sizeof p->hash},
        .status = p->out->unchanged ? 200 : 201,
        .subject = p->out->plugin.id,
        .body = SLICE("{}"),
    };
    return idempotency_put(ctx, conn, &note);
}

static enum err insert(struct ctx *ctx, struct conn *conn, struct publishing *p)
{
    bool found;
    enum err err = plugin_store_insert(ctx, conn, &p->row);
    if (err == OK)
        err = plugin_store_promote(ctx, conn, p->row.org_id, p->row.pid);
    if (err == OK)
        err = stages_keep(ctx, conn, p->row.id, &p->out->report);
    if (err == OK)
        err = write_records(ctx, conn, p);
    return err == OK ? plugin_store_find(ctx, conn, p->row.id, &p->out->plugin, &found) : err;
}

/* The bytes of a version that had lost them stand again: blob_put has just seen to it. */
static enum err note_return(struct ctx *ctx, struct conn *conn, struct publishing *p)
{
    struct plugin *row = &p->out->plugin;
    p->mended = strcmp(row->artifact, "present") != 0;
    if (!p->mended)
        return OK;
    row->artifact = "present";
    return plugin_store_set_artifact(ctx, conn, row->sha256, row->artifact);
}

static enum err commit(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct publishing *p = arg;
    bool stop;
    p->out->unchanged = p->replayed = p->mended = false;
    enum err err = decide(ctx, conn, p, &stop);
    if (err == OK)
        err = stop ? note_return(ctx, conn, p) : insert(ctx, conn, p);
    return err == OK ? remember_key(ctx, conn, p) : err;
}

/* ------------------------------------------------------------------ the whole */

/* The blob on the disk and the tree in staging, where they can one beside the other. */
static enum err put_files(struct ctx *ctx, struct publishing *p, struct trees *root,
                          const struct zip *zip, struct tree **tree)
{
    struct ahead_writer *ahead = p->ahead;
    p->ahead = NULL;
    if (ahead)
        ahead_approve(ahead, p->sha256);
    enum err put = ahead ? OK : blob_put(ctx, p->d->blobs, p->upload->bytes, p->sha256);
    enum err staged = put == OK ? publish_stage(ctx, root, zip, tree) : put;
    enum err sealed = staged == OK ? tree_seal(ctx, *tree, p->sha256) : staged;
    const struct tree_place place = publish_place(p->row.org_id, p->row.pid, p->row.version);
    if (sealed == OK)
        trees_make_room(root, &place);
    if (ahead)
        put = ahead_end(ctx, ahead);
    enum err err = sealed == OK ? put : sealed;
    if (staged == OK && err != OK)
        tree_abandon(ctx, *tree);
    return err;
}

/*
 * The tree is unpacked before the transaction, so that a full disk refuses the upload as a whole,
 * and moved to its place after it. An identical upload finds its version and needs no tree, unless
 * that of the first one is still on its way.
 */
static enum err store_package(struct ctx *ctx, struct publishing *p, const struct zip *zip)
{
    struct domain *d = p->d;
    struct trees *root = publish_root(d, p->row.org_id);
    struct tree *tree;
    enum err err = put_files(ctx, p, root, zip, &tree);
    if (err != OK)
        return err;
    if ((err = store_write(ctx, d->store, commit, p)) != OK) {
        tree_abandon(ctx, tree);
        return err;
    }
    const struct plugin *done = &p->out->plugin;
    struct tree_place place = publish_place(done->org_id, done->pid, done->version);
    if (tree_is_there(root, &place, done->sha256)) {
        tree_abandon(ctx, tree);
    } else {
        err = tree_publish(ctx, tree, &place, done->sha256);
        /* an old version's tree is taken as flushed long ago (reconcile.c), so it must be */
        if (err == OK && p->out->unchanged)
            err = trees_sync(ctx, root);
    }
    if (health_follows_upload(d, false))
        jobs_wake(d->jobs);
    /* after the tree, so that whoever sees the version in a list can load it */
    catalog_changed(d, done->org_id);
    if (!p->out->unchanged || p->mended)
        events_emit(d, &(struct event){.kind = "plugin.uploaded",
                                       .org_id = done->org_id,
                                       .plugin_id = done->id,
                                       .pid = done->pid,
                                       .version = done->version});
    return err;
}

/* Steps 1 to 4: everything that may refuse the upload. */
static enum err read_and_judge(struct ctx *ctx, struct publishing *p, struct zip **zip)
{
    const struct upload *up = p->upload;
    struct inspection *found = arena_alloc(ctx->arena, sizeof *found);
    struct org org = {0};
    int64_t archive_us = 0;
    if (found == NULL)
        return ctx_no_memory(ctx);
    bool asks = up->org_id && !(up->dry_run && up->org_to_come);
    enum err err = asks ? orgs_get(ctx, p->d, up->org_id, false, &org) : OK;
    if (err == OK)
        err = read_package(ctx, up, &org, zip, found, &archive_us);
    if (err == OK)
        err = judge(ctx, p, *zip, found, archive_us);
    if (err == OK)
        err = read_version(ctx, p, &found->meta);
    if (err == OK)
        err = fill_row(ctx, p, &found->meta);
    if (err != OK)
        return err;
    p->out->warnings = found->warnings.items;
    p->out->warning_count = found->warnings.count;
    p->out->plugin = p->row;
    /* most refusals need no transaction; it decides once more */
    return store_read(ctx, p->d->store, decide_only, p);
}

enum err publish_upload(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        const struct upload *upload, struct published *out)
{
    struct publishing *p = arena_alloc(ctx->arena, sizeof *p);
    struct zip *zip;
    if (p == NULL)
        return ctx_no_memory(ctx);
    *p = (struct publishing){.d = d, .actor = actor, .upload = upload, .out = out};
    p->route = upload->org_id ? str_printf(ctx->arena, UPLOAD_ROUTE_ORG " %s", upload->org_id)
                              : UPLOAD_ROUTE_SYSTEM;
    if (p->route == NULL)
        return ctx_no_memory(ctx);
    *out = (struct published){.dry_run = upload->dry_run};
    enum err err = check_form(ctx, upload);
    if (err == OK && !upload->dry_run)
        err = replica_admit(ctx, d->replica);
    if (err != OK)
        return err;
    if (!upload->dry_run)
        p->ahead = ahead_begin(d->ahead, upload->bytes);
    err = read_and_judge(ctx, p, &zip);
    if (err == OK && !upload->dry_run)
        err = store_package(ctx, p, zip);
    ahead_drop(p->ahead); /* where it was not used up, the upload was refused */
    if (err == OK && !upload->dry_run)
        replica_confirm(ctx, d->replica, &out->plugin);
    return err;
}
