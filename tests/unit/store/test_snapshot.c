/*
 * test_snapshot.c - a copy made while others write is one moment of the database; and a file that
 * was tampered with, in each way we could think of, is refused with a reason.
 */
#include "store/snapshot.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "store/audit_store.h"
#include "store/conn.h"
#include "store/kv_store.h"
#include "support_store.h"

static const char *beside(const struct place *p, const char *name)
{
    static _Thread_local char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
    return path;
}

/* ---- copies while others write ---- */

struct writing {
    struct place *p;
    atomic_bool stop;
    atomic_int failed;
};

/* A row, its twin and an audit line: a copy has all three or none. */
static enum err put_three(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct actor actor = {.via = "system"};
    char name[40], pad[600];
    memset(pad, 'p', sizeof pad - 1);
    pad[sizeof pad - 1] = '\0';
    (void)snprintf(name, sizeof name, "a%d", *(int *)arg);
    enum err err = kv_put(ctx, conn, name, pad);
    (void)snprintf(name, sizeof name, "b%d", *(int *)arg);
    if (err == OK)
        err = audit_append(ctx, conn, &actor, "kv.put", NULL, name, SLICE_NONE);
    return err == OK ? kv_put(ctx, conn, name, pad) : err;
}

static void *write_on(void *arg)
{
    struct writing *w = arg;
    struct worker work;
    worker_init(&work);
    for (int i = 0; !atomic_load(&w->stop); i++) {
        if (store_write(&work.ctx, w->p->store, put_three, &i) != OK)
            atomic_fetch_add(&w->failed, 1);
        arena_reset(&work.arena);
    }
    worker_end(&work);
    return NULL;
}

static const struct sql pairs = {
    "SELECT (SELECT count(*) FROM kv WHERE name GLOB 'a[0-9]*') = (SELECT count(*) FROM audit)"
    " AND (SELECT count(*) FROM kv WHERE name GLOB 'b[0-9]*') = (SELECT count(*) FROM audit)",
    "test"};
static const struct sql lines = {"SELECT count(*) FROM audit", "test"};

static void copies_beside_a_writer_are_one_moment(void **state)
{
    struct place *p = *state;
    struct writing w = {.p = p};
    pthread_t thread;
    char to[160], journal[170];
    struct stat st;
    int64_t last = -1;
    assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(to, sizeof to, "%s", beside(p, "copy.db"));
        if (snapshot_make(&p->ctx, p->path, to) != OK || snapshot_check(&p->ctx, to) != OK)
            fail_msg("%s (%s)", ctx_sentence(&p->ctx), p->ctx.fault.cause);
        assert_int_equal(stat(to, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        static const char *const tails[] = {"-wal", "-shm", "-journal"};
        for (int k = 0; k < 3; k++) { /* it stands alone */
            (void)snprintf(journal, sizeof journal, "%s%s", to, tails[k]);
            assert_int_not_equal(access(journal, F_OK), 0);
        }
        struct conn *conn = NULL;
        int64_t same = 0, now = 0;
        assert_int_equal(conn_open(&p->ctx, CONN_STRANGER, to, &conn), OK);
        assert_int_equal(conn_number(&p->ctx, conn, &pairs, &same), OK);
        assert_int_equal(conn_number(&p->ctx, conn, &lines, &now), OK);
        conn_close(conn);
        assert_int_equal(same, 1);
        assert_true(now >= last);
        last = now;
        assert_int_equal(unlink(to), 0);
    }
    atomic_store(&w.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(atomic_load(&w.failed), 0);
    assert_true(last > 0);
}

static void a_copy_opens_as_a_store(void **state)
{
    struct place *p = *state;
    struct place q;
    put_fact(p, "hello", "world");
    place_make(&q);
    assert_int_equal(snapshot_make(&p->ctx, p->path, q.path), OK);
    place_open(&q, 1);
    put_fact(&q, "more", "1");
    place_remove(&q);
}

static void a_target_that_exists_is_not_touched(void **state)
{
    struct place *p = *state;
    size_t n;
    const char *to = beside(p, "copy.db");
    write_whole(to, "mine", 4);
    assert_int_not_equal(snapshot_make(&p->ctx, p->path, to), OK);
    unsigned char *bytes = read_whole(to, &n);
    assert_int_equal(n, 4);
    free(bytes);
    ctx_forgive(&p->ctx);
    write_whole(beside(p, "junk.db"), "junk, and quite some of it", 26);
    char from[160];
    (void)snprintf(from, sizeof from, "%s", beside(p, "junk.db"));
    assert_int_not_equal(snapshot_make(&p->ctx, from, beside(p, "other.db")), OK);
    assert_int_not_equal(access(beside(p, "other.db"), F_OK), 0); /* nothing half done stays */
}

/* ---- hostile files ---- */

static void fill(struct place *p)
{
    for (int i = 0; i < 50; i++)
        assert_int_equal(store_write(&p->ctx, p->store, put_three, &i), OK);
}

static void refused(struct place *p, const char *path, const char *what, const char *word)
{
    ctx_forgive(&p->ctx);
    enum err err = snapshot_check(&p->ctx, path);
    if (err != ERR_INVALID || strstr(ctx_sentence(&p->ctx), word) == NULL ||
        strstr(ctx_sentence(&p->ctx), "refused") == NULL)
        fail_msg("%s: %d %s (%s)", what, err, ctx_sentence(&p->ctx), p->ctx.fault.cause);
    ctx_forgive(&p->ctx);
}

/* What a stranger can do with the sqlite3 tool. */
static const struct {
    const char *what, *script, *word;
} schemes[] = {
    {"a trigger",
     "CREATE TRIGGER t AFTER INSERT ON user BEGIN UPDATE user SET is_sys_admin = 1; END",
     "(trigger t)"},
    {"a trigger replaced",
     "DROP TRIGGER audit_no_update; CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN "
     "SELECT 1; END",
     "audit_no_update"},
    {"a trigger gone", "DROP TRIGGER audit_no_delete", "audit_no_delete"},
    {"a view", "CREATE VIEW v AS SELECT password_hash FROM user", "(view v)"},
    {"a view for a table", "DROP TABLE download; CREATE VIEW download AS SELECT 1", "download"},
    {"one more table", "CREATE TABLE t (x)", "(table t)"},
    {"a table gone", "DROP TABLE finding", "finding"},
    {"one more column", "ALTER TABLE user ADD COLUMN x TEXT", "user"},
    {"one more index", "CREATE INDEX i ON user (bio)", "(index i)"},
    {"a rule gone", "DROP INDEX plugin_latest", "plugin_latest"},
    {"an index that lies",
     "DROP INDEX plugin_latest; CREATE UNIQUE INDEX plugin_latest ON plugin (slice, pid) WHERE "
     "is_latest = 0",
     "plugin_latest"},
    {"a generated column", "ALTER TABLE org ADD COLUMN x TEXT AS (lower(name)) VIRTUAL", "org"},
    {"a virtual table", "CREATE VIRTUAL TABLE f USING fts5(x)", "(table f"},
    {"statistics", "ANALYZE; CREATE TABLE IF NOT EXISTS zzz (x)", "schema"},
    {"another application", "PRAGMA application_id = 1", "not one of Larder"},
    {"a newer schema", "PRAGMA user_version = 7", "schema 7"},
    {"an unknown schema", "PRAGMA user_version = 0", "schema 0"},
    {"a WAL database", "PRAGMA journal_mode = WAL", "WAL"},
    {"a reference to nobody", "INSERT INTO member VALUES ('no', 'body', 1, 1)", "member"},
    {"a changed audit line",
     "DROP TRIGGER audit_no_update; UPDATE audit SET action = 'x.y' WHERE seq = 9;"
     "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit\nBEGIN\n    SELECT raise(ABORT, 'audit "
     "rows are never changed');\nEND",
     "audit is broken at line 9"},
    {"a rewritten schema",
     "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'BINARY') "
     "WHERE name = 'user'",
     "user"},
    {"a broken schema",
     "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE nonsense' WHERE name = "
     "'org'",
     "damaged or was tampered"},
    {"a borrowed page",
     "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM "
     "sqlite_schema WHERE name = 'user') WHERE name = 'org'",
     "refused"},
    {"a hidden row",
     "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES ('trigger', 'sqlite_x', "
     "'user', 0, 'CREATE TRIGGER sqlite_x AFTER INSERT ON user BEGIN SELECT 1; END')",
     "sqlite_x"},
    {"a broken CHECK",
     "PRAGMA ignore_check_constraints = ON; INSERT INTO kv VALUES ('ok', 'ok', 1); UPDATE audit "
     "SET seq = seq WHERE 0; INSERT INTO blob (sha256, size, first_seen) VALUES ('short', 1, 1)",
     "CHECK"},
};

static void every_tampering_with_sql_is_refused(void **state)
{
    struct place *p = *state;
    char path[160];
    fill(p);
    (void)snprintf(path, sizeof path, "%s", beside(p, "copy.db"));
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        sqlite3 *db = NULL;
        assert_int_equal(snapshot_make(&p->ctx, p->path, path), OK);
        if (snapshot_check(&p->ctx, path) != OK)
            fail_msg("%s (%s)", ctx_sentence(&p->ctx), p->ctx.fault.cause);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        if (sqlite3_exec(db, schemes[i].script, NULL, NULL, NULL) != SQLITE_OK)
            fail_msg("%s: %s", schemes[i].what, sqlite3_errmsg(db));
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        refused(p, path, schemes[i].what, schemes[i].word);
        assert_int_equal(unlink(path), 0);
    }
    print_message("%zu kinds of tampering refused\n", sizeof schemes / sizeof *schemes);
}

static void damaged_files_are_refused(void **state)
{
    struct place *p = *state;
    char path[160];
    size_t n, half;
    fill(p);
    (void)snprintf(path, sizeof path, "%s", beside(p, "copy.db"));
    assert_int_equal(snapshot_make(&p->ctx, p->path, path), OK);
    unsigned char *good = read_whole(path, &n);
    unsigned char *bad = malloc(n);
    half = n / 2 / 4096 * 4096;
    write_whole(path, "", 0);
    refused(p, path, "empty", "not a SQLite file");
    memset(bad, '.', n);
    memcpy(bad, "PK\x03\x04", 4);
    write_whole(path, bad, n);
    refused(p, path, "a ZIP", "not a SQLite file");
    write_whole(path, good, half);
    refused(p, path, "cut in the middle", "refused");
    write_whole(path, good, n - 1);
    refused(p, path, "one byte short", "refused");
    memcpy(bad, good, n);
    memset(bad + half, 0, 4096);
    write_whole(path, bad, n);
    refused(p, path, "a page of zeros", "refused");
    memcpy(bad, good, n);
    memcpy(bad + half, good + 4096, 4096);
    write_whole(path, bad, n);
    refused(p, path, "a page twice", "refused");
    memcpy(bad, good, n);
    memset(bad + 100, 0xff, 8);
    write_whole(path, bad, n);
    refused(p, path, "the root of the schema", "refused");
    (void)unlink(path);
    assert_int_equal(symlink("/dev/zero", path), 0);
    assert_int_not_equal(snapshot_check(&p->ctx, path), OK);
    ctx_forgive(&p->ctx);
    (void)unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    refused(p, path, "a pipe", "plain file");
    (void)unlink(path);
    char journal[170];
    write_whole(path, good, n);
    (void)snprintf(journal, sizeof journal, "%s-journal", path);
    write_whole(journal, "x", 1);
    refused(p, path, "a journal beside it", "journal");
    free(good);
    free(bad);
}

/* Any one byte: never a crash, and never accepted where the content is no longer what it was. */
static void flipped_bytes_never_crash_the_check(void **state)
{
    struct place *p = *state;
    char path[160];
    size_t n, now;
    int accepted = 0, cases = 0;
    fill(p);
    (void)snprintf(path, sizeof path, "%s", beside(p, "copy.db"));
    assert_int_equal(snapshot_make(&p->ctx, p->path, path), OK);
    unsigned char *good = read_whole(path, &n), *seen;
    for (size_t at = 0; at < n; at += 1 + at / 7 % 997, cases++) {
        good[at] ^= 0x40;
        write_whole(path, good, n);
        good[at] ^= 0x40;
        ctx_forgive(&p->ctx);
        enum err err = snapshot_check(&p->ctx, path);
        if (err != OK && err != ERR_INVALID)
            fail_msg("byte %zu: %d %s (%s)", at, err, ctx_sentence(&p->ctx), p->ctx.fault.cause);
        accepted += err == OK;
        good[at] ^= 0x40;
        seen = read_whole(path, &now);
        assert_int_equal(now, n);
        assert_memory_equal(seen, good, n); /* the check changes nothing */
        good[at] ^= 0x40;
        free(seen);
        arena_reset(&p->arena);
    }
    ctx_forgive(&p->ctx);
    free(good);
    print_message("%d flips, %d of them in bytes that mean nothing or in plain values\n", cases,
                  accepted);
    assert_true(cases > 300);
}

static void odd_paths_are_read_as_they_are(void **state)
{
    struct place *p = *state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s", beside(p, "a?mode=rwc&x#y%41 z.db"));
    assert_int_equal(snapshot_make(&p->ctx, p->path, path), OK);
    if (snapshot_check(&p->ctx, path) != OK)
        fail_msg("%s (%s)", ctx_sentence(&p->ctx), p->ctx.fault.cause);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(copies_beside_a_writer_are_one_moment),
        WITH_STORE(a_copy_opens_as_a_store),
        WITH_STORE(a_target_that_exists_is_not_touched),
        WITH_STORE(every_tampering_with_sql_is_refused),
        WITH_STORE(damaged_files_are_refused),
        WITH_STORE(flipped_bytes_never_crash_the_check),
        WITH_STORE(odd_paths_are_read_as_they_are),
    };
    if (crypto_open() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
