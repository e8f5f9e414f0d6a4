/*
 * test_check.c - the walk over a header block, fed with what civetweb makes of raw requests.
 *
 * `chop` does to the bytes what the library's parser does (blanks, colons and line ends become NUL),
 * so that a row below can be written as it would travel.
 */
#include "http/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct {
    struct arena arena;
    struct ctx ctx;
    struct request req;
    struct check check;
    struct check_seen seen[REQUEST_FIELDS];
    char block[20000];
} w;

/* Overwrites separators as the library does; counts fields as it does. */
static void chop(char *p, struct check_input *in)
{
    char *end = strstr(p, "\r\n\r\n");
    end[3] = '\0';
    in->block = p;
    in->query = NULL;
    in->fields = 0;
    in->seen = w.seen;
    char *blank = strchr(p, ' ');
    *blank = '\0';
    char *target = blank + 1, *second = strchr(target, ' '), *line = strstr(second, "\r\n");
    *second = '\0';
    char *mark = strchr(target, '?');
    if (mark) {
        *mark = '\0';
        in->query = mark + 1;
    }
    while (line[0] == '\r' && line[1] == '\n' && line <= end) {
        line[0] = line[1] = '\0';
        line += 2;
        if (line[0] == '\r') /* the empty line */
            return;
        char *colon = strchr(line, ':');
        *colon = '\0';
        w.seen[in->fields++] = (struct check_seen){line, colon + 1 + strspn(colon + 1, " \t")};
        line = strstr(colon + 1, "\r\n");
    }
}

static enum err walk(const char *raw)
{
    struct check_input in = {.n = sizeof w.block};
    memset(w.block, 0x5A, sizeof w.block);
    assert_true(strlen(raw) < sizeof w.block);
    memcpy(w.block, raw, strlen(raw) + 1);
    chop(w.block, &in);
    arena_reset(&w.arena);
    ctx_init(&w.ctx, &w.arena, &clock_system, NULL, "test");
    memset(&w.req, 0, sizeof w.req);
    enum err err = check_block(&w.ctx, &in, &w.req, &w.check);
    return err ? err : check_path(&w.ctx, &w.req);
}

static void a_good_block_is_read(void **state)
{
    (void)state;
    assert_int_equal(walk("POST /a/b%20c?x=1&y HTTP/1.1\r\nHost: h:80\r\nContent-Length: 12\r\n"
                          "Empty:\r\nBlank:   \r\nTail: v  \r\n\r\n"),
                     OK);
    assert_int_equal(w.req.method, METHOD_POST);
    assert_true(slice_is(w.req.path, "/a/b%20c"));
    assert_true(slice_is(w.req.query, "x=1&y"));
    assert_int_equal(w.req.segments, 2);
    assert_true(slice_is(w.req.segment[1], "b c"));
    assert_false(w.req.trailing_slash);
    assert_true(slice_is(w.req.host, "h:80"));
    assert_int_equal(w.req.content_length, 12);
    assert_int_equal(w.req.headers, 5);
    assert_true(slice_is(request_header(&w.req, "tail"), "v"));
    assert_int_equal(request_header(&w.req, "blank").n, 0);
    assert_non_null(request_header(&w.req, "blank").p);
    assert_null(request_header(&w.req, "absent").p);
    assert_true(w.check.keep_alive);
    assert_false(w.check.expects);
}

static void each_rule_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *rest; /* behind "GET /" */
        enum err err;
    } rows[] = {
        {" HTTP/1.1\r\nHost: h\r\n\r\n", OK},
        {"? HTTP/1.1\r\nHost: h\r\n\r\n", OK},
        {" HTTP/1.0\r\nX: y\r\n\r\n", OK},
        {" HTTP/1.0\r\n\r\n", OK},
        {" HTTP/1.1\r\n\r\n", ERR_INVALID},
        {" HTTP/1.2\r\nHost: h\r\n\r\n", ERR_INVALID},
        {" http/1.1\r\nHost: h\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h\r\nhost: h\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h/x\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h:\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h:65536\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: [::1\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: [::1]x\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: [::1]:8\r\n\r\n", OK},
        {" HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h\r\nContent-Length: 1 1\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\n", ERR_TOO_LARGE},
        {" HTTP/1.1\r\nHost: h\r\nContent-Length: 1099511627777\r\n\r\n", ERR_TOO_LARGE},
        {" HTTP/1.1\r\nHost: h\r\nContent-Length: 1099511627776\r\n\r\n", OK},
        {" HTTP/1.1\r\nHost: h\r\nContent-Length: 00\r\n\r\n", OK},
        {" HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", ERR_LENGTH},
        {" HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n", ERR_INVALID},
        {" HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
         ERR_INVALID},
        {" HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n\r\n", OK},
        {" HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n", ERR_EXPECTATION},
        {" HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h\r\nBad Name: v\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h\r\nN@me: v\r\n\r\n", ERR_INVALID},
        {" HTTP/1.1\r\nHost: h\r\nX: a\x7f\r\n\r\n", ERR_INVALID},
        {"a/./b HTTP/1.1\r\nHost: h\r\n\r\n", ERR_INVALID},
        {"%2E HTTP/1.1\r\nHost: h\r\n\r\n", ERR_INVALID},
        {"a//b HTTP/1.1\r\nHost: h\r\n\r\n", ERR_INVALID},
        {"a%0 HTTP/1.1\r\nHost: h\r\n\r\n", ERR_INVALID},
        {"a%00 HTTP/1.1\r\nHost: h\r\n\r\n", ERR_INVALID},
        {"a%C0%80 HTTP/1.1\r\nHost: h\r\n\r\n", ERR_INVALID},
        {"1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16 HTTP/1.1\r\nHost: h\r\n\r\n", OK},
        {"1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17 HTTP/1.1\r\nHost: h\r\n\r\n", ERR_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char raw[512] = "GET /";
        strncat(raw, rows[i].rest, sizeof raw - 6);
        enum err err = walk(raw);
        if (err != rows[i].err)
            fail_msg("row %zu: %s, expected %s (%s)", i, err_info(err)->name,
                     err_info(rows[i].err)->name, ctx_sentence(&w.ctx));
    }
}

static void an_absolute_address_must_name_the_host(void **state)
{
    (void)state;
    assert_int_equal(walk("GET http://H:80/x HTTP/1.1\r\nHost: h:80\r\n\r\n"), OK);
    assert_true(slice_is(w.req.path, "/x"));
    assert_int_equal(walk("GET http://other/x HTTP/1.1\r\nHost: h\r\n\r\n"), ERR_INVALID);
    assert_int_equal(walk("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n"), ERR_INVALID);
    assert_int_equal(walk("GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n"), ERR_INVALID);
    assert_int_equal(walk("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), ERR_INVALID);
}

static void unknown_methods_pass_as_such(void **state)
{
    (void)state;
    assert_int_equal(walk("PROPFIND /x HTTP/1.1\r\nHost: h\r\n\r\n"), OK);
    assert_int_equal(w.req.method, METHOD_COUNT);
    assert_int_equal(walk("G(T /x HTTP/1.1\r\nHost: h\r\n\r\n"), ERR_INVALID);
}

static void keep_alive_follows_the_library(void **state)
{
    (void)state;
    static const struct {
        const char *version, *connection;
        bool goes_on;
    } rows[] = {
        {"1.1", "", true},
        {"1.1", "Connection: keep-alive\r\n", true},
        {"1.1", "Connection: TE, Keep-Alive\r\n", true},
        {"1.1", "Connection: close\r\n", false},
        {"1.1", "Connection: keep-alive, close\r\n", false},
        {"1.1", "Connection: x\r\n", false},
        {"1.1", "Connection: keep-alive, Upgrade\r\n", false},
        {"1.0", "", false},
        {"1.0", "Connection: keep-alive\r\n", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char raw[128] = "GET / HTTP/";
        strncat(raw, rows[i].version, 8);
        strncat(raw, "\r\nHost: h\r\n", 16);
        strncat(raw, rows[i].connection, 64);
        strncat(raw, "\r\n", 3);
        assert_int_equal(walk(raw), OK);
        assert_int_equal(w.check.keep_alive, rows[i].goes_on);
    }
}

/* What only raw sockets can produce, as the library leaves it in its buffer. */
static void what_the_library_swallows_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *block;
        size_t n;
        size_t fields;
    } rows[] = {
        {"GET\0/\0HTTP/1.1\0\0Host\0 h\0\0 X: folded\0\0\r", 42, 1}, /* folded, so not parsed */
        {"GET\0/\0HTTP/1.1\0\0Host\0 h\0X\0 y\0\0\r", 33, 2},        /* a bare LF */
        {"GET\0/\0HTTP/1.1\0Host\0 h\0\0\r", 27, 1},                 /* LF behind the version */
        {"GET\0/\0HTTP/1.1\0\0\0Host\0 h\0\0\r", 29, 1},             /* a blank before the name */
        {"GET\0\0/\0HTTP/1.1\0\0Host\0 h\0\0\r", 29, 1},             /* two blanks */
        {"GET\0/\0HTTP/1.1\0\0Host\0\0h\0\0\r", 28, 1},              /* "Host :h" */
        {"GET\0/\0HTTP/1.0\0\0\0\0\0Host\0 h\0\0\r", 31, 1},         /* a line of blanks */
        {"GET\0/\0HTTP/1.1\0\0Host\0 h\0\0\r", 28, 2},               /* it counted otherwise */
        {"GET\0/\0HTTP/1.1\0\0Host\0 h\0\0", 26, 1},                 /* no end */
        {"GET", 3, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct check_input in = {rows[i].block, rows[i].n, NULL, rows[i].fields, NULL};
        ctx_init(&w.ctx, &w.arena, &clock_system, NULL, "test");
        enum err err = check_block(&w.ctx, &in, &w.req, &w.check);
        if (err == OK)
            fail_msg("row %zu was accepted", i);
    }
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&w.arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&w.arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_block_is_read),
        cmocka_unit_test(each_rule_refuses),
        cmocka_unit_test(an_absolute_address_must_name_the_host),
        cmocka_unit_test(unknown_methods_pass_as_such),
        cmocka_unit_test(keep_alive_follows_the_library),
        cmocka_unit_test(what_the_library_swallows_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
