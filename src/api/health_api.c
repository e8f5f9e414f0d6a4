/*
 * health_api.c - health checks of plugins: asking for one, and what came of those before.
 *
 * Asking queues a job and answers 202 at once; the job is polled under .../jobs/{job_id}, or the
 * history is read again. An org asks for its own plugins only and may read about those it can see.
 * The v1 API speaks of names instead of ids and means the newest enabled version, unless ?version=
 * says another. What a check is stands in domain/health.h.
 */
#include "api/api.h"
#include "api/page.h"
#include "api/subject.h"
#include "domain/health.h"

enum { HISTORY_MAX = 200, LIMIT_STANDARD = 20 };

static enum err ask(struct ctx *ctx, struct call *call);
static enum err history(struct ctx *ctx, struct call *call);
static enum err v1_ask(struct ctx *ctx, struct call *call);
static enum err v1_history(struct ctx *ctx, struct call *call);
static enum err show_network(struct ctx *ctx, struct call *call);
static enum err set_network(struct ctx *ctx, struct call *call);

#define ORG_READ "cadence:org:plugins:read"
#define ORG_WRITE "cadence:org:plugins:write"
#define SYS_READ "cadence:system:plugins:read"
#define SYS_WRITE "cadence:system:plugins:write"
#define ADMIN "cadence:system:admin"

// clang-format off
static const struct route routes[] = {
    {METHOD_POST, "/api/orgs/{org_id}/plugins/{plugin_id}/health",        ORG_WRITE, BODY_NONE, 0, ask,          "Have a plugin of the org checked in the sandbox"},
    {METHOD_GET,  "/api/orgs/{org_id}/plugins/{plugin_id}/health",        ORG_READ,  BODY_NONE, 0, history,      "Health checks of a plugin the org can see, newest first"},
    {METHOD_POST, "/api/admin/plugins/{plugin_id}/health",                SYS_WRITE, BODY_NONE, 0, ask,          "Have a system plugin checked in the sandbox"},
    {METHOD_GET,  "/api/admin/plugins/{plugin_id}/health",                SYS_READ,  BODY_NONE, 0, history,      "Health checks of a system plugin, newest first"},
    {METHOD_POST, "/api/admin/orgs/{org_id}/plugins/{plugin_id}/health",  SYS_WRITE, BODY_NONE, 0, ask,          "Have a plugin that one org owns checked in the sandbox"},
    {METHOD_GET,  "/api/admin/orgs/{org_id}/plugins/{plugin_id}/health",  SYS_READ,  BODY_NONE, 0, history,      "Health checks of a plugin that one org owns, newest first"},
    {METHOD_POST, "/api/v1/plugins/{name}/health",                        SYS_WRITE, BODY_NONE, 0, v1_ask,       "v1: have a plugin checked in the sandbox"},
    {METHOD_GET,  "/api/v1/plugins/{name}/health",                        SYS_WRITE, BODY_NONE, 0, v1_history,   "v1: health checks of a plugin, newest first"},
    {METHOD_POST, "/api/v1/plugins/plugins/{name}/health",                SYS_WRITE, BODY_NONE, 0, v1_ask,       "v1, second spelling: have a plugin checked"},
    {METHOD_GET,  "/api/v1/plugins/plugins/{name}/health",                SYS_WRITE, BODY_NONE, 0, v1_history,   "v1, second spelling: health checks of a plugin"},
    {METHOD_GET,  "/api/admin/plugins/{plugin_id}/network",               SYS_READ,  BODY_NONE, 0, show_network, "May checks of a system plugin reach the network"},
    {METHOD_PUT,  "/api/admin/plugins/{plugin_id}/network",               ADMIN,     BODY_JSON, 0, set_network,  "Let checks of a system plugin reach the network, or not"},
    {METHOD_GET,  "/api/admin/orgs/{org_id}/plugins/{plugin_id}/network", SYS_READ,  BODY_NONE, 0, show_network, "May checks of an org's plugin reach the network"},
    {METHOD_PUT,  "/api/admin/orgs/{org_id}/plugins/{plugin_id}/network", ADMIN,     BODY_JSON, 0, set_network,  "Let checks of an org's plugin reach the network, or not"},
};
// clang-format on

const struct route_table health_api_table = {"health_api", routes, sizeof routes / sizeof *routes};

static enum err ask_for(struct ctx *ctx, struct call *call, const char *org_id,
                        const char *plugin_id, bool is_v1)
{
    const char *job_id;
    struct jw j;
    enum err err = health_ask(ctx, api_domain(call), api_actor(call), org_id, plugin_id, &job_id);
    if (err != OK)
        return err;
    reply_status(call->reply, 202);
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    if (is_v1)
        jw_put_bool(&j, "success", true);
    jw_put_str(&j, "message", "The health check is queued");
    jw_put_str(&j, "plugin_id", plugin_id);
    jw_put_str(&j, "job_id", job_id);
    jw_end(&j);
    return OK;
}

static enum err ask(struct ctx *ctx, struct call *call)
{
    struct subject s;
    enum err err = subject_read(ctx, call, &s);
    return err == OK ? ask_for(ctx, call, s.org_id, s.plugin_id, false) : err;
}

static void write_check(struct jw *j, const struct health_check *check)
{
    const struct health_outcome *o = &check->outcome;
    jw_object(j);
    jw_put_int(j, "number", check->seq);
    jw_put_time(j, "at", check->at);
    jw_put_str(j, "health", o->result);
    jw_put_str(j, "reason", o->reason);
    jw_put_int(j, "duration_ms", o->duration_ms);
    jw_put_bool(j, "network", o->network);
    jw_put_raw(j, "detail", o->detail.n ? o->detail : SLICE("null"));
    jw_end(j);
}

static enum err history_of(struct ctx *ctx, struct call *call, const char *org_id,
                           const char *plugin_id)
{
    struct health_check *checks;
    size_t count;
    struct page page;
    int64_t before;
    bool more;
    struct jw j;
    enum err err = page_read_seq(ctx, call->req, HISTORY_MAX, &page, &before);
    if (err == OK)
        err = health_history(ctx, api_domain(call), org_id, plugin_id, before,
                             page.whole ? LIMIT_STANDARD : page.limit, &checks, &count, &more);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++)
        write_check(&j, &checks[i]);
    jw_end(&j);
    return more && count ? page_more_seq(ctx, call, checks[count - 1].seq) : OK;
}

static enum err history(struct ctx *ctx, struct call *call)
{
    struct subject s;
    enum err err = subject_read(ctx, call, &s);
    return err == OK ? history_of(ctx, call, s.org_id, s.plugin_id) : err;
}

/* ------------------------------------------------------------------ v1 */

static enum err v1_ask(struct ctx *ctx, struct call *call)
{
    const char *plugin_id;
    enum err err = subject_v1(ctx, call, &plugin_id);
    return err == OK ? ask_for(ctx, call, NULL, plugin_id, true) : err;
}

static enum err v1_history(struct ctx *ctx, struct call *call)
{
    const char *plugin_id;
    enum err err = subject_v1(ctx, call, &plugin_id);
    return err == OK ? history_of(ctx, call, NULL, plugin_id) : err;
}

/* ------------------------------------------------------------------ network */

static void answer_network(struct call *call, const struct plugin *plugin, bool allowed)
{
    struct jw j;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "pid", plugin->pid);
    jw_put_bool(&j, "allowed", allowed);
    jw_end(&j);
}

static enum err show_network(struct ctx *ctx, struct call *call)
{
    struct plugin plugin;
    bool allowed = false;
    enum err err = subject_owned(ctx, call, &plugin);
    if (err == OK)
        err = health_network(ctx, api_domain(call), &plugin, &allowed);
    if (err == OK)
        answer_network(call, &plugin, allowed);
    return err;
}

static enum err set_network(struct ctx *ctx, struct call *call)
{
    struct plugin plugin;
    const struct jr *body;
    bool allowed = false;
    enum err err = subject_owned(ctx, call, &plugin);
    if (err == OK)
        err = api_body(ctx, call, &body);
    if (err == OK)
        err = jr_get_bool(ctx, body, "allowed", true, &allowed);
    if (err == OK)
        err = health_allow_network(ctx, api_domain(call), api_actor(call), &plugin, allowed);
    if (err == OK)
        answer_network(call, &plugin, allowed);
    return err;
}
