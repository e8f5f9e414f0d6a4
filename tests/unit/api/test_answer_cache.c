/*
 * test_answer_cache.c - an answer is given back only under its key and generation, outlives its
 * replacement while it is being sent, and the whole stays within its ceiling.
 */
#include "api/answer_cache.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct worker {
    struct arena arena;
    struct ctx ctx;
};

static void worker_begin(struct worker *w)
{
    arena_init(&w->arena, 1 << 24);
    ctx_init(&w->ctx, &w->arena, &clock_system, NULL, "test");
}

static void found_only_under_key_and_generation(void **state)
{
    (void)state;
    struct worker w;
    struct answer a;
    worker_begin(&w);
    struct answer_cache *c = answer_cache_new(1 << 20);
    assert_false(answer_cache_get(&w.ctx, c, SLICE("k"), 1, &a));
    assert_int_equal(
        answer_cache_put(&w.ctx, c, SLICE("k"), 1, SLICE("body"), SLICE("body"), "Link: x\r\n", &a),
        OK);
    char etag[ANSWER_ETAG];
    (void)snprintf(etag, sizeof etag, "%s", a.etag);
    assert_true(answer_cache_get(&w.ctx, c, SLICE("k"), 1, &a));
    assert_true(slice_is(a.body, "body"));
    assert_string_equal(a.fields, "Link: x\r\n");
    assert_string_equal(a.etag, etag);
    assert_int_equal(strlen(a.etag), 34);
    assert_false(answer_cache_get(&w.ctx, c, SLICE("k2"), 1, &a));
    assert_false(answer_cache_get(&w.ctx, c, SLICE("k"), 2, &a));
    assert_false(answer_cache_get(&w.ctx, c, SLICE("k"), 1, &a)); /* the stale one is gone */
    assert_int_equal(
        answer_cache_put(&w.ctx, c, SLICE("k"), 2, SLICE("body"), SLICE("body"), "", &a), OK);
    assert_string_not_equal(a.etag, etag); /* the header lines are part of the answer */
    arena_free(&w.arena);
    answer_cache_free(c);
}

static void an_answer_outlives_its_replacement(void **state)
{
    (void)state;
    struct worker w, other;
    struct answer a, b;
    worker_begin(&w);
    worker_begin(&other);
    struct answer_cache *c = answer_cache_new(1 << 20);
    assert_int_equal(answer_cache_put(&w.ctx, c, SLICE("k"), 1, SLICE("old"), SLICE("old"), "", &a),
                     OK);
    assert_int_equal(
        answer_cache_put(&other.ctx, c, SLICE("k"), 2, SLICE("new"), SLICE("new"), "", &b), OK);
    answer_cache_free(c);
    assert_true(slice_is(a.body, "old")); /* ASan would speak here */
    assert_true(slice_is(b.body, "new"));
    arena_free(&w.arena);
    arena_free(&other.arena);
}

static void the_ceiling_holds(void **state)
{
    (void)state;
    struct worker w;
    struct answer a;
    uint64_t hits, misses;
    size_t bytes;
    char key[32], body[1000];
    memset(body, 'x', sizeof body);
    worker_begin(&w);
    struct answer_cache *c = answer_cache_new(64 * 4000);
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(key, sizeof key, "key %d", i);
        assert_int_equal(answer_cache_put(&w.ctx, c, slice_of(key), 1,
                                          (struct slice){body, sizeof body}, SLICE("x"), "", &a),
                         OK);
    }
    answer_cache_stats(c, &hits, &misses, &bytes);
    assert_true(bytes > 64 * 1000 && bytes <= 64 * 4000);
    /* one that is larger than a shard may hold is served and not kept */
    static char large[8000];
    assert_int_equal(answer_cache_put(&w.ctx, c, SLICE("large"), 1,
                                      (struct slice){large, sizeof large}, SLICE("x"), "", &a),
                     OK);
    assert_int_equal(a.body.n, sizeof large);
    assert_false(answer_cache_get(&w.ctx, c, SLICE("large"), 1, &a));
    arena_free(&w.arena);
    answer_cache_free(c);
}

static void *hammer(void *arg)
{
    struct answer_cache *c = arg;
    struct worker w;
    worker_begin(&w);
    for (unsigned i = 0; i < 4000; i++) {
        char key[16], body[64];
        struct answer a;
        unsigned k = i % 7;
        uint64_t generation = i / 500;
        (void)snprintf(key, sizeof key, "k%u", k);
        (void)snprintf(body, sizeof body, "k%u at %u", k, (unsigned)generation);
        if (!answer_cache_get(&w.ctx, c, slice_of(key), generation, &a) &&
            answer_cache_put(&w.ctx, c, slice_of(key), generation, slice_of(body), slice_of(body),
                             "", &a) != OK)
            return arg;
        if (!slice_is(a.body, body))
            return arg;
        if (i % 16 == 0)
            arena_reset(&w.arena);
    }
    arena_free(&w.arena);
    return NULL;
}

static void threads_never_see_a_wrong_answer(void **state)
{
    (void)state;
    struct answer_cache *c = answer_cache_new(1 << 20);
    pthread_t thread[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, hammer, c), 0);
    for (size_t i = 0; i < 4; i++) {
        void *failed;
        assert_int_equal(pthread_join(thread[i], &failed), 0);
        assert_null(failed);
    }
    answer_cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_only_under_key_and_generation),
        cmocka_unit_test(an_answer_outlives_its_replacement),
        cmocka_unit_test(the_ceiling_holds),
        cmocka_unit_test(threads_never_see_a_wrong_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
