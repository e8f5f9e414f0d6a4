/*
 * jobs_api.c - work for later, for who waits for it and for who runs the platform.
 *
 * An org sees the jobs on its own plugins, one at a time, by the id that an answer gave it. The
 * platform sees all, newest first and always in pages. Nothing is queued here: each kind of work is
 * asked for where it belongs.
 */
#include "api/api.h"
#include "api/page.h"
#include "domain/jobs.h"

enum { LIMIT_STANDARD = 50 };

static enum err list(struct ctx *ctx, struct call *call);
static enum err show(struct ctx *ctx, struct call *call);

#define ORG_READ "cadence:org:plugins:read"
#define SYS_READ "cadence:system:plugins:read"

// clang-format off
static const struct route routes[] = {
    {METHOD_GET, "/api/orgs/{org_id}/jobs/{job_id}", ORG_READ, BODY_NONE, 0, show, "One job on a plugin of the org"},
    {METHOD_GET, "/api/admin/jobs",                  SYS_READ, BODY_NONE, 0, list, "Work for later and what came of it, newest first"},
    {METHOD_GET, "/api/admin/jobs/{job_id}",         SYS_READ, BODY_NONE, 0, show, "One job"},
};
// clang-format on

const struct route_table jobs_api_table = {"jobs_api", routes, sizeof routes / sizeof *routes};

static void put_json(struct jw *j, const char *key, struct slice json)
{
    jw_key(j, key);
    if (json.n)
        jw_raw(j, json);
    else
        jw_null(j);
}

static void write_job(struct jw *j, const struct job_row *job)
{
    jw_object(j);
    jw_put_str(j, "id", job->id);
    jw_put_str(j, "kind", job->kind);
    jw_put_str(j, "subject", job->subject);
    jw_put_str(j, "state", job->state);
    jw_put_int(j, "tries", job->tries);
    jw_put_time(j, "run_at", job->run_at);
    jw_put_time(j, "created_at", job->created_at);
    jw_put_time(j, "started_at", job->started_at);
    jw_put_time(j, "finished_at", job->finished_at);
    put_json(j, "progress", job->progress);
    put_json(j, "result", job->result);
    jw_end(j);
}

static enum err read_text(struct ctx *ctx, const struct request *req, const char *name,
                          const char **out)
{
    struct slice text = SLICE_NONE;
    if (!request_query(ctx, req, name, &text) || text.n == 0)
        return ctx->fault.err;
    *out = slice_dup(ctx->arena, text);
    return *out ? OK : ctx_no_memory(ctx);
}

static enum err read_state(struct ctx *ctx, const struct request *req, const char **out)
{
    static const char *const states[] = {"queued", "running", "done", "failed"};
    enum err err = read_text(ctx, req, "state", out);
    if (err != OK || *out == NULL)
        return err;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (slice_is(slice_of(*out), states[i]))
            return OK;
    return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "state",
                          "Parameter 'state' must be queued, running, done or failed");
}

static enum err read_filter(struct ctx *ctx, const struct request *req, struct job_filter *out)
{
    struct page page;
    *out = (struct job_filter){0};
    enum err err = page_read_seq(ctx, req, JOBS_PAGE_MAX, &page, &out->before_seq);
    if (err != OK)
        return err;
    out->limit = page.whole ? LIMIT_STANDARD : page.limit;
    err = read_text(ctx, req, "kind", &out->kind);
    if (err == OK)
        err = read_text(ctx, req, "subject", &out->subject);
    return err == OK ? read_state(ctx, req, &out->state) : err;
}

static enum err list(struct ctx *ctx, struct call *call)
{
    struct job_filter filter;
    struct job_row *jobs;
    size_t count;
    bool more;
    struct jw j;
    enum err err = read_filter(ctx, call->req, &filter);
    if (err == OK)
        err = jobs_list(ctx, api_domain(call), &filter, &jobs, &count, &more);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++)
        write_job(&j, &jobs[i]);
    jw_end(&j);
    return more && count ? page_more_seq(ctx, call, jobs[count - 1].seq) : OK;
}

static enum err show(struct ctx *ctx, struct call *call)
{
    const char *id, *org_id = NULL;
    struct job_row job;
    struct jw j;
    enum err err = api_param(ctx, call, "job_id", &id);
    if (err == OK && call_param(call, "org_id").p)
        err = api_param(ctx, call, "org_id", &org_id);
    if (err == OK)
        err = jobs_get(ctx, api_domain(call), org_id, id, &job);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    write_job(&j, &job);
    return OK;
}
