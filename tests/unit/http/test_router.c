/*
 * test_router.c - which row a path finds, and which tables are refused at start-up.
 */
#include "http/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http/check.h"

static struct arena arena;
static struct ctx ctx;

static enum err nothing(struct ctx *c, struct call *call)
{
    (void)c;
    (void)call;
    return OK;
}

#define ROW(method, pattern)                                                                       \
    {                                                                                              \
        METHOD_##method, pattern, "public", BODY_NONE, 0, nothing, pattern                         \
    }

static const struct route routes[] = {
    ROW(GET, "/"),
    ROW(GET, "/plugins"),
    ROW(POST, "/plugins/upload"),
    ROW(GET, "/plugins/{id}"),
    ROW(DELETE, "/plugins/{id}"),
    ROW(POST, "/plugins/{id}:activate"),
    ROW(GET, "/plugins/{pid}/versions"),
    ROW(GET, "/a/{fingerprint}/{path...}"),
    ROW(HEAD, "/plugins"),
    ROW(GET, "/simple/{name}/"),
    ROW(GET, "/deep/{a}/{b}/{c}/{d}/{e}/{f}"),
};
static const struct route_table table = {"test", routes, sizeof routes / sizeof *routes};

static void fresh(void)
{
    arena_reset(&arena);
    ctx_init(&ctx, &arena, &clock_system, NULL, "test");
}

static enum err find(struct router *router, enum method method, const char *path, struct call *call,
                     unsigned *allow)
{
    static struct request req;
    memset(&req, 0, sizeof req);
    fresh();
    memset(call, 0, sizeof *call);
    req.method = method;
    req.path = slice_of(path);
    assert_int_equal(check_path(&ctx, &req), OK);
    return router_find(&ctx, router, &req, call, allow);
}

static void paths_find_their_row(void **state)
{
    (void)state;
    static const struct {
        enum method method;
        const char *path, *pattern, *param, *value; /* pattern NULL = 404, "" = 405 */
    } rows[] = {
        {METHOD_GET, "/", "/", NULL, NULL},
        {METHOD_GET, "/plugins", "/plugins", NULL, NULL},
        {METHOD_GET, "/plugins/", NULL, NULL, NULL},
        {METHOD_GET, "/Plugins", NULL, NULL, NULL},
        {METHOD_POST, "/plugins/upload", "/plugins/upload", NULL, NULL},
        {METHOD_GET, "/plugins/upload", "/plugins/{id}", "id", "upload"},
        {METHOD_GET, "/plugins/a.b-c", "/plugins/{id}", "id", "a.b-c"},
        {METHOD_POST, "/plugins/x:activate", "/plugins/{id}:activate", "id", "x"},
        {METHOD_POST, "/plugins/:activate", "", NULL, NULL},
        {METHOD_POST, "/plugins/x", "", NULL, NULL},
        {METHOD_GET, "/plugins/a/versions", "/plugins/{pid}/versions", "pid", "a"},
        {METHOD_GET, "/plugins/a%2Fb/versions", NULL, NULL, NULL},
        {METHOD_GET, "/a/f/css/x.css", "/a/{fingerprint}/{path...}", "path", "css/x.css"},
        {METHOD_GET, "/a/f/x", "/a/{fingerprint}/{path...}", "fingerprint", "f"},
        {METHOD_GET, "/a/f", NULL, NULL, NULL},
        {METHOD_HEAD, "/plugins", "/plugins", NULL, NULL},
        {METHOD_HEAD, "/plugins/x", "/plugins/{id}", "id", "x"},
        {METHOD_GET, "/simple/x/", "/simple/{name}/", "name", "x"},
        {METHOD_GET, "/simple/x", NULL, NULL, NULL},
        {METHOD_GET, "/deep/1/2/3/4/5/6", "/deep/{a}/{b}/{c}/{d}/{e}/{f}", "f", "6"},
        {METHOD_PUT, "/plugins", "", NULL, NULL},
        {METHOD_COUNT, "/plugins", "", NULL, NULL},
    };
    const struct route_table *tables[] = {&table};
    struct router *router;
    fresh();
    assert_int_equal(router_new(&ctx, tables, 1, &router), OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct call call;
        unsigned allow;
        enum err err = find(router, rows[i].method, rows[i].path, &call, &allow);
        enum err want = rows[i].pattern == NULL ? ERR_NOT_FOUND
                        : *rows[i].pattern      ? OK
                                                : ERR_METHOD;
        if (err != want)
            fail_msg("row %zu %s: %s", i, rows[i].path, err_info(err)->name);
        if (err != OK)
            continue;
        assert_string_equal(call.route->pattern, rows[i].pattern);
        assert_ptr_equal(router_at(router, call.row), call.route);
        if (rows[i].param && !slice_is(call_param(&call, rows[i].param), rows[i].value))
            fail_msg("row %zu: %.*s", i, SLICE_ARGS(call_param(&call, rows[i].param)));
        assert_null(call_param(&call, "absent").p);
    }
    struct call call;
    unsigned allow;
    assert_int_equal(find(router, METHOD_PUT, "/plugins/x", &call, &allow), ERR_METHOD);
    assert_int_equal(allow, 1u << METHOD_GET | 1u << METHOD_HEAD | 1u << METHOD_DELETE |
                                1u << METHOD_OPTIONS);
    assert_int_equal(router_count(router), table.count);
    assert_null(router_at(router, table.count));
    assert_ptr_equal(router_at(router, 0), &routes[0]);
    router_free(router);
}

static void bad_tables_are_refused(void **state)
{
    (void)state;
    static const struct route bad[][2] = {
        {{METHOD_GET, "/x", NULL, BODY_NONE, 0, nothing, "s"}},
        {{METHOD_GET, "/x", "", BODY_NONE, 0, nothing, "s"}},
        {{METHOD_GET, "/x", "public", 0, 0, nothing, "s"}},
        {{METHOD_GET, "/x", "public", BODY_NONE, 0, NULL, "s"}},
        {{METHOD_GET, "/x", "public", BODY_NONE, 0, nothing, NULL}},
        {{METHOD_COUNT, "/x", "public", BODY_NONE, 0, nothing, "s"}},
        {ROW(GET, "x")},
        {ROW(GET, "")},
        {{METHOD_GET, NULL, "public", BODY_NONE, 0, nothing, "s"}},
        {ROW(GET, "//x")},
        {ROW(GET, "/{a")},
        {ROW(GET, "/a{b}")},
        {ROW(GET, "/{}")},
        {ROW(GET, "/{A}")},
        {ROW(GET, "/{a...}/b")},
        {ROW(GET, "/{a...}x")},
        {ROW(GET, "/{a}:x/b")},
        {ROW(GET, "/a b")},
        {ROW(GET, "/a/../b")},
        {ROW(GET, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}")},
        {ROW(GET, "/x/{a}"), ROW(GET, "/x/{b}")},
        {ROW(GET, "/x"), ROW(GET, "/x")},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct route_table t = {"bad", bad[i], bad[i][1].handle ? 2 : 1};
        const struct route_table *tables[] = {&t};
        struct router *router;
        fresh();
        if (router_new(&ctx, tables, 1, &router) == OK)
            fail_msg("row %zu was accepted", i);
        assert_non_null(strstr(ctx.fault.sentence, "bad"));
    }
    static const struct route good[] = {ROW(GET, "/x/{a}"), ROW(POST, "/x/{b}"),
                                        ROW(GET, "/x/{a}/"), ROW(GET, "/x/{a}:go")};
    struct route_table t = {"good", good, 4};
    const struct route_table *tables[] = {&t};
    struct router *router;
    fresh();
    assert_int_equal(router_new(&ctx, tables, 1, &router), OK);
    router_free(router);
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
        cmocka_unit_test(paths_find_their_row),
        cmocka_unit_test(bad_tables_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
