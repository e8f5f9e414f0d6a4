/*
 * test_request.c - queries, forms, cookies, decoding, hosts and lists of addresses.
 */
#include "http/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "http/origin.h"

static struct arena arena;
static struct ctx ctx;

static void fresh(void)
{
    arena_reset(&arena);
    ctx_init(&ctx, &arena, &clock_system, NULL, "test");
}

static void escapes_are_decoded_once(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        bool plus;
        const char *text; /* NULL = refused */
    } rows[] = {
        {"plain", false, "plain"}, {"a%20b", false, "a b"},       {"a+b", false, "a+b"},
        {"a+b", true, "a b"},      {"%2525", false, "%25"},       {"%2B", true, "+"},
        {"%", false, NULL},        {"%2", false, NULL},           {"%2g", false, NULL},
        {"%00", false, NULL},      {"%c3%A9", false, "\xC3\xA9"}, {"", false, ""},
        {"%%20", false, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice out;
        fresh();
        enum err err = request_decode(&ctx, slice_of(rows[i].raw), rows[i].plus, &out);
        assert_int_equal(err, rows[i].text ? OK : ERR_INVALID);
        if (rows[i].text)
            assert_true(slice_is(out, rows[i].text));
    }
    struct slice nul = {"a\0b", 3}, out;
    fresh();
    assert_int_equal(request_decode(&ctx, nul, false, &out), ERR_INVALID);
}

static void queries_are_found(void **state)
{
    (void)state;
    struct request req = {.query = SLICE("a=1&b=x+y&a=2&c&%64=4&e=%zz&n=-5&t=true&&=z")};
    struct slice out;
    int64_t n = 7;
    bool t = false;
    fresh();
    assert_true(request_query(&ctx, &req, "a", &out) && slice_is(out, "1"));
    assert_true(request_query(&ctx, &req, "b", &out) && slice_is(out, "x y"));
    assert_true(request_query(&ctx, &req, "c", &out) && out.n == 0);
    assert_true(request_query(&ctx, &req, "d", &out) && slice_is(out, "4"));
    assert_false(request_query(&ctx, &req, "absent", &out));
    assert_int_equal(ctx.fault.err, OK);
    assert_int_equal(request_query_int(&ctx, &req, "n", -9, 9, &n), OK);
    assert_int_equal(n, -5);
    assert_int_equal(request_query_int(&ctx, &req, "absent", 0, 9, &n), OK);
    assert_int_equal(n, -5);
    assert_int_equal(request_query_bool(&ctx, &req, "t", &t), OK);
    assert_true(t);
    assert_int_equal(request_query_int(&ctx, &req, "b", 0, 9, &n), ERR_UNPROCESSABLE);
    assert_string_equal(ctx.fault.field, "b");
    fresh();
    assert_int_equal(request_query_bool(&ctx, &req, "a", &t), OK);
    assert_int_equal(request_query_bool(&ctx, &req, "n", &t), ERR_UNPROCESSABLE);
    fresh();
    assert_false(request_query(&ctx, &req, "e", &out));
    assert_int_equal(ctx.fault.err, ERR_INVALID);
    fresh();
    assert_true(request_form(&ctx, SLICE("grant_type=password&x=%26"), "x", &out));
    assert_true(slice_is(out, "&"));
    assert_false(request_form(&ctx, SLICE("x=1&grant_type=password&%78=2"), "x", &out));
    assert_int_equal(ctx.fault.err, ERR_INVALID);
    assert_string_equal(ctx_sentence(&ctx), "Field 'x' stands more than once");
    fresh();
}

static void cookies_are_exact(void **state)
{
    (void)state;
    struct request req = {.header = {{SLICE("cookie"), SLICE("a=1; session=x=y; b")},
                                     {SLICE("Cookie"), SLICE("late=2")}},
                          .headers = 2};
    assert_true(slice_is(request_cookie(&req, "a"), "1"));
    assert_true(slice_is(request_cookie(&req, "session"), "x=y"));
    assert_true(slice_is(request_cookie(&req, "late"), "2"));
    assert_null(request_cookie(&req, "b").p);
    assert_null(request_cookie(&req, "A").p);
    assert_null(request_cookie(&req, "sess").p);
}

static void addresses_are_compared_as_addresses(void **state)
{
    (void)state;
    static const char list[] = "10.0.0.1, ::1,[fe80::1]";
    assert_true(origin_is_listed(list, "10.0.0.1"));
    assert_true(origin_is_listed(list, "::ffff:10.0.0.1"));
    assert_true(origin_is_listed(list, "0:0::1"));
    assert_true(origin_is_listed(list, "fe80::1"));
    assert_false(origin_is_listed(list, "10.0.0.11"));
    assert_false(origin_is_listed(list, ""));
    assert_false(origin_is_listed(NULL, "10.0.0.1"));
    assert_true(origin_is_loopback("127.8.9.1"));
    assert_true(origin_is_loopback("::1"));
    assert_true(origin_is_loopback("::ffff:127.0.0.1"));
    assert_false(origin_is_loopback("10.0.0.1"));
    assert_false(origin_is_loopback("local"));
}

static void methods_have_names(void **state)
{
    (void)state;
    enum method m;
    assert_true(method_of(SLICE("DELETE"), &m));
    assert_int_equal(m, METHOD_DELETE);
    assert_false(method_of(SLICE("delete"), &m));
    assert_string_equal(method_name(METHOD_PATCH), "PATCH");
    assert_string_equal(method_name(METHOD_COUNT), "?");
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_decoded_once),
        cmocka_unit_test(queries_are_found),
        cmocka_unit_test(cookies_are_exact),
        cmocka_unit_test(addresses_are_compared_as_addresses),
        cmocka_unit_test(methods_have_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
