/*
 * test_tenant_limit.c - windows of requests, on a clock that stands still.
 */
#include "auth/tenant_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static int64_t time_of(void *arg)
{
    return *(int64_t *)arg;
}

static void each_tenant_has_its_own_window(void **state)
{
    (void)state;
    int64_t now = 5000;
    const struct clock clock = {time_of, time_of, &now};
    struct tenant_limit *t = tenant_limit_new(3, 10000);
    for (int i = 0; i < 3; i++)
        assert_int_equal(tenant_limit_take(t, &clock, SLICE("a")), 0);
    assert_int_equal(tenant_limit_take(t, &clock, SLICE("a")), 10);
    now += 3001;
    assert_int_equal(tenant_limit_take(t, &clock, SLICE("a")), 7);
    assert_int_equal(tenant_limit_take(t, &clock, SLICE("b")), 0);
    now += 6999; /* the window of "a" is over, that of "b" is not */
    assert_int_equal(tenant_limit_take(t, &clock, SLICE("a")), 0);
    tenant_limit_free(t);
}

static void none_is_no_limit(void **state)
{
    (void)state;
    int64_t now = 0;
    const struct clock clock = {time_of, time_of, &now};
    struct tenant_limit *t = tenant_limit_new(0, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(tenant_limit_take(t, &clock, SLICE("a")), 0);
    tenant_limit_free(t);
}

static void many_tenants_never_make_it_stricter(void **state)
{
    (void)state;
    int64_t now = 0;
    char id[32];
    const struct clock clock = {time_of, time_of, &now};
    struct tenant_limit *t = tenant_limit_new(1, 10000);
    for (int i = 0; i < 20000; i++, now += i % 7 == 0) {
        (void)snprintf(id, sizeof id, "org %d", i);
        assert_int_equal(tenant_limit_take(t, &clock, slice_of(id)), 0);
    }
    assert_true(tenant_limit_take(t, &clock, slice_of(id)) > 0); /* the newest is not forgotten */
    tenant_limit_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tenant_has_its_own_window),
        cmocka_unit_test(none_is_no_limit),
        cmocka_unit_test(many_tenants_never_make_it_stricter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
