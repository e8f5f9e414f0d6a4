/*
 * test_settings_rules.c - the rules of the SDK's decorator, and what comes out of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support_source.h"

#define HEAD "from cadence_sdk import *\nclass A(BaseAgent): pass\n"
#define BODY                                                                                       \
    "    @staticmethod\n    def get_metadata():\n"                                                 \
    "        return PluginMetadata('com.acme.x', 'X', '1.0', 'd')\n"                               \
    "    @staticmethod\n    def create_agent():\n        return A()\n"

static void inspect_settings(struct bench *b, const char *before, const char *decorator,
                             const char *methods)
{
    struct text_package p = {.count = 0};
    bench_start(b);
    package_add(&p, "plugin.py",
                str_printf(&b->arena, HEAD "%s\n%s\nclass P(BasePlugin):\n%s" BODY, before,
                           decorator, methods),
                0);
    inspect(b, &p);
}

/* One entry of the decorator, on line 4, and what is said about it. */
// clang-format off
static const struct {
    const char *entry;
    const char *rule; /* NULL: accepted without a word */
    const char *says;
    int column;
} entries[] = {
    {"{'key': 'a', 'type': 'str', 'description': 'd'}", NULL, NULL, 0},
    {"{'key': 'a', 'type': 'int', 'description': 'd', 'default': None}", NULL, NULL, 0},
    {"{'key': 'a', 'type': 'int', 'description': 'd', 'default': True}", NULL, NULL, 0},
    {"{'key': 'a', 'type': 'float', 'description': 'd', 'default': 1.0}", NULL, NULL, 0},
    {"{'key': 'a', 'type': 'bool', 'description': 'd', 'default': False}", NULL, NULL, 0},
    {"{'key': 'a', 'type': 'list', 'description': 'd', 'default': ['x']}", NULL, NULL, 0},
    {"{'key': 'a', 'type': 'dict', 'description': 'd', 'default': {'x': 1}}", NULL, NULL, 0},
    {"{'key': 'a', 'type': 'str', 'description': 'd', 'extra': object, 'check': lambda v: v}", NULL,
     NULL, 0},
    {"{'key': 'a', 'type': 'str', 'description': object}", "meta.not_literal", "Python's own object",
     62},
    {"{'key': 'a', 'type': 'str', 'description': 'd', 'enum': ['x']}", NULL, NULL, 0},
    {"{'key': 'a', 'type': 'str', 'description': 'd', 'required': True, 'sensitive': True}", NULL,
     NULL, 0},
    {"{'key': 'a', 'type': 'str', 'description': 'd', 'sensitive': True, 'default': ''}", NULL, NULL,
     0},
    {"{'key': 'a', 'type': 'str', 'description': 'd', 'sensitive': True, 'default': 'x'}",
     "settings.sensitive_default", "The sensitive setting a has a default", 97},
    {"{'type': 'str', 'description': 'd'}", "settings.missing", "Setting 1 has no \"key\"", 19},
    {"{'key': 'a', 'description': 'd'}", "settings.missing", "Setting 1, a has no \"type\"", 19},
    {"{'key': 'a', 'type': 'str'}", "settings.missing", "Setting 1, a has no \"description\"", 19},
    {"{'key': 1, 'type': 'str', 'description': 'd'}", "settings.text", "\"key\" is an int", 27},
    {"{'key': 'a', 'type': 'str', 'description': None}", "settings.text", "\"description\" is None",
     62},
    {"{'key': 'a', 'type': 'string', 'description': 'd'}", "settings.type",
     "the type \"string\", which does not exist", 40},
    {"{'key': 'a', 'type': 'str', 'description': 'd', 'required': 1}", "settings.flag",
     "\"required\" is an int; it must be a bool", 79},
    {"{'key': 'a', 'type': 'str', 'description': 'd', 'sensitive': 'no'}", "settings.flag",
     "\"sensitive\" is a str; it must be a bool", 80},
    {"{'key': 'a', 'type': 'str', 'description': 'd', 'sensitive': None}", "settings.flag",
     "\"sensitive\" is None", 80},
    {"{'key': 'a', 'type': 'float', 'description': 'd', 'default': 1}", "settings.default",
     "the default is an int, but its type is \"float\"", 80},
    {"{'key': 'a', 'type': 'int', 'description': 'd', 'default': 1.0}", "settings.default",
     "the default is a float", 78},
    {"{'key': 'a', 'type': 'bool', 'description': 'd', 'default': 1}", "settings.default",
     "the default is an int", 79},
    {"{'key': 'a', 'type': 'str', 'description': 'd', 'default': 5}", "settings.default",
     "the default is an int", 78},
    {"{'key': 'a', 'type': 'list', 'description': 'd', 'default': ('x',)}", "settings.default",
     "the default is a tuple", 79},
    {"{'key': 'a', 'type': 'dict', 'description': 'd', 'default': []}", "settings.default",
     "the default is a list", 79},
    {"{'key': 'a', 'type': 'dict', 'description': 'd', 'default': {(1,): 2}}", "settings.default",
     "cannot be written as JSON", 79},
    {"'a'", "settings.entry", "Setting 1 is a str; it must be a dict", 19},
    {"{'key': 'a', 'type': 'str', 'description': f()}", "meta.not_literal", "the name f is not defined",
     62},
};
// clang-format on

static void test_entries(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        struct bench b;
        bench_start(&b);
        const char *decorator = str_printf(&b.arena, "@plugin_settings([%s])", entries[i].entry);
        struct bench c;
        inspect_settings(&c, "", decorator, "");
        if (entries[i].rule == NULL) {
            if (c.err || c.found.warnings.count)
                show_findings(&c.found);
            assert_int_equal(c.err, OK);
            assert_int_equal(c.found.warnings.count, 0);
            assert_int_equal(c.found.meta.setting_count, 1);
        } else {
            const struct fault_item *item = finding(&c.found.errors, entries[i].rule);
            if (item == NULL)
                item = finding(&c.found.warnings, entries[i].rule);
            if (item == NULL || strstr(item->sentence, entries[i].says) == NULL ||
                item->line != 4 || item->column != entries[i].column) {
                show_findings(&c.found);
                print_error("%s\n", entries[i].entry);
                wrong++;
            } else {
                assert_string_equal(item->field, "settings");
            }
        }
        bench_end(&c);
        bench_end(&b);
    }
    assert_int_equal(wrong, 0);
}

#define ENTRY(key) "{'key': '" key "', 'type': 'str', 'description': 'd'}"

/* The keys that come out, in order. */
// clang-format off
static const struct {
    const char *before, *decorator, *methods;
    const char *keys; /* NULL: refused with `rule` */
    const char *rule;
} merges[] = {
    {"", "", "", "", NULL},
    {"", "@plugin_settings([])", "", "", NULL},
    {"", "@plugin_settings(settings_list=[" ENTRY("a") "])", "", "a", NULL},
    {"S = [" ENTRY("a") "]", "@plugin_settings(S)", "", "a", NULL},
    {"S = [" ENTRY("a") "]", "@plugin_settings([*S, " ENTRY("b") "])", "", "a b", NULL},
    {"S = [" ENTRY("a") "]", "@plugin_settings(S + [" ENTRY("b") "])", "", "a b", NULL},
    {"def entry(k): return 1", "@plugin_settings([{**{'key': 'a', 'type': 'str'}, 'description': 'd'}])",
     "", "a", NULL},
    {"", "@plugin_settings([dict(key='a', type='str', description='d')])", "", "a", NULL},
    {"", "@plugin_settings([" ENTRY("a") "])\n@plugin_settings([" ENTRY("b") "])", "", "a b", NULL},
    {"", "@plugin_settings([" ENTRY("a") "])",
     "    @staticmethod\n    def get_settings_schema():\n        return [" ENTRY("b") "]\n", "a b", NULL},
    {"", "", "    @staticmethod\n    def get_settings_schema() -> list[dict] | None:\n"
             "        '''All of them.'''\n        return [" ENTRY("b") "]\n", "b", NULL},
    {"", "", "    @staticmethod\n    def get_settings_schema():\n        return None\n", "", NULL},
    /* the SDK does not check what the method returns */
    {"", "", "    @staticmethod\n    def get_settings_schema():\n        return [{'key': 'b', 'type': "
             "'float', 'default': 1}]\n", "b", NULL},
    {"", "@plugin_settings([" ENTRY("a") "])",
     "    @staticmethod\n    def get_settings_schema():\n        return [" ENTRY("a") "]\n", "a a", NULL},
    {"", "", "    @staticmethod\n    def get_settings_schema():\n        return [{'type': 'str'}]\n", NULL,
     "settings.missing"},
    {"", "", "    @staticmethod\n    def get_settings_schema():\n        return load()\n", NULL,
     "meta.not_literal"},
    {"", "@plugin_settings([" ENTRY("a") ", " ENTRY("a") "])", "", NULL, "settings.duplicate"},
    {"", "@plugin_settings((" ENTRY("a") ",))", "", NULL, "settings.list"},
    {"", "@plugin_settings()", "", NULL, "meta.not_literal"},
    {"", "@plugin_settings([x for x in y])", "", NULL, "meta.not_literal"},
    {"S = []\nfor k in 'ab':\n    S.append(k)", "@plugin_settings(S)", "", NULL, "meta.not_literal"},
};
// clang-format on

static void test_merges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
        struct bench b;
        inspect_settings(&b, merges[i].before, merges[i].decorator, merges[i].methods);
        if (merges[i].keys == NULL) {
            if (finding(&b.found.errors, merges[i].rule) == NULL) {
                show_findings(&b.found);
                fail_msg("row %zu: %s", i, merges[i].decorator);
            }
        } else {
            struct buf keys;
            buf_init(&keys, &b.arena, 1000);
            for (size_t k = 0; k < b.found.meta.setting_count; k++)
                buf_printf(&keys, "%s%s", k ? " " : "", b.found.meta.settings[k].key);
            if (b.err)
                show_findings(&b.found);
            assert_int_equal(b.err, OK);
            assert_string_equal(buf_text(&keys), merges[i].keys);
        }
        bench_end(&b);
    }
}

/* A base class in the package brings its settings along, after those of the class itself. */
static void test_inherited(void **state)
{
    (void)state;
    struct bench b;
    inspect_settings(&b,
                     "@plugin_settings([" ENTRY("base") "])\nclass _Base(BasePlugin):\n    pass",
                     "@plugin_settings([" ENTRY("own") "])\nclass Early(_Base):\n" BODY, "");
    assert_int_equal(b.err, OK);
    assert_string_equal(b.found.meta.plugin_class, "Early");
    assert_int_equal(b.found.meta.setting_count, 2);
    assert_string_equal(b.found.meta.settings[0].key, "own");
    assert_string_equal(b.found.meta.settings[1].key, "base");
    bench_end(&b);
}

static void test_fields(void **state)
{
    (void)state;
    struct bench b;
    inspect_settings(
        &b, "",
        "@plugin_settings([{'key': 'a', 'name': 'The A', 'type': 'list', 'required': True, "
        "'default': [1, {'x': None}], 'description': 'one ' 'two'}, " ENTRY("b") "])",
        "");
    assert_int_equal(b.err, OK);
    const struct setting *s = b.found.meta.settings;
    assert_string_equal(s[0].name, "The A");
    assert_string_equal(s[0].description, "one two");
    assert_int_equal(s[0].type, SETTING_LIST);
    assert_true(s[0].required);
    assert_false(s[0].sensitive);
    assert_true(slice_is(s[0].default_json, "[1,{\"x\":null}]"));
    assert_string_equal(s[1].name, "b"); /* the key where there is no name */
    assert_true(slice_is(s[1].default_json, "null"));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_merges),
        cmocka_unit_test(test_inherited),
        cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
