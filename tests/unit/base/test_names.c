/*
 * test_names.c - what was added is there, what was not is not, in any order of asking and adding.
 */
#include "base/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { MANY = 20000 };

static const char *name(char out[32], int i)
{
    (void)snprintf(out, 32, "blobs/%08x.zip", (unsigned)i * 2654435761U);
    return out;
}

static void an_empty_set_has_nothing(void **state)
{
    (void)state;
    struct names set = {0};
    assert_false(names_have(&set, ""));
    names_free(&set);
}

static void added_ones_are_found_and_no_others(void **state)
{
    (void)state;
    struct names set = {0};
    char text[32];
    for (int i = 0; i < MANY; i += 2) {
        assert_true(names_add(&set, name(text, i)));
        if (i % 5000 == 0)
            assert_true(names_have(&set, text)); /* asked while it still grows */
    }
    for (int i = 0; i < MANY; i++)
        assert_int_equal(names_have(&set, name(text, i)), i % 2 == 0);
    names_free(&set);
    assert_false(names_have(&set, name(text, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_has_nothing),
        cmocka_unit_test(added_ones_are_found_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
