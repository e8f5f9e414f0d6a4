/*
 * test_commit.c - group commit: every writer is answered for its own work, nobody pays for a
 * neighbour's mistake, a failed COMMIT is everybody's failure, and a full disk heals.
 */
#include "store/commit.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "store/kv_store.h"
#include "support_store.h"

enum { THREADS = 16, ROUNDS = 60 };

static const struct sql count_like = {"SELECT count(*) FROM kv WHERE name LIKE ?1", "test"};

struct count {
    const char *pattern;
    int64_t rows;
};

static enum err count_rows(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct count *count = arg;
    bool row;
    struct stmt *s = db_stmt(ctx, conn, &count_like);
    if (s == NULL)
        return ctx->fault.err;
    db_bind_text(s, 1, count->pattern);
    enum err err = db_step(ctx, s, &row);
    count->rows = db_int(s, 0);
    db_done(s);
    return err;
}

static int64_t rows_like(struct place *p, const char *pattern)
{
    struct count count = {pattern, -1};
    assert_int_equal(store_read(&p->ctx, p->store, count_rows, &count), OK);
    return count.rows;
}

/* ---- many writers ---- */

struct writer {
    struct place *p;
    pthread_t thread;
    int number, round;
    int wrong; /* answers that were not as they should be */
};

/* Every third one writes two rows and then thinks better of it. */
static enum err put_mine(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct writer *w = arg;
    char name[40];
    bool fails = w->round % 3 == 2;
    (void)snprintf(name, sizeof name, "%s-%d-%d", fails ? "bad" : "good", w->number, w->round);
    enum err err = kv_put(ctx, conn, name, "1");
    if (err == OK && fails) {
        (void)snprintf(name, sizeof name, "bad2-%d-%d", w->number, w->round);
        err = kv_put(ctx, conn, name, "1");
        return err == OK ? ctx_fail(ctx, ERR_CONFLICT, "%d/%d", w->number, w->round) : err;
    }
    return err;
}

static void *write_many(void *arg)
{
    struct writer *w = arg;
    struct worker work;
    char words[40];
    worker_init(&work);
    for (w->round = 0; w->round < ROUNDS; w->round++) {
        enum err err = store_write(&work.ctx, w->p->store, put_mine, w);
        (void)snprintf(words, sizeof words, "%d/%d", w->number, w->round);
        if (w->round % 3 == 2)
            w->wrong += err != ERR_CONFLICT || strcmp(ctx_sentence(&work.ctx), words) != 0;
        else
            w->wrong += err != OK || work.ctx.fault.err != OK;
        ctx_forgive(&work.ctx);
        arena_reset(&work.arena);
    }
    worker_end(&work);
    return NULL;
}

static void sixteen_writers_each_get_their_own_answer(void **state)
{
    struct place *p = *state;
    struct writer writers[THREADS];
    struct store_stats before, after;
    store_stats(p->store, &before);
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){.p = p, .number = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_many, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
        assert_int_equal(writers[i].wrong, 0);
    }
    store_stats(p->store, &after);
    assert_int_equal(rows_like(p, "good-%"), THREADS * ROUNDS * 2 / 3);
    assert_int_equal(rows_like(p, "bad%"), 0);
    assert_int_equal(after.writes - before.writes, THREADS * ROUNDS * 2 / 3);
    assert_true(after.commits - before.commits < after.writes - before.writes); /* shared */
    assert_int_equal(after.waiting, 0);
    print_message("%lld writes in %lld commits\n", (long long)(after.writes - before.writes),
                  (long long)(after.commits - before.commits));
}

static void a_lone_writer_commits_alone(void **state)
{
    struct place *p = *state;
    struct store_stats before, after;
    store_stats(p->store, &before);
    for (int i = 0; i < 20; i++)
        put_fact(p, "alone", "1");
    store_stats(p->store, &after);
    assert_int_equal(after.commits - before.commits, 20);
}

/* ---- one batch, made to order: a gate holds the leader until the others have queued ---- */

struct gate {
    struct place *p;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool inside, open;
};

struct rider {
    struct gate *gate;
    pthread_t thread;
    const char *name;
    enum err (*work)(struct ctx *ctx, struct conn *conn, void *arg);
    enum err err;
    enum err fault;
    char sentence[200];
};

static enum err hold(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct rider *m = arg;
    (void)pthread_mutex_lock(&m->gate->lock);
    m->gate->inside = true;
    (void)pthread_cond_broadcast(&m->gate->moved);
    while (!m->gate->open)
        (void)pthread_cond_wait(&m->gate->moved, &m->gate->lock);
    (void)pthread_mutex_unlock(&m->gate->lock);
    return kv_put(ctx, conn, m->name, "held");
}

static enum err put_named(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct rider *m = arg;
    return kv_put(ctx, conn, m->name, "1");
}

static enum err put_then_refuse(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct rider *m = arg;
    enum err err = kv_put(ctx, conn, m->name, "1");
    return err == OK ? ctx_fail(ctx, ERR_FORBIDDEN, "my own reason") : err;
}

/* What SQLite does by itself when the disk fills in the middle of a statement. */
static enum err lose_transaction(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    if (sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
        return ERR_INTERNAL;
    return ctx_fail_cause(ctx, ERR_NO_SPACE, "as if the disk were full");
}

static void *run_member(void *arg)
{
    struct rider *m = arg;
    struct worker w;
    worker_init(&w);
    m->err = store_write(&w.ctx, m->gate->p->store, m->work, m);
    m->fault = w.ctx.fault.err;
    (void)snprintf(m->sentence, sizeof m->sentence, "%s", ctx_sentence(&w.ctx));
    worker_end(&w);
    return NULL;
}

static void wait_for_queue(struct place *p, int length)
{
    struct store_stats stats;
    int64_t began = clock_mono_ms(&clock_system);
    do {
        assert_true(clock_mono_ms(&clock_system) - began < 60000);
        store_stats(p->store, &stats);
    } while (stats.waiting < length);
}

/* Runs members[1..] as one batch, in this order, after members[0] has held the leader. */
static void run_batch_of(struct place *p, struct rider *members, int count)
{
    struct gate gate = {
        .p = p, .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
    for (int i = 0; i < count; i++) {
        members[i].gate = &gate;
        assert_int_equal(pthread_create(&members[i].thread, NULL, run_member, &members[i]), 0);
        if (i == 0) {
            (void)pthread_mutex_lock(&gate.lock);
            while (!gate.inside)
                (void)pthread_cond_wait(&gate.moved, &gate.lock);
            (void)pthread_mutex_unlock(&gate.lock);
        } else {
            wait_for_queue(p, i);
        }
    }
    (void)pthread_mutex_lock(&gate.lock);
    gate.open = true;
    (void)pthread_cond_broadcast(&gate.moved);
    (void)pthread_mutex_unlock(&gate.lock);
    for (int i = 0; i < count; i++)
        assert_int_equal(pthread_join(members[i].thread, NULL), 0);
}

static void a_batch_is_one_commit_and_refusals_stay_private(void **state)
{
    struct place *p = *state;
    struct store_stats before, after;
    struct rider m[] = {
        {.name = "z0", .work = hold},
        {.name = "z1", .work = put_named},
        {.name = "z2", .work = put_then_refuse},
        {.name = "z3", .work = put_named},
    };
    store_stats(p->store, &before);
    run_batch_of(p, m, 4);
    store_stats(p->store, &after);
    assert_int_equal(m[1].err, OK);
    assert_int_equal(m[2].err, ERR_FORBIDDEN);
    assert_string_equal(m[2].sentence, "my own reason");
    assert_int_equal(m[3].err, OK);
    assert_int_equal(m[3].fault, OK);
    assert_int_equal(after.commits - before.commits, 2); /* the leader's own, and one for three */
    assert_int_equal(after.writes - before.writes, 3);
    assert_int_equal(rows_like(p, "z%"), 3);
    assert_int_equal(rows_like(p, "z2"), 0);
}

static void a_lost_transaction_is_everybodys(void **state)
{
    struct place *p = *state;
    struct rider m[] = {
        {.name = "z0", .work = hold},
        {.name = "z1", .work = put_named},
        {.name = "z2", .work = put_then_refuse},
        {.name = "z3", .work = lose_transaction},
        {.name = "z4", .work = put_named},
    };
    run_batch_of(p, m, 5);
    assert_int_equal(m[0].err, OK);
    assert_int_equal(m[1].err, ERR_NO_SPACE);
    assert_int_equal(m[1].fault, ERR_NO_SPACE);
    assert_int_equal(m[2].err, ERR_FORBIDDEN); /* it had an answer of its own */
    assert_int_equal(m[3].err, ERR_NO_SPACE);
    assert_int_equal(m[4].err, ERR_NO_SPACE);
    assert_int_equal(rows_like(p, "z%"), 1);
    put_fact(p, "z9", "1"); /* and the next one is well */
    assert_int_equal(rows_like(p, "z%"), 2);
}

/* ---- a disk that is full ---- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_commit_that_finds_no_space_fails_all_and_heals(void **state)
{
    struct place *p = *state;
    struct rider m[] = {
        {.name = "z0", .work = hold},
        {.name = "z1", .work = put_named},
        {.name = "z2", .work = put_then_refuse},
        {.name = "z3", .work = put_named},
    };
    put_fact(p, "before", "1");
    (void)signal(SIGXFSZ, SIG_IGN);
    limit_files(4096); /* nothing fits into the WAL any more */
    run_batch_of(p, m, 4);
    limit_files(RLIM_INFINITY);
    assert_int_equal(m[0].err, ERR_NO_SPACE);
    assert_int_equal(m[1].err, ERR_NO_SPACE);
    assert_int_equal(m[2].err, ERR_FORBIDDEN);
    assert_int_equal(m[3].err, ERR_NO_SPACE);
    assert_string_equal(m[3].sentence, err_info(ERR_NO_SPACE)->text);
    assert_int_equal(rows_like(p, "z%"), 0); /* reads went on */
    put_fact(p, "z9", "1");
    assert_int_equal(rows_like(p, "z%"), 1);
    place_close(p);
    place_open(p, 1);
    assert_int_equal(rows_like(p, "z%"), 1);
    assert_int_equal(rows_like(p, "before"), 1);
}

static enum err put_much(struct ctx *ctx, struct conn *conn, void *arg)
{
    const char *value = arg;
    char name[24];
    enum err err = OK;
    for (int i = 0; i < 40 && err == OK; i++) {
        (void)snprintf(name, sizeof name, "much-%d", i);
        err = kv_put(ctx, conn, name, value);
    }
    return err;
}

static enum err set_ceiling(struct ctx *ctx, struct conn *conn, void *arg)
{
    return conn_script(ctx, conn, arg);
}

static void a_database_at_its_ceiling_says_full(void **state)
{
    struct place *p = *state;
    char *value = malloc(100001);
    char low[] = "PRAGMA max_page_count = 1", high[] = "PRAGMA max_page_count = 1000000";
    memset(value, 'x', 100000);
    value[100000] = '\0';
    assert_int_equal(store_write(&p->ctx, p->store, set_ceiling, low),
                     OK); /* = as large as it is */
    assert_int_equal(store_write(&p->ctx, p->store, put_much, value), ERR_NO_SPACE);
    ctx_forgive(&p->ctx);
    assert_int_equal(rows_like(p, "much%"), 0);
    assert_int_equal(store_write(&p->ctx, p->store, set_ceiling, high), OK);
    assert_int_equal(store_write(&p->ctx, p->store, put_much, value), OK);
    assert_int_equal(rows_like(p, "much%"), 40);
    free(value);
}

/* ---- another process holds the lock ---- */

static void a_foreign_lock_is_waited_for(void **state)
{
    struct place *p = *state;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    int64_t began = clock_mono_ms(&clock_system);
    struct rider m = {.name = "late", .work = put_named};
    struct gate gate = {.p = p};
    m.gate = &gate;
    (void)run_member(&m);
    assert_int_equal(m.err, ERR_BUSY);
    assert_true(clock_mono_ms(&clock_system) - began >= CONN_BUSY_MS - 100);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    (void)run_member(&m);
    assert_int_equal(m.err, OK);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(sixteen_writers_each_get_their_own_answer),
        WITH_STORE(a_lone_writer_commits_alone),
        WITH_STORE(a_batch_is_one_commit_and_refusals_stay_private),
        WITH_STORE(a_lost_transaction_is_everybodys),
        WITH_STORE(a_commit_that_finds_no_space_fails_all_and_heals),
        WITH_STORE(a_database_at_its_ceiling_says_full),
        WITH_STORE(a_foreign_lock_is_waited_for),
    };
    if (crypto_open() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
