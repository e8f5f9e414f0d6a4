/*
 * test_pid.c - which names a plugin may have, and whose they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "package/pid.h"
#include "support_source.h"

/* ---- pids ---------------------------------------------------------------------------------------- */

static void test_pids(void **state)
{
    (void)state;
    static const char *const good[] = {
        "com.acme", "a.b", "one.ifelse.plugins.web_search_agent", "Com.Acme.X-1", "_a.b_", "1.2"};
    static const char *const bad[] = {
        "",        "acme",    "com.",         ".com.acme", "com..acme", "com.-x",
        "com.a b", "com/a.b", "com.\xC3\xA9", "../../x",   "com.acme\n"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_null(pid_problem(slice_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(pid_problem(slice_of(bad[i])));
    char longest[PID_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[1] = '.';
    assert_null(pid_problem((struct slice){longest, PID_MAX}));
    assert_non_null(pid_problem((struct slice){longest, PID_MAX + 1}));
}

static void test_domains(void **state)
{
    (void)state;
    static const struct {
        const char *pid, *domain;
        bool fits;
    } rows[] = {
        {"com.acme", "acme.com", true},
        {"com.acme.x", "acme.com", true},
        {"COM.Acme.x", "acme.com", true},
        {"com.acme.x", "ACME.com", true},
        {"com.acmefoo", "acme.com", false},
        {"com.acmefoo.x", "acme.com", false},
        {"com", "acme.com", false},
        {"org.acme.x", "acme.com", false},
        {"one.ifelse.plugins.x", "ifelse.one", true},
        {"com.acme.x", "", true},
        {"uk.co.acme.x", "acme.co.uk", true},
        {"com.acme.x", " acme.com ", true},
        {"io.cadence.system.x", "cadence.io", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (pid_fits_domain(slice_of(rows[i].pid), slice_of(rows[i].domain)) != rows[i].fits)
            fail_msg("%s in %s", rows[i].pid, rows[i].domain);
    struct arena a;
    arena_init(&a, 10000);
    assert_string_equal(pid_domain_sentence(&a, SLICE("com.x"), SLICE("Acme.com")),
                        "Plugin pid 'com.x' does not match organization domain 'Acme.com'. The pid "
                        "must start with 'com.acme' (e.g. 'com.acme.my-plugin').");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pids),
        cmocka_unit_test(test_domains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
