/*
 * auth_api.c - signing in and out, and the first administrator.
 *
 * Two doors lead to the same sign-in: /oauth2/token for programs and Cadence's web client, and
 * /api/auth/login, which also sets the cookie of our own pages. Throttling, timing and audit are
 * auth/oauth2.c's; here are only the wire shapes. Errors below /oauth2 have their own shape, see
 * surface.c.
 */
#include "api/api.h"
#include "api/people_json.h"
#include "auth/cookie.h"
#include "auth/oauth2.h"
#include "domain/sessions.h"
#include "domain/setup.h"

enum { PASSWORD_FIELD_MAX = 1024, TOKEN_FIELD_MAX = 256, CLIENT_ID_MAX = 100 };

static enum err login(struct ctx *ctx, struct call *call);
static enum err logout(struct ctx *ctx, struct call *call);
static enum err token(struct ctx *ctx, struct call *call);
static enum err providers(struct ctx *ctx, struct call *call);
static enum err show_setup(struct ctx *ctx, struct call *call);
static enum err use_setup(struct ctx *ctx, struct call *call);

// clang-format off
static const struct route routes[] = {
    {METHOD_POST,   "/api/auth/login",          "public",  BODY_JSON, 0, login,      "Sign in with name and password; with cookie: true for a browser"},
    {METHOD_DELETE, "/api/auth/logout",         "session", BODY_NONE, 0, logout,     "End this session at once"},
    {METHOD_POST,   "/oauth2/token",            "public",  BODY_FORM, 0, token,      "Get tokens for a password or a refresh token"},
    {METHOD_GET,    "/oauth2/social/providers", "public",  BODY_NONE, 0, providers,  "Other ways to sign in: none"},
    {METHOD_GET,    "/api/setup",               "public",  BODY_NONE, 0, show_setup, "Whether the first administrator is still to be made"},
    {METHOD_POST,   "/api/setup",               "public",  BODY_JSON, 0, use_setup,  "Make the first administrator with a setup token"},
};
// clang-format on

const struct route_table auth_api_table = {"auth_api", routes, sizeof routes / sizeof *routes};

static struct client client_of(const struct call *call, struct slice client_id)
{
    return (struct client){.client_id = slice_sub(client_id, 0, CLIENT_ID_MAX),
                           .user_agent = request_header(call->req, "User-Agent")};
}

/* A browser gets a cookie that no script can read, and no token in the text; others get tokens. */
static void answer_tokens(struct call *call, const struct tokens *tokens, bool cookie)
{
    const char *access = cookie ? "[set]" : tokens->access_token;
    struct jw j;
    if (cookie)
        cookie_set(call->reply, call->req, tokens->access_token, tokens->expires_in);
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "token", access);
    jw_put_str(&j, "access_token", access);
    jw_put_str(&j, "token_type", "Bearer");
    jw_put_int(&j, "expires_in", tokens->expires_in);
    if (!cookie) {
        jw_put_str(&j, "refresh_token", tokens->refresh_token);
        jw_put_int(&j, "refresh_expires_in", tokens->refresh_expires_in);
    }
    jw_end(&j);
}

static enum err login(struct ctx *ctx, struct call *call)
{
    const struct jr *body;
    struct slice username, password;
    bool cookie = false;
    struct client client = client_of(call, SLICE_NONE);
    struct tokens tokens;
    enum err err = api_body(ctx, call, &body);
    if (err == OK)
        err = jr_get_str(ctx, body, "username", true, EMAIL_MAX, &username);
    if (err == OK)
        err = jr_get_str(ctx, body, "password", true, PASSWORD_FIELD_MAX, &password);
    if (err == OK)
        err = jr_get_bool(ctx, body, "cookie", false, &cookie);
    if (err == OK)
        err = oauth2_password(ctx, api_auth(call), username, password, &client, &tokens);
    if (err == OK)
        answer_tokens(call, &tokens, cookie);
    return err;
}

static enum err logout(struct ctx *ctx, struct call *call)
{
    struct slice refresh_token = request_header(call->req, "X-Refresh-Token");
    enum err err = sessions_close(ctx, api_domain(call), api_actor(call), refresh_token);
    if (err != OK)
        return err;
    cookie_clear(call->reply, call->req);
    reply_empty(call->reply, 204);
    return OK;
}

/* A field of the form: 422 where it is missing and wanted, or too long. */
static enum err form_field(struct ctx *ctx, const struct call *call, const char *name, bool want,
                           size_t max, struct slice *out)
{
    *out = SLICE_NONE;
    bool found = request_form(ctx, call->body, name, out);
    if (ctx->fault.err != OK)
        return ctx->fault.err;
    if (want && (!found || out->n == 0))
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, name, "Field '%s' is required", name);
    if (out->n > max)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, name, "Field '%s' is longer than %zu bytes",
                              name, max);
    return OK;
}

static enum err grant_password(struct ctx *ctx, struct call *call, const struct client *client,
                               struct tokens *out)
{
    struct slice username, password;
    enum err err = form_field(ctx, call, "username", true, EMAIL_MAX, &username);
    if (err == OK)
        err = form_field(ctx, call, "password", true, PASSWORD_FIELD_MAX, &password);
    if (err == OK)
        err = oauth2_password(ctx, api_auth(call), username, password, client, out);
    return err;
}

static enum err grant_refresh(struct ctx *ctx, struct call *call, const struct client *client,
                              struct tokens *out)
{
    struct slice refresh_token;
    enum err err = form_field(ctx, call, "refresh_token", true, TOKEN_FIELD_MAX, &refresh_token);
    if (err == OK)
        err = oauth2_refresh(ctx, api_auth(call), refresh_token, client, out);
    return err;
}

static enum err token(struct ctx *ctx, struct call *call)
{
    struct slice grant_type, client_id;
    struct tokens tokens;
    enum err err = form_field(ctx, call, "grant_type", true, 64, &grant_type);
    if (err == OK)
        err = form_field(ctx, call, "client_id", false, CLIENT_ID_MAX, &client_id);
    if (err != OK)
        return err;
    struct client client = client_of(call, client_id);
    if (slice_is(grant_type, "password"))
        err = grant_password(ctx, call, &client, &tokens);
    else if (slice_is(grant_type, "refresh_token"))
        err = grant_refresh(ctx, call, &client, &tokens);
    else
        return ctx_fail_field(ctx, ERR_INVALID, "grant_type",
                              "grant_type must be 'password' or 'refresh_token'");
    if (err == OK)
        answer_tokens(call, &tokens, false);
    return err;
}

/* The web client's sign-in page asks; an empty list hides its buttons. */
static enum err providers(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    struct jw j;
    reply_json(call->reply, &j);
    jw_array(&j);
    jw_end(&j);
    return OK;
}

static enum err show_setup(struct ctx *ctx, struct call *call)
{
    bool any;
    struct jw j;
    enum err err = users_any_admin(ctx, api_domain(call), &any);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_bool(&j, "setup_needed", !any);
    jw_end(&j);
    return OK;
}

static enum err use_setup(struct ctx *ctx, struct call *call)
{
    const struct jr *body;
    struct slice setup_token;
    struct setup_admin admin = {SLICE_NONE, SLICE_NONE, SLICE_NONE};
    bool cookie = false;
    struct client client = client_of(call, SLICE_NONE);
    struct user user;
    struct tokens tokens;
    enum err err = api_body(ctx, call, &body);
    if (err == OK)
        err = jr_get_str(ctx, body, "token", true, TOKEN_FIELD_MAX, &setup_token);
    if (err == OK)
        err = jr_get_str(ctx, body, "username", false, USERNAME_MAX, &admin.username);
    if (err == OK)
        err = jr_get_str(ctx, body, "email", false, EMAIL_MAX, &admin.email);
    if (err == OK)
        err = jr_get_str(ctx, body, "password", true, PASSWORD_FIELD_MAX, &admin.password);
    if (err == OK)
        err = jr_get_bool(ctx, body, "cookie", false, &cookie);
    if (err == OK)
        err = setup_use(ctx, api_domain(call), setup_token, &admin, &user);
    if (err == OK)
        err = oauth2_session(ctx, api_auth(call), &user, &client, &tokens);
    if (err != OK)
        return err;
    reply_status(call->reply, 201);
    answer_tokens(call, &tokens, cookie);
    return OK;
}
