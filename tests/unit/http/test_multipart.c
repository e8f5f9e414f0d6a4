/*
 * test_multipart.c - forms that must be read, forms that must be refused, in pieces of every size.
 */
#include "http/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static struct arena arena;
static struct ctx ctx;
static struct form form;

static const struct multipart_limits limits = {.max_file = 1000, .max_field = 20, .max_parts = 3};

/* Feeds the text in pieces of `piece` bytes, each in an allocation of its own. */
static enum err feed(struct slice text, size_t piece)
{
    struct multipart m;
    arena_reset(&arena);
    ctx_init(&ctx, &arena, &clock_system, NULL, "test");
    multipart_begin(&m, SLICE("b"), &limits, 0, &form);
    for (size_t at = 0; at < text.n; at += piece) {
        size_t n = text.n - at < piece ? text.n - at : piece;
        char *copy = malloc(n);
        memcpy(copy, text.p + at, n);
        enum err err = multipart_feed(&ctx, &m, (struct slice){copy, n});
        free(copy);
        if (err)
            return err;
    }
    return multipart_end(&ctx, &m);
}

static enum err feed_all(struct slice text)
{
    enum err whole = feed(text, text.n ? text.n : 1);
    for (size_t piece = 1; piece < 40; piece++)
        if (feed(text, piece) != whole)
            fail_msg("pieces of %zu are read differently", piece);
    return whole;
}

#define NAME "Content-Disposition: form-data; name=\"a\"\r\n"

static void good_forms_are_read(void **state)
{
    (void)state;
    /* the content holds near misses of the delimiter */
    static const char text[] =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x \\\"y\\\" "
        "\xC3\xA9.zip\"\r\n"
        "Content-Type: application/zip\r\n\r\nPK\r\n-\r\n--\r--b\n--b\r\r\n\r\n--b\r\n"
        "content-disposition:form-data;name=note\r\n\r\nhi\r\n--b--\r\nepilogue --b\r\n";
    assert_int_equal(feed_all((struct slice){text, sizeof text - 1}), OK);
    assert_int_equal(form.parts, 2);
    const struct part *file = form_find(&form, "file");
    assert_true(slice_is(file->file_name, "x \"y\" \xC3\xA9.zip"));
    assert_true(slice_is(file->type, "application/zip"));
    assert_true(slice_is(file->data, "PK\r\n-\r\n--\r--b\n--b\r\r\n"));
    const struct part *note = form_find(&form, "note");
    assert_true(slice_is(note->data, "hi"));
    assert_null(note->file_name.p);
    assert_null(note->type.p);
    assert_null(form_find(&form, "absent"));
}

static void odd_but_legal(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "--b--\r\n",
        "--b--",
        "\r\n--b--",
        "preamble\r\n--b\r\n" NAME "\r\n\r\n--b--",
        "--b\r\n" NAME "\r\n\r\n--b--trailing",
        "--b\r\n" NAME "X-Other: y\r\n\r\nv\r\n--b--",
        "--b\r\n" NAME "Content-Transfer-Encoding: binary\r\n\r\nv\r\n--b--",
        "--b\r\n" NAME "\r\n1\r\n--b\r\n" NAME "\r\n2\r\n--b\r\n" NAME "\r\n3\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a;filename*=x;filename=\"\"\r\n\r\n\r\n--b--",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (feed_all(slice_of(rows[i])) != OK)
            fail_msg("row %zu: %s", i, ctx_sentence(&ctx));
    assert_int_equal(form.parts, 1);
    assert_non_null(form.part[0].file_name.p);
    assert_int_equal(form.part[0].file_name.n, 0);
}

static void broken_forms_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err err;
    } rows[] = {
        {"", ERR_INVALID},
        {"--", ERR_INVALID},
        {"--b", ERR_INVALID},
        {"--b\r\n", ERR_INVALID},
        {"--b-", ERR_INVALID},
        {"--b\n" NAME "\r\nv\r\n--b--", ERR_INVALID},
        {"--b \r\n" NAME "\r\nv\r\n--b--", ERR_INVALID},
        {"--bb\r\n" NAME "\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\n" NAME "\r\nv\r\n--b", ERR_INVALID},
        {"--b\r\n" NAME "\r\nv\n--b--\n", ERR_INVALID},
        {"--b\r\n" NAME "\nv\r\n--b--", ERR_INVALID},
        {"--b\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\nContent-Type: x\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\nContent-Disposition: form-data\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\nContent-Disposition: form-data; name=\"a\" x\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nv\r\n--b--",
         ERR_INVALID},
        {"--b\r\nContent-Disposition: form-data; name=\"a\tb\"\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\nContent-Disposition: form-data; name=\"\xFF\"\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\n" NAME NAME "\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\n" NAME " folded\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\n" NAME "X\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\n" NAME "X : y\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\n" NAME "Content-Transfer-Encoding: base64\r\n\r\nv\r\n--b--", ERR_INVALID},
        {"--b\r\n" NAME "\r\n123456789012345678901\r\n--b--", ERR_TOO_LARGE},
        {"--b\r\n" NAME "\r\n1\r\n--b\r\n" NAME "\r\n2\r\n--b\r\n" NAME "\r\n3\r\n--b\r\n" NAME
         "\r\n4\r\n--b--",
         ERR_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum err err = feed_all(slice_of(rows[i].text));
        if (err != rows[i].err)
            fail_msg("row %zu: %s", i, err_info(err)->name);
    }
    static const char nul[] = "--b\r\n" NAME "X: \0\r\n\r\nv\r\n--b--";
    assert_int_equal(feed_all((struct slice){nul, sizeof nul - 1}), ERR_INVALID);
    static const char nul_content[] = "--b\r\n" NAME "\r\n\0\0\r\n--b--";
    assert_int_equal(feed_all((struct slice){nul_content, sizeof nul_content - 1}), OK);
    assert_int_equal(form.part[0].data.n, 2);
}

static void ceilings_hold(void **state)
{
    (void)state;
    static char text[9000];
    struct buf b = {.p = text, .cap = sizeof text, .max = sizeof text - 1};
    for (int extra = 0; extra < 2; extra++) { /* a file of exactly 1000 bytes, and of one more */
        buf_clear(&b);
        buf_str(&b, "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n");
        for (int i = 0; i < 1000 + extra; i++)
            buf_char(&b, '\r');
        buf_str(&b, "\r\n--b--");
        assert_int_equal(feed_all(buf_view(&b)), extra ? ERR_TOO_LARGE : OK);
    }
    buf_clear(&b);
    for (int i = 0; i < 1100; i++)
        buf_char(&b, 'p');
    buf_str(&b, "\r\n--b--");
    assert_int_equal(feed_all(buf_view(&b)), ERR_INVALID);
    buf_clear(&b);
    buf_str(&b, "--b\r\nX: ");
    for (int i = 0; i < 5000; i++)
        buf_char(&b, 'h');
    buf_str(&b, "\r\n" NAME "\r\nv\r\n--b--");
    assert_int_equal(feed_all(buf_view(&b)), ERR_INVALID);
}

static void boundaries_are_taken_from_the_type(void **state)
{
    (void)state;
    static const struct {
        const char *type, *boundary; /* NULL = refused */
        enum err err;
    } rows[] = {
        {"multipart/form-data; boundary=abc", "abc", OK},
        {"Multipart/Form-Data ; charset=utf-8; Boundary=\"a b:c\"", "a b:c", OK},
        {"multipart/form-data;boundary=----WebKitFormBoundary7MA4", "----WebKitFormBoundary7MA4",
         OK},
        {"multipart/form-data", NULL, ERR_INVALID},
        {"multipart/form-data; boundary=", NULL, ERR_INVALID},
        {"multipart/form-data; boundary=\"\"", NULL, ERR_INVALID},
        {"multipart/form-data; boundary=\"a\\\"b\"", NULL, ERR_INVALID},
        {"multipart/form-data; boundary=\"ends \"", NULL, ERR_INVALID},
        {"multipart/form-data; boundary=a; boundary=b", NULL, ERR_INVALID},
        {"multipart/form-data; boundary=a b", NULL, ERR_INVALID},
        {"multipart/form-data; boundary=\"a", NULL, ERR_INVALID},
        {"multipart/form-data; boundary="
         "12345678901234567890123456789012345678901234567890123456789012345678901",
         NULL, ERR_INVALID},
        {"multipart/mixed; boundary=a", NULL, ERR_MEDIA},
        {"application/zip", NULL, ERR_MEDIA},
        {"", NULL, ERR_MEDIA},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice boundary;
        arena_reset(&arena);
        ctx_init(&ctx, &arena, &clock_system, NULL, "test");
        enum err err = multipart_boundary(&ctx, slice_of(rows[i].type), &boundary);
        if (err != rows[i].err || (err == OK && !slice_is(boundary, rows[i].boundary)))
            fail_msg("row %zu: %s", i, err_info(err)->name);
    }
}

/* Twice the bytes must not take four times as long; content of near misses is the worst case. */
/* What others do on this machine is not in it. */
static int64_t cpu_us(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void time_is_linear(void **state)
{
    (void)state;
    static const struct multipart_limits large = {.max_file = 64 << 20};
    static char piece[1 << 16];
    int64_t took[2];
    for (size_t i = 0; i < sizeof piece; i++)
        piece[i] = "\r\n--"[i % 4];
    for (int round = 0; round < 2; round++) {
        struct multipart m;
        static const char head[] =
            "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n";
        arena_reset(&arena);
        ctx_init(&ctx, &arena, &clock_system, NULL, "test");
        multipart_begin(&m, SLICE("b"), &large, 40 << 20, &form);
        int64_t begun = cpu_us();
        assert_int_equal(multipart_feed(&ctx, &m, (struct slice){head, sizeof head - 1}), OK);
        for (int i = 0; i < 128 << (2 * round); i++)
            assert_int_equal(multipart_feed(&ctx, &m, (struct slice){piece, sizeof piece}), OK);
        took[round] = cpu_us() - begun + 1000;
    }
    assert_true(took[1] < took[0] * 12); /* four times the bytes; the rest is for a busy machine */
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 96 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_forms_are_read),
        cmocka_unit_test(odd_but_legal),
        cmocka_unit_test(broken_forms_are_refused),
        cmocka_unit_test(ceilings_hold),
        cmocka_unit_test(boundaries_are_taken_from_the_type),
        cmocka_unit_test(time_is_linear),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
