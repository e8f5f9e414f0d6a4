/*
 * test_audit.c - the chain grows by one line per change, pages cover each line once under every
 * filter, and no byte of it can be changed unseen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/audit_store.h"
#include "store/conn.h"
#include "support_store.h"

enum { LINES = 200 };

struct entry {
    const char *action, *org_id, *subject;
    const char *user, *via;
    int64_t at;
};

static enum err append(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct entry *e = arg;
    const struct actor actor = {.user_id = e->user, .username = e->user, .via = e->via};
    int64_t now = ctx->now;
    ctx->now = e->at;
    enum err err = audit_append(ctx, conn, &actor, e->action, e->org_id, e->subject,
                                e->subject ? SLICE("{\"x\":1}") : SLICE_NONE);
    ctx->now = now;
    return err;
}

/* A mix in which every filter has some lines and not all; the clock stands still and jumps back. */
static void fill(struct place *p, int lines)
{
    static const char *const actions[] = {"user.create", "user.delete", "plugin.upload", "userx.y"};
    static const char *const orgs[] = {NULL, "o1", "o2"};
    static const char *const users[] = {"alice", "bob", NULL};
    static const char *const subjects[] = {"s1", NULL, "s2", "s3", "s4"};
    for (int i = 0; i < lines; i++) {
        struct entry e = {actions[i % 4],
                          orgs[i % 3],
                          subjects[i % 5],
                          users[i / 2 % 3],
                          users[i / 2 % 3] ? "session" : "system",
                          1000 + i / 3 - (i > lines / 2 ? 20 : 0)};
        assert_int_equal(store_write(&p->ctx, p->store, append, &e), OK);
    }
}

struct listing {
    struct audit_filter filter;
    struct audit_event *rows;
    size_t count;
};

static enum err list(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct listing *l = arg;
    return audit_list(ctx, conn, &l->filter, &l->rows, &l->count);
}

static bool fits(const struct audit_event *e, const struct audit_filter *f)
{
    size_t n = f->action ? strlen(f->action) : 0;
    bool prefix = n > 0 && f->action[n - 1] == '.';
    return (!f->action ||
            (prefix ? strncmp(e->action, f->action, n) : strcmp(e->action, f->action)) == 0) &&
           (!f->actor_id || (e->actor_id && strcmp(e->actor_id, f->actor_id) == 0)) &&
           (!f->org_id || (e->org_id && strcmp(e->org_id, f->org_id) == 0)) &&
           (!f->subject || (e->subject && strcmp(e->subject, f->subject) == 0)) &&
           (!f->since || e->at >= f->since) && (!f->until || e->at < f->until) &&
           (!f->people_only || strcmp(e->actor_via, "system") != 0);
}

/* Walks all pages and compares with the plain list of everything, filtered here. */
static void check_filter(struct place *p, const struct audit_event *all, size_t count,
                         const struct audit_filter *filter, int limit)
{
    struct listing l = {.filter = *filter};
    size_t at = 0;
    l.filter.limit = limit;
    for (;;) {
        assert_int_equal(store_read(&p->ctx, p->store, list, &l), OK);
        for (size_t i = 0; i < l.count; i++) {
            while (at < count && !fits(&all[at], filter))
                at++;
            assert_true(at < count);
            assert_int_equal(l.rows[i].seq, all[at].seq);
            assert_string_equal(l.rows[i].hash, all[at].hash);
            at++;
        }
        if (l.count < (size_t)limit)
            break;
        l.filter.before_seq = l.rows[l.count - 1].seq;
    }
    while (at < count)
        assert_false(fits(&all[at++], filter));
}

static void pages_cover_each_line_once(void **state)
{
    struct place *p = *state;
    static const struct audit_filter filters[] = {
        {0},
        {.action = "user.create"},
        {.action = "user."},
        {.action = "nothing."},
        {.actor_id = "alice"},
        {.org_id = "o2"},
        {.subject = "s3"},
        {.people_only = true},
        {.since = 1010, .until = 1040},
        {.action = "user.", .org_id = "o1", .people_only = true},
        {.action = "plugin.upload", .actor_id = "bob", .since = 1005},
        {.subject = "s1", .actor_id = "bob", .org_id = "o2", .until = 1050},
    };
    fill(p, LINES);
    struct listing all = {.filter = {.limit = LINES + 1}};
    assert_int_equal(store_read(&p->ctx, p->store, list, &all), OK);
    assert_int_equal(all.count, LINES);
    for (size_t i = 1; i < all.count; i++)
        assert_true(all.rows[i].at < all.rows[i - 1].at || (all.rows[i].at == all.rows[i - 1].at &&
                                                            all.rows[i].seq < all.rows[i - 1].seq));
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        check_filter(p, all.rows, all.count, &filters[i], 1);
        check_filter(p, all.rows, all.count, &filters[i], 7);
        check_filter(p, all.rows, all.count, &filters[i], LINES);
    }
}

static enum err verify(struct ctx *ctx, struct conn *conn, void *arg)
{
    return audit_verify(ctx, conn, arg, 64);
}

static struct audit_walk walk_all(struct place *p)
{
    struct audit_walk walk = {0};
    while (!walk.done)
        assert_int_equal(store_read(&p->ctx, p->store, verify, &walk), OK);
    return walk;
}

static void what_is_written_reads_back_and_verifies(void **state)
{
    struct place *p = *state;
    struct entry e = {"org.update", "o9", "thing", "eve", "api_key", 77};
    (void)snprintf(p->ctx.remote, sizeof p->ctx.remote, "192.0.2.7");
    assert_int_equal(store_write(&p->ctx, p->store, append, &e), OK);
    struct listing l = {.filter = {.limit = 5}};
    assert_int_equal(store_read(&p->ctx, p->store, list, &l), OK);
    assert_int_equal(l.count, 1);
    const struct audit_event *row = l.rows;
    assert_int_equal(row->seq, 1);
    assert_int_equal(row->at, 77);
    assert_string_equal(row->actor_id, "eve");
    assert_string_equal(row->actor_via, "api_key");
    assert_string_equal(row->address, "192.0.2.7");
    assert_string_equal(row->request_id, "test");
    assert_string_equal(row->action, "org.update");
    assert_string_equal(row->org_id, "o9");
    assert_string_equal(row->subject, "thing");
    assert_string_equal(row->detail, "{\"x\":1}");
    assert_int_equal(strlen(row->hash), 64);
    struct audit_walk walk = walk_all(p);
    assert_int_equal(walk.broken_at, 0);
    assert_int_equal(walk.seq, 1);
}

static enum err append_then_fail(struct ctx *ctx, struct conn *conn, void *arg)
{
    enum err err = append(ctx, conn, arg);
    return err == OK ? ctx_fail(ctx, ERR_CONFLICT, "no") : err;
}

static void a_refused_change_leaves_no_line(void **state)
{
    struct place *p = *state;
    struct entry e = {"a.b", NULL, NULL, NULL, "cli", 5};
    fill(p, 3);
    assert_int_equal(store_write(&p->ctx, p->store, append_then_fail, &e), ERR_CONFLICT);
    ctx_forgive(&p->ctx);
    fill(p, 3);
    struct audit_walk walk = walk_all(p);
    assert_int_equal(walk.broken_at, 0);
    assert_int_equal(walk.seq, 6);
}

static void tampering(struct place *p, const char *script)
{
    sqlite3 *db = NULL; /* as a stranger with the sqlite3 tool would: triggers are no lock */
    assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    if (sqlite3_exec(db, script, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_changes(db), 1);
    (void)sqlite3_close(db);
}

static void no_change_goes_unseen(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        int64_t broken_at;
    } cases[] = {
        {"UPDATE audit SET at = at + 1 WHERE seq = 40", 40},
        {"UPDATE audit SET actor_id = 'mallory' WHERE seq = 1", 1},
        {"UPDATE audit SET actor_id = NULL, actor_name = actor_id || actor_name WHERE seq = 1", 1},
        {"UPDATE audit SET actor_name = 'alicf' WHERE seq = 1", 1},
        {"UPDATE audit SET actor_via = 'cli' WHERE seq = 99", 99},
        {"UPDATE audit SET address = '' WHERE seq = 7", 7},
        {"UPDATE audit SET request_id = NULL WHERE seq = 7", 7},
        {"UPDATE audit SET action = 'user.updatf' WHERE seq = 100", 100},
        {"UPDATE audit SET org_id = '' WHERE seq = 4", 4},
        {"UPDATE audit SET subject = 's5' WHERE seq = 60", 60},
        {"UPDATE audit SET detail = '{\"x\":2}' WHERE seq = 1", 1},
        {"UPDATE audit SET prev = zeroblob(32) WHERE seq = 2", 2},
        {"UPDATE audit SET hash = zeroblob(32) WHERE seq = 100", 100},
        {"DELETE FROM audit WHERE seq = 50", 50},
        {"DELETE FROM audit WHERE seq = 1", 1},
        {"UPDATE audit SET seq = 1000 WHERE seq = 100", 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place p;
        place_make(&p);
        place_open(&p, 1);
        fill(&p, 100);
        assert_int_equal(walk_all(&p).broken_at, 0);
        tampering(&p, cases[i].script);
        struct audit_walk walk = walk_all(&p);
        if (walk.broken_at != cases[i].broken_at)
            fail_msg("%s: broken at %lld", cases[i].script, (long long)walk.broken_at);
        assert_true(walk.why[0] != '\0');
        place_remove(&p);
    }
}

static enum err update_line(struct ctx *ctx, struct conn *conn, void *arg)
{
    return conn_script(ctx, conn, arg);
}

static void our_own_code_cannot_change_a_line_either(void **state)
{
    struct place *p = *state;
    fill(p, 2);
    char update[] = "UPDATE audit SET action = 'x.y' WHERE seq = 1";
    char removal[] = "DELETE FROM audit";
    assert_int_equal(store_write(&p->ctx, p->store, update_line, update), ERR_INTERNAL);
    ctx_forgive(&p->ctx);
    assert_int_equal(store_write(&p->ctx, p->store, update_line, removal), ERR_INTERNAL);
    ctx_forgive(&p->ctx);
    assert_int_equal(walk_all(p).seq, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_reads_back_and_verifies, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(pages_cover_each_line_once, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_refused_change_leaves_no_line, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(our_own_code_cannot_change_a_line_either, place_setup,
                                        place_teardown),
        cmocka_unit_test(no_change_goes_unseen),
    };
    if (crypto_open() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
