/*
 * test_zip.c - what an archive may be, and each rule of structure and size at its edge.
 *
 * Archives are made by zip_write and then bent byte by byte. Names have test_zip_names.c, damage
 * has test_zip_damage.c; a whole zoo of archives, and the comparison with Python's reader, are in
 * tests/package/test_zip_differential.py.
 */
#include "package/zip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support_zip.h"

static void assert_rule(struct bench *b, struct slice bytes, const char *rule)
{
    assert_string_equal(zip_verdict(b, bytes, &zip_limits_cadence), rule);
}

/* ------------------------------------------------------------------ a good one */

static void a_plain_archive_is_read(void **state)
{
    struct bench *b = *state;
    struct zip *zip;
    struct slice bytes = zip_of(zip_plain, ZIP_PLAIN), text;
    bench_reset(b);
    assert_int_equal(zip_open(&b->ctx, bytes, &zip_limits_cadence, &zip), OK);
    assert_int_equal(zip->count, ZIP_PLAIN);
    assert_true(slice_is(zip->root, "web/"));
    for (size_t i = 1; i < zip->count; i++)
        assert_true(strncmp(zip->members[i - 1].name.p, zip->members[i].name.p, 8) <= 0);
    const struct zip_member *m = zip_find(zip, SLICE("web/data/a.txt"));
    assert_non_null(m);
    assert_int_equal(m->method, 8);
    assert_int_equal(zip_read(&b->ctx, zip, m, 1000, &text), OK);
    assert_true(slice_is(text, zip_plain[3].text));
    assert_ptr_equal(zip_find_below_root(zip, SLICE("data/a.txt")), m);
    assert_true(slice_is(zip_name_below_root(zip, m), "data/a.txt"));
    assert_null(zip_find(zip, SLICE("web/data/a.tx")));
    assert_null(zip_find(zip, SLICE("web/data/a.txtx")));
    assert_null(zip_find(zip, SLICE("")));
    assert_null(zip_find_below_root(zip, SLICE("web/plugin.py")));
    assert_true(zip_find(zip, SLICE("web/data/"))->is_folder);
    assert_int_equal(zip_read(&b->ctx, zip, m, m->size - 1, &text), ERR_TOO_LARGE);
    zip_free(bytes);
}

struct seen {
    size_t begun, ended, bytes;
    size_t stop_at;
};

static enum err on_begin(struct ctx *ctx, void *arg, const struct zip_member *m)
{
    struct seen *s = arg;
    (void)m;
    return s->begun++ == s->stop_at ? ctx_fail(ctx, ERR_BUSY, "enough") : OK;
}

static enum err on_piece(struct ctx *ctx, void *arg, struct slice bytes)
{
    (void)ctx;
    ((struct seen *)arg)->bytes += bytes.n;
    return OK;
}

static enum err on_end(struct ctx *ctx, void *arg, const struct zip_member *m)
{
    (void)ctx;
    (void)m;
    ((struct seen *)arg)->ended++;
    return OK;
}

static void a_walk_shows_every_member_and_stops_when_told(void **state)
{
    struct bench *b = *state;
    struct zip *zip;
    struct slice bytes = zip_of(zip_plain, ZIP_PLAIN);
    struct seen seen = {.stop_at = 100};
    struct zip_visitor v = {&seen, on_begin, on_piece, on_end};
    bench_reset(b);
    assert_int_equal(zip_open(&b->ctx, bytes, &zip_limits_cadence, &zip), OK);
    assert_int_equal(zip_walk(&b->ctx, zip, &v), OK);
    assert_int_equal(seen.begun, ZIP_PLAIN);
    assert_int_equal(seen.ended, ZIP_PLAIN);
    assert_int_equal(seen.bytes, zip->unpacked);
    seen = (struct seen){.stop_at = 2};
    assert_int_equal(zip_walk(&b->ctx, zip, &v), ERR_BUSY);
    assert_int_equal(seen.ended, 2);
    zip_free(bytes);
}

struct wrapper_case {
    const char *names[4];
    const char *root;
};

static void the_wrapper_is_the_one_folder_above_all_that_counts(void **state)
{
    static const struct wrapper_case cases[] = {
        {{"a/x.py", "a/b/y.py"}, "a/"},
        {{"a/", "a/x.py"}, "a/"},
        {{"x.py"}, ""},
        {{"a/x.py", "b/y.py"}, ""},
        {{"a/x.py", "y.py"}, ""},
        {{"a/x.py", "__MACOSX/a/._x.py", ".DS_Store"}, "a/"},
        {{"a/x.py", "__pycache__/x.pyc", "y.pyc", "._z"}, "a/"},
        {{"a/b/x.py"}, "a/"}, /* one folder only */
        {{".DS_Store"}, ""},
        {{"a/x.py", "ab/y.py"}, ""},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file files[4];
        size_t n = 0;
        for (; n < 4 && cases[i].names[n]; n++)
            files[n] = (struct file){cases[i].names[n], "", ZIP_PACK_STORED};
        struct slice bytes = zip_of(files, n);
        struct zip *zip;
        bench_reset(b);
        assert_int_equal(zip_open(&b->ctx, bytes, &zip_limits_cadence, &zip), OK);
        assert_true(slice_is(zip->root, cases[i].root));
        zip_free(bytes);
    }
}

static void the_outside_is_looked_at_first(void **state)
{
    (void)state;
    assert_true(zip_has_extension(SLICE("a.zip")) && zip_has_extension(SLICE("A.ZIP")));
    assert_false(zip_has_extension(SLICE("a.zip.exe")) || zip_has_extension(SLICE("azip")));
    assert_false(zip_has_extension(SLICE("zip")) || zip_has_extension(SLICE_NONE));
    assert_true(zip_has_magic((struct slice){"PK\3\4", 4}));
    assert_false(zip_has_magic((struct slice){"PK\5\6", 4}) || zip_has_magic(SLICE("PK\3")));
    assert_false(zip_has_magic(SLICE_NONE));
}

/* ------------------------------------------------------------------ ceilings */

static struct slice many(size_t count)
{
    struct file *files = calloc(count, sizeof *files);
    char(*names)[32] = calloc(count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "f%06zu", i);
        files[i] = (struct file){names[i], "", ZIP_PACK_STORED};
    }
    struct slice bytes = zip_of(files, count);
    free(names);
    free(files);
    return bytes;
}

static void ceilings_are_inclusive(void **state)
{
    struct bench *b = *state;
    assert_int_equal(zip_limits_cadence.members, 2000);
    assert_int_equal(zip_limits_cadence.unpacked, 52428800);
    assert_int_equal(zip_limits_cadence.member, 20971520);
    struct slice bytes = many(2000);
    assert_rule(b, bytes, "");
    zip_free(bytes);
    bytes = many(2001);
    assert_rule(b, bytes, "zip.members");
    zip_free(bytes);

    bytes = zip_of(zip_plain, ZIP_PLAIN);
    struct zip *zip;
    bench_reset(b);
    assert_int_equal(zip_open(&b->ctx, bytes, &zip_limits_cadence, &zip), OK);
    struct zip_limits l = zip_limits_cadence;
    l.unpacked = zip->unpacked;
    assert_string_equal(zip_verdict(b, bytes, &l), "");
    l.unpacked--;
    assert_string_equal(zip_verdict(b, bytes, &l), "zip.unpacked");
    l = zip_limits_cadence;
    l.member = strlen(zip_plain[3].text);
    assert_string_equal(zip_verdict(b, bytes, &l), "");
    l.member--;
    assert_string_equal(zip_verdict(b, bytes, &l), "zip.member_size");
    l = zip_limits_cadence;
    l.name = strlen("web/__init__.py");
    assert_string_equal(zip_verdict(b, bytes, &l), "");
    l.name--;
    assert_string_equal(zip_verdict(b, bytes, &l), "zip.name_length");
    l = zip_limits_cadence;
    l.depth = 3;
    assert_string_equal(zip_verdict(b, bytes, &l), "");
    l.depth = 2;
    assert_string_equal(zip_verdict(b, bytes, &l), "zip.name_depth");
    l = zip_limits_cadence;
    l.ratio_from = strlen(zip_plain[3].text);
    l.ratio = 2;
    assert_string_equal(zip_verdict(b, bytes, &l), "");
    l.ratio_from--;
    assert_string_equal(zip_verdict(b, bytes, &l), "zip.ratio");
    zip_free(bytes);
}

/* ------------------------------------------------------------------ structure */

enum part { LOCAL, CENTRAL, END };

struct patch {
    enum part part; /* of the member "web/plugin.py", stored and last */
    size_t at;
    size_t n;
    uint32_t value;
    const char *rule;
};

static char *part_of(char *p, size_t n, enum part part)
{
    static const char *const marks[] = {"PK\3\4", "PK\1\2", "PK\5\6"};
    char *found = NULL;
    for (size_t at = 0; at + 4 <= n; at++)
        if (memcmp(p + at, marks[part], 4) == 0)
            found = p + at;
    return found;
}

static void one_wrong_field_is_enough(void **state)
{
    static const struct patch patches[] = {
        {LOCAL, 0, 4, 0x11111111, "zip.record"},
        {LOCAL, 6, 2, 0x0800, "zip.mismatch"},
        {LOCAL, 6, 2, 0x0001, "zip.mismatch"},
        {LOCAL, 8, 2, 8, "zip.mismatch"},
        {LOCAL, 14, 4, 1, "zip.mismatch"},
        {LOCAL, 18, 4, 1, "zip.mismatch"},
        {LOCAL, 22, 4, 1, "zip.mismatch"},
        {LOCAL, 22, 4, 0xFFFFFFFF, "zip.zip64"},
        {LOCAL, 26, 2, 12, "zip.mismatch"},
        {LOCAL, 26, 2, 0xFFFF, "zip.record"},
        {LOCAL, 28, 2, 4, "zip.extra"},
        {LOCAL, 30, 1, 'X', "zip.mismatch"},
        {CENTRAL, 0, 4, 0x11111111, "zip.directory"},
        {CENTRAL, 6, 1, 64, "zip.version"},
        {CENTRAL, 8, 2, 0x0001, "zip.mismatch"},
        {CENTRAL, 10, 2, 9, "zip.mismatch"},
        {CENTRAL, 16, 4, 1, "zip.mismatch"},
        {CENTRAL, 20, 4, 1, "zip.mismatch"},
        {CENTRAL, 20, 4, 0xFFFFFFFF, "zip.zip64"},
        {CENTRAL, 24, 4, 1, "zip.mismatch"},
        {CENTRAL, 28, 2, 0xFFFF, "zip.directory"},
        {CENTRAL, 30, 2, 0xFFFF, "zip.directory"},
        {CENTRAL, 32, 2, 1, "zip.directory"},
        {CENTRAL, 34, 2, 1, "zip.disks"},
        {CENTRAL, 38, 4, 0xA1FF0000, "zip.link"},
        {CENTRAL, 38, 4, 0x00000400, "zip.link"},
        {CENTRAL, 38, 4, 0x11A40000, "zip.file_type"}, /* a pipe */
        {CENTRAL, 38, 4, 0x21A40000, "zip.file_type"}, /* a device */
        {CENTRAL, 38, 4, 0xC1A40000, "zip.file_type"}, /* a socket */
        {CENTRAL, 38, 4, 0x41ED0000, "zip.file_type"}, /* a folder without its slash */
        {CENTRAL, 38, 4, 0x00000010, "zip.file_type"},
        {CENTRAL, 38, 4, 0x00000020, ""},
        {CENTRAL, 38, 4, 0, ""},
        {CENTRAL, 42, 4, 0, "zip.overlap"}, /* the first record is another member's */
        {CENTRAL, 42, 4, 0x7FFFFFFF, "zip.record"},
        {CENTRAL, 42, 4, 0xFFFFFFFF, "zip.zip64"},
        {END, 4, 2, 1, "zip.disks"},
        {END, 6, 2, 1, "zip.disks"},
        {END, 8, 2, 4, "zip.disks"},
        {END, 10, 2, 6, "zip.disks"},
        {END, 8, 4, 0x00040004, "zip.directory"},
        {END, 8, 4, 0x00060006, "zip.directory"},
        {END, 8, 4, 0, "zip.members"},
        {END, 12, 4, 0, "zip.gap"},
        {END, 16, 4, 0, "zip.gap"},
        {END, 16, 4, 0xFFFFFFFF, "zip.directory"},
        {END, 20, 2, 1, "zip.end_record"},
        {END, 0, 4, 0x11111111, "zip.end_record"},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof patches / sizeof *patches; i++) {
        struct slice bytes = zip_of(zip_plain, ZIP_PLAIN);
        char *p = part_of((char *)(uintptr_t)bytes.p, bytes.n, patches[i].part);
        for (size_t k = 0; k < patches[i].n; k++)
            p[patches[i].at + k] = (char)(patches[i].value >> (8 * k));
        const char *rule = zip_verdict(b, bytes, &zip_limits_cadence);
        if (strcmp(rule, patches[i].rule) != 0)
            fail_msg("patch %zu: '%s' instead of '%s'", i, rule, patches[i].rule);
        zip_free(bytes);
    }
}

/* The archive with `n` bytes put in at `at`. */
static struct slice with(struct slice bytes, size_t at, const char *p, size_t n)
{
    char *grown = malloc(bytes.n + n);
    memcpy(grown, bytes.p, at);
    memcpy(grown + at, p, n);
    memcpy(grown + at + n, bytes.p + at, bytes.n - at);
    return (struct slice){grown, bytes.n + n};
}

static void no_byte_stands_outside(void **state)
{
    struct bench *b = *state;
    struct slice bytes = zip_of(zip_plain, ZIP_PLAIN);
    char *p = (char *)(uintptr_t)bytes.p;
    size_t directory = 0;
    while (memcmp(p + directory, "PK\1\2", 4) != 0)
        directory++;
    size_t end = (size_t)(part_of(p, bytes.n, END) - p);
    const size_t places[] = {0, 4, directory, end, bytes.n};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct slice bent = with(bytes, places[i], "?", 1);
        assert_string_not_equal(zip_verdict(b, bent, &zip_limits_cadence), "");
        zip_free(bent);
    }
    for (size_t n = 0; n < bytes.n; n++)
        assert_string_not_equal(zip_verdict(b, (struct slice){bytes.p, n}, &zip_limits_cadence),
                                "");
    zip_free(bytes);
}

static void a_comment_may_follow_but_holds_no_end_record(void **state)
{
    struct bench *b = *state;
    struct slice bytes = zip_of(zip_plain, ZIP_PLAIN);
    char *end = part_of((char *)(uintptr_t)bytes.p, bytes.n, END);
    end[20] = 5;
    struct slice good = with(bytes, bytes.n, "hello", 5);
    assert_rule(b, good, "");
    struct slice mark = with(bytes, bytes.n, "PK\5\6!", 5);
    assert_rule(b, mark, "zip.end_record");
    end[20] = 44;
    char inner[44] = {0};
    memcpy(inner, "PK\5\6", 4);
    inner[20] = 22;
    struct slice two = with(bytes, bytes.n, inner, sizeof inner);
    assert_rule(b, two, "zip.end_record");
    zip_free(two);
    zip_free(mark);
    zip_free(good);
    zip_free(bytes);
}

static void all_findings_come_in_one_answer(void **state)
{
    struct bench *b = *state;
    struct slice names[] = {SLICE("../a"), SLICE("b\\c"), SLICE("C:d")};
    struct slice bytes = zip_of_raw_names(names, 3, 0);
    char *p = part_of((char *)(uintptr_t)bytes.p, bytes.n, CENTRAL);
    p[41] = (char)0xA1; /* and a link */
    assert_string_not_equal(zip_verdict(b, bytes, &zip_limits_cadence), "");
    assert_int_equal(b->ctx.fault.item_count, 4);
    assert_true(zip_found(b, "zip.name_segment"));
    assert_true(zip_found(b, "zip.name_backslash"));
    assert_true(zip_found(b, "zip.name_colon"));
    assert_true(zip_found(b, "zip.link"));
    assert_string_equal(b->ctx.fault.code, "PL-0003");
    assert_non_null(strstr(b->ctx.fault.sentence, "and 3 more"));
    for (size_t i = 0; i < b->ctx.fault.item_count; i++) {
        assert_non_null(b->ctx.fault.items[i].sentence);
        assert_true(strlen(b->ctx.fault.items[i].remedy) > 10);
    }
    zip_free(bytes);
    bytes = many(150); /* each one a link: the list has an end */
    p = (char *)(uintptr_t)bytes.p;
    for (size_t at = 0; at + 46 < bytes.n; at++)
        if (memcmp(p + at, "PK\1\2", 4) == 0)
            p[at + 41] = (char)0xA1;
    assert_rule(b, bytes, "zip.link");
    assert_int_equal(b->ctx.fault.item_count, 100);
    zip_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_archive_is_read),
        cmocka_unit_test(a_walk_shows_every_member_and_stops_when_told),
        cmocka_unit_test(the_wrapper_is_the_one_folder_above_all_that_counts),
        cmocka_unit_test(the_outside_is_looked_at_first),
        cmocka_unit_test(ceilings_are_inclusive),
        cmocka_unit_test(one_wrong_field_is_enough),
        cmocka_unit_test(no_byte_stands_outside),
        cmocka_unit_test(a_comment_may_follow_but_holds_no_end_record),
        cmocka_unit_test(all_findings_come_in_one_answer),
    };
    return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
