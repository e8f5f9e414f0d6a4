/*
 * test_surface.c - every failure in the shape that the client of its path expects.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "api/surface.h"
#include "base/json_read.h"

struct world {
    struct arena arena;
    struct ctx ctx;
    struct request req;
    struct reply reply;
};

static int begin(void **state)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    arena_init(&world.arena, 1 << 20);
    ctx_init(&world.ctx, &world.arena, &clock_system, NULL, "req-1");
    reply_init(&world.reply, &world.arena);
    *state = &world;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;
    arena_free(&w->arena);
    return 0;
}

/* The fault of the ctx as the surface of that prefix shows it, read back. */
static const struct jr *render(struct world *w, const char *prefix)
{
    struct ctx reading;
    const struct jr *json = NULL;
    for (size_t i = 0; i < api_surface_count; i++)
        if (strcmp(api_surfaces[i].prefix, prefix) == 0)
            api_surfaces[i].render(&w->ctx, &w->req, &w->reply);
    ctx_init(&reading, &w->arena, &clock_system, NULL, "reading");
    assert_int_equal(jr_parse_object(&reading, buf_view(&w->reply.body), &json), OK);
    return json;
}

static void assert_text(const struct jr *json, const char *key, const char *want)
{
    struct slice got = jr_str(jr_member(json, key));
    if (!slice_is(got, want))
        fail_msg("%s is '%.*s', not '%s'", key, SLICE_ARGS(got), want);
}

static void test_flat(void **state)
{
    struct world *w = *state;
    (void)ctx_fail_field(&w->ctx, ERR_UNPROCESSABLE, "name", "Field 'name' is required");
    const struct jr *json = render(w, "/");
    assert_int_equal(w->reply.status, 422);
    assert_int_equal(jr_int(jr_member(json, "statusCode")), 422);
    assert_text(json, "code", "VA-9001");
    assert_text(json, "message", "Field 'name' is required");
    assert_text(json, "detail", "Field 'name' is required");
    assert_text(json, "field", "name");
    assert_text(json, "request_id", "req-1");
    assert_true(slice_ends(jr_str(jr_member(json, "timestamp")), "Z"));
    assert_null(jr_member(json, "errors"));
    assert_null(jr_member(json, "error"));
}

static void test_own_code(void **state)
{
    struct world *w = *state;
    (void)ctx_fail_code(&w->ctx, ERR_NOT_FOUND, "PL-0002", "Plugin x not found");
    const struct jr *json = render(w, "/");
    assert_int_equal(w->reply.status, 404);
    assert_text(json, "code", "PL-0002");
    assert_null(jr_member(json, "field"));
}

/* What the log may know and the caller may not. */
static void test_cause_stays_inside(void **state)
{
    struct world *w = *state;
    (void)ctx_fail_cause(&w->ctx, ERR_IO, "open /secret/place: Permission denied");
    const struct jr *json = render(w, "/");
    assert_int_equal(w->reply.status, 500);
    assert_text(json, "message", "Reading or writing failed on our side");
    assert_null(memmem(w->reply.body.p, w->reply.body.n, "secret", 6));
}

static void test_findings(void **state)
{
    struct world *w = *state;
    static const struct fault_item items[] = {
        {.rule = "zip.overlap",
         .file = "a.py",
         .sentence = "Two members overlap",
         .remedy = "Pack it anew"},
        {.rule = "meta.pid",
         .field = "pid",
         .line = 7,
         .column = 3,
         .sentence = "pid is not a string"},
    };
    (void)ctx_fail_code(&w->ctx, ERR_INVALID, "PL-0003", "The package has 2 faults");
    w->ctx.fault.items = items;
    w->ctx.fault.item_count = 2;
    const struct jr *json = render(w, "/"), *errors = jr_member(json, "errors");
    assert_int_equal(jr_count(errors), 2);
    assert_text(jr_item(errors, 0), "code", "zip.overlap");
    assert_text(jr_member(jr_item(errors, 0), "details"), "file", "a.py");
    assert_text(jr_member(jr_item(errors, 0), "details"), "remedy", "Pack it anew");
    assert_text(jr_item(errors, 1), "field", "pid");
    assert_int_equal(jr_int(jr_member(jr_member(jr_item(errors, 1), "details"), "line")), 7);
    const struct jr *sentences = jr_member(jr_member(json, "details"), "validation_errors");
    assert_int_equal(jr_count(sentences), 2);
    assert_true(slice_is(jr_str(jr_item(sentences, 1)), "pid is not a string"));
}

static void test_oauth(void **state)
{
    struct world *w = *state;
    static const struct {
        enum err err;
        const char *field, *word;
    } cases[] = {
        {ERR_INVALID, "grant_type", "unsupported_grant_type"},
        {ERR_INVALID, "", "invalid_request"},
        {ERR_UNPROCESSABLE, "username", "invalid_request"},
        {ERR_UNKNOWN_CALLER, "", "invalid_grant"},
        {ERR_THROTTLED, "", "temporarily_unavailable"},
        {ERR_BUSY, "", "temporarily_unavailable"},
        {ERR_MEDIA, "", "invalid_request"},
        {ERR_INTERNAL, "", "server_error"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ctx_forgive(&w->ctx);
        (void)ctx_fail_field(&w->ctx, cases[i].err, cases[i].field, "Sentence %zu", i);
        const struct jr *json = render(w, "/oauth2/");
        assert_int_equal(w->reply.status, err_info(cases[i].err)->http);
        assert_text(json, "error", cases[i].word);
        assert_text(json, "error_description", ctx_sentence(&w->ctx));
        assert_text(json, "message", ctx_sentence(&w->ctx));
        reply_reset(&w->reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_flat, begin, end),
        cmocka_unit_test_setup_teardown(test_own_code, begin, end),
        cmocka_unit_test_setup_teardown(test_cause_stays_inside, begin, end),
        cmocka_unit_test_setup_teardown(test_findings, begin, end),
        cmocka_unit_test_setup_teardown(test_oauth, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
