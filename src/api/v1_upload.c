/*
 * v1_upload.c - receiving a package over the v1 API.
 *
 * A form with `file` and `force_overwrite`. Room in memory is asked for before the body is read, as
 * for other uploads. A refusal is rendered here, since it also names the plugin as far as it is
 * known; failures of ours go the common way and are logged with their cause.
 */
#include "api/admission.h"
#include "api/api.h"
#include "api/v1_api.h"
#include "api/v1_json.h"
#include "base/config.h"
#include "domain/legacy.h"
#include "http/multipart.h"

enum { FIELD_MAX = 256 };

static const char *limit_sentence(struct ctx *ctx, size_t max)
{
    if (max % (1 << 20) == 0)
        return str_printf(ctx->arena, "Plugin file exceeds maximum allowed size (%zu MB)",
                          max >> 20);
    return str_printf(ctx->arena, "Plugin file exceeds maximum allowed size (%zu bytes)", max);
}

static bool is_one_of(struct slice text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is_nocase(text, words[i]))
            return true;
    return false;
}

/* The words that the framework of that time took for a boolean. */
static enum err read_force(struct ctx *ctx, struct slice text, bool *out)
{
    static const char *const yes[] = {"true", "1", "yes", "on", "t", "y"};
    static const char *const no[] = {"", "false", "0", "no", "off", "f", "n"};
    text = slice_trim(text);
    *out = is_one_of(text, yes, sizeof yes / sizeof *yes);
    if (*out || is_one_of(text, no, sizeof no / sizeof *no))
        return OK;
    return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "force_overwrite",
                          "Field 'force_overwrite' must be true or false");
}

static enum err receive(struct ctx *ctx, const struct call *call, struct legacy_upload *up)
{
    const struct api *api = api_of(call);
    const char *too_large = limit_sentence(ctx, api->max_upload);
    const struct part *file;
    const struct multipart_limits limits = {api->max_upload, FIELD_MAX, MULTIPART_PARTS, too_large};
    struct form *form = arena_alloc(ctx->arena, sizeof *form);
    if (form == NULL || too_large == NULL)
        return ctx_no_memory(ctx);
    if (call->req->content_length > (int64_t)(api->max_upload + MULTIPART_FRAMING))
        return ctx_fail_field(ctx, ERR_TOO_LARGE, "file", "%s", too_large);
    enum err err = admission_take(ctx, api->uploads, api->max_upload);
    if (err == OK)
        err = multipart_read(ctx, call->req, &limits, form);
    if (err == OK)
        err = form_file(ctx, form, "file", "the plugin ZIP", &file);
    if (err != OK)
        return err;
    const struct part *force = form_find(form, "force_overwrite");
    up->file_name = file->file_name;
    up->bytes = file->data;
    return force ? read_force(ctx, force->data, &up->force) : OK;
}

enum err v1_upload(struct ctx *ctx, struct call *call)
{
    struct legacy_upload up = {.wait_ms = config_int(api_of(call)->config, "install-wait")};
    struct legacy_done done = {0};
    enum err err = receive(ctx, call, &up);
    if (err == OK)
        err = legacy_upload(ctx, api_domain(call), api_actor(call), &up, &done);
    if (err == OK) {
        v1_uploaded(call->reply, &done);
        return OK;
    }
    if (err_info(err)->http >= 500)
        return err;
    /* the names are the package's own words: only a clash is about the plugin that has them */
    bool clash = err == ERR_EXISTS;
    v1_failure(ctx, call->reply, clash ? done.name : NULL, clash ? done.version : NULL);
    return OK;
}
