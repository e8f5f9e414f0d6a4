/*
 * test_migrate.c - an older file becomes today's in one step or not at all, whatever happens in
 * between; a copy of it stays; a newer one is left alone.
 *
 * There is one released schema so far, so the machinery is driven by a plan of its own: two made-up
 * versions after ours.
 */
#include "store/migrate.h"

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
#include "store/snapshot.h"
#include "support_store.h"

enum { KILLS = 50, ROWS = 4000 };

/* Each takes a while, so that a kill finds it at work. */
static const struct migration steps[] = {
    {2,
     "CREATE TABLE extra (n INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;"
     "INSERT INTO extra WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i LIMIT 4000)"
     " SELECT n, hex(zeroblob(100)) FROM i;"
     "PRAGMA user_version = 2;"},
    {3, "CREATE INDEX extra_note ON extra (note, n);"
        "UPDATE extra SET note = note || n;"
        "ALTER TABLE kv ADD COLUMN note TEXT;"
        "PRAGMA user_version = 3;"},
};
static const struct migrate_plan plan = {"", 3, steps, 2};

static const struct sql version = {"PRAGMA user_version", NULL};
static const struct sql extras = {"SELECT count(*) FROM extra WHERE note LIKE '%' || n", NULL};
static const struct sql tables = {"SELECT count(*) FROM sqlite_schema WHERE name = 'extra'", NULL};
static const struct sql sound = {"SELECT integrity_check = 'ok' FROM pragma_integrity_check", NULL};
static const struct sql kept = {"SELECT count(*) FROM kv WHERE name = 'kept' AND value = 'yes'",
                                NULL};
static const struct sql foreign_keys = {"PRAGMA foreign_keys", NULL};

static void make_old(struct place *p)
{
    place_make(p);
    place_open(p, 1);
    put_fact(p, "kept", "yes");
    place_close(p);
}

static int64_t number(struct place *p, struct conn *conn, const struct sql *sql)
{
    int64_t v = -1;
    ctx_forgive(&p->ctx);
    if (conn_number(&p->ctx, conn, sql, &v) != OK)
        fail_msg("%s: %s", sql->text, p->ctx.fault.cause);
    return v;
}

static enum err upgrade(struct place *p, const struct migrate_plan *to)
{
    struct conn *conn = NULL;
    enum err err = conn_open(&p->ctx, CONN_WRITER, p->path, &conn);
    if (err == OK)
        err = migrate_check(&p->ctx, conn, p->path, to, true);
    if (err == OK)
        err = migrate_run(&p->ctx, conn, p->path, to);
    conn_close(conn);
    return err;
}

static struct conn *look_into(struct place *p, const char *path)
{
    struct conn *conn = NULL;
    ctx_forgive(&p->ctx);
    if (conn_open(&p->ctx, CONN_WRITER, path, &conn) != OK)
        fail_msg("%s", p->ctx.fault.cause);
    return conn;
}

static void check_upgraded(struct place *p)
{
    struct conn *conn = look_into(p, p->path);
    assert_int_equal(number(p, conn, &version), 3);
    assert_int_equal(number(p, conn, &extras), ROWS);
    assert_int_equal(number(p, conn, &kept), 1);
    assert_int_equal(number(p, conn, &sound), 1);
    conn_close(conn);
}

/* The copy is the old database, whole. */
static void check_copy(struct place *p)
{
    char copy[128];
    (void)snprintf(copy, sizeof copy, "%s.v1.bak", p->path);
    struct conn *conn = look_into(p, copy);
    assert_int_equal(number(p, conn, &version), 1);
    assert_int_equal(number(p, conn, &tables), 0);
    assert_int_equal(number(p, conn, &kept), 1);
    assert_int_equal(number(p, conn, &sound), 1);
    conn_close(conn);
}

static void an_older_file_is_upgraded_and_a_copy_kept(void **state)
{
    (void)state;
    struct place p;
    make_old(&p);
    assert_int_equal(upgrade(&p, &plan), OK);
    check_upgraded(&p);
    check_copy(&p);
    assert_int_equal(upgrade(&p, &plan), OK); /* nothing to do */
    check_upgraded(&p);
    const struct store_options options = {.path = p.path, .create = true};
    assert_int_equal(store_open(&p.ctx, &options, &p.store),
                     ERR_CONFLICT); /* newer than the program */
    place_remove(&p);
}

static void who_may_not_change_it_is_told_what_to_do(void **state)
{
    (void)state;
    struct place p;
    struct conn *conn = NULL;
    make_old(&p);
    assert_int_equal(conn_open(&p.ctx, CONN_WRITER, p.path, &conn), OK);
    assert_int_equal(migrate_check(&p.ctx, conn, p.path, &plan, false), ERR_CONFLICT);
    assert_non_null(strstr(ctx_sentence(&p.ctx),
                           "has schema 1, and this program wants 3; start `larder serve` once"));
    assert_int_equal(number(&p, conn, &version), 1);
    conn_close(conn);
    place_remove(&p);
}

static void a_step_that_fails_leaves_the_old_file(void **state)
{
    (void)state;
    static const struct migration broken[] = {
        {2, "CREATE TABLE extra (n INTEGER) STRICT; PRAGMA user_version = 2;"},
        {3, "CREATE TABLE extra (n INTEGER) STRICT; PRAGMA user_version = 3;"},
    };
    static const struct migration forgetful[] = {{2, "CREATE TABLE extra (n INTEGER) STRICT;"}};
    static const struct migration dangling[] = {
        {2, "INSERT INTO member VALUES ('no-org', 'no-user', 0, 1); PRAGMA user_version = 2;"}};
    static const struct migrate_plan plans[] = {
        {"", 3, broken, 2}, {"", 2, forgetful, 1}, {"", 2, dangling, 1}, {"", 2, NULL, 0}};
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        struct place p;
        make_old(&p);
        assert_int_not_equal(upgrade(&p, &plans[i]), OK);
        struct conn *conn = look_into(&p, p.path);
        assert_int_equal(number(&p, conn, &version), 1);
        assert_int_equal(number(&p, conn, &tables), 0);
        assert_int_equal(number(&p, conn, &kept), 1);
        conn_close(conn);
        ctx_forgive(&p.ctx);
        assert_int_equal(upgrade(&p, &plan), OK); /* and a right plan works */
        check_upgraded(&p);
        place_remove(&p);
    }
}

static void references_are_watched_again_afterwards(void **state)
{
    (void)state;
    struct place p;
    struct conn *conn = NULL;
    make_old(&p);
    assert_int_equal(conn_open(&p.ctx, CONN_WRITER, p.path, &conn), OK);
    assert_int_equal(migrate_run(&p.ctx, conn, p.path, &plan), OK);
    assert_int_equal(number(&p, conn, &foreign_keys), 1);
    conn_close(conn);
    place_remove(&p);
}

static void nap_us(long us)
{
    const struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&t, NULL);
}

/* The moments lie evenly over what an undisturbed upgrade takes here, the first of them at its begin. */
static void a_kill_at_any_moment_loses_nothing(void **state)
{
    (void)state;
    struct place p;
    long longest = 0;
    int finished = 0, old = 0;
    for (int i = 0; i <= KILLS; i++) {
        make_old(&p);
        int64_t began = clock_mono_ms(&clock_system);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(upgrade(&p, &plan) == OK ? 0 : 1);
        if (i > 0) { /* the first one is timed */
            nap_us(longest * (i - 1) / KILLS);
            (void)kill(pid, SIGKILL);
        }
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (i == 0) {
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
            longest = (long)(clock_mono_ms(&clock_system) - began + 1) * 1000;
        }
        struct conn *conn = look_into(&p, p.path);
        int64_t at = number(&p, conn, &version);
        assert_true(at == 1 || at == 3); /* never between */
        assert_int_equal(number(&p, conn, &kept), 1);
        assert_int_equal(number(&p, conn, &sound), 1);
        assert_int_equal(number(&p, conn, &tables), at == 3);
        finished += at == 3;
        old += at == 1;
        conn_close(conn);
        assert_int_equal(upgrade(&p, &plan), OK);
        check_upgraded(&p);
        check_copy(&p);
        place_remove(&p);
    }
    print_message("killed %d times: %d found old, %d upgraded\n", KILLS, old, finished);
    assert_true(old > 0 && finished > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_older_file_is_upgraded_and_a_copy_kept),
        cmocka_unit_test(who_may_not_change_it_is_told_what_to_do),
        cmocka_unit_test(a_step_that_fails_leaves_the_old_file),
        cmocka_unit_test(references_are_watched_again_afterwards),
        cmocka_unit_test(a_kill_at_any_moment_loses_nothing),
    };
    if (crypto_open() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
