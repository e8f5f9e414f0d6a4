/*
 * test_imports.c - which imports are told, how much they matter, and where they stand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "package/imports_names.h"
#include "support_python.h"
#include "support_source.h"

#define PLUGIN(dependencies)                                                                       \
    SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR ", dependencies=" dependencies) CREATE

/* "level rule file:line", for each finding about imports, in the order of the lists. */
static const char *told(struct bench *b)
{
    const struct {
        const char *level;
        const struct findings *list;
    } parts[] = {{"error", &b->found.imports.missing},
                 {"warning", &b->found.imports.doubtful},
                 {"info", &b->found.imports.remarks}};
    struct buf out;
    buf_init(&out, &b->arena, 1 << 16);
    for (size_t p = 0; p < 3; p++)
        for (size_t i = 0; i < parts[p].list->count; i++) {
            const struct fault_item *it = &parts[p].list->items[i];
            buf_printf(&out, "%s%s %s", out.n ? "; " : "", parts[p].level,
                       it->rule + strlen("dependency."));
            if (it->file)
                buf_printf(&out, " %s:%d", it->file, it->line);
        }
    return buf_text(&out);
}

static void expect(const char *dependencies, const char *file, const char *text,
                   const char *expected)
{
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    const char *plugin = str_printf(
        &b.arena, "%s%s%s",
        SDK AGENT "class P(BasePlugin):\n    @staticmethod\n    def get_metadata():\n"
                  "        return PluginMetadata(" FOUR ", dependencies=",
        dependencies, ")\n" CREATE);
    package_add(&p, "plugin.py", plugin, 0);
    package_add(&p, "lib/__init__.py", "VALUE = 1\n", 0);
    package_add(&p, "lib/deep.py", "pass\n", 0);
    package_add(&p, "lib/fast.cpython-312.so",
                "\x7f"
                "ELF",
                0);
    package_add(&p, file, text, 0);
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    if (strcmp(told(&b), expected) != 0)
        fail_msg("%s\n%s\ngave \"%s\"\nnot  \"%s\"", dependencies, text, told(&b), expected);
    bench_end(&b);
}

static void what_will_be_there_is_not_told(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "import os, sys\nfrom urllib.parse import quote\n",
        "import cadence_sdk.base as b\nfrom cadence_sdk import tool\n",
        "import lib\nimport lib.deep as d\nfrom lib import VALUE\nimport plugin\n",
        "from . import lib\nfrom .lib.deep import x\nfrom .lib import fast\n",
        "from .lib.fast import y\n",
        "from __future__ import annotations\n",
        "import u\nfrom .u import *\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect("[]", "u.py", texts[i], "");
    expect("['PyYAML>=6', 'beautifulsoup4', 'Pillow', 'scikit_learn', 'python-dotenv',"
           " 'opencv-python-headless', 'google-cloud-storage', 'ruamel.yaml']",
           "u.py",
           "import yaml, bs4, PIL.Image, sklearn.svm, dotenv, cv2\n"
           "from google.cloud import storage\nfrom ruamel.yaml import YAML\n",
           "");
}

static void a_missing_import_is_told_at_its_statement(void **state)
{
    (void)state;
    expect("[]", "u.py", "import os\nimport pandas\n", "error undeclared u.py:2");
    expect("[]", "u.py", "\nfrom pandas import (\n    a,\n    b,\n)\nimport pandas.io\n",
           "error undeclared u.py:2");
    expect("[]", "u.py", "def f():\n    import pandas\n", "error undeclared u.py:2");
    expect("[]", "u.py", "class C:\n    from pandas import *\n", "error undeclared u.py:2");
    expect("[]", "u.py", "import yaml as y, requests\n",
           "error undeclared u.py:1; error undeclared u.py:1");
    expect("[]", "lib/u.py", "import deep\n", "error undeclared lib/u.py:1");
}

static void siblings_must_be_there(void **state)
{
    (void)state;
    expect("[]", "u.py", "from .gone import x\nfrom . import lib, none\n",
           "error no_sibling u.py:1; error no_sibling u.py:2");
    expect("[]", "lib/u.py", "from .. import plugin\nfrom ..lib.deep import x\n", "");
    expect("[]", "lib/u.py", "from ... import x\nfrom ..gone import y\n",
           "error no_sibling lib/u.py:1; error no_sibling lib/u.py:2");
    expect("[]", "u.py", "try:\n    from .gone import x\nexcept ImportError:\n    x = None\n",
           "warning no_sibling u.py:2");
}

static void what_may_fail_matters_less(void **state)
{
    (void)state;
    expect("[]", "u.py", "try:\n    import pandas\nexcept ImportError:\n    import polars\n",
           "warning undeclared u.py:2; warning undeclared u.py:4");
    expect("[]", "u.py",
           "try:\n    import pandas\nexcept (ValueError, ModuleNotFoundError) as e:\n"
           "    pass\n",
           "warning undeclared u.py:2");
    expect("[]", "u.py", "try:\n    import pandas\nexcept ValueError:\n    pass\n",
           "error undeclared u.py:2");
    expect("[]", "u.py", "try:\n    import pandas\nfinally:\n    pass\n",
           "error undeclared u.py:2");
    expect("[]", "u.py", "with suppress(ImportError):\n    import pandas\n",
           "warning undeclared u.py:2");
    expect("[]", "u.py", "import sys\nif sys.platform == 'win32':\n    import winx\n",
           "warning undeclared u.py:3");
    expect("[]", "u.py", "if TYPE_CHECKING:\n    import pandas\n", "info undeclared u.py:2");
    expect("[]", "u.py", "if TYPE_CHECKING:\n    pass\nelse:\n    import pandas\n",
           "warning undeclared u.py:4");
    expect("[]", "tests/test_u.py", "import pytest\n", "info undeclared tests/test_u.py:1");
    expect("[]", "setup.py", "import setuptools\n", "info undeclared setup.py:1");
    /* the harder of two stands for both, whichever comes first */
    expect("[]", "u.py", "try:\n    import pandas\nexcept ImportError:\n    pass\nimport pandas\n",
           "error undeclared u.py:5; warning undeclared u.py:2");
}

static void what_others_bring_is_a_warning(void **state)
{
    (void)state;
    expect("['pandas']", "u.py", "import pandas, numpy\n", "warning indirect u.py:1");
    expect("[]", "u.py", "import pydantic\nfrom typing_extensions import TypedDict\n",
           "info through_sdk u.py:1; info through_sdk u.py:2");
    /* an unmatched distribution may offer anything */
    expect("['strange-name']", "u.py", "import zork\n", "warning unclear u.py:1; info unused");
    expect("['lxml', 'cadence_sdk>=2']", "u.py", "import os\n", "info unused");
    expect("['httpx', 'HTTPX>=1']", "u.py", "import httpx\n", "warning twice");
    expect("['httpx<1; python_version<\"3.9\"', 'httpx>=1; python_version>=\"3.9\"']", "u.py",
           "import httpx\n", "");
}

static void names_lead_to_distributions(void **state)
{
    (void)state;
    assert_true(import_comes_with(SLICE("foo"), SLICE("python-foo")));
    assert_true(import_comes_with(SLICE("foo.bar"), SLICE("foo")));
    assert_true(import_comes_with(SLICE("Foo_Bar"), SLICE("foo-bar")));
    assert_true(import_comes_with(SLICE("opentelemetry.sdk"), SLICE("opentelemetry-sdk")));
    assert_false(import_comes_with(SLICE("foo"), SLICE("foobar")));
    assert_false(import_comes_with(SLICE("google"), SLICE("googlemaps")));
    assert_true(import_is_brought_by(SLICE("numpy.linalg"), SLICE("scipy")));
    assert_false(import_is_brought_by(SLICE("numpyx"), SLICE("scipy")));
    assert_true(slice_is(import_distribution(SLICE("bs4")), "beautifulsoup4"));
    assert_true(slice_is(import_distribution(SLICE("polars.io")), "polars"));
}

/* Thousands of imports end in a list with an end, in little time. */
static void many_imports_are_cut(void **state)
{
    (void)state;
    struct bench b;
    struct text_package p = {.count = 0};
    struct buf text;
    bench_start(&b);
    buf_init(&text, &b.arena, 1 << 20);
    for (int i = 0; i < 9000; i++)
        buf_printf(&text, "import m%d\n", i);
    package_add(&p, "plugin.py", PLUGIN("[]"), 0);
    package_add(&p, "u.py", buf_text(&text), 0);
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    assert_int_equal(b.found.imports.missing.count, FINDINGS_MAX);
    assert_true(b.found.imports.missing.dropped > 3000);
    assert_non_null(finding(&b.found.unread, "code.cut"));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_will_be_there_is_not_told),
        cmocka_unit_test(a_missing_import_is_told_at_its_statement),
        cmocka_unit_test(siblings_must_be_there),
        cmocka_unit_test(what_may_fail_matters_less),
        cmocka_unit_test(what_others_bring_is_a_warning),
        cmocka_unit_test(names_lead_to_distributions),
        cmocka_unit_test(many_imports_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
