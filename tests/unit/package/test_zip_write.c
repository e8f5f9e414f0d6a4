/*
 * test_zip_write.c - what is written is what is read, and the same twice.
 */
#include "package/zip_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support_zip.h"

enum { ROUNDS = 400, FILES = 40, BYTES = 3000 };

static uint64_t next(uint64_t *seed)
{
    uint64_t x = *seed;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *seed = x;
}

struct made {
    char name[64];
    char bytes[BYTES];
    size_t n;
    enum zip_pack pack;
};

/* Names that differ in their number, so that they never clash; content from random to all equal. */
static void make(uint64_t *seed, size_t i, struct made *m)
{
    static const char *const folders[] = {"", "a/", "a/b/", "\xc3\xa9/", "lib.d/x y/"};
    bool folder = next(seed) % 8 == 0;
    (void)snprintf(m->name, sizeof m->name, "%sn%zu%s", folders[next(seed) % 5], i,
                   folder ? "/" : ".py");
    m->n = folder ? 0 : next(seed) % BYTES;
    m->pack = folder ? ZIP_PACK_STORED : (enum zip_pack)(next(seed) % 3);
    uint64_t letters = 1 + next(seed) % 256;
    for (size_t k = 0; k < m->n; k++)
        m->bytes[k] = (char)(next(seed) % letters);
}

static enum err write_all(struct ctx *ctx, const struct made *files, size_t n, struct buf *out)
{
    struct zip_writer w;
    enum err err = OK;
    zip_write_begin(&w, ctx, out);
    for (size_t i = 0; i < n && err == OK; i++)
        err = zip_write_add(&w, slice_of(files[i].name), (struct slice){files[i].bytes, files[i].n},
                            files[i].pack);
    return err == OK ? zip_write_end(&w) : err;
}

static void reading_gives_back_what_was_written(void **state)
{
    (void)state;
    struct made *files = calloc(FILES, sizeof *files);
    uint64_t seed = 0x9E3779B97F4A7C15ULL;
    for (int round = 0; round < ROUNDS; round++) {
        struct bench b;
        struct buf first, second;
        struct zip *zip;
        bench_open(&b, 128 << 20);
        buf_init(&first, &b.arena, 8 << 20);
        buf_init(&second, &b.arena, 8 << 20);
        buf_str(&second, "not the archive's"); /* an archive may begin anywhere in its buffer */
        size_t before = second.n, n = 1 + next(&seed) % FILES;
        for (size_t i = 0; i < n; i++)
            make(&seed, i, &files[i]);
        assert_int_equal(write_all(&b.ctx, files, n, &first), OK);
        assert_int_equal(write_all(&b.ctx, files, n, &second), OK);
        assert_true(slice_eq(buf_view(&first), slice_sub(buf_view(&second), before, second.n)));

        assert_int_equal(zip_open(&b.ctx, buf_view(&first), &zip_limits_cadence, &zip), OK);
        assert_int_equal(zip->count, n);
        for (size_t i = 0; i < n; i++) {
            struct slice got;
            const struct zip_member *m = zip_find(zip, slice_of(files[i].name));
            assert_non_null(m);
            assert_int_equal(zip_read(&b.ctx, zip, m, BYTES, &got), OK);
            assert_true(slice_eq(got, (struct slice){files[i].bytes, files[i].n}));
            assert_true(files[i].pack != ZIP_PACK_SMALLER || m->packed <= m->size);
        }
        bench_close(&b);
    }
    free(files);
}

static void what_the_reader_refuses_is_not_written(void **state)
{
    (void)state;
    static const char *const names[] = {"", "/a", "../a", "a\\b", "a:b", "a\xff", "a\n", "a//b"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bench b;
        struct buf out;
        struct zip_writer w;
        bench_open(&b, 1 << 20);
        buf_init(&out, &b.arena, 1 << 16);
        zip_write_begin(&w, &b.ctx, &out);
        assert_int_equal(zip_write_add(&w, slice_of(names[i]), SLICE("x"), ZIP_PACK_STORED),
                         ERR_INVALID);
        assert_int_equal(out.n, 0);
        bench_close(&b);
    }
    struct bench b;
    struct buf out;
    struct zip_writer w;
    bench_open(&b, 1 << 20);
    buf_init(&out, &b.arena, 1 << 16);
    zip_write_begin(&w, &b.ctx, &out);
    assert_int_equal(zip_write_add(&w, SLICE("a/"), SLICE("x"), ZIP_PACK_STORED), ERR_INVALID);
    bench_close(&b);
}

static void a_full_buffer_and_a_full_arena_are_told_apart(void **state)
{
    (void)state;
    struct bench b;
    struct buf out;
    struct made *file = calloc(1, sizeof *file);
    (void)snprintf(file->name, sizeof file->name, "a");
    file->n = BYTES;
    file->pack = ZIP_PACK_STORED;
    bench_open(&b, 1 << 20);
    buf_init(&out, &b.arena, 1000);
    assert_int_equal(write_all(&b.ctx, file, 1, &out), ERR_TOO_LARGE);
    bench_close(&b);
    file->pack = ZIP_PACK_SMALLER;
    for (size_t ceiling = 0; ceiling < 20000; ceiling += 100) {
        bench_open(&b, ceiling);
        buf_init(&out, &b.arena, 1 << 16);
        assert_int_equal(write_all(&b.ctx, file, 1, &out), ERR_NO_MEMORY);
        bench_close(&b);
    }
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_gives_back_what_was_written),
        cmocka_unit_test(what_the_reader_refuses_is_not_written),
        cmocka_unit_test(a_full_buffer_and_a_full_arena_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
