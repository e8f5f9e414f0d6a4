/*
 * api.c - what a handler reaches for, by its type.
 */
#include "api/api.h"

#include "domain/orgs.h"

const struct api *api_of(const struct call *call)
{
    return call->app;
}

struct domain *api_domain(const struct call *call)
{
    return api_of(call)->domain;
}

struct auth *api_auth(const struct call *call)
{
    return api_of(call)->auth;
}

const struct actor *api_actor(const struct call *call)
{
    return call->who;
}

enum err api_param(struct ctx *ctx, const struct call *call, const char *name, const char **out)
{
    *out = slice_dup(ctx->arena, call_param(call, name));
    return *out ? OK : ctx_no_memory(ctx);
}

enum err api_org_exists(struct ctx *ctx, const struct call *call, const char *org_id,
                        bool with_deleted)
{
    struct org org;
    return api_actor(call)->is_member ? OK
                                      : orgs_get(ctx, api_domain(call), org_id, with_deleted, &org);
}

enum err api_body(struct ctx *ctx, const struct call *call, const struct jr **out)
{
    return jr_parse_object(ctx, call->body, out);
}
