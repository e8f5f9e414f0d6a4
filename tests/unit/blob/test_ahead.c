/*
 * test_ahead.c - a blob written beside its judging is as durable as any other, a refused one leaves
 * nothing, and whatever call fails in the other thread is told to the caller.
 */
#include "blob/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support_fault.h"

struct place {
    char folder[64];
    struct arena arena;
    struct ctx ctx;
    struct blobs *blobs;
    struct ahead *ahead;
};

static void fresh(struct place *p)
{
    arena_reset(&p->arena);
    ctx_init(&p->ctx, &p->arena, &clock_system, NULL, "test");
}

static int make_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    folder_make(p->folder);
    arena_init(&p->arena, 1 << 24);
    fresh(p);
    assert_int_equal(blobs_open(&p->ctx, p->folder, &p->blobs), OK);
    p->ahead = ahead_open(p->blobs, &clock_system);
    assert_non_null(p->ahead);
    *state = p;
    return 0;
}

static int drop_place(void **state)
{
    struct place *p = *state;
    ahead_close(p->ahead);
    blobs_close(p->blobs);
    arena_free(&p->arena);
    folder_remove(p->folder);
    free(p);
    return 0;
}

static void hash_of(struct slice bytes, char sha256[SHA256_HEX])
{
    unsigned char sum[SHA256_BYTES];
    crypto_sha256(bytes, sum);
    crypto_hex(sum, sizeof sum, sha256);
}

static int temp_files(const struct place *p)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/tmp", p->folder);
    return count_names(path);
}

/* Begins and approves at once; OK, or what went wrong. */
static enum err put(struct place *p, const char *text, char sha256[SHA256_HEX])
{
    hash_of(slice_of(text), sha256);
    struct ahead_writer *w = ahead_begin(p->ahead, slice_of(text));
    assert_non_null(w);
    ahead_approve(w, sha256);
    return ahead_end(&p->ctx, w);
}

static void assert_holds(struct place *p, const char *sha256, const char *text)
{
    struct slice got;
    fresh(p);
    assert_int_equal(blob_read(&p->ctx, p->blobs, sha256, 1 << 20, &got), OK);
    assert_true(slice_is(got, text));
    assert_int_equal(temp_files(p), 0);
}

static void what_was_approved_is_found(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX];
    assert_int_equal(put(p, "hello", sha), OK);
    assert_holds(p, sha, "hello");
    assert_int_equal(put(p, "hello", sha), OK); /* in its own place */
    assert_holds(p, sha, "hello");
    assert_int_equal(put(p, "", sha), OK);
    assert_holds(p, sha, "");
}

/* Content, its flush, the name, the flush of its folder; the first two wait for nobody's word. */
static void flush_comes_before_the_name_and_before_the_end(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX];
    assert_int_equal(put(p, "the thread runs", sha), OK);
    fault_log_start();
    assert_int_equal(put(p, "order", sha), OK);
    const char *log = fault_log();
    const char *wrote = strchr(log, 'w'), *flushed = strchr(log, 'f'), *named = strchr(log, 'r'),
               *folder = strrchr(log, 'F');
    assert_true(wrote && flushed && named && folder);
    assert_true(wrote < flushed && flushed < named && named < folder);
    assert_string_equal(strpbrk(folder, "wrm") ? "more" : "", "");
}

static void what_was_refused_leaves_nothing(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX];
    hash_of(SLICE("refused"), sha);
    for (int i = 0; i < 3; i++) {
        ahead_drop(ahead_begin(p->ahead, SLICE("refused")));
        assert_int_equal(temp_files(p), 0);
        assert_false(blob_is_there(p->blobs, sha, 7));
    }
    ahead_drop(NULL);
    assert_int_equal(put(p, "afterwards", sha), OK);
    assert_holds(p, sha, "afterwards");
}

static void who_finds_no_thread_is_told(void **state)
{
    struct place *p = *state;
    struct ahead_writer *w[64];
    char sha[SHA256_HEX];
    int n = 0;
    while (n < 64 && (w[n] = ahead_begin(p->ahead, SLICE("many"))) != NULL)
        n++;
    assert_in_range(n, 1, 63);
    for (int i = 0; i < n; i++)
        ahead_drop(w[i]);
    assert_int_equal(temp_files(p), 0);
    assert_int_equal(put(p, "free again", sha), OK);
    assert_null(ahead_begin(NULL, SLICE("nobody")));
}

/* Each call may fail, in the other thread: told here, nothing left, and the next one is well. */
static void every_call_may_fail(void **state)
{
    static const struct failing rows[] = {
        {CALL_OPENAT, EACCES, ERR_IO},      {CALL_OPENAT, ENOSPC, ERR_NO_SPACE},
        {CALL_WRITE, ENOSPC, ERR_NO_SPACE}, {CALL_WRITE, EIO, ERR_IO},
        {CALL_FSYNC, EIO, ERR_IO},          {CALL_FSYNC, ENOSPC, ERR_NO_SPACE},
        {CALL_RENAME, EIO, ERR_IO},         {CALL_RENAME, ENOSPC, ERR_NO_SPACE}};
    struct place *p = *state;
    char sha[SHA256_HEX], text[64];
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        bool failed = true;
        for (int at = 1; failed; at++) {
            assert_in_range(at, 1, 20);
            (void)snprintf(text, sizeof text, "row %zu, call %d", r, at);
            fresh(p);
            fault_set(rows[r].call, at, rows[r].error, false);
            enum err err = put(p, text, sha);
            failed = fault_happened();
            fault_clear();
            assert_int_equal(err, failed ? rows[r].err : OK);
            assert_int_equal(p->ctx.fault.err, err);
            assert_int_equal(temp_files(p), 0);
            fresh(p);
            assert_int_equal(put(p, text, sha), OK);
            assert_holds(p, sha, text);
        }
    }
}

enum { THREADS = 8, ROUNDS = 60 };

struct worker {
    struct place *place;
    int number;
    bool failed;
};

/* Approves every other blob; whoever finds no thread writes himself. */
static void *work(void *arg)
{
    struct worker *w = arg;
    struct place *p = w->place;
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena, 1 << 20);
    for (int i = 0; i < ROUNDS && !w->failed; i++) {
        char text[64], sha[SHA256_HEX];
        (void)snprintf(text, sizeof text, "worker %d, round %d", w->number % 4, i); /* two alike */
        hash_of(slice_of(text), sha);
        ctx_init(&ctx, &arena, &clock_system, NULL, "work");
        struct ahead_writer *writer = ahead_begin(p->ahead, slice_of(text));
        bool wanted = i % 2 == 0;
        enum err err = OK;
        if (writer && wanted) {
            ahead_approve(writer, sha);
            err = ahead_end(&ctx, writer);
        } else if (writer) {
            ahead_drop(writer);
        } else if (wanted) {
            err = blob_put(&ctx, p->blobs, slice_of(text), sha);
        }
        w->failed = err != OK || (wanted && blob_verify(&ctx, p->blobs, sha) != OK);
        arena_reset(&arena);
    }
    arena_free(&arena);
    return NULL;
}

static bool unwanted(void *arg, const char *sha256)
{
    (void)arg;
    (void)sha256;
    return false;
}

static void many_and_a_sweep_do_not_disturb_each_other(void **state)
{
    struct place *p = *state;
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.place = p, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 20; i++) {
        struct blob_sweep s = {.is_wanted = unwanted};
        s.older_than_ms = clock_wall_ms(&clock_system) - 3600 * 1000;
        fresh(p);
        assert_int_equal(blob_sweep(&p->ctx, p->blobs, &s), OK);
        assert_int_equal(s.blobs + s.temp_files, 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        assert_false(workers[i].failed);
    }
    assert_int_equal(temp_files(p), 0);
}

/* Bytes that come again while an unwanted old blob of theirs is there are young afterwards. */
static void an_old_blob_that_comes_again_stays(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX], path[256];
    assert_int_equal(put(p, "again", sha), OK);
    (void)snprintf(path, sizeof path, "%s/blobs/%.2s/%s", p->folder, sha, sha);
    file_age(path, 7200);
    assert_int_equal(put(p, "again", sha), OK);
    struct blob_sweep s = {.is_wanted = unwanted};
    s.older_than_ms = clock_wall_ms(&clock_system) - 3600 * 1000;
    fresh(p);
    assert_int_equal(blob_sweep(&p->ctx, p->blobs, &s), OK);
    assert_holds(p, sha, "again");
}

static void may_end_without_ever_having_begun(void **state)
{
    struct place *p = *state;
    ahead_close(ahead_open(p->blobs, &clock_system));
    ahead_close(NULL);
}

/* Each test has a folder of its own. */
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(what_was_approved_is_found),
        IN_PLACE(flush_comes_before_the_name_and_before_the_end),
        IN_PLACE(what_was_refused_leaves_nothing),
        IN_PLACE(who_finds_no_thread_is_told),
        IN_PLACE(every_call_may_fail),
        IN_PLACE(many_and_a_sweep_do_not_disturb_each_other),
        IN_PLACE(an_old_blob_that_comes_again_stays),
        IN_PLACE(may_end_without_ever_having_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
