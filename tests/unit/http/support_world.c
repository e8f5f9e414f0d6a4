/*
 * support_world.c - the routes, a guard, and a surface of its own below /names.
 */
#include "support_world.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/multipart.h"
#include "http/server.h"

static struct {
    struct router *router;
    struct metrics *metrics;
    struct server *server;
    struct arena arena;
    struct ctx ctx;
    struct log *log;
    int nowhere;
    const char *url;
} world;

/* ---- routes -------------------------------------------------------------------------------------- */

static enum err hello(struct ctx *ctx, struct call *call)
{
    struct jw j;
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "hello", "world");
    jw_put_str(&j, "request_id", ctx->request_id);
    jw_end(&j);
    return OK;
}

static enum err echo(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    reply_text(call->reply, "application/json", call->body);
    return OK;
}

static enum err name(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    reply_text(call->reply, "text/plain", call_param(call, "name"));
    return OK;
}

static enum err break_down(struct ctx *ctx, struct call *call)
{
    (void)call;
    return ctx_fail_cause(ctx, ERR_IO, "the cause is for the log");
}

static enum err silent(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    (void)call;
    return ERR_CONFLICT;
}

static enum err unready(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    reply_status(call->reply, 503);
    reply_text(call->reply, "text/plain", SLICE("not yet"));
    return OK;
}

static enum err split(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    reply_field(call->reply, "X-Split", "a\r\nSet-Cookie: b");
    return OK;
}

static enum err large(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    call->reply->type = "text/plain";
    for (int i = 0; i < 60000; i++)
        buf_str(&call->reply->body, "0123456789");
    return OK;
}

static enum err upload(struct ctx *ctx, struct call *call)
{
    struct form form;
    struct multipart_limits limits = {.max_file = 100000};
    enum err err = multipart_read(ctx, call->req, &limits, &form);
    if (err)
        return err;
    const struct part *file = form_find(&form, "file");
    if (file == NULL)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "file", "file is missing");
    reply_text(call->reply, "text/plain", file->data);
    return OK;
}

/* Says three things to whoever it is handed to, and ends. */
static void tell(void *arg, int fd)
{
    static const char tick[] = "data: tick\n\n";
    (void)arg;
    for (int i = 0; fd >= 0 && i < 3; i++)
        assert_int_equal(write(fd, tick, sizeof tick - 1), sizeof tick - 1);
    if (fd >= 0)
        close(fd);
}

static enum err stream(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    reply_stream(call->reply, "text/event-stream", tell, NULL);
    return OK;
}

static enum err file(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    char path[] = "/tmp/larder-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    for (int i = 0; i < 70000; i++)
        assert_int_equal(write(fd, "abcdefgh", 8), 8);
    reply_file(call->reply, "application/octet-stream", fd, 1, 8 * 70000 - 1);
    return OK;
}

static enum err tagged(struct ctx *ctx, struct call *call)
{
    (void)ctx;
    if (!reply_etag(call->reply, call->req, "\"abc\""))
        reply_still(call->reply, "text/html; charset=utf-8", SLICE("<p>still</p>"));
    return OK;
}

// clang-format off
static const struct route routes[] = {
    {METHOD_GET,    "/",               "public", BODY_NONE,   0, hello,  "hello"},
    {METHOD_GET,    "/hello",          "public", BODY_NONE,   0, hello,  "hello"},
    {METHOD_GET,    "/names/{name}",   "public", BODY_NONE,   0, name,   "a segment"},
    {METHOD_GET,    "/rest/{name...}", "public", BODY_NONE,   0, name,   "the rest"},
    {METHOD_POST,   "/echo",           "public", BODY_JSON,   0, echo,   "what was sent"},
    {METHOD_POST,   "/form",           "public", BODY_FORM,   0, echo,   "what was sent"},
    {METHOD_POST,   "/upload",         "public", BODY_UPLOAD, 0, upload, "a file"},
    {METHOD_POST,   "/secret",         "secret", BODY_JSON,   0, echo,   "never"},
    {METHOD_DELETE, "/hello",          "public", BODY_NONE,   0, hello,  "nothing"},
    {METHOD_GET,    "/fail",           "public", BODY_NONE,   0, break_down, "500"},
    {METHOD_GET,    "/silent",         "public", BODY_NONE,   0, silent, "409 without words"},
    {METHOD_GET,    "/unready",        "public", BODY_NONE,   0, unready, "503 that is an answer"},
    {METHOD_GET,    "/split",          "public", BODY_NONE,   0, split,  "a field that would split"},
    {METHOD_GET,    "/large",          "public", BODY_NONE,   0, large,  "600,000 bytes"},
    {METHOD_GET,    "/stream",         "public", BODY_NONE,   0, stream, "three ticks"},
    {METHOD_GET,    "/file",           "public", BODY_NONE,   0, file,   "559,999 bytes of a file"},
    {METHOD_GET,    "/tagged",         "public", BODY_NONE,   0, tagged, "with an ETag"},
};
// clang-format on

static const struct route_table table = {"test", routes, sizeof routes / sizeof *routes};

static enum err guard(struct ctx *ctx, void *app, struct call *call)
{
    assert_ptr_equal(app, &world);
    if (strcmp(call->route->permission, "public") == 0)
        return OK;
    return ctx_fail(ctx, ERR_UNKNOWN_CALLER, "Authentication required");
}

static void render_teapot(const struct ctx *ctx, const struct request *req, struct reply *reply)
{
    (void)ctx;
    (void)req;
    reply_text(reply, "text/plain", SLICE("shape of /names"));
}

static const struct surface surfaces[] = {{"/names", render_teapot}};

static struct server_options options = {.listen = "127.0.0.1:0",
                                        .threads = 24,
                                        .public_url = "https://larder.example/",
                                        .allowed_hosts = "box.lan, other.lan",
                                        .cors_origins = "https://friend.example"};

void world_start(void)
{
    const struct route_table *tables[] = {&table};
    struct metrics_route names[sizeof routes / sizeof *routes];
    struct server_hooks hooks = {&world, guard, surfaces, 1};
    arena_init(&world.arena, 1 << 20);
    ctx_init(&world.ctx, &world.arena, &clock_system, NULL, "test");
    assert_int_equal(router_new(&world.ctx, tables, 1, &world.router), OK);
    for (size_t i = 0; i < table.count; i++)
        names[i] = (struct metrics_route){method_name(routes[i].method), routes[i].pattern};
    world.metrics = metrics_new(names, table.count);
    world.nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    world.log = log_open(world.nowhere, LOG_INFO);
    assert_non_null(world.log);
    if (server_start(&world.ctx, &options, world.router, &hooks, &clock_system, world.log,
                     world.metrics, &world.server) != OK)
        fail_msg("%s", ctx_sentence(&world.ctx));
    world.url = server_url(world.server);
}

void world_start_on(const int *socket)
{
    options.sockets = socket;
    options.socket_count = 1;
    world_start();
    options.sockets = NULL; /* the server has taken it; its options are read at start only */
    options.socket_count = 0;
}

void world_stop(void)
{
    server_stop(world.server, 2000);
    log_close(world.log);
    close(world.nowhere);
    metrics_free(world.metrics);
    router_free(world.router);
    arena_free(&world.arena);
}

int world_set_up(void **state)
{
    (void)state;
    if (crypto_open() != OK)
        return -1;
    world_start();
    return 0;
}

int world_tear_down(void **state)
{
    (void)state;
    world_stop();
    return 0;
}

/* ---- helpers ---------------------------------------------------------------------------------------- */

struct raw_answer world_answer;

void world_ask(const char *text)
{
    int fd = raw_open(world.url);
    raw_send(fd, text, strlen(text));
    raw_read(fd, &world_answer, strncmp(text, "HEAD", 4) == 0);
    close(fd);
}

const char *world_field(const char *of)
{
    static char value[512];
    return raw_field(&world_answer, of, value);
}

struct log *world_log(void)
{
    return world.log;
}

const char *world_url(void)
{
    return world.url;
}
