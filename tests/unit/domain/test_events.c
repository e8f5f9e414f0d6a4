/*
 * test_events.c - the ring: what is rendered, what is kept, which ids are known.
 */
#include "domain/events.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/ctx.h"
#include "base/json_read.h"
#include "domain/domain.h"

static struct domain domain;
static struct events *events;

static int set_up(void **state)
{
    (void)state;
    events = events_open();
    domain.events = events;
    return events ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    events_close(events);
    domain.events = NULL;
    return 0;
}

static void emit(const char *pid)
{
    events_emit(&domain, &(struct event){.kind = "plugin.uploaded", .pid = pid});
}

/* The object behind "data: ", parsed. */
static const struct jr *data_of(struct ctx *ctx, const struct event_copy *e)
{
    const struct jr *v;
    const char *at = strstr(e->text, "\ndata: ");
    assert_non_null(at);
    struct slice json = slice_sub((struct slice){e->text, e->n}, (size_t)(at - e->text) + 7, e->n);
    json = slice_sub(json, 0, slice_find(json, '\n'));
    assert_int_equal(jr_parse(ctx, json, &v), OK);
    return v;
}

static void an_event_is_one_block_of_lines(void **state)
{
    (void)state;
    struct arena arena;
    struct ctx ctx;
    struct event_copy e = {0};
    char id[EVENT_ID_MAX], want[96];
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "test");
    events_emit(&domain, &(struct event){"plugin.health", "org-1", "row-1", "com.x\ny", "1.0",
                                         SLICE("{\"result\":\"failed\"}")});
    assert_true(events_read(events, 1, &e));
    events_id(events, 1, id);
    (void)snprintf(want, sizeof want, "id: %s\nevent: plugin.health\ndata: {", id);
    assert_memory_equal(e.text, want, strlen(want));
    assert_memory_equal(e.text + e.n - 3, "}\n\n", 3);
    assert_string_equal(e.org_id, "org-1");
    const struct jr *v = data_of(&ctx, &e);
    assert_true(slice_is(jr_str(jr_member(v, "pid")), "com.x\ny"));
    assert_true(slice_is(jr_str(jr_member(v, "org_id")), "org-1"));
    assert_true(slice_is(jr_str(jr_member(jr_member(v, "detail"), "result")), "failed"));
    arena_free(&arena);
}

static void what_does_not_fit_is_left_out(void **state)
{
    (void)state;
    struct arena arena;
    struct ctx ctx;
    struct event_copy e = {0};
    char large[3000];
    memset(large, ' ', sizeof large);
    large[0] = '{', large[sizeof large - 1] = '}';
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "test");
    events_emit(&domain, &(struct event){
                             .kind = "plugin.health", .pid = "a", .detail = {large, sizeof large}});
    events_emit(&domain,
                &(struct event){.kind = "plugin.health", .pid = "a", .detail = SLICE("{\n}")});
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = '\0';
    events_emit(&domain, &(struct event){.kind = "plugin.health", .pid = large});
    for (uint64_t i = 1; i <= 3; i++) {
        assert_true(events_read(events, i, &e));
        const struct jr *v = data_of(&ctx, &e);
        assert_null(jr_member(v, "detail"));
        assert_int_equal(jr_kind(jr_member(v, "pid")), i < 3 ? JR_STR : JR_NULL);
    }
    arena_free(&arena);
}

static void only_the_newest_are_kept(void **state)
{
    (void)state;
    struct event_copy e;
    for (int i = 0; i < EVENTS_KEPT + 10; i++)
        emit("a");
    assert_int_equal(events_last(events), EVENTS_KEPT + 10);
    assert_false(events_read(events, 0, &e));
    assert_false(events_read(events, 10, &e));
    assert_true(events_read(events, 11, &e));
    assert_true(events_read(events, EVENTS_KEPT + 10, &e));
    assert_false(events_read(events, EVENTS_KEPT + 11, &e));
}

static void ids_are_known_while_nothing_is_missing_behind_them(void **state)
{
    (void)state;
    char id[EVENT_ID_MAX];
    uint64_t number = 77;
    struct events *other = events_open();
    events_id(events, 0, id);
    assert_true(events_known(events, slice_of(id), &number));
    assert_int_equal(number, 0);
    assert_false(events_known(other, slice_of(id), &number)); /* another start */
    for (int i = 0; i < EVENTS_KEPT + 10; i++)
        emit("a");
    assert_false(events_known(events, slice_of(id), &number));
    events_id(events, 9, id);
    assert_false(events_known(events, slice_of(id), &number)); /* 10 is gone */
    events_id(events, 10, id);
    assert_true(events_known(events, slice_of(id), &number)); /* 11 is here */
    events_id(events, EVENTS_KEPT + 10, id);
    assert_true(events_known(events, slice_of(id), &number));
    events_id(events, EVENTS_KEPT + 11, id);
    assert_false(events_known(events, slice_of(id), &number));
    static const char *const wrong[] = {"", "-", "5", "-5", "zz-1", "18446744073709551616"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(events_known(events, slice_of(wrong[i]), &number));
    events_close(other);
}

static void nobody_listening_is_fine(void **state)
{
    (void)state;
    struct domain silent = {0};
    events_emit(&silent, &(struct event){.kind = "plugin.uploaded"});
}

static unsigned woken; /* atomic */

static void wake(void *arg)
{
    (void)arg;
    __atomic_add_fetch(&woken, 1, __ATOMIC_RELAXED);
}

static void *emit_many(void *arg)
{
    for (int i = 0; i < 2000; i++)
        emit("a");
    return arg;
}

static void *read_many(void *arg)
{
    struct event_copy e = {0};
    uint64_t next = 1;
    while (next <= 8000) {
        uint64_t last = events_last(events);
        if (last < next)
            continue;
        if (!events_read(events, next, &e)) {
            next = last; /* fell behind */
            continue;
        }
        assert_memory_equal(e.text + e.n - 3, "}\n\n", 3);
        next++;
    }
    return arg;
}

static void many_threads_at_once(void **state)
{
    (void)state;
    pthread_t thread[6];
    woken = 0;
    events_listen(events, wake, NULL);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, i < 4 ? emit_many : read_many, NULL), 0);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    assert_int_equal(events_last(events), 8000);
    assert_int_equal(woken, 8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_is_one_block_of_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_newest_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_are_known_while_nothing_is_missing_behind_them, set_up,
                                        tear_down),
        cmocka_unit_test(nobody_listening_is_fine),
        cmocka_unit_test_setup_teardown(many_threads_at_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
