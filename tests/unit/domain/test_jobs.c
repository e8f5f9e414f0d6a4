/*
 * test_jobs.c - work for later is done once, tried again, given up, cancelled and taken up again.
 *
 * Runners report through a hall of counters; a test waits for an event, never for a time. Meant for
 * the thread sanitizer too.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "domain/jobs.h"
#include "store/job_store.h"
#include "support_people.h"

enum { PATIENCE_MS = 120000, MANY = 200 };

struct hall {
    struct town *t;
    atomic_int runs, together, most, gave_up, last_tries;
    _Atomic bool hold; /* runners wait until it is false or they are cancelled */
    atomic_int per_subject[MANY];
    int failures; /* the first so many runs fail */
};

static void nap(void)
{
    const struct timespec little = {0, 2000000};
    (void)nanosleep(&little, NULL);
}

static enum err run(struct ctx *ctx, void *arg, const struct job *job, struct slice *result)
{
    struct hall *h = arg;
    int now = atomic_fetch_add(&h->together, 1) + 1, most = atomic_load(&h->most);
    uint64_t n = 0;
    while (now > most && !atomic_compare_exchange_weak(&h->most, &most, now))
        continue;
    if (slice_to_u64(slice_of(job->subject), &n) && n < MANY)
        atomic_fetch_add(&h->per_subject[n], 1);
    if (jobs_progress(ctx, h->t->domain.jobs, job->id, SLICE("{\"step\":1}")) != OK)
        return ctx->fault.err;
    atomic_store(&h->last_tries, job->tries);
    int run_number = atomic_fetch_add(&h->runs, 1);
    while (atomic_load(&h->hold) && !atomic_load(job->cancel))
        nap();
    atomic_fetch_sub(&h->together, 1);
    if (atomic_load(job->cancel))
        return ctx_fail(ctx, ERR_BUSY, "Cancelled");
    if (run_number < h->failures)
        return ctx_fail(ctx, ERR_IO, "The moon is in the way");
    *result = SLICE("{\"fine\":true}");
    return OK;
}

static enum err gave_up(struct ctx *ctx, struct conn *conn, void *arg, const struct job *job,
                        const char *why)
{
    struct hall *h = arg;
    (void)ctx;
    (void)conn;
    assert_non_null(job->subject);
    assert_true(strlen(why) > 0);
    atomic_fetch_add(&h->gave_up, 1);
    return OK;
}

static void open_jobs(struct hall *h, int threads)
{
    const struct job_kind kinds[] = {
        {.name = "work", .run = run, .gave_up = gave_up, .arg = h, .tries = 3, .retry_ms = 20}};
    h->t->domain.limits.job_threads = threads;
    assert_int_equal(jobs_open(&h->t->ctx, &h->t->domain, kinds, 1, &h->t->domain.jobs), OK);
}

static void close_jobs(struct hall *h)
{
    jobs_close(h->t->domain.jobs);
    h->t->domain.jobs = NULL;
}

static struct hall *hall(void **state)
{
    struct town *t = *state;
    struct hall *h = arena_alloc(&t->arena, sizeof *h);
    h->t = t;
    t->ctx.clock = &clock_system; /* a pause before another try must pass by itself */
    t->ctx.now = clock_wall_ms(&clock_system);
    return h;
}

struct order {
    const char *kind, *subject;
    int64_t run_at;
};

static enum err place_order(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct order *o = arg;
    return jobs_queue(ctx, conn, o->kind, o->subject, SLICE("{\"a\":1}"), o->run_at);
}

static void queue_at(struct hall *h, const char *kind, const char *subject, int64_t run_at)
{
    struct order o = {kind, subject, run_at};
    assert_int_equal(store_write(&h->t->ctx, h->t->domain.store, place_order, &o), OK);
    jobs_wake(h->t->domain.jobs);
}

static void queue(struct hall *h, const char *subject)
{
    queue_at(h, "work", subject, 0);
}

static struct job_row newest(struct hall *h, const char *kind, const char *subject)
{
    struct job_row row;
    bool found = false;
    assert_int_equal(jobs_newest(&h->t->ctx, &h->t->domain, kind, subject, &row, &found), OK);
    assert_true(found);
    return row;
}

static struct job_row wait_for(struct hall *h, const char *subject)
{
    struct job_row row;
    bool found = false;
    assert_int_equal(
        jobs_wait(&h->t->ctx, &h->t->domain, "work", subject, PATIENCE_MS, &row, &found), OK);
    assert_true(found);
    return row;
}

static void wait_until_running(struct hall *h, int runs)
{
    for (int i = 0; i < PATIENCE_MS / 2 && atomic_load(&h->runs) < runs; i++)
        nap();
    assert_true(atomic_load(&h->runs) >= runs);
}

static void done_once_with_its_result(void **state)
{
    struct hall *h = hall(state);
    struct jobs_stats stats;
    open_jobs(h, 2);
    queue(h, "1");
    struct job_row row = wait_for(h, "1");
    assert_string_equal(row.state, "done");
    assert_true(slice_is(row.result, "{\"fine\":true}"));
    assert_true(slice_is(row.args, "{\"a\":1}"));
    assert_int_equal(row.tries, 1);
    assert_true(row.finished_at >= row.started_at && row.started_at > 0);
    jobs_stats(h->t->domain.jobs, &stats);
    assert_int_equal(stats.queued, 0);
    assert_int_equal(stats.failed, 0);
    close_jobs(h);
    assert_int_equal(atomic_load(&h->runs), 1);
}

static void asking_twice_is_asking_once(void **state)
{
    struct hall *h = hall(state);
    struct job_row row;
    int64_t far = h->t->ctx.now + 3600 * 1000;
    queue_at(h, "work", "1", far);
    queue_at(h, "work", "1", 0);
    row = newest(h, "work", "1");
    assert_int_equal(row.run_at, h->t->ctx.now); /* the earlier time holds */
    queue_at(h, "work", "1", far);
    assert_string_equal(newest(h, "work", "1").id, row.id);
    assert_int_equal(newest(h, "work", "1").run_at, row.run_at);
    open_jobs(h, 2);
    assert_string_equal(wait_for(h, "1").state, "done");
    queue(h, "1"); /* what is done may be asked for again */
    assert_string_not_equal(wait_for(h, "1").id, row.id);
    close_jobs(h);
    assert_int_equal(atomic_load(&h->runs), 2);
}

static void tried_again_then_well(void **state)
{
    struct hall *h = hall(state);
    h->failures = 2;
    open_jobs(h, 1);
    queue(h, "1");
    struct job_row row = wait_for(h, "1");
    assert_string_equal(row.state, "done");
    assert_int_equal(row.tries, 3);
    close_jobs(h);
    assert_int_equal(atomic_load(&h->gave_up), 0);
}

static void given_up_after_its_tries(void **state)
{
    struct hall *h = hall(state);
    struct jobs_stats stats;
    h->failures = 100;
    open_jobs(h, 1);
    queue(h, "1");
    struct job_row row = wait_for(h, "1");
    assert_string_equal(row.state, "failed");
    assert_int_equal(row.tries, 3);
    assert_non_null(memmem(row.result.p, row.result.n, "The moon is in the way", 22));
    jobs_stats(h->t->domain.jobs, &stats);
    assert_int_equal(stats.failed, 1);
    close_jobs(h);
    assert_int_equal(atomic_load(&h->runs), 3);
    assert_int_equal(atomic_load(&h->gave_up), 1);
}

static void unknown_work_fails(void **state)
{
    struct hall *h = hall(state);
    struct job_row row;
    bool found;
    open_jobs(h, 1);
    queue_at(h, "wonder", "1", 0);
    assert_int_equal(jobs_wait(&h->t->ctx, &h->t->domain, "wonder", "1", PATIENCE_MS, &row, &found),
                     OK);
    assert_true(found);
    assert_string_equal(row.state, "failed");
    close_jobs(h);
}

static void progress_is_seen_while_it_runs(void **state)
{
    struct hall *h = hall(state);
    struct jobs_stats stats;
    struct job_row row;
    bool found;
    atomic_store(&h->hold, true);
    open_jobs(h, 1);
    queue(h, "1");
    wait_until_running(h, 1);
    row = newest(h, "work", "1");
    assert_string_equal(row.state, "running");
    assert_true(slice_is(row.progress, "{\"step\":1}"));
    jobs_stats(h->t->domain.jobs, &stats);
    assert_int_equal(stats.running, 1);
    /* a wait that is over tells the state as it is */
    assert_int_equal(jobs_wait(&h->t->ctx, &h->t->domain, "work", "1", 10, &row, &found), OK);
    assert_string_equal(row.state, "running");
    atomic_store(&h->hold, false);
    row = wait_for(h, "1");
    assert_string_equal(row.state, "done");
    assert_int_equal(row.progress.n, 0);
    close_jobs(h);
}

static void a_stop_cancels_and_does_not_count(void **state)
{
    struct hall *h = hall(state);
    struct job_row row;
    atomic_store(&h->hold, true);
    open_jobs(h, 1);
    queue(h, "1");
    wait_until_running(h, 1);
    int64_t began = clock_mono_ms(&clock_system);
    close_jobs(h);
    assert_true(clock_mono_ms(&clock_system) - began < 60000); /* uncancelled it goes on for ever */
    row = newest(h, "work", "1");
    assert_string_equal(row.state, "queued");
    assert_int_equal(row.tries, 0);
    atomic_store(&h->hold, false);
    open_jobs(h, 1);
    row = wait_for(h, "1");
    assert_string_equal(row.state, "done");
    assert_int_equal(row.tries, 1);
    close_jobs(h);
}

/* A wait would keep the server from stopping. */
static void *wait_long(void *arg)
{
    struct hall *h = arg;
    struct arena arena;
    struct ctx ctx;
    struct job_row row;
    bool found = false;
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "waiter");
    enum err err = jobs_wait(&ctx, &h->t->domain, "work", "1", 3600 * 1000, &row, &found);
    arena_free(&arena);
    return err == OK && found ? h : NULL;
}

static void a_stop_ends_who_waits(void **state)
{
    struct hall *h = hall(state);
    pthread_t thread;
    void *came;
    atomic_store(&h->hold, true);
    open_jobs(h, 1);
    queue(h, "1");
    wait_until_running(h, 1);
    assert_int_equal(pthread_create(&thread, NULL, wait_long, h), 0);
    jobs_stop(h->t->domain.jobs);
    assert_int_equal(pthread_join(thread, &came), 0);
    assert_ptr_equal(came, h);
    close_jobs(h);
}

static enum err die_at_work(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct job_row row;
    bool found;
    enum err err = job_store_claim(ctx, conn, clock_wall_ms(ctx->clock), &row, &found);
    *(bool *)arg = found;
    return err;
}

/* Like a process that died: the row says running and nobody is. */
static void leave_running(struct hall *h)
{
    bool found = false;
    assert_int_equal(store_write(&h->t->ctx, h->t->domain.store, die_at_work, &found), OK);
    assert_true(found);
}

static void what_died_is_begun_again(void **state)
{
    struct hall *h = hall(state);
    queue(h, "1");
    leave_running(h);
    assert_string_equal(newest(h, "work", "1").state, "running");
    open_jobs(h, 2);
    struct job_row row = wait_for(h, "1");
    assert_string_equal(row.state, "done");
    assert_int_equal(row.tries, 2);
    close_jobs(h);
    assert_int_equal(atomic_load(&h->runs), 1);
}

static void what_kills_the_process_is_not_begun_for_ever(void **state)
{
    struct hall *h = hall(state);
    for (int i = 0; i < 3; i++) {
        queue(h, "1");
        leave_running(h);
        if (i < 2) { /* as a start does, without letting it run */
            struct job_row row = newest(h, "work", "1");
            assert_int_equal(row.tries, i + 1);
            atomic_store(&h->hold, true);
            open_jobs(h, 1);
            wait_until_running(h, i + 1);
            close_jobs(h);
        }
    }
    int runs = atomic_load(&h->runs);
    atomic_store(&h->hold, false);
    open_jobs(h, 1);
    assert_string_equal(wait_for(h, "1").state, "failed");
    close_jobs(h);
    assert_int_equal(atomic_load(&h->runs), runs);
    assert_int_equal(atomic_load(&h->gave_up), 1);
}

struct feeder {
    struct hall *h;
    int from;
};

static void *feed(void *arg)
{
    struct feeder *f = arg;
    struct arena arena;
    struct ctx ctx;
    char subject[16];
    bool well = true;
    arena_init(&arena, 4 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "feeder");
    for (int i = f->from; i < f->from + MANY / 4; i++) {
        struct order o = {"work", subject, 0};
        (void)snprintf(subject, sizeof subject, "%d", i);
        well &= store_write(&ctx, f->h->t->domain.store, place_order, &o) == OK;
        jobs_wake(f->h->t->domain.jobs);
    }
    arena_free(&arena);
    return well ? f : NULL;
}

static void many_from_many_each_once(void **state)
{
    struct hall *h = hall(state);
    struct feeder feeders[4];
    pthread_t threads[4];
    struct jobs_stats stats;
    char subject[16];
    open_jobs(h, 4);
    for (int i = 0; i < 4; i++) {
        feeders[i] = (struct feeder){h, i * MANY / 4};
        assert_int_equal(pthread_create(&threads[i], NULL, feed, &feeders[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *came;
        assert_int_equal(pthread_join(threads[i], &came), 0);
        assert_non_null(came);
    }
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(subject, sizeof subject, "%d", i);
        assert_string_equal(wait_for(h, subject).state, "done");
        assert_int_equal(atomic_load(&h->per_subject[i]), 1);
    }
    close_jobs(h);
    jobs_stats(NULL, &stats);
    assert_int_equal(atomic_load(&h->runs), MANY);
    assert_true(atomic_load(&h->most) <= 4);
}

static void lists_go_from_the_newest_in_pages(void **state)
{
    struct hall *h = hall(state);
    struct job_filter filter = {.kind = "work", .limit = 2};
    struct job_row *rows;
    size_t count;
    bool more;
    for (int i = 0; i < 5; i++)
        queue(h, str_printf(&h->t->arena, "%d", i));
    queue_at(h, "other", "9", 0);
    assert_int_equal(jobs_list(&h->t->ctx, &h->t->domain, &filter, &rows, &count, &more), OK);
    assert_int_equal(count, 2);
    assert_true(more);
    assert_string_equal(rows[0].subject, "4");
    filter.before_seq = rows[1].seq;
    filter.limit = 3;
    assert_int_equal(jobs_list(&h->t->ctx, &h->t->domain, &filter, &rows, &count, &more), OK);
    assert_int_equal(count, 3);
    assert_false(more);
    assert_string_equal(rows[2].subject, "0");
    filter = (struct job_filter){.state = "done", .limit = 10};
    assert_int_equal(jobs_list(&h->t->ctx, &h->t->domain, &filter, &rows, &count, &more), OK);
    assert_int_equal(count, 0);
}

struct sweeping {
    int64_t before, keep, swept;
};

static enum err finish_and_sweep(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct sweeping *s = arg;
    struct job_row row;
    bool found = true;
    enum err err = OK;
    for (int i = 0; err == OK && i < 5; i++) {
        err = job_store_claim(ctx, conn, ctx->now, &row, &found);
        assert_true(err == OK && found);
        err = job_store_finish(ctx, conn, row.id, true, SLICE("{}"), 1000 + i);
    }
    return err == OK ? job_store_sweep(ctx, conn, s->before, s->keep, 100, &s->swept) : err;
}

static void history_is_bounded_by_age_and_number(void **state)
{
    struct hall *h = hall(state);
    struct sweeping s = {.before = 1002, .keep = 2};
    struct job_filter filter = {.limit = 10};
    struct job_row *rows;
    size_t count;
    bool more;
    for (int i = 0; i < 6; i++)
        queue(h, str_printf(&h->t->arena, "%d", i));
    assert_int_equal(store_write(&h->t->ctx, h->t->domain.store, finish_and_sweep, &s), OK);
    assert_int_equal(s.swept, 3); /* two too old, one too many */
    assert_int_equal(jobs_list(&h->t->ctx, &h->t->domain, &filter, &rows, &count, &more), OK);
    assert_int_equal(count, 3); /* what is queued stays */
    assert_string_equal(rows[0].state, "queued");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(done_once_with_its_result),
        CASE(asking_twice_is_asking_once),
        CASE(tried_again_then_well),
        CASE(given_up_after_its_tries),
        CASE(unknown_work_fails),
        CASE(progress_is_seen_while_it_runs),
        CASE(a_stop_cancels_and_does_not_count),
        CASE(a_stop_ends_who_waits),
        CASE(what_died_is_begun_again),
        CASE(what_kills_the_process_is_not_begun_for_ever),
        CASE(many_from_many_each_once),
        CASE(lists_go_from_the_newest_in_pages),
        CASE(history_is_bounded_by_age_and_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
