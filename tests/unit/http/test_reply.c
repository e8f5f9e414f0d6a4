/*
 * test_reply.c - fields that cannot be split, conditions, ranges, heads, and how often they are
 * written to a wire.
 */
#include "http/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "http/body.h"
#include "http/buffers.h"
#include "http/head.h"
#include "http/send.h"
#include "http/wire.h"

static struct arena arena;
static struct ctx ctx;
static struct reply reply;

static void fresh(void)
{
    arena_reset(&arena);
    ctx_init(&ctx, &arena, &clock_system, NULL, "test");
    reply_init(&reply, &arena);
}

static struct request with(const char *name, const char *value)
{
    return (struct request){
        .method = METHOD_GET, .header = {{slice_of(name), slice_of(value)}}, .headers = 1};
}

static void fields_cannot_be_split(void **state)
{
    (void)state;
    fresh();
    reply_field(&reply, "X-A", "b");
    assert_true(slice_is(buf_view(&reply.fields), "X-A: b\r\n"));
    assert_true(reply_has_field(&reply, "x-a"));
    assert_false(reply_has_field(&reply, "x"));
    static const struct slice bad[] = {{"a\rb", 3}, {"a\nb", 3}, {"a\0b", 3}};
    for (size_t i = 0; i < 3; i++) {
        fresh();
        reply_field_slice(&reply, "X-A", bad[i]);
        assert_true(buf_failed(&reply.fields));
    }
    fresh();
    reply_lasting(&reply, "X-Kept", "1");
    reply_field(&reply, "Cache-Control", "no-cache");
    assert_true(reply.cacheable);
    reply_reset(&reply);
    assert_false(reply.cacheable);
    assert_true(reply_has_field(&reply, "X-Kept"));
    assert_false(reply_has_field(&reply, "Cache-Control"));
}

static void tags_are_compared_weakly(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        bool hit;
    } rows[] = {
        {"\"abc\"", true},
        {"W/\"abc\"", true},
        {"\"x\", \"abc\"", true},
        {"\"x\",W/\"abc\"", true},
        {"*", true},
        {"\"a,b\", \"abc\"", true},
        {"\"ab\"", false},
        {"abc", false},
        {"\"abc", false},
        {"", false},
        {"\"x\" junk \"abc\"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request req = with("If-None-Match", rows[i].list);
        fresh();
        if (reply_etag(&reply, &req, "\"abc\"") != rows[i].hit)
            fail_msg("row %zu", i);
        assert_int_equal(reply.status, rows[i].hit ? 304 : 0);
    }
    struct request post = with("If-None-Match", "\"abc\"");
    post.method = METHOD_POST;
    fresh();
    assert_false(reply_etag(&reply, &post, "\"abc\""));
}

static void ranges_are_single_and_inside(void **state)
{
    (void)state;
    static const struct {
        const char *range;
        int status; /* 200 = the whole */
        off_t from, n;
    } rows[] = {
        {"bytes=0-0", 206, 0, 1},
        {"bytes=0-", 206, 0, 100},
        {"bytes=10-19", 206, 10, 10},
        {"bytes=90-200", 206, 90, 10},
        {"bytes=-5", 206, 95, 5},
        {"bytes=-500", 206, 0, 100},
        {"BYTES=1-1", 206, 1, 1},
        {"bytes=99-99", 206, 99, 1},
        {"bytes=100-", 416, 0, 0},
        {"bytes=-0", 416, 0, 0},
        {"bytes=5-4", 200, 0, 100},
        {"bytes=0-1,3-4", 200, 0, 100},
        {"bytes=", 200, 0, 100},
        {"bytes=-", 200, 0, 100},
        {"bytes=a-b", 200, 0, 100},
        {"lines=0-1", 200, 0, 100},
        {"bytes=+1-2", 200, 0, 100},
        {"bytes=200-100", 200, 0, 100},
        {"bytes=18446744073709551615-", 416, 0, 0},
        {"bytes=0-99999999999999999999", 200, 0, 100},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request req = with("Range", rows[i].range);
        off_t from = -1, n = -1;
        fresh();
        enum err err = reply_range(&ctx, &reply, &req, "\"e\"", 100, &from, &n);
        if (rows[i].status == 416) {
            if (err != ERR_RANGE)
                fail_msg("row %zu", i);
            assert_true(slice_is(buf_view(&reply.lasting), "Content-Range: bytes */100\r\n"));
            continue;
        }
        if (err != OK || from != rows[i].from || n != rows[i].n)
            fail_msg("row %zu: %ld %ld", i, (long)from, (long)n);
        assert_int_equal(reply.status, rows[i].status == 206 ? 206 : 0);
    }
    struct request req = with("Range", "bytes=0-1");
    off_t from, n;
    req.header[req.headers++] = (struct header){SLICE("If-Range"), SLICE("\"old\"")};
    fresh();
    assert_int_equal(reply_range(&ctx, &reply, &req, "\"e\"", 100, &from, &n), OK);
    assert_int_equal(n, 100);
    req.header[1].value = SLICE("\"e\"");
    fresh();
    assert_int_equal(reply_range(&ctx, &reply, &req, "\"e\"", 100, &from, &n), OK);
    assert_int_equal(n, 2);
    req.header[1].value = SLICE("W/\"e\"");
    fresh();
    assert_int_equal(reply_range(&ctx, &reply, &req, "W/\"e\"", 100, &from, &n), OK);
    assert_int_equal(n, 100);
}

static void dates_are_in_their_one_form(void **state)
{
    (void)state;
    char date[HEAD_DATE];
    head_date(784111777000, date);
    assert_string_equal(date, "Sun, 06 Nov 1994 08:49:37 GMT");
    head_date(0, date);
    assert_string_equal(date, "Thu, 01 Jan 1970 00:00:00 GMT");
    head_date(1709210096999, date);
    assert_string_equal(date, "Thu, 29 Feb 2024 12:34:56 GMT");
}

/* ---- the wire --------------------------------------------------------------------------------------- */

static struct {
    struct buf out;
    size_t writes;
    const char *in;
    size_t in_n, in_at;
    bool broken;
} line;

static bool write_line(struct wire *w, const void *p, size_t n, int64_t patience_ms)
{
    (void)w;
    assert_true(patience_ms >= WIRE_PATIENCE_MS);
    line.writes++;
    buf_add(&line.out, p, n);
    return !line.broken;
}

static int read_line(struct wire *w, void *p, size_t n, int64_t patience_ms)
{
    (void)w;
    (void)patience_ms;
    size_t left = line.in_n - line.in_at;
    n = n < left ? n : left;
    memcpy(p, line.in + line.in_at, n);
    line.in_at += n;
    return n ? (int)n : -1;
}

static struct wire wire = {NULL, read_line, write_line, NULL, &clock_system};

static void small_answers_are_one_write(void **state)
{
    (void)state;
    static char buffer[BUFFER_HEAD + BUFFER_BODY], text[100000];
    memset(text, 'x', sizeof text);
    static const struct {
        size_t body, still, writes;
    } rows[] = {{0, 0, 1}, {10, 0, 1}, {100000, 0, 1}, {0, 10, 1}, {0, 100000, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fresh();
        buf_init(&line.out, NULL, 1 << 20);
        line.writes = 0;
        reply.body.p = buffer + BUFFER_HEAD;
        reply.body.cap = BUFFER_BODY;
        if (rows[i].still)
            reply_still(&reply, "text/plain", (struct slice){text, rows[i].still});
        else
            buf_add(&reply.body, text, rows[i].body);
        assert_true(send_reply(&wire, &reply, SLICE("HEAD\r\n\r\n"), buffer, true));
        assert_int_equal(line.writes, rows[i].writes);
        assert_int_equal(line.out.n, 8 + rows[i].body + rows[i].still);
        assert_memory_equal(line.out.p, "HEAD\r\n\r\n", 8);
        buf_free(&line.out);
    }
}

static void outgrown_bodies_and_large_stills_arrive(void **state)
{
    (void)state;
    static char buffer[BUFFER_HEAD + BUFFER_BODY], text[700000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 'z';
    for (int still = 0; still < 2; still++) {
        fresh();
        buf_init(&line.out, NULL, 1 << 20);
        reply.body.p = buffer + BUFFER_HEAD;
        reply.body.cap = BUFFER_BODY;
        if (still)
            reply_still(&reply, "text/plain", (struct slice){text, sizeof text});
        else
            for (size_t at = 0; at < sizeof text; at += 7)
                buf_add(&reply.body, text + at, 7);
        assert_true(send_reply(&wire, &reply, SLICE("H"), buffer, true));
        assert_int_equal(line.out.n, 1 + sizeof text);
        assert_memory_equal(line.out.p + 1, text, sizeof text);
        buf_free(&line.out);
    }
}

static void a_head_alone_sends_no_content(void **state)
{
    (void)state;
    static char buffer[BUFFER_HEAD + BUFFER_BODY];
    fresh();
    buf_init(&line.out, NULL, 1 << 20);
    buf_str(&reply.body, "content");
    assert_true(send_reply(&wire, &reply, SLICE("H"), buffer, false));
    assert_int_equal(line.out.n, 1);
    buf_free(&line.out);
}

/* ---- bodies ------------------------------------------------------------------------------------------- */

static void bodies_are_bounded(void **state)
{
    (void)state;
    struct body body = {.wire = &wire, .left = 10, .expects = true};
    struct request req = {.body = &body, .content_length = 10};
    struct slice out;
    fresh();
    buf_init(&line.out, NULL, 1 << 10);
    line.in = "0123456789more";
    line.in_n = 14;
    line.in_at = 0;
    assert_int_equal(body_read_all(&ctx, &req, 9, &out), ERR_TOO_LARGE);
    assert_int_equal(line.out.n, 0); /* and no "100 Continue" before */
    fresh();
    assert_int_equal(body_read_all(&ctx, &req, 10, &out), OK);
    assert_true(slice_is(out, "0123456789"));
    assert_true(slice_is(buf_view(&line.out), "HTTP/1.1 100 Continue\r\n\r\n"));
    assert_int_equal(body.left, 0);
    body = (struct body){.wire = &wire, .left = 10};
    fresh();
    assert_int_equal(body_read_all(&ctx, &req, 10, &out), ERR_TIMEOUT); /* only four come */
    assert_true(body.broken);
    buf_free(&line.out);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
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
        cmocka_unit_test(fields_cannot_be_split),
        cmocka_unit_test(tags_are_compared_weakly),
        cmocka_unit_test(ranges_are_single_and_inside),
        cmocka_unit_test(dates_are_in_their_one_form),
        cmocka_unit_test(small_answers_are_one_write),
        cmocka_unit_test(outgrown_bodies_and_large_stills_arrive),
        cmocka_unit_test(a_head_alone_sends_no_content),
        cmocka_unit_test(bodies_are_bounded),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
