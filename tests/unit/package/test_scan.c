/*
 * test_scan.c - what code touches: calls through every kind of import, secrets, disguises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "package/scan_calls.h"
#include "support_python.h"
#include "support_source.h"

/* "family:line" of every finding in u.py, family by family. */
static const char *touched(struct bench *b)
{
    struct buf out;
    buf_init(&out, &b->arena, 1 << 16);
    for (enum scan_family f = 0; f < SCAN_FAMILIES; f++)
        for (size_t i = 0; i < b->found.code[f].count; i++) {
            const struct fault_item *it = &b->found.code[f].items[i];
            assert_string_equal(it->file, "u.py");
            assert_true(strncmp(it->rule, "code.", 5) == 0);
            assert_string_equal(it->rule + 5, scan_family_name(f));
            buf_printf(&out, "%s%s:%d", out.n ? " " : "", scan_family_name(f), it->line);
        }
    return buf_text(&out);
}

static void expect(const char *text, const char *expected)
{
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(&p, "plugin.py", SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR) CREATE, 0);
    package_add(&p, "u.py", text, 0);
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    if (strcmp(touched(&b), expected) != 0)
        fail_msg("%s\ngave \"%s\"\nnot  \"%s\"", text, touched(&b), expected);
    bench_end(&b);
}

static void imports_are_told_once_a_file(void **state)
{
    (void)state;
    expect("import socket\nimport socket as s\nfrom socket import socket\n", "network:1");
    expect("import urllib.parse\nfrom http import HTTPStatus\n", "");
    expect("import urllib.request as r\nimport http.client\n", "network:1 network:2");
    expect("import subprocess, shutil, pickle\n", "process:1 files:1 dynamic:1");
    expect("from .socket import x\n", "");
}

static void calls_are_known_by_any_name(void **state)
{
    (void)state;
    expect("import os\nos.system('x')\n", "process:2");
    expect("import os as o\ndef f():\n    o.remove('x')\n", "files:3");
    expect("from os import system as run\nrun('x')\n", "process:2");
    expect("def f():\n    import os\n    return os.popen('x')\n", "process:3");
    expect("eval('1')\nexec('x')\n__import__('y')\n", "dynamic:1 dynamic:2 dynamic:3");
    expect("def f(p):\n    p.write_text('x')\n    return open(p)\n", "files:2 files:3");
    expect("from concurrent import futures\nfutures.ProcessPoolExecutor()\n", "process:2");
    expect("import importlib\nimportlib.import_module('x')\n", "dynamic:2");
}

static void names_of_the_file_itself_are_its_own(void **state)
{
    (void)state;
    expect("def compile(x):\n    return x\ncompile('x')\n", "");
    expect("class M:\n    def eval(self): pass\nM().eval()\n", "");
    expect("from .tools import open\nopen('x')\n", "");
    expect("import re\nre.compile('x')\nmodel.eval()\n", "");
}

static void disguises_are_told(void **state)
{
    (void)state;
    expect("import base64\nexec(base64.b64decode('aW1wb3J0IG9z'))\n", "dynamic:2 obfuscation:2");
    expect("x = 1  # \xE2\x80\xAE txet\n", "obfuscation:1");
    expect("x = 'caf\xC3\xA9 \xE2\x80\x93 dash'\n", "");
    struct bench b;
    struct buf text;
    bench_start(&b);
    buf_init(&text, &b.arena, 8192);
    buf_str(&text, "x = 1\ny = '");
    for (int i = 0; i < 300; i++)
        buf_str(&text, "QUJD");
    buf_str(&text, "'\nz = '");
    for (int i = 0; i < 120; i++)
        buf_str(&text, "\\x41");
    buf_str(&text, "'\n# ");
    for (int i = 0; i < 2000; i++)
        buf_char(&text, '-');
    expect(buf_text(&text), "obfuscation:2 obfuscation:3");
    bench_end(&b);
}

/* Put together here, so that no other scanner takes this file for a leak. */
#define KEY                                                                                        \
    "AKIA"                                                                                         \
    "IOSFODNN7EXAMPLE"
#define HUB                                                                                        \
    "ghp_"                                                                                         \
    "0123456789abcdefghijABCDEFGHIJ012345"

static void secrets_are_told_and_not_repeated(void **state)
{
    (void)state;
    expect("a = '" KEY "'\n# " HUB "\n", "secret:1 secret:2");
    expect("k = '''\n-----BEGIN RSA "
           "PRIVATE KEY-----\n'''\n",
           "secret:2");
    expect("API_KEY = 'Zx81kQ02mmB7aaP4'\nc = {'password': 'x'}\ntoken = 'Zx81kQ02mmB7aaP4'\n",
           "secret:1 secret:3");
    expect("token_url = 'https://example.com/a1b2c3d4'\npassword = 'change me please 123'\n"
           "name = 'Zx81kQ02mmB7aaP4'\nsecret = os.environ['S']\nx = 'sk-learn'\n",
           "");
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(&p, "plugin.py", SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR) CREATE, 0);
    package_add(&p, "u.py", "a = '" KEY "'\n", 0);
    inspect(&b, &p);
    const struct fault_item *it = &b.found.code[SCAN_SECRET].items[0];
    assert_null(strstr(it->sentence, KEY));
    assert_non_null(it->remedy);
    bench_end(&b);
}

static void broken_files_are_read_as_text(void **state)
{
    (void)state;
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(&p, "plugin.py", SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR) CREATE, 0);
    package_add(&p, "u.py", "def broken(:\n    '" HUB "'\n", 0);
    inspect(&b, &p);
    assert_int_equal(b.err, OK);
    assert_string_equal(touched(&b), "secret:2");
    const struct fault_item *it = finding(&b.found.unread, "python.unreadable");
    assert_non_null(it);
    assert_string_equal(it->file, "u.py");
    bench_end(&b);
}

static void families_are_named_in_a_setting(void **state)
{
    (void)state;
    unsigned bits = 99;
    struct slice bad;
    assert_true(scan_families(SLICE_NONE, &bits, &bad) && bits == 0);
    assert_true(scan_families(SLICE("off"), &bits, &bad) && bits == 0);
    assert_true(scan_families(SLICE(" process ,secret,"), &bits, &bad));
    assert_int_equal(bits, 1u << SCAN_PROCESS | 1u << SCAN_SECRET);
    assert_false(scan_families(SLICE("files,proces"), &bits, &bad));
    assert_true(slice_is(bad, "proces"));
}

/* The table is searched by halves: every name of it must be found, and its neighbours not. */
static void the_table_of_calls_is_in_order(void **state)
{
    (void)state;
    static const char *const names[] = {"ProcessPoolExecutor",
                                        "CodeType",
                                        "__import__",
                                        "_exit",
                                        "abort",
                                        "chmod",
                                        "compile",
                                        "eval",
                                        "exec",
                                        "execvpe",
                                        "fork",
                                        "import_module",
                                        "kill",
                                        "load",
                                        "open",
                                        "popen",
                                        "read_pickle",
                                        "remove",
                                        "settrace",
                                        "spawnvpe",
                                        "startfile",
                                        "system",
                                        "unlink",
                                        "urlopen",
                                        "write_text"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!scan_call_is_wanted(slice_of(names[i])))
            fail_msg("%s is not found", names[i]);
    assert_false(scan_call_is_wanted(SLICE("ope")));
    assert_false(scan_call_is_wanted(SLICE("openx")));
    assert_false(scan_call_is_wanted(SLICE_NONE));
    enum scan_family family;
    assert_true(scan_call_family(SLICE("os.open"), &family) && family == SCAN_FILES);
    assert_true(scan_call_family(SLICE("a.b.write_text"), &family) && family == SCAN_FILES);
    assert_false(scan_call_family(SLICE("gzip.open"), &family));
    assert_false(scan_call_family(SLICE(".open"), &family));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_are_told_once_a_file),
        cmocka_unit_test(calls_are_known_by_any_name),
        cmocka_unit_test(names_of_the_file_itself_are_its_own),
        cmocka_unit_test(disguises_are_told),
        cmocka_unit_test(secrets_are_told_and_not_repeated),
        cmocka_unit_test(broken_files_are_read_as_text),
        cmocka_unit_test(families_are_named_in_a_setting),
        cmocka_unit_test(the_table_of_calls_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
