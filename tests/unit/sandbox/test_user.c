/*
 * test_user.c - a user for each sandbox, claimed before all other processes.
 */
#include "sandbox/user.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct bench {
    struct arena arena;
    struct ctx ctx;
    struct user_range range; /* of this process alone, so that tests may run beside each other */
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    arena_init(&b->arena, 1 << 20);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
    b->range = (struct user_range){0x60000000 + 8 * (uid_t)getpid(), 2};
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    arena_free(&b->arena);
    free(b);
    return 0;
}

static void test_range(void **state)
{
    (void)state;
    struct user_range range = user_range();
    assert_true(range.count >= 14);
    assert_true(range.first >= 65520);
    assert_true(range.first + range.count <= 0x80000000);
    assert_true(range.first > 65535 || range.first + range.count <= 65534); /* not nobody */
}

static void test_each_its_own(void **state)
{
    struct bench *b = *state;
    struct user one, two;
    assert_int_equal(user_claim(&b->ctx, &b->range, NULL, &one), OK);
    assert_int_equal(user_claim(&b->ctx, &b->range, NULL, &two), OK);
    assert_int_not_equal(one.id, two.id);
    assert_true(one.id - b->range.first < 2 && two.id - b->range.first < 2);
    uid_t was = one.id;
    user_release(&one);
    assert_int_equal(one.id, 0);
    assert_int_equal(user_claim(&b->ctx, &b->range, NULL, &one), OK);
    assert_int_equal(one.id, was);
    user_release(&one);
    user_release(&two);
}

/* Another process has both, and dies without a word once we have looked. */
static void test_waits_for_others(void **state)
{
    struct bench *b = *state;
    struct user taken[2], user;
    const _Atomic bool cancel = true;
    int ready[2], go[2];
    char c = 0;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    pid_t other = fork();
    if (other == 0) {
        for (int i = 0; i < 2; i++)
            if (user_claim(&b->ctx, &b->range, NULL, &taken[i]) != OK)
                _exit(1);
        if (write(ready[1], "1", 1) == 1 && read(go[0], &c, 1) == 1)
            (void)usleep(100000);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(user_claim(&b->ctx, &b->range, &cancel, &user), OK);
    assert_int_equal(user.id, 0);
    assert_int_equal(user.claim, -1);
    assert_int_equal(write(go[1], "1", 1), 1);
    assert_int_equal(user_claim(&b->ctx, &b->range, NULL, &user), OK);
    assert_true(user.id - b->range.first < 2);
    user_release(&user);
    assert_int_equal(waitpid(other, NULL, 0), other);
    for (int i = 0; i < 2; i++) {
        (void)close(ready[i]);
        (void)close(go[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_waits_for_others, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
