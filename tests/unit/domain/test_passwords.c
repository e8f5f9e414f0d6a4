/*
 * test_passwords.c - one computation per check, two at a time, the rest in a bounded line; imported
 * hashes.
 */
#include "domain/passwords.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "domain/users.h"
#include "support_people.h"

enum { CALLERS = 6 };

/* "correct horse battery" with 1,000 rounds, as the reference's bootstrap script writes it. */
static const char imported[] = "pbkdf2:sha256:1000:00112233445566778899aabbccddeeff:"
                               "7b45bab25588ef932d09a1d56ad6911d7d7c1759dedf18cb663cd6c3034bd67b";

static void every_check_costs_one_computation(void **state)
{
    struct town *t = *state;
    bool good, upgrade;
    char hash[PASSWORD_HASH];
    must(t, passwords_hash(work(t), &t->domain, SLICE(GOOD_PASSWORD), hash));
    const char *const hashes[] = {hash, NULL, imported, "not a hash"};
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        uint64_t before = passwords_computed(&t->domain);
        must(t, passwords_check(work(t), &t->domain, SLICE("wrong password"), hashes[i], &good,
                                &upgrade));
        assert_false(good);
        assert_false(upgrade);
        assert_int_equal(passwords_computed(&t->domain), before + 1);
    }
    must(t, passwords_check(work(t), &t->domain, SLICE(GOOD_PASSWORD), hash, &good, &upgrade));
    assert_true(good);
    assert_false(upgrade);
}

/* What unknown names are checked against must cost what ours cost. */
static void the_dummy_has_the_present_cost(void **state)
{
    struct town *t = *state;
    char hash[PASSWORD_HASH];
    bool good, upgrade;
    must(t, passwords_hash(work(t), &t->domain, SLICE(GOOD_PASSWORD), hash));
    const char *lanes = strstr(hash, ",p=");
    assert_non_null(lanes);
    size_t n = (size_t)(strchr(lanes, '$') - hash) + 1;
    assert_memory_equal(hash, passwords_dummy(), n); /* kind, version, memory, passes, lanes */
    must(t, passwords_check(work(t), &t->domain, SLICE(GOOD_PASSWORD), passwords_dummy(), &good,
                            &upgrade));
    assert_false(good);
}

static void an_imported_hash_is_made_anew(void **state)
{
    struct town *t = *state;
    const struct user_new what = {.username = SLICE("old"), .password_hash = imported};
    struct user u, after;
    bool good;
    must(t, users_create(work(t), &t->domain, &t->cli, &what, &u));
    assert_string_equal(u.password_hash, imported);
    must(t, users_check_password(work(t), &t->domain, &u, SLICE("wrong password"), &good));
    assert_false(good);
    must(t, users_get(work(t), &t->domain, u.id, &after));
    assert_string_equal(after.password_hash, imported);
    must(t, users_check_password(work(t), &t->domain, &u, SLICE(GOOD_PASSWORD), &good));
    assert_true(good);
    must(t, users_get(work(t), &t->domain, u.id, &after));
    assert_non_null(strstr(after.password_hash, "$argon2id$"));
    assert_int_equal(audit_rows(t, "user.rehash"), 1);
    must(t, users_check_password(work(t), &t->domain, &after, SLICE(GOOD_PASSWORD), &good));
    assert_true(good);
    assert_int_equal(audit_rows(t, "user.rehash"), 1);
}

static void oversized_passwords_are_refused_cheaply(void **state)
{
    struct town *t = *state;
    static char huge[1 << 20];
    bool good, upgrade;
    char hash[PASSWORD_HASH];
    memset(huge, 'a', sizeof huge);
    struct slice limit = {huge, 1024}, over = {huge, sizeof huge};
    work(t);
    must_fail(t, passwords_judge(&t->ctx, &t->domain, over, NULL), ERR_UNPROCESSABLE, "1024");
    must(t, passwords_hash(work(t), &t->domain, limit, hash));
    must(t, passwords_check(work(t), &t->domain, limit, hash, &good, &upgrade));
    assert_true(good);
    must(t, passwords_check(work(t), &t->domain, over, hash, &good, &upgrade));
    assert_false(good); /* its first bytes fit, the whole does not */
}

struct caller {
    pthread_t thread;
    struct domain *domain;
    enum err err;
    int retry_after;
};

static void *call(void *arg)
{
    struct caller *c = arg;
    struct arena arena;
    struct ctx ctx;
    bool good, upgrade;
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "caller");
    c->err = passwords_check(&ctx, c->domain, SLICE("whatever it is"), NULL, &good, &upgrade);
    c->retry_after = ctx.fault.retry_after;
    arena_free(&arena);
    return NULL;
}

static size_t call_at_once(struct town *t, struct caller list[CALLERS])
{
    size_t busy = 0;
    for (size_t i = 0; i < CALLERS; i++) {
        list[i].domain = &t->domain;
        assert_int_equal(pthread_create(&list[i].thread, NULL, call, &list[i]), 0);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(list[i].thread, NULL), 0);
        assert_true(list[i].err == OK || list[i].err == ERR_BUSY);
        if (list[i].err == ERR_BUSY)
            assert_true(list[i].retry_after > 0);
        busy += list[i].err == ERR_BUSY;
    }
    return busy;
}

static void the_line_is_bounded(void **state)
{
    struct town *t = *state;
    struct caller list[CALLERS];
    assert_int_equal(call_at_once(t, list), 0); /* two run, four wait their turn */
    t->domain.limits.hashes_at_once = 0; /* nobody gets through: only the waiting is tested */
    t->domain.limits.hashes_waiting = CALLERS;
    t->domain.limits.hash_wait_ms = 20;
    assert_int_equal(call_at_once(t, list), CALLERS);
    t->domain.limits.hashes_waiting = 0; /* no line at all: refused without a wait */
    t->domain.limits.hash_wait_ms = 3600 * 1000;
    assert_int_equal(call_at_once(t, list), CALLERS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_check_costs_one_computation),
        CASE(the_dummy_has_the_present_cost),
        CASE(an_imported_hash_is_made_anew),
        CASE(oversized_passwords_are_refused_cheaply),
        CASE(the_line_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
