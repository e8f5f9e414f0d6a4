/*
 * report_api.c - what was found when a version was judged: by stage, with file, line and remedy.
 *
 * The same report for an org, for the administrators' pages and for the v1 API, which speaks of
 * names instead of ids. It is read from what was kept with the version; nothing is judged here.
 */
#include <string.h>

#include "api/api.h"
#include "api/stage_json.h"
#include "api/subject.h"
#include "domain/stages.h"

static enum err visible_report(struct ctx *ctx, struct call *call);
static enum err owned_report(struct ctx *ctx, struct call *call);
static enum err v1_report(struct ctx *ctx, struct call *call);

#define ORG_READ "cadence:org:plugins:read"
#define SYS_READ "cadence:system:plugins:read"
#define SYS_WRITE "cadence:system:plugins:write" /* all of v1 needs it */

// clang-format off
static const struct route routes[] = {
    {METHOD_GET, "/api/orgs/{org_id}/plugins/{plugin_id}/report",       ORG_READ,  BODY_NONE, 0, visible_report, "What each stage of validation found in a version"},
    {METHOD_GET, "/api/admin/plugins/{plugin_id}/report",               SYS_READ,  BODY_NONE, 0, owned_report, "What each stage found in a version of a system plugin"},
    {METHOD_GET, "/api/admin/orgs/{org_id}/plugins/{plugin_id}/report", SYS_READ,  BODY_NONE, 0, owned_report,  "What each stage found in a version that one org owns"},
    {METHOD_GET, "/api/v1/plugins/{name}/report",                       SYS_WRITE, BODY_NONE, 0, v1_report,     "v1: what each stage found in a version"},
    {METHOD_GET, "/api/v1/plugins/plugins/{name}/report",               SYS_WRITE, BODY_NONE, 0, v1_report,     "v1, second spelling: what each stage found in a version"},
};
// clang-format on

const struct route_table report_api_table = {"report_api", routes, sizeof routes / sizeof *routes};

static void write_health(struct jw *j, const struct plugin *p, const struct health_run *run)
{
    jw_object(j);
    jw_put_str(j, "state", p->health);
    jw_put_time(j, "at", run->at);
    jw_put_str(j, "result", run->result);
    jw_put_str(j, "reason", run->reason);
    if (run->at)
        jw_put_int(j, "duration_ms", run->duration_ms);
    jw_put_raw(j, "detail", run->detail.n ? run->detail : SLICE("null"));
    jw_end(j);
}

static enum err answer(struct ctx *ctx, struct call *call, const struct plugin *p)
{
    struct stage_report *report = arena_alloc(ctx->arena, sizeof *report);
    struct health_run run;
    struct jw j;
    if (report == NULL)
        return ctx_no_memory(ctx);
    enum err err = stages_read(ctx, api_domain(call), p->id, report, &run);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "plugin_id", p->id);
    jw_put_str(&j, "pid", p->pid);
    jw_put_str(&j, "name", p->name);
    jw_put_str(&j, "version", p->version);
    jw_put_str(&j, "result", stage_verdict(report));
    jw_key(&j, "stages");
    stage_json(&j, report);
    jw_key(&j, "health");
    write_health(&j, p, &run);
    jw_end(&j);
    return OK;
}

static enum err visible_report(struct ctx *ctx, struct call *call)
{
    struct plugin p;
    enum err err = subject_visible(ctx, call, &p);
    return err == OK ? answer(ctx, call, &p) : err;
}

static enum err owned_report(struct ctx *ctx, struct call *call)
{
    struct plugin p;
    enum err err = subject_owned(ctx, call, &p);
    return err == OK ? answer(ctx, call, &p) : err;
}

static enum err v1_report(struct ctx *ctx, struct call *call)
{
    struct plugin p;
    const char *id;
    enum err err = subject_v1(ctx, call, &id);
    if (err == OK)
        err = catalog_get(ctx, api_domain(call), NULL, id, &p);
    return err == OK ? answer(ctx, call, &p) : err;
}
