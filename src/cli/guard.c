/*
 * guard.c - two things that are not policy: requests that come before the database is open, and
 * the settings that open routes (/metrics here, the v1 API in v1_open.c).
 *
 * The server listens before the database is open, so that probes are answered from the first
 * moment. Until then everything but the probes is told to come back.
 */
#include "cli/guard.h"

#include "api/api.h"
#include "api/ops_api.h"
#include "auth/guard.h"
#include "base/config.h"
#include "cli/v1_open.h"
#include "model/identity.h"

static const struct actor nobody = {.via = "none", .address = "-"};

static bool is_operations(const struct route *route)
{
    const struct route *first = ops_api_table.routes;
    return route >= first && route < first + ops_api_table.count;
}

enum err guard_hook(struct ctx *ctx, void *app, struct call *call)
{
    const struct api *api = app;
    bool is_metrics = call->route->handle == ops_metrics;
    bool open_metrics = is_metrics &&
                        slice_is(slice_of(config_text(api->config, "metrics")), "open");
    if ((is_operations(call->route) && !is_metrics) || open_metrics) {
        call->who = &nobody; /* needs no database, so it answers when there is none */
        return OK;
    }
    if (!atomic_load_explicit(&api->readiness->open, memory_order_acquire)) {
        enum err err = ctx_fail(ctx, ERR_BUSY, "The server is starting");
        ctx->fault.retry_after = 1;
        return err;
    }
    bool open = false;
    enum err err = v1_open_judge(ctx, api->config, call, &open);
    return err != OK || open ? err : guard_check(ctx, api->auth, call);
}
