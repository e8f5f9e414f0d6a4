/*
 * test_page.c - limit and cursor, and a Link that no stranger's query can break out of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "api/page.h"

#define ID "01900000-0000-7000-8000-000000000000"

struct world {
    struct arena arena;
    struct ctx ctx;
    struct request req;
    struct reply reply;
    struct call call;
};

static int begin(void **state)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    arena_init(&world.arena, 1 << 20);
    ctx_init(&world.ctx, &world.arena, &clock_system, NULL, "req-1");
    reply_init(&world.reply, &world.arena);
    world.req.path = SLICE("/api/things");
    world.call.req = &world.req;
    world.call.reply = &world.reply;
    *state = &world;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;
    arena_free(&w->arena);
    return 0;
}

static void test_whole(void **state)
{
    struct world *w = *state;
    struct page page;
    const char *after = "x";
    assert_int_equal(page_read_id(&w->ctx, &w->req, 500, &page, &after), OK);
    assert_true(page.whole);
    assert_int_equal(page.limit, 500);
    assert_null(after);
}

static void test_a_page(void **state)
{
    struct world *w = *state;
    struct page page;
    const char *after;
    w->req.query = SLICE("limit=7&cursor=" ID);
    assert_int_equal(page_read_id(&w->ctx, &w->req, 500, &page, &after), OK);
    assert_false(page.whole);
    assert_int_equal(page.limit, 7);
    assert_string_equal(after, ID);
}

static void test_refused(void **state)
{
    struct world *w = *state;
    static const char *const queries[] = {"limit=0",          "limit=501",
                                          "limit=-1",         "limit=x",
                                          "limit=",           "limit=99999999999999999999",
                                          "limit=1&cursor=x", "limit=1&cursor=" ID "0"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct page page;
        const char *after;
        ctx_forgive(&w->ctx);
        w->req.query = slice_of(queries[i]);
        if (page_read_id(&w->ctx, &w->req, 500, &page, &after) != ERR_UNPROCESSABLE)
            fail_msg("%s was accepted", queries[i]);
        assert_true(w->ctx.fault.field[0]);
    }
}

static void test_link_keeps_the_rest_of_the_query(void **state)
{
    struct world *w = *state;
    w->req.query = SLICE("limit=2&cursor=old&people_only=true");
    assert_int_equal(page_more(&w->ctx, &w->call, "42"), OK);
    const char *fields = buf_text(&w->reply.fields);
    assert_non_null(
        strstr(fields, "Link: </api/things?limit=2&people_only=true&cursor=42>; rel=\"next\"\r\n"));
    assert_non_null(strstr(fields, "X-Next-Cursor: 42\r\n"));
}

static void test_link_cannot_be_broken_out_of(void **state)
{
    struct world *w = *state;
    w->req.query = SLICE("limit=2&q=>;rel=\"evil\"");
    assert_int_equal(page_more(&w->ctx, &w->call, "42"), OK);
    const char *fields = buf_text(&w->reply.fields);
    assert_non_null(strstr(fields, "q=%3E;rel=%22evil%22&cursor=42>; rel=\"next\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, begin, end),
        cmocka_unit_test_setup_teardown(test_a_page, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_link_keeps_the_rest_of_the_query, begin, end),
        cmocka_unit_test_setup_teardown(test_link_cannot_be_broken_out_of, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
