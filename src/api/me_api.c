/*
 * me_api.c - what belongs to whoever asks: profile, organizations, sessions.
 *
 * Every route needs a session and nothing more; whose rows are meant is decided by the domain, from
 * the actor, so no id of a user stands in any path here.
 */
#include <stdio.h>

#include "api/api.h"
#include "api/people_json.h"
#include "domain/events.h"
#include "domain/sessions.h"

enum { PASSWORD_FIELD_MAX = 1024 };

static enum err show(struct ctx *ctx, struct call *call);
static enum err change_profile(struct ctx *ctx, struct call *call);
static enum err list_orgs(struct ctx *ctx, struct call *call);
static enum err list_sessions(struct ctx *ctx, struct call *call);
static enum err revoke_session(struct ctx *ctx, struct call *call);

// clang-format off
static const struct route routes[] = {
    {METHOD_GET,    "/api/me",                       "session", BODY_NONE, 0, show,           "Who is asking"},
    {METHOD_PATCH,  "/api/me/profile",               "session", BODY_JSON, 0, change_profile, "Change one's own profile or password"},
    {METHOD_GET,    "/api/me/orgs",                  "session", BODY_NONE, 0, list_orgs,      "Organizations the caller is a member of"},
    {METHOD_GET,    "/api/me/sessions",              "session", BODY_NONE, 0, list_sessions,  "Everywhere the caller is signed in"},
    {METHOD_DELETE, "/api/me/sessions/{session_id}", "session", BODY_NONE, 0, revoke_session, "End one of one's own sessions"},
};
// clang-format on

const struct route_table me_api_table = {"me_api", routes, sizeof routes / sizeof *routes};

/* What is read after this answer can be followed from here on without a gap: see events_api.c. */
static void tell_place(struct call *call)
{
    char id[EVENT_ID_MAX];
    struct events *events = api_domain(call)->events;
    if (events == NULL)
        return;
    events_id(events, events_last(events), id);
    reply_field(call->reply, "X-Last-Event-ID", id);
}

static enum err show(struct ctx *ctx, struct call *call)
{
    const struct actor *actor = api_actor(call);
    struct user user;
    struct jw j;
    enum err err = users_get(ctx, api_domain(call), actor->user_id, &user);
    if (err != OK)
        return err;
    tell_place(call);
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "user_id", user.id);
    jw_put_bool(&j, "is_sys_admin", actor->is_sys_admin);
    jw_put_str(&j, "username", user.username);
    jw_put_str(&j, "email", user.email);
    jw_put_str(&j, "display_name", user.display_name);
    jw_put_str(&j, "avatar_url", user.avatar_url);
    jw_put_str(&j, "locale", user.locale);
    jw_put_str(&j, "timezone", user.timezone);
    jw_put_str(&j, "bio", user.bio);
    jw_key(&j, "permissions"); /* those held everywhere; an org has its own route */
    api_write_permissions(&j, &actor->may);
    jw_end(&j);
    return OK;
}

static enum err read_profile(struct ctx *ctx, const struct jr *body, struct profile_change *out)
{
    const struct {
        const char *key;
        size_t max;
        struct text_change *to;
    } fields[] = {
        {"username", USERNAME_MAX, &out->username},
        {"email", EMAIL_MAX, &out->email},
        {"display_name", PROFILE_TEXT_MAX, &out->display_name},
        {"avatar_url", BIO_MAX, &out->avatar_url},
        {"locale", PROFILE_TEXT_MAX, &out->locale},
        {"timezone", PROFILE_TEXT_MAX, &out->timezone},
        {"bio", BIO_MAX, &out->bio},
    };
    enum err err = OK;
    for (size_t i = 0; i < sizeof fields / sizeof *fields && err == OK; i++)
        err = api_get_change(ctx, body, fields[i].key, fields[i].max, fields[i].to);
    if (err == OK)
        err = jr_get_str(ctx, body, "new_password", false, PASSWORD_FIELD_MAX, &out->password);
    if (err == OK)
        err = jr_get_str(ctx, body, "current_password", false, PASSWORD_FIELD_MAX,
                         &out->current_password);
    return err;
}

/* The rules speak of the password; on this wire the field has another name. */
static void name_field(struct fault *fault)
{
    if (slice_is(slice_of(fault->field), "password"))
        (void)snprintf(fault->field, sizeof fault->field, "new_password");
}

static enum err change_profile(struct ctx *ctx, struct call *call)
{
    const struct jr *body;
    struct profile_change change = {0};
    struct user user;
    enum err err = api_body(ctx, call, &body);
    if (err == OK)
        err = read_profile(ctx, body, &change);
    if (err == OK)
        err = users_change_profile(ctx, api_domain(call), api_actor(call), &change, &user);
    name_field(&ctx->fault);
    if (err == OK)
        reply_empty(call->reply, 204);
    return err;
}

/* This list knows the roles "org_admin" and "user"; /api/orgs says "member" for the latter. */
static enum err list_orgs(struct ctx *ctx, struct call *call)
{
    struct org_seat *seats;
    size_t count;
    struct jw j;
    enum err err = orgs_list_mine(ctx, api_domain(call), api_actor(call), &seats, &count);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++) {
        bool admin = slice_is(slice_of(seats[i].role), "org_admin");
        jw_object(&j);
        jw_put_str(&j, "org_id", seats[i].org.id);
        jw_put_str(&j, "org_name", seats[i].org.name);
        jw_put_str(&j, "role", admin ? "org_admin" : "user");
        jw_put_str(&j, "display_name", seats[i].org.display_name);
        jw_put_str(&j, "domain", seats[i].org.domain);
        jw_put_str(&j, "tier", seats[i].org.tier);
        jw_end(&j);
    }
    jw_end(&j);
    return OK;
}

static void write_session(struct jw *j, const struct session *s, const struct actor *actor)
{
    bool current = actor->session_id && slice_is(slice_of(s->id), actor->session_id);
    jw_object(j);
    jw_put_str(j, "id", s->id);
    jw_put_str(j, "client_id", s->client_id);
    jw_put_str(j, "address", s->address);
    jw_put_str(j, "user_agent", s->user_agent);
    jw_put_time(j, "created_at", s->created_at);
    jw_put_time(j, "expires_at", s->expires_at);
    jw_put_time(j, "refresh_expires_at", s->refresh_expires_at);
    jw_put_time(j, "last_used_at", s->last_used_at);
    jw_put_bool(j, "is_current", current);
    jw_end(j);
}

static enum err list_sessions(struct ctx *ctx, struct call *call)
{
    const struct actor *actor = api_actor(call);
    struct session *sessions;
    size_t count;
    struct jw j;
    enum err err = sessions_list(ctx, api_domain(call), actor->user_id, &sessions, &count);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++)
        write_session(&j, &sessions[i], actor);
    jw_end(&j);
    return OK;
}

static enum err revoke_session(struct ctx *ctx, struct call *call)
{
    const char *id;
    enum err err = api_param(ctx, call, "session_id", &id);
    if (err == OK)
        err = sessions_revoke(ctx, api_domain(call), api_actor(call), id);
    if (err == OK)
        reply_empty(call->reply, 204);
    return err;
}
