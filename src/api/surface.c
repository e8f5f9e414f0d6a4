/*
 * surface.c - the error shapes, one function each, and the table that says where each applies.
 *
 * The default is flat and a superset: the fields newer Cadence clients read (code, message, ...)
 * and `detail`, which older ones read. The token endpoint adds the two fields of RFC 6749. Nothing
 * here decides a status or a sentence; those come from the fault and from the table in base/err.c.
 */
#include "api/surface.h"

#include "api/v1_json.h"
#include "domain/stages.h"

/* One finding, in the shape of a nested error. */
static void write_item(struct jw *j, const struct fault_item *item)
{
    jw_object(j);
    jw_put_str(j, "code", item->rule);
    jw_put_str(j, "message", item->sentence);
    jw_put_str(j, "field", item->field);
    jw_key(j, "details");
    jw_object(j);
    jw_put_str(j, "stage", stages_name(stages_of_rule(item->rule)));
    if (item->file)
        jw_put_str(j, "file", item->file);
    if (item->line)
        jw_put_int(j, "line", item->line);
    if (item->column)
        jw_put_int(j, "column", item->column);
    if (item->remedy)
        jw_put_str(j, "remedy", item->remedy);
    jw_end(j);
    jw_end(j);
}

/* The findings twice: as nested errors, and as the plain sentences Cadence's client lists. */
static void write_items(struct jw *j, const struct fault *fault)
{
    if (fault->item_count == 0)
        return;
    jw_key(j, "errors");
    jw_array(j);
    for (size_t i = 0; i < fault->item_count; i++)
        write_item(j, &fault->items[i]);
    jw_end(j);
    jw_key(j, "details");
    jw_object(j);
    jw_key(j, "validation_errors");
    jw_array(j);
    for (size_t i = 0; i < fault->item_count; i++)
        jw_str(j, fault->items[i].sentence);
    jw_end(j);
    jw_end(j);
}

static void write_flat(struct jw *j, const struct ctx *ctx)
{
    jw_put_int(j, "statusCode", err_info(ctx->fault.err)->http);
    jw_put_str(j, "code", ctx_code(ctx));
    jw_put_str(j, "message", ctx_sentence(ctx));
    jw_put_str(j, "detail", ctx_sentence(ctx));
    jw_put_str(j, "request_id", ctx->request_id);
    jw_put_time(j, "timestamp", ctx->now);
    if (ctx->fault.field[0])
        jw_put_str(j, "field", ctx->fault.field);
    write_items(j, &ctx->fault);
}

static void render_flat(const struct ctx *ctx, const struct request *req, struct reply *reply)
{
    (void)req;
    struct jw j;
    reply_status(reply, err_info(ctx->fault.err)->http);
    reply_json(reply, &j);
    jw_object(&j);
    write_flat(&j, ctx);
    jw_end(&j);
}

/* The word of RFC 6749, section 5.2, for a fault of the token endpoint. */
static const char *oauth_error(const struct fault *fault)
{
    switch (fault->err) {
    case ERR_INVALID:
        return slice_is(slice_of(fault->field), "grant_type") ? "unsupported_grant_type"
                                                              : "invalid_request";
    case ERR_UNKNOWN_CALLER: return "invalid_grant";
    case ERR_FORBIDDEN: return "access_denied";
    case ERR_THROTTLED:
    case ERR_BUSY:
    case ERR_NO_MEMORY: return "temporarily_unavailable";
    default: break;
    }
    return err_info(fault->err)->http >= 500 ? "server_error" : "invalid_request";
}

static void render_oauth(const struct ctx *ctx, const struct request *req, struct reply *reply)
{
    (void)req;
    struct jw j;
    reply_status(reply, err_info(ctx->fault.err)->http);
    reply_no_store(reply);
    reply_json(reply, &j);
    jw_object(&j);
    jw_put_str(&j, "error", oauth_error(&ctx->fault));
    jw_put_str(&j, "error_description", ctx_sentence(ctx));
    write_flat(&j, ctx);
    jw_end(&j);
}

// clang-format off
const struct surface api_surfaces[] = {
    {"/",        render_flat},
    {"/oauth2/", render_oauth},
    {"/api/v1/", v1_render},
};
// clang-format on
const size_t api_surface_count = sizeof api_surfaces / sizeof api_surfaces[0];
