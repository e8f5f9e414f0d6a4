/*
 * test_pyread_limits.c - what is refused before or while it is read: depth, size, encodings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "package/pyread_string.h"
#include "package/pyread_text.h"
#include "package/pyread_value.h"
#include "support_source.h"

#define HEAD                                                                                       \
    "from cadence_sdk import BasePlugin, BaseSpecializedAgent, PluginMetadata, plugin_settings\n"
#define AGENT "class TheAgent(BaseSpecializedAgent):\n    pass\n"
#define CREATE "    @staticmethod\n    def create_agent():\n        return TheAgent()\n"

/* ---- ceilings ------------------------------------------------------------------------------ */

static enum err inspect_expr(struct bench *b, const char *prelude, const char *expr)
{
    struct text_package p = {.count = 0};
    bench_start(b);
    package_add(&p, "plugin.py",
                str_printf(&b->arena,
                           HEAD
                           "%s\n" AGENT "class ThePlugin(BasePlugin):\n    @staticmethod\n"
                           "    def get_metadata():\n        return PluginMetadata('com.acme.x', "
                           "'X', '1.0', %s)\n" CREATE,
                           prelude, expr),
                0);
    inspect(b, &p);
    return b->err;
}

static char *repeated(struct arena *a, const char *piece, size_t times, const char *end)
{
    size_t n = strlen(piece);
    char *text = arena_alloc(a, n * times + strlen(end) + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * n, piece, n);
    memcpy(text + n * times, end, strlen(end));
    return text;
}

static void test_ceilings(void **state)
{
    (void)state;
    struct bench b;
    struct arena a;
    arena_init(&a, (size_t)64 << 20);
    /* a long sum leans deep in the tree, and is read */
    assert_int_equal(inspect_expr(&b, "", repeated(&a, "'ab' + ", 400, "'c'")), OK);
    assert_int_equal(strlen(b.found.meta.description), 801);
    bench_end(&b);
    assert_int_equal(inspect_expr(&b, "", repeated(&a, "'ab' + ", 600, "'c'")), ERR_INVALID);
    assert_non_null(strstr(b.found.errors.items[0].sentence, "more than 512 parts"));
    bench_end(&b);
    /* brackets */
    char *deep = repeated(&a, "[", 100, repeated(&a, "]", 100, ""));
    assert_int_equal(inspect_expr(&b, "", deep), ERR_INVALID);
    assert_non_null(strstr(b.found.errors.items[0].sentence, "deeper than 64"));
    bench_end(&b);
    /* a chain of constants */
    struct buf chain;
    buf_init(&chain, &a, 1 << 20);
    buf_str(&chain, "A0 = 'x'\n");
    for (int i = 1; i <= 100; i++)
        buf_printf(&chain, "A%d = A%d\n", i, i - 1);
    assert_int_equal(inspect_expr(&b, buf_text(&chain), "A100"), ERR_INVALID);
    assert_non_null(strstr(b.found.errors.items[0].sentence, "deeper than 64"));
    bench_end(&b);
    /* doubling: thirty lines that would describe a billion values */
    buf_clear(&chain);
    buf_str(&chain, "L0 = [1, 2]\nS0 = 'xy'\n");
    for (int i = 1; i <= 30; i++)
        buf_printf(&chain, "L%d = [L%d, L%d]\nS%d = S%d + S%d\n", i, i - 1, i - 1, i, i - 1, i - 1);
    assert_int_equal(inspect_expr(&b, buf_text(&chain), "L30"), ERR_INVALID);
    assert_non_null(strstr(b.found.errors.items[0].sentence, "more than 20000 values"));
    bench_end(&b);
    assert_int_equal(inspect_expr(&b, buf_text(&chain), "S30"), ERR_INVALID);
    assert_non_null(strstr(b.found.errors.items[0].sentence, "longer than 262144 bytes"));
    bench_end(&b);
    arena_free(&a);
}

/* tree-sitter 0.20 corrupts its heap when one node has more than 65,535 children. */
static void test_tokens_are_counted_before_parsing(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, (size_t)64 << 20);
    assert_true(py_text_tokens(slice_of("a = 1\n")) >= 4);
    assert_true(py_text_tokens(slice_of("((((")) >= 4);
    assert_true(py_text_tokens(slice_of("1if 2else 3")) >= 5);
    char *many = repeated(&a, "(", 70000, "");
    struct slice text;
    struct py_text_fault why;
    assert_int_equal(py_text_read(&a, slice_of(many), &text, &why), ERR_INVALID);
    assert_string_equal(why.rule, "python.size");
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(&p, "plugin.py", many, 0);
    inspect(&b, &p);
    assert_int_equal(b.err, ERR_INVALID);
    assert_non_null(strstr(b.found.errors.items[0].sentence, "more tokens than Larder reads"));
    bench_end(&b);
    arena_free(&a);
}

/* ---- encodings ----------------------------------------------------------------------------- */

// clang-format off
static const struct {
    const char *text;
    size_t size;
    const char *want; /* NULL: refused on `line` */
    int line;
} encodings[] = {
    {"x = 1\n", 0, "x = 1\n", 0},
    {"\xEF\xBB\xBFx\n", 0, "x\n", 0},
    {"a\r\nb\rc\n", 0, "a\nb\nc\n", 0},
    {"# -*- coding: utf-8 -*-\n\xC3\xA9", 0, "# -*- coding: utf-8 -*-\n\xC3\xA9", 0},
    {"# coding=latin-1\n\xE9\n", 0, "# coding=latin-1\n\xC3\xA9\n", 0},
    {"#!/usr/bin/python\n# vim: set fileencoding=iso_8859_1 :\n\xE9", 0,
     "#!/usr/bin/python\n# vim: set fileencoding=iso_8859_1 :\n\xC3\xA9", 0},
    {"x = 1\n# coding: latin-1\n\xC3\xA9", 0, "x = 1\n# coding: latin-1\n\xC3\xA9", 0},
    {"# coding: ascii\nabc", 0, "# coding: ascii\nabc", 0},
    {"# coding: ascii\n\xC3\xA9", 0, NULL, 2},
    {"# coding: cp1252\nx", 0, NULL, 1},
    {"\n# coding: utf-7\nx", 0, NULL, 2},
    {"\xEF\xBB\xBF# coding: latin-1\nx", 0, NULL, 1},
    {"a\nb\n\xE9\n", 0, NULL, 3},
    {"a\n\0b", 4, NULL, 2},
};
// clang-format on

static void test_encodings(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        struct py_text_fault why = {0};
        struct slice text;
        size_t n = encodings[i].size ? encodings[i].size : strlen(encodings[i].text);
        enum err err = py_text_read(&a, (struct slice){encodings[i].text, n}, &text, &why);
        if (encodings[i].want) {
            assert_int_equal(err, OK);
            assert_string_equal(slice_dup(&a, text), encodings[i].want);
        } else {
            assert_int_equal(err, ERR_INVALID);
            assert_string_equal(why.rule, "python.encoding");
            assert_int_equal(why.line, encodings[i].line);
        }
    }
    arena_free(&a);
}

/* ---- floats as Python writes them ------------------------------------------------------------- */

static void test_float_repr(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *want;
    } rows[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {100.0, "100.0"},
        {0.1, "0.1"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1.5e-7, "1.5e-07"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.675, "2.675"},
        {1.0 / 3, "0.3333333333333333"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, NULL, 64);
        py_float_repr(rows[i].v, &out);
        assert_string_equal(buf_text(&out), rows[i].want);
        buf_free(&out);
    }
}

static void test_dedent(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a\n b", "a\n b"},
        {"  a\n  b\n", "a\nb\n"},
        {"  a\n\tb", "  a\n\tb"},
        {"\n    a\n\n      b\n   \n", "\na\n\n  b\n\n"},
        {"", ""},
        {"   ", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, NULL, 100);
        py_dedent(slice_of(rows[i][0]), &out);
        assert_string_equal(buf_text(&out), rows[i][1]);
        buf_free(&out);
    }
}

/* ---- memory ----------------------------------------------------------------------------------- */

/* Whatever the arena has left, the answer is whole, or it is that there is no memory. */
static void test_memory_runs_out(void **state)
{
    (void)state;
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add_folder(&p, &b.arena, LARDER_SOURCE_DIR "/tests/fixtures/plugins/unit_converter",
                       "");
    package_add(&p, "plugin_manifest.json", "{\"tag\": \"t\", \"settings\": 5}", 0);
    size_t failed = 0, finished = 0;
    for (size_t ceiling = 200; finished < 3; ceiling += ceiling < 20000 ? 97 : 1009) {
        struct bench c;
        bench_start(&c);
        c.arena.ceiling = ceiling;
        inspect(&c, &p);
        assert_true(c.err == ERR_NO_MEMORY || c.err == ERR_INVALID);
        failed += c.err == ERR_NO_MEMORY;
        if (c.err == ERR_INVALID) { /* the one thing that is wrong, and nothing made up */
            if (finding(&c.found.errors, "manifest.conflict") == NULL)
                show_findings(&c.found);
            assert_int_equal(c.found.errors.count, 1);
            assert_non_null(finding(&c.found.errors, "manifest.conflict"));
            finished++;
        }
        assert_true(ceiling < 4000000);
        bench_end(&c);
    }
    assert_true(failed > 50);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ceilings),  cmocka_unit_test(test_tokens_are_counted_before_parsing),
        cmocka_unit_test(test_encodings), cmocka_unit_test(test_float_repr),
        cmocka_unit_test(test_dedent),    cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
