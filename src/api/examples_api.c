/*
 * examples_api.c - filling an empty catalog with the examples that the binary carries.
 *
 * What the web pages offer on their first day. The packages are uploaded like anybody's; asking
 * twice changes nothing.
 */
#include "domain/examples.h"

#include "api/api.h"

static enum err load(struct ctx *ctx, struct call *call);

// clang-format off
static const struct route routes[] = {
    {METHOD_POST, "/api/admin/examples", "cadence:system:plugins:write", BODY_NONE, 0, load, "Upload the built-in example plugins into the system catalog"},
};
// clang-format on

const struct route_table examples_api_table = {"examples_api", routes,
                                               sizeof routes / sizeof *routes};

static enum err load(struct ctx *ctx, struct call *call)
{
    struct jw j;
    int loaded, known;
    enum err err = examples_load(ctx, api_domain(call), api_actor(call), &loaded, &known);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_int(&j, "loaded", loaded);
    jw_put_int(&j, "known", known);
    jw_end(&j);
    return OK;
}
