/*
 * test_pyread.c - expressions: what is read, and what is refused, where and why.
 *
 * Each row is one expression in the description of a plugin (or the default of a setting), with
 * lines before the class. A refusal is checked with its place: 'e' counts lines from the
 * expression, 'p' from the first line of the prelude.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support_source.h"

#define HEAD                                                                                       \
    "from cadence_sdk import BasePlugin, BaseSpecializedAgent, PluginMetadata, plugin_settings\n"
#define AGENT "class TheAgent(BaseSpecializedAgent):\n    pass\n"
#define CREATE "    @staticmethod\n    def create_agent():\n        return TheAgent()\n"

struct row {
    const char *prelude;
    const char *expr;
    const char *want; /* the text, or words of the reason */
    char where;       /* 0 = read; 'e', 'p' = refused there */
    int line, column;
};

static int lines_in(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void check_refusal(const struct row *row, const struct fault_item *item, int expr_line)
{
    int line = (row->where == 'e' ? expr_line : 2) + row->line - 1;
    if (item == NULL)
        fail_msg("%s after \"%s\" was not refused", row->expr, row->prelude);
    if (strstr(item->sentence, row->want) == NULL)
        fail_msg("%s: \"%s\" lacks \"%s\"", row->expr, item->sentence, row->want);
    if (item->line != line || item->column != row->column)
        fail_msg("%s: at %d:%d, expected %d:%d", row->expr, item->line, item->column, line,
                 row->column);
    assert_string_equal(item->field, "description");
    assert_string_equal(item->file, "plugin.py");
    assert_non_null(item->remedy);
}

static void run_row(const struct row *row)
{
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    const char *before = str_printf(
        &b.arena,
        HEAD "%s\n" AGENT "class ThePlugin(BasePlugin):\n    WORD = 'class word'\n"
             "    @staticmethod\n    def get_metadata():\n"
             "        return PluginMetadata(pid='com.acme.x', name='X', "
             "version='1.0', description=\n",
        row->prelude);
    const char *text = str_printf(&b.arena, "%s%s\n)\n" CREATE, before, row->expr);
    package_add(&p, "plugin.py", text, 0);
    inspect(&b, &p);
    if (row->where) {
        assert_int_equal(b.err, ERR_INVALID);
        check_refusal(row, finding(&b.found.errors, "meta.not_literal"), lines_in(before) + 1);
    } else if (b.err || b.found.meta.description == NULL ||
               strcmp(b.found.meta.description, row->want) != 0) {
        show_findings(&b.found);
        fail_msg("%s gave \"%s\"", row->expr,
                 b.found.meta.description ? b.found.meta.description : "nothing");
    }
    bench_end(&b);
}

// clang-format off
static const struct row strings[] = {
    {"", "\"plain\"", "plain", 0, 0, 0},
    {"", "'single'", "single", 0, 0, 0},
    {"", "\"\"\"three\nlines\n\"\"\"", "three\nlines\n", 0, 0, 0},
    {"", "'''it's \"so\"'''", "it's \"so\"", 0, 0, 0},
    {"", "r'raw\\n'", "raw\\n", 0, 0, 0},
    {"", "R\"raw\\\"\"", "raw\\\"", 0, 0, 0},
    {"", "u'unicode'", "unicode", 0, 0, 0},
    {"", "'one ' \"two \" 'three'", "one two three", 0, 0, 0},
    {"", "('one '\n 'two')", "one two", 0, 0, 0},
    {"", "('one '  # why\n 'two')", "one two", 0, 0, 0},
    {"", "'a\\tb\\n\\\\\\'\\\"\\a\\b\\f\\v\\r'", "a\tb\n\\'\"\a\b\f\v\r", 0, 0, 0},
    {"", "'\\x41\\u00e9\\U0001F600'", "A\xC3\xA9\xF0\x9F\x98\x80", 0, 0, 0},
    {"", "'\\101\\7\\1012'", "A\aA2", 0, 0, 0},
    {"", "'\\N{EM DASH}\\N{bullet}'", "\xE2\x80\x94\xE2\x80\xA2", 0, 0, 0},
    {"", "'back\\\nslash'", "backslash", 0, 0, 0},
    {"", "'unknown \\d \\%'", "unknown \\d \\%", 0, 0, 0},
    {"", "'caf\xC3\xA9 \xE2\x80\x94 \xF0\x9F\x98\x80'", "caf\xC3\xA9 \xE2\x80\x94 \xF0\x9F\x98\x80", 0, 0, 0},
    {"", "f'plain {{braces}}'", "plain {braces}", 0, 0, 0},
    {"N = 3", "f'{N} of {4} {True} {None} {1.5} {1e20}'", "3 of 4 True None 1.5 1e+20", 0, 0, 0},
    {"A = 'x'", "f'{A}' '{A}'", "x{A}", 0, 0, 0},
    {"A = 'x'", "f\"{A!s}-{'in' + A}\"", "x-inx", 0, 0, 0},
    {"A = 'x'", "rf'{A}\\n'", "x\\n", 0, 0, 0},
    {"", "'a' + 'b' + 'c'", "abc", 0, 0, 0},
    {"A = 'x'", "'a' + (A + 'c')", "axc", 0, 0, 0},
    {"", "b'bytes'", "it is bytes", 'e', 1, 1},
    {"", "rb'bytes'", "it is bytes", 'e', 1, 1},
    {"", "'a' b'b'", "it is bytes", 'e', 1, 5},
    {"", "'\\N{GREEK SMALL LETTER ALPHA}'", "by a name Larder does not know", 'e', 1, 1},
    {"", "'\\x4'", "too few hexadecimal", 'e', 1, 1},
    {"", "'nul \\0'", "NUL", 'e', 1, 1},
    {"", "'\\ud83d'", "surrogate", 'e', 1, 1},
    {"", "'\\U00110000'", "beyond U+10FFFF", 'e', 1, 1},
    {"N = 3", "f'{N:>4}'", "with a conversion or a format", 'e', 1, 3},
    {"N = 3", "f'{N!r}'", "with a conversion or a format", 'e', 1, 3},
    {"N = 3", "f'{N=}'", "with a conversion or a format", 'e', 1, 3},
    {"L = [1]", "f'{L}'", "formats a list", 'e', 1, 3},
    {"", "'{}'.format(1)", "it calls '{}'.format(...)", 'e', 1, 1},
    {"", "'%s' % 1", "the operator %", 'e', 1, 1},
    {"", "'a' * 3", "the operator * on a str", 'e', 1, 1},
    {"", "'a' + 1", "adds an int to a str", 'e', 1, 1},
    {"from textwrap import dedent", "dedent('''\\\n    one\n      two\n''')", "one\n  two\n", 0, 0, 0},
    {"import textwrap", "textwrap.dedent('  a\\n   \\n  b')", "a\n\nb", 0, 0, 0},
    {"import textwrap as t", "t.dedent('''\n    x\n    ''').strip()", "x", 0, 0, 0},
    {"", "'  padded\\u00a0 '.strip()", "padded", 0, 0, 0},
    {"", "'a'.upper()", "it calls 'a'.upper(...)", 'e', 1, 1},
    {"", "' '.join(['a', 'b'])", "it calls ' '.join(...)", 'e', 1, 1},
};
// clang-format on

// clang-format off
static const struct row names[] = {
    {"TEXT = 'constant'", "TEXT", "constant", 0, 0, 0},
    {"TEXT: str = 'annotated'", "TEXT", "annotated", 0, 0, 0},
    {"from typing import Final\nTEXT: Final[str] = 'final'", "TEXT", "final", 0, 0, 0},
    {"A = B = 'chained'", "B", "chained", 0, 0, 0},
    {"A = 'x'\nB = A + 'y'\nC = f'{B}z'", "C", "xyz", 0, 0, 0},
    {"__version__ = '1.2.3'", "__version__", "1.2.3", 0, 0, 0},
    {"", "ThePlugin.WORD", "class word", 0, 0, 0},
    {"META = {'d': 'from a dict', 'l': ['zero', 'one']}", "META['d']", "from a dict", 0, 0, 0},
    {"META = {'d': 'from a dict', 'l': ['zero', 'one']}", "META['l'][-1]", "one", 0, 0, 0},
    {"class K:\n    A = 'a'\n    B = A + 'b'", "K.B", "ab", 0, 0, 0},
    {"class K:\n    A = 'a'\nclass L(K):\n    pass", "L.A", "a", 0, 0, 0},
    {"", "'same' if x else 'same'", "same", 0, 0, 0},
    {"if True:\n    A = 'x'\nelse:\n    A = 'x'", "A", "x", 0, 0, 0},
    {"try:\n    A = 'x'\nexcept Exception:\n    A = 'x'", "A", "x", 0, 0, 0},
    {"A = 'outer'\ndef f():\n    A = 'inner'", "A", "outer", 0, 0, 0},
    {"A = 'x'\ndef f(A):\n    A.append(1)", "A", "x", 0, 0, 0},
    {"A = 'x'\ndef f(a, /, A, *, b=1, **c):\n    A.append(1)", "A", "x", 0, 0, 0},
    {"A = 'x'\ndef f(a: int = 1, /):\n    pass\ng = lambda a, /, *, A: A", "A", "x", 0, 0, 0},
    {"A = 'x'\ndef f(*, /, *A):\n    pass", "A", "x", 0, 0, 0}, /* no Python, but read */
    {"", "MISSING", "the name MISSING is not defined in plugin.py", 'e', 1, 1},
    {"A = 'x'\nA = 'y'", "A", "more than once (lines 2 and 3)", 'p', 2, 5},
    {"A = 'x'\nA += 'y'", "A", "given a meaning more than once", 'p', 2, 1},
    {"if os:\n    A = 'x'", "A", "only under a condition", 'p', 2, 9},
    {"for A in ['x']:\n    pass", "A", "a loop sets it", 'p', 1, 5},
    {"with open('f') as A:\n    pass", "A", "a with, except or case sets it", 'p', 1, 19},
    {"A, B = 'x', 'y'", "B", "unpacked from a sequence", 'p', 1, 4},
    {"A = 'x'\ndef f():\n    global A\n    A = 'y'", "A", "more than once", 'p', 4, 9},
    {"A = 'x'\ndel A", "A", "more than once", 'p', 2, 5},
    {"print((A := 'x'))", "A", "assigned inside an expression", 'p', 1, 8},
    {"A = A", "A", "in terms of itself", 'p', 1, 5},
    {"A = B\nB = A", "A", "in terms of itself", 'p', 1, 5},
    {"import os", "os.getenv('X')", "it calls os.getenv(...)", 'e', 1, 1},
    {"import os", "os.environ['X']", "it reads os.environ['X']", 'e', 1, 1},
    {"import os", "os.environ.get('X', 'y')", "it calls os.environ.get(...)", 'e', 1, 1},
    {"import os", "os.sep", "os.sep, which is outside of the package", 'e', 1, 1},
    {"from importlib.metadata import version", "version('x')", "it calls version(...)", 'e', 1, 1},
    {"from requests import __version__ as V", "V", "requests.__version__, which is outside", 'p', 1, 22},
    {"", "open('f').read()", "it calls open('f').read(...)", 'e', 1, 1},
    {"", "[c for c in 'x'][0]", "a comprehension", 'e', 1, 1},
    {"", "lambda: 'x'", "a lambda", 'e', 1, 1},
    {"", "'a' if x else 'b'", "depends on a condition", 'e', 1, 1},
    {"import os", "os.getenv('A') or 'b'", "uses and/or", 'e', 1, 1},
    {"", "1 < 2", "a comparison", 'e', 1, 1},
    {"", "not True", "a comparison", 'e', 1, 1},
    {"", "...", "an ellipsis", 'e', 1, 1},
    {"def helper():\n    return 'x'", "helper()", "it calls helper(...)", 'e', 1, 1},
    {"", "eval('1')", "it calls eval(...)", 'e', 1, 1},
    {"L = ['x']\nL.append('y')", "L[0]", "a method changes it", 'p', 2, 1},
    {"D = {'x': 'y'}\nD['x'] = 'z'", "D['x']", "it is assigned to", 'p', 2, 1},
    {"L = ['x']\ndef f():\n    L.clear()", "L[0]", "a method changes it", 'p', 3, 5},
    {"class K:\n    A = 'a'\nK.A = 'b'", "K.A", "it is assigned to", 'p', 3, 1},
    {"class K:\n    A = 'a'\nsetattr(K, 'A', 'b')", "K.A", "setattr changes it", 'p', 3, 1},
    {"class K(Other):\n    pass", "K.A", "the name Other is not defined", 'p', 1, 9},
    {"import x\nclass K(x.Base):\n    pass", "K.A", "may come from the base class x.Base", 'e', 1, 1},
    {"class K(metaclass=M):\n    pass", "K.A", "metaclass", 'p', 1, 9},
    {"from os import *", "A", "may come from a star import", 'p', 1, 16},
    {"A = 'x'\nfrom os import *", "A", "replaced by a star import", 'p', 2, 16},
    {"match x:\n    case A:\n        pass", "A", "a case sets it", 'p', 2, 10},
};
// clang-format on

static void test_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        run_row(&strings[i]);
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        run_row(&names[i]);
}

/* ---- values of every type, as the default of a setting ---------------------------------------- */

// clang-format off
static const struct {
    const char *prelude, *expr, *type;
    const char *json; /* NULL: refused with the words in `why` */
    const char *why;
} values[] = {
    {"", "1", "int", "1", NULL},
    {"", "-1", "int", "-1", NULL},
    {"", "+5", "int", "5", NULL},
    {"", "1_000_000", "int", "1000000", NULL},
    {"", "0xFF", "int", "255", NULL},
    {"", "0x_ff", "int", "255", NULL},
    {"", "0o17", "int", "15", NULL},
    {"", "0b1010", "int", "10", NULL},
    {"", "9223372036854775807", "int", "9223372036854775807", NULL},
    {"", "60 * 60 - 1", "int", "3599", NULL},
    {"", "2 + 3 + 4", "int", "9", NULL},
    {"", "True", "int", "true", NULL},
    {"", "9223372036854775808", "int", NULL, "does not fit into 64 bits"},
    {"", "9223372036854775807 + 1", "int", NULL, "does not fit into 64 bits"},
    {"", "2 ** 8", "int", NULL, "the operator **"},
    {"", "7 // 2", "int", NULL, "the operator //"},
    {"", "1j", "int", NULL, "complex"},
    {"", "007", "int", NULL, "may not begin with 0"},
    {"", "~1", "int", NULL, "the operator ~"},
    {"", "1.0", "float", "1.0", NULL},
    {"", "-0.5", "float", "-0.5", NULL},
    {"", "1e-7", "float", "1e-07", NULL},
    {"", "1_0.5e1_0", "float", "105000000000.0", NULL},
    {"", ".5", "float", "0.5", NULL},
    {"", "0.1 + 0.2", "float", "0.30000000000000004", NULL},
    {"", "1e999", "float", NULL, "too large for a float"},
    {"", "None", "str", "null", NULL},
    {"", "False", "bool", "false", NULL},
    {"", "'text'", "str", "\"text\"", NULL},
    {"", "[]", "list", "[]", NULL},
    {"", "[1, 'two', [3.5], {'four': None}, ]", "list", "[1,\"two\",[3.5],{\"four\":null}]", NULL},
    {"A = [1]\nB = [2]", "A + B + [3]", "list", "[1,2,3]", NULL},
    {"A = [1]\nB = (2, 3)", "[*A, *B, 4]", "list", "[1,2,3,4]", NULL},
    {"", "list((1, 2))", "list", "[1,2]", NULL},
    {"", "list()", "list", "[]", NULL},
    {"", "list({1, 2})", "list", NULL, "the order of a set"},
    {"", "[x for x in y]", "list", NULL, "a comprehension"},
    {"import os", "[1, os.getcwd(), 3]", "list", NULL, "it calls os.getcwd(...)"},
    {"A = 1", "[*A]", "list", NULL, "* unpacks an int"},
    {"", "{}", "dict", "{}", NULL},
    {"", "{'a': 1, 'b': {'c': []}}", "dict", "{\"a\":1,\"b\":{\"c\":[]}}", NULL},
    {"", "{'a': 1, 'a': 2}", "dict", "{\"a\":2}", NULL},
    {"A = {'a': 1}", "{**A, 'b': 2}", "dict", "{\"a\":1,\"b\":2}", NULL},
    {"A = {'a': 1}", "dict(A, b=2, **{'c': 3})", "dict", "{\"a\":1,\"b\":2,\"c\":3}", NULL},
    {"A = {'a': 1}", "A | {'a': 2}", "dict", "{\"a\":2}", NULL},
    {"", "{1: 'x', None: 'y', True: 'z'}", "dict", "{\"1\":\"z\",\"null\":\"y\"}", NULL},
    {"", "{'x': {1, True, 'a', 'a'}}", "dict", "{\"x\":[1,\"a\"]}", NULL},
    {"", "{'x': {1, [2]}}", "dict", NULL, "a list cannot stand in a set"},
    {"", "{[1]: 2}", "dict", NULL, "a list cannot be a key"},
    {"", "r'\\\\'", "str", "\"\\\\\\\\\"", NULL},
    {"", "{'x': R\"\"\"\\\"\"\"\"}", "dict", "{\"x\":\"\\\\\\\"\"}", NULL},
    {"", "{(1, 2): 3}", "dict", NULL, "cannot be written as JSON"},
    {"", "{k: v for k, v in x}", "dict", NULL, "a comprehension"},
    {"LIMIT: int = 10", "LIMIT", "int", "10", NULL},
    {"class C:\n    LIMIT = 10", "C.LIMIT", "int", "10", NULL},
};
// clang-format on

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct bench b;
        struct text_package p = {.count = 0};
        bench_start(&b);
        package_add(&p, "plugin.py",
                    str_printf(&b.arena,
                               HEAD
                               "%s\n" AGENT
                               "@plugin_settings([{'key': 'k', 'type': '%s', 'description': 'd', "
                               "'default': %s}])\nclass ThePlugin(BasePlugin):\n"
                               "    @staticmethod\n    def get_metadata():\n        return "
                               "PluginMetadata('com.acme.x', 'X', '1.0', 'd')\n" CREATE,
                               values[i].prelude, values[i].type, values[i].expr),
                    0);
        inspect(&b, &p);
        if (values[i].json) {
            if (b.err)
                show_findings(&b.found);
            assert_int_equal(b.err, OK);
            assert_int_equal(b.found.meta.setting_count, 1);
            assert_string_equal(slice_dup(&b.arena, b.found.meta.settings[0].default_json),
                                values[i].json);
        } else {
            assert_int_equal(b.err, ERR_INVALID);
            assert_string_equal(b.found.errors.items[0].field, "settings");
            if (strstr(b.found.errors.items[0].sentence, values[i].why) == NULL)
                fail_msg("%s: %s", values[i].expr, b.found.errors.items[0].sentence);
        }
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
