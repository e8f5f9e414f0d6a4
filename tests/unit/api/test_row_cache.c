/*
 * test_row_cache.c - what is kept is given back under its id and its hash only, the whole stays
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

/* The row as an object of its own in `text`; false when it is not kept. */
static bool read_back(struct row_cache *c, const char *id, const char *sha256, char *text,
                      size_t room)
{
    struct arena arena;
    struct buf b;
    struct jw j;
    arena_init(&arena, 1 << 20);
    buf_init(&b, &arena, 1 << 16);
    jw_start(&j, &b);
    jw_object(&j);
    bool found = row_cache_write(c, id, sha256, &j);
    jw_end(&j);
    assert_true(jw_done(&j));
    (void)snprintf(text, room, "%.*s", SLICE_ARGS(buf_view(&b)));
    arena_free(&arena);
    return found;
}

static void found_under_id_and_hash_only(void **state)
{
    (void)state;
    char text[64];
    struct row_cache *c = row_cache_new(1 << 20);
    assert_false(read_back(c, "r1", "aa", text, sizeof text));
    assert_string_equal(text, "{}");
    row_cache_keep(c, "r1", "aa", SLICE("\"a\":1,\"b\":2"));
    assert_true(read_back(c, "r1", "aa", text, sizeof text));
    assert_string_equal(text, "{\"a\":1,\"b\":2}");
    assert_false(read_back(c, "r1", "ab", text, sizeof text)); /* the bytes were replaced */
    assert_false(read_back(c, "r2", "aa", text, sizeof text));
    row_cache_keep(c, "r1", "ab", SLICE("\"a\":3"));
    assert_true(read_back(c, "r1", "ab", text, sizeof text));
    assert_string_equal(text, "{\"a\":3}");
    row_cache_free(c);
}

static void stays_within_its_ceiling(void **state)
{
    (void)state;
    static char members[3000], large[20000];
    char id[16], text[4096];
    int kept = 0;
    memset(members, ' ', sizeof members);
    memset(large, ' ', sizeof large);
    struct row_cache *c = row_cache_new(1 << 20);
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(id, sizeof id, "row-%d", i);
        row_cache_keep(c, id, "aa", (struct slice){members, sizeof members});
        assert_true(read_back(c, id, "aa", text, sizeof text)); /* the newest always stays */
    }
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(id, sizeof id, "row-%d", i);
        kept += read_back(c, id, "aa", text, sizeof text);
    }
    assert_in_range(kept, 1, (1 << 20) / sizeof members);
    row_cache_keep(c, "large", "aa", (struct slice){large, sizeof large});
    assert_false(read_back(c, "large", "aa", text, sizeof text));
    row_cache_free(c);
}

enum { THREADS = 4, ROUNDS = 3000 };

/* Members carry the name of their row twice, so that a torn one shows. */
static void *keep_and_read(void *arg)
{
    struct row_cache *c = arg;
    char id[16], members[64], text[80], whole[80];
    for (int i = 0; i < ROUNDS; i++) {
        (void)snprintf(id, sizeof id, "row-%d", i % 50);
        (void)snprintf(members, sizeof members, "\"a\":\"%s\",\"b\":\"%s\"", id, id);
        (void)snprintf(whole, sizeof whole, "{%s}", members);
        row_cache_keep(c, id, "aa", slice_of(members));
        if (read_back(c, id, "aa", text, sizeof text) && strcmp(text, whole) != 0)
            return c;
    }
    return NULL;
}

static void threads_never_see_half_a_row(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    struct row_cache *c = row_cache_new(1
                                        << 14); /* so small that groups are emptied all the time */
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
        cmocka_unit_test(found_under_id_and_hash_only),
        cmocka_unit_test(stays_within_its_ceiling),
        cmocka_unit_test(threads_never_see_half_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
