/*
 * test_store.c - what is opened and what is refused, the pool of readers, reads that see one
 * moment, searches that are stopped, and the figures for caches and gauges.
 */
#include "store/store.h"

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
#include "store/conn.h"
#include "store/kv_store.h"
#include "store/volume.h"
#include "support_store.h"

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* ---- opening ---- */

static enum err get_node(struct ctx *ctx, struct conn *conn, void *arg)
{
    const char **out = arg;
    return kv_get(ctx, conn, "node_id", out);
}

static void a_new_database_is_whole_and_private(void **state)
{
    struct place *p = *state;
    struct stat st;
    char wal[128];
    const char *first = NULL, *again = NULL;
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(store_read(&p->ctx, p->store, get_node, &first), OK);
    assert_true(crypto_is_uuid(slice_of(first)));
    (void)snprintf(wal, sizeof wal, "%s-wal", p->path);
    assert_true(exists(wal));
    place_close(p);
    assert_false(exists(wal)); /* nothing is left behind */
    place_open(p, 2);
    assert_int_equal(store_read(&p->ctx, p->store, get_node, &again), OK);
    assert_string_equal(first, again);
}

static void refused(struct place *p, bool create, enum err expected, const char *word)
{
    const struct store_options options = {.path = p->path, .create = create};
    struct store *store = NULL;
    size_t before = 0, after = 0;
    unsigned char *a = exists(p->path) ? read_whole(p->path, &before) : NULL;
    ctx_forgive(&p->ctx);
    enum err err = store_open(&p->ctx, &options, &store);
    if (err != expected || strstr(ctx_sentence(&p->ctx), word) == NULL)
        fail_msg("%d: %s (%s)", err, ctx_sentence(&p->ctx), p->ctx.fault.cause);
    assert_null(store);
    if (a) { /* and the file was not touched */
        unsigned char *b = read_whole(p->path, &after);
        assert_int_equal(before, after);
        assert_memory_equal(a, b, before);
        free(a);
        free(b);
    }
}

static void run_sql(const char *path, const char *script)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, script, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    (void)sqlite3_close(db);
}

static void files_that_are_not_ours_are_refused_untouched(void **state)
{
    (void)state;
    struct place p;
    place_make(&p);
    refused(&p, false, ERR_NOT_FOUND, "larder serve");
    write_whole(p.path, "hello, this is a letter to my mother and not a database at all", 62);
    refused(&p, true, ERR_CONFLICT, "not a database");
    (void)unlink(p.path);
    run_sql(p.path, "CREATE TABLE t (x); INSERT INTO t VALUES (1);");
    refused(&p, true, ERR_CONFLICT, "not a database of Larder");
    (void)unlink(p.path);
    run_sql(p.path, "PRAGMA application_id = 7; PRAGMA user_version = 1; CREATE TABLE t (x);");
    refused(&p, true, ERR_CONFLICT, "application_id 7");
    (void)unlink(p.path);
    write_whole(p.path, "", 0);
    refused(&p, false, ERR_CONFLICT, "empty");
    (void)unlink(p.path);
    assert_int_equal(mkdir(p.path, 0700), 0);
    const struct store_options options = {.path = p.path, .create = true};
    struct store *store = NULL;
    ctx_forgive(&p.ctx);
    assert_int_equal(store_open(&p.ctx, &options, &store), ERR_CONFLICT);
    assert_int_equal(rmdir(p.path), 0);
    place_remove(&p);
}

static void a_newer_schema_is_refused_in_plain_words(void **state)
{
    struct place *p = *state;
    place_close(p);
    run_sql(p->path, "PRAGMA user_version = 99");
    refused(p, true, ERR_CONFLICT, "has schema 99, and this program knows none above 1");
    assert_non_null(strstr(ctx_sentence(&p->ctx), "newer larder"));
}

static void network_file_systems_are_known_by_their_numbers(void **state)
{
    (void)state;
    assert_string_equal(volume_network_name(0x6969), "NFS");
    assert_string_equal(volume_network_name(0xFF534D42UL), "CIFS");
    assert_null(volume_network_name(0xEF53));     /* ext4 */
    assert_null(volume_network_name(0x01021994)); /* tmpfs */
}

static void connections_are_defensive(void **state)
{
    struct place *p = *state;
    struct conn *conn = NULL;
    static const struct {
        struct sql sql;
        int64_t value;
    } facts[] = {
        {{"PRAGMA foreign_keys", NULL}, 1},    {{"PRAGMA synchronous", NULL}, 2},
        {{"PRAGMA cell_size_check", NULL}, 1}, {{"PRAGMA temp_store", NULL}, 2},
        {{"PRAGMA secure_delete", NULL}, 2},   {{"PRAGMA trusted_schema", NULL}, 0},
    };
    static const char *const forbidden[] = {
        "SELECT load_extension('x')",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'x'",
        "SELECT \"not a column\"",
        "CREATE INDEX i ON kv (\"nothing\")",
        "ATTACH '/tmp/x' AS a; ATTACH '/tmp/y' AS b",
    };
    assert_int_equal(conn_open(&p->ctx, CONN_WRITER, p->path, &conn), OK);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        int64_t value = -1;
        assert_int_equal(conn_number(&p->ctx, conn, &facts[i].sql, &value), OK);
        if (value != facts[i].value)
            fail_msg("%s is %lld", facts[i].sql.text, (long long)value);
    }
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        ctx_forgive(&p->ctx);
        if (conn_script(&p->ctx, conn, forbidden[i]) == OK)
            fail_msg("allowed: %s", forbidden[i]);
    }
    conn_close(conn);
    ctx_forgive(&p->ctx);
    assert_int_equal(conn_open(&p->ctx, CONN_READER, p->path, &conn), OK);
    assert_int_not_equal(conn_script(&p->ctx, conn, "INSERT INTO kv VALUES ('a', 'b', 1)"), OK);
    conn_close(conn);
}

/* ---- reading ---- */

static const struct sql count_kv = {"SELECT count(*) FROM kv", "test"};
static const struct sql endless = {
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT i FROM n WHERE i < 0",
    "test"};
static const struct sql many = {
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?1) SELECT i FROM n",
    "test"};

static enum err search_for_ever(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    int64_t ignored;
    return conn_number(ctx, conn, &endless, &ignored);
}

static void a_search_without_end_is_stopped(void **state)
{
    struct place *p = *state;
    int64_t before = clock_mono_ms(&clock_system);
    assert_int_equal(store_read(&p->ctx, p->store, search_for_ever, NULL), ERR_BUSY);
    int64_t took = clock_mono_ms(&clock_system) - before;
    assert_true(took >= CONN_READ_MS - 50 && took < 20 * CONN_READ_MS);
    assert_non_null(strstr(ctx_sentence(&p->ctx), "too long"));
    ctx_forgive(&p->ctx);
    const char *node = NULL; /* the connection is as good as new */
    assert_int_equal(store_read(&p->ctx, p->store, get_node, &node), OK);
}

struct walk {
    int64_t rows;     /* seen */
    int64_t until_ms; /* monotonic; 0 = ten rows and an end */
};

static enum err walk_rows(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct walk *walk = arg;
    bool row = false;
    struct stmt *s = db_stmt(ctx, conn, &many);
    if (s == NULL)
        return ctx->fault.err;
    db_bind_int(s, 1, walk->until_ms ? INT64_MAX : 10);
    enum err err;
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        walk->rows++;
        if (walk->until_ms && clock_mono_ms(&clock_system) > walk->until_ms)
            break;
    }
    return err; /* a walk that breaks off leaves the statement open */
}

static void many_rows_may_take_their_time(void **state)
{
    struct place *p = *state;
    struct walk walk = {.until_ms = clock_mono_ms(&clock_system) + CONN_READ_MS + 250};
    assert_int_equal(store_read(&p->ctx, p->store, walk_rows, &walk), OK);
    assert_true(clock_mono_ms(&clock_system) > walk.until_ms);
    assert_true(walk.rows > 1000);
}

static enum err nested(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    bool row;
    struct stmt *outer = db_stmt(ctx, conn, &many);
    if (outer == NULL)
        return ctx->fault.err;
    db_bind_int(outer, 1, 10);
    enum err err = db_step(ctx, outer, &row);
    if (err != OK)
        return err;
    return db_stmt(ctx, conn, &many) ? OK : ctx->fault.err; /* and leaves it open */
}

static void a_statement_in_use_is_not_lent_twice(void **state)
{
    struct place *p = *state;
    struct walk walk = {0};
    assert_int_equal(store_read(&p->ctx, p->store, nested, NULL), ERR_INTERNAL);
    ctx_forgive(&p->ctx);
    assert_int_equal(store_read(&p->ctx, p->store, walk_rows, &walk), OK); /* closed by then */
    assert_int_equal(walk.rows, 10);
}

static enum err out_of_arena(struct ctx *ctx, struct conn *conn, void *arg)
{
    bool row;
    (void)arg;
    struct stmt *s = db_stmt(ctx, conn, &count_kv);
    if (s == NULL)
        return ctx->fault.err;
    enum err err = db_step(ctx, s, &row);
    ctx->arena->ceiling = ctx->arena->used;
    (void)db_text(ctx, s, 0); /* a caller that does not look */
    ctx->arena->ceiling = 64 << 20;
    return err;
}

static void a_full_arena_is_an_error_even_unnoticed(void **state)
{
    struct place *p = *state;
    assert_int_equal(store_read(&p->ctx, p->store, out_of_arena, NULL), ERR_NO_MEMORY);
    ctx_forgive(&p->ctx);
    assert_int_equal(store_write(&p->ctx, p->store, out_of_arena, NULL), ERR_NO_MEMORY);
}

/* ---- a reader beside writers ---- */

struct race {
    struct place *p;
    atomic_bool stop;
    atomic_int bad;
};

static enum err put_pair(struct ctx *ctx, struct conn *conn, void *arg)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%d", *(int *)arg);
    enum err err = kv_put(ctx, conn, "left", text);
    return err == OK ? kv_put(ctx, conn, "right", text) : err;
}

static enum err get_pair(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct race *race = arg;
    const char *left = NULL, *right = NULL;
    enum err err = kv_get(ctx, conn, "left", &left);
    if (err == OK)
        err = kv_get(ctx, conn, "right", &right);
    if (err == OK && left && (right == NULL || strcmp(left, right) != 0))
        atomic_fetch_add(&race->bad, 1);
    return err;
}

static void *write_pairs(void *arg)
{
    struct race *race = arg;
    struct worker w;
    worker_init(&w);
    for (int i = 0; i < 300; i++) {
        if (store_write(&w.ctx, race->p->store, put_pair, &i) != OK)
            atomic_fetch_add(&race->bad, 1);
        arena_reset(&w.arena);
    }
    atomic_store(&race->stop, true);
    worker_end(&w);
    return NULL;
}

static void *read_pairs(void *arg)
{
    struct race *race = arg;
    struct worker w;
    worker_init(&w);
    while (!atomic_load(&race->stop)) {
        if (store_read(&w.ctx, race->p->store, get_pair, race) != OK)
            atomic_fetch_add(&race->bad, 1);
        (void)store_generation(race->p->store);
        arena_reset(&w.arena);
    }
    worker_end(&w);
    return NULL;
}

static void readers_see_one_moment_beside_a_writer(void **state)
{
    struct race race = {.p = *state};
    pthread_t threads[9];
    assert_int_equal(pthread_create(&threads[0], NULL, write_pairs, &race), 0);
    for (int i = 1; i < 9; i++) /* more than there are connections */
        assert_int_equal(pthread_create(&threads[i], NULL, read_pairs, &race), 0);
    for (int i = 0; i < 9; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&race.bad), 0);
}

/* ---- caches and gauges ---- */

static enum err run_one(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct sql *sql = arg;
    return db_run(ctx, conn, db_stmt(ctx, conn, sql), NULL);
}

/* Every table that rights are read from (access_store.c), and what an upload writes. */
static void only_rights_void_what_is_known_of_callers(void **state)
{
    struct place *p = *state;
    static const struct {
        bool moves;
        struct sql sql;
    } rows[] = {
        {true,
         {"INSERT INTO user (id, username, created_at, updated_at) VALUES ('u', 'u', 1, 1)", NULL}},
        {true,
         {"INSERT INTO org (id, name, created_at, updated_at) VALUES ('o', 'o', 1, 1)", NULL}},
        {true, {"INSERT INTO member (org_id, user_id, created_at) VALUES ('o', 'u', 1)", NULL}},
        {true, {"UPDATE member SET is_admin = 1", NULL}},
        {true, {"INSERT INTO role (id, name, created_at) VALUES ('r', 'r', 1)", NULL}},
        {true, {"INSERT INTO role_permission VALUES ('r', 'cadence:org:read')", NULL}},
        {true, {"INSERT INTO user_role (user_id, role_id, created_at) VALUES ('u', 'r', 1)", NULL}},
        {true,
         {"INSERT INTO session (id, user_id, family, created_at, expires_at)"
          " VALUES ('s', 'u', 's', 1, 9)",
          NULL}},
        {true, {"UPDATE session SET revoked_at = 1", NULL}},
        {true,
         {"INSERT INTO api_key (id, user_id, name, prefix, key_hash, scopes, created_at)"
          " VALUES ('k', 'u', 'k', 'p', x'00', '[]', 1)",
          NULL}},
        {true, {"DELETE FROM role", NULL}}, /* and who held it */
        {false,
         {"INSERT INTO blob (sha256, size, first_seen) VALUES"
          " (replace(hex(zeroblob(32)), '0', 'a'), 1, 1)",
          NULL}},
        {false,
         {"INSERT INTO audit (at, actor_via, action, prev, hash)"
          " VALUES (1, 'none', 'a.b', zeroblob(32), zeroblob(32))",
          NULL}},
        {false,
         {"INSERT INTO outbox (op_id, kind, entity, body, next_at, created_at)"
          " VALUES ('x', 'k', 'e', '{}', 1, 1)",
          NULL}},
        {false,
         {"INSERT INTO job (id, kind, subject, state, run_at, created_at)"
          " VALUES ('j', 'k', 's', 'queued', 1, 1)",
          NULL}},
        {false, {"UPDATE user SET display_name = 'x' WHERE id = 'nobody'", NULL}},
        {true, {"DELETE FROM user", NULL}}, /* the seats go with it */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t before = store_rights_generation(p->store);
        const struct sql *sql = &rows[i].sql; /* its address is the name of the statement */
        assert_int_equal(store_write(&p->ctx, p->store, run_one, (void *)(uintptr_t)sql), OK);
        bool moved = store_rights_generation(p->store) != before;
        if (moved != rows[i].moves)
            fail_msg("%s: %s", moved ? "moved" : "stood still", sql->text);
    }
}

static void the_generation_follows_every_commit(void **state)
{
    struct place *p = *state;
    uint64_t first = store_generation(p->store);
    assert_int_equal(store_generation(p->store), first);
    put_fact(p, "a", "1");
    uint64_t second = store_generation(p->store);
    assert_true(second > first);
    const char *node = NULL;
    assert_int_equal(store_read(&p->ctx, p->store, get_node, &node), OK);
    int64_t until = clock_mono_ms(&clock_system) + 450; /* two looks at other processes */
    while (clock_mono_ms(&clock_system) < until)
        assert_int_equal(store_generation(p->store), second);
}

static void another_process_is_seen_in_time(void **state)
{
    struct place *p = *state;
    uint64_t first = store_generation(p->store);
    assert_int_equal(store_generation(p->store), first);         /* nobody wrote */
    run_sql(p->path, "INSERT INTO kv VALUES ('other', 'x', 1)"); /* as another process would */
    int64_t began = clock_mono_ms(&clock_system);
    while (store_generation(p->store) == first)
        assert_true(clock_mono_ms(&clock_system) - began < 60000); /* a look every 200 ms */
    first = store_generation(p->store);
    run_sql(p->path, "DELETE FROM kv WHERE name = 'other'");
    put_fact(p, "b", "1"); /* a batch looks too: both commits count */
    assert_true(store_generation(p->store) >= first + 2);
}

static void figures_are_those_of_the_file(void **state)
{
    struct place *p = *state;
    struct store_stats stats;
    store_stats(p->store, &stats);
    assert_int_equal(stats.page_size, 4096);
    assert_true(stats.pages > 20);
    assert_int_equal(stats.waiting, 0);
    int64_t writes = stats.writes, commits = stats.commits;
    put_fact(p, "a", "1");
    store_stats(p->store, &stats);
    assert_int_equal(stats.writes, writes + 1);
    assert_int_equal(stats.commits, commits + 1);
    assert_true(stats.wal_bytes > 0);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_new_database_is_whole_and_private),
        cmocka_unit_test(files_that_are_not_ours_are_refused_untouched),
        WITH_STORE(a_newer_schema_is_refused_in_plain_words),
        cmocka_unit_test(network_file_systems_are_known_by_their_numbers),
        WITH_STORE(connections_are_defensive),
        WITH_STORE(a_search_without_end_is_stopped),
        WITH_STORE(many_rows_may_take_their_time),
        WITH_STORE(a_statement_in_use_is_not_lent_twice),
        WITH_STORE(a_full_arena_is_an_error_even_unnoticed),
        WITH_STORE(readers_see_one_moment_beside_a_writer),
        WITH_STORE(only_rights_void_what_is_known_of_callers),
        WITH_STORE(the_generation_follows_every_commit),
        WITH_STORE(another_process_is_seen_in_time),
        WITH_STORE(figures_are_those_of_the_file),
    };
    if (crypto_open() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
