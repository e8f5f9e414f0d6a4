/*
 * test_admission.c - room is given up to the ceiling, waited for a bounded time, and given back.
 */
#include "api/admission.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { LONG_MS = 60000, THREADS = 8, TURNS = 400, ROOM = 100 };

struct client {
    struct arena arena;
    struct ctx ctx;
};

static void client_begin(struct client *c)
{
    arena_init(&c->arena, 1 << 16);
    ctx_init(&c->ctx, &c->arena, &clock_system, NULL, "test");
}

static void no_room_is_told(void **state)
{
    (void)state;
    struct client one, two;
    client_begin(&one);
    client_begin(&two);
    struct admission *a = admission_new(ROOM, 0);
    assert_int_equal(admission_take(&one.ctx, a, 60), OK);
    assert_int_equal(admission_take(&two.ctx, a, 40), OK); /* to the last byte */
    assert_int_equal(admission_take(&two.ctx, a, 1), ERR_BUSY);
    assert_true(two.ctx.fault.retry_after > 0);
    assert_non_null(strstr(ctx_sentence(&two.ctx), "try again"));
    ctx_forgive(&two.ctx);
    arena_reset(&one.arena); /* a request ends: its room is free */
    assert_int_equal(admission_take(&two.ctx, a, 60), OK);
    assert_int_equal(admission_take(&one.ctx, a, 1), ERR_BUSY);
    arena_free(&two.arena); /* both grants at once */
    ctx_forgive(&one.ctx);
    assert_int_equal(admission_take(&one.ctx, a, ROOM), OK);
    arena_free(&one.arena);
    admission_free(a);
    admission_free(NULL);
}

static void one_larger_than_all_gets_all(void **state)
{
    (void)state;
    struct client one, two;
    client_begin(&one);
    client_begin(&two);
    struct admission *a = admission_new(ROOM, 0);
    assert_int_equal(admission_take(&one.ctx, a, SIZE_MAX), OK);
    assert_int_equal(admission_take(&two.ctx, a, 1), ERR_BUSY);
    arena_free(&one.arena);
    ctx_forgive(&two.ctx);
    assert_int_equal(admission_take(&two.ctx, a, ROOM), OK); /* gave back what it had, not more */
    ctx_forgive(&two.ctx);
    assert_int_equal(admission_take(&two.ctx, a, 1), ERR_BUSY);
    arena_free(&two.arena);
    admission_free(a);
}

static void the_wait_ends(void **state)
{
    (void)state;
    struct client one, two;
    client_begin(&one);
    client_begin(&two);
    struct admission *a = admission_new(ROOM, 30);
    assert_int_equal(admission_take(&one.ctx, a, ROOM), OK);
    int64_t begun = clock_mono_ms(&clock_system);
    assert_int_equal(admission_take(&two.ctx, a, 1), ERR_BUSY);
    assert_true(clock_mono_ms(&clock_system) - begun >= 29);
    arena_free(&one.arena);
    arena_free(&two.arena);
    admission_free(a);
}

static void without_memory_nothing_is_kept(void **state)
{
    (void)state;
    struct client poor, rich;
    struct admission *a = admission_new(ROOM, 0);
    for (size_t ceiling = 0; ceiling < 600; ceiling += 4) {
        arena_init(&poor.arena, ceiling);
        ctx_init(&poor.ctx, &poor.arena, &clock_system, NULL, "test");
        enum err err = admission_take(&poor.ctx, a, ROOM);
        assert_true(err == OK || err == ERR_NO_MEMORY);
        if (err != OK) { /* all of it is there for another */
            client_begin(&rich);
            assert_int_equal(admission_take(&rich.ctx, a, ROOM), OK);
            arena_free(&rich.arena);
        }
        arena_free(&poor.arena);
    }
    admission_free(a);
}

struct crowd {
    struct admission *admission;
    atomic_int inside; /* bytes */
    atomic_int highest, refused;
};

static void *come_and_go(void *arg)
{
    struct crowd *crowd = arg;
    struct client c;
    client_begin(&c);
    for (int i = 0; i < TURNS; i++) {
        int n = 1 + i * 7 % 60;
        ctx_init(&c.ctx, &c.arena, &clock_system, NULL, "test");
        if (admission_take(&c.ctx, crowd->admission, (size_t)n) != OK) {
            atomic_fetch_add(&crowd->refused, 1);
            continue;
        }
        int now = atomic_fetch_add(&crowd->inside, n) + n;
        int seen = atomic_load(&crowd->highest);
        while (now > seen && !atomic_compare_exchange_weak(&crowd->highest, &seen, now))
            ;
        atomic_fetch_sub(&crowd->inside, n);
        arena_reset(&c.arena);
    }
    arena_free(&c.arena);
    return NULL;
}

static void a_crowd_never_exceeds_the_ceiling_and_all_get_in(void **state)
{
    (void)state;
    struct crowd crowd = {.admission = admission_new(ROOM, LONG_MS)};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &crowd), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&crowd.refused), 0); /* whoever leaves wakes who waits */
    assert_true(atomic_load(&crowd.highest) <= ROOM);
    struct client last;
    client_begin(&last);
    assert_int_equal(admission_take(&last.ctx, crowd.admission, ROOM), OK);
    arena_free(&last.arena);
    admission_free(crowd.admission);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_room_is_told),
        cmocka_unit_test(one_larger_than_all_gets_all),
        cmocka_unit_test(the_wait_ends),
        cmocka_unit_test(without_memory_nothing_is_kept),
        cmocka_unit_test(a_crowd_never_exceeds_the_ceiling_and_all_get_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
