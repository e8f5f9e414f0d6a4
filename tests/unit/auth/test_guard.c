/*
 * test_guard.c - every kind of caller on every kind of route, and what changes while it lasts.
 */
#include "auth/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "auth/jwt.h"
#include "domain/access.h"
#include "domain/members.h"
#include "domain/permissions.h"
#include "domain/roles.h"
#include "domain/sessions.h"
#include "support_guard.h"
#include "support_trusted.h"

static const char nowhere[] = "01900000-0000-7000-8000-000000000000";

#define READ "cadence:org:plugins:read"
#define WRITE "cadence:org:plugins:write"

/* ------------------------------------------------------------------ the matrix */

enum {
    NOBODY,
    BOB,
    ANN,
    EVE,
    ROOT,
    TRUSTED,
    KEY_READ,
    KEY_ACME,
    KEY_EVE,
    KEY_ROOT,
    KEY_BARE,
    CALLERS
};

enum { Y = 200, U = 401, F = 403 };

struct row {
    const char *permission;
    enum method method;
    char org; /* 'a' acme, 'z' zeta, 'n' none such, '-' no org in the path */
    int want[CALLERS];
};

/* bob: plain member of acme. ann: administrator of acme. eve: administrator of zeta. root: of the
 * platform. trusted: ann by a third party's token. The keys: ann's with plugins:read; ann's with
 * read and write bound to acme; eve's with read; root's with org write and system read; ann's
 * without scopes. */
// clang-format off
static const struct row matrix[] = {
    /*                                              nobody bob ann eve root trusted k-read k-acme k-eve k-root k-bare */
    {"public",                       METHOD_POST,   '-', {Y, Y, Y, Y, Y, Y, Y, Y, Y, Y, Y}},
    {"session",                      METHOD_GET,    '-', {U, Y, Y, Y, Y, Y, Y, Y, Y, Y, Y}},
    {"session",                      METHOD_HEAD,   '-', {U, Y, Y, Y, Y, Y, Y, Y, Y, Y, Y}},
    {"session",                      METHOD_DELETE, '-', {U, Y, Y, Y, Y, Y, F, F, F, F, F}},
    {"sys_admin",                    METHOD_GET,    '-', {U, F, F, F, Y, F, F, F, F, F, F}},
    {"cadence:system:plugins:read",  METHOD_GET,    '-', {U, F, F, F, Y, F, F, F, F, Y, F}},
    {"cadence:system:plugins:write", METHOD_POST,   '-', {U, F, F, F, Y, F, F, F, F, F, F}},
    {"cadence:system:plugins:read",  METHOD_GET,    'a', {U, F, F, F, Y, F, F, F, F, Y, F}},
    {"cadence:system:admin",         METHOD_GET,    '-', {U, F, F, F, Y, F, F, F, F, F, F}},
    {"cadence:org:read",             METHOD_GET,    'a', {U, Y, Y, F, Y, Y, F, F, F, F, F}},
    {"cadence:org:read",             METHOD_GET,    'z', {U, F, F, Y, Y, F, F, F, F, F, F}},
    {READ,                           METHOD_GET,    'a', {U, F, Y, F, Y, Y, Y, Y, F, F, F}},
    {READ,                           METHOD_GET,    'z', {U, F, F, Y, Y, F, F, F, Y, F, F}},
    {READ,                           METHOD_GET,    'n', {U, F, F, F, Y, F, F, F, F, F, F}},
    {WRITE,                          METHOD_POST,   'a', {U, F, Y, F, Y, Y, F, Y, F, Y, F}},
    {WRITE,                          METHOD_POST,   'z', {U, F, F, Y, Y, F, F, F, F, Y, F}},
    {WRITE,                          METHOD_POST,   'n', {U, F, F, F, Y, F, F, F, F, Y, F}},
    {"cadence:profile:write",        METHOD_PATCH,  '-', {U, Y, Y, Y, Y, Y, F, F, F, F, F}},
    {"cadence:chat:use",             METHOD_POST,   '-', {U, F, F, F, Y, F, F, F, F, F, F}},
};
// clang-format on

static void make_callers(struct gate *g, struct caller list[CALLERS])
{
    struct town *t = g->town;
    memset(list, 0, CALLERS * sizeof *list);
    list[BOB].bearer = sign_in(g, &t->bob).access_token;
    list[ANN].bearer = sign_in(g, &t->ann).access_token;
    list[EVE].bearer = sign_in(g, &t->eve).access_token;
    list[ROOT].bearer = sign_in(g, &t->root).access_token;
    list[TRUSTED].bearer = trusted_token[TRUSTED_GOOD];
    list[KEY_READ].key = make_key(g, &t->ann, NULL, READ, NULL, NULL);
    list[KEY_ACME].key = make_key(g, &t->ann, &t->acme, READ, WRITE, NULL);
    list[KEY_EVE].key = make_key(g, &t->eve, NULL, READ, NULL, NULL);
    list[KEY_ROOT].key = make_key(g, &t->root, NULL, WRITE, "cadence:system:plugins:read", NULL);
    list[KEY_BARE].key = make_key(g, &t->ann, NULL, NULL, NULL, NULL);
}

static void check_matrix(struct gate *g, const struct caller list[CALLERS])
{
    for (size_t r = 0; r < sizeof matrix / sizeof *matrix; r++) {
        const struct row *row = &matrix[r];
        const char *org = row->org == 'a'   ? g->town->acme.id
                          : row->org == 'z' ? g->town->zeta.id
                          : row->org == 'n' ? nowhere
                                            : NULL;
        for (int c = 0; c < CALLERS; c++) {
            struct asked a = ask(g, &list[c], row->method, row->permission, org);
            if (err_info(a.err)->http != row->want[c])
                fail_msg("row %zu (%s %c), caller %d: %d instead of %d (%s)", r, row->permission,
                         row->org, c, err_info(a.err)->http, row->want[c], a.sentence);
            assert_int_equal(a.challenged, a.err == ERR_UNKNOWN_CALLER);
            if (a.err != OK)
                assert_null(a.who.user_id);
        }
    }
}

static void every_caller_on_every_route(void **state)
{
    struct gate *g = *state;
    struct caller list[CALLERS];
    make_callers(g, list);
    check_matrix(g, list);
    check_matrix(g, list);                      /* the second time from kept answers: the same */
    (void)put_user(g->town, "somebody", false); /* a commit voids them */
    check_matrix(g, list);
}

/* An org that is not there and one that is somebody else's must not be told apart. */
static void an_unknown_org_is_no_oracle(void **state)
{
    struct gate *g = *state;
    const struct caller eve = {.bearer = sign_in(g, &g->town->eve).access_token};
    static const char *const permissions[] = {READ, WRITE, "cadence:org:read"};
    for (size_t i = 0; i < 3; i++) {
        struct asked theirs = ask(g, &eve, METHOD_GET, permissions[i], g->town->acme.id);
        struct asked none = ask(g, &eve, METHOD_GET, permissions[i], nowhere);
        struct asked odd = ask(g, &eve, METHOD_GET, permissions[i], "../../etc");
        assert_string_equal(theirs.sentence, "Not a member of this organization");
        assert_string_equal(theirs.sentence, none.sentence);
        assert_string_equal(theirs.sentence, odd.sentence);
        assert_string_equal(theirs.code, "AZ-0003");
        assert_string_equal(theirs.code, none.code);
    }
}

static void sentences_are_those_of_the_contract(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    const struct caller nobody = {0}, bob = {.bearer = sign_in(g, &t->bob).access_token};
    const struct caller key = {.key = make_key(g, &t->ann, NULL, READ, NULL, NULL)};
    assert_string_equal(ask(g, &nobody, METHOD_GET, "session", NULL).sentence,
                        "Authentication required");
    assert_string_equal(ask(g, &bob, METHOD_GET, READ, t->acme.id).sentence,
                        "Organization admin access required");
    assert_string_equal(ask(g, &bob, METHOD_GET, "sys_admin", NULL).sentence,
                        "Platform admin access required");
    assert_string_equal(ask(g, &bob, METHOD_GET, "cadence:system:users:read", NULL).sentence,
                        "Platform admin access required");
    assert_string_equal(ask(g, &key, METHOD_GET, WRITE, t->acme.id).sentence,
                        "This API key lacks the scope " WRITE);
}

static void the_actor_says_who(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    struct tokens ann = sign_in(g, &t->ann);
    struct api_key row;
    const char *raw = make_key(g, &t->root, NULL, READ, NULL, &row);
    for (int round = 0; round < 2; round++) { /* read, then kept */
        struct asked a = ask(g, &(struct caller){.bearer = ann.access_token}, METHOD_GET, READ,
                             t->acme.id);
        assert_string_equal(a.who.user_id, t->ann.id);
        assert_string_equal(a.who.username, "ann");
        assert_string_equal(a.who.session_id, ann.session.id);
        assert_string_equal(a.who.org_id, t->acme.id);
        assert_string_equal(a.who.via, "session");
        assert_string_equal(a.who.address, "192.0.2.1");
        assert_null(a.who.key_id);
        assert_true(permission_set_has(&a.who.may, permission_find(SLICE(WRITE))));
        a = ask(g, &(struct caller){.key = raw}, METHOD_GET, READ, t->zeta.id);
        assert_int_equal(a.err, OK);
        assert_string_equal(a.who.via, "api_key");
        assert_string_equal(a.who.key_id, row.id);
        assert_false(a.who.is_sys_admin); /* the owner's rank stays with the owner */
        assert_false(permission_set_has(&a.who.may, permission_find(SLICE(WRITE))));
        a = ask(g, &(struct caller){.bearer = trusted_token[TRUSTED_GOOD]}, METHOD_GET, "session",
                NULL);
        assert_string_equal(a.who.via, "external");
        assert_string_equal(a.who.user_id, t->ann.id);
        a = ask(g, &(struct caller){.bearer = ann.access_token}, METHOD_GET, "public", NULL);
        assert_null(a.who.user_id);
        assert_string_equal(a.who.via, "none");
    }
}

/* ------------------------------------------------------------------ credentials */

static void each_credential_has_its_own_place(void **state)
{
    struct gate *g = *state;
    const char *token = sign_in(g, &g->town->ann).access_token;
    const char *key = make_key(g, &g->town->ann, NULL, READ, NULL, NULL);
    const char *basic = "Basic YW5uOmFubg==";
    const char *padded = str_printf(&g->town->arena, "bEaReR   %s", token);
    const struct caller bad[] = {
        {.bearer = key},
        {.key = token},
        {.cookie = key},
        {.cookie = trusted_token[TRUSTED_GOOD]},
        {.name = "Authorization", .value = token},
        {.name = "Authorization", .value = basic},
        {.name = "Authorization", .value = "Bearer"},
        {.name = "Authorization", .value = ""},
        {.cookie = token, .name = "Authorization", .value = basic}, /* the header decides */
        {.bearer = token, .name = "Authorization", .value = basic},
        {.key = key, .name = "X-API-KEY", .value = key},
        {.key = ""},
        {.key = "cdk_"},
        {.cookie = token, .tls = true, .name = "Authorization", .value = "x"},
    };
    const struct caller good[] = {
        {.bearer = token},
        {.key = key},
        {.cookie = token},
        {.cookie = token, .tls = true},
        {.name = "Authorization", .value = padded},
    };
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof good / sizeof *good; i++)
            assert_int_equal(ask(g, &good[i], METHOD_GET, "session", NULL).err, OK);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            if (ask(g, &bad[i], METHOD_GET, "session", NULL).err != ERR_UNKNOWN_CALLER)
                fail_msg("accepted: credential %zu", i);
    }
    /* over TLS the plain name, which another page of the host could have set, is not looked at */
    const char *line = str_printf(&g->town->arena, "larder=%s", token);
    const struct caller plain = {.tls = true, .name = "Cookie", .value = line};
    assert_int_equal(ask(g, &plain, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
}

static void a_cookie_must_show_intent(void **state)
{
    struct gate *g = *state;
    const char *token = sign_in(g, &g->town->ann).access_token;
    const struct caller refused[] = {
        {.cookie = token},
        {.cookie = token, .name = "Content-Type", .value = "application/x-www-form-urlencoded"},
        {.cookie = token, .name = "Content-Type", .value = "multipart/form-data; boundary=x"},
        {.cookie = token, .name = "Content-Type", .value = "text/plain; application/json"},
        {.cookie = token, .name = "X-Larder-CSRF", .value = "0"},
        {.cookie = token,
         .name = "X-Larder-CSRF",
         .value = "1",
         .name2 = "Sec-Fetch-Site",
         .value2 = "cross-site"},
        {.cookie = token,
         .name = "Content-Type",
         .value = "application/json",
         .name2 = "Sec-Fetch-Site",
         .value2 = "same-site"},
    };
    const struct caller accepted[] = {
        {.cookie = token, .name = "X-Larder-CSRF", .value = "1"},
        {.cookie = token, .name = "Content-Type", .value = "Application/JSON; charset=utf-8"},
        {.cookie = token,
         .name = "X-Larder-CSRF",
         .value = "1",
         .name2 = "Sec-Fetch-Site",
         .value2 = "same-origin"},
        {.bearer = token},
        {.bearer = token, .name = "Sec-Fetch-Site", .value = "cross-site"}, /* no cookie, no risk */
    };
    static const enum method unsafe[] = {METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE};
    for (size_t m = 0; m < 4; m++) {
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
            assert_int_equal(ask(g, &refused[i], unsafe[m], "session", NULL).err, ERR_FORBIDDEN);
        for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++)
            assert_int_equal(ask(g, &accepted[i], unsafe[m], "session", NULL).err, OK);
    }
    assert_int_equal(ask(g, &refused[0], METHOD_GET, "session", NULL).err, OK);
}

static void a_token_of_another_user_or_key_is_void(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    struct tokens ann = sign_in(g, &t->ann);
    const struct slice key = {(const char *)t->domain.signing_key, SIGNING_KEY_BYTES};
    struct jwt_claims c = {.sub = slice_of(t->eve.id),
                           .jti = slice_of(ann.session.id),
                           .iat = t->wall / 1000,
                           .exp = t->wall / 1000 + 60};
    struct caller who = {.bearer = jwt_sign(work(t), key, &c)}; /* subject is not the session's */
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
    c.sub = slice_of(t->ann.id);
    c.jti = slice_of(nowhere); /* no such session: signature alone is not enough */
    who.bearer = jwt_sign(work(t), key, &c);
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
    c.jti = slice_of(ann.session.id);
    who.bearer = jwt_sign(work(t), SLICE("a key that somebody else is using"), &c);
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
    who.bearer = jwt_sign(work(t), key, &c);
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, OK);
    pass_time(t, 60 * 1000); /* its own end comes before the session's, also for a kept answer */
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
}

static void a_third_partys_subject_must_be_a_user(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    struct user out;
    const struct user_change change = {.email = {true, SLICE("ann@acme.com")}};
    struct caller who = {.bearer = trusted_token[TRUSTED_NOBODY]};
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
    who.bearer = trusted_token[TRUSTED_BY_EMAIL];
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
    must(t, users_change(work(t), &t->domain, &t->cli, t->ann.id, &change, &out));
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, OK);
    who.bearer = trusted_token[TRUSTED_OTHER_ISSUER];
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
    must(t, users_delete(work(t), &t->domain, &t->cli, t->ann.id));
    who.bearer = trusted_token[TRUSTED_GOOD];
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
}

/* ------------------------------------------------------------------ at once */

static void what_changes_counts_from_the_next_request(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    struct tokens bob = sign_in(g, &t->bob);
    const struct caller who = {.bearer = bob.access_token};
    const struct slice read = SLICE(READ);
    const struct role_new what = {
        .name = SLICE("reader"), .permissions = &read, .permission_count = 1};
    struct role role;
    struct member m;
    assert_int_equal(ask(g, &who, METHOD_GET, READ, t->acme.id).err, ERR_FORBIDDEN);
    must(t, members_set_admin(work(t), &t->domain, &t->cli, t->acme.id, t->bob.id, true, &m));
    assert_int_equal(ask(g, &who, METHOD_GET, READ, t->acme.id).err, OK);
    must(t, members_set_admin(work(t), &t->domain, &t->cli, t->acme.id, t->bob.id, false, &m));
    assert_int_equal(ask(g, &who, METHOD_GET, READ, t->acme.id).err, ERR_FORBIDDEN);
    must(t, roles_create(work(t), &t->domain, &t->cli, &what, &role));
    must(t, roles_assign(work(t), &t->domain, &t->cli, t->bob.id, role.id, NULL));
    assert_int_equal(ask(g, &who, METHOD_GET, READ, t->acme.id).err, OK);
    /* permission everywhere does not make one a member */
    struct asked a = ask(g, &who, METHOD_GET, READ, t->zeta.id);
    assert_string_equal(a.sentence, "Not a member of this organization");
    must(t, members_remove(work(t), &t->domain, &t->cli, t->acme.id, t->bob.id));
    assert_int_equal(ask(g, &who, METHOD_GET, READ, t->acme.id).err, ERR_FORBIDDEN);
    struct actor self = actor_of(&t->bob);
    self.session_id = bob.session.id;
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, OK);
    must(t, sessions_close(work(t), &t->domain, &self, SLICE_NONE));
    assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
}

static void a_suspended_org_locks_its_members_out(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    struct org o;
    const struct caller ann = {.bearer = sign_in(g, &t->ann).access_token};
    const struct caller root = {.bearer = sign_in(g, &t->root).access_token};
    const struct org_change change = {.status = {true, SLICE("suspended")}};
    must(t, orgs_change(work(t), &t->domain, &t->cli, t->acme.id, &change, &o));
    struct asked a = ask(g, &ann, METHOD_GET, READ, t->acme.id);
    assert_int_equal(a.err, ERR_FORBIDDEN);
    assert_string_equal(a.sentence, "This organization is suspended");
    assert_int_equal(ask(g, &root, METHOD_GET, READ, t->acme.id).err, OK);
}

/* Kept answers cost no read; they end with the credential, with any commit, and after a minute. */
static void kept_answers_end_in_time(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    struct tokens ann = sign_in(g, &t->ann);
    struct api_key row, *keys;
    size_t count;
    const struct caller by_token = {.bearer = ann.access_token};
    const struct caller by_key = {.key = make_key(g, &t->ann, NULL, READ, NULL, &row)};
    for (int i = 0; i < 5; i++, pass_time(t, 61 * 1000)) {
        assert_int_equal(ask(g, &by_key, METHOD_GET, READ, t->acme.id).err, OK);
        assert_int_equal(ask(g, &by_token, METHOD_GET, READ, t->acme.id).err, OK);
    }
    must(t, domain_tend(work(t), &t->domain));
    must(t, keys_list(work(t), &t->domain, t->ann.id, false, &keys, &count));
    assert_int_equal(keys[0].last_used_at, t->wall - 61 * 1000);
    t->wall = ann.session.expires_at - 1;
    assert_int_equal(ask(g, &by_token, METHOD_GET, "session", NULL).err, OK);
    t->wall += 1;
    assert_int_equal(ask(g, &by_token, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
    must(t, keys_revoke(work(t), &t->domain, &t->cli, NULL, row.id));
    assert_int_equal(ask(g, &by_key, METHOD_GET, READ, t->acme.id).err, ERR_UNKNOWN_CALLER);
}

/* ------------------------------------------------------------------ at start-up */

static enum err handle_nothing(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    (void)call;
    return OK;
}

static enum err check_one(struct gate *g, const char *pattern, const char *permission)
{
    const struct route route = {METHOD_GET, pattern, permission, BODY_NONE, 0, handle_nothing, "x"};
    const struct route_table table = {"test", &route, 1};
    const struct route_table *const tables[] = {&table};
    struct router *router;
    must(g->town, router_new(work(g->town), tables, 1, &router));
    enum err err = guard_check_routes(&g->town->ctx, router);
    router_free(router);
    return err;
}

static void unknown_permissions_stop_the_start(void **state)
{
    struct gate *g = *state;
    assert_int_equal(check_one(g, "/a", "public"), OK);
    assert_int_equal(check_one(g, "/a", "session"), OK);
    assert_int_equal(check_one(g, "/a", "sys_admin"), OK);
    assert_int_equal(check_one(g, "/a", "cadence:system:audit:read"), OK);
    assert_int_equal(check_one(g, "/a/{org_id}", READ), OK);
    must_fail(g->town, check_one(g, "/a", READ), ERR_INTERNAL, "needs {org_id}");
    must_fail(g->town, check_one(g, "/a/{id}", "cadence:org:plugin:read"), ERR_INTERNAL,
              "route GET /a/{id}: unknown permission 'cadence:org:plugin:read'");
    must_fail(g->town, check_one(g, "/a", "Public"), ERR_INTERNAL, "unknown permission");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, gate_setup, gate_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_caller_on_every_route),
        CASE(an_unknown_org_is_no_oracle),
        CASE(sentences_are_those_of_the_contract),
        CASE(the_actor_says_who),
        CASE(each_credential_has_its_own_place),
        CASE(a_cookie_must_show_intent),
        CASE(a_token_of_another_user_or_key_is_void),
        CASE(a_third_partys_subject_must_be_a_user),
        CASE(what_changes_counts_from_the_next_request),
        CASE(a_suspended_org_locks_its_members_out),
        CASE(kept_answers_end_in_time),
        CASE(unknown_permissions_stop_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
