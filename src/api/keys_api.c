/*
 * keys_api.c - keys for programs.
 *
 * The raw key is in the answer to its making and nowhere else; the list shows its first letters.
 * The permissions here are two of the three that no key itself ever holds, so a key cannot make
 * another.
 */
#include "api/api.h"
#include "api/people_json.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "domain/keys.h"

enum { SCOPES_MAX = 128, SCOPE_MAX = 100, TIME_MAX = 64 };

static enum err list(struct ctx *ctx, struct call *call);
static enum err create(struct ctx *ctx, struct call *call);
static enum err revoke(struct ctx *ctx, struct call *call);

#define KEYS_READ "cadence:system:api_keys:read"
#define KEYS_WRITE "cadence:system:api_keys:write"

// clang-format off
static const struct route routes[] = {
    {METHOD_GET,    "/api/admin/users/api-keys",          KEYS_READ,  BODY_NONE, 0, list,   "One's own keys, or with all=true everybody's"},
    {METHOD_POST,   "/api/admin/users/api-keys",          KEYS_WRITE, BODY_JSON, 0, create, "Make a key; it is shown this once"},
    {METHOD_DELETE, "/api/admin/users/api-keys/{key_id}", KEYS_WRITE, BODY_NONE, 0, revoke, "Revoke a key at once"},
};
// clang-format on

const struct route_table keys_api_table = {"keys_api", routes, sizeof routes / sizeof *routes};

static void write_key(struct jw *j, const struct api_key *key, const char *raw, int64_t now)
{
    jw_object(j);
    jw_put_str(j, "id", key->id);
    jw_put_str(j, "name", key->name);
    jw_put_str(j, "key_prefix", key->prefix);
    jw_key(j, "scopes");
    jw_array(j);
    for (size_t i = 0; i < key->scope_count; i++)
        jw_str(j, key->scopes[i]);
    jw_end(j);
    if (raw)
        jw_put_str(j, "raw_key", raw);
    jw_put_str(j, "user_id", key->user_id);
    jw_put_str(j, "org_id", key->org_id);
    jw_put_time(j, "created_at", key->created_at);
    jw_put_time(j, "expires_at", key->expires_at);
    jw_put_time(j, "last_used_at", key->last_used_at);
    jw_put_bool(j, "is_active", keys_is_active(key, now));
    jw_end(j);
}

static enum err list(struct ctx *ctx, struct call *call)
{
    struct api_key *keys;
    size_t count;
    bool all = false, revoked = false;
    struct jw j;
    enum err err = request_query_bool(ctx, call->req, "all", &all);
    if (err == OK)
        err = request_query_bool(ctx, call->req, "include_revoked", &revoked);
    if (err == OK)
        err = keys_list(ctx, api_domain(call), all ? NULL : api_actor(call)->user_id, revoked,
                        &keys, &count);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++)
        write_key(&j, &keys[i], NULL, ctx->now);
    jw_end(&j);
    return OK;
}

static enum err read_expiry(struct ctx *ctx, const struct jr *body, int64_t *out)
{
    struct slice text = SLICE_NONE;
    enum err err = jr_get_str(ctx, body, "expires_at", false, TIME_MAX, &text);
    if (err != OK || text.p == NULL)
        return err;
    if (!clock_parse(text, out))
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "expires_at",
                              "Field 'expires_at' must be a time like 2027-01-31T12:00:00Z");
    return OK;
}

static enum err create(struct ctx *ctx, struct call *call)
{
    const struct jr *body;
    struct key_new what = {0};
    struct slice *scopes = NULL;
    struct api_key key;
    char raw[KEY_TEXT];
    struct jw j;
    enum err err = api_body(ctx, call, &body);
    if (err == OK)
        err = jr_get_str(ctx, body, "name", true, KEY_NAME_MAX * 4, &what.name);
    if (err == OK)
        err = jr_get_strings(ctx, body, "scopes", true, SCOPES_MAX, SCOPE_MAX, &scopes,
                             &what.scope_count);
    what.scopes = scopes;
    if (err == OK)
        err = api_get_id(ctx, body, "org_id", false, &what.org_id);
    if (err == OK)
        err = api_get_id(ctx, body, "user_id", false, &what.user_id);
    if (err == OK)
        err = read_expiry(ctx, body, &what.expires_at);
    if (err == OK)
        err = keys_create(ctx, api_domain(call), api_actor(call), &what, &key, raw);
    if (err != OK)
        return err;
    reply_status(call->reply, 201);
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    write_key(&j, &key, raw, ctx->now);
    crypto_wipe(raw, sizeof raw);
    return OK;
}

static enum err revoke(struct ctx *ctx, struct call *call)
{
    const char *id;
    enum err err = api_param(ctx, call, "key_id", &id);
    if (err == OK)
        err = keys_revoke(ctx, api_domain(call), api_actor(call), NULL, id);
    if (err == OK)
        reply_empty(call->reply, 204);
    return err;
}
