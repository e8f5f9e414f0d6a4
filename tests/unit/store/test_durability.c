/*
 * test_durability.c - what store_write answered OK survives kill -9 at any moment.
 *
 * A child writes from several threads and tells each acknowledged number to its parent through a
 * pipe; the parent keeps the ledger, kills it, opens the database again and compares. Power cuts are
 * another test's matter: here the kernel lives on.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "store/audit_store.h"
#include "store/conn.h"
#include "store/kv_store.h"
#include "support_store.h"

enum { ROUNDS = 60, THREADS = 4, NUMBERS = 250000 };

struct child {
    struct place *p;
    pthread_t thread;
    int number, round, ledger;
};

struct change {
    char name[40];
    int number;
};

static enum err put_both(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct change *c = arg;
    const struct actor actor = {.via = "system"};
    enum err err = kv_put(ctx, conn, c->name, "1");
    return err == OK ? audit_append(ctx, conn, &actor, "kv.put", NULL, c->name, SLICE_NONE) : err;
}

static void *write_until_killed(void *arg)
{
    struct child *child = arg;
    struct worker w;
    worker_init(&w);
    for (int i = 0;; i++) {
        struct change c = {.number = (child->round * THREADS + child->number) * 1000 + i};
        (void)snprintf(c.name, sizeof c.name, "n%d", c.number);
        if (store_write(&w.ctx, child->p->store, put_both, &c) != OK)
            _exit(1);
        if (write(child->ledger, &c.number, sizeof c.number) != (ssize_t)sizeof c.number)
            _exit(2);
        arena_reset(&w.arena);
    }
    return NULL;
}

static void run_child(struct place *p, int round, int ledger)
{
    struct child children[THREADS];
    place_open(p, 2);
    for (int i = 0; i < THREADS; i++) {
        children[i] = (struct child){.p = p, .number = i, .round = round, .ledger = ledger};
        if (pthread_create(&children[i].thread, NULL, write_until_killed, &children[i]) != 0)
            _exit(3);
    }
    (void)pthread_join(children[0].thread, NULL);
    _exit(4);
}

/* Reads the ledger until `enough` numbers came, kills, and reads what was still under way. */
static int kill_after(pid_t pid, int ledger, int enough, bool *acknowledged)
{
    int number, seen = 0;
    while (read(ledger, &number, sizeof number) == (ssize_t)sizeof number) {
        assert_true(number >= 0 && number < NUMBERS);
        acknowledged[number] = true;
        if (++seen == enough)
            assert_int_equal(kill(pid, SIGKILL), 0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return seen;
}

static const struct sql sound = {"SELECT integrity_check = 'ok' FROM pragma_integrity_check", NULL};
static const struct sql all_facts = {
    "SELECT CAST(substr(name, 2) AS INTEGER) FROM kv WHERE name GLOB 'n[0-9]*'", "test"};
static const struct sql unequal = {
    "SELECT (SELECT count(*) FROM kv WHERE name GLOB 'n[0-9]*') <> (SELECT count(*) FROM audit)",
    "test"};

struct comparison {
    bool *acknowledged; /* set to false as they are found */
    int64_t sound, unequal;
    struct audit_walk walk;
};

static enum err compare(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct comparison *c = arg;
    bool row = false;
    enum err err = conn_number(ctx, conn, &sound, &c->sound);
    if (err == OK)
        err = conn_number(ctx, conn, &unequal, &c->unequal);
    if (err == OK)
        err = audit_verify(ctx, conn, &c->walk, INT64_MAX);
    struct stmt *s = err == OK ? db_stmt(ctx, conn, &all_facts) : NULL;
    while (s && (err = db_step(ctx, s, &row)) == OK && row)
        c->acknowledged[db_int(s, 0)] = false;
    return err;
}

static void acknowledged_writes_survive_kill(void **state)
{
    (void)state;
    struct place p;
    bool *acknowledged = calloc(NUMBERS, sizeof *acknowledged);
    bool *missing = calloc(NUMBERS, sizeof *missing);
    int total = 0;
    place_make(&p);
    for (int round = 0; round < ROUNDS; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)close(ends[0]);
            run_child(&p, round, ends[1]);
        }
        (void)close(ends[1]);
        total += kill_after(pid, ends[0], 1 + round * 7 % 40, acknowledged);
        (void)close(ends[0]);
        place_open(&p, 1);
        memcpy(missing, acknowledged, NUMBERS * sizeof *missing);
        struct comparison c = {.acknowledged = missing};
        /* on the writer's connection: a reader is stopped after half a second, and an integrity
         * check may take longer under a sanitizer */
        assert_int_equal(store_write(&p.ctx, p.store, compare, &c), OK);
        assert_int_equal(c.sound, 1);
        assert_int_equal(c.unequal, 0); /* a row and its line, or neither */
        assert_int_equal(c.walk.broken_at, 0);
        for (int i = 0; i < NUMBERS; i++) {
            if (missing[i])
                fail_msg("round %d: %d was acknowledged and is lost", round, i);
        }
        place_close(&p);
        arena_reset(&p.arena);
    }
    print_message("%d kills, %d acknowledged writes, none lost\n", ROUNDS, total);
    assert_true(total >= ROUNDS);
    place_remove(&p);
    free(acknowledged);
    free(missing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledged_writes_survive_kill),
    };
    if (crypto_open() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
