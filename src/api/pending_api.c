/*
 * pending_api.c - what became of an upload that was answered before its dependencies stood.
 *
 * The answer to such an upload names this address. Shapes and words are those of the v1 API, whose
 * clients are the only ones that can come here.
 */
#include <string.h>

#include "api/api.h"
#include "domain/pending.h"

static enum err show(struct ctx *ctx, struct call *call);

#define WRITE "cadence:system:plugins:write"

// clang-format off
static const struct route routes[] = {
    {METHOD_GET, "/api/v1/plugins/uploads/{upload_id}",         WRITE, BODY_NONE, 0, show, "v1: an upload whose dependencies are being installed"},
    {METHOD_GET, "/api/v1/plugins/plugins/uploads/{upload_id}", WRITE, BODY_NONE, 0, show, "v1, second spelling: an upload on its way"},
};
// clang-format on

const struct route_table pending_api_table = {"pending_api", routes,
                                              sizeof routes / sizeof *routes};

static const char *message_of(const struct pending *p)
{
    if (strcmp(p->state, "failed") == 0)
        return p->message;
    return strcmp(p->state, "checked") == 0 ? "Plugin uploaded and loaded successfully"
                                            : "Plugin accepted, dependencies installing";
}

static void write_pending(struct jw *j, const struct pending *p)
{
    jw_object(j);
    jw_put_bool(j, "success", strcmp(p->state, "failed") != 0);
    jw_put_str(j, "message", message_of(p));
    jw_put_str(j, "plugin_name", p->name);
    jw_put_str(j, "plugin_version", p->version);
    jw_key(j, "details");
    jw_object(j);
    jw_put_str(j, "id", p->id);
    jw_put_str(j, "state", p->state);
    jw_key(j, "report");
    if (p->report.n)
        jw_raw(j, p->report);
    else
        jw_null(j);
    jw_put_str(j, "error", p->details);
    jw_put_str(j, "plugin_id", p->plugin_id);
    jw_put_time(j, "created_at", p->created_at);
    jw_put_time(j, "updated_at", p->updated_at);
    jw_end(j);
    jw_end(j);
}

static enum err show(struct ctx *ctx, struct call *call)
{
    const char *id;
    struct pending upload;
    struct jw j;
    enum err err = api_param(ctx, call, "upload_id", &id);
    if (err == OK)
        err = pending_get(ctx, api_domain(call), id, &upload);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    write_pending(&j, &upload);
    return OK;
}
