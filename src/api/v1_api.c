/*
 * v1_api.c - the plugin API of the first generation, as its scripts and pages call it.
 *
 * Each route has two spellings: the documentation's, /api/v1/plugins/..., and the one that the
 * clients of that time really call, with "plugins" twice. Bodies and failures are those of
 * v1_json.c; what the words mean stands in domain/legacy.h. All of it needs the permission to write
 * system plugins, unless the wiring opens it for this machine (cli/v1_open.c).
 */
#include "api/v1_api.h"

#include "api/api.h"
#include "api/v1_json.h"
#include "domain/domain.h"
#include "domain/legacy.h"

static enum err uploaded(struct ctx *ctx, struct call *call);
static enum err delete_version(struct ctx *ctx, struct call *call);
static enum err reload(struct ctx *ctx, struct call *call);
static enum err list(struct ctx *ctx, struct call *call);
static enum err show(struct ctx *ctx, struct call *call);
static enum err status(struct ctx *ctx, struct call *call);
static enum err health(struct ctx *ctx, struct call *call);

#define WRITE "cadence:system:plugins:write"

// clang-format off
static const struct route routes[] = {
    {METHOD_POST,   "/api/v1/plugins/upload",                            WRITE,    BODY_UPLOAD, 0, v1_upload,      "v1: upload a plugin as {name}-{version}.zip"},
    {METHOD_GET,    "/api/v1/plugins/uploaded",                          WRITE,    BODY_NONE,   0, uploaded,       "v1: every uploaded version with its folder"},
    {METHOD_DELETE, "/api/v1/plugins/uploaded/{name}/{version}",         WRITE,    BODY_NONE,   0, delete_version, "v1: remove a version, its folder and its archive"},
    {METHOD_POST,   "/api/v1/plugins/reload",                            WRITE,    BODY_NONE,   0, reload,         "v1: read the stores again and mend them"},
    {METHOD_GET,    "/api/v1/plugins",                                   WRITE,    BODY_NONE,   0, list,           "v1: one row per plugin, its newest enabled version"},
    {METHOD_GET,    "/api/v1/plugins/{name}",                            WRITE,    BODY_NONE,   0, show,           "v1: one plugin"},
    {METHOD_POST,   "/api/v1/plugins/plugins/upload",                    WRITE,    BODY_UPLOAD, 0, v1_upload,      "v1, second spelling: upload a plugin"},
    {METHOD_GET,    "/api/v1/plugins/plugins/uploaded",                  WRITE,    BODY_NONE,   0, uploaded,       "v1, second spelling: every uploaded version"},
    {METHOD_DELETE, "/api/v1/plugins/plugins/uploaded/{name}/{version}", WRITE,    BODY_NONE,   0, delete_version, "v1, second spelling: remove a version"},
    {METHOD_POST,   "/api/v1/plugins/plugins/reload",                    WRITE,    BODY_NONE,   0, reload,         "v1, second spelling: read the stores again"},
    {METHOD_GET,    "/api/v1/plugins/plugins",                           WRITE,    BODY_NONE,   0, list,           "v1, second spelling: one row per plugin"},
    {METHOD_GET,    "/api/v1/plugins/plugins/{name}",                    WRITE,    BODY_NONE,   0, show,           "v1, second spelling: one plugin"},
    {METHOD_GET,    "/api/v1/system/status",                             WRITE,    BODY_NONE,   0, status,         "v1: names of the plugins that are available, healthy, failed"},
    {METHOD_GET,    "/api/v1/system/health",                             "public", BODY_NONE,   0, health,         "v1: the process answers"},
};
// clang-format on

const struct route_table v1_api_table = {"v1_api", routes, sizeof routes / sizeof *routes};

static enum err write_uploaded(void *arg, const struct legacy_plugin *p)
{
    struct jw *j = arg;
    jw_object(j);
    jw_put_str(j, "name", p->name);
    jw_put_str(j, "version", p->version);
    jw_put_str(j, "directory", p->directory);
    jw_end(j);
    return OK;
}

static enum err uploaded(struct ctx *ctx, struct call *call)
{
    struct jw j;
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_bool(&j, "success", true);
    jw_key(&j, "plugins");
    jw_array(&j);
    enum err err = legacy_uploaded(ctx, api_domain(call), write_uploaded, &j);
    jw_end(&j);
    jw_end(&j);
    return err;
}

static enum err delete_version(struct ctx *ctx, struct call *call)
{
    const char *name, *version;
    struct jw j;
    enum err err = api_param(ctx, call, "name", &name);
    if (err == OK)
        err = api_param(ctx, call, "version", &version);
    if (err == OK)
        err = legacy_delete(ctx, api_domain(call), api_actor(call), name, version);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_bool(&j, "success", true);
    jw_put_str(&j, "message", "Plugin deleted successfully");
    jw_put_str(&j, "plugin_name", name);
    jw_put_str(&j, "plugin_version", version);
    jw_end(&j);
    return OK;
}

/* Old clients read one key of a failed reload and of a name that is not there. */
static enum err answer_detail(struct reply *reply, int http, const char *text)
{
    struct jw j;
    reply_status(reply, http);
    reply_json(reply, &j);
    jw_object(&j);
    jw_put_str(&j, "detail", text);
    jw_end(&j);
    return OK;
}

static enum err reload(struct ctx *ctx, struct call *call)
{
    struct legacy_summary sum;
    struct jw j;
    enum err err = legacy_reload(ctx, api_domain(call), api_actor(call), &sum);
    if (err != OK && err_info(err)->http != 500)
        return err;
    if (err != OK) {
        const char *text = str_printf(ctx->arena, "Plugin reload failed: %s", ctx_sentence(ctx));
        return text ? answer_detail(call->reply, 500, text) : ctx_no_memory(ctx);
    }
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "status", "success");
    v1_names(&j, "loaded", sum.loaded, sum.loaded_count);
    v1_names(&j, "healthy", sum.healthy, sum.healthy_count);
    v1_names(&j, "failed", sum.failed, sum.failed_count);
    jw_end(&j);
    return OK;
}

static enum err write_plugin(void *arg, const struct legacy_plugin *p)
{
    v1_plugin(arg, p);
    return OK;
}

static enum err list(struct ctx *ctx, struct call *call)
{
    struct jw j;
    reply_json(call->reply, &j);
    jw_array(&j);
    enum err err = legacy_list(ctx, api_domain(call), write_plugin, &j);
    jw_end(&j);
    return err;
}

static enum err show(struct ctx *ctx, struct call *call)
{
    struct legacy_plugin p;
    const char *name;
    bool found = false;
    struct jw j;
    enum err err = api_param(ctx, call, "name", &name);
    if (err == OK)
        err = legacy_find(ctx, api_domain(call), name, &p, &found);
    if (err != OK)
        return err;
    if (!found) {
        const char *text = str_printf(ctx->arena, "Plugin '%s' not found in available plugins",
                                      name);
        return text ? answer_detail(call->reply, 404, text) : ctx_no_memory(ctx);
    }
    reply_json(call->reply, &j);
    v1_plugin(&j, &p);
    return OK;
}

static enum err status(struct ctx *ctx, struct call *call)
{
    struct legacy_summary sum;
    struct jw j;
    enum err err = legacy_status(ctx, api_domain(call), &sum);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "status", "operational");
    v1_names(&j, "available_plugins", sum.loaded, sum.loaded_count);
    v1_names(&j, "healthy_plugins", sum.healthy, sum.healthy_count);
    v1_names(&j, "failed_plugins", sum.failed, sum.failed_count);
    jw_put_int(&j, "total_sessions", 0); /* of conversations: those are the orchestrators' */
    jw_end(&j);
    return OK;
}

static enum err health(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    struct jw j;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "status", "healthy");
    jw_end(&j);
    return OK;
}
