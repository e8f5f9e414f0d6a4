/*
 * plugin_upload.c - receiving a package over HTTP.
 *
 * Room in memory is asked for before the body is read; what arrives is multipart with a part named
 * `file`, or the bare archive with its name beside it. Everything about the package itself is
 * decided in domain/publish.c.
 */
#include <stdio.h>

#include "api/admission.h"
#include "api/api.h"
#include "api/plugin_api.h"
#include "api/plugin_json.h"
#include "api/stage_json.h"
#include "domain/publish.h"
#include "http/body.h"
#include "http/multipart.h"

enum { FRAMING = 64 << 10, FIELD_MAX = 256, KEY_MAX = 200 };

static enum err too_large(struct ctx *ctx, size_t max)
{
    if (max % (1 << 20) == 0)
        return ctx_fail_field(ctx, ERR_TOO_LARGE, "file",
                              "Plugin file exceeds maximum allowed size (%zu MB)", max >> 20);
    return ctx_fail_field(ctx, ERR_TOO_LARGE, "file",
                          "Plugin file exceeds maximum allowed size (%zu bytes)", max);
}

static enum err read_flag(struct ctx *ctx, const char *name, struct slice text, bool *out)
{
    if (slice_is_nocase(text, "true") || slice_is(text, "1"))
        *out = true;
    else if (slice_is_nocase(text, "false") || slice_is(text, "0") || text.n == 0)
        *out = false;
    else
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, name, "Field '%s' must be true or false",
                              name);
    return OK;
}

static enum err read_form(struct ctx *ctx, const struct call *call, size_t max, struct upload *up)
{
    const struct multipart_limits limits = {
        max, FIELD_MAX, MULTIPART_PARTS,
        max == 5 << 20 ? "Plugin file exceeds maximum allowed size (5 MB)" : NULL};
    struct form *form = arena_alloc(ctx->arena, sizeof *form);
    if (form == NULL)
        return ctx_no_memory(ctx);
    const struct part *file, *flag;
    enum err err = multipart_read(ctx, call->req, &limits, form);
    if (err == OK)
        err = form_file(ctx, form, "file", "the plugin ZIP", &file);
    if (err != OK)
        return err;
    up->file_name = file->file_name;
    up->bytes = file->data;
    if ((flag = form_find(form, "dry_run")) != NULL &&
        (err = read_flag(ctx, "dry_run", flag->data, &up->dry_run)) != OK)
        return err;
    if ((flag = form_find(form, "allow_backport")) != NULL)
        err = read_flag(ctx, "allow_backport", flag->data, &up->allow_backport);
    return err;
}

/* The bare archive: its name stands in X-Filename or ?filename=. */
static enum err read_raw(struct ctx *ctx, const struct call *call, size_t max, struct upload *up)
{
    if (call->req->content_length > (int64_t)max)
        return too_large(ctx, max);
    up->file_name = request_header(call->req, "X-Filename");
    if (up->file_name.n == 0 && !request_query(ctx, call->req, "filename", &up->file_name))
        return ctx_fail_field(ctx, ERR_INVALID, "filename",
                              "A bare archive needs its name: header X-Filename or ?filename=");
    return body_read_all(ctx, call->req, max, &up->bytes);
}

static enum err read_key(struct ctx *ctx, const struct call *call, struct upload *up)
{
    up->idempotency_key = request_header(call->req, "Idempotency-Key");
    if (up->idempotency_key.n > KEY_MAX)
        return ctx_fail_field(ctx, ERR_INVALID, "Idempotency-Key",
                              "Header Idempotency-Key is longer than %d bytes", KEY_MAX);
    if (up->idempotency_key.n == 0)
        up->idempotency_key = SLICE_NONE;
    return OK;
}

static enum err receive(struct ctx *ctx, const struct call *call, struct upload *up)
{
    const struct api *api = api_of(call);
    size_t max = api->max_upload;
    struct slice type = request_header(call->req, "Content-Type");
    bool raw = slice_is_nocase(slice_trim(slice_sub(type, 0, slice_find(type, ';'))),
                               "application/zip");
    if (call->req->content_length > (int64_t)(max + FRAMING))
        return too_large(ctx, max);
    enum err err = read_key(ctx, call, up);
    if (err == OK)
        err = request_query_bool(ctx, call->req, "dry_run", &up->dry_run);
    if (err == OK)
        err = request_query_bool(ctx, call->req, "allow_backport", &up->allow_backport);
    if (err == OK)
        err = admission_take(ctx, api->uploads, max);
    if (err != OK)
        return err;
    return raw ? read_raw(ctx, call, max, up) : read_form(ctx, call, max, up);
}

static void write_warnings(struct jw *j, const struct published *done)
{
    jw_key(j, "warnings");
    jw_array(j);
    for (size_t i = 0; i < done->warning_count; i++) {
        const struct fault_item *w = &done->warnings[i];
        jw_object(j);
        jw_put_str(j, "rule", w->rule);
        jw_put_str(j, "field", w->field);
        jw_put_str(j, "file", w->file);
        if (w->line)
            jw_put_int(j, "line", w->line);
        jw_put_str(j, "message", w->sentence);
        jw_put_str(j, "remedy", w->remedy);
        jw_end(j);
    }
    jw_end(j);
}

static const char *message(const struct published *done)
{
    if (done->dry_run)
        return "Plugin is valid; nothing was stored (dry run)";
    if (done->unchanged)
        return "Plugin is already in the catalog with the same content";
    return done->plugin.source == SOURCE_SYSTEM ? "System plugin uploaded successfully"
                                                : "Plugin uploaded successfully";
}

enum err plugin_upload(struct ctx *ctx, struct call *call)
{
    struct upload up = {0};
    struct published done = {0};
    struct jw j;
    struct slice org = call_param(call, "org_id");
    if (org.p && (up.org_id = slice_dup(ctx->arena, org)) == NULL)
        return ctx_no_memory(ctx);
    enum err err = receive(ctx, call, &up);
    if (err != OK)
        return err;
    if ((err = publish_upload(ctx, api_domain(call), api_actor(call), &up, &done)) != OK)
        return err;
    reply_status(call->reply, done.dry_run || done.unchanged ? 200 : 201);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "message", message(&done));
    jw_put_str(&j, "id", done.dry_run && !done.unchanged ? NULL : done.plugin.id);
    jw_put_str(&j, "pid", done.plugin.pid);
    jw_put_str(&j, "version", done.plugin.version);
    if (done.plugin.source == SOURCE_ORG)
        jw_put_str(&j, "org_id", done.plugin.org_id);
    jw_put_bool(&j, "is_latest", done.plugin.is_latest);
    jw_put_str(&j, "sha256", done.plugin.sha256);
    jw_put_bool(&j, "unchanged", done.unchanged);
    if (!done.dry_run)
        jw_put_str(&j, "replication", done.plugin.replication);
    jw_put_bool(&j, "dry_run", done.dry_run);
    write_warnings(&j, &done);
    if (done.dry_run) {
        jw_key(&j, "stages");
        stage_json(&j, &done.report);
        jw_key(&j, "plugin");
        plugin_json(&j, &done.plugin);
    }
    jw_end(&j);
    return OK;
}
