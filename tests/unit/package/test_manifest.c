/*
 * test_manifest.c - plugin_manifest.json: fills what is open, repeats what is known, or is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support_source.h"

#define HEAD "from cadence_sdk import *\nimport os\nclass A(BaseAgent): pass\n"
#define CREATE "    @staticmethod\n    def create_agent():\n        return A()\n"
#define METADATA(fields)                                                                           \
    "    @staticmethod\n    def get_metadata():\n        return PluginMetadata(" fields ")\n"
#define FOUR "'com.acme.x', 'X', '1.0', 'd'"
#define ALL                                                                                        \
    "{\"pid\": \"com.acme.x\", \"name\": \"X\", \"version\": \"1.0\", \"description\": \"d\"}"
#define BUILT "    @staticmethod\n    def get_metadata():\n        return build()\n"

// clang-format off
static const struct {
    const char *body, *manifest;
    const char *rule; /* NULL: accepted */
    const char *field;
    const char *says;
} rows[] = {
    /* repeats */
    {METADATA(FOUR), "{}", NULL, NULL, NULL},
    {METADATA(FOUR), ALL, NULL, NULL, NULL},
    {METADATA(FOUR ", ('a', 'b')"), "{\"capabilities\": [\"a\", \"b\"]}", NULL, NULL, NULL},
    {METADATA(FOUR), "{\"stateless\": true, \"capabilities\": []}", NULL, NULL, NULL},
    {METADATA(FOUR), "{\"tag\": \"t\", \"agent_type\": \"general\"}", NULL, NULL, NULL},
    {METADATA(FOUR), "{\"is_specialized\": true, \"is_scoped\": false}", NULL, NULL, NULL},
    {METADATA(FOUR), "{\"settings\": []}", NULL, NULL, NULL},
    /* fills */
    {METADATA("os.getenv('P'), 'X', '1.0', 'd'"), "{\"pid\": \"com.acme.x\"}", NULL, NULL, NULL},
    {METADATA("'com.acme.x', 'X', '1.0', os.sep"), "{\"description\": \"d\"}", NULL, NULL, NULL},
    {METADATA("'com.acme.x', 'X', '1.0'"), "{\"description\": \"d\"}", NULL, NULL, NULL},
    {METADATA(FOUR ", [c for c in x]"), "{\"capabilities\": [\"a\"]}", NULL, NULL, NULL},
    {METADATA("**load()"), ALL, NULL, NULL, NULL},
    {BUILT, ALL, NULL, NULL, NULL},
    /* contradicts */
    {METADATA(FOUR), "{\"version\": \"1.1\"}", "manifest.conflict", "version", "one thing in the source"},
    {METADATA(FOUR), "{\"pid\": \"com.acme.y\"}", "manifest.conflict", "pid", "another in"},
    {METADATA(FOUR ", ['a']"), "{\"capabilities\": [\"b\"]}", "manifest.conflict", "capabilities", NULL},
    {METADATA(FOUR), "{\"capabilities\": [\"b\"]}", "manifest.conflict", "capabilities",
     "left at its default"},
    {METADATA(FOUR), "{\"stateless\": false}", "manifest.conflict", "stateless", "left at its default"},
    {METADATA(FOUR), "{\"is_scoped\": true}", "manifest.conflict", "is_scoped", "the bases of A"},
    {METADATA(FOUR), "{\"settings\": [{\"key\": \"a\", \"type\": \"str\", \"description\": \"d\"}]}",
     "manifest.conflict", "settings", NULL},
    /* is judged like the source */
    {BUILT, "{}", "meta.not_literal", "get_metadata", "the name build is not defined"},
    {BUILT, "{\"pid\": \"com.acme.x\"}", "meta.not_literal", "get_metadata", NULL},
    {METADATA("**load()"), "{\"pid\": \"acme\", \"name\": \"X\", \"version\": \"1.0\", "
                           "\"description\": \"d\"}", "meta.pid", "pid", "at least two parts"},
    {METADATA("**load()"), "{\"pid\": \"com.acme.x\", \"name\": \"X\", \"version\": \"1.2.3.4\", "
                           "\"description\": \"d\"}", "meta.version", "version", NULL},
    {METADATA("**load()"), "{\"pid\": \"com.acme.x\", \"name\": 5, \"version\": \"1.0\", "
                           "\"description\": \"d\"}", "meta.type", "name", "an int"},
    {METADATA(FOUR ", [], [f()]"), "{\"dependencies\": [\"-x\"]}", "dependency.option", "dependencies", NULL},
    /* is no manifest */
    {METADATA(FOUR), "{\"colour\": 1}", "manifest.field", "colour", "no field colour"},
    {METADATA(FOUR), "[]", "manifest.json", NULL, "no JSON object"},
    {METADATA(FOUR), "{\"pid\": }", "manifest.json", NULL, "line 1"},
    {METADATA(FOUR), "{\"pid\": \"a.b\", \"pid\": \"a.c\"}", "manifest.json", NULL, NULL},
    {METADATA(FOUR), "", "manifest.json", NULL, NULL},
    {METADATA(FOUR), "\xFF{}", "manifest.json", NULL, NULL},
};
// clang-format on

static void test_rows(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        struct text_package p = {.count = 0};
        bench_start(&b);
        package_add(&p, "w/plugin.py",
                    str_printf(&b.arena, HEAD "class P(BasePlugin):\n%s" CREATE, rows[i].body), 0);
        package_add(&p, "w/plugin_manifest.json", rows[i].manifest, 0);
        inspect(&b, &p);
        const struct fault_item *item = rows[i].rule ? finding(&b.found.errors, rows[i].rule)
                                                     : NULL;
        bool right = rows[i].rule ? item != NULL : b.err == OK;
        if (right && item && rows[i].field)
            right = strcmp(item->field, rows[i].field) == 0;
        if (right && item && rows[i].says)
            right = strstr(item->sentence, rows[i].says) != NULL;
        if (right && item == NULL)
            right = strcmp(b.found.meta.pid, "com.acme.x") == 0 &&
                    strcmp(b.found.meta.description, "d") == 0;
        if (!right) {
            show_findings(&b.found);
            print_error("row %zu: %s %s\n", i, rows[i].body, rows[i].manifest);
            wrong++;
        }
        bench_end(&b);
    }
    assert_int_equal(wrong, 0);
}

/* Settings that are built in a loop, given in the manifest instead. */
static void test_settings(void **state)
{
    (void)state;
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(&p, "plugin.py",
                HEAD "S = []\nfor k in 'ab':\n    S.append(k)\n@plugin_settings(S)\nclass "
                     "P(BasePlugin):\n" METADATA(FOUR) CREATE,
                0);
    inspect(&b, &p);
    assert_int_equal(b.err, ERR_INVALID);
    assert_string_equal(finding(&b.found.errors, "meta.not_literal")->field, "settings");
    package_add(&p, "plugin_manifest.json",
                "{\"settings\": [{\"key\": \"a\", \"type\": \"float\", \"description\": \"d\", "
                "\"default\": 1.0}]}",
                0);
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    assert_int_equal(b.found.meta.setting_count, 1);
    assert_true(slice_is(b.found.meta.settings[0].default_json, "1.0"));
    p.files[1]
        .text = "{\"settings\": [{\"key\": \"a\", \"type\": \"float\", \"description\": \"d\", "
                "\"default\": 1}]}";
    p.files[1].size = strlen(p.files[1].text);
    inspect(&b, &p);
    assert_int_equal(b.err, ERR_INVALID);
    assert_non_null(finding(&b.found.errors, "settings.default"));
    bench_end(&b);
}

/* Some tools put the manifest beside the wrapper folder; one beside plugin.py goes first. */
static void test_places(void **state)
{
    (void)state;
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(&p, "w/plugin.py", HEAD "class P(BasePlugin):\n" BUILT CREATE, 0);
    package_add(&p, "plugin_manifest.json", ALL, 0);
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    package_add(&p, "w/plugin_manifest.json", "{}", 0);
    inspect(&b, &p);
    assert_int_equal(b.err, ERR_INVALID);
    char *large = arena_alloc(&b.arena, 300000);
    memset(large, ' ', 300000);
    p.files[2].text = large;
    p.files[2].size = 300000;
    inspect(&b, &p);
    assert_non_null(finding(&b.found.errors, "manifest.size"));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
