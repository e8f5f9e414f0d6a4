/*
 * test_db.c - what reads rows for everybody: a statement that cannot be had gives its fault at the
 * end, one row or none, lists with a bound, faults of readers and faults from before.
 */
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "support_store.h"

enum { COUNT_TO, NOTHING, BROKEN, NULLS };

static const struct sql sql[] = {
    [COUNT_TO] = {"WITH RECURSIVE c(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < ?1)"
                  " SELECT n, 'row ' || n FROM c",
                  "a test"},
    [NOTHING] = {"SELECT 1, 'x' WHERE ?1 < 0", "a test"},
    [BROKEN] = {"SELECT n FROM there_is_no_such_table WHERE n = ?1", "a test"},
    [NULLS] = {"SELECT ?1 IS NULL AND ?2 IS NULL AND ?3 IS NULL", "a test"},
};

struct pair {
    int64_t n;
    const char *text;
};

static void read_pair(struct ctx *ctx, struct stmt *s, void *row)
{
    *(struct pair *)row = (struct pair){db_int(s, 0), db_text(ctx, s, 1)};
}

static void read_badly(struct ctx *ctx, struct stmt *s, void *row)
{
    read_pair(ctx, s, row);
    if (db_int(s, 0) == 2)
        (void)ctx_fail(ctx, ERR_CORRUPT, "the second row cannot be read");
}

static struct stmt *count_to(struct ctx *ctx, struct conn *conn, int which, int64_t n)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    db_bind_int(s, 1, n);
    return s;
}

static enum err one_text(void *arg, const char *text)
{
    (void)text;
    return ++*(int *)arg == 3 ? ERR_CONFLICT : OK;
}

static enum err whole_rows(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct pair one = {0}, *list;
    bool found = false;
    size_t n = 99;
    int64_t number = 99;
    (void)arg;
    assert_int_equal(db_find(ctx, count_to(ctx, conn, COUNT_TO, 5), read_pair, &one, &found), OK);
    assert_true(found && one.n == 1 && strcmp(one.text, "row 1") == 0);
    assert_int_equal(db_find(ctx, count_to(ctx, conn, NOTHING, 5), read_pair, &one, &found), OK);
    assert_false(found);
    list = db_list(ctx, count_to(ctx, conn, COUNT_TO, 5), sizeof *list, 9, read_pair, &n);
    assert_true(list && n == 5 && list[4].n == 5 && strcmp(list[4].text, "row 5") == 0);
    list = db_list(ctx, count_to(ctx, conn, COUNT_TO, 5), sizeof *list, 3, read_pair, &n);
    assert_true(list && n == 3); /* and the statement is free again: the next line uses it */
    list = db_list(ctx, count_to(ctx, conn, NOTHING, 5), sizeof *list, 3, read_pair, &n);
    assert_true(list && n == 0);
    assert_int_equal(db_any(ctx, count_to(ctx, conn, COUNT_TO, 1), &found), OK);
    assert_true(found);
    assert_int_equal(db_any(ctx, count_to(ctx, conn, NOTHING, 1), &found), OK);
    assert_false(found);
    assert_int_equal(db_number(ctx, count_to(ctx, conn, COUNT_TO, 1), &number), OK);
    assert_int_equal(number, 1);
    assert_int_equal(db_number(ctx, count_to(ctx, conn, NOTHING, 1), &number), OK);
    assert_int_equal(number, 0);
    return OK;
}

static void rows_are_read_whole_and_bounded(void **state)
{
    struct place *p = *state;
    assert_int_equal(store_read(&p->ctx, p->store, whole_rows, NULL), OK);
}

/* Nobody looks at what db_stmt gave: binding is harmless, and each way to read tells the fault. */
static enum err no_statement(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct pair one;
    bool found = true;
    size_t n = 99;
    int64_t number = 99;
    (void)arg;
    assert_null(db_stmt(ctx, conn, &sql[BROKEN]));
    assert_int_equal(ctx->fault.err, ERR_INTERNAL);
    db_bind_text(NULL, 1, "x");
    db_bind_int(NULL, 1, 1);
    db_bind_time(NULL, 1, 0);
    db_bind_time(NULL, 1, 1);
    db_bind_blob(NULL, 1, "", 0);
    db_done(NULL);
    assert_int_equal(db_find(ctx, NULL, read_pair, &one, &found), ERR_INTERNAL);
    assert_false(found);
    assert_null(db_list(ctx, NULL, sizeof one, 5, read_pair, &n));
    assert_int_equal(n, 0);
    assert_int_equal(db_number(ctx, NULL, &number), ERR_INTERNAL);
    assert_int_equal(number, 0);
    assert_int_equal(db_run(ctx, conn, NULL, &number), ERR_INTERNAL);
    return ctx->fault.err;
}

static void a_statement_that_cannot_be_had_gives_its_fault_at_the_end(void **state)
{
    struct place *p = *state;
    assert_int_equal(store_read(&p->ctx, p->store, no_statement, NULL), ERR_INTERNAL);
    ctx_forgive(&p->ctx);
}

static enum err bad_readers(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct pair one;
    bool found;
    size_t n = 99;
    int texts = 0;
    (void)arg;
    assert_int_equal(db_each_text(ctx, count_to(ctx, conn, COUNT_TO, 9), one_text, &texts),
                     ERR_CONFLICT); /* ends where it was told to, and the statement is free */
    assert_int_equal(texts, 3);
    assert_null(db_list(ctx, count_to(ctx, conn, COUNT_TO, 5), sizeof one, 9, read_badly, &n));
    assert_int_equal(n, 0);
    assert_int_equal(ctx->fault.err, ERR_CORRUPT);
    /* somebody went on in spite of a fault: it is not the fault of these rows */
    assert_int_equal(db_find(ctx, count_to(ctx, conn, COUNT_TO, 5), read_pair, &one, &found), OK);
    assert_non_null(db_list(ctx, count_to(ctx, conn, COUNT_TO, 5), sizeof one, 9, read_pair, &n));
    assert_int_equal(n, 5);
    ctx_forgive(ctx);
    return OK;
}

static void a_reader_that_fails_fails_the_list(void **state)
{
    struct place *p = *state;
    assert_int_equal(store_read(&p->ctx, p->store, bad_readers, NULL), OK);
}

static enum err nulls(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[NULLS]);
    db_bind_text(s, 1, NULL);
    db_bind_time(s, 2, 0);
    db_bind_blob(s, 3, NULL, 0);
    return db_number(ctx, s, arg);
}

static void nothing_is_bound_as_null(void **state)
{
    struct place *p = *state;
    int64_t yes = 0;
    assert_int_equal(store_read(&p->ctx, p->store, nulls, &yes), OK);
    assert_int_equal(yes, 1);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(rows_are_read_whole_and_bounded),
        WITH_STORE(a_statement_that_cannot_be_had_gives_its_fault_at_the_end),
        WITH_STORE(a_reader_that_fails_fails_the_list),
        WITH_STORE(nothing_is_bound_as_null),
    };
    if (crypto_open() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
