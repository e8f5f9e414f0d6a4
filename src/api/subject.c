/*
 * subject.c - a path's parameters become the row that is meant.
 *
 * Nothing is judged here: the route's permission was, before, for the same organization.
 */
#include "api/subject.h"

#include "domain/legacy_names.h"

enum err subject_read(struct ctx *ctx, const struct call *call, struct subject *out)
{
    *out = (struct subject){0};
    enum err err = api_param(ctx, call, "plugin_id", &out->plugin_id);
    if (err == OK && call_param(call, "org_id").p)
        err = api_param(ctx, call, "org_id", &out->org_id);
    return err;
}

enum err subject_visible(struct ctx *ctx, const struct call *call, struct plugin *out)
{
    struct subject s;
    enum err err = subject_read(ctx, call, &s);
    return err == OK ? catalog_get_visible(ctx, api_domain(call), s.org_id, s.plugin_id, out) : err;
}

enum err subject_owned(struct ctx *ctx, const struct call *call, struct plugin *out)
{
    struct subject s;
    enum err err = subject_read(ctx, call, &s);
    return err == OK ? catalog_get(ctx, api_domain(call), s.org_id, s.plugin_id, out) : err;
}

/* ------------------------------------------------------------------ v1 */

struct choice {
    struct ctx *ctx;
    struct slice version; /* none = any */
    const char *id;
    bool is_enabled;
};

static enum err choose(void *arg, const struct plugin *p)
{
    struct choice *c = arg;
    bool fits = c->version.n ? slice_is(c->version, p->version)
                             : c->id == NULL || (p->enabled && !c->is_enabled);
    if (!fits)
        return OK;
    c->is_enabled = p->enabled;
    c->id = slice_dup(c->ctx->arena, slice_of(p->id)); /* p lives for this call only */
    return c->id ? OK : ctx_no_memory(c->ctx);
}

enum err subject_v1(struct ctx *ctx, const struct call *call, const char **plugin_id)
{
    const struct catalog_query system = {.system_only = true};
    struct choice c = {.ctx = ctx};
    const char *name;
    enum err err = api_param(ctx, call, "name", &name);
    if (err != OK)
        return err;
    if (!request_query(ctx, call->req, "version", &c.version) && ctx->fault.err != OK)
        return ctx->fault.err;
    const char *pid = legacy_pid(ctx->arena, name);
    if (pid == NULL)
        return ctx_no_memory(ctx);
    err = catalog_versions(ctx, api_domain(call), &system, pid, choose, &c);
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    ctx_forgive(ctx); /* said in the words of v1 */
    *plugin_id = c.id;
    return c.id ? OK
                : ctx_fail_code(ctx, ERR_NOT_FOUND, "PL-0002",
                                "Plugin '%s' not found in available plugins", name);
}
