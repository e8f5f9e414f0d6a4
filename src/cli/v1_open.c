/*
 * v1_open.c - `v1-auth = off`, for clients that were written before there were tokens.
 *
 * It holds for the routes of the v1 table, for callers on this machine, for requests that bring no
 * credential of their own, and never for a page of another site: a browser sends those from this
 * machine too. Whatever it does not let through is judged as always.
 */
#include "cli/v1_open.h"

#include <strings.h>

#include "api/api.h"
#include "base/log.h"
#include "domain/permissions.h"
#include "http/origin.h"
#include "model/identity.h"

static bool is_off(const struct config *config)
{
    return slice_is(slice_of(config_text(config, "v1-auth")), "off");
}

/* "127.0.0.1:8000", "[::1]:8000", "localhost:8000". */
static bool is_local(struct ctx *ctx, struct slice address)
{
    size_t n = address.n;
    while (n > 0 && address.p[n - 1] != ':')
        n--;
    struct slice host = slice_sub(address, 0, n ? n - 1 : 0);
    const char *text = slice_dup(ctx->arena, host);
    return text && (slice_is_nocase(host, "localhost") || origin_is_loopback(text));
}

enum err v1_open_check(struct ctx *ctx, const struct config *config, size_t handed_sockets)
{
    struct slice rest = slice_of(config_text(config, "listen")), one;
    if (!is_off(config))
        return OK;
    if (handed_sockets > 0)
        return ctx_fail_field(
            ctx, ERR_INVALID, "v1-auth",
            "v1-auth=off is for addresses of this machine only; a socket that was "
            "handed over may be any. Set listen instead, or v1-auth=token");
    while (slice_split(&rest, ',', &one)) {
        one = slice_trim(one);
        if (one.n > 0 && !is_local(ctx, one))
            return ctx_fail_field(ctx, ERR_INVALID, "v1-auth",
                                  "v1-auth=off opens /api/v1 to everybody who reaches it, so it "
                                  "needs listen on 127.0.0.1 or [::1] only; %.*s is neither",
                                  SLICE_ARGS(one));
    }
    log_line(ctx->log, LOG_WARN, NULL, "v1.open", "what",
             "every program on this machine may upload and delete system plugins over /api/v1; "
             "set v1-auth=token to end that",
             NULL);
    return OK;
}

static bool is_v1(const struct route *route)
{
    const struct route *first = v1_api_table.routes;
    return route >= first && route < first + v1_api_table.count;
}

/* Sent by a page of another site, or by one that hides where it is from. */
static bool is_foreign(const struct request *req)
{
    struct slice origin = request_header(req, "Origin");
    struct slice site = request_header(req, "Sec-Fetch-Site");
    if (site.n > 0 && !slice_is(site, "same-origin") && !slice_is(site, "none"))
        return true;
    if (origin.p == NULL)
        return false;
    size_t scheme = slice_starts(origin, "https://") ? 8 : slice_starts(origin, "http://") ? 7 : 0;
    struct slice host = slice_sub(origin, scheme, origin.n);
    return scheme == 0 || host.n != req->host.n ||
           (host.n > 0 && strncasecmp(host.p, req->host.p, host.n) != 0);
}

static const struct actor *anybody(struct ctx *ctx)
{
    int at = permission_find(SLICE("cadence:system:plugins:write"));
    struct actor *who = arena_alloc(ctx->arena, sizeof *who);
    if (who == NULL)
        return NULL;
    *who = (struct actor){.username = "v1 client", .address = ctx->remote, .via = "none"};
    if (at >= 0)
        permission_set_add(&who->may, at);
    return who;
}

enum err v1_open_judge(struct ctx *ctx, const struct config *config, struct call *call, bool *open)
{
    const struct request *req = call->req;
    *open = false;
    if (!is_v1(call->route) || !is_off(config) || !origin_is_loopback(ctx->remote) ||
        request_header(req, "Authorization").p || request_header(req, "X-API-KEY").p)
        return OK;
    if (is_foreign(req))
        return ctx_fail_code(ctx, ERR_FORBIDDEN, "AZ-0001",
                             "A page of another site may not use the v1 API; sign in instead");
    *open = true;
    call->who = anybody(ctx);
    return call->who ? OK : ctx_no_memory(ctx);
}
