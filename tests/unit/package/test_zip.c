/*
 * test_zip.c - what an archive may be, each rule at its edge, and 100,000 damaged ones.
 *
 * Archives are made by zip_write and then bent byte by byte. Whole zoos of archives, and the
 * comparison with Python's reader, are in tests/package/test_zip_differential.py.
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

enum { BENCH = 64 << 20 };

static const struct file plain[] = {
    {"web/README.md", "# Web\n\nSearches the web.\n", ZIP_PACK_SMALLER},
    {"web/__init__.py", "", ZIP_PACK_SMALLER},
    {"web/data/", "", ZIP_PACK_STORED},
    {"web/data/a.txt", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ZIP_PACK_DEFLATED},
    {"web/plugin.py", "print('never run')\n", ZIP_PACK_STORED},
};
enum { PLAIN = sizeof plain / sizeof *plain };

static int open_bench(void **state)
{
    struct bench *b = malloc(sizeof *b);
    bench_open(b, BENCH);
    *state = b;
    return 0;
}

static int close_bench(void **state)
{
    bench_close(*state);
    free(*state);
    return 0;
}

static void assert_rule(struct bench *b, struct slice bytes, const char *rule)
{
    assert_string_equal(zip_verdict(b, bytes, &zip_limits_cadence), rule);
}

static void free_zip(struct slice s)
{
    free((void *)(uintptr_t)s.p);
}

/* ------------------------------------------------------------------ a good one */

static void a_plain_archive_is_read(void **state)
{
    struct bench *b = *state;
    struct zip *zip;
    struct slice bytes = zip_of(plain, PLAIN), text;
    bench_reset(b);
    assert_int_equal(zip_open(&b->ctx, bytes, &zip_limits_cadence, &zip), OK);
    assert_int_equal(zip->count, PLAIN);
    assert_true(slice_is(zip->root, "web/"));
    for (size_t i = 1; i < zip->count; i++)
        assert_true(strncmp(zip->members[i - 1].name.p, zip->members[i].name.p, 8) <= 0);
    const struct zip_member *m = zip_find(zip, SLICE("web/data/a.txt"));
    assert_non_null(m);
    assert_int_equal(m->method, 8);
    assert_int_equal(zip_read(&b->ctx, zip, m, 1000, &text), OK);
    assert_true(slice_is(text, plain[3].text));
    assert_ptr_equal(zip_find_below_root(zip, SLICE("data/a.txt")), m);
    assert_true(slice_is(zip_name_below_root(zip, m), "data/a.txt"));
    assert_null(zip_find(zip, SLICE("web/data/a.tx")));
    assert_null(zip_find(zip, SLICE("web/data/a.txtx")));
    assert_null(zip_find(zip, SLICE("")));
    assert_null(zip_find_below_root(zip, SLICE("web/plugin.py")));
    assert_true(zip_find(zip, SLICE("web/data/"))->is_folder);
    assert_int_equal(zip_read(&b->ctx, zip, m, m->size - 1, &text), ERR_TOO_LARGE);
    free_zip(bytes);
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
    struct slice bytes = zip_of(plain, PLAIN);
    struct seen seen = {.stop_at = 100};
    struct zip_visitor v = {&seen, on_begin, on_piece, on_end};
    bench_reset(b);
    assert_int_equal(zip_open(&b->ctx, bytes, &zip_limits_cadence, &zip), OK);
    assert_int_equal(zip_walk(&b->ctx, zip, &v), OK);
    assert_int_equal(seen.begun, PLAIN);
    assert_int_equal(seen.ended, PLAIN);
    assert_int_equal(seen.bytes, zip->unpacked);
    seen = (struct seen){.stop_at = 2};
    assert_int_equal(zip_walk(&b->ctx, zip, &v), ERR_BUSY);
    assert_int_equal(seen.ended, 2);
    free_zip(bytes);
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
        free_zip(bytes);
    }
}

/* ------------------------------------------------------------------ names */

/* Members of one archive with names as bytes; zip_write would refuse most of these. */
static struct slice raw_zip(const struct slice *names, size_t count, unsigned flags)
{
    struct file files[8];
    char stand_in[8][300];
    for (size_t i = 0; i < count; i++) {
        /* as long as the name, unlike the others, and without a slash at its end */
        memset(stand_in[i], 'a' + (int)i, names[i].n);
        stand_in[i][names[i].n] = '\0';
        files[i] = (struct file){stand_in[i], "", ZIP_PACK_STORED};
    }
    struct slice bytes = zip_of(files, count);
    char *p = (char *)(uintptr_t)bytes.p;
    for (size_t at = 0; at + 4 < bytes.n; at++) {
        bool local = memcmp(p + at, "PK\3\4", 4) == 0, central = memcmp(p + at, "PK\1\2", 4) == 0;
        if (!local && !central)
            continue;
        size_t i = (size_t)(p[at + (local ? 30 : 46)] - 'a');
        memcpy(p + at + (local ? 30 : 46), names[i].p, names[i].n);
        p[at + (local ? 7 : 9)] = (char)(flags >> 8);
        if (central) /* no type, so that a name may end in a slash */
            memset(p + at + 38, 0, 4);
    }
    return bytes;
}

struct name_case {
    struct slice name;
    const char *rule; /* "" = legal */
};

static void names_are_judged(void **state)
{
    static const struct name_case cases[] = {
        {{"a.py", 4}, ""},
        {{"a b/c-d_e+f.py", 14}, ""},
        {{"...", 3}, ""},
        {{"a/", 2}, ""},
        {{"../a", 4}, "zip.name_segment"},
        {{"a/../b", 6}, "zip.name_segment"},
        {{"a/..", 4}, "zip.name_segment"},
        {{"./a", 3}, "zip.name_segment"},
        {{"a/./b", 5}, "zip.name_segment"},
        {{"a//b", 4}, "zip.name_segment"},
        {{"a//", 3}, "zip.name_segment"},
        {{"..", 2}, "zip.name_segment"},
        {{".", 1}, "zip.name_segment"},
        {{"/a", 2}, "zip.name_absolute"},
        {{"/", 1}, "zip.name_absolute"},
        {{"C:a", 3}, "zip.name_colon"},
        {{"a\\b", 3}, "zip.name_backslash"},
        {{"a\0b", 3}, "zip.name_control"},
        {{"a\nb", 3}, "zip.name_control"},
        {{"a\x7f", 2}, "zip.name_control"},
        {{"a\xc2\x85", 3}, "zip.name_control"},           /* U+0085 */
        {{"a\xe2\x80\xae", 4}, "zip.name_control"},       /* U+202E turns the line around */
        {{"a\xe2\x80\xa8", 4}, "zip.name_control"},       /* U+2028 */
        {{"\xef\xbb\xbf" "a", 4}, "zip.name_control"},    /* a byte order mark */
        {{"r\xc3\xa9sum\xc3\xa9.py", 11}, ""},
        {{"\xe6\x97\xa5\xe6\x9c\xac.py", 9}, ""},
        {{"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", 11}, ""}, /* an emoji with a joiner */
        {{"a\xc0\xaf", 3}, "zip.name_encoding"},          /* '/' in two bytes */
        {{"a\xed\xa0\x80", 4}, "zip.name_encoding"},      /* a surrogate */
        {{"a\xff", 2}, "zip.name_encoding"},
        {{"a\xc3", 2}, "zip.name_encoding"},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice bytes = raw_zip(&cases[i].name, 1, 0x0800);
        const char *rule = zip_verdict(b, bytes, &zip_limits_cadence);
        if (strcmp(rule, cases[i].rule) != 0)
            fail_msg("name %zu: '%s' instead of '%s'", i, rule, cases[i].rule);
        free_zip(bytes);
    }
    /* UTF-8 that the archive does not mark is read as something else by others */
    struct slice accent = {"\xc3\xa9", 2};
    struct slice bytes = raw_zip(&accent, 1, 0);
    assert_rule(b, bytes, "zip.name_encoding");
    free_zip(bytes);
}

struct pair_case {
    const char *a, *b, *rule;
};

static void two_names_that_are_one_are_refused(void **state)
{
    static const struct pair_case cases[] = {
        {"a", "b", ""},
        {"a", "a", "zip.duplicate"},
        {"a/", "a/", "zip.duplicate"},
        {"a", "A", "zip.collision"},
        {"a/x", "A/y", "zip.collision"}, /* one folder in two spellings */
        {"A/", "a/y", "zip.collision"},
        {"a", "a/", "zip.file_and_folder"},
        {"a", "A/", "zip.file_and_folder"},
        {"a", "a/b", "zip.file_and_folder"},
        {"a", "A/b", "zip.collision"},
        {"a/b", "a/b/c/d", "zip.file_and_folder"},
        {"a/b", "a/bc", ""},
        {"a", "a.b", ""}, /* '.' sorts before '/' */
        {"a", "a b/c", ""},
        {"caf\xc3\xa9", "cafe\xcc\x81", "zip.collision"},             /* composed, decomposed */
        {"STRASSE", "stra\xc3\x9f" "e", "zip.collision"},              /* full case folding */
        {"\xce\xa3", "\xcf\x82", "zip.collision"},                     /* both small sigmas */
        {"\xe2\x84\xaa", "k", "zip.collision"},                        /* the Kelvin sign */
        {"a\xe2\x80\x8d" "b", "ab", "zip.collision"},                  /* a joiner shows nothing */
        {"caf\xc3\xa9", "cafe", ""},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int turned = 0; turned < 2; turned++) {
            struct slice names[2] = {slice_of(turned ? cases[i].b : cases[i].a),
                                     slice_of(turned ? cases[i].a : cases[i].b)};
            struct slice bytes = raw_zip(names, 2, 0x0800);
            const char *rule = zip_verdict(b, bytes, &zip_limits_cadence);
            if (strcmp(rule, cases[i].rule) != 0)
                fail_msg("pair %zu: '%s' instead of '%s'", i, rule, cases[i].rule);
            free_zip(bytes);
        }
}

static void a_clash_is_found_among_many_names(void **state)
{
    struct bench *b = *state;
    struct slice names[] = {SLICE("lib"), SLICE("lib-a"), SLICE("lib.b/c"), SLICE("lib0"),
                            SLICE("lib/x/y"), SLICE("zz")};
    struct slice bytes = raw_zip(names, 6, 0);
    assert_rule(b, bytes, "zip.file_and_folder");
    assert_string_equal(b->ctx.fault.items[0].file, "lib");
    free_zip(bytes);
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
    free_zip(bytes);
    bytes = many(2001);
    assert_rule(b, bytes, "zip.members");
    free_zip(bytes);

    bytes = zip_of(plain, PLAIN);
    struct zip *zip;
    bench_reset(b);
    assert_int_equal(zip_open(&b->ctx, bytes, &zip_limits_cadence, &zip), OK);
    struct zip_limits l = zip_limits_cadence;
    l.unpacked = zip->unpacked;
    assert_string_equal(zip_verdict(b, bytes, &l), "");
    l.unpacked--;
    assert_string_equal(zip_verdict(b, bytes, &l), "zip.unpacked");
    l = zip_limits_cadence;
    l.member = strlen(plain[3].text);
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
    l.ratio_from = strlen(plain[3].text);
    l.ratio = 2;
    assert_string_equal(zip_verdict(b, bytes, &l), "");
    l.ratio_from--;
    assert_string_equal(zip_verdict(b, bytes, &l), "zip.ratio");
    free_zip(bytes);
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
        struct slice bytes = zip_of(plain, PLAIN);
        char *p = part_of((char *)(uintptr_t)bytes.p, bytes.n, patches[i].part);
        for (size_t k = 0; k < patches[i].n; k++)
            p[patches[i].at + k] = (char)(patches[i].value >> (8 * k));
        const char *rule = zip_verdict(b, bytes, &zip_limits_cadence);
        if (strcmp(rule, patches[i].rule) != 0)
            fail_msg("patch %zu: '%s' instead of '%s'", i, rule, patches[i].rule);
        free_zip(bytes);
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
    struct slice bytes = zip_of(plain, PLAIN);
    char *p = (char *)(uintptr_t)bytes.p;
    size_t directory = 0;
    while (memcmp(p + directory, "PK\1\2", 4) != 0)
        directory++;
    size_t end = (size_t)(part_of(p, bytes.n, END) - p);
    const size_t places[] = {0, 4, directory, end, bytes.n};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct slice bent = with(bytes, places[i], "?", 1);
        assert_string_not_equal(zip_verdict(b, bent, &zip_limits_cadence), "");
        free_zip(bent);
    }
    for (size_t n = 0; n < bytes.n; n++)
        assert_string_not_equal(
            zip_verdict(b, (struct slice){bytes.p, n}, &zip_limits_cadence), "");
    free_zip(bytes);
}

static void a_comment_may_follow_but_holds_no_end_record(void **state)
{
    struct bench *b = *state;
    struct slice bytes = zip_of(plain, PLAIN);
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
    free_zip(two);
    free_zip(mark);
    free_zip(good);
    free_zip(bytes);
}

static void all_findings_come_in_one_answer(void **state)
{
    struct bench *b = *state;
    struct slice names[] = {SLICE("../a"), SLICE("b\\c"), SLICE("C:d")};
    struct slice bytes = raw_zip(names, 3, 0);
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
    free_zip(bytes);
    bytes = many(150); /* each one a link: the list has an end */
    p = (char *)(uintptr_t)bytes.p;
    for (size_t at = 0; at + 46 < bytes.n; at++)
        if (memcmp(p + at, "PK\1\2", 4) == 0)
            p[at + 41] = (char)0xA1;
    assert_rule(b, bytes, "zip.link");
    assert_int_equal(b->ctx.fault.item_count, 100);
    free_zip(bytes);
}

/* ------------------------------------------------------------------ memory and damage */

/* However little memory there is, the answer is "no memory" or the right one. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct slice bytes = zip_of(plain, PLAIN);
    size_t refused = 0, ceiling = 0;
    for (bool done = false; !done; ceiling += 48) {
        struct bench b;
        struct zip *zip;
        bench_open(&b, ceiling);
        enum err err = zip_open(&b.ctx, bytes, &zip_limits_cadence, &zip);
        if (err == OK)
            err = zip_verify(&b.ctx, zip);
        assert_true(err == OK || err == ERR_NO_MEMORY);
        done = err == OK;
        refused += !done;
        bench_close(&b);
    }
    assert_true(refused > 10);
    assert_true(ceiling < 200000);
    free_zip(bytes);
}

static uint64_t next(uint64_t *seed)
{
    uint64_t x = *seed; /* xorshift64: the same archives on every machine */
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *seed = x;
}

/* Bends one to four places: a bit, a byte, a cut, a doubled or a moved stretch. */
static size_t bend(uint64_t *seed, const struct slice from, char *to, size_t room)
{
    size_t n = from.n;
    memcpy(to, from.p, n);
    for (uint64_t turns = 1 + next(seed) % 4; turns > 0 && n > 8; turns--) {
        size_t at = next(seed) % n, len = 1 + next(seed) % 40, other = next(seed) % n;
        switch (next(seed) % 6) {
        case 0:
            to[at] = (char)(to[at] ^ (1 << next(seed) % 8));
            break;
        case 1:
            to[at] = (char)next(seed);
            break;
        case 2:
            n = next(seed) % 8 ? n : at;
            break;
        case 3: /* double */
            len = len > n - at ? n - at : len;
            if (n + len <= room) {
                memmove(to + at + len, to + at, n - at);
                n += len;
            }
            break;
        case 4: /* drop */
            len = len > n - at ? n - at : len;
            memmove(to + at, to + at + len, n - at - len);
            n -= len;
            break;
        default: /* copy over another place */
            len = len > n - at ? n - at : len;
            len = len > n - other ? n - other : len;
            memmove(to + other, to + at, len);
        }
    }
    return n;
}

/*
 * What is damaged is refused with a reason, or nothing that counts was damaged: then every member
 * unpacks to what the untouched archive holds or to what its own CRC vouches for.
 */
static void damaged_archives_are_refused_with_a_reason(void **state)
{
    struct bench *b = *state;
    enum { MUTANTS = 100000, ROOM = 8192 };
    struct slice origin = zip_of(plain, PLAIN);
    char *bent = malloc(ROOM);
    uint64_t seed = 0x2545F4914F6CDD1DULL;
    size_t accepted = 0;
    for (int i = 0; i < MUTANTS; i++) {
        size_t n = bend(&seed, origin, bent, ROOM);
        char *exact = malloc(n ? n : 1); /* its end is the end of the allocation */
        memcpy(exact, bent, n);
        const char *rule = zip_verdict(b, (struct slice){exact, n}, &zip_limits_cadence);
        if (strcmp(rule, "?") == 0)
            fail_msg("mutant %d: %s", i, b->ctx.fault.cause);
        accepted += rule[0] == '\0';
        free(exact);
    }
    /* times, versions and attributes may change without harm; hardly anything else may */
    assert_true(accepted > 0 && accepted < MUTANTS / 4);
    free(bent);
    free_zip(origin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_archive_is_read),
        cmocka_unit_test(a_walk_shows_every_member_and_stops_when_told),
        cmocka_unit_test(the_wrapper_is_the_one_folder_above_all_that_counts),
        cmocka_unit_test(names_are_judged),
        cmocka_unit_test(two_names_that_are_one_are_refused),
        cmocka_unit_test(a_clash_is_found_among_many_names),
        cmocka_unit_test(ceilings_are_inclusive),
        cmocka_unit_test(one_wrong_field_is_enough),
        cmocka_unit_test(no_byte_stands_outside),
        cmocka_unit_test(a_comment_may_follow_but_holds_no_end_record),
        cmocka_unit_test(all_findings_come_in_one_answer),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(damaged_archives_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, open_bench, close_bench);
}
