/*
 * events_api.c - GET /api/events: what happens in the catalog, as it happens.
 *
 * Server-sent events, so that a browser needs nothing but EventSource. The credential comes in a
 * cookie or a header, as everywhere; there is no token in the address, where logs would keep it.
 * The route's permission says only that somebody is signed in: what a follower may see is more than
 * one permission and changes while the stream lasts, so it is judged in event_feed.c, live.
 */
#include "api/api.h"
#include "api/event_feed.h"

static enum err follow(struct ctx *ctx, struct call *call);

// clang-format off
static const struct route routes[] = {
    {METHOD_GET, "/api/events", "session", BODY_NONE, 0, follow, "What happens in the catalog, as server-sent events"},
};
// clang-format on

const struct route_table events_api_table = {"events_api", routes, sizeof routes / sizeof *routes};

/* The field is sent when a browser comes back by itself; a script of a page can only ask. */
static struct slice last_id_of(struct ctx *ctx, const struct request *req)
{
    struct slice id = request_header(req, "Last-Event-ID");
    if (id.n == 0 && !request_query(ctx, req, "last_event_id", &id))
        return (struct slice){0};
    return id;
}

static enum err follow(struct ctx *ctx, struct call *call)
{
    struct event_feed *feed = api_of(call)->feed;
    struct follower *follower;
    struct slice org, last_id = last_id_of(ctx, call->req);
    const char *org_id = NULL;
    if (request_query(ctx, call->req, "org_id", &org) && org.n > 0 &&
        (org_id = slice_dup(ctx->arena, org)) == NULL)
        return ctx_no_memory(ctx);
    if (ctx->fault.err != OK)
        return ctx->fault.err;
    if (feed == NULL)
        return ctx_fail(ctx, ERR_BUSY, "Events are followed at a running server; give --url");
    enum err err = event_feed_follow(ctx, feed, call->req, org_id, last_id, &follower);
    if (err != OK)
        return err;
    reply_stream(call->reply, "text/event-stream", event_feed_adopt, follower);
    reply_no_store(call->reply);
    reply_field(call->reply, "X-Accel-Buffering", "no"); /* a proxy would keep them back */
    return OK;
}
