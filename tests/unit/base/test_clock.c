/*
 * test_clock.c - RFC 3339 in and out, against libc's own calendar over four centuries.
 */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

static void known_texts_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1 = refused */
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01", 0},
        {"2026-11-21T05:10:00.123Z", 1795237800123},
        {"2026-11-21T06:10:00.123456789+01:00", 1795237800123},
        {"2026-11-20 23:10:00-06:00", 1795237800000},
        {"2024-02-29T12:00:00Z", 1709208000000},
        {"2023-02-29T12:00:00Z", -1},
        {"2026-13-01T00:00:00Z", -1},
        {"2026-00-01T00:00:00Z", -1},
        {"2026-11-21T24:00:00Z", -1},
        {"2026-11-21T05:10:00", -1},
        {"2026-11-21T05:10:00.Z", -1},
        {"2026-11-21T05:10:00.1234567890Z", -1},
        {"2026-11-21T05:10:00Zx", -1},
        {"2026-11-21T05:10:00+24:00", -1},
        {"26-11-21", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        bool good = clock_parse(slice_of(cases[i].text), &ms);
        if (good != (cases[i].ms >= 0) || ms != cases[i].ms)
            fail_msg("%s gave %d %lld", cases[i].text, good, (long long)ms);
    }
}

static void agrees_with_libc(void **state)
{
    (void)state;
    char ours[CLOCK_TEXT], theirs[64];
    for (int64_t s = -11644473600; s < 7258118400; s += 86399 * 13 + 7) { /* 1601 to 2200 */
        time_t t = (time_t)s;
        struct tm tm;
        assert_non_null(gmtime_r(&t, &tm));
        (void)strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
        assert_string_equal(clock_format(s * 1000, ours), theirs);
        int64_t back;
        assert_true(clock_parse(slice_of(ours), &back));
        assert_int_equal(back, s * 1000);
    }
    assert_string_equal(clock_format(-1, ours), "1969-12-31T23:59:59.999Z");
}

static void the_system_clock_moves(void **state)
{
    (void)state;
    int64_t a = clock_mono_ms(&clock_system), b = clock_mono_ms(&clock_system);
    assert_true(b >= a);
    assert_true(clock_wall_ms(&clock_system) > 1700000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_are_read),
        cmocka_unit_test(agrees_with_libc),
        cmocka_unit_test(the_system_clock_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
