/*
 * test_statements.c - every statement of the house fits schema.sql, and none walks a whole table
 * unless it says why. The schema explains itself: each table and column has its comment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/embedded.h"
#include "store/conn.h"
#include "store/statements.h"
#include "support_store.h"

/* True when a row of the plan is a full walk. A walk along an index is one too, but for the merge
 * of a compound and for an index chosen with ORDER BY and LIMIT, which say "USING". */
static bool walks(const char *detail)
{
    return strncmp(detail, "SCAN ", 5) == 0 && strstr(detail, " USING ") == NULL &&
           strcmp(detail, "SCAN CONSTANT ROW") != 0;
}

static void look_at(struct conn *conn, const struct sql_list *list, const struct sql *sql)
{
    char text[8192];
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(conn->db, sql->text, -1, &s, NULL);
    if (rc != SQLITE_OK)
        fail_msg("%s: %s: %s", list->file, sqlite3_errmsg(conn->db), sql->text);
    (void)sqlite3_finalize(s);
    (void)snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sql->text);
    assert_int_equal(sqlite3_prepare_v2(conn->db, text, -1, &s, NULL), SQLITE_OK);
    bool walked = false;
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(s, 3);
        bool scan = walks(detail);
        if (scan && sql->scan == NULL)
            fail_msg("%s walks a table (%s): %s", list->file, detail, sql->text);
        walked |= scan || strncmp(detail, "SCAN ", 5) == 0;
    }
    (void)sqlite3_finalize(s);
    if (sql->scan != NULL && !walked && strstr(sql->text, "DELETE FROM") == NULL)
        fail_msg("%s excuses a walk it does not do: %s", list->file, sql->text);
}

static void every_statement_fits_the_schema(void **state)
{
    struct place *p = *state;
    struct conn *conn = NULL;
    size_t seen = 0;
    assert_int_equal(conn_open(&p->ctx, CONN_WRITER, p->path, &conn), OK);
    for (size_t i = 0; i < store_statement_files; i++) {
        const struct sql_list *list = store_statements[i];
        for (size_t k = 0; k < list->count; k++, seen++) {
            assert_non_null(list->list[k].text); /* a hole in an enum */
            look_at(conn, list, &list->list[k]);
        }
    }
    assert_true(seen > 100);
    conn_close(conn);
}

/* A line inside a CREATE TABLE that names a column carries a comment; so does the table itself. */
static void the_schema_explains_itself(void **state)
{
    (void)state;
    const struct embedded *file = embedded_find("schema.sql", strlen("schema.sql"));
    assert_non_null(file);
    struct slice rest = {(const char *)file->plain, file->plain_size}, line, before = SLICE_NONE;
    bool inside = false;
    int tables = 0, columns = 0;
    while (slice_split(&rest, '\n', &line)) {
        if (slice_starts(line, "CREATE TABLE ")) {
            inside = true;
            tables++;
            if (!slice_starts(before, "--"))
                fail_msg("no comment above: %.*s", SLICE_ARGS(line));
        } else if (slice_starts(line, ")")) {
            inside = false;
            if (!slice_starts(line, ") STRICT"))
                fail_msg("a table is not STRICT");
        } else if (inside && line.n > 4 && line.p[4] >= 'a' && line.p[4] <= 'z') {
            columns++;
            if (memmem(line.p, line.n, " -- ", 4) == NULL)
                fail_msg("no comment on: %.*s", SLICE_ARGS(line));
        }
        before = line;
    }
    assert_true(tables >= 20);
    assert_true(columns > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_statement_fits_the_schema, place_setup,
                                        place_teardown),
        cmocka_unit_test(the_schema_explains_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
