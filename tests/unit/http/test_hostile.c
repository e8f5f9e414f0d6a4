/*
 * test_hostile.c - the same server and clients that do not behave: malformed requests, limits,
 * foreign hosts and origins. The long table runs against the whole program (tests/http/test_edge.py).
 */
#include "http/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support_world.h"

static void malformed_requests_get_one_answer(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        int status;
    } rows[] = {
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
         400},
        {"POST /echo HTTP/1.1\r\n" HOST
         "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}GET / HTTP/1.1\r\n\r\n",
         400},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: +2\r\n\r\n{}", 400},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2abc\r\n\r\n{}", 400},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: -2\r\n\r\n{}", 400},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0x2\r\n\r\n{}", 400},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST HOST "\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n X: a\r\n" HOST "\r\n", 400},
        {"GET /hello HTTP/1.0\r\n \r\n" HOST "Content-Length: 9\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST " Content-Length: 9\r\nX: y\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\nHost: localhost\n\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: localhost\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: localhost\r\nX: y\n\n", 400},
        {"GET /hello HTTP/1.1\nHost: localhost\r\n\r\n", 400},
#ifdef LARDER_SOCKET_SEAM /* the shared library hides these two */
        {"GET /hello HTTP/1.1\n " HOST "\r\n", 400},
        {"GET /hello HTTP/1.1\n\r" HOST "\r\n", 400},
#endif
        {"GET  /hello HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /hello  HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET\t/hello HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /hello HTTP/1.1 \r\n" HOST "\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST "Name : v\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST ": v\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST "N(ame: v\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST "Name\r\n\r\n", 400},
        {"GET /hello HTTP/2.0\r\n" HOST "\r\n", 400},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
        {"GET /hello\r\n\r\n", 400},
        {"get /hello HTTP/1.1\r\n" HOST "\r\n", 400},
        {"BREW /hello HTTP/1.1\r\n" HOST "\r\n", 400},
        {"\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n", 400},
        {"\r\n\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n", 400},
        {"\n\nGET /hello HTTP/1.1\r\n" HOST "\r\n", 400},
        {" GET /hello HTTP/1.1\r\n" HOST "\r\n", 400},
        {"\r\n\r\n", 400},
        {"GET /hello#x HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET hello HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
        {"GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: user@localhost\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: localhost:99999\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST "X: a\x01"
         "b\r\n\r\n",
         400},
        {"\x16\x03\x01\x02", 400},
    };
    for (int round = 0; round < 2; round++) /* fresh workers first, then used buffers */
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            int fd = raw_open(world_url());
            raw_send(fd, rows[i].request, strlen(rows[i].request));
            shutdown(fd, SHUT_WR);
            raw_read_all(fd, &world_answer);
            close(fd);
            if (world_answer.status != rows[i].status &&
                !(world_answer.n == 0 && rows[i].status == 400))
                fail_msg("row %zu, '%.40s': %d, expected %d", i, rows[i].request,
                         world_answer.status, rows[i].status);
            if (rows[i].status == 400 && (world_answer.answers > 1 || !world_answer.closed))
                fail_msg("row %zu, '%.40s': %zu answers", i, rows[i].request, world_answer.answers);
        }
}

static void limits_are_exact(void **state)
{
    (void)state;
    static char text[40000];
    static const struct {
        int uri, fields, head, status;
    } rows[] = {
        {4096, 0, 0, 200},  {4097, 0, 0, 414},  {9000, 0, 0, 414},  {20000, 0, 0, 414},
        {0, 64, 0, 200},    {0, 65, 0, 431},    {0, 70, 0, 431},    {0, 0, 16384, 200},
        {0, 0, 16385, 431}, {0, 0, 20000, 431}, {0, 0, 32000, 431},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        buf_init(&b, NULL, sizeof text);
        buf_str(&b, "GET /hello");
        if (rows[i].uri)
            buf_char(&b, '?');
        while (b.n < (size_t)rows[i].uri + 4)
            buf_char(&b, 'q');
        buf_str(&b, " HTTP/1.1\r\n" HOST);
        for (int f = 1; f < rows[i].fields; f++)
            buf_printf(&b, "X-%d: y\r\n", f);
        if (rows[i].head)
            buf_str(&b, "X-Long: ");
        while (b.n + 4 < (size_t)rows[i].head)
            buf_char(&b, 'h');
        if (rows[i].head)
            buf_str(&b, "\r\n");
        buf_str(&b, "\r\n");
        if (rows[i].head)
            assert_int_equal(b.n, rows[i].head);
        world_ask(buf_text(&b));
        buf_free(&b);
        if (world_answer.status != rows[i].status)
            fail_msg("row %zu: %d, expected %d", i, world_answer.status, rows[i].status);
    }
}

static void hosts_and_origins(void **state)
{
    (void)state;
    static const struct {
        const char *method, *fields;
        int status;
        const char *allowed;
    } rows[] = {
        {"GET", "Host: 127.0.0.1\r\n", 200, ""},
        {"GET", "Host: 127.0.0.1:8080\r\n", 200, ""},
        {"GET", "Host: [::1]:80\r\n", 200, ""},
        {"GET", "Host: LOCALHOST.\r\n", 200, ""},
        {"GET", "Host: a.localhost:1\r\n", 200, ""},
        {"GET", "Host: notlocalhost\r\n", 421, ""},
        {"GET", "Host: box.lan:8080\r\n", 200, ""},
        {"GET", "Host: evil.box.lan\r\n", 421, ""},
        {"GET", "Host: larder.example\r\n", 200, ""},
        {"GET", "Host: larder.example.evil\r\n", 421, ""},
        {"GET", "Host: 1.2.3\r\n", 421, ""},
        {"DELETE", HOST, 200, ""},
        {"DELETE", HOST "Origin: http://localhost\r\n", 200, ""},
        {"DELETE", HOST "Origin: https://localhost\r\n", 200, ""},
        {"DELETE", HOST "Origin: http://localhost:81\r\n", 403, ""},
        {"DELETE", HOST "Origin: null\r\n", 403, ""},
        {"DELETE", HOST "Origin: https://evil.example\r\n", 403, ""},
        {"DELETE", HOST "Origin: https://larder.example\r\n", 200, ""},
        {"DELETE", HOST "Origin: https://friend.example\r\n", 200, "https://friend.example"},
        {"DELETE", HOST "Origin: https://friend.example\r\nCookie: s=1\r\n", 403,
         "https://friend.example"},
        {"DELETE", HOST "Sec-Fetch-Site: cross-site\r\nCookie: s=1\r\n", 403, ""},
        {"DELETE", HOST "Sec-Fetch-Site: cross-site\r\n", 200, ""},
        {"DELETE",
         HOST "Sec-Fetch-Site: same-origin\r\nCookie: s=1\r\nOrigin: http://localhost\r\n", 200,
         ""},
        {"GET", HOST "Origin: https://evil.example\r\n", 200, ""},
        {"GET", HOST "Origin: https://friend.example\r\n", 200, "https://friend.example"},
        {"OPTIONS",
         HOST "Origin: https://friend.example\r\nAccess-Control-Request-Method: DELETE\r\n", 204,
         "https://friend.example"},
        {"OPTIONS",
         HOST "Origin: https://evil.example\r\nAccess-Control-Request-Method: DELETE\r\n", 204, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "%s /hello HTTP/1.1\r\n%s\r\n", rows[i].method,
                       rows[i].fields);
        world_ask(text);
        if (world_answer.status != rows[i].status)
            fail_msg("row %zu: %d, expected %d", i, world_answer.status, rows[i].status);
        assert_string_equal(world_field("Access-Control-Allow-Origin"), rows[i].allowed);
        assert_int_equal(strcmp(world_field("Access-Control-Allow-Methods"), "") != 0,
                         rows[i].status == 204 && rows[i].allowed[0] != '\0');
        if (rows[i].status == 421)
            assert_non_null(strstr(raw_body(&world_answer), "LARDER_ALLOWED_HOSTS"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_requests_get_one_answer),
        cmocka_unit_test(limits_are_exact),
        cmocka_unit_test(hosts_and_origins),
    };
    return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
