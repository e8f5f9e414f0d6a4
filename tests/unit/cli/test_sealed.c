/*
 * test_sealed.c - what was sealed comes back; what was changed, cut or sealed by another key does not.
 */
#include "cli/sealed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PARTS_MAX = 8 };

struct bench {
    struct arena arena;
    struct ctx ctx;
    struct buf part[PARTS_MAX];
    size_t parts;
    struct buf plain;
    unsigned char key[SEAL_KEY];
};

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b); /* freed by teardown */
    assert_non_null(b);
    assert_int_equal(crypto_open(), OK);
    arena_init(&b->arena, 1 << 20);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
    for (size_t i = 0; i < PARTS_MAX; i++)
        buf_init(&b->part[i], NULL, 64 << 20);
    buf_init(&b->plain, NULL, 64 << 20);
    crypto_random(b->key, sizeof b->key);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    for (size_t i = 0; i < PARTS_MAX; i++)
        buf_free(&b->part[i]);
    buf_free(&b->plain);
    arena_free(&b->arena);
    free(b);
    return 0;
}

static enum err keep_part(struct ctx *ctx, void *arg, struct slice bytes)
{
    struct bench *b = arg;
    (void)ctx;
    assert_true(b->parts < PARTS_MAX);
    buf_slice(&b->part[b->parts++], bytes);
    return OK;
}

static enum err keep_plain(struct ctx *ctx, void *arg, struct slice bytes)
{
    struct bench *b = arg;
    (void)ctx;
    buf_slice(&b->plain, bytes);
    return OK;
}

/* n bytes, written in uneven pieces. */
static void seal(struct bench *b, const unsigned char *key, size_t n)
{
    struct sealed_writer *w;
    char bytes[7919];
    b->parts = 0;
    for (size_t i = 0; i < PARTS_MAX; i++)
        buf_clear(&b->part[i]);
    assert_int_equal(sealed_writer_new(&b->ctx, key, keep_part, b, &w), OK);
    for (size_t at = 0; at < n;) {
        size_t take = n - at < sizeof bytes ? n - at : sizeof bytes;
        memset(bytes, (int)('a' + at % 23), take);
        assert_int_equal(sealed_write(&b->ctx, w, (struct slice){bytes, take}), OK);
        at += take;
    }
    assert_int_equal(sealed_finish(&b->ctx, w), OK);
    sealed_writer_free(w);
}

static enum err unseal(struct bench *b, const unsigned char *key)
{
    struct sealed_reader *r;
    ctx_forgive(&b->ctx);
    buf_clear(&b->plain);
    assert_int_equal(sealed_reader_new(&b->ctx, key, keep_plain, b, &r), OK);
    enum err err = OK;
    for (size_t i = 0; i < b->parts && err == OK; i++)
        err = sealed_read(&b->ctx, r, buf_view(&b->part[i]));
    if (err == OK)
        err = sealed_end(&b->ctx, r);
    sealed_reader_free(r);
    return err;
}

static void assert_plain(struct bench *b, size_t n)
{
    assert_int_equal(b->plain.n, n);
    for (size_t at = 0; at < n; at += 7919)
        assert_int_equal(b->plain.p[at], 'a' + (int)(at % 23));
}

static void what_was_sealed_comes_back(void **state)
{
    static const size_t sizes[] = {0,
                                   1,
                                   SEALED_PIECE - 1,
                                   SEALED_PIECE,
                                   SEALED_PIECE + 1,
                                   3 * SEALED_PIECE,
                                   SEALED_PART - 40,
                                   SEALED_PART,
                                   2 * SEALED_PART + 12345};
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        seal(b, b->key, sizes[i]);
        assert_int_equal(unseal(b, b->key), OK);
        assert_plain(b, sizes[i]);
        for (size_t p = 0; p + 1 < b->parts; p++)
            assert_int_equal(b->part[p].n, SEALED_PART);
    }
}

static void without_a_key_the_bytes_go_through(void **state)
{
    struct bench *b = *state;
    seal(b, NULL, SEALED_PART + 5);
    assert_int_equal(b->parts, 2);
    assert_int_equal(b->part[0].p[0], 'a');
    assert_int_equal(unseal(b, NULL), OK);
    assert_plain(b, SEALED_PART + 5);
}

static void nothing_of_the_plain_text_shows(void **state)
{
    struct bench *b = *state;
    seal(b, b->key, 100000);
    assert_null(memmem(b->part[0].p, b->part[0].n, "aaaaaaaa", 8));
    assert_null(memmem(b->part[0].p, b->part[0].n, b->key, 8));
}

static void another_key_opens_nothing(void **state)
{
    struct bench *b = *state;
    unsigned char other[SEAL_KEY];
    crypto_random(other, sizeof other);
    seal(b, b->key, 1000);
    assert_int_equal(unseal(b, other), ERR_CORRUPT);
    assert_int_equal(b->plain.n, 0);
}

static void every_change_is_found(void **state)
{
    struct bench *b = *state;
    seal(b, b->key, 3 * SEALED_PIECE + 100);
    size_t n = b->part[0].n;
    for (size_t i = 0; i < 2000; i++) {
        size_t at = i < 200 ? i : i < 400 ? n - 1 - (i - 200) : i * 7919 % n;
        b->part[0].p[at] ^= 1;
        assert_int_equal(unseal(b, b->key), ERR_CORRUPT);
        b->part[0].p[at] ^= 1;
    }
    for (size_t cut = 1; cut <= n; cut = cut * 2 + 1) {
        b->part[0].n = n - cut;
        assert_int_equal(unseal(b, b->key), ERR_CORRUPT);
    }
    b->part[0].n = n - 100 - SEAL_EXTRA; /* at the border of a piece */
    assert_int_equal(unseal(b, b->key), ERR_CORRUPT);
    b->part[0].n = n;
    buf_char(&b->part[0], 'x');
    assert_int_equal(unseal(b, b->key), ERR_CORRUPT);
}

static void parts_that_are_missing_or_swapped_are_found(void **state)
{
    struct bench *b = *state;
    seal(b, b->key, 2 * SEALED_PART);
    assert_int_equal(b->parts, 3);
    struct buf first = b->part[0];
    b->part[0] = b->part[1];
    b->part[1] = first;
    assert_int_equal(unseal(b, b->key), ERR_CORRUPT);
    b->part[1] = b->part[0];
    b->part[0] = first;
    b->parts = 2;
    assert_int_equal(unseal(b, b->key), ERR_CORRUPT);
    b->parts = 0;
    assert_int_equal(unseal(b, b->key), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_sealed_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_key_the_bytes_go_through, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_of_the_plain_text_shows, setup, teardown),
        cmocka_unit_test_setup_teardown(another_key_opens_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(every_change_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(parts_that_are_missing_or_swapped_are_found, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
