/*
 * test_sessions.c - sign-ins: rotation, reuse, ending, sweeping.
 */
#include "domain/sessions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "domain/access.h"
#include "domain/stamps.h"
#include "model/audit.h"
#include "support_people.h"

static struct session_opened open_session(struct town *t, const struct user *u)
{
    struct actor actor = actor_of(u);
    const struct session_new what = {.user_id = u->id,
                                     .username = u->username,
                                     .client_id = SLICE("cadence-admin-ui"),
                                     .user_agent = SLICE("a browser")};
    struct session_opened opened;
    must(t, sessions_open(work(t), &t->domain, &actor, &what, &opened));
    return opened;
}

static enum err refresh(struct town *t, const char *token, struct session_opened *out)
{
    return sessions_refresh(work(t), &t->domain, slice_of(token), SLICE_NONE, SLICE_NONE, out);
}

static bool is_valid(struct town *t, const char *id)
{
    struct access a;
    must(t, access_of_session(work(t), &t->domain, id, NULL, &a));
    return a.valid;
}

static void a_session_runs_out(void **state)
{
    struct town *t = *state;
    struct session_opened s = open_session(t, &t->ann);
    assert_int_equal(strlen(s.refresh_token), 43); /* 256 bits */
    assert_string_equal(s.user.username, "ann");
    assert_string_equal(s.session.address, "192.0.2.1");
    assert_int_equal(s.session.expires_at - t->wall, 10800 * 1000);
    assert_int_equal(s.session.refresh_expires_at - t->wall, 604800 * 1000);
    assert_true(is_valid(t, s.session.id));
    pass_time(t, 10800 * 1000 - 1);
    assert_true(is_valid(t, s.session.id));
    pass_time(t, 1);
    assert_false(is_valid(t, s.session.id));
    assert_int_equal(audit_rows(t, "auth.login"), 1);
    assert_null(strstr(last_audit(t, "auth.login")->detail, s.refresh_token));
}

static void a_refresh_rotates_both(void **state)
{
    struct town *t = *state;
    struct session_opened first = open_session(t, &t->ann), second, third;
    pass_time(t, 11000 * 1000); /* the access token is over, the refresh token is not */
    must(t, refresh(t, first.refresh_token, &second));
    assert_string_not_equal(second.session.id, first.session.id);
    assert_string_not_equal(second.refresh_token, first.refresh_token);
    assert_string_equal(second.session.user_id, t->ann.id);
    assert_false(is_valid(t, first.session.id));
    assert_true(is_valid(t, second.session.id));
    must(t, refresh(t, second.refresh_token, &third));
    assert_false(is_valid(t, second.session.id));
    assert_true(is_valid(t, third.session.id));
    assert_int_equal(audit_rows(t, "auth.refresh"), 2);
}

static void reuse_ends_the_family(void **state)
{
    struct town *t = *state;
    struct session_opened first = open_session(t, &t->ann), other = open_session(t, &t->ann);
    struct session_opened second, third, out;
    must(t, refresh(t, first.refresh_token, &second));
    must(t, refresh(t, second.refresh_token, &third));
    must_fail(t, refresh(t, first.refresh_token, &out), ERR_UNKNOWN_CALLER,
              "The refresh token is not valid");
    assert_false(is_valid(t, third.session.id));
    must_fail(t, refresh(t, third.refresh_token, &out), ERR_UNKNOWN_CALLER, NULL);
    assert_true(is_valid(t, other.session.id)); /* another sign-in of the same user */
    assert_int_equal(audit_rows(t, "auth.refresh_reuse"), 1);
    must_fail(t, refresh(t, first.refresh_token, &out), ERR_UNKNOWN_CALLER, NULL);
    assert_int_equal(audit_rows(t, "auth.refresh_reuse"), 1); /* once is enough */
}

static void odd_refresh_tokens_are_refused(void **state)
{
    struct town *t = *state;
    struct session_opened s = open_session(t, &t->ann), out;
    char longer[200];
    memset(longer, 'A', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    must_fail(t, refresh(t, "", &out), ERR_UNKNOWN_CALLER, NULL);
    must_fail(t, refresh(t, longer, &out), ERR_UNKNOWN_CALLER, NULL);
    must_fail(t, refresh(t, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &out),
              ERR_UNKNOWN_CALLER, NULL);
    must_fail(t, refresh(t, s.session.id, &out), ERR_UNKNOWN_CALLER, NULL);
    pass_time(t, (int64_t)604800 * 1000);
    must_fail(t, refresh(t, s.refresh_token, &out), ERR_UNKNOWN_CALLER, NULL);
    assert_int_equal(audit_rows(t, "auth.refresh_reuse"), 0);
}

static void signing_out_ends_at_once(void **state)
{
    struct town *t = *state;
    struct session_opened s = open_session(t, &t->ann), other = open_session(t, &t->ann), out;
    struct session_opened eves = open_session(t, &t->eve);
    struct actor ann = actor_of(&t->ann);
    ann.session_id = s.session.id;
    must(t, sessions_close(work(t), &t->domain, &ann, slice_of(eves.refresh_token)));
    assert_false(is_valid(t, s.session.id));
    assert_true(is_valid(t, eves.session.id)); /* somebody else's token does nothing */
    must_fail(t, refresh(t, s.refresh_token, &out), ERR_UNKNOWN_CALLER, NULL);
    assert_int_equal(audit_rows(t, "auth.logout"), 1);
    must(t, sessions_close(work(t), &t->domain, &ann, SLICE_NONE));
    assert_int_equal(audit_rows(t, "auth.logout"), 1);
    must(t, sessions_close(work(t), &t->domain, &ann, slice_of(other.refresh_token)));
    assert_false(is_valid(t, other.session.id));
}

static void sessions_are_listed_and_revoked(void **state)
{
    struct town *t = *state;
    struct session_opened a = open_session(t, &t->ann);
    pass_time(t, 10);
    struct session_opened b = open_session(t, &t->ann), eves = open_session(t, &t->eve);
    struct actor ann = actor_of(&t->ann);
    struct session *list;
    size_t count;
    int64_t ended;
    ann.session_id = b.session.id;
    must(t, sessions_list(work(t), &t->domain, t->ann.id, &list, &count));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].id, b.session.id);
    assert_string_equal(list[1].user_agent, "a browser");
    must_fail(t, sessions_revoke(work(t), &t->domain, &ann, eves.session.id), ERR_NOT_FOUND,
              "Session not found");
    assert_true(is_valid(t, eves.session.id));
    must(t, sessions_revoke(work(t), &t->domain, &ann, a.session.id));
    assert_false(is_valid(t, a.session.id));
    (void)open_session(t, &t->ann);
    must(t, sessions_revoke_all(work(t), &t->domain, &ann, t->ann.id, &ended));
    assert_int_equal(ended, 1);
    assert_true(is_valid(t, b.session.id));
    must(t, sessions_list(work(t), &t->domain, t->ann.id, &list, &count));
    assert_int_equal(count, 1);
    must_fail(t, sessions_revoke_all(work(t), &t->domain, &ann, t->root.id, &ended), ERR_FORBIDDEN,
              NULL);
}

static void tending_stamps_and_sweeps(void **state)
{
    struct town *t = *state;
    struct session_opened old = open_session(t, &t->ann), out;
    pass_time(t, (int64_t)604800 * 1000 + 1000);
    struct session_opened now = open_session(t, &t->ann);
    stamps_note(&t->domain, STAMP_SESSION, now.session.id, t->wall + 7);
    must(t, domain_tend(work(t), &t->domain));
    struct session *list;
    size_t count;
    must(t, sessions_list(work(t), &t->domain, t->ann.id, &list, &count));
    assert_int_equal(count, 1);
    assert_int_equal(list[0].last_used_at, t->wall + 7);
    pass_time(t, (int64_t)25 * 3600 * 1000); /* what ran out stays for another day */
    must(t, domain_tend(work(t), &t->domain));
    must_fail(t, refresh(t, old.refresh_token, &out), ERR_UNKNOWN_CALLER, NULL);
    must(t, sessions_list(work(t), &t->domain, t->ann.id, &list, &count));
    assert_int_equal(count, 1);
    must_fail(t, sessions_revoke(work(t), &t->domain, &t->cli, old.session.id), ERR_NOT_FOUND,
              NULL);
}

static void what_a_client_says_of_itself_is_cut(void **state)
{
    struct town *t = *state;
    struct actor ann = actor_of(&t->ann);
    char agent[401];
    for (size_t i = 0; i < 400; i += 2)
        memcpy(agent + i, "\xc3\xa9", 2);
    const struct session_new what = {
        .user_id = t->ann.id, .client_id = SLICE("\xff not text"), .user_agent = {agent + 1, 399}};
    struct session_opened s;
    must(t, sessions_open(work(t), &t->domain, &ann, &what, &s));
    assert_null(s.session.client_id);
    assert_null(s.session.user_agent); /* begins in the middle of a letter */
    const struct session_new whole = {.user_id = t->ann.id, .user_agent = {agent, 400}};
    must(t, sessions_open(work(t), &t->domain, &ann, &whole, &s));
    assert_int_equal(strlen(s.session.user_agent), 200);
    agent[0] = 'x';
    memmove(agent + 1, agent + 2, 398); /* now a letter lies across the edge */
    const struct session_new across = {.user_id = t->ann.id, .user_agent = {agent, 399}};
    must(t, sessions_open(work(t), &t->domain, &ann, &across, &s));
    assert_int_equal(strlen(s.session.user_agent), 199);
    assert_true(slice_is_utf8(slice_of(s.session.user_agent)));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_session_runs_out),        CASE(a_refresh_rotates_both),
        CASE(reuse_ends_the_family),     CASE(odd_refresh_tokens_are_refused),
        CASE(signing_out_ends_at_once),  CASE(sessions_are_listed_and_revoked),
        CASE(tending_stamps_and_sweeps), CASE(what_a_client_says_of_itself_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
