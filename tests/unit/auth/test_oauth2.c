/*
 * test_oauth2.c - signing in and refreshing: one answer for every wrong try, and their records.
 */
#include "auth/oauth2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "auth/cookie.h"
#include "auth/jwt.h"
#include "domain/passwords.h"
#include "model/audit.h"
#include "support_guard.h"

static const struct client browser = {.client_id = {"cadence-admin-ui", 16},
                                      .user_agent = {"a browser", 9}};

static struct user put_with_password(struct gate *g, const char *name, const char *email)
{
    const struct user_new what = {
        .username = slice_of(name), .email = slice_of(email), .password = SLICE(GOOD_PASSWORD)};
    struct user u;
    must(g->town, users_create(work(g->town), &g->town->domain, &g->town->cli, &what, &u));
    return u;
}

static enum err sign(struct gate *g, const char *name, const char *password, struct tokens *out)
{
    return oauth2_password(work(g->town), &g->auth, slice_of(name), slice_of(password), &browser,
                           out);
}

static void a_right_password_gives_two_tokens(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    struct user u = put_with_password(g, "carol", "carol@example.org");
    struct tokens tokens;
    struct jwt_claims c;
    static const char *const names[] = {"carol", "CAROL", "carol@example.org"};
    for (size_t i = 0; i < 3; i++) {
        must(t, sign(g, names[i], GOOD_PASSWORD, &tokens));
        assert_string_equal(tokens.user.id, u.id);
        assert_int_equal(tokens.expires_in, 10800);
        assert_int_equal(tokens.refresh_expires_in, 604800);
        const struct slice key = {(const char *)t->domain.signing_key, SIGNING_KEY_BYTES};
        assert_true(jwt_check_ours(work(t), key, slice_of(tokens.access_token), &c));
        assert_true(slice_is(c.sub, u.id) && slice_is(c.jti, tokens.session.id));
        assert_int_equal(c.exp - c.iat, 10800);
        const struct caller who = {.bearer = tokens.access_token};
        assert_int_equal(ask(g, &who, METHOD_GET, "session", NULL).err, OK);
    }
    const struct audit_event *e = last_audit(t, "auth.login");
    assert_string_equal(e->actor_name, "carol");
    assert_string_equal(e->address, "192.0.2.1");
    assert_non_null(strstr(e->detail, "cadence-admin-ui"));
    assert_null(strstr(e->detail, tokens.refresh_token));
    assert_string_equal(tokens.session.user_agent, "a browser");
}

/* Nobody learns from the answer, or from the work behind it, whether a name exists. */
static void wrong_tries_look_and_cost_the_same(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    struct tokens tokens;
    (void)put_with_password(g, "carol", NULL);
    struct user gone = put_with_password(g, "gone", NULL);
    must(t, users_delete(work(t), &t->domain, &t->cli, gone.id));
    static const char *const names[] = {"carol", "nobody",  "gone", "ann" /* has none */,
                                        "",      "no@where"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint64_t before = passwords_computed(&t->domain);
        size_t rows = audit_rows(t, "auth.login_refused");
        must_fail(t, sign(g, names[i], "not the password", &tokens), ERR_UNKNOWN_CALLER,
                  "Invalid username or password");
        assert_string_equal(t->ctx.fault.field, "");
        assert_int_equal(passwords_computed(&t->domain), before + 1);
        assert_int_equal(audit_rows(t, "auth.login_refused"), rows + 1);
        const struct audit_event *e = last_audit(t, "auth.login_refused");
        assert_null(strstr(e->detail, "not the password"));
        assert_null(strstr(e->detail, "nobody"));
        assert_string_equal(e->address, "192.0.2.1");
    }
}

static void the_eleventh_wrong_try_waits(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    struct tokens tokens;
    (void)put_with_password(g, "carol", "carol@example.org");
    for (int i = 0; i < 10; i++) /* by name and by address: one account */
        must_fail(t, sign(g, i % 2 ? "carol" : "carol@example.org", "wrong wrong wrong", &tokens),
                  ERR_UNKNOWN_CALLER, NULL);
    uint64_t before = passwords_computed(&t->domain);
    must_fail(t, sign(g, "carol", GOOD_PASSWORD, &tokens), ERR_THROTTLED, "300 seconds");
    assert_int_equal(t->ctx.fault.retry_after, 300);
    must_fail(t, sign(g, "somebody else", GOOD_PASSWORD, &tokens), ERR_THROTTLED, NULL);
    assert_int_equal(passwords_computed(&t->domain), before); /* no work for a shut door */
    for (int i = 0; i < 5; i++)
        must_fail(t, sign(g, "carol", GOOD_PASSWORD, &tokens), ERR_THROTTLED, NULL);
    assert_int_equal(audit_rows(t, "auth.login_refused"), 10);
    assert_int_equal(audit_rows(t, "auth.login_throttled"),
                     1);    /* account and address shut as one */
    t->wall += 3600 * 1000; /* setting the clock opens nothing */
    must_fail(t, sign(g, "carol", GOOD_PASSWORD, &tokens), ERR_THROTTLED, NULL);
    t->mono += 5 * 60 * 1000;
    must(t, sign(g, "carol", GOOD_PASSWORD, &tokens));
}

static void being_busy_counts_as_no_try(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    struct tokens tokens;
    (void)put_with_password(g, "carol", NULL);
    t->domain.limits.hashes_at_once = 0;
    t->domain.limits.hashes_waiting = 0;
    for (int i = 0; i < 30; i++) {
        must_fail(t, sign(g, "carol", GOOD_PASSWORD, &tokens), ERR_BUSY, NULL);
        assert_true(t->ctx.fault.retry_after > 0);
    }
    t->domain.limits.hashes_at_once = 2;
    must(t, sign(g, "carol", GOOD_PASSWORD, &tokens));
}

static void refreshing_gives_both_anew(void **state)
{
    struct gate *g = *state;
    struct town *t = g->town;
    struct tokens first = sign_in(g, &t->ann), second, out;
    pass_time(t, 5000);
    must(t, oauth2_refresh(work(t), &g->auth, slice_of(first.refresh_token), &browser, &second));
    assert_string_not_equal(first.access_token, second.access_token);
    assert_string_not_equal(first.refresh_token, second.refresh_token);
    assert_int_equal(second.expires_in, 10800);
    const struct caller before = {.bearer = first.access_token};
    const struct caller after = {.bearer = second.access_token};
    assert_int_equal(ask(g, &before, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
    assert_int_equal(ask(g, &after, METHOD_GET, "session", NULL).err, OK);
    must_fail(t, oauth2_refresh(work(t), &g->auth, slice_of(first.refresh_token), &browser, &out),
              ERR_UNKNOWN_CALLER, NULL);
    assert_int_equal(ask(g, &after, METHOD_GET, "session", NULL).err, ERR_UNKNOWN_CALLER);
}

static void options_must_fit_together(void **state)
{
    struct gate *g = *state;
    struct auth auth;
    const struct slice pem = SLICE("-----BEGIN PUBLIC KEY-----\n");
    const struct auth_options bad[] = {
        {.trusted_key = pem},
        {.trusted_key = pem, .trusted_issuer = "https://a"},
        {.trusted_issuer = "https://a", .trusted_audience = "b"},
        {.trusted_key = SLICE("-----BEGIN PRIVATE KEY-----\n"),
         .trusted_issuer = "a",
         .trusted_audience = "b"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(auth_open(work(g->town), &auth, &g->town->domain, &bad[i]), ERR_INVALID);
}

static void the_cookie_is_for_pages_only(void **state)
{
    struct gate *g = *state;
    struct request req = {.tls = false};
    struct reply reply;
    reply_init(&reply, &g->town->arena);
    cookie_set(&reply, &req, "abc.def.ghi", 10800);
    const char *fields = buf_text(&reply.fields);
    assert_non_null(strstr(fields, "Set-Cookie: larder=abc.def.ghi; Path=/; Max-Age=10800; "
                                   "HttpOnly; SameSite=Strict\r\n"));
    req.tls = true;
    reply_init(&reply, &g->town->arena);
    cookie_clear(&reply, &req);
    fields = buf_text(&reply.fields);
    assert_non_null(strstr(fields, "Set-Cookie: __Host-larder=; Path=/; Max-Age=0; HttpOnly; "
                                   "SameSite=Strict; Secure\r\n"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, gate_setup, gate_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_right_password_gives_two_tokens), CASE(wrong_tries_look_and_cost_the_same),
        CASE(the_eleventh_wrong_try_waits),      CASE(being_busy_counts_as_no_try),
        CASE(refreshing_gives_both_anew),        CASE(options_must_fit_together),
        CASE(the_cookie_is_for_pages_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
