/*
 * support_guard.c - see support_guard.h.
 */
#include "support_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/guard.h"
#include "support_trusted.h"

int gate_setup(void **state)
{
    void *town;
    struct gate *g = calloc(1, sizeof *g); /* freed by gate_teardown */
    assert_non_null(g);
    assert_int_equal(town_setup(&town), 0);
    g->town = town;
    const struct auth_options options = {.trusted_key = slice_of(trusted_pem),
                                         .trusted_issuer = TRUSTED_ISSUER,
                                         .trusted_audience = TRUSTED_AUDIENCE};
    must(g->town, auth_open(work(g->town), &g->auth, &g->town->domain, &options));
    *state = g;
    return 0;
}

int gate_teardown(void **state)
{
    struct gate *g = *state;
    void *town = g->town;
    auth_close(&g->auth);
    free(g);
    return town_teardown(&town);
}

static void put_field(struct request *req, const char *name, const char *value)
{
    if (name && value)
        req->header[req->headers++] = (struct header){slice_of(name), slice_of(value)};
}

static void put_caller(struct gate *g, struct request *req, const struct caller *c)
{
    struct arena *arena = &g->town->arena;
    if (c->bearer)
        put_field(req, "authorization", str_printf(arena, "Bearer %s", c->bearer));
    put_field(req, "X-Api-Key", c->key);
    if (c->cookie)
        put_field(req, "Cookie",
                  str_printf(arena, "theme=dark; %s=%s; x=y", c->tls ? "__Host-larder" : "larder",
                             c->cookie));
    put_field(req, c->name, c->value);
    put_field(req, c->name2, c->value2);
    req->tls = c->tls;
}

struct asked ask(struct gate *g, const struct caller *caller, enum method method,
                 const char *permission, const char *org_id)
{
    struct ctx *ctx = work(g->town);
    struct route route = {.method = method,
                          .pattern = org_id ? "/api/orgs/{org_id}/x" : "/api/x",
                          .permission = permission,
                          .body = BODY_NONE};
    struct request *req = arena_alloc(ctx->arena, sizeof *req);
    struct reply reply;
    struct call call = {.route = &route, .req = req, .reply = &reply};
    struct asked a = {0};
    req->method = method;
    reply_init(&reply, ctx->arena);
    put_caller(g, req, caller);
    call.param[0] = slice_of(org_id);
    a.err = guard_check(ctx, &g->auth, &call);
    a.who = *(const struct actor *)call.who;
    a.sentence = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
    a.code = slice_dup(ctx->arena, slice_of(ctx_code(ctx)));
    a.challenged = reply_has_field(&reply, "WWW-Authenticate") || reply.lasting.n > 0;
    assert_int_equal(a.err, ctx->fault.err); /* a refusal has its fault, a pass has none */
    return a;
}

struct tokens sign_in(struct gate *g, const struct user *u)
{
    const struct client client = {0};
    struct tokens tokens;
    must(g->town, oauth2_session(work(g->town), &g->auth, u, &client, &tokens));
    return tokens;
}

const char *make_key(struct gate *g, const struct user *u, const struct org *o, const char *scope,
                     const char *scope2, struct api_key *out)
{
    const struct slice scopes[] = {slice_of(scope), slice_of(scope2)};
    const struct key_new what = {.user_id = u->id,
                                 .name = SLICE("key"),
                                 .scopes = scopes,
                                 .scope_count = scope2  ? 2
                                                : scope ? 1
                                                        : 0,
                                 .org_id = o ? o->id : NULL};
    struct api_key key;
    char raw[KEY_TEXT];
    struct town *t = g->town;
    must(t, keys_create(work(t), &t->domain, &t->cli, &what, out ? out : &key, raw));
    return slice_dup(&t->arena, slice_of(raw));
}
