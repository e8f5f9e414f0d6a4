/*
 * test_zip_gzip.c - lines that are packed come out as they went in, and nothing damaged, cut off or
 * too large comes out as if it were whole.
 */
#include "package/zip_gzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINES = 5000, LINE_MAX_BYTES = 4096 };

struct desk {
    struct arena arena;
    struct ctx ctx;
    int fd;
    int64_t size;
    size_t seen;
    bool right;
};

static int setup(void **state)
{
    static struct desk desk;
    memset(&desk, 0, sizeof desk);
    arena_init(&desk.arena, 64 << 20);
    ctx_init(&desk.ctx, &desk.arena, &clock_system, NULL, "test");
    desk.fd = memfd_create("lines", MFD_CLOEXEC);
    assert_true(desk.fd >= 0);
    *state = &desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    (void)close(d->fd);
    arena_free(&d->arena);
    return 0;
}

/* Lines of all lengths, an empty one among them. */
static struct slice line_of(size_t i, char text[LINE_MAX_BYTES])
{
    size_t n = i * 37 % 700;
    for (size_t k = 0; k < n; k++)
        text[k] = (char)('a' + (i + k * k) % 26);
    return (struct slice){text, n};
}

static void pack(struct desk *d)
{
    char text[LINE_MAX_BYTES], sha256[SHA256_HEX];
    struct gzip_writer *w;
    assert_int_equal(gzip_open(&d->ctx, d->fd, &w), OK);
    for (size_t i = 0; i < LINES; i++)
        assert_int_equal(gzip_line(&d->ctx, w, line_of(i, text)), OK);
    assert_int_equal(gzip_end(&d->ctx, w, &d->size, sha256), OK);
    gzip_close(w);
    struct stat st;
    assert_int_equal(fstat(d->fd, &st), 0);
    assert_int_equal(st.st_size, d->size);
    char *all = arena_alloc(&d->arena, (size_t)d->size);
    unsigned char sum[SHA256_BYTES];
    char hex[SHA256_HEX];
    assert_int_equal(pread(d->fd, all, (size_t)d->size, 0), d->size);
    crypto_sha256((struct slice){all, (size_t)d->size}, sum);
    crypto_hex(sum, sizeof sum, hex);
    assert_string_equal(hex, sha256);
}

static enum err check(void *arg, struct slice line)
{
    struct desk *d = arg;
    char text[LINE_MAX_BYTES];
    d->right &= slice_eq(line, line_of(d->seen++, text));
    return OK;
}

static enum err unpack(struct desk *d, int64_t max, size_t line_max)
{
    d->seen = 0;
    d->right = true;
    ctx_forgive(&d->ctx);
    return gzip_each(&d->ctx, d->fd, max, line_max, check, d);
}

static void what_goes_in_comes_out(void **state)
{
    struct desk *d = *state;
    pack(d);
    assert_int_equal(unpack(d, 64 << 20, LINE_MAX_BYTES), OK);
    assert_int_equal(d->seen, LINES);
    assert_true(d->right);
    assert_true(d->size < LINES * 350 / 2);
}

static void the_same_lines_give_the_same_bytes(void **state)
{
    struct desk *d = *state;
    pack(d);
    int first = d->fd;
    int64_t size = d->size;
    d->fd = memfd_create("again", MFD_CLOEXEC);
    pack(d);
    assert_int_equal(d->size, size);
    char *a = arena_alloc(&d->arena, (size_t)size), *b = arena_alloc(&d->arena, (size_t)size);
    assert_int_equal(pread(first, a, (size_t)size, 0), size);
    assert_int_equal(pread(d->fd, b, (size_t)size, 0), size);
    assert_memory_equal(a, b, (size_t)size);
    (void)close(first);
}

static void ceilings_hold(void **state)
{
    struct desk *d = *state;
    pack(d);
    assert_int_equal(unpack(d, 1000, LINE_MAX_BYTES), ERR_TOO_LARGE);
    assert_int_equal(unpack(d, 64 << 20, 100), ERR_TOO_LARGE);
    assert_true(d->right);
}

static void damage_is_found(void **state)
{
    struct desk *d = *state;
    pack(d);
    for (int64_t n = 0; n < d->size; n += d->size / 50) {
        char was, other;
        assert_int_equal(pread(d->fd, &was, 1, n), 1);
        other = (char)(was ^ 0x10);
        assert_int_equal(pwrite(d->fd, &other, 1, n), 1);
        /* a few letters of the head are free to be anything */
        if (unpack(d, 64 << 20, LINE_MAX_BYTES) == OK)
            assert_true(n < 10 && d->right && d->seen == LINES);
        assert_int_equal(pwrite(d->fd, &was, 1, n), 1);
    }
    assert_int_equal(pwrite(d->fd, "x", 1, d->size), 1); /* something follows */
    assert_int_equal(unpack(d, 64 << 20, LINE_MAX_BYTES), ERR_CORRUPT);
    for (int64_t n = d->size - 1; n > 0; n -= d->size / 20) {
        assert_int_equal(ftruncate(d->fd, n), 0);
        assert_int_equal(unpack(d, 64 << 20, LINE_MAX_BYTES), ERR_CORRUPT);
    }
    assert_int_equal(ftruncate(d->fd, 0), 0);
    assert_int_equal(unpack(d, 64 << 20, LINE_MAX_BYTES), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_goes_in_comes_out, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_lines_give_the_same_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(ceilings_hold, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_found, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
