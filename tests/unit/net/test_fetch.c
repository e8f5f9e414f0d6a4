/*
 * test_fetch.c - one outbound request against a server of this test's own: what is sent, what comes
 * back, and every limit.
 */
#include "net/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { REQUEST_MAX = 1 << 20, URL_MAX = 128 };

/* Answers every connection with the same bytes; keeps the last request as it came. */
struct server {
    int listener;
    pthread_t thread;
    struct slice answer; /* empty = never answers, and waits for the client to go */
    atomic_int requests;
    char request[REQUEST_MAX];
    size_t n;
    char url[URL_MAX];
};

struct bench {
    struct arena arena;
    struct ctx ctx;
    struct server server;
};

static size_t body_length(const char *head)
{
    const char *at = strstr(head, "Content-Length: ");
    return at ? strtoul(at + 16, NULL, 10) : 0;
}

static void read_request(struct server *s, int fd)
{
    s->n = 0;
    for (;;) {
        s->request[s->n] = '\0';
        const char *end = strstr(s->request, "\r\n\r\n");
        if (end && s->n >= (size_t)(end + 4 - s->request) + body_length(s->request))
            return;
        ssize_t got = recv(fd, s->request + s->n, REQUEST_MAX - 1 - s->n, 0);
        if (got <= 0)
            return;
        s->n += (size_t)got;
    }
}

static void *serve(void *arg)
{
    struct server *s = arg;
    char ignored[256];
    for (int fd; (fd = accept(s->listener, NULL, NULL)) >= 0; (void)close(fd)) {
        read_request(s, fd);
        atomic_fetch_add(&s->requests, 1);
        for (size_t at = 0; at < s->answer.n;) {
            ssize_t put = send(fd, s->answer.p + at, s->answer.n - at, MSG_NOSIGNAL);
            if (put <= 0)
                break;
            at += (size_t)put;
        }
        while (s->answer.n == 0 && recv(fd, ignored, sizeof ignored, 0) > 0)
            ;
    }
    return NULL;
}

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b); /* freed by teardown */
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    assert_non_null(b);
    struct server *s = &b->server;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &n), 0);
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/a/b?c=d", ntohs(at.sin_port));
    assert_int_equal(fetch_open(), OK);
    arena_init(&b->arena, 64 << 20);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
    *state = b;
    return 0;
}

static void answer_with(struct bench *b, struct slice answer)
{
    b->server.answer = answer;
    assert_int_equal(pthread_create(&b->server.thread, NULL, serve, &b->server), 0);
}

/* Ends the server: afterwards its request may be read. */
static void stop(struct bench *b)
{
    (void)shutdown(b->server.listener, SHUT_RDWR);
    assert_int_equal(pthread_join(b->server.thread, NULL), 0);
    (void)close(b->server.listener);
    b->server.listener = -1;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    if (b->server.listener >= 0)
        (void)close(b->server.listener); /* a test that never began to serve */
    fetch_close();
    arena_free(&b->arena);
    free(b);
    return 0;
}

static void an_answer_comes_back_whole(void **state)
{
    struct bench *b = *state;
    struct fetch_request req = {.method = "GET", .url = b->server.url};
    struct fetch_answer out;
    assert_true(fetch_add(&req, "Authorization", SLICE("Bearer x")));
    assert_true(fetch_add(&req, "X-Empty", SLICE("")));
    answer_with(b, SLICE("HTTP/1.1 203 Fine\r\nContent-Length: 5\r\nX-Twice: one\r\n"
                         "x-twice:  two \t\r\nX-None:\r\n\r\nhello"));
    assert_int_equal(fetch_run(&b->ctx, &req, &out), OK);
    stop(b);
    assert_int_equal(out.status, 203);
    assert_true(slice_is(out.body, "hello"));
    assert_true(slice_is(fetch_header(&out, "X-TWICE"), "two")); /* the last of them, trimmed */
    assert_int_equal(fetch_header(&out, "X-None").n, 0);
    assert_null(fetch_header(&out, "X-Twic").p);
    assert_null(fetch_header(&out, "HTTP/1.1 203 Fine").p);
    assert_memory_equal(b->server.request, "GET /a/b?c=d HTTP/1.1\r\n", 23);
    assert_non_null(strstr(b->server.request, "\r\nAuthorization: Bearer x\r\n"));
    assert_non_null(strstr(b->server.request, "\r\nX-Empty:\r\n"));
    assert_null(strstr(b->server.request, "Expect:"));
}

static void an_error_status_is_an_answer(void **state)
{
    struct bench *b = *state;
    const struct fetch_request req = {.method = "GET", .url = b->server.url};
    struct fetch_answer out;
    answer_with(b, SLICE("HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\nno"));
    assert_int_equal(fetch_run(&b->ctx, &req, &out), OK);
    stop(b);
    assert_int_equal(out.status, 503);
    assert_true(slice_is(out.body, "no"));
    assert_true(slice_is(fetch_header(&out, "retry-after"), "3"));
}

static void a_body_is_sent_with_its_length(void **state)
{
    struct bench *b = *state;
    static const char *const methods[] = {"PUT", "POST", "PATCH"};
    char *body = arena_alloc(&b->arena, 300000);
    for (size_t i = 0; i < 300000; i++)
        body[i] = (char)(i * 7 + i / 256); /* any byte, NUL too */
    answer_with(b, SLICE("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    for (size_t i = 0; i < 3; i++) {
        struct fetch_request req = {
            .method = methods[i], .url = b->server.url, .body = {body, 300000}, .has_body = true};
        struct fetch_answer out;
        assert_int_equal(fetch_run(&b->ctx, &req, &out), OK);
    }
    stop(b);
    const char *request = b->server.request, *end = strstr(request, "\r\n\r\n");
    assert_memory_equal(request, "PATCH ", 6);
    assert_non_null(strstr(request, "\r\nContent-Length: 300000\r\n"));
    assert_null(strstr(request, "100-continue"));
    assert_int_equal(request + b->server.n - (end + 4), 300000);
    assert_memory_equal(end + 4, body, 300000);
}

static void a_head_request_waits_for_no_body(void **state)
{
    struct bench *b = *state;
    const struct fetch_request req = {.method = "HEAD", .url = b->server.url};
    struct fetch_answer out;
    answer_with(b, SLICE("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"));
    assert_int_equal(fetch_run(&b->ctx, &req, &out), OK);
    stop(b);
    assert_memory_equal(b->server.request, "HEAD ", 5);
    assert_int_equal(out.body.n, 0);
    assert_true(slice_is(fetch_header(&out, "Content-Length"), "1000"));
}

static void a_redirect_is_not_followed(void **state)
{
    struct bench *b = *state;
    const struct fetch_request req = {.method = "GET", .url = b->server.url};
    struct fetch_answer out;
    answer_with(b,
                SLICE("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"));
    assert_int_equal(fetch_run(&b->ctx, &req, &out), OK);
    stop(b);
    assert_int_equal(out.status, 302);
    assert_int_equal(atomic_load(&b->server.requests), 1);
    assert_true(slice_is(fetch_header(&out, "Location"), "/elsewhere"));
}

static void an_interim_answer_is_not_the_answer(void **state)
{
    struct bench *b = *state;
    const struct fetch_request req = {.method = "GET", .url = b->server.url};
    struct fetch_answer out;
    answer_with(b, SLICE("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
                         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    assert_int_equal(fetch_run(&b->ctx, &req, &out), OK);
    stop(b);
    assert_int_equal(out.status, 200);
    assert_null(fetch_header(&out, "X-Early").p);
    assert_true(slice_is(out.body, "ok"));
}

static void what_is_too_large_is_cut_off(void **state)
{
    struct bench *b = *state;
    struct fetch_request req = {.method = "GET", .url = b->server.url, .answer_max = 10};
    struct fetch_answer out;
    answer_with(b, SLICE("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789A"));
    assert_int_equal(fetch_run(&b->ctx, &req, &out), ERR_TOO_LARGE);
    ctx_forgive(&b->ctx);
    req.answer_max = 11; /* and one that just fits is not */
    assert_int_equal(fetch_run(&b->ctx, &req, &out), OK);
    stop(b);
    assert_true(slice_is(out.body, "0123456789A"));
}

static void an_endless_head_is_cut_off(void **state)
{
    struct bench *b = *state;
    const struct fetch_request req = {.method = "GET", .url = b->server.url};
    struct fetch_answer out;
    struct buf head;
    buf_init(&head, &b->arena, 1 << 20);
    buf_str(&head, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 2000; i++)
        buf_printf(&head, "X-%d: 0123456789012345678901234567890123456789\r\n", i);
    buf_str(&head, "Content-Length: 0\r\n\r\n");
    assert_true(head.n > 64 << 10);
    answer_with(b, buf_view(&head));
    assert_int_equal(fetch_run(&b->ctx, &req, &out), ERR_TOO_LARGE);
    stop(b);
}

static void an_answer_that_breaks_off_is_none(void **state)
{
    struct bench *b = *state;
    const struct fetch_request req = {.method = "GET", .url = b->server.url};
    struct fetch_answer out;
    answer_with(b, SLICE("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"));
    assert_int_equal(fetch_run(&b->ctx, &req, &out), ERR_IO);
    stop(b);
}

static void silence_ends_in_time(void **state)
{
    struct bench *b = *state;
    const struct fetch_request req = {.method = "GET", .url = b->server.url, .timeout_ms = 50};
    struct fetch_answer out;
    answer_with(b, SLICE_NONE);
    int64_t begun = clock_mono_ms(&clock_system);
    assert_int_equal(fetch_run(&b->ctx, &req, &out), ERR_TIMEOUT);
    assert_true(clock_mono_ms(&clock_system) - begun < 60000); /* nobody answers, ever */
    stop(b);
}

static void nobody_there_is_told(void **state)
{
    struct bench *b = *state;
    const struct fetch_request req = {.method = "GET", .url = b->server.url};
    struct fetch_answer out;
    assert_int_equal(close(b->server.listener), 0);
    b->server.listener = -1;
    assert_int_equal(fetch_run(&b->ctx, &req, &out), ERR_IO);
    assert_null(strstr(ctx_sentence(&b->ctx), "c=d")); /* no query in a sentence */
}

static void metadata_addresses_are_never_called(void **state)
{
    struct bench *b = *state;
    static const char *const urls[] = {"http://169.254.169.254/latest/meta-data/",
                                       "http://169.254.0.1:1/",
                                       "http://[fe80::1]:1/",
                                       "http://[febf::1]:1/",
                                       "http://[::ffff:169.254.169.254]:1/",
                                       "http://0xA9FEA9FE/",
                                       "http://2852039166/"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        const struct fetch_request req = {.method = "GET", .url = urls[i], .timeout_ms = 2000};
        struct fetch_answer out;
        ctx_forgive(&b->ctx);
        if (fetch_run(&b->ctx, &req, &out) != ERR_FORBIDDEN)
            fail_msg("%s: %s", urls[i], ctx_sentence(&b->ctx));
    }
}

static void other_schemes_are_not_spoken(void **state)
{
    struct bench *b = *state;
    static const char *const urls[] = {"file:///etc/hostname",
                                       "ftp://127.0.0.1:1/x",
                                       "gopher://127.0.0.1:1/x",
                                       "",
                                       "http://",
                                       "no url"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        const struct fetch_request req = {.method = "GET", .url = urls[i], .timeout_ms = 2000};
        struct fetch_answer out;
        ctx_forgive(&b->ctx);
        assert_int_not_equal(fetch_run(&b->ctx, &req, &out), OK);
        assert_int_equal(out.body.n, 0);
    }
}

static void the_environment_names_no_proxy(void **state)
{
    struct bench *b = *state;
    const struct fetch_request req = {.method = "GET", .url = b->server.url};
    struct fetch_answer out;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1/", 1), 0);
    assert_int_equal(setenv("all_proxy", "http://127.0.0.1:1/", 1), 0);
    answer_with(b, SLICE("HTTP/1.1 204 None\r\n\r\n"));
    enum err err = fetch_run(&b->ctx, &req, &out);
    (void)unsetenv("http_proxy");
    (void)unsetenv("all_proxy");
    stop(b);
    assert_int_equal(err, OK);
    assert_memory_equal(b->server.request, "GET /a/b", 8); /* not the absolute form */
}

struct watcher {
    int calls;
    int64_t most;
    int64_t stop_at; /* bytes sent; -1 = never */
};

static bool watch(void *arg, int64_t sent, int64_t received)
{
    struct watcher *w = arg;
    (void)received;
    w->calls++;
    w->most = sent > w->most ? sent : w->most;
    return w->stop_at < 0 || sent < w->stop_at;
}

static void the_caller_sees_progress_and_may_stop(void **state)
{
    struct bench *b = *state;
    struct watcher w = {.stop_at = -1};
    char *body = arena_alloc(&b->arena, 200000);
    struct fetch_request req = {.method = "PUT",
                                .url = b->server.url,
                                .body = {body, 200000},
                                .has_body = true,
                                .progress = watch,
                                .progress_arg = &w};
    struct fetch_answer out;
    answer_with(b, SLICE("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    assert_int_equal(fetch_run(&b->ctx, &req, &out), OK);
    assert_true(w.calls > 0);
    assert_int_equal(w.most, 200000);
    w = (struct watcher){.stop_at = 0};
    assert_int_equal(fetch_run(&b->ctx, &req, &out), ERR_TIMEOUT);
    assert_non_null(strstr(ctx_sentence(&b->ctx), "stopped"));
    assert_int_equal(w.calls, 1);
    stop(b);
}

struct drain {
    size_t got, full_at;
};

static enum err take(struct ctx *ctx, void *arg, struct slice piece)
{
    struct drain *d = arg;
    d->got += piece.n;
    return d->got > d->full_at ? ctx_fail(ctx, ERR_NO_SPACE, "the drain is full") : OK;
}

static void a_sink_takes_the_body_or_ends_it(void **state)
{
    struct bench *b = *state;
    struct drain d = {.full_at = 5};
    struct fetch_request req = {
        .method = "GET", .url = b->server.url, .answer_max = 1, .sink = take, .sink_arg = &d};
    struct fetch_answer out;
    answer_with(b, SLICE("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"));
    assert_int_equal(fetch_run(&b->ctx, &req, &out), OK);
    assert_int_equal(d.got, 5);
    assert_int_equal(out.body.n, 0);
    d = (struct drain){.full_at = 4};
    assert_int_equal(fetch_run(&b->ctx, &req, &out), ERR_NO_SPACE);
    stop(b);
    assert_string_equal(ctx_sentence(&b->ctx), "the drain is full");
}

static void want_of_memory_is_told_as_such(void **state)
{
    struct bench *b = *state;
    const struct fetch_request req = {.method = "GET", .url = b->server.url};
    struct fetch_answer out;
    struct buf text;
    buf_init(&text, &b->arena, 1 << 17);
    buf_str(&text, "HTTP/1.1 200 OK\r\nConnection: close\r\nX-Long: ");
    for (int i = 0; i < 6000; i++)
        buf_char(&text, 'h');
    buf_str(&text, "\r\n\r\n");
    for (int i = 0; i < 60000; i++)
        buf_char(&text, 'b');
    answer_with(b, buf_view(&text));
    bool done = false;
    for (size_t ceiling = 0; !done; ceiling += 4096) {
        struct arena poor;
        struct ctx ctx;
        arena_init(&poor, ceiling);
        ctx_init(&ctx, &poor, &clock_system, NULL, "test");
        enum err err = fetch_run(&ctx, &req, &out);
        done = err == OK;
        assert_true(done || err == ERR_NO_MEMORY);
        assert_true(!done || out.body.n == 60000);
        arena_free(&poor);
    }
    stop(b);
}

static void a_field_cannot_bring_another(void **state)
{
    (void)state;
    struct fetch_request req = {.method = "GET"};
    static const struct slice bad[] = {SLICE("a\r\nX: y"), SLICE("a\n"), SLICE("a\r"),
                                       SLICE("a\0b"), SLICE("\x1b")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(fetch_add(&req, "X", bad[i]));
    assert_int_equal(req.fields, 0);
    for (size_t i = 0; i < FETCH_FIELDS; i++)
        assert_true(fetch_add(&req, "X", SLICE("a\tb")));
    assert_false(fetch_add(&req, "X", SLICE("one too many")));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_answer_comes_back_whole),
        CASE(an_error_status_is_an_answer),
        CASE(a_body_is_sent_with_its_length),
        CASE(a_head_request_waits_for_no_body),
        CASE(a_redirect_is_not_followed),
        CASE(an_interim_answer_is_not_the_answer),
        CASE(what_is_too_large_is_cut_off),
        CASE(an_endless_head_is_cut_off),
        CASE(an_answer_that_breaks_off_is_none),
        CASE(silence_ends_in_time),
        CASE(nobody_there_is_told),
        CASE(metadata_addresses_are_never_called),
        CASE(other_schemes_are_not_spoken),
        CASE(the_environment_names_no_proxy),
        CASE(the_caller_sees_progress_and_may_stop),
        CASE(a_sink_takes_the_body_or_ends_it),
        CASE(want_of_memory_is_told_as_such),
        cmocka_unit_test(a_field_cannot_bring_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
