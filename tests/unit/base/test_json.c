/*
 * test_json.c - the writer refuses to write what is not JSON, the reader refuses to read it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_read.h"
#include "base/json_write.h"

struct world {
    struct arena arena;
    struct ctx ctx;
    struct buf buf;
};

static int begin(void **state)
{
    static struct world w;
    arena_init(&w.arena, 1 << 20);
    ctx_init(&w.ctx, &w.arena, &clock_system, NULL, "test");
    buf_init(&w.buf, &w.arena, 1 << 16);
    *state = &w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;
    arena_free(&w->arena);
    return 0;
}

static void a_document_is_written(void **state)
{
    struct world *w = *state;
    struct jw j;
    jw_start(&j, &w->buf);
    jw_object(&j);
    jw_put_str(&j, "a", "x\"\\\n\x01<b>\x7f\xE2\x80\xA8\xC3\xA4\xFF");
    jw_key(&j, "n");
    jw_array(&j);
    jw_int(&j, -5);
    jw_bool(&j, true);
    jw_null(&j);
    jw_double(&j, 0.1);
    jw_double(&j, 1);
    jw_double(&j, 1e300);
    jw_raw(&j, SLICE("{\"k\":1}"));
    jw_end(&j);
    jw_put_time(&j, "t", 0);
    jw_end(&j);
    assert_true(jw_done(&j));
    assert_string_equal(
        buf_text(&w->buf),
        "{\"a\":\"x\\\"\\\\\\n\\u0001\\u003cb\\u003e\\u007f\\u2028\xC3\xA4\\ufffd\","
        "\"n\":[-5,true,null,0.1,1.0,1e+300,{\"k\":1}],\"t\":null}");
}

static void misuse_is_sticky(void **state)
{
    struct world *w = *state;
    struct jw j;
    jw_start(&j, &w->buf);
    jw_object(&j);
    jw_int(&j, 1); /* a value without a key */
    jw_end(&j);
    assert_false(jw_done(&j));

    jw_start(&j, &w->buf);
    jw_array(&j);
    jw_key(&j, "k"); /* a key in an array */
    assert_false(jw_done(&j));

    jw_start(&j, &w->buf);
    jw_int(&j, 1);
    jw_int(&j, 2); /* two documents */
    assert_false(jw_done(&j));

    jw_start(&j, &w->buf);
    jw_object(&j);
    jw_key(&j, "k");
    jw_end(&j); /* a key without a value */
    assert_false(jw_done(&j));

    jw_start(&j, &w->buf);
    for (int i = 0; i <= JW_DEPTH; i++)
        jw_array(&j);
    assert_true(j.wrong);
}

static void what_is_not_json_is_refused(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {"",         "{",           "{\"a\":1,}", "{\"a\":1,\"a\":2}",
                                      "[1] x",    "nan",         "{'a':1}",    "\"\\u0000\"",
                                      "\"\xFF\"", "\"\\ud800\"", "01",         "[1,]",
                                      "\"a\nb\"", "{\"a\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct jr *v;
        ctx_forgive(&w->ctx);
        if (jr_parse(&w->ctx, slice_of(bad[i]), &v) != ERR_INVALID)
            fail_msg("accepted: %s", bad[i]);
    }
}

static void depth_is_capped_before_the_library(void **state)
{
    struct world *w = *state;
    const struct jr *v;
    char deep[2 * JR_DEPTH + 3];
    memset(deep, '[', JR_DEPTH);
    memset(deep + JR_DEPTH, ']', JR_DEPTH);
    deep[2 * JR_DEPTH] = '\0';
    assert_int_equal(jr_parse(&w->ctx, slice_of(deep), &v), OK);
    memset(deep, '[', JR_DEPTH + 1);
    memset(deep + JR_DEPTH + 1, ']', JR_DEPTH + 1);
    deep[2 * JR_DEPTH + 2] = '\0';
    assert_int_equal(jr_parse(&w->ctx, slice_of(deep), &v), ERR_INVALID);
    ctx_forgive(&w->ctx);
    /* brackets inside strings do not count, escapes do not end a string */
    assert_int_equal(jr_parse(&w->ctx, SLICE("\"[[[[[[[[\\\"[[[[\""), &v), OK);
}

static void getters_name_the_field(void **state)
{
    struct world *w = *state;
    const struct jr *v;
    struct slice s = SLICE("kept"), *list = NULL;
    size_t count = 0;
    int64_t n = 7;
    bool b = true;
    assert_int_equal(jr_parse_object(&w->ctx,
                                     SLICE("{\"s\":\"x\",\"n\":3,\"b\":false,\"z\":null,"
                                           "\"l\":[\"a\",\"b\"],\"m\":[1]}"),
                                     &v),
                     OK);
    assert_int_equal(jr_get_str(&w->ctx, v, "absent", false, 10, &s), OK);
    assert_true(slice_is(s, "kept"));
    assert_int_equal(jr_get_str(&w->ctx, v, "z", false, 10, &s), OK);
    assert_true(slice_is(s, "kept"));
    assert_int_equal(jr_get_str(&w->ctx, v, "s", true, 10, &s), OK);
    assert_true(slice_is(s, "x"));
    assert_int_equal(jr_get_int(&w->ctx, v, "n", true, 1, 3, &n), OK);
    assert_int_equal(n, 3);
    assert_int_equal(jr_get_bool(&w->ctx, v, "b", true, &b), OK);
    assert_false(b);
    assert_int_equal(jr_get_strings(&w->ctx, v, "l", true, 2, 1, &list, &count), OK);
    assert_int_equal(count, 2);
    assert_true(slice_is(list[1], "b"));

    assert_int_equal(jr_get_str(&w->ctx, v, "z", true, 10, &s), ERR_UNPROCESSABLE);
    assert_string_equal(w->ctx.fault.field, "z");
    ctx_forgive(&w->ctx);
    assert_int_equal(jr_get_int(&w->ctx, v, "s", true, 0, 9, &n), ERR_UNPROCESSABLE);
    ctx_forgive(&w->ctx);
    assert_int_equal(jr_get_int(&w->ctx, v, "n", true, 4, 9, &n), ERR_UNPROCESSABLE);
    ctx_forgive(&w->ctx);
    assert_int_equal(jr_get_strings(&w->ctx, v, "m", true, 2, 9, &list, &count), ERR_UNPROCESSABLE);
    ctx_forgive(&w->ctx);
    assert_int_equal(jr_get_strings(&w->ctx, v, "l", true, 1, 9, &list, &count), ERR_UNPROCESSABLE);
}

static void objects_are_walked_in_order(void **state)
{
    struct world *w = *state;
    const struct jr *v, *item;
    struct slice key;
    void *at = NULL;
    assert_int_equal(jr_parse(&w->ctx, SLICE("{\"z\":1,\"a\":[1.5,{\"k\":\"\\u00e4\"}]}"), &v), OK);
    assert_true(jr_next(v, &at, &key, &item) && slice_is(key, "z") && jr_int(item) == 1);
    assert_true(jr_next(v, &at, &key, &item) && slice_is(key, "a") && jr_count(item) == 2);
    assert_false(jr_next(v, &at, &key, &item));
    jr_copy(v, &w->buf);
    assert_string_equal(buf_text(&w->buf), "{\"z\":1,\"a\":[1.5,{\"k\":\"\xC3\xA4\"}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_document_is_written, begin, end),
        cmocka_unit_test_setup_teardown(misuse_is_sticky, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_json_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(depth_is_capped_before_the_library, begin, end),
        cmocka_unit_test_setup_teardown(getters_name_the_field, begin, end),
        cmocka_unit_test_setup_teardown(objects_are_walked_in_order, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
