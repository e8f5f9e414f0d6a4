/*
 * test_tar.c - what is written reads back, tar programs agree, and every other archive is refused.
 */
#include "cli/tar.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    struct arena arena;
    struct ctx ctx;
    int fd; /* an archive with the members "a" (3 bytes), "b/c" (512) and "empty" (0) */
};

static void member(struct world *w, struct tar_writer *t, const char *name, const char *data,
                   size_t n)
{
    assert_int_equal(tar_member(&w->ctx, t, name, (int64_t)n, 1700000000), OK);
    assert_int_equal(tar_write(&w->ctx, t, (struct slice){data, n}), OK);
}

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct tar_writer t;
    char block[512];
    assert_non_null(w);
    memset(block, 'x', sizeof block);
    arena_init(&w->arena, 1 << 20);
    ctx_init(&w->ctx, &w->arena, &clock_system, NULL, "test");
    w->fd = memfd_create("tar", 0);
    assert_true(w->fd >= 0);
    tar_writer_init(&t, w->fd);
    member(w, &t, "a", "abc", 3);
    member(w, &t, "b/c", block, sizeof block);
    member(w, &t, "empty", "", 0);
    assert_int_equal(tar_finish(&w->ctx, &t), OK);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    (void)close(w->fd);
    arena_free(&w->arena);
    free(w);
    return 0;
}

/* Reads the archive to its end; the names in one text. */
static enum err read_all(struct world *w, char *names, size_t size)
{
    struct tar_reader r;
    bool end = false;
    names[0] = '\0';
    ctx_forgive(&w->ctx);
    assert_int_equal(lseek(w->fd, 0, SEEK_SET), 0);
    tar_reader_init(&r, w->fd);
    for (;;) {
        enum err err = tar_next(&w->ctx, &r, &end);
        if (err != OK || end)
            return err;
        size_t n = strlen(names);
        (void)snprintf(names + n, size - n, "%s:%lld ", r.name, (long long)r.size);
    }
}

static void refused(struct world *w, const char *why)
{
    char names[256];
    assert_int_equal(read_all(w, names, sizeof names), ERR_CORRUPT);
    if (strstr(ctx_sentence(&w->ctx), why) == NULL)
        fail_msg("'%s' does not contain '%s'", ctx_sentence(&w->ctx), why);
}

/* Changes bytes of the first head and makes its checksum right again. */
static void forge(struct world *w, off_t at, const char *bytes, size_t n)
{
    unsigned char head[512];
    char sum[8];
    unsigned total = 0;
    assert_int_equal(pwrite(w->fd, bytes, n, at), (ssize_t)n);
    assert_int_equal(pread(w->fd, head, sizeof head, 0), (ssize_t)sizeof head);
    memset(head + 148, ' ', 8);
    for (size_t i = 0; i < sizeof head; i++)
        total += head[i];
    (void)snprintf(sum, sizeof sum, "%06o", total);
    assert_int_equal(pwrite(w->fd, sum, 7, 148), 7);
}

static void what_is_written_reads_back(void **state)
{
    struct world *w = *state;
    struct tar_reader r;
    char names[256], bytes[600];
    bool end;
    size_t got;
    assert_int_equal(read_all(w, names, sizeof names), OK);
    assert_string_equal(names, "a:3 b/c:512 empty:0 ");
    assert_int_equal(lseek(w->fd, 0, SEEK_END), 512 * (2 + 2 + 1 + 2));
    assert_int_equal(lseek(w->fd, 0, SEEK_SET), 0);
    tar_reader_init(&r, w->fd);
    assert_int_equal(tar_next(&w->ctx, &r, &end), OK);
    assert_int_equal(tar_read(&w->ctx, &r, bytes, sizeof bytes, &got), OK);
    assert_int_equal(got, 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(tar_read(&w->ctx, &r, bytes, sizeof bytes, &got), OK);
    assert_int_equal(got, 0);
}

static void the_writer_keeps_its_own_announcement(void **state)
{
    struct world *w = *state;
    struct tar_writer t;
    tar_writer_init(&t, w->fd);
    assert_int_equal(tar_member(&w->ctx, &t, "x", 2, 0), OK);
    assert_int_equal(tar_write(&w->ctx, &t, SLICE("abc")), ERR_INTERNAL);
    ctx_forgive(&w->ctx);
    assert_int_equal(tar_write(&w->ctx, &t, SLICE("a")), OK);
    assert_int_equal(tar_finish(&w->ctx, &t), ERR_INTERNAL);
    ctx_forgive(&w->ctx);
    tar_writer_init(&t, w->fd);
    assert_int_equal(tar_member(&w->ctx, &t, "x", TAR_SIZE_MAX + 1, 0), ERR_TOO_LARGE);
    ctx_forgive(&w->ctx);
    char name[102];
    memset(name, 'n', sizeof name);
    name[101] = '\0';
    assert_int_equal(tar_member(&w->ctx, &t, name, 1, 0), ERR_INTERNAL);
}

static void every_cut_is_noticed(void **state)
{
    struct world *w = *state;
    char names[256];
    off_t size = lseek(w->fd, 0, SEEK_END);
    for (off_t cut = size - 1; cut >= 0; cut -= 37) {
        assert_int_equal(ftruncate(w->fd, cut), 0);
        if (read_all(w, names, sizeof names) == OK)
            fail_msg("an archive cut at %lld was read", (long long)cut);
    }
}

static void odd_heads_are_refused(void **state)
{
    struct world *w = *state;
    static const struct {
        off_t at;
        const char *bytes;
        size_t n;
        const char *why;
    } cases[] = {
        {257, "ustar ", 6, "not a ustar"},
        {156, "2", 1, "not a regular file"},
        {156, "5", 1, "not a regular file"},
        {156, "x", 1, "not a regular file"},
        {156, "L", 1, "not a regular file"},
        {156, "\0", 1, "not a regular file"},
        {0, "\0", 1, "not well formed"},
        {50, "z", 1, "not well formed"},
        {345, "/etc", 4, "second name"},
        {157, "target", 6, "second name"},
        {124, "\200\0\0\0\0\0\0\0\0\0\0\1", 12, "size is not a number"},
        {124, "-0000000003\0", 12, "size is not a number"},
        {124, "77777777777\0", 12, "cut short in a"},
        {124, "000000000030", 12, "size is not a number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char head[512];
        assert_int_equal(pread(w->fd, head, sizeof head, 0), 512);
        forge(w, cases[i].at, cases[i].bytes, cases[i].n);
        refused(w, cases[i].why);
        assert_int_equal(pwrite(w->fd, head, sizeof head, 0), 512);
    }
    assert_int_equal(pwrite(w->fd, "Q", 1, 0), 1); /* without mending the sum */
    refused(w, "wrong checksum");
}

static void bytes_that_belong_to_nobody_are_refused(void **state)
{
    struct world *w = *state;
    char names[256], zeros[9000] = "";
    assert_int_equal(pwrite(w->fd, "!", 1, 512 + 3), 1); /* in the padding of "a" */
    refused(w, "damaged behind a");
    assert_int_equal(pwrite(w->fd, "\0", 1, 512 + 3), 1);
    off_t size = lseek(w->fd, 0, SEEK_END);
    assert_int_equal(pwrite(w->fd, zeros, sizeof zeros, size), (ssize_t)sizeof zeros);
    assert_int_equal(read_all(w, names, sizeof names), OK); /* tar programs pad with zeros */
    assert_int_equal(pwrite(w->fd, "!", 1, size + 8999), 1);
    refused(w, "goes on behind its end");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
    const struct CMUnitTest tests[] = {
        T(what_is_written_reads_back),
        T(the_writer_keeps_its_own_announcement),
        T(every_cut_is_noticed),
        T(odd_heads_are_refused),
        T(bytes_that_belong_to_nobody_are_refused),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
