/*
 * admin_api.c - all organizations and all users, for the administrators of the platform.
 *
 * The permissions are those of Cadence. What an organization's own people may do stands in
 * org_api.c, roles in role_api.c, keys in keys_api.c, the record of it all in audit_api.c.
 */
#include "api/api.h"
#include "api/org_list.h"
#include "api/page.h"
#include "api/people_json.h"
#include "domain/users.h"

enum { PASSWORD_FIELD_MAX = 1024 };

static enum err list_orgs(struct ctx *ctx, struct call *call);
static enum err create_org(struct ctx *ctx, struct call *call);
static enum err show_org(struct ctx *ctx, struct call *call);
static enum err change_org(struct ctx *ctx, struct call *call);
static enum err delete_org(struct ctx *ctx, struct call *call);
static enum err show_quota(struct ctx *ctx, struct call *call);
static enum err list_tiers(struct ctx *ctx, struct call *call);
static enum err list_users(struct ctx *ctx, struct call *call);
static enum err create_user(struct ctx *ctx, struct call *call);
static enum err change_user(struct ctx *ctx, struct call *call);
static enum err delete_user(struct ctx *ctx, struct call *call);

#define ORGS_READ "cadence:system:orgs:read"
#define ORGS_WRITE "cadence:system:orgs:write"
#define ORGS_CREATE "cadence:system:orgs:create"
#define TIERS_READ "cadence:system:tiers:read"
#define USERS_READ "cadence:system:users:read"
#define USERS_WRITE "cadence:system:users:write"

// clang-format off
static const struct route routes[] = {
    {METHOD_GET,    "/api/admin/orgs",                ORGS_READ,   BODY_NONE, 0, list_orgs,   "All organizations, deleted ones included"},
    {METHOD_POST,   "/api/admin/orgs",                ORGS_CREATE, BODY_JSON, 0, create_org,  "Make an organization"},
    {METHOD_GET,    "/api/admin/orgs/{org_id}",       ORGS_READ,   BODY_NONE, 0, show_org,    "Any organization"},
    {METHOD_PATCH,  "/api/admin/orgs/{org_id}",       ORGS_WRITE,  BODY_JSON, 0, change_org,  "Change anything of an organization"},
    {METHOD_DELETE, "/api/admin/orgs/{org_id}",       ORGS_WRITE,  BODY_NONE, 0, delete_org,  "Remove an organization; its rows stay and it can be brought back"},
    {METHOD_GET,    "/api/admin/orgs/{org_id}/quota", TIERS_READ,  BODY_NONE, 0, show_quota,  "Limits of an organization, and what it uses"},
    {METHOD_GET,    "/api/admin/tiers",               TIERS_READ,  BODY_NONE, 0, list_tiers,  "All tiers with their limits"},
    {METHOD_GET,    "/api/admin/users",               USERS_READ,  BODY_NONE, 0, list_users,  "All users"},
    {METHOD_POST,   "/api/admin/users",               USERS_WRITE, BODY_JSON, 0, create_user, "Make a user"},
    {METHOD_PATCH,  "/api/admin/users/{user_id}",     USERS_WRITE, BODY_JSON, 0, change_user, "Change a user"},
    {METHOD_DELETE, "/api/admin/users/{user_id}",     USERS_WRITE, BODY_NONE, 0, delete_user, "Delete a user; all sessions and keys end at once"},
};
// clang-format on

const struct route_table admin_api_table = {"admin_api", routes, sizeof routes / sizeof *routes};

/* ---- organizations ---------------------------------------------------------------------- */

static void write_org(struct jw *j, const struct org_seat *seat)
{
    api_write_org(j, &seat->org);
}

static enum err list_orgs(struct ctx *ctx, struct call *call)
{
    return org_list_answer(ctx, call, write_org);
}

static void answer_org(struct call *call, int status, const struct org *org)
{
    struct jw j;
    reply_status(call->reply, status);
    reply_json(call->reply, &j);
    api_write_org(&j, org);
}

static bool any_given(const struct org_profile *p)
{
    return p->description.given || p->contact_email.given || p->website.given ||
           p->logo_url.given || p->country.given || p->timezone.given;
}

/* The web client's form sends the profile along with the rest; it is set in a second step, after
 * every field of it was read, so only the store can still stand in the way. */
static enum err create_org(struct ctx *ctx, struct call *call)
{
    const struct jr *body;
    struct org_new what = {0};
    struct org_profile profile = {0};
    struct org org;
    enum err err = api_body(ctx, call, &body);
    if (err == OK)
        err = jr_get_str(ctx, body, "name", true, ORG_NAME_MAX * 4, &what.name);
    if (err == OK)
        err = jr_get_str(ctx, body, "domain", true, ORG_DOMAIN_MAX, &what.domain);
    if (err == OK)
        err = jr_get_str(ctx, body, "display_name", false, PROFILE_TEXT_MAX, &what.display_name);
    if (err == OK)
        err = jr_get_str(ctx, body, "tier", false, PROFILE_TEXT_MAX, &what.tier);
    if (err == OK)
        err = api_get_org_profile(ctx, body, &profile);
    profile.display_name.given = false; /* set with the rest */
    if (err == OK)
        err = orgs_create(ctx, api_domain(call), api_actor(call), &what, &org);
    if (err == OK && any_given(&profile))
        err = orgs_change_profile(ctx, api_domain(call), api_actor(call), org.id, &profile, &org);
    if (err == OK)
        answer_org(call, 201, &org);
    return err;
}

static enum err show_org(struct ctx *ctx, struct call *call)
{
    const char *id;
    struct org org;
    enum err err = api_param(ctx, call, "org_id", &id);
    if (err == OK)
        err = orgs_get(ctx, api_domain(call), id, true, &org);
    if (err == OK)
        answer_org(call, 200, &org);
    return err;
}

static enum err change_org(struct ctx *ctx, struct call *call)
{
    const char *id;
    const struct jr *body;
    struct org_change change = {0};
    struct org org;
    bool is_deleted = false;
    enum err err = api_param(ctx, call, "org_id", &id);
    if (err == OK)
        err = api_body(ctx, call, &body);
    if (err == OK)
        err = api_get_change(ctx, body, "name", ORG_NAME_MAX * 4, &change.name);
    if (err == OK)
        err = api_get_change(ctx, body, "domain", ORG_DOMAIN_MAX, &change.domain);
    if (err == OK)
        err = api_get_change(ctx, body, "tier", PROFILE_TEXT_MAX, &change.tier);
    if (err == OK)
        err = api_get_change(ctx, body, "status", PROFILE_TEXT_MAX, &change.status);
    if (err == OK)
        err = jr_get_bool(ctx, body, "is_deleted", false, &is_deleted);
    if (err == OK)
        err = api_get_org_profile(ctx, body, &change.profile);
    if (err != OK)
        return err;
    const struct jr *given = jr_member(body, "is_deleted");
    if (given && jr_kind(given) != JR_NULL)
        change.is_deleted = &is_deleted;
    err = orgs_change(ctx, api_domain(call), api_actor(call), id, &change, &org);
    if (err == OK)
        answer_org(call, 200, &org);
    return err;
}

static enum err delete_org(struct ctx *ctx, struct call *call)
{
    const char *id;
    const bool deleted = true;
    struct org_change change = {.is_deleted = &deleted};
    struct org org;
    enum err err = api_param(ctx, call, "org_id", &id);
    if (err == OK)
        err = orgs_change(ctx, api_domain(call), api_actor(call), id, &change, &org);
    if (err == OK)
        reply_empty(call->reply, 204);
    return err;
}

/* Cadence meters chats and orchestrators, which live elsewhere: here nothing is limited, and -1 is
 * its word for that. */
static void write_limits(struct jw *j)
{
    static const char *const limits[] = {
        "max_orchestrators",      "max_central_points",   "max_members",
        "max_messages_per_month", "max_messages_per_day", "rate_limit_rpm",
        "rate_chat_limit_rpm",    "rate_limit_burst",     "max_llm_configs",
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        jw_put_int(j, limits[i], -1);
    jw_put_str(j, "description", "No limits: this appliance meters nothing");
}

static enum err show_quota(struct ctx *ctx, struct call *call)
{
    const char *id;
    struct org_quota quota;
    struct jw j;
    enum err err = api_param(ctx, call, "org_id", &id);
    if (err == OK)
        err = orgs_quota(ctx, api_domain(call), id, &quota);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    jw_object(&j);
    write_limits(&j);
    jw_put_str(&j, "tier", quota.tier);
    jw_key(&j, "usage");
    jw_object(&j);
    jw_put_int(&j, "members", quota.members);
    jw_put_int(&j, "admins", quota.admins);
    jw_put_int(&j, "api_keys", quota.api_keys);
    jw_put_int(&j, "plugins", quota.plugins);
    jw_put_int(&j, "versions", quota.versions);
    jw_put_int(&j, "bytes", quota.bytes);
    jw_end(&j);
    jw_end(&j);
    return OK;
}

static enum err list_tiers(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    static const char *const tiers[] = {"free",     "starter",    "pro",
                                        "business", "enterprise", "unlimited"};
    struct jw j;
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < sizeof tiers / sizeof *tiers; i++) {
        jw_object(&j);
        jw_put_str(&j, "key", tiers[i]);
        jw_put_str(&j, "tier_name", tiers[i]);
        jw_key(&j, "quota");
        jw_object(&j);
        write_limits(&j);
        jw_end(&j);
        jw_end(&j);
    }
    jw_end(&j);
    return OK;
}

/* ---- users ------------------------------------------------------------------------------ */

static enum err list_users(struct ctx *ctx, struct call *call)
{
    struct page page;
    struct user_query query = {0};
    struct user *users;
    size_t count;
    bool more = true;
    struct jw j;
    enum err err = page_read_id(ctx, call->req, USERS_PAGE_MAX, &page, &query.after_id);
    if (err == OK)
        err = request_query_bool(ctx, call->req, "include_deleted", &query.include_deleted);
    if (err != OK)
        return err;
    query.limit = page.limit;
    reply_json(call->reply, &j);
    jw_array(&j);
    do {
        err = users_list(ctx, api_domain(call), &query, &users, &count, &more);
        if (err != OK)
            return err;
        for (size_t i = 0; i < count; i++)
            api_write_user(&j, &users[i]);
        query.after_id = count ? users[count - 1].id : NULL;
    } while (page.whole && more && query.after_id);
    jw_end(&j);
    return more && query.after_id ? page_more(ctx, call, query.after_id) : OK;
}

static void answer_user(struct call *call, int status, const struct user *user)
{
    struct jw j;
    reply_status(call->reply, status);
    reply_json(call->reply, &j);
    api_write_user(&j, user);
}

static enum err create_user(struct ctx *ctx, struct call *call)
{
    const struct jr *body;
    struct user_new what = {0};
    struct user user;
    enum err err = api_body(ctx, call, &body);
    if (err == OK)
        err = jr_get_str(ctx, body, "username", true, USERNAME_MAX * 4, &what.username);
    if (err == OK)
        err = jr_get_str(ctx, body, "email", false, EMAIL_MAX, &what.email);
    if (err == OK)
        err = jr_get_str(ctx, body, "password", false, PASSWORD_FIELD_MAX, &what.password);
    if (err == OK)
        err = jr_get_str(ctx, body, "display_name", false, PROFILE_TEXT_MAX, &what.display_name);
    if (err == OK)
        err = jr_get_bool(ctx, body, "is_sys_admin", false, &what.is_sys_admin);
    if (err == OK)
        err = users_create(ctx, api_domain(call), api_actor(call), &what, &user);
    if (err == OK)
        answer_user(call, 201, &user);
    return err;
}

static enum err change_user(struct ctx *ctx, struct call *call)
{
    const char *id;
    const struct jr *body;
    struct user_change change = {0};
    struct user user;
    bool is_sys_admin = false;
    enum err err = api_param(ctx, call, "user_id", &id);
    if (err == OK)
        err = api_body(ctx, call, &body);
    if (err == OK)
        err = api_get_change(ctx, body, "username", USERNAME_MAX * 4, &change.username);
    if (err == OK)
        err = api_get_change(ctx, body, "email", EMAIL_MAX, &change.email);
    if (err == OK)
        err = api_get_change(ctx, body, "display_name", PROFILE_TEXT_MAX, &change.display_name);
    if (err == OK)
        err = jr_get_str(ctx, body, "password", false, PASSWORD_FIELD_MAX, &change.password);
    const struct jr *given = err == OK ? jr_member(body, "is_sys_admin") : NULL;
    if (given && jr_kind(given) != JR_NULL) {
        err = jr_get_bool(ctx, body, "is_sys_admin", false, &is_sys_admin);
        change.is_sys_admin = &is_sys_admin;
    }
    if (err == OK)
        err = users_change(ctx, api_domain(call), api_actor(call), id, &change, &user);
    if (err == OK)
        answer_user(call, 200, &user);
    return err;
}

static enum err delete_user(struct ctx *ctx, struct call *call)
{
    const char *id;
    enum err err = api_param(ctx, call, "user_id", &id);
    if (err == OK)
        err = users_delete(ctx, api_domain(call), api_actor(call), id);
    if (err == OK)
        reply_empty(call->reply, 204);
    return err;
}
