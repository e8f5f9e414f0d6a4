/*
 * fuzz_query.c - any bytes as a query string, a form, a path, and as the fields that are lists:
 * If-None-Match, Range, Cookie.
 *
 * What was decoded never holds a NUL and is never longer than what was sent; a range lies inside.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/check.h"
#include "http/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONTENT = 1000 };

static void insist(bool truth)
{
    if (!truth)
        abort();
}

static void look_up(struct ctx *ctx, struct request *req)
{
    static const char *const names[] = {"a", "limit", "q"};
    int64_t n = 5;
    bool b = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct slice value = SLICE_NONE;
        ctx_forgive(ctx);
        if (request_query(ctx, req, names[i], &value)) {
            insist(ctx->fault.err == OK && value.n <= req->query.n);
            insist(value.n == 0 || memchr(value.p, '\0', value.n) == NULL);
        }
        ctx_forgive(ctx);
        (void)request_form(ctx, req->query, names[i], &value);
        ctx_forgive(ctx);
        if (request_query_int(ctx, req, names[i], -10, 10, &n) == OK)
            insist(n >= -10 && n <= 10);
        ctx_forgive(ctx);
        (void)!request_query_bool(ctx, req, names[i], &b);
    }
}

static void walk_path(struct ctx *ctx, struct request *req)
{
    ctx_forgive(ctx);
    if (req->path.n == 0 || req->path.p[0] != '/' || check_path(ctx, req) != OK)
        return;
    for (size_t i = 0; i < req->segments; i++) {
        insist(req->segment[i].n > 0 && memchr(req->segment[i].p, '\0', req->segment[i].n) == NULL);
        insist(!slice_is(req->segment[i], ".."));
    }
}

static void ask_conditions(struct ctx *ctx, struct request *req)
{
    struct reply reply;
    off_t from, n;
    reply_init(&reply, ctx->arena);
    (void)reply_etag(&reply, req, "\"tag\"");
    ctx_forgive(ctx);
    reply_reset(&reply);
    if (reply_range(ctx, &reply, req, "\"tag\"", CONTENT, &from, &n) == OK)
        insist(from >= 0 && n > 0 && from + n <= CONTENT);
    (void)request_cookie(req, "session");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct slice all = {(const char *)data, size};
    struct request req = {.method = METHOD_GET, .path = all, .query = all, .headers = 3};
    if (size == 0 || size > REQUEST_URI_MAX)
        return 0;
    req.header[0] = (struct header){SLICE("If-None-Match"), all};
    req.header[1] = (struct header){SLICE("Range"), all};
    req.header[2] = (struct header){SLICE("Cookie"), all};
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    look_up(&ctx, &req);
    walk_path(&ctx, &req);
    ask_conditions(&ctx, &req);
    arena_free(&arena);
    return 0;
}
