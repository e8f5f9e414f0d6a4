/*
 * test_wal_file.c - what is gathered on its way into the log, and when it is there: at the end of a
 * transaction, before anything else is done with the file, and never later.
 */
#include "store/wal_file.h"

#include <fcntl.h>
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
#include <sqlite3.h>

#include "store/conn.h"
#include "support_store.h"

enum { HEADER = 24, PAGE = 4096, FRAME = HEADER + PAGE };

struct log {
    struct place place;
    char path[128];
    sqlite3_file *file;
};

/* The file keeps the address of its path. */
static void opened(struct log *l)
{
    place_make(&l->place);
    (void)snprintf(l->path, sizeof l->path, "%s/x.db", l->place.folder);
    write_whole(l->path, "", 0); /* whose mode a log gets */
    (void)snprintf(l->path, sizeof l->path, "%s/x.db-wal", l->place.folder);
    sqlite3_vfs *vfs = sqlite3_vfs_find(wal_file_system());
    assert_non_null(vfs);
    l->file = calloc(1, (size_t)vfs->szOsFile);
    assert_non_null(l->file);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
    assert_int_equal(vfs->xOpen(vfs, l->path, l->file, flags, &flags), SQLITE_OK);
}

static void closed(struct log *l)
{
    assert_int_equal(l->file->pMethods->xClose(l->file), SQLITE_OK);
    free(l->file);
    place_remove(&l->place);
}

static void put(struct log *l, const void *bytes, int n, sqlite3_int64 at)
{
    assert_int_equal(l->file->pMethods->xWrite(l->file, bytes, n, at), SQLITE_OK);
}

/* As SQLite does it; `last` = this frame ends the transaction. */
static void put_frame(struct log *l, int i, bool last)
{
    unsigned char header[HEADER] = {0}, page[PAGE];
    header[3] = (unsigned char)(i + 1);
    header[7] = last ? 9 : 0;
    memset(page, 'a' + i % 26, sizeof page);
    put(l, header, HEADER, 32 + (sqlite3_int64)i * FRAME);
    put(l, page, PAGE, 32 + (sqlite3_int64)i * FRAME + HEADER);
}

static long on_disk(const struct log *l)
{
    struct stat st;
    assert_int_equal(stat(l->path, &st), 0);
    return (long)st.st_size;
}

static void nothing_is_held_beyond_a_transaction(void **state)
{
    (void)state;
    struct log l;
    opened(&l);
    char header[32] = {0};
    put(&l, header, sizeof header, 0);
    put_frame(&l, 0, false);
    put_frame(&l, 1, false);
    assert_int_equal(on_disk(&l), 0);
    put_frame(&l, 2, true);
    assert_int_equal(on_disk(&l), 32 + 3 * FRAME);
    put_frame(&l, 3, true); /* one page alone */
    assert_int_equal(on_disk(&l), 32 + 4 * FRAME);
    put_frame(&l, 4, false); /* the next one is held again */
    assert_int_equal(on_disk(&l), 32 + 4 * FRAME);
    closed(&l);
}

static void whatever_else_is_asked_comes_after(void **state)
{
    (void)state;
    struct log l;
    opened(&l);
    const sqlite3_io_methods *io = l.file->pMethods;
    sqlite3_int64 size = 0;
    char page[PAGE];
    put_frame(&l, 0, false);
    assert_int_equal(io->xFileSize(l.file, &size), SQLITE_OK);
    assert_int_equal(size, 32 + FRAME);
    put_frame(&l, 1, false);
    assert_int_equal(io->xRead(l.file, page, PAGE, 32 + FRAME + HEADER), SQLITE_OK);
    assert_int_equal(page[0], 'b');
    assert_int_equal(page[PAGE - 1], 'b');
    put_frame(&l, 2, false);
    assert_int_equal(io->xSync(l.file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(on_disk(&l), 32 + 3 * FRAME);
    put_frame(&l, 3, false);
    put_frame(&l, 0, false); /* elsewhere: what was held goes first */
    assert_int_equal(on_disk(&l), 32 + 4 * FRAME);
    assert_int_equal(io->xTruncate(l.file, 32 + FRAME), SQLITE_OK);
    assert_int_equal(on_disk(&l), 32 + FRAME);
    put_frame(&l, 1, false);
    assert_int_equal(io->xClose(l.file), SQLITE_OK);
    assert_int_equal(on_disk(&l), 32 + 2 * FRAME);
    free(l.file);
    place_remove(&l.place);
}

static void more_than_fits_is_written_on_the_way(void **state)
{
    (void)state;
    struct log l;
    opened(&l);
    enum { MANY = 200 };
    for (int i = 0; i < MANY; i++)
        put_frame(&l, i, i == MANY - 1);
    assert_int_equal(on_disk(&l), 32 + MANY * FRAME);
    size_t n = 0;
    unsigned char *all = read_whole(l.path, &n);
    for (int i = 0; i < MANY; i++) {
        const unsigned char *frame = all + 32 + (size_t)i * FRAME;
        assert_int_equal(frame[3], (unsigned char)(i + 1));
        assert_int_equal(frame[HEADER], 'a' + i % 26);
        assert_int_equal(frame[FRAME - 1], 'a' + i % 26);
    }
    free(all);
    closed(&l);
}

/* The call that must write says so, and what failed is not tried again behind SQLite's back. */
static void a_failure_is_told_by_the_call_that_writes(void **state)
{
    (void)state;
    struct log l;
    opened(&l);
    const sqlite3_io_methods *io = l.file->pMethods;
    unsigned char header[HEADER] = {0}, page[PAGE] = {0};
    struct rlimit old, none;
    (void)signal(SIGXFSZ, SIG_IGN); /* an error then, as a full disk is */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    none = (struct rlimit){0, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    put_frame(&l, 0, false); /* held */
    assert_int_equal(io->xWrite(l.file, header, HEADER, 32 + FRAME), SQLITE_OK);
    assert_int_not_equal(io->xSync(l.file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    header[7] = 1;
    put(&l, header, HEADER, 32);
    put(&l, page, PAGE, 32 + HEADER);
    assert_int_equal(on_disk(&l), 32 + FRAME);
    closed(&l);
}

/* ---- through SQLite ---- */

enum { MAKE, FILL, SUM, BEGIN, COMMIT, CHECK };

static const struct sql sql[] = {
    [MAKE] = {"CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB)", "a test"},
    [FILL] =
        {"WITH RECURSIVE c(n) AS (VALUES (?1) UNION ALL SELECT n + 1 FROM c WHERE n < ?1 + 9999)"
         " INSERT INTO t SELECT n, zeroblob(1000) FROM c",
         "a test"},
    [SUM] = {"SELECT count(*) * 10000000000 + sum(n) FROM t", "a test"},
    [BEGIN] = {"BEGIN IMMEDIATE", NULL},
    [COMMIT] = {"COMMIT", NULL},
    [CHECK] = {"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
               "a test"},
};

static void fill(struct place *p, struct conn *conn, int64_t from)
{
    struct stmt *s = db_stmt(&p->ctx, conn, &sql[FILL]);
    db_bind_int(s, 1, from);
    assert_int_equal(db_run(&p->ctx, conn, s, NULL), OK);
}

static int64_t number(struct place *p, struct conn *conn, int which)
{
    int64_t n = -1;
    assert_int_equal(conn_number(&p->ctx, conn, &sql[which], &n), OK);
    return n;
}

/* Ten megabytes: more than the cache holds, so that pages go into the log before the end, are read
 * from there, and are written over. */
static void large_transactions_are_whole_and_can_be_taken_back(void **state)
{
    struct place *p = *state;
    struct conn *writer, *reader;
    assert_int_equal(conn_open(&p->ctx, CONN_WRITER, p->path, &writer), OK);
    assert_int_equal(conn_open(&p->ctx, CONN_READER, p->path, &reader), OK);
    assert_int_equal(conn_exec(&p->ctx, writer, &sql[MAKE]), OK);
    assert_int_equal(conn_exec(&p->ctx, writer, &sql[BEGIN]), OK);
    fill(p, writer, 1);
    assert_int_equal(number(p, writer, SUM), 10000LL * 10000000000LL + 50005000);
    assert_int_equal(number(p, reader, SUM), 0);
    conn_rollback(writer);
    assert_int_equal(number(p, writer, SUM), 0);
    assert_int_equal(conn_exec(&p->ctx, writer, &sql[BEGIN]), OK);
    fill(p, writer, 1);
    fill(p, writer, 10001);
    assert_int_equal(conn_exec(&p->ctx, writer, &sql[COMMIT]), OK);
    assert_int_equal(number(p, reader, SUM), 20000LL * 10000000000LL + 200010000);
    assert_int_equal(number(p, writer, CHECK), 0);
    conn_close(reader);
    conn_close(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_held_beyond_a_transaction),
        cmocka_unit_test(whatever_else_is_asked_comes_after),
        cmocka_unit_test(more_than_fits_is_written_on_the_way),
        cmocka_unit_test(a_failure_is_told_by_the_call_that_writes),
        cmocka_unit_test_setup_teardown(large_transactions_are_whole_and_can_be_taken_back,
                                        place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
