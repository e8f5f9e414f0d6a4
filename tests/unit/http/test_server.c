/*
 * test_server.c - a real server in this process, driven over raw sockets: what is promised to a
 * client that behaves. For the others see test_hostile.c and tests/http/test_edge.py.
 */
#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "support_world.h"

/* ---- tests ------------------------------------------------------------------------------------------- */

static void a_read_is_answered(void **state)
{
    (void)state;
    world_ask("GET /hello HTTP/1.1\r\n" HOST "X-Request-ID: abc.1\r\n\r\n");
    assert_int_equal(world_answer.status, 200);
    assert_string_equal(raw_body(&world_answer), "{\"hello\":\"world\",\"request_id\":\"abc.1\"}");
    assert_string_equal(world_field("Content-Type"), "application/json");
    assert_string_equal(world_field("X-Request-ID"), "abc.1");
    assert_string_equal(world_field("Cache-Control"), "no-store");
    assert_string_equal(world_field("X-Content-Type-Options"), "nosniff");
    assert_string_equal(world_field("X-Frame-Options"), "DENY");
    assert_string_equal(world_field("Referrer-Policy"), "no-referrer");
    assert_string_equal(world_field("Cross-Origin-Opener-Policy"), "same-origin");
    assert_string_equal(world_field("Cross-Origin-Resource-Policy"), "same-origin");
    assert_non_null(strstr(world_field("Content-Security-Policy"), "sandbox"));
    assert_string_equal(world_field("Strict-Transport-Security"), "");
    assert_string_equal(world_field("Connection"), "");
    assert_int_equal(strlen(world_field("Date")), 29);
    world_ask("GET /hello HTTP/1.1\r\n" HOST "X-Request-ID: not sane\r\n\r\n");
    assert_string_not_equal(world_field("X-Request-ID"), "not sane");
    assert_true(strlen(world_field("X-Request-ID")) > 8);
}

static void a_page_has_a_strict_policy_and_a_tag(void **state)
{
    (void)state;
    world_ask("GET /tagged HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(world_answer.status, 200);
    assert_string_equal(raw_body(&world_answer), "<p>still</p>");
    assert_non_null(strstr(world_field("Content-Security-Policy"), "script-src 'self';"));
    assert_null(strstr(world_field("Content-Security-Policy"), "sandbox"));
    assert_string_equal(world_field("ETag"), "\"abc\"");
    world_ask("GET /tagged HTTP/1.1\r\n" HOST "If-None-Match: \"x\", W/\"abc\"\r\n\r\n");
    assert_int_equal(world_answer.status, 304);
    assert_string_equal(world_field("Content-Length"), "");
    assert_string_equal(raw_body(&world_answer), "");
}

static void methods_are_told(void **state)
{
    (void)state;
    world_ask("HEAD /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    assert_int_equal(world_answer.status, 200);
    assert_string_equal(raw_body(&world_answer), "");
    assert_true(strtoul(world_field("Content-Length"), NULL, 10) > 30);
    world_ask("OPTIONS /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(world_answer.status, 204);
    assert_string_equal(world_field("Allow"), "GET, HEAD, DELETE, OPTIONS");
    world_ask("PUT /hello HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n");
    assert_int_equal(world_answer.status, 405);
    assert_string_equal(world_field("Allow"), "GET, HEAD, DELETE, OPTIONS");
    world_ask("PROPFIND /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(world_answer.status, 405);
    world_ask("OPTIONS /none HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(world_answer.status, 404);
}

static void paths_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int status;
        const char *body;
    } rows[] = {
        {"/names/a%20b", 200, "a b"},
        {"/names/a%2Fb", 404, "shape of /names"},
        {"/names/a%252Fb", 200, "a%2Fb"},
        {"/names/%00", 400, "shape of /names"},
        {"/names/%zz", 400, NULL},
        {"/names/%2e%2e", 400, NULL},
        {"/names/..", 400, NULL},
        {"/hello/", 404, NULL},
        {"/hello/x", 404, NULL},
        {"/hello%00x", 400, NULL},
        {"/x/../hello", 400, NULL},
        {"//hello", 400, NULL},
        {"/rest/a/b/c", 200, "a/b/c"},
        {"/rest/a%2Fb/c/", 200, "a/b/c/"},
        {"/names/%ff", 400, NULL},
        {"/names/%0a", 400, NULL},
        {"/names/caf%C3%A9", 200, "caf\xC3\xA9"},
        {"/namesake", 404, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "GET %s HTTP/1.1\r\n" HOST "\r\n", rows[i].path);
        world_ask(text);
        if (world_answer.status != rows[i].status)
            fail_msg("%s: %d, expected %d", rows[i].path, world_answer.status, rows[i].status);
        if (rows[i].body)
            assert_string_equal(raw_body(&world_answer), rows[i].body);
    }
}

static void failures_have_their_shape(void **state)
{
    (void)state;
    world_ask("GET /fail HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(world_answer.status, 500);
    assert_null(strstr(raw_body(&world_answer), "for the log"));
    world_ask("GET /silent HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(world_answer.status, 409);
    world_ask("GET /split HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(world_answer.status, 500);
    assert_string_equal(world_field("Set-Cookie"), "");
    world_ask("POST /secret HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}");
    assert_int_equal(world_answer.status, 401);
    assert_string_equal(world_field("WWW-Authenticate"), "Bearer realm=\"larder\"");
}

static void bodies_are_read_within_limits(void **state)
{
    (void)state;
    world_ask("POST /echo HTTP/1.1\r\n" HOST
              "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n"
              "{\"a\":1}");
    assert_int_equal(world_answer.status, 200);
    assert_string_equal(raw_body(&world_answer), "{\"a\":1}");
    world_ask("POST /echo HTTP/1.1\r\n" HOST
              "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}");
    assert_int_equal(world_answer.status, 415);
    assert_string_equal(world_field("Connection"), "close");
    world_ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n");
    assert_int_equal(world_answer.status, 413);
    world_ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n");
    assert_int_equal(world_answer.status, 413);
    world_ask("POST /upload HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_int_equal(world_answer.status, 411);
    world_ask("GET /hello HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx");
    assert_int_equal(world_answer.status, 400);
}

static void a_form_is_read(void **state)
{
    (void)state;
    static const char form[] =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\""
        "\r\n\r\nhello\r\n--b--\r\n";
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "POST /upload HTTP/1.1\r\n" HOST
                   "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %zu\r\n\r\n%s",
                   sizeof form - 1, form);
    world_ask(text);
    assert_int_equal(world_answer.status, 200);
    assert_string_equal(raw_body(&world_answer), "hello");
    world_ask("POST /upload HTTP/1.1\r\n" HOST
              "Content-Type: application/zip\r\nContent-Length: 2\r\n\r\nPK");
    assert_int_equal(world_answer.status, 415);
    world_ask("POST /upload HTTP/1.1\r\n" HOST "Content-Type: multipart/form-data; boundary=b\r\n"
              "Content-Length: 165537\r\n\r\n");
    assert_int_equal(world_answer.status, 413);
}

static void large_answers_arrive_whole(void **state)
{
    (void)state;
    world_ask("GET /large HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(world_answer.status, 200);
    assert_int_equal(strlen(raw_body(&world_answer)), 600000);
    assert_memory_equal(raw_body(&world_answer) + 599990, "0123456789", 10);
    world_ask("GET /file HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(strlen(raw_body(&world_answer)), 559999);
    assert_memory_equal(raw_body(&world_answer), "bcdefghabc", 10);
    assert_memory_equal(raw_body(&world_answer) + 559999 - 3, "fgh", 3);
}

static void a_stream_ends_with_its_connection(void **state)
{
    (void)state;
    static const char text[] = "GET /stream HTTP/1.1\r\n" HOST "\r\n";
    int fd = raw_open(world_url());
    raw_send(fd, text, sizeof text - 1);
    raw_read_all(fd, &world_answer);
    close(fd);
    assert_true(world_answer.closed);
    assert_string_equal(raw_body(&world_answer), "data: tick\n\ndata: tick\n\ndata: tick\n\n");
    assert_string_equal(world_field("Content-Length"), "");
    assert_string_equal(world_field("Connection"), "close");
}

static void expectations_are_answered(void **state)
{
    (void)state;
    static const char head[] = "POST /echo HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
                               "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    int fd = raw_open(world_url());
    char got[64];
    raw_send(fd, head, sizeof head - 1);
    ssize_t n = recv(fd, got, sizeof got, 0);
    assert_int_equal(n, 25);
    assert_memory_equal(got, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    raw_send(fd, "{}", 2);
    raw_read(fd, &world_answer, false);
    assert_int_equal(world_answer.status, 200);
    close(fd);
    world_ask("POST /secret HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(world_answer.status, 401);
    assert_null(strstr(world_answer.text, "100 Continue"));
    world_ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: tea\r\n\r\n");
    assert_int_equal(world_answer.status, 417);
}

static void connections_go_on_or_end_as_said(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        bool goes_on;
    } rows[] = {
        {"GET /hello HTTP/1.1\r\n" HOST "\r\n", true},
        {"GET /hello HTTP/1.1\r\n" HOST "Connection: keep-alive\r\n\r\n", true},
        {"GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false},
        {"GET /hello HTTP/1.1\r\n" HOST "Connection: close, keep-alive\r\n\r\n", false},
        {"GET /hello HTTP/1.1\r\n" HOST "Connection: TE\r\n\r\n", false},
        {"GET /hello HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false},
        {"GET /hello HTTP/1.0\r\nX: y\r\n\r\n", false},
        {"GET /hello HTTP/1.0\r\n\r\n", false},
        {"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
        {"GET /none HTTP/1.1\r\n" HOST "\r\n", true},
        {"GET /hello HTTP/1.1\r\nX: y\r\n\r\n", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = raw_open(world_url());
        raw_send(fd, rows[i].request, strlen(rows[i].request));
        raw_read(fd, &world_answer, false);
        bool says = strcmp(world_field("Connection"), "close") != 0;
        if (says != rows[i].goes_on)
            fail_msg("row %zu says '%s'", i, world_field("Connection"));
        if (rows[i].goes_on) {
            static const char again[] = "GET /hello HTTP/1.1\r\n" HOST "\r\n";
            raw_send(fd, again, sizeof again - 1);
            raw_read(fd, &world_answer, false);
            assert_int_equal(world_answer.status, 200);
        } else {
            assert_true(raw_is_closed(fd));
        }
        close(fd);
    }
}

static int64_t stop_beside_idle_ones(void)
{
    int idle[8];
    static const char text[] = "GET /hello HTTP/1.1\r\n" HOST "\r\n";
    for (int i = 0; i < 8; i++) {
        idle[i] = raw_open(world_url());
        raw_send(idle[i], text, i % 2 ? sizeof text - 1 : 9);
        if (i % 2)
            raw_read(idle[i], &world_answer, false);
    }
    int64_t begun = clock_mono_ms(&clock_system);
    world_stop();
    int64_t took = clock_mono_ms(&clock_system) - begun;
    for (int i = 0; i < 8; i++)
        close(idle[i]);
    world_start();
    return took;
}

/* The stop must not wait for a client that only keeps its connection. Of a machine that is busy with
 * something else one of several stops is quick. */
static void the_stop_is_quick(void **state)
{
    (void)state;
    int64_t took = INT64_MAX;
    for (int i = 0; i < 5 && took >= 1000; i++)
        took = stop_beside_idle_ones();
#ifdef LARDER_SOCKET_SEAM
    assert_true(took < 1000);
#else
    assert_true(took < 4500); /* the shared library looks every two seconds */
#endif
}

/* What a handler answers with 503 of its own is no failure; each line is written before the next
 * request of the connection is read. */
static void only_failures_are_logged_as_such(void **state)
{
    (void)state;
    static const char *const asked[] = {"GET /unready HTTP/1.1\r\n" HOST "\r\n",
                                        "GET /fail HTTP/1.1\r\n" HOST "\r\n",
                                        "GET /hello HTTP/1.1\r\n" HOST "\r\n"};
    static const int status[] = {503, 500, 200};
    struct log_record *before, *errors;
    struct arena arena;
    int fd = raw_open(world_url());
    arena_init(&arena, 1 << 20);
    size_t known = log_tail(world_log(), &arena, 0, LOG_ERROR, 100, &before);
    for (size_t i = 0; i < 3; i++) {
        raw_send(fd, asked[i], strlen(asked[i]));
        raw_read(fd, &world_answer, false);
        assert_int_equal(world_answer.status, status[i]);
    }
    close(fd);
    size_t count = log_tail(world_log(), &arena, 0, LOG_ERROR, 100, &errors);
    assert_int_equal(count, known + 1);
    assert_non_null(strstr(errors[count - 1].line, "path=/fail"));
    assert_non_null(strstr(errors[count - 1].line, "the cause is for the log"));
    arena_free(&arena);
}

#ifdef LARDER_SOCKET_SEAM
/* What the service manager does: the socket listens before there is a server. */
static void a_socket_is_taken_over(void **state)
{
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char want[64];
    static const char text[] = "GET /hello HTTP/1.1\r\n" HOST "\r\n";
    assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    (void)snprintf(want, sizeof want, "http://127.0.0.1:%d", ntohs(a.sin_port));
    int early = raw_open(want); /* a client that came before the server */
    raw_send(early, text, sizeof text - 1);
    world_stop();
    world_start_on(&fd);
    assert_string_equal(world_url(), want);
    raw_read(early, &world_answer, false);
    close(early);
    assert_int_equal(world_answer.status, 200);
    world_ask(text);
    assert_int_equal(world_answer.status, 200);
    world_stop();
    int late = raw_open(want); /* it still listens: the socket is the manager's */
    close(late);
    close(fd);
    world_start();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_is_answered),
        cmocka_unit_test(a_page_has_a_strict_policy_and_a_tag),
        cmocka_unit_test(methods_are_told),
        cmocka_unit_test(paths_are_exact),
        cmocka_unit_test(failures_have_their_shape),
        cmocka_unit_test(bodies_are_read_within_limits),
        cmocka_unit_test(a_form_is_read),
        cmocka_unit_test(large_answers_arrive_whole),
        cmocka_unit_test(a_stream_ends_with_its_connection),
        cmocka_unit_test(expectations_are_answered),
        cmocka_unit_test(connections_go_on_or_end_as_said),
        cmocka_unit_test(only_failures_are_logged_as_such),
        cmocka_unit_test(the_stop_is_quick),
#ifdef LARDER_SOCKET_SEAM
        cmocka_unit_test(a_socket_is_taken_over),
#endif
    };
    return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
