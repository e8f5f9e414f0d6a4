/*
 * guard.c - from a request's credential and its route's permission to an actor, or a refusal.
 *
 * In order: which credential and whose is it (credential.h), did a page of ours send it (cookies
 * only), and may its owner do what the route says. Nothing here changes anything.
 */
#include "auth/guard.h"

#include <string.h>

#include "auth/credential.h"
#include "auth/tenant_limit.h"
#include "domain/permissions.h"

static const char org_prefix[] = "cadence:org:";

static bool is_unsafe(enum method m)
{
    return m != METHOD_GET && m != METHOD_HEAD && m != METHOD_OPTIONS;
}

/* ------------------------------------------------------------------ was it a page of ours */

/*
 * A browser sends the cookie along with whatever a page does. SameSite=Strict and the edge's check
 * of Origin keep other sites out; this holds where a browser knows neither: a plain form can set
 * neither this header nor this content type.
 */
static bool shows_intent(const struct request *req)
{
    struct slice site = request_header(req, "Sec-Fetch-Site");
    struct slice type = request_header(req, "Content-Type");
    struct slice media = slice_trim(slice_sub(type, 0, slice_find(type, ';')));
    if (site.n > 0 && !slice_is(site, "same-origin") && !slice_is(site, "none"))
        return false;
    return slice_is(slice_trim(request_header(req, "X-Larder-CSRF")), "1") ||
           slice_is_nocase(media, "application/json");
}

/* ------------------------------------------------------------------ may they */

static enum err refuse_nobody(struct ctx *ctx, struct call *call)
{
    if (call->reply)
        reply_lasting(call->reply, "WWW-Authenticate", "Bearer");
    return ctx_fail_code(ctx, ERR_UNKNOWN_CALLER, "AU-0001", "Authentication required");
}

static enum err refuse(struct ctx *ctx, const char *sentence)
{
    return ctx_fail_code(ctx, ERR_FORBIDDEN, "AZ-0001", "%s", sentence);
}

static enum err refuse_scope(struct ctx *ctx, const char *permission)
{
    return ctx_fail_code(ctx, ERR_FORBIDDEN, "AZ-0001", "This API key lacks the scope %s",
                         permission);
}

static enum err judge_session(struct ctx *ctx, const struct call *call, const struct access *a)
{
    if (a->key_id && is_unsafe(call->req->method))
        return refuse(ctx, "An API key cannot do this; sign in");
    return OK;
}

/* Of the permissions beyond one org. */
static enum err judge_general(struct ctx *ctx, const char *permission, const struct access *a,
                              const struct permission_set *may)
{
    int at = permission_find(slice_of(permission));
    if (a->key_org_id)
        return refuse(ctx, "This API key works in one organization only");
    if (permission_set_has(may, at))
        return OK;
    if (a->key_id && !permission_set_has(&a->scopes, at))
        return refuse_scope(ctx, permission);
    return refuse(ctx, strncmp(permission, "cadence:system:", 15) == 0
                           ? "Platform admin access required"
                           : "You do not hold the permission for this");
}

/*
 * Permission first, membership second: both must hold. The sentence is about membership wherever
 * that is missing, so that it tells nothing about an org the caller does not belong to.
 */
static enum err judge_org(struct ctx *ctx, const char *permission, const char *org_id,
                          const struct access *a, const struct permission_set *may)
{
    int at = permission_find(slice_of(permission));
    bool bound_elsewhere = a->key_org_id && strcmp(a->key_org_id, org_id) != 0;
    bool belongs = (a->is_sys_admin || a->standing == STANDING_MEMBER) && !bound_elsewhere;
    if (permission_set_has(may, at) && belongs)
        return OK;
    if (a->standing == STANDING_SUSPENDED && !bound_elsewhere)
        return ctx_fail_code(ctx, ERR_FORBIDDEN, "AZ-0003", "This organization is suspended");
    if (!belongs)
        return ctx_fail_code(ctx, ERR_FORBIDDEN, "AZ-0003", "Not a member of this organization");
    if (a->key_id && !permission_set_has(&a->scopes, at))
        return refuse_scope(ctx, permission);
    return refuse(ctx, "Organization admin access required");
}

static enum err judge(struct ctx *ctx, const struct call *call, const char *org_id,
                      const struct access *a, const struct permission_set *may)
{
    const char *permission = call->route->permission;
    if (strcmp(permission, "session") == 0)
        return judge_session(ctx, call, a);
    if (strcmp(permission, "sys_admin") == 0)
        return a->is_sys_admin && a->key_id == NULL ? OK
                                                    : refuse(ctx, "Platform admin access required");
    if (org_id)
        return judge_org(ctx, permission, org_id, a, may);
    return judge_general(ctx, permission, a, may);
}

enum err guard_judge(struct ctx *ctx, struct auth *auth, const struct credential *credential,
                     const char *permission, const char *org_id)
{
    struct access access;
    enum err err = credential_identify(ctx, auth, credential, org_id, &access);
    if (err != OK)
        return err;
    if (!access.valid)
        return ctx_fail_code(ctx, ERR_UNKNOWN_CALLER, "AU-0001", "Authentication required");
    struct permission_set may = credential_may(&access);
    return org_id ? judge_org(ctx, permission, org_id, &access, &may)
                  : judge_general(ctx, permission, &access, &may);
}

/* After the permission, so that nobody can use up what belongs to others. */
static enum err count_tenant(struct ctx *ctx, struct auth *auth, const char *org_id)
{
    int wait = org_id ? tenant_limit_take(auth->tenants, ctx->clock, slice_of(org_id)) : 0;
    if (wait == 0)
        return OK;
    enum err err = ctx_fail_code(ctx, ERR_THROTTLED, "RL-0001",
                                 "Too many requests of this organization; try again in %d s", wait);
    ctx->fault.retry_after = wait;
    return err;
}

static void fill_actor(struct actor *who, const struct ctx *ctx, const struct access *a,
                       const struct permission_set *may, const char *org_id)
{
    *who = (struct actor){
        .user_id = a->user_id,
        .username = a->username,
        /* a key carries what its scopes say and never its owner's rank */
        .is_sys_admin = a->is_sys_admin && a->key_id == NULL,
        .session_id = a->session_id,
        .key_id = a->key_id,
        .org_id = org_id,
        .is_member = org_id && a->standing == STANDING_MEMBER,
        .address = ctx->remote,
        .via = a->key_id       ? "api_key"
               : a->session_id ? "session"
                               : "external",
        .may = *may,
    };
}

enum err guard_check(struct ctx *ctx, struct auth *auth, struct call *call)
{
    const char *permission = call->route->permission, *org_id = NULL;
    struct actor *who = arena_alloc(ctx->arena, sizeof *who);
    struct access access;
    if (who == NULL)
        return ctx_no_memory(ctx);
    *who = (struct actor){.address = ctx->remote, .via = "none"};
    call->who = who;
    if (strcmp(permission, "public") == 0)
        return OK;
    if (strncmp(permission, org_prefix, sizeof org_prefix - 1) == 0) {
        struct slice org = call_param(call, "org_id");
        org_id = memchr(org.p ? org.p : "", '\0', org.n) ? "" : slice_dup(ctx->arena, org);
        if (org_id == NULL)
            return ctx_no_memory(ctx);
    }
    struct credential credential = credential_find(call->req);
    enum err err = credential_identify(ctx, auth, &credential, org_id, &access);
    if (err != OK)
        return err;
    if (!access.valid)
        return refuse_nobody(ctx, call);
    if (credential.kind == CREDENTIAL_COOKIE && is_unsafe(call->req->method) &&
        !shows_intent(call->req))
        return refuse(ctx, "A request with a cookie that changes something must carry "
                           "X-Larder-CSRF: 1 or a JSON body, from a page of this server");
    struct permission_set may = credential_may(&access);
    err = judge(ctx, call, org_id, &access, &may);
    if (err == OK)
        err = count_tenant(ctx, auth, org_id);
    if (err == OK)
        fill_actor(who, ctx, &access, &may, org_id);
    return err;
}

/* ------------------------------------------------------------------ at start-up */

static enum err check_route(struct ctx *ctx, const struct route *r)
{
    const char *p = r->permission;
    if (strcmp(p, "public") == 0 || strcmp(p, "session") == 0 || strcmp(p, "sys_admin") == 0)
        return OK;
    int at = permission_find(slice_of(p));
    if (at < 0)
        return ctx_fail(ctx, ERR_INTERNAL, "route %s %s: unknown permission '%s'",
                        method_name(r->method), r->pattern, p);
    if (permission_at((size_t)at)->scope == PERMISSION_ORG && !strstr(r->pattern, "{org_id}"))
        return ctx_fail(ctx, ERR_INTERNAL, "route %s %s: '%s' needs {org_id} in the path",
                        method_name(r->method), r->pattern, p);
    return OK;
}

enum err guard_check_routes(struct ctx *ctx, const struct router *router)
{
    for (size_t i = 0; i < router_count(router); i++) {
        enum err err = check_route(ctx, router_at(router, i));
        if (err != OK)
            return err;
    }
    return OK;
}
