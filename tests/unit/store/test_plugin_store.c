/*
 * test_plugin_store.c - one latest per plugin whatever is switched on and off, pages that show each
 * plugin once while others upload, and the state of blobs carried to their versions.
 */
#include "store/plugin_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "store/conn.h"
#include "store/idempotency_store.h"
#include "store/outbox_store.h"
#include "support_store.h"

enum { PIDS = 4, VERSIONS = 6, STEPS = 1000 };

static const char *const orgs[] = {NULL, "11111111-1111-7111-8111-111111111111",
                                   "22222222-2222-7222-8222-222222222222"};
enum { ORGS = 3 };

/* A fixed sequence: a failure repeats. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static enum err make_orgs(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    return conn_script(ctx, conn,
                       "INSERT INTO org (id, name, created_at, updated_at) VALUES"
                       " ('11111111-1111-7111-8111-111111111111', 'one', 1, 1),"
                       " ('22222222-2222-7222-8222-222222222222', 'two', 1, 1)");
}

static int setup(void **state)
{
    (void)place_setup(state);
    struct place *p = *state;
    assert_int_equal(store_write(&p->ctx, p->store, make_orgs, NULL), OK);
    return 0;
}

struct row {
    char id[ID_TEXT], sha256[SHA256_HEX], version[20], pid[40];
    unsigned char key[4];
    struct plugin plugin;
};

static void make_row(struct row *r, const char *org_id, const char *pid, unsigned version)
{
    unsigned char sum[SHA256_BYTES];
    memset(r, 0, sizeof *r);
    crypto_uuid7(1, r->id);
    crypto_sha256((struct slice){r->id, sizeof r->id}, sum);
    crypto_hex(sum, sizeof sum, r->sha256);
    (void)snprintf(r->version, sizeof r->version, "%u.0", version);
    (void)snprintf(r->pid, sizeof r->pid, "%s", pid);
    r->key[3] = (unsigned char)version;
    r->plugin = (struct plugin){
        .id = r->id,
        .org_id = org_id,
        .pid = r->pid,
        .version = r->version,
        .name = "A plugin",
        .scheme = "pep440",
        .order_key = {(const char *)r->key, sizeof r->key},
        .agent_type = "specialized",
        .capabilities = SLICE("[\"x\"]"),
        .dependencies = SLICE("[]"),
        .default_settings = SLICE("{}"),
        .settings_schema = SLICE("[]"),
        .tools = SLICE("[]"),
        .enabled = true,
        .stateless = true,
        .is_specialized = true,
        .generation = PLUGIN_V2,
        .sha256 = r->sha256,
        .size_bytes = 7,
        .created_at = 5,
        .updated_at = 5,
    };
}

static enum err insert(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct row *r = arg;
    enum err err = plugin_store_insert(ctx, conn, &r->plugin);
    return err == OK ? plugin_store_promote(ctx, conn, r->plugin.org_id, r->plugin.pid) : err;
}

struct toggle {
    const char *id, *org_id, *pid;
    bool on;
};

static enum err toggle(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct toggle *t = arg;
    enum err err = plugin_store_set_enabled(ctx, conn, t->id, t->on, "someone");
    return err == OK ? plugin_store_promote(ctx, conn, t->org_id, t->pid) : err;
}

/* ---- what is written reads back ---- */

struct find {
    const char *id;
    struct plugin out;
    bool found;
};

static enum err find(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct find *f = arg;
    return plugin_store_find(ctx, conn, f->id, &f->out, &f->found);
}

static void every_column_reads_back(void **state)
{
    struct place *p = *state;
    struct row r;
    make_row(&r, orgs[1], "com.acme.x", 3);
    r.plugin.description = "words";
    r.plugin.tag = "tag";
    r.plugin.sdk_version = ">=2";
    r.plugin.s3_path = "key";
    r.plugin.created_by = "who";
    r.plugin.is_scoped = r.plugin.has_readme = true;
    r.plugin.stateless = r.plugin.is_specialized = false;
    r.plugin.llm_requirements = SLICE("{\"a\":1}");
    r.plugin.logo_image = SLICE("QUJD");
    assert_int_equal(store_write(&p->ctx, p->store, insert, &r), OK);
    struct find f = {.id = r.id};
    assert_int_equal(store_read(&p->ctx, p->store, find, &f), OK);
    assert_true(f.found);
    const struct plugin *a = &r.plugin, *b = &f.out;
    assert_int_equal(b->source, SOURCE_ORG);
    assert_string_equal(b->org_id, a->org_id);
    assert_string_equal(b->pid, a->pid);
    assert_string_equal(b->version, a->version);
    assert_string_equal(b->scheme, a->scheme);
    assert_true(slice_eq(b->order_key, a->order_key));
    assert_string_equal(b->name, a->name);
    assert_string_equal(b->description, a->description);
    assert_string_equal(b->tag, a->tag);
    assert_string_equal(b->agent_type, a->agent_type);
    assert_string_equal(b->sdk_version, a->sdk_version);
    assert_true(slice_eq(b->capabilities, a->capabilities));
    assert_true(slice_eq(b->dependencies, a->dependencies));
    assert_true(slice_eq(b->default_settings, a->default_settings));
    assert_true(slice_eq(b->settings_schema, a->settings_schema));
    assert_true(slice_eq(b->tools, a->tools));
    assert_true(slice_eq(b->llm_requirements, a->llm_requirements));
    assert_true(slice_eq(b->logo_image, a->logo_image));
    assert_true(b->enabled && b->is_latest && b->is_scoped && b->has_readme);
    assert_false(b->stateless || b->is_specialized);
    assert_int_equal(b->generation, PLUGIN_V2);
    assert_string_equal(b->sha256, a->sha256);
    assert_int_equal(b->size_bytes, 7);
    assert_string_equal(b->s3_path, "key");
    assert_string_equal(b->artifact, "present");
    assert_string_equal(b->health, "unchecked");
    assert_string_equal(b->created_by, "who");
    assert_string_equal(b->updated_by, "who");
    assert_int_equal(b->created_at, 5);
    f.id = "nobody";
    assert_int_equal(store_read(&p->ctx, p->store, find, &f), OK);
    assert_false(f.found);
}

static void the_same_version_twice_is_told(void **state)
{
    struct place *p = *state;
    struct row a, b, c, d;
    make_row(&a, orgs[1], "com.acme.x", 1);
    make_row(&b, orgs[1], "com.acme.x", 1);
    make_row(&c, orgs[2], "com.acme.x", 1); /* another slice is another matter */
    make_row(&d, "99999999-9999-7999-8999-999999999999", "com.acme.x", 1);
    assert_int_equal(store_write(&p->ctx, p->store, insert, &a), OK);
    assert_int_equal(store_write(&p->ctx, p->store, insert, &b), ERR_EXISTS);
    ctx_forgive(&p->ctx);
    assert_int_equal(store_write(&p->ctx, p->store, insert, &c), OK);
    assert_int_equal(store_write(&p->ctx, p->store, insert, &d), ERR_CONFLICT); /* no such org */
}

/* ---- latest ---- */

struct model {
    bool exists[ORGS][PIDS][VERSIONS + 1], enabled[ORGS][PIDS][VERSIONS + 1];
    char id[ORGS][PIDS][VERSIONS + 1][ID_TEXT];
};

struct seen {
    const struct model *m;
    int org;
    const char *last_pid;
    char pid[40];
    int rows, disabled;
    unsigned last_version;
    bool wrong;
};

static unsigned version_of(const struct plugin *p)
{
    return (unsigned char)p->order_key.p[3];
}

static unsigned latest_of(const struct model *m, int org, int pid)
{
    unsigned latest = 0;
    for (unsigned v = 1; v <= VERSIONS; v++)
        latest = m->exists[org][pid][v] && m->enabled[org][pid][v] ? v : latest;
    return latest;
}

static unsigned highest_of(const struct model *m, int org, int pid)
{
    unsigned highest = 0;
    for (unsigned v = 1; v <= VERSIONS; v++)
        highest = m->exists[org][pid][v] ? v : highest;
    return highest;
}

static enum err look(void *arg, const struct plugin *p)
{
    struct seen *s = arg;
    int pid = p->pid[strlen(p->pid) - 1] - 'a';
    unsigned v = version_of(p), latest = latest_of(s->m, s->org, pid);
    int order = strcmp(p->pid, s->pid);
    s->rows++;
    s->disabled += !p->enabled;
    s->wrong |= order < 0 || (order == 0 && v >= s->last_version);
    s->wrong |= p->is_latest != (v == latest) || p->enabled != s->m->enabled[s->org][pid][v];
    s->wrong |= strcmp(p->id, s->m->id[s->org][pid][v]) != 0;
    (void)snprintf(s->pid, sizeof s->pid, "%s", p->pid);
    s->last_version = v;
    return OK;
}

struct listing {
    struct plugin_page page;
    struct seen seen;
};

static enum err list(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct listing *l = arg;
    const struct plugin_sink sink = {.row = look, .arg = &l->seen};
    return plugin_store_list(ctx, conn, &l->page, &sink);
}

static void check_lists(struct place *p, const struct model *m)
{
    for (int org = 0; org < ORGS; org++) {
        int latest = 0, known = 0, versions = 0, enabled = 0;
        for (int pid = 0; pid < PIDS; pid++) {
            latest += latest_of(m, org, pid) != 0;
            known += highest_of(m, org, pid) != 0;
            for (unsigned v = 1; v <= VERSIONS; v++) {
                versions += m->exists[org][pid][v];
                enabled += m->exists[org][pid][v] && m->enabled[org][pid][v];
            }
        }
        const int expected[2][2] = {{latest, known}, {enabled, versions}};
        for (int all = 0; all < 2; all++) {
            for (int disabled = 0; disabled < 2; disabled++) {
                struct listing l = {{.org_id = orgs[org],
                                     .all_versions = all,
                                     .include_disabled = disabled,
                                     .limit = -1},
                                    {.m = m, .org = org}};
                assert_int_equal(store_read(&p->ctx, p->store, list, &l), OK);
                assert_false(l.seen.wrong);
                assert_int_equal(l.seen.rows, expected[all][disabled]);
                assert_true(disabled || l.seen.disabled == 0);
            }
        }
    }
}

static void latest_is_always_the_highest_enabled(void **state)
{
    struct place *p = *state;
    struct model *m = calloc(1, sizeof *m);
    uint32_t seed = 42;
    for (int i = 0; i < STEPS; i++) {
        int org = (int)(next_random(&seed) % ORGS), pid = (int)(next_random(&seed) % PIDS);
        unsigned v = 1 + next_random(&seed) % VERSIONS;
        char name[] = "com.acme.a";
        name[9] = (char)('a' + pid);
        if (!m->exists[org][pid][v]) {
            struct row r;
            make_row(&r, orgs[org], name, v);
            assert_int_equal(store_write(&p->ctx, p->store, insert, &r), OK);
            m->exists[org][pid][v] = m->enabled[org][pid][v] = true;
            memcpy(m->id[org][pid][v], r.id, sizeof r.id);
        } else {
            bool on = next_random(&seed) % 2;
            struct toggle t = {m->id[org][pid][v], orgs[org], name, on};
            assert_int_equal(store_write(&p->ctx, p->store, toggle, &t), OK);
            m->enabled[org][pid][v] = on;
        }
        if (i % 10 == 0)
            check_lists(p, m);
        arena_reset(&p->arena);
    }
    check_lists(p, m);
    free(m);
}

/* ---- pages under inserts ---- */

struct walker {
    struct plugin_page page;
    char pid[40];
    int seen[400]; /* how often each number of the first crop came */
    int rows, limit;
};

static enum err note(void *arg, const struct plugin *p)
{
    struct walker *w = arg;
    unsigned number = 0;
    assert_true(strcmp(p->pid, w->pid) > 0);
    (void)snprintf(w->pid, sizeof w->pid, "%s", p->pid);
    if (sscanf(p->pid, "com.old.p%u", &number) == 1)
        w->seen[number]++;
    w->rows++;
    return OK;
}

static enum err page(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct walker *w = arg;
    const struct plugin_sink sink = {.row = note, .arg = w};
    w->rows = 0;
    return plugin_store_list(ctx, conn, &w->page, &sink);
}

static void pages_show_each_once_while_others_upload(void **state)
{
    struct place *p = *state;
    uint32_t seed = 7;
    struct row r;
    char pid[40];
    int fresh = 0;
    for (int i = 0; i < 300; i++) {
        (void)snprintf(pid, sizeof pid, "com.old.p%03d", i);
        make_row(&r, NULL, pid, 1);
        assert_int_equal(store_write(&p->ctx, p->store, insert, &r), OK);
    }
    for (int limit = 1; limit < 100; limit = limit * 3 + 1) {
        struct walker *w = calloc(1, sizeof *w);
        w->page = (struct plugin_page){.limit = limit, .after_pid = ""};
        do {
            char after[40];
            (void)snprintf(after, sizeof after, "%s", w->pid);
            w->page.after_pid = after;
            assert_int_equal(store_read(&p->ctx, p->store, page, w), OK);
            /* new ones before, between and behind; and a new version of an old one */
            (void)snprintf(pid, sizeof pid, "com.%c.n%05d", (char)('a' + next_random(&seed) % 26),
                           fresh++);
            make_row(&r, NULL, pid, 1);
            assert_int_equal(store_write(&p->ctx, p->store, insert, &r), OK);
            (void)snprintf(pid, sizeof pid, "com.old.p%03u", next_random(&seed) % 300);
            make_row(&r, NULL, pid, 2 + (unsigned)(fresh % 250));
            enum err err = store_write(&p->ctx, p->store, insert, &r);
            assert_true(err == OK || err == ERR_EXISTS);
            ctx_forgive(&p->ctx);
            arena_reset(&p->arena);
        } while (w->rows == limit);
        for (int i = 0; i < 300; i++)
            assert_int_equal(w->seen[i], 1);
        free(w);
    }
}

static enum err stop_here(void *arg, const struct plugin *p)
{
    (void)p;
    ++*(int *)arg;
    return ERR_CONFLICT;
}

static enum err list_and_stop(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct plugin_page all = {.limit = -1};
    const struct plugin_sink sink = {.row = stop_here, .arg = arg};
    return plugin_store_list(ctx, conn, &all, &sink);
}

static void a_sink_may_end_the_list(void **state)
{
    struct place *p = *state;
    struct row a, b;
    int rows = 0;
    make_row(&a, NULL, "com.acme.a", 1);
    make_row(&b, NULL, "com.acme.b", 1);
    assert_int_equal(store_write(&p->ctx, p->store, insert, &a), OK);
    assert_int_equal(store_write(&p->ctx, p->store, insert, &b), OK);
    assert_int_equal(store_read(&p->ctx, p->store, list_and_stop, &rows), ERR_CONFLICT);
    assert_int_equal(rows, 1);
}

/* ---- blobs, the outbox, repeated requests ---- */

struct mark {
    const char *sha256, *state;
};

static enum err mark(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct mark *m = arg;
    return plugin_store_set_artifact(ctx, conn, m->sha256, m->state);
}

static void a_missing_blob_shows_on_all_its_versions(void **state)
{
    struct place *p = *state;
    struct row a, b, c;
    make_row(&a, NULL, "com.acme.a", 1);
    make_row(&b, orgs[1], "com.acme.a", 1);
    make_row(&c, orgs[2], "com.acme.a", 1);
    memcpy(b.sha256, a.sha256, sizeof a.sha256); /* the same bytes in two slices are one blob */
    assert_int_equal(store_write(&p->ctx, p->store, insert, &a), OK);
    assert_int_equal(store_write(&p->ctx, p->store, insert, &b), OK);
    assert_int_equal(store_write(&p->ctx, p->store, insert, &c), OK);
    struct mark m = {a.sha256, "missing"};
    assert_int_equal(store_write(&p->ctx, p->store, mark, &m), OK);
    const char *const ids[] = {a.id, b.id, c.id}, *const states[] = {"missing", "missing",
                                                                     "present"};
    for (int i = 0; i < 3; i++) {
        struct find f = {.id = ids[i]};
        assert_int_equal(store_read(&p->ctx, p->store, find, &f), OK);
        assert_string_equal(f.out.artifact, states[i]);
    }
    m.state = "present";
    assert_int_equal(store_write(&p->ctx, p->store, mark, &m), OK);
    struct find f = {.id = b.id};
    assert_int_equal(store_read(&p->ctx, p->store, find, &f), OK);
    assert_string_equal(f.out.artifact, "present");
    m.state = "melted";
    assert_int_equal(store_write(&p->ctx, p->store, mark, &m), ERR_INTERNAL); /* CHECK */
}

static enum err append_outbox(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct outbox_row row = {
        .op_id = arg, .kind = OUTBOX_CREATE, .entity = "x", .body = SLICE("{}")};
    return outbox_add(ctx, conn, &row);
}

static const struct sql count_outbox = {"SELECT count(*) * 1000 + max(seq) FROM outbox", "test"};

static enum err read_outbox(struct ctx *ctx, struct conn *conn, void *arg)
{
    return conn_number(ctx, conn, &count_outbox, arg);
}

static void the_outbox_numbers_what_it_is_given(void **state)
{
    struct place *p = *state;
    char op[] = "op-0";
    int64_t figure = 0;
    for (int i = 0; i < 3; i++) {
        op[3] = (char)('0' + i);
        assert_int_equal(store_write(&p->ctx, p->store, append_outbox, op), OK);
    }
    assert_int_equal(store_read(&p->ctx, p->store, read_outbox, &figure), OK);
    assert_int_equal(figure, 3003);
}

static enum err put_answer(struct ctx *ctx, struct conn *conn, void *arg)
{
    return idempotency_put(ctx, conn, arg);
}

struct asked {
    struct idempotent io;
    bool found;
};

static enum err find_answer(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct asked *a = arg;
    return idempotency_find(ctx, conn, &a->io, &a->found);
}

static void an_answer_is_kept_for_a_day(void **state)
{
    struct place *p = *state;
    char hash[32] = "0123456789abcdef0123456789abcde";
    struct idempotent in = {"u1", "POST /x", SLICE("key"),      {hash, 32},
                            201,  "id",      SLICE("{\"a\":1}")};
    struct asked a = {.io = {.actor_id = "u1", .route = "POST /x", .key = SLICE("key")}};
    p->ctx.now = 1000000;
    assert_int_equal(store_write(&p->ctx, p->store, put_answer, &in), OK);
    assert_int_equal(store_read(&p->ctx, p->store, find_answer, &a), OK);
    assert_true(a.found);
    assert_int_equal(a.io.status, 201);
    assert_string_equal(a.io.subject, "id");
    assert_true(slice_is(a.io.body, "{\"a\":1}"));
    assert_true(slice_eq(a.io.request_hash, in.request_hash));
    a.io.actor_id = "u2"; /* somebody else's key of the same name */
    assert_int_equal(store_read(&p->ctx, p->store, find_answer, &a), OK);
    assert_false(a.found);
    a.io.actor_id = "u1";
    p->ctx.now += 24 * 60 * 60 * 1000;
    assert_int_equal(store_read(&p->ctx, p->store, find_answer, &a), OK);
    assert_false(a.found);
}

#define WITH_ORGS(f) cmocka_unit_test_setup_teardown(f, setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ORGS(every_column_reads_back),
        WITH_ORGS(the_same_version_twice_is_told),
        WITH_ORGS(latest_is_always_the_highest_enabled),
        WITH_ORGS(pages_show_each_once_while_others_upload),
        WITH_ORGS(a_sink_may_end_the_list),
        WITH_ORGS(a_missing_blob_shows_on_all_its_versions),
        WITH_ORGS(the_outbox_numbers_what_it_is_given),
        WITH_ORGS(an_answer_is_kept_for_a_day),
    };
    if (crypto_open() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
