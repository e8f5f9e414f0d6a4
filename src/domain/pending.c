/*
 * pending.c - keeping an upload, waiting for it, and the job that installs and publishes it.
 *
 * Order: the blob, then row and job in one transaction, then the answer or the wait. The job:
 * install, keep the report, publish (row, files, and this row, by the publisher's transaction).
 * A crash after any of these steps leaves a job that is begun again and finds what was done: an
 * environment that stands is not built twice, and an upload that says "checked" is not published
 * twice.
 */
#include "domain/pending.h"

#include <stdatomic.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "blob/blob.h"
#include "domain/domain.h"
#include "store/pending_store.h"

#define KIND "install"
#define INSTALL_FAILED "Dependency installation failed"

enum {
    /* Requests that wait at a time. Each holds a thread of the server and the room in memory of its
     * upload (cli/app.c has 16), so that others can be received meanwhile. */
    WAITERS_MAX = 8,
    PACKAGE_MAX = 64 << 20,
    NEEDS_MAX = 64 << 10,
    REQUIREMENTS_MAX = 1000
};
static const int64_t kept_ms = 30LL * 24 * 3600 * 1000; /* of rows that are over */

/* ------------------------------------------------------------------ keeping */

struct starting {
    struct pending_row row;
};

static enum err write_start(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct starting *s = arg;
    enum err err = pending_store_sweep(ctx, conn, ctx->now - kept_ms);
    if (err == OK)
        err = pending_store_insert(ctx, conn, &s->row);
    return err == OK ? jobs_queue(ctx, conn, KIND, s->row.id, SLICE_NONE, 0) : err;
}

static enum err write_needs(struct ctx *ctx, const struct pending_new *what, struct slice *out)
{
    struct buf b;
    struct jw j;
    buf_init(&b, ctx->arena, NEEDS_MAX);
    jw_start(&j, &b);
    jw_array(&j);
    for (size_t i = 0; i < what->requirement_count; i++)
        jw_str(&j, what->requirements[i]);
    jw_end(&j);
    *out = buf_view(&b);
    return jw_done(&j) ? OK
                       : ctx_fail_field(ctx, ERR_INVALID, "dependencies",
                                        "The dependencies are too many to be installed");
}

enum err pending_start(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       const struct pending_new *what, const char **id)
{
    unsigned char hash[SHA256_BYTES];
    char *sha256 = arena_alloc(ctx->arena, SHA256_HEX), *own = arena_alloc(ctx->arena, ID_TEXT);
    struct starting s;
    if (sha256 == NULL || own == NULL)
        return ctx_no_memory(ctx);
    if (d->jobs == NULL)
        return ctx_fail(ctx, ERR_BUSY, "Dependencies are installed by a running server only");
    crypto_sha256(what->bytes, hash);
    crypto_hex(hash, sizeof hash, sha256);
    crypto_uuid7(ctx->now, own);
    s.row = (struct pending_row){.id = own,
                                 .name = what->name,
                                 .version = what->version,
                                 .file_name = what->file_name,
                                 .sha256 = sha256,
                                 .detail = what->detail.n ? what->detail : SLICE("{}"),
                                 .actor_id = actor->user_id,
                                 .actor_name = actor->username,
                                 .actor_via = actor->via ? actor->via : "none",
                                 .address = actor->address};
    enum err err = dependencies_check(ctx, what->requirements, what->requirement_count);
    if (err == OK)
        err = write_needs(ctx, what, &s.row.needs);
    if (err == OK)
        err = blob_put(ctx, d->blobs, what->bytes, sha256);
    if (err == OK)
        err = store_write(ctx, d->store, write_start, &s);
    if (err == ERR_EXISTS) {
        ctx_forgive(ctx);
        err = ctx_fail(ctx, ERR_EXISTS, "%s %s is being installed already", what->name,
                       what->version);
    }
    if (err != OK)
        return err;
    jobs_wake(d->jobs);
    *id = own;
    return OK;
}

/* ------------------------------------------------------------------ looking and waiting */

struct finding {
    const char *id;
    struct pending_row row;
    bool found;
};

static enum err find(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct finding *f = arg;
    return pending_store_find(ctx, conn, f->id, &f->row, &f->found);
}

static enum err read_pending(struct ctx *ctx, struct domain *d, const char *id,
                             struct pending_row *out)
{
    struct finding f = {.id = id};
    enum err err = store_read(ctx, d->store, find, &f);
    *out = f.row;
    return err == OK && !f.found ? ctx_fail(ctx, ERR_NOT_FOUND, "Upload not found") : err;
}

static struct pending shown(const struct pending_row *r)
{
    return (struct pending){.id = r->id,
                            .name = r->name,
                            .version = r->version,
                            .file_name = r->file_name,
                            .sha256 = r->sha256,
                            .state = r->state,
                            .detail = r->detail,
                            .report = r->report,
                            .message = r->message,
                            .details = r->details,
                            .plugin_id = r->plugin_id,
                            .actor_id = r->actor_id,
                            .actor_name = r->actor_name,
                            .actor_via = r->actor_via,
                            .address = r->address,
                            .created_at = r->created_at,
                            .updated_at = r->updated_at};
}

static bool is_over(const char *state)
{
    return strcmp(state, "checked") == 0 || strcmp(state, "failed") == 0;
}

enum err pending_get(struct ctx *ctx, struct domain *d, const char *id, struct pending *out)
{
    struct pending_row row;
    struct job_row job;
    bool found = false;
    enum err err = read_pending(ctx, d, id, &row);
    if (err != OK)
        return err;
    *out = shown(&row);
    if (is_over(out->state))
        return OK;
    err = jobs_newest(ctx, d, KIND, id, &job, &found);
    if (err == OK && found && job.progress.n)
        out->report = job.progress;
    return err;
}

enum err pending_wait(struct ctx *ctx, struct domain *d, const char *id, int64_t ms,
                      struct pending *out)
{
    struct job_row job;
    bool found, may = atomic_fetch_add(&d->waiting_uploads, 1) < WAITERS_MAX;
    enum err err = may ? jobs_wait(ctx, d, KIND, id, ms, &job, &found) : OK;
    atomic_fetch_sub(&d->waiting_uploads, 1);
    return err == OK ? pending_get(ctx, d, id, out) : err;
}

enum err pending_published(struct ctx *ctx, struct conn *conn, const char *id,
                           const char *plugin_id)
{
    return pending_store_end(ctx, conn, id, plugin_id, NULL, NULL);
}

enum err pending_blobs(struct ctx *ctx, struct conn *conn,
                       enum err (*each)(void *arg, const char *sha256), void *arg)
{
    return pending_store_blobs(ctx, conn, each, arg);
}

/* ------------------------------------------------------------------ the job */

struct installing {
    struct domain *d;
    const struct job *job;
    struct pending_row row;
    struct environment environment;
    const char *message, *details; /* of a failure */
};

static enum err write_begin(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct installing *in = arg;
    return pending_store_begin(ctx, conn, in->row.id);
}

static enum err write_report(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct installing *in = arg;
    return pending_store_report(ctx, conn, in->row.id, in->environment.report);
}

static enum err write_failure(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct installing *in = arg;
    return pending_store_end(ctx, conn, in->row.id, NULL, in->message, in->details);
}

static enum err fail_upload(struct ctx *ctx, struct installing *in, const char *message,
                            const char *details)
{
    in->message = message;
    in->details = details;
    return store_write(ctx, in->d->store, write_failure, in);
}

static void show_progress(void *arg, struct slice json)
{
    const struct installing *in = arg;
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena, 64 << 10);
    ctx_init(&ctx, &arena, &clock_system, NULL, "progress");
    if (jobs_progress(&ctx, in->d->jobs, in->job->id, json) != OK)
        arena_reset(&arena); /* too long to be shown: the next one will fit */
    arena_free(&arena);
}

static enum err read_needs(struct ctx *ctx, struct slice json, const char ***out, size_t *count)
{
    const struct jr *array;
    enum err err = jr_parse(ctx, json, &array);
    if (err != OK)
        return err;
    *count = jr_count(array);
    *out = arena_array(ctx->arena, *count + 1, sizeof **out);
    if (*out == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < *count; i++)
        if (((*out)[i] = slice_dup(ctx->arena, jr_str(jr_item(array, i)))) == NULL)
            return ctx_no_memory(ctx);
    return OK;
}

static enum err install(struct ctx *ctx, struct installing *in)
{
    const struct dependencies_watch watch = {
        .cancel = in->job->cancel, .progress = show_progress, .arg = in};
    const char **needs;
    size_t count;
    enum err err = read_needs(ctx, in->row.needs, &needs, &count);
    if (err == OK)
        err = store_write(ctx, in->d->store, write_begin, in);
    if (err == OK)
        err = dependencies_prepare_watched(ctx, in->d, needs, count, &watch, &in->environment);
    if (err == OK && in->environment.report.n)
        err = store_write(ctx, in->d->store, write_report, in);
    return err;
}

/* The upload's own fault, or one of the server that may pass. */
static bool is_its_own(enum err err)
{
    int status = err_info(err)->http;
    return status >= 400 && status < 500;
}

static enum err publish(struct ctx *ctx, struct installing *in,
                        const struct pending_publisher *publisher)
{
    struct slice bytes;
    struct pending upload = shown(&in->row);
    upload.report = in->environment.report;
    enum err err = blob_read(ctx, in->d->blobs, in->row.sha256, PACKAGE_MAX, &bytes);
    if (err == OK)
        err = publisher->publish(ctx, in->d, &upload, bytes, &in->environment);
    if (err == OK || !is_its_own(err))
        return err;
    const char *details = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
    ctx_forgive(ctx);
    return fail_upload(
        ctx, in, err == ERR_EXISTS ? "Plugin already exists" : "Plugin validation failed", details);
}

static enum err run(struct ctx *ctx, void *arg, const struct job *job, struct slice *result)
{
    const struct pending_publisher *publisher = arg;
    struct installing in = {.d = publisher->domain, .job = job};
    struct finding f = {.id = job->subject};
    enum err err = store_read(ctx, in.d->store, find, &f);
    if (err != OK || !f.found)
        return err; /* a row that was swept: nothing is left to do */
    in.row = f.row;
    if (strcmp(in.row.state, "failed") == 0)
        return OK;
    if (strcmp(in.row.state, "checked") != 0)
        err = install(ctx, &in);
    if (err == ERR_INVALID) { /* refused under every policy; an older server may have taken it */
        const char *details = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
        ctx_forgive(ctx);
        return fail_upload(ctx, &in, "Plugin validation failed", details);
    }
    if (err != OK)
        return err;
    *result = in.environment.report;
    if (in.environment.state != ENVIRONMENT_CHECKED)
        return fail_upload(ctx, &in, INSTALL_FAILED, in.environment.failed);
    return publish(ctx, &in, publisher);
}

/* Begun as often as it may be, so the upload must not wait for ever. */
static enum err gave_up(struct ctx *ctx, struct conn *conn, void *arg, const struct job *job,
                        const char *why)
{
    (void)arg;
    return pending_store_end(ctx, conn, job->subject, NULL, INSTALL_FAILED, why);
}

struct job_kind pending_job(struct pending_publisher *publisher)
{
    return (struct job_kind){
        .name = KIND, .run = run, .gave_up = gave_up, .arg = publisher, .tries = 3};
}
