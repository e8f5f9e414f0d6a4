/*
 * test_package_row.c - the columns of a row, letter by letter, since every answer copies them.
 */
#include "domain/package_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct bench {
    struct arena arena;
    struct ctx ctx;
    struct plugin row;
};

static void bench_open(struct bench *b, size_t ceiling)
{
    memset(b, 0, sizeof *b);
    arena_init(&b->arena, ceiling);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
}

static void is(struct slice column, const char *want)
{
    if (!slice_is(column, want))
        fail_msg("%.*s instead of %s", SLICE_ARGS(column), want);
}

static const struct setting settings[] = {
    {.key = "url",
     .name = "Address",
     .type = SETTING_STR,
     .description = "Where",
     .default_json = SLICE("\"http://x\""),
     .required = true},
    {.key = "api_key", .type = SETTING_STR, .default_json = SLICE("\"sk-1\""), .sensitive = true},
    {.key = "n", .type = SETTING_INT, .default_json = SLICE("3")},
    {.key = "f", .type = SETTING_FLOAT},
    {.key = "b", .type = SETTING_BOOL, .default_json = SLICE("false")},
    {.key = "l", .type = SETTING_LIST, .default_json = SLICE("[1,\"a\"]")},
    {.key = "d", .type = SETTING_DICT, .default_json = SLICE("{}"), .sensitive = true},
};

static struct plugin_meta sample(void)
{
    static const char *capabilities[] = {"one", "t\"wo"}, *dependencies[] = {"httpx>=0.27"};
    static const struct tool tools[] = {{"find", "Finds.", "plugin.py", 7},
                                        {"send", NULL, "sub/t.py", 12}};
    return (struct plugin_meta){
        .generation = PLUGIN_V2,
        .pid = "com.acme.a",
        .name = "A",
        .version = "1.0",
        .description = "d",
        .tag = "t",
        .sdk_version = ">=2",
        .agent_type = "scoped",
        .capabilities = capabilities,
        .capability_count = 2,
        .dependencies = dependencies,
        .dependency_count = 1,
        .settings = settings,
        .setting_count = sizeof settings / sizeof *settings,
        .tools = tools,
        .tool_count = 2,
        .stateless = true,
        .is_scoped = true,
        .logo = SLICE("\x89PNG?"),
        .readme = SLICE("# A"),
    };
}

static void every_column_is_written(void **state)
{
    (void)state;
    struct bench b;
    struct plugin_meta m = sample();
    bench_open(&b, 16 << 20);
    const struct plugin *p = &b.row;
    assert_int_equal(package_row(&b.ctx, &m, &b.row), OK);
    assert_string_equal(p->pid, "com.acme.a");
    assert_string_equal(p->version, "1.0");
    assert_string_equal(p->name, "A");
    assert_string_equal(p->description, "d");
    assert_string_equal(p->tag, "t");
    assert_string_equal(p->sdk_version, ">=2");
    assert_string_equal(p->agent_type, "scoped");
    assert_int_equal(p->generation, 2);
    assert_true(p->stateless && p->is_scoped && p->has_readme && !p->is_specialized);
    is(p->capabilities, "[\"one\",\"t\\\"wo\"]");
    is(p->dependencies, "[\"httpx\\u003e=0.27\"]");
    is(p->tools,
       "[{\"name\":\"find\",\"description\":\"Finds.\",\"file\":\"plugin.py\",\"line\":7},"
       "{\"name\":\"send\",\"description\":null,\"file\":\"sub/t.py\",\"line\":12}]");
    is(p->logo_image, "iVBORz8=");
    arena_free(&b.arena);
}

static void settings_keep_order_and_lose_secrets(void **state)
{
    (void)state;
    struct bench b;
    struct plugin_meta m = sample();
    bench_open(&b, 16 << 20);
    assert_int_equal(package_row(&b.ctx, &m, &b.row), OK);
    is(b.row.default_settings, "{\"url\":\"http://x\",\"api_key\":null,\"n\":3,\"f\":null,"
                               "\"b\":false,\"l\":[1,\"a\"],\"d\":null}");
    m.setting_count = 2;
    assert_int_equal(package_row(&b.ctx, &m, &b.row), OK);
    is(b.row.settings_schema,
       "[{\"key\":\"url\",\"name\":\"Address\",\"type\":\"str\",\"default\":\"http://x\","
       "\"description\":\"Where\",\"required\":true,\"sensitive\":false},"
       "{\"key\":\"api_key\",\"name\":\"api_key\",\"type\":\"str\",\"default\":null,"
       "\"description\":\"\",\"required\":false,\"sensitive\":true}]");
    arena_free(&b.arena);
}

static void a_bare_package_has_empty_columns(void **state)
{
    (void)state;
    struct bench b;
    const struct plugin_meta m = {
        .generation = PLUGIN_V2, .pid = "a.b", .version = "1.0", .name = "N"};
    bench_open(&b, 16 << 20);
    assert_int_equal(package_row(&b.ctx, &m, &b.row), OK);
    is(b.row.capabilities, "[]");
    is(b.row.dependencies, "[]");
    is(b.row.default_settings, "{}");
    is(b.row.settings_schema, "[]");
    is(b.row.tools, "[]");
    assert_null(b.row.logo_image.p);
    assert_null(b.row.tag);
    assert_false(b.row.has_readme);
    arena_free(&b.arena);
}

static void too_much_is_the_authors_fault_and_no_memory_ours(void **state)
{
    (void)state;
    struct bench b;
    struct plugin_meta m = sample();
    enum { LONG = 600000 };
    static char name[LONG];
    memset(name, 'x', sizeof name - 1);
    const struct setting large[] = {{.key = "a", .type = SETTING_STR, .description = name},
                                    {.key = "b", .type = SETTING_STR, .description = name}};
    m.settings = large;
    m.setting_count = 2;
    bench_open(&b, 64 << 20);
    assert_int_equal(package_row(&b.ctx, &m, &b.row), ERR_INVALID);
    assert_string_equal(b.ctx.fault.field, "settings");
    arena_free(&b.arena);
    m = sample();
    for (size_t ceiling = 0, done = 0; done == 0; ceiling += 256) {
        bench_open(&b, ceiling);
        enum err err = package_row(&b.ctx, &m, &b.row);
        assert_true(err == OK || err == ERR_NO_MEMORY);
        done = err == OK;
        arena_free(&b.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_column_is_written),
        cmocka_unit_test(settings_keep_order_and_lose_secrets),
        cmocka_unit_test(a_bare_package_has_empty_columns),
        cmocka_unit_test(too_much_is_the_authors_fault_and_no_memory_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
