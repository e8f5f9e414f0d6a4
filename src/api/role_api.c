/*
 * role_api.c - named sets of permissions, and who holds them.
 *
 * A role of scope "org" holds nothing beyond one organization; the scope is read off the
 * permissions, so the two cannot contradict each other. Nobody hands out what they do not hold:
 * domain/roles.h sees to that.
 */
#include "api/api.h"
#include "api/people_json.h"
#include "domain/permissions.h"

enum { DESCRIPTION_MAX = 2000, PERMISSION_MAX = 100 };

static enum err list(struct ctx *ctx, struct call *call);
static enum err create(struct ctx *ctx, struct call *call);
static enum err change(struct ctx *ctx, struct call *call);
static enum err delete_role(struct ctx *ctx, struct call *call);
static enum err list_permissions(struct ctx *ctx, struct call *call);
static enum err list_grants(struct ctx *ctx, struct call *call);
static enum err assign(struct ctx *ctx, struct call *call);
static enum err withdraw(struct ctx *ctx, struct call *call);

#define ROLES_READ "cadence:system:roles:read"
#define ROLES_WRITE "cadence:system:roles:write"

// clang-format off
static const struct route routes[] = {
    {METHOD_GET,    "/api/admin/roles",                           ROLES_READ,  BODY_NONE, 0, list,             "All roles"},
    {METHOD_POST,   "/api/admin/roles",                           ROLES_WRITE, BODY_JSON, 0, create,           "Make a role"},
    {METHOD_PATCH,  "/api/admin/roles/{role_id}",                 ROLES_WRITE, BODY_JSON, 0, change,           "Change a role that is not built in"},
    {METHOD_DELETE, "/api/admin/roles/{role_id}",                 ROLES_WRITE, BODY_NONE, 0, delete_role,      "Delete a role and take it from everybody"},
    {METHOD_GET,    "/api/admin/permissions",                     ROLES_READ,  BODY_NONE, 0, list_permissions, "Every permission there is"},
    {METHOD_GET,    "/api/admin/users/{user_id}/roles",           ROLES_READ,  BODY_NONE, 0, list_grants,      "Roles of a user"},
    {METHOD_POST,   "/api/admin/users/{user_id}/roles",           ROLES_WRITE, BODY_JSON, 0, assign,           "Give a user a role, everywhere or in one organization"},
    {METHOD_DELETE, "/api/admin/users/{user_id}/roles/{role_id}", ROLES_WRITE, BODY_NONE, 0, withdraw,         "Take a role from a user"},
};
// clang-format on

const struct route_table role_api_table = {"role_api", routes, sizeof routes / sizeof *routes};

static enum err list(struct ctx *ctx, struct call *call)
{
    struct role *roles;
    size_t count;
    struct jw j;
    enum err err = roles_list(ctx, api_domain(call), &roles, &count);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++)
        api_write_role(&j, &roles[i]);
    jw_end(&j);
    return OK;
}

/* The web client lets people choose a scope first; a permission that does not fit it is refused. */
static enum err check_scope(struct ctx *ctx, struct slice scope, const struct role_new *what)
{
    if (scope.p == NULL || slice_is(scope, "system"))
        return OK;
    if (!slice_is(scope, "org"))
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "scope",
                              "Field 'scope' must be 'org' or 'system'");
    for (size_t i = 0; i < what->permission_count; i++) {
        int n = permission_find(what->permissions[i]);
        if (n >= 0 && permission_at((size_t)n)->scope == PERMISSION_SYSTEM)
            return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "permissions",
                                  "Field 'permissions': %.*s does not fit the scope 'org'",
                                  SLICE_ARGS(what->permissions[i]));
    }
    return OK;
}

static void answer_role(struct call *call, int status, const struct role *role)
{
    struct jw j;
    reply_status(call->reply, status);
    reply_json(call->reply, &j);
    api_write_role(&j, role);
}

static enum err create(struct ctx *ctx, struct call *call)
{
    const struct jr *body;
    struct role_new what = {0};
    struct slice scope = SLICE_NONE, *permissions = NULL;
    struct role role;
    enum err err = api_body(ctx, call, &body);
    if (err == OK)
        err = jr_get_str(ctx, body, "name", true, ROLE_NAME_MAX, &what.name);
    if (err == OK)
        err = jr_get_str(ctx, body, "description", false, DESCRIPTION_MAX, &what.description);
    if (err == OK)
        err = jr_get_str(ctx, body, "scope", false, PERMISSION_MAX, &scope);
    if (err == OK)
        err = api_get_id(ctx, body, "org_id", false, &what.org_id);
    if (err == OK)
        err = jr_get_strings(ctx, body, "permissions", true, ROLE_PERMISSIONS_MAX, PERMISSION_MAX,
                             &permissions, &what.permission_count);
    what.permissions = permissions;
    if (err == OK)
        err = check_scope(ctx, scope, &what);
    if (err == OK)
        err = roles_create(ctx, api_domain(call), api_actor(call), &what, &role);
    if (err == OK)
        answer_role(call, 201, &role);
    return err;
}

static enum err change(struct ctx *ctx, struct call *call)
{
    const char *id;
    const struct jr *body;
    struct role_change what = {0};
    struct text_change name, description;
    struct slice *permissions = NULL;
    struct role role;
    enum err err = api_param(ctx, call, "role_id", &id);
    if (err == OK)
        err = api_body(ctx, call, &body);
    if (err == OK)
        err = api_get_change(ctx, body, "name", ROLE_NAME_MAX, &name);
    if (err == OK)
        err = api_get_change(ctx, body, "description", DESCRIPTION_MAX, &description);
    if (err == OK)
        err = jr_get_strings(ctx, body, "permissions", false, ROLE_PERMISSIONS_MAX, PERMISSION_MAX,
                             &permissions, &what.permission_count);
    if (err != OK)
        return err;
    what.name = name.given ? &name.text : NULL;
    what.description = description.given ? &description.text : NULL;
    what.permissions = permissions;
    what.set_permissions = permissions != NULL;
    err = roles_change(ctx, api_domain(call), api_actor(call), id, &what, &role);
    if (err == OK)
        answer_role(call, 200, &role);
    return err;
}

static enum err delete_role(struct ctx *ctx, struct call *call)
{
    const char *id;
    enum err err = api_param(ctx, call, "role_id", &id);
    if (err == OK)
        err = roles_delete(ctx, api_domain(call), api_actor(call), id);
    if (err == OK)
        reply_empty(call->reply, 204);
    return err;
}

static enum err list_permissions(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    struct jw j;
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < permission_count(); i++)
        jw_str(&j, permission_at(i)->name);
    jw_end(&j);
    return OK;
}

static enum err answer_grants(struct ctx *ctx, struct call *call, int status, const char *user_id)
{
    struct role_grant *grants;
    size_t count;
    struct jw j;
    enum err err = roles_of_user(ctx, api_domain(call), user_id, &grants, &count);
    if (err != OK)
        return err;
    reply_status(call->reply, status);
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++) {
        jw_object(&j);
        jw_put_str(&j, "role_id", grants[i].role_id);
        jw_put_str(&j, "name", grants[i].role_name);
        jw_put_str(&j, "org_id", grants[i].org_id);
        jw_put_time(&j, "created_at", grants[i].created_at);
        jw_end(&j);
    }
    jw_end(&j);
    return OK;
}

static enum err list_grants(struct ctx *ctx, struct call *call)
{
    const char *user_id;
    struct user user;
    enum err err = api_param(ctx, call, "user_id", &user_id);
    if (err == OK)
        err = users_get(ctx, api_domain(call), user_id, &user);
    return err == OK ? answer_grants(ctx, call, 200, user.id) : err;
}

static enum err assign(struct ctx *ctx, struct call *call)
{
    const char *user_id, *role_id, *org_id;
    const struct jr *body;
    enum err err = api_param(ctx, call, "user_id", &user_id);
    if (err == OK)
        err = api_body(ctx, call, &body);
    if (err == OK)
        err = api_get_id(ctx, body, "role_id", true, &role_id);
    if (err == OK)
        err = api_get_id(ctx, body, "org_id", false, &org_id);
    if (err == OK)
        err = roles_assign(ctx, api_domain(call), api_actor(call), user_id, role_id, org_id);
    return err == OK ? answer_grants(ctx, call, 201, user_id) : err;
}

static enum err withdraw(struct ctx *ctx, struct call *call)
{
    const char *user_id, *role_id, *org_id = NULL;
    struct slice text;
    enum err err = api_param(ctx, call, "user_id", &user_id);
    if (err == OK)
        err = api_param(ctx, call, "role_id", &role_id);
    if (err == OK && request_query(ctx, call->req, "org_id", &text)) {
        org_id = slice_dup(ctx->arena, text);
        err = org_id ? OK : ctx_no_memory(ctx);
    }
    if (err == OK)
        err = ctx->fault.err; /* the query was not well formed */
    if (err == OK)
        err = roles_withdraw(ctx, api_domain(call), api_actor(call), user_id, role_id, org_id);
    if (err == OK)
        reply_empty(call->reply, 204);
    return err;
}
