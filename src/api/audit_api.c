/*
 * audit_api.c - the record of what happened, for those who may read it.
 *
 * Newest first and always in pages, since the record only grows. The cursor is the number of the
 * last row seen; rows never change, so a walk sees each row once.
 */

#include "api/api.h"
#include "api/page.h"
#include "api/people_json.h"
#include "base/clock.h"
#include "domain/audit.h"

enum { LIMIT_STANDARD = 50 };

static enum err list(struct ctx *ctx, struct call *call);

// clang-format off
static const struct route routes[] = {
    {METHOD_GET, "/api/admin/audit", "cadence:system:audit:read", BODY_NONE, 0, list, "What happened, newest first"},
};
// clang-format on

const struct route_table audit_api_table = {"audit_api", routes, sizeof routes / sizeof *routes};

static enum err read_text(struct ctx *ctx, const struct request *req, const char *name,
                          const char **out)
{
    struct slice text;
    if (!request_query(ctx, req, name, &text))
        return ctx->fault.err;
    *out = text.n ? slice_dup(ctx->arena, text) : NULL;
    return *out || text.n == 0 ? OK : ctx_no_memory(ctx);
}

static enum err read_time(struct ctx *ctx, const struct request *req, const char *name,
                          int64_t *out)
{
    struct slice text;
    if (!request_query(ctx, req, name, &text))
        return ctx->fault.err;
    if (!clock_parse(text, out))
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, name,
                              "Parameter '%s' must be a time like 2026-11-21T00:00:00Z", name);
    return OK;
}

static enum err read_place(struct ctx *ctx, const struct request *req, struct audit_filter *out)
{
    struct page page;
    enum err err = page_read_seq(ctx, req, AUDIT_PAGE_MAX, &page, &out->before_seq);
    out->limit = page.whole ? LIMIT_STANDARD : page.limit;
    return err;
}

static enum err read_filter(struct ctx *ctx, const struct request *req, struct audit_filter *out)
{
    *out = (struct audit_filter){0};
    enum err err = read_place(ctx, req, out);
    if (err == OK)
        err = read_text(ctx, req, "action", &out->action);
    if (err == OK)
        err = read_text(ctx, req, "actor_id", &out->actor_id);
    if (err == OK)
        err = read_text(ctx, req, "org_id", &out->org_id);
    if (err == OK)
        err = read_text(ctx, req, "subject", &out->subject);
    if (err == OK)
        err = read_time(ctx, req, "since", &out->since);
    if (err == OK)
        err = read_time(ctx, req, "until", &out->until);
    if (err == OK)
        err = request_query_bool(ctx, req, "people_only", &out->people_only);
    return err;
}

static void write_event(struct jw *j, const struct audit_event *e)
{
    jw_object(j);
    jw_put_int(j, "seq", e->seq);
    jw_put_time(j, "at", e->at);
    jw_put_str(j, "action", e->action);
    jw_put_str(j, "actor_id", e->actor_id);
    jw_put_str(j, "actor_name", e->actor_name);
    jw_put_str(j, "actor_via", e->actor_via);
    jw_put_str(j, "address", e->address);
    jw_put_str(j, "request_id", e->request_id);
    jw_put_str(j, "org_id", e->org_id);
    jw_put_str(j, "subject", e->subject);
    jw_key(j, "detail");
    if (e->detail)
        jw_raw(j, slice_of(e->detail));
    else
        jw_null(j);
    jw_put_str(j, "hash", e->hash);
    jw_end(j);
}

static enum err list(struct ctx *ctx, struct call *call)
{
    struct audit_filter filter;
    struct audit_event *events;
    size_t count;
    bool more;
    struct jw j;
    enum err err = read_filter(ctx, call->req, &filter);
    if (err == OK)
        err = audit_read(ctx, api_domain(call), &filter, &events, &count, &more);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++)
        write_event(&j, &events[i]);
    jw_end(&j);
    return more && count ? page_more_seq(ctx, call, events[count - 1].seq) : OK;
}
