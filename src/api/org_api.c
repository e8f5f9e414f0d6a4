/*
 * org_api.c - one organization, seen by its people: profile and members.
 *
 * Rows below /api/orgs/{org_id} name an org permission; the guard has checked it in that org, and
 * membership after it, before anything here runs. What the platform's administrators do to all orgs
 * stands in admin_api.c.
 */
#include "api/api.h"
#include "api/org_list.h"
#include "api/page.h"
#include "api/people_json.h"
#include "domain/members.h"

static enum err list(struct ctx *ctx, struct call *call);
static enum err show(struct ctx *ctx, struct call *call);
static enum err show_permissions(struct ctx *ctx, struct call *call);
static enum err change_profile(struct ctx *ctx, struct call *call);
static enum err list_members(struct ctx *ctx, struct call *call);
static enum err add_member(struct ctx *ctx, struct call *call);
static enum err change_member(struct ctx *ctx, struct call *call);
static enum err remove_member(struct ctx *ctx, struct call *call);
static enum err find_users(struct ctx *ctx, struct call *call);

#define ORG_READ "cadence:org:read"
#define ORG_WRITE "cadence:org:write"
#define MEMBERS_READ "cadence:org:members:read"
#define MEMBERS_WRITE "cadence:org:members:write"

// clang-format off
static const struct route routes[] = {
    {METHOD_GET,    "/api/orgs",                                     "session",     BODY_NONE, 0, list,             "Organizations the caller may see, with the role in each"},
    {METHOD_GET,    "/api/orgs/{org_id}",                            ORG_READ,      BODY_NONE, 0, show,             "One organization"},
    {METHOD_GET,    "/api/orgs/{org_id}/permissions",                ORG_READ,      BODY_NONE, 0, show_permissions, "What the caller may do in the organization"},
    {METHOD_PATCH,  "/api/orgs/{org_id}/profile",                    ORG_WRITE,     BODY_JSON, 0, change_profile,   "Change how the organization presents itself"},
    {METHOD_GET,    "/api/orgs/{org_id}/users",                      MEMBERS_READ,  BODY_NONE, 0, list_members,     "Members of the organization"},
    {METHOD_POST,   "/api/orgs/{org_id}/members",                    MEMBERS_WRITE, BODY_JSON, 0, add_member,       "Make a user a member"},
    {METHOD_POST,   "/api/orgs/{org_id}/users",                      MEMBERS_WRITE, BODY_JSON, 0, add_member,       "The same under the name the web client uses"},
    {METHOD_PATCH,  "/api/orgs/{org_id}/users/{user_id}/membership", MEMBERS_WRITE, BODY_JSON, 0, change_member,    "Make a member an administrator, or a plain member"},
    {METHOD_DELETE, "/api/orgs/{org_id}/users/{user_id}",            MEMBERS_WRITE, BODY_NONE, 0, remove_member,    "Remove a member"},
    {METHOD_GET,    "/api/users",                                    "session",     BODY_NONE, 0, find_users,       "Find a user by exact id, e-mail or name"},
};
// clang-format on

const struct route_table org_api_table = {"org_api", routes, sizeof routes / sizeof *routes};

static enum err list(struct ctx *ctx, struct call *call)
{
    return org_list_answer(ctx, call, api_write_seat);
}

static void answer_org(struct call *call, const struct org *org)
{
    struct jw j;
    reply_json(call->reply, &j);
    api_write_org(&j, org);
}

static enum err show(struct ctx *ctx, struct call *call)
{
    const char *id;
    struct org org;
    enum err err = api_param(ctx, call, "org_id", &id);
    if (err == OK)
        err = orgs_get(ctx, api_domain(call), id, false, &org);
    if (err == OK)
        answer_org(call, &org);
    return err;
}

/* The guard has joined what is held everywhere and in this organization. */
static enum err show_permissions(struct ctx *ctx, struct call *call)
{
    const char *id;
    struct jw j;
    enum err err = api_param(ctx, call, "org_id", &id);
    if (err == OK)
        err = api_org_exists(ctx, call, id, false);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_key(&j, "permissions");
    api_write_permissions(&j, &api_actor(call)->may);
    jw_end(&j);
    return OK;
}

static enum err change_profile(struct ctx *ctx, struct call *call)
{
    const char *id;
    const struct jr *body;
    struct org_profile change = {0};
    struct org org;
    enum err err = api_param(ctx, call, "org_id", &id);
    if (err == OK)
        err = api_body(ctx, call, &body);
    if (err == OK)
        err = api_get_org_profile(ctx, body, &change);
    if (err == OK)
        err = orgs_change_profile(ctx, api_domain(call), api_actor(call), id, &change, &org);
    if (err == OK)
        answer_org(call, &org);
    return err;
}

static enum err list_members(struct ctx *ctx, struct call *call)
{
    struct page page;
    const char *after, *org_id;
    struct member *members;
    size_t count;
    bool more = true;
    struct jw j;
    enum err err = api_param(ctx, call, "org_id", &org_id);
    if (err == OK)
        err = page_read_id(ctx, call->req, MEMBERS_PAGE_MAX, &page, &after);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    jw_array(&j);
    do {
        struct member_query query = {.after_user_id = after, .limit = page.limit};
        err = members_list(ctx, api_domain(call), org_id, &query, &members, &count, &more);
        if (err != OK)
            return err;
        for (size_t i = 0; i < count; i++)
            api_write_member(&j, &members[i]);
        after = count ? members[count - 1].user.id : NULL;
    } while (page.whole && more && after);
    jw_end(&j);
    return more && after ? page_more(ctx, call, after) : OK;
}

static void answer_member(struct call *call, int status, const struct member *member)
{
    struct jw j;
    reply_status(call->reply, status);
    reply_json(call->reply, &j);
    api_write_member(&j, member);
}

static enum err add_member(struct ctx *ctx, struct call *call)
{
    const char *org_id, *user_id;
    const struct jr *body;
    bool is_admin = false;
    struct member member;
    enum err err = api_param(ctx, call, "org_id", &org_id);
    if (err == OK)
        err = api_body(ctx, call, &body);
    if (err == OK)
        err = api_get_id(ctx, body, "user_id", true, &user_id);
    if (err == OK)
        err = jr_get_bool(ctx, body, "is_admin", false, &is_admin);
    if (err == OK)
        err = members_add(ctx, api_domain(call), api_actor(call), org_id, user_id, is_admin,
                          &member);
    if (err == OK)
        answer_member(call, 201, &member);
    return err;
}

static enum err change_member(struct ctx *ctx, struct call *call)
{
    const char *org_id, *user_id;
    const struct jr *body;
    bool is_admin;
    struct member member;
    enum err err = api_param(ctx, call, "org_id", &org_id);
    if (err == OK)
        err = api_param(ctx, call, "user_id", &user_id);
    if (err == OK)
        err = api_body(ctx, call, &body);
    if (err == OK)
        err = jr_get_bool(ctx, body, "is_admin", true, &is_admin);
    if (err == OK)
        err = members_set_admin(ctx, api_domain(call), api_actor(call), org_id, user_id, is_admin,
                                &member);
    if (err == OK)
        answer_member(call, 200, &member);
    return err;
}

static enum err remove_member(struct ctx *ctx, struct call *call)
{
    const char *org_id, *user_id;
    enum err err = api_param(ctx, call, "org_id", &org_id);
    if (err == OK)
        err = api_param(ctx, call, "user_id", &user_id);
    if (err == OK)
        err = members_remove(ctx, api_domain(call), api_actor(call), org_id, user_id);
    if (err == OK)
        reply_empty(call->reply, 204);
    return err;
}

/* By the first parameter that is there; *found false where nobody fits. */
static enum err find_user(struct ctx *ctx, struct call *call, struct user *user, bool *found)
{
    struct domain *domain = api_domain(call);
    struct slice text;
    if (request_query(ctx, call->req, "user_id", &text)) {
        const char *id = slice_dup(ctx->arena, text);
        enum err err = id ? users_get(ctx, domain, id, user) : ctx_no_memory(ctx);
        *found = err == OK && !user->is_deleted;
        if (err == ERR_NOT_FOUND)
            ctx_forgive(ctx); /* nobody is an empty list here, not a failure */
        return ctx->fault.err;
    }
    if (request_query(ctx, call->req, "email", &text))
        return users_find_email(ctx, domain, text, user, found);
    if (request_query(ctx, call->req, "username", &text))
        return users_find_username(ctx, domain, text, user, found);
    return ctx_fail(ctx, ERR_INVALID,
                    "One of the parameters user_id, email or username is required");
}

static enum err find_users(struct ctx *ctx, struct call *call)
{
    struct user user;
    bool found = false;
    struct jw j;
    enum err err = find_user(ctx, call, &user, &found);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    jw_array(&j);
    if (found)
        api_write_user(&j, &user);
    jw_end(&j);
    return OK;
}
