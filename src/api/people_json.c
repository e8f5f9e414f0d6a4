/*
 * people_json.c - the wire shapes of people and organizations.
 *
 * The names are those of Cadence's own web client, which must work unmodified; what Larder adds
 * stands behind them. Nothing here asks the domain for anything.
 */
#include "api/people_json.h"

#include "domain/permissions.h"

enum { ID_MAX = 64 };

enum err api_get_change(struct ctx *ctx, const struct jr *body, const char *key, size_t max,
                        struct text_change *out)
{
    out->given = jr_member(body, key) != NULL;
    out->text = SLICE("");
    return jr_get_str(ctx, body, key, false, max, &out->text);
}

enum err api_get_org_profile(struct ctx *ctx, const struct jr *body, struct org_profile *out)
{
    const struct {
        const char *key;
        size_t max;
        struct text_change *to;
    } fields[] = {
        {"display_name", PROFILE_TEXT_MAX, &out->display_name},
        {"description", BIO_MAX, &out->description},
        {"contact_email", EMAIL_MAX, &out->contact_email},
        {"website", PROFILE_TEXT_MAX, &out->website},
        {"logo_url", BIO_MAX, &out->logo_url},
        {"country", PROFILE_TEXT_MAX, &out->country},
        {"timezone", PROFILE_TEXT_MAX, &out->timezone},
    };
    enum err err = OK;
    for (size_t i = 0; i < sizeof fields / sizeof *fields && err == OK; i++)
        err = api_get_change(ctx, body, fields[i].key, fields[i].max, fields[i].to);
    return err;
}

enum err api_get_id(struct ctx *ctx, const struct jr *body, const char *key, bool want,
                    const char **out)
{
    struct slice text = SLICE_NONE;
    *out = NULL;
    enum err err = jr_get_str(ctx, body, key, want, ID_MAX, &text);
    if (err != OK || text.p == NULL)
        return err;
    *out = slice_dup(ctx->arena, text);
    return *out ? OK : ctx_no_memory(ctx);
}

static void write_member(struct jw *j, const struct user *user, bool is_admin, int64_t created_at)
{
    jw_object(j);
    jw_put_str(j, "user_id", user->id);
    jw_put_str(j, "username", user->username);
    jw_put_str(j, "email", user->email);
    jw_put_bool(j, "is_sys_admin", user->is_sys_admin);
    jw_put_bool(j, "is_admin", is_admin);
    jw_put_time(j, "created_at", created_at);
    jw_put_bool(j, "is_deleted", user->is_deleted);
    jw_put_str(j, "display_name", user->display_name);
    jw_end(j);
}

void api_write_user(struct jw *j, const struct user *user)
{
    write_member(j, user, false, user->created_at);
}

void api_write_member(struct jw *j, const struct member *member)
{
    write_member(j, &member->user, member->is_admin, member->created_at);
}

void api_write_org(struct jw *j, const struct org *org)
{
    jw_object(j);
    jw_put_str(j, "org_id", org->id);
    jw_put_str(j, "name", org->name);
    jw_put_str(j, "status", org->status);
    jw_put_time(j, "created_at", org->created_at);
    jw_put_str(j, "display_name", org->display_name);
    jw_put_str(j, "domain", org->domain);
    jw_put_str(j, "tier", org->tier);
    jw_put_str(j, "description", org->description);
    jw_put_str(j, "contact_email", org->contact_email);
    jw_put_str(j, "website", org->website);
    jw_put_str(j, "logo_url", org->logo_url);
    jw_put_str(j, "country", org->country);
    jw_put_str(j, "timezone", org->timezone);
    jw_put_bool(j, "is_deleted", org->is_deleted);
    jw_end(j);
}

void api_write_seat(struct jw *j, const struct org_seat *seat)
{
    jw_object(j);
    jw_put_str(j, "org_id", seat->org.id);
    jw_put_str(j, "name", seat->org.name);
    jw_put_str(j, "status", seat->org.status);
    jw_put_time(j, "created_at", seat->org.created_at);
    jw_put_str(j, "role", seat->role);
    jw_put_str(j, "display_name", seat->org.display_name);
    jw_put_str(j, "domain", seat->org.domain);
    jw_put_str(j, "tier", seat->org.tier);
    jw_put_bool(j, "is_deleted", seat->org.is_deleted);
    jw_end(j);
}

/* A role that can do anything beyond one org is of the system. */
static bool is_system_role(const struct role *role)
{
    for (size_t i = 0; i < role->permission_count; i++) {
        int n = permission_find(slice_of(role->permissions[i]));
        if (n >= 0 && permission_at((size_t)n)->scope == PERMISSION_SYSTEM)
            return true;
    }
    return false;
}

void api_write_permissions(struct jw *j, const struct permission_set *set)
{
    jw_array(j);
    for (size_t i = 0; i < permission_count(); i++)
        if (permission_set_has(set, (int)i))
            jw_str(j, permission_at(i)->name);
    jw_end(j);
}

void api_write_role(struct jw *j, const struct role *role)
{
    jw_object(j);
    jw_put_str(j, "id", role->id);
    jw_put_str(j, "name", role->name);
    jw_put_str(j, "description", role->description);
    jw_put_str(j, "scope", is_system_role(role) ? "system" : "org");
    jw_put_str(j, "org_id", role->org_id);
    jw_put_bool(j, "is_built_in", role->builtin);
    jw_key(j, "permissions");
    jw_array(j);
    for (size_t i = 0; i < role->permission_count; i++)
        jw_str(j, role->permissions[i]);
    jw_end(j);
    jw_put_time(j, "created_at", role->created_at);
    jw_end(j);
}
