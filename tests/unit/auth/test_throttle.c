/*
 * test_throttle.c - sliding windows by account and by address, on a clock that stands still.
 */
#include "auth/throttle.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/crypto.h"

enum { MINUTE = 60000 };

static int64_t time_of(void *arg)
{
    return *(int64_t *)arg;
}

static int try_as(struct throttle *t, const struct clock *c, const char *account,
                  const char *address)
{
    bool first;
    return throttle_begin(t, c, slice_of(account), slice_of(address), &first);
}

static void the_eleventh_try_waits(void **state)
{
    (void)state;
    int64_t now = 0;
    const struct clock clock = {time_of, time_of, &now};
    struct throttle *t = throttle_new(0, 0);
    bool first;
    for (int i = 0; i < 10; i++, now += 1000)
        assert_int_equal(try_as(t, &clock, "ann", "192.0.2.1"), 0);
    /* the first try was at 0 s; it leaves the window at 300 s; now it is 10 s */
    assert_int_equal(throttle_begin(t, &clock, SLICE("ann"), SLICE("192.0.2.2"), &first), 290);
    assert_true(first);
    assert_int_equal(throttle_begin(t, &clock, SLICE("ANN"), SLICE("192.0.2.2"), &first), 290);
    assert_false(first); /* the same door, told once */
    assert_int_equal(throttle_begin(t, &clock, SLICE("bob"), SLICE("192.0.2.1"), &first), 290);
    assert_true(first); /* the door of the address */
    assert_int_equal(try_as(t, &clock, "bob", "192.0.2.2"), 0);
    now = 5 * MINUTE - 1;
    assert_int_equal(try_as(t, &clock, "ann", "192.0.2.2"), 1);
    now = 5 * MINUTE;
    assert_int_equal(try_as(t, &clock, "ann", "192.0.2.2"), 0); /* one place has become free */
    assert_int_equal(try_as(t, &clock, "ann", "192.0.2.2"), 1);
    throttle_free(t);
}

static void a_refused_try_does_not_prolong(void **state)
{
    (void)state;
    int64_t now = 0;
    const struct clock clock = {time_of, time_of, &now};
    struct throttle *t = throttle_new(3, MINUTE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(try_as(t, &clock, "ann", "192.0.2.1"), 0);
    for (; now < MINUTE; now += 1000)
        assert_true(try_as(t, &clock, "ann", "192.0.2.1") > 0);
    assert_int_equal(try_as(t, &clock, "ann", "192.0.2.1"), 0);
    throttle_free(t);
}

static void success_clears_the_account_alone(void **state)
{
    (void)state;
    int64_t now = 0;
    const struct clock clock = {time_of, time_of, &now};
    struct throttle *t = throttle_new(3, MINUTE);
    struct slice ann = SLICE("ann"), here = SLICE("192.0.2.1");
    for (int i = 0; i < 20; i++) { /* any number of right passwords */
        assert_int_equal(try_as(t, &clock, "ann", "192.0.2.1"), 0);
        throttle_succeed(t, ann, here);
    }
    /* somebody with an account of their own cannot wash the address clean */
    assert_int_equal(try_as(t, &clock, "bob", "192.0.2.1"), 0);
    assert_int_equal(try_as(t, &clock, "bob", "192.0.2.1"), 0);
    assert_int_equal(try_as(t, &clock, "ann", "192.0.2.1"), 0);
    throttle_succeed(t, ann, here);
    assert_int_equal(try_as(t, &clock, "bob", "192.0.2.1"), 0);
    assert_true(try_as(t, &clock, "carol", "192.0.2.1") > 0);
    throttle_free(t);
}

static void a_try_without_an_answer_is_taken_back(void **state)
{
    (void)state;
    int64_t now = 0;
    const struct clock clock = {time_of, time_of, &now};
    struct throttle *t = throttle_new(2, MINUTE);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(try_as(t, &clock, "ann", "192.0.2.1"), 0);
        throttle_cancel(t, SLICE("ann"), SLICE("192.0.2.1"));
    }
    throttle_cancel(t, SLICE("nobody"), SLICE("203.0.113.9")); /* of no try at all: harmless */
    assert_int_equal(try_as(t, &clock, "nobody", "203.0.113.9"), 0);
    throttle_free(t);
}

/* Far more names than the table has room for: it neither grows nor opens a shut door. */
static void spraying_names_opens_no_door(void **state)
{
    (void)state;
    int64_t now = 0;
    const struct clock clock = {time_of, time_of, &now};
    struct throttle *t = throttle_new(5, 10 * MINUTE);
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_as(t, &clock, "admin", "192.0.2.1"), 0);
    for (int i = 0; i < 50000; i++, now += 1) {
        char account[32], address[32];
        (void)snprintf(account, sizeof account, "user%d", i);
        (void)snprintf(address, sizeof address, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        assert_int_equal(try_as(t, &clock, account, address), 0);
    }
    assert_true(try_as(t, &clock, "admin", "203.0.113.1") > 0);
    throttle_free(t);
}

static void limits_are_kept_in_bounds(void **state)
{
    (void)state;
    int64_t now = 0;
    const struct clock clock = {time_of, time_of, &now};
    struct throttle *t = throttle_new(1000000, MINUTE);
    int n = 0;
    while (try_as(t, &clock, "ann", "192.0.2.1") == 0)
        n++;
    assert_int_equal(n, 64);
    throttle_free(t);
}

struct racer {
    pthread_t thread;
    struct throttle *t;
    const struct clock *clock;
    atomic_int *through;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    for (int i = 0; i < 50; i++)
        if (try_as(r->t, r->clock, "ann", "192.0.2.1") == 0)
            atomic_fetch_add(r->through, 1);
    return NULL;
}

static void many_at_once_are_counted_right(void **state)
{
    (void)state;
    int64_t now = 0;
    atomic_int through = 0;
    const struct clock clock = {time_of, time_of, &now};
    struct throttle *t = throttle_new(10, MINUTE);
    struct racer r[8];
    for (int i = 0; i < 8; i++) {
        r[i] = (struct racer){.t = t, .clock = &clock, .through = &through};
        assert_int_equal(pthread_create(&r[i].thread, NULL, race, &r[i]), 0);
    }
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_join(r[i].thread, NULL), 0);
    assert_int_equal(atomic_load(&through), 10);
    throttle_free(t);
}

static int open_crypto(void **state)
{
    (void)state;
    return crypto_open() == OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_eleventh_try_waits),
        cmocka_unit_test(a_refused_try_does_not_prolong),
        cmocka_unit_test(success_clears_the_account_alone),
        cmocka_unit_test(a_try_without_an_answer_is_taken_back),
        cmocka_unit_test(spraying_names_opens_no_door),
        cmocka_unit_test(limits_are_kept_in_bounds),
        cmocka_unit_test(many_at_once_are_counted_right),
    };
    return cmocka_run_group_tests(tests, open_crypto, NULL);
}
