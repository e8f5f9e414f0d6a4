/*
 * test_outbound.c - what waits for an object store: how much of it, and what may go first.
 */
#include "domain/outbound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "domain/replica_record.h"
#include "store/outbox_store.h"
#include "store/replica_store.h"
#include "support_catalog.h"

enum { MANY = 64 };

/* ------------------------------------------------------------------ what waits */

struct waiting {
    int64_t now;
    int max;
    struct outbox_row rows[MANY];
    size_t count, stop; /* the last one that is taken; 0 = none refuses */
};

static bool take(void *arg, const struct outbox_row *row)
{
    struct waiting *w = arg;
    assert_true(w->count < MANY);
    w->rows[w->count++] = *row;
    return w->stop == 0 || w->count < w->stop;
}

static enum err read_due(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct waiting *w = arg;
    return outbox_due(ctx, conn, w->now, w->max, take, w);
}

static struct waiting due(struct town *t, int64_t now, int max, size_t stop)
{
    struct waiting w = {.now = now, .max = max, .stop = stop};
    must(t, store_read(work(t), t->store, read_due, &w));
    return w;
}

static struct waiting all(struct town *t)
{
    return due(t, INT64_MAX - 1, MANY, 0);
}

static enum err drop(struct ctx *ctx, struct conn *conn, void *arg)
{
    return outbox_drop(ctx, conn, arg, NULL, NULL);
}

/* A town has orgs from its first day, which wait as well: not of interest here. */
static int setup(void **state)
{
    if (market_setup(state) != 0)
        return -1;
    struct town *t = *state;
    struct waiting w = all(t);
    for (size_t i = 0; i < w.count; i++)
        must(t, store_write(work(t), t->store, drop, (void *)(uintptr_t)w.rows[i].entity));
    return 0;
}

static enum err set_bucket(struct ctx *ctx, struct conn *conn, void *arg)
{
    return repl_state_bucket(ctx, conn, arg);
}

static void know_bucket(struct town *t)
{
    char id[] = "01900000-0000-7000-8000-000000000001";
    must(t, store_write(work(t), t->store, set_bucket, id));
}

static struct plugin toggled(struct town *t, int times)
{
    struct plugin p = put_plugin(t, NULL, "com.acme.tool", "1.0.0");
    for (int i = 0; i < times; i++)
        p = turn(t, &p, i % 2 == 1);
    return p;
}

static void alone_only_the_last_word_waits(void **state)
{
    struct town *t = *state;
    (void)toggled(t, 4);
    struct waiting w = all(t);
    assert_int_equal(w.count, 1);
    assert_string_equal(w.rows[0].kind, OUTBOX_CREATE);
}

static void alone_a_switch_that_is_off_waits_behind_its_version(void **state)
{
    struct town *t = *state;
    (void)toggled(t, 5);
    struct waiting w = all(t);
    assert_int_equal(w.count, 2);
    assert_string_equal(w.rows[0].kind, OUTBOX_CREATE);
    assert_string_equal(w.rows[1].kind, OUTBOX_ENABLED);
    assert_string_equal(w.rows[0].entity, w.rows[1].entity);
    assert_non_null(
        strstr(slice_dup(&t->arena, w.rows[1].body), w.rows[0].op_id)); /* made on top of it */
}

static void what_a_bucket_has_heard_of_is_told_in_full(void **state)
{
    struct town *t = *state;
    know_bucket(t);
    (void)toggled(t, 5);
    assert_int_equal(all(t).count, 6);
}

static enum err rename_org(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct org org = {
        .id = "01900000-0000-7000-8000-000000000002", .name = arg, .status = "active"};
    return outbound_org(ctx, conn, &org, NULL);
}

static void alone_an_org_waits_once(void **state)
{
    struct town *t = *state;
    static const char *const names[] = {"one", "two", "three"};
    for (size_t i = 0; i < 3; i++)
        must(t, store_write(work(t), t->store, rename_org, (void *)(uintptr_t)names[i]));
    struct waiting w = all(t);
    assert_int_equal(w.count, 1);
    assert_non_null(strstr(slice_dup(&t->arena, w.rows[0].body), "three"));
}

/* ------------------------------------------------------------------ what goes first */

static enum err add(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct outbox_row row = {.kind = OUTBOX_TAG, .entity = arg, .body = SLICE("{}")};
    return outbox_add(ctx, conn, &row);
}

static void say(struct town *t, const char *entity)
{
    must(t, store_write(work(t), t->store, add, (void *)(uintptr_t)entity));
}

static enum err put_off(struct ctx *ctx, struct conn *conn, void *arg)
{
    return outbox_failed(ctx, conn, arg, INT64_MAX - 2, "later");
}

static const char *names(const struct waiting *w)
{
    static char text[MANY * 2];
    size_t n = 0;
    for (size_t i = 0; i < w->count; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s", w->rows[i].entity);
    return n ? text : "";
}

static void the_order_is_that_of_arrival(void **state)
{
    struct town *t = *state;
    static const char *const said[] = {"a", "b", "a", "c", "b"};
    for (size_t i = 0; i < 5; i++)
        say(t, said[i]);
    int64_t now = work(t)->now + 1000;
    struct waiting w = due(t, now, MANY, 0);
    assert_string_equal(names(&w), "abacb");
    w = due(t, now, 2, 0);
    assert_string_equal(names(&w), "ab");
    w = due(t, now, MANY, 3); /* the third is not taken, so none behind it is offered */
    assert_string_equal(names(&w), "aba");
    /* what is put off holds back its own entity and nothing else */
    w = all(t);
    must(t, store_write(work(t), t->store, put_off, (void *)(uintptr_t)w.rows[0].op_id));
    w = due(t, now, MANY, 0);
    assert_string_equal(names(&w), "bcb");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, market_teardown)
    const struct CMUnitTest tests[] = {
        TEST(alone_only_the_last_word_waits),
        TEST(alone_a_switch_that_is_off_waits_behind_its_version),
        TEST(what_a_bucket_has_heard_of_is_told_in_full),
        TEST(alone_an_org_waits_once),
        TEST(the_order_is_that_of_arrival),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
