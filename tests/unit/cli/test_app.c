/*
 * test_app.c - nothing of a server is global: two of them live in one process, and one may end
 * while the other goes on.
 */
#include "cli/app.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "cli/settings.h"
#include "http/server.h"

struct one {
    struct arena arena;
    struct ctx ctx;
    struct cli cli;
    struct app app;
    char data[64];
};

static void start(struct one *o)
{
    static char *const env[] = {NULL};
    memset(o, 0, sizeof *o);
    (void)snprintf(o->data, sizeof o->data, "/tmp/larder-app-XXXXXX");
    assert_non_null(mkdtemp(o->data));
    arena_init(&o->arena, 64 << 20);
    ctx_init(&o->ctx, &o->arena, &clock_system, NULL, "test");
    o->cli = (struct cli){.ctx = &o->ctx, .env = env, .in = stdin, .out = stdout, .err = stderr};
    o->cli.setting[0] = (struct config_flag){"data", o->data};
    o->cli.setting[1] = (struct config_flag){"listen", "127.0.0.1:0"};
    o->cli.setting[2] = (struct config_flag){"threads", "8"};
    o->cli.setting[3] = (struct config_flag){"log-level", "error"};
    o->cli.setting_count = 4;
    assert_int_equal(settings_load(&o->cli), OK);
    if (app_start(&o->app, &o->cli) != OK)
        fail_msg("%s (%s)", ctx_sentence(&o->ctx), o->ctx.fault.cause);
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static void stop(struct one *o)
{
    app_stop(&o->app);
    arena_free(&o->arena);
    assert_int_equal(nftw(o->data, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The status of GET path, 0 where nobody answers. */
static int get(const char *url, const char *path)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char text[512];
    uint64_t port;
    struct slice number = slice_of(strrchr(url, ':') + 1);
    assert_true(slice_to_u64(number, &port));
    to.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 0;
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) {
        int n = snprintf(text, sizeof text,
                         "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
        assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
        ssize_t got = recv(fd, text, sizeof text - 1, MSG_WAITALL);
        text[got > 0 ? got : 0] = '\0';
        uint64_t code; /* "HTTP/1.1 200" */
        if (got > 12 && slice_to_u64((struct slice){text + 9, 3}, &code))
            status = (int)code;
    }
    (void)close(fd);
    return status;
}

static void two_servers_live_in_one_process(void **state)
{
    (void)state;
    static struct one first, second;
    char url[128];
    start(&first);
    start(&second);
    (void)snprintf(url, sizeof url, "%s", server_url(first.app.server));
    assert_string_not_equal(url, server_url(second.app.server));
    assert_int_equal(get(url, "/readyz"), 200);
    assert_int_equal(get(server_url(second.app.server), "/readyz"), 200);
    assert_int_equal(get(url, "/metrics"), 401);
    stop(&first);
    assert_int_equal(get(url, "/readyz"), 0);
    assert_int_equal(get(server_url(second.app.server), "/readyz"), 200);
    stop(&second);
}

static void a_start_that_fails_leaves_nothing_behind(void **state)
{
    (void)state;
    static struct one first, second;
    start(&first);
    second = first; /* the same folder: refused */
    ctx_init(&second.ctx, &first.arena, &clock_system, NULL, "test");
    second.cli.ctx = &second.ctx;
    assert_int_equal(app_start(&second.app, &second.cli), ERR_CONFLICT);
    app_stop(&second.app);
    assert_int_equal(get(server_url(first.app.server), "/readyz"), 200);
    stop(&first);
}

int main(void)
{
    if (crypto_open() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_servers_live_in_one_process),
        cmocka_unit_test(a_start_that_fails_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
