/*
 * test_stamp.c - a row of the catalog has another stamp after every change, whichever column it was
 * and whoever wrote the statement, and no state of a row ever has the stamp of another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/conn.h"
#include "support_store.h"

static const struct sql seq_and_stamp = {"SELECT seq, stamp FROM plugin", "test"};
static const struct sql columns = {
    "SELECT name, type FROM pragma_table_xinfo('plugin') WHERE hidden = 0", "test"};

enum { COLUMNS_MAX = 64 };

struct state {
    int64_t seq, stamp;
};

static enum err script(struct ctx *ctx, struct conn *conn, void *arg)
{
    return conn_script(ctx, conn, arg);
}

static void run(struct place *p, const char *text)
{
    assert_int_equal(store_write(&p->ctx, p->store, script, (void *)(uintptr_t)text), OK);
}

static enum err look(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct state *out = arg;
    bool row = false;
    struct stmt *s = db_stmt(ctx, conn, &seq_and_stamp);
    assert_non_null(s);
    enum err err = db_step(ctx, s, &row);
    assert_true(row);
    *out = (struct state){db_int(s, 0), db_int(s, 1)};
    db_done(s);
    return err;
}

static struct state present(struct place *p)
{
    struct state s = {0};
    assert_int_equal(store_read(&p->ctx, p->store, look, &s), OK);
    return s;
}

#define INSERT                                                                                     \
    "INSERT INTO plugin (id, pid, version, scheme, order_key, generation, size_bytes, created_at," \
    " updated_at, sha256, agent_type, name, is_latest) VALUES ('i', 'com.acme.a', '1', 'pep440',"  \
    " x'01', 2, 7, 1, 1, '" HASH "', 'scoped', 'A', 1);"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int setup(void **state)
{
    (void)place_setup(state);
    run(*state, "INSERT INTO blob (sha256, size, first_seen) VALUES ('" HASH "', 7, 1);" INSERT);
    return 0;
}

struct names {
    char name[COLUMNS_MAX][40];
    int count;
};

static enum err read_names(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct names *n = arg;
    bool row = false;
    enum err err;
    struct stmt *s = db_stmt(ctx, conn, &columns);
    assert_non_null(s);
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        assert_in_range(n->count, 0, COLUMNS_MAX - 1);
        (void)snprintf(n->name[n->count++], sizeof *n->name, "%s", db_peek_text(s, 0));
    }
    db_done(s);
    return err;
}

/* Columns are asked of the database, so that one that is added later is tried as well. */
static void every_column_counts(void **state)
{
    struct place *p = *state;
    struct names n = {.count = 0};
    assert_int_equal(store_read(&p->ctx, p->store, read_names, &n), OK);
    assert_in_range(n.count, 30, COLUMNS_MAX);
    for (int i = 0; i < n.count; i++) {
        char text[200];
        struct state before = present(p), after;
        /* what changes is the row that was written, also where the value is as it was */
        (void)snprintf(text, sizeof text, "UPDATE plugin SET %s = %s", n.name[i],
                       strcmp(n.name[i], "stamp") == 0 ? "stamp + 1" : n.name[i]);
        run(p, text);
        after = present(p);
        assert_int_equal(after.seq, before.seq);
        assert_int_not_equal(after.stamp, before.stamp);
    }
}

static enum err change_and_fail(struct ctx *ctx, struct conn *conn, void *arg)
{
    assert_int_equal(conn_script(ctx, conn, "UPDATE plugin SET name = 'B'"), OK);
    (void)look(ctx, conn, arg);
    return ctx_fail(ctx, ERR_CONFLICT, "no");
}

/* The state that was rolled back had a stamp that no later one has. */
static void what_was_rolled_back_leaves_no_stamp(void **state)
{
    struct place *p = *state;
    struct state before = present(p), inside = {0};
    assert_int_equal(store_write(&p->ctx, p->store, change_and_fail, &inside), ERR_CONFLICT);
    ctx_forgive(&p->ctx);
    assert_int_equal(present(p).stamp, before.stamp);
    assert_int_not_equal(inside.stamp, before.stamp);
    run(p, "UPDATE plugin SET name = 'C'");
    assert_int_not_equal(present(p).stamp, inside.stamp);
    assert_int_not_equal(present(p).stamp, before.stamp);
}

/* SQLite gives the seq of the newest row that was removed to the next one. */
static void another_row_in_the_same_place_has_another_stamp(void **state)
{
    struct place *p = *state;
    struct state before = present(p);
    run(p, "DELETE FROM plugin;" INSERT);
    assert_int_equal(present(p).seq, before.seq);
    assert_int_not_equal(present(p).stamp, before.stamp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_column_counts, setup, place_teardown),
        cmocka_unit_test_setup_teardown(what_was_rolled_back_leaves_no_stamp, setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(another_row_in_the_same_place_has_another_stamp, setup,
                                        place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
