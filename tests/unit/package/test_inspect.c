/*
 * test_inspect.c - whole packages: layout, agents, tools, pictures, generations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support_python.h"
#include "support_source.h"

/* ---- every finding in one answer ------------------------------------------------------------- */

static void test_all_findings_come_at_once(void **state)
{
    (void)state;
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(&p, "plugin.py",
                SDK "import os\n@plugin_settings([{'key': 'a', 'type': 'int', 'description': 'd', "
                    "'default': 'x'},\n  {'key': 'a', 'type': 'text', 'description': 'd'}])\n"
                    "class P(BasePlugin):\n" RETURN("'acme', os.getenv('N'), '1.2.3.4', '', "
                                                    "['ok', os.sep, f()], ['-r x']"),
                0);
    inspect(&b, &p);
    assert_int_equal(b.err, ERR_INVALID);
    static const char *const rules[] = {
        "meta.no_create_agent", "meta.pid",           "meta.not_literal",
        "meta.version",         "meta.missing",       "dependency.option",
        "settings.default",     "settings.duplicate", "settings.type"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (finding(&b.found.errors, rules[i]) == NULL)
            fail_msg("%s is not among them", rules[i]);
    size_t capabilities = 0;
    for (size_t i = 0; i < b.ctx.fault.item_count; i++)
        capabilities += strcmp(b.ctx.fault.items[i].field, "capabilities") == 0;
    assert_int_equal(capabilities, 2); /* each unknown entry with its own place */
    assert_int_equal(b.ctx.fault.item_count, b.found.errors.count);
    assert_string_equal(b.ctx.fault.code, "PL-0003");
    assert_non_null(strstr(b.ctx.fault.sentence, "more)"));
    for (size_t i = 0; i < b.ctx.fault.item_count; i++) {
        assert_non_null(b.ctx.fault.items[i].remedy);
        assert_string_equal(b.ctx.fault.items[i].file, "plugin.py");
    }
    bench_end(&b);
}

/* ---- where plugin.py lies --------------------------------------------------------------------- */

static const char *const plain = SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR) CREATE;

// clang-format off
static const struct {
    const char *names[4];
    const char *rule; /* NULL: accepted */
    const char *root;
} layouts[] = {
    {{"plugin.py"}, NULL, ""},
    {{"wrap/plugin.py"}, NULL, "wrap/"},
    {{"wrap/plugin.py", "README.txt"}, NULL, "wrap/"},
    {{"plugin.py", "tests/plugin.py", "my_plugin.py"}, NULL, ""},
    {{"wrap/plugin.py", "wrap/deep/plugin.py"}, NULL, "wrap/"},
    {{"my_plugin.py"}, "package.no_plugin", NULL},
    {{"Plugin.py"}, "package.no_plugin", NULL},
    {{"a/b/plugin.py"}, "package.too_deep", NULL},
    {{"a/plugin.py", "b/plugin.py"}, "package.several_plugins", NULL},
    {{"x/plugin.py/y"}, "package.no_plugin", NULL},
};
// clang-format on

static void test_layouts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        struct bench b;
        struct text_package p = {.count = 0};
        bench_start(&b);
        for (size_t k = 0; k < 4 && layouts[i].names[k]; k++)
            package_add(&p, layouts[i].names[k], plain, 0);
        inspect(&b, &p);
        if (layouts[i].rule) {
            assert_int_equal(b.err, ERR_INVALID);
            assert_non_null(finding(&b.found.errors, layouts[i].rule));
        } else {
            assert_int_equal(b.err, OK);
            assert_true(slice_is(b.found.root, layouts[i].root));
        }
        bench_end(&b);
    }
}

/* ---- logo and README ---------------------------------------------------------------------------- */

static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x80\0\0\0\x80\x08\x06\0\0\0....IDAT";

static void test_logo_and_readme(void **state)
{
    (void)state;
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(&p, "plugin.py", plain, 0);
    package_add(&p, "logo.png", png, sizeof png - 1);
    package_add(&p, "readme.md", "# Hello\n", 0);
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    assert_int_equal(b.found.meta.logo.n, sizeof png - 1);
    assert_true(slice_is(b.found.meta.readme, "# Hello\n"));
    assert_int_equal(b.found.warnings.count, 0);
    char wide[sizeof png];
    memcpy(wide, png, sizeof png);
    wide[16] = 1; /* 16 million pixels wide */
    p.files[1].text = wide;
    p.files[2].text = "\xFF\xFE";
    p.files[2].size = 2;
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    assert_int_equal(b.found.meta.logo.n, 0);
    assert_int_equal(b.found.meta.readme.n, 0);
    assert_non_null(finding(&b.found.warnings, "logo.image"));
    assert_non_null(finding(&b.found.warnings, "readme.encoding"));
    p.files[1] = (struct text_file){"logo.png", "GIF89a", 6};
    inspect(&b, &p);
    assert_non_null(finding(&b.found.warnings, "logo.image"));
    char *large = arena_alloc(&b.arena, README_MAX + 1);
    memset(large, 'x', README_MAX + 1);
    p.files[1] = (struct text_file){"logo.png", large, LOGO_MAX + 1};
    p.files[2] = (struct text_file){"README.md", large, README_MAX + 1};
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    assert_non_null(finding(&b.found.warnings, "logo.size"));
    assert_non_null(finding(&b.found.warnings, "readme.size"));
    bench_end(&b);
}

/* ---- agents and tools ---------------------------------------------------------------------------- */

static const struct {
    const char *bases;
    bool specialized, scoped;
    const char *type;
} agents[] = {
    {"BaseAgent", true, false, "specialized"},
    {"BaseSpecializedAgent", true, false, "specialized"},
    {"BaseScopedAgent", false, true, "scoped"},
    {"BaseScopedAgent, Loggable", false, true, "scoped"},
    {"BaseSpecializedAgent, BaseScopedAgent", true, true, "specialized"},
    {"Mixin, BaseAgent", false, true, "scoped"},
};

static void test_agents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
        struct bench b;
        struct text_package p = {.count = 0};
        bench_start(&b);
        package_add(&p, "plugin.py",
                    str_printf(&b.arena,
                               SDK "class Mixin(BaseScopedAgent): pass\nclass A(%s): pass\n"
                                   "class P(BasePlugin):\n" RETURN(FOUR) CREATE,
                               agents[i].bases),
                    0);
        inspect(&b, &p);
        assert_int_equal(b.err, OK);
        assert_int_equal(b.found.meta.is_specialized, agents[i].specialized);
        assert_int_equal(b.found.meta.is_scoped, agents[i].scoped);
        assert_string_equal(b.found.meta.agent_type, agents[i].type);
        bench_end(&b);
    }
}

static void test_tools(void **state)
{
    (void)state;
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(
        &p, "plugin.py",
        SDK "from cadence_sdk import uvtool as shown\n"
            "class A(BaseAgent):\n    def get_tools(self):\n"
            "        @shown(name='renamed', description='Said here.\\nMore.')\n"
            "        async def inner(x): ...\n"
            "        @uvtool\n        def second(x):\n            '''\n            First line.\n\n"
            "            Rest.'''\n        return [inner, second]\n"
            "class P(BasePlugin):\n" RETURN(FOUR) CREATE,
        0);
    package_add(
        &p, "tools.py",
        "import cadence_sdk as c\nfrom langchain_core.tools import tool\n@tool\ndef add(a, b):\n"
        "    return a + b\n@c.tool\ndef sub(a): 'Takes away.'\n@property\ndef no(self): pass\n"
        "@other.tool_like\ndef neither(): pass\n",
        0);
    package_add(&p, "tests/test_tools.py", "from cadence_sdk import tool\n@tool\ndef t(): pass\n",
                0);
    package_add(&p, "broken.py", "def (:\n", 0);
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    static const struct tool want[] = {{"renamed", "Said here.", "plugin.py", 6},
                                       {"second", "First line.", "plugin.py", 8},
                                       {"add", NULL, "tools.py", 4},
                                       {"sub", "Takes away.", "tools.py", 7}};
    assert_int_equal(b.found.meta.tool_count, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct tool *t = &b.found.meta.tools[i];
        assert_string_equal(t->name, want[i].name);
        assert_string_equal(t->file, want[i].file);
        assert_int_equal(t->line, want[i].line);
        if (want[i].description)
            assert_string_equal(t->description, want[i].description);
        else
            assert_null(t->description);
    }
    bench_end(&b);
}

/* Much code costs a warning, not the upload: plugin.py is read first. */
static void test_much_code(void **state)
{
    (void)state;
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(&p, "plugin.py", plain, 0);
    struct buf code;
    buf_init(&code, &b.arena, 1 << 20);
    while (code.n < 40000)
        buf_str(&code, "x = [1, 2]\n");
    for (int i = 0; i < 10; i++)
        package_add(&p, str_printf(&b.arena, "big%d.py", i), buf_text(&code), 0);
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    assert_non_null(finding(&b.found.warnings, "python.size"));
    bench_end(&b);
}

/* ---- the two generations ---------------------------------------------------------------------------- */

// clang-format off
static const struct {
    const char *fields;
    bool has_layout;
    enum plugin_generation want;
    enum err err;
} generations[] = {
    {FOUR, false, PLUGIN_V2, OK},
    {FOUR, true, PLUGIN_V2, OK},
    {"name='m', version='1.0', description='d', llm_requirements={'model': 'x'}", false, PLUGIN_V1, OK},
    {"name='m', version='1.0', description='d', response_schema=Schema", false, PLUGIN_V1, OK},
    {"name='m', version='1.0', description='d', sdk_version='>=1.0.1,<2.0.0'", false, PLUGIN_V1, OK},
    {"name='m', version='1.0', description='d', agent_type='utility'", true, PLUGIN_V1, OK},
    {"name='m', version='1.0', description='d'", true, PLUGIN_V1, OK},
    {"name='m', version='1.0', description='d'", false, PLUGIN_V2, ERR_INVALID},
};
// clang-format on

static void test_generations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof generations / sizeof *generations; i++) {
        struct bench b;
        struct text_package p = {.count = 0};
        bench_start(&b);
        package_add(&p, "plugin.py",
                    str_printf(&b.arena, SDK AGENT "class P(BasePlugin):\n" RETURN("%s") CREATE,
                               generations[i].fields),
                    0);
        if (generations[i].has_layout) {
            package_add(&p, "__init__.py",
                        "from cadence_sdk import register_plugin\nfrom .plugin import P\n"
                        "def _register():\n    register_plugin(P)\n_register()\n",
                        0);
            package_add(&p, "agent.py", "", 0);
            package_add(&p, "tools.py", "", 0);
        }
        inspect(&b, &p);
        if (b.err != generations[i].err)
            show_findings(&b.found);
        assert_int_equal(b.err, generations[i].err);
        assert_int_equal(b.found.meta.generation, generations[i].want);
        assert_int_equal(b.found.registers,
                         generations[i].has_layout && generations[i].want == PLUGIN_V1);
        if (generations[i].want == PLUGIN_V1)
            assert_null(b.found.meta.pid);
        ctx_forgive(&b.ctx);
        b.err = inspect_package_v1(&b.ctx, package_source_of(&p), &b.found); /* refused or not */
        assert_int_equal(b.found.registers, generations[i].has_layout);
        bench_end(&b);
    }
}

static void test_defaults(void **state)
{
    (void)state;
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(&p, "plugin.py",
                SDK AGENT "class P(BasePlugin):\n" RETURN(
                    FOUR
                    ", tag='tools', capabilities=('b', 'a'), dependencies={'z', 'httpx>=0.27'}, "
                    "stateless=not_here") CREATE "not_here = False\n",
                0);
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    assert_string_equal(b.found.meta.tag, "tools");
    assert_string_equal(b.found.meta.capabilities[0], "b");
    assert_string_equal(b.found.meta.dependencies[0], "httpx>=0.27"); /* sets are sorted */
    assert_string_equal(b.found.meta.sdk_version, ">=2.0.0,<3.0.0");
    assert_false(b.found.meta.stateless);
    p.files[0].text = plain;
    p.files[0].size = strlen(plain);
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    assert_null(b.found.meta.tag);
    assert_int_equal(b.found.meta.capability_count, 0);
    assert_true(b.found.meta.stateless);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_findings_come_at_once),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_logo_and_readme),
        cmocka_unit_test(test_agents),
        cmocka_unit_test(test_tools),
        cmocka_unit_test(test_much_code),
        cmocka_unit_test(test_generations),
        cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
