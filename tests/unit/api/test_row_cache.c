/*
 * test_row_cache.c - what is kept is given back under its seq and its stamp only, the whole stays
 * within its ceiling, and threads never see half a row.
 */
#include "api/row_cache.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

/* The row as the only member of an array in `text`; false when it is not kept. */
static bool read_back(struct row_cache *c, int64_t seq, int64_t stamp, char *text, size_t room,
                      unsigned char sum[ROW_SUM])
{
    struct arena arena;
    struct buf b;
    struct jw j;
    arena_init(&arena, 1 << 20);
    buf_init(&b, &arena, 1 << 16);
    jw_start(&j, &b);
    jw_array(&j);
    bool found = row_cache_write(c, (struct row_key){seq, stamp}, &j, sum);
    jw_end(&j);
    assert_true(jw_done(&j));
    (void)snprintf(text, room, "%.*s", SLICE_ARGS(buf_view(&b)));
    arena_free(&arena);
    return found;
}

static bool is_kept(struct row_cache *c, int64_t seq)
{
    static char text[32 << 10];
    unsigned char sum[ROW_SUM];
    return read_back(c, seq, 1, text, sizeof text, sum);
}

static void found_under_seq_and_stamp_only(void **state)
{
    (void)state;
    static const unsigned char first[ROW_SUM] = "first", second[ROW_SUM] = "second";
    unsigned char sum[ROW_SUM] = "";
    char text[64];
    struct row_cache *c = row_cache_new(1 << 20);
    assert_false(read_back(c, 5, 1, text, sizeof text, sum));
    assert_string_equal(text, "[]");
    row_cache_keep(c, (struct row_key){5, 1}, SLICE("{\"a\":1}"), first);
    assert_true(read_back(c, 5, 1, text, sizeof text, sum));
    assert_string_equal(text, "[{\"a\":1}]");
    assert_memory_equal(sum, first, sizeof first);
    assert_false(read_back(c, 5, -1, text, sizeof text, sum));           /* the row was changed */
    assert_false(read_back(c, 5 + 64 * 128, 1, text, sizeof text, sum)); /* of the same slot */
    assert_false(read_back(c, 0, 1, text, sizeof text, sum));
    row_cache_keep(c, (struct row_key){5, -1}, SLICE("{\"a\":3}"), second);
    assert_true(read_back(c, 5, -1, text, sizeof text, sum));
    assert_string_equal(text, "[{\"a\":3}]");
    assert_memory_equal(sum, second, sizeof second);
    assert_false(read_back(c, 5, 1, text, sizeof text, sum)); /* that state is gone */
    row_cache_free(c);
}

static void rows_that_came_together_stay_together(void **state)
{
    (void)state;
    static const unsigned char sum[ROW_SUM] = "";
    struct row_cache *c = row_cache_new(1 << 20);
    for (int64_t seq = 1000; seq < 1000 + 64 * 128; seq++)
        row_cache_keep(c, (struct row_key){seq, 1}, SLICE("{}"), sum);
    for (int64_t seq = 1000; seq < 1000 + 64 * 128; seq++)
        assert_true(is_kept(c, seq));
    row_cache_free(c);
}

static void stays_within_its_ceiling(void **state)
{
    (void)state;
    static const unsigned char sum[ROW_SUM] = "";
    static char json[3000], large[20000];
    int kept = 0;
    memset(json, '1', sizeof json);
    memset(large, '1', sizeof large);
    struct row_cache *c = row_cache_new(1 << 20);
    for (int i = 0; i < 5000; i++) {
        row_cache_keep(c, (struct row_key){i, 1}, (struct slice){json, sizeof json}, sum);
        assert_true(is_kept(c, i)); /* the newest always stays */
    }
    for (int i = 0; i < 5000; i++)
        kept += is_kept(c, i);
    assert_in_range(kept, 1, (1 << 20) / sizeof json);
    row_cache_keep(c, (struct row_key){6000, 1}, (struct slice){large, sizeof large}, sum);
    assert_false(is_kept(c, 6000));
    row_cache_keep(c, (struct row_key){6001, 1}, SLICE(""), sum); /* a row is never empty */
    assert_false(is_kept(c, 6001));
    row_cache_free(c);
}

enum { THREADS = 4, ROUNDS = 3000 };

/* Rows carry their seq and stamp twice, and in their hash, so that a torn one shows. */
static void *keep_and_read(void *arg)
{
    struct row_cache *c = arg;
    char json[64], text[80], whole[80];
    for (int i = 0; i < ROUNDS; i++) {
        int seq = i % 50, stamp = i % 3;
        unsigned char sum[ROW_SUM] = {(unsigned char)seq, (unsigned char)stamp}, seen[ROW_SUM];
        (void)snprintf(json, sizeof json, "{\"a\":\"%d-%d\",\"b\":\"%d-%d\"}", seq, stamp, seq,
                       stamp);
        (void)snprintf(whole, sizeof whole, "[%s]", json);
        row_cache_keep(c, (struct row_key){seq, stamp}, slice_of(json), sum);
        if (read_back(c, seq, stamp, text, sizeof text, seen) &&
            (strcmp(text, whole) != 0 || memcmp(seen, sum, sizeof sum) != 0))
            return c;
    }
    return NULL;
}

static void threads_never_see_half_a_row(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    /* so small that groups are emptied all the time */
    struct row_cache *c = row_cache_new(1 << 14);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, keep_and_read, c), 0);
    for (int i = 0; i < THREADS; i++) {
        void *torn;
        assert_int_equal(pthread_join(thread[i], &torn), 0);
        assert_null(torn);
    }
    row_cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_under_seq_and_stamp_only),
        cmocka_unit_test(rows_that_came_together_stay_together),
        cmocka_unit_test(stays_within_its_ceiling),
        cmocka_unit_test(threads_never_see_half_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
