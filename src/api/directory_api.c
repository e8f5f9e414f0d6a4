/*
 * directory_api.c - what was dropped into the plugin store, for who runs the platform.
 *
 * Nothing is changed here: the folders are changed where they lie (domain/directory.h).
 */
#include "api/api.h"
#include "domain/directory.h"

static enum err list(struct ctx *ctx, struct call *call);

// clang-format off
static const struct route routes[] = {
    {METHOD_GET, "/api/admin/directory-plugins", "cadence:system:plugins:read", BODY_NONE, 0, list, "Folders and ZIPs dropped into the plugin store, and what became of them"},
};
// clang-format on

const struct route_table directory_api_table = {"directory_api", routes,
                                                sizeof routes / sizeof *routes};

static enum err list(struct ctx *ctx, struct call *call)
{
    struct directory_row *rows;
    size_t count;
    struct jw j;
    enum err err = directory_list(ctx, api_domain(call), &rows, &count);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++) {
        jw_object(&j);
        jw_put_str(&j, "name", rows[i].name);
        jw_put_str(&j, "state", rows[i].state);
        jw_put_str(&j, "plugin_id", rows[i].plugin_id);
        jw_put_str(&j, "reason", rows[i].reason);
        jw_put_time(&j, "judged_at", rows[i].judged_at);
        jw_end(&j);
    }
    jw_end(&j);
    return OK;
}
