/*
 * test_catalog.c - lists, single rows, settings and changes, compared with a plain model.
 */
#include "domain/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/audit.h"
#include "support_catalog.h"

#define PID "com.acme.search"

enum { ROUNDS = 60, PIDS = 12, STEPS = 50 };

static uint64_t next(uint64_t *seed)
{
    uint64_t x = *seed;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *seed = x;
}

static struct plugin put_tagged(struct town *t, const char *org_id, const char *pid,
                                const char *version, const char *tag)
{
    const struct sample s = {.pid = pid, .version = version, .tag = tag};
    struct published out;
    must(t, upload(t, org_id, &s, &out));
    return out.plugin;
}

/* ------------------------------------------------------------------ lists */

static void both_layers_in_one_list(void **state)
{
    struct town *t = *state;
    (void)put_plugin(t, NULL, "com.acme.b", "1.0");
    (void)put_plugin(t, NULL, "z.z", "1.0");
    (void)put_plugin(t, t->acme.id, "com.acme.b", "2.0");
    (void)put_plugin(t, t->acme.id, "com.acme.a", "1.0");
    (void)put_plugin(t, t->acme.id, "com.acme.a", "1.1");
    (void)put_plugin(t, t->zeta.id, "org.zeta.x", "1.0");
    struct catalog_query q = {.org_id = t->acme.id, .with_system = true};
    assert_string_equal(listed(t, &q), "*com.acme.b 1.0 *z.z 1.0 com.acme.a 1.1 com.acme.b 2.0");
    q.system_only = true;
    assert_string_equal(listed(t, &q), "*com.acme.b 1.0 *z.z 1.0");
    q = (struct catalog_query){.org_id = t->acme.id, .with_system = true, .org_only = true};
    assert_string_equal(listed(t, &q), "com.acme.a 1.1 com.acme.b 2.0");
    q = (struct catalog_query){.org_id = t->zeta.id};
    assert_string_equal(listed(t, &q), "org.zeta.x 1.0");
    q = (struct catalog_query){.org_id = NULL};
    assert_string_equal(listed(t, &q), "*com.acme.b 1.0 *z.z 1.0");
}

static void what_is_off_is_shown_when_asked_for(void **state)
{
    struct town *t = *state;
    struct plugin one = put_plugin(t, t->acme.id, "com.acme.a", "1.0");
    struct plugin two = put_plugin(t, t->acme.id, "com.acme.a", "2.0");
    struct plugin other = put_plugin(t, t->acme.id, "com.acme.b", "1.0");
    (void)turn(t, &two, false);
    (void)turn(t, &other, false);
    struct catalog_query q = {.org_id = t->acme.id};
    assert_string_equal(listed(t, &q), "com.acme.a 1.0");
    q.include_disabled = true; /* the latest, or the newest of a plugin that is off altogether */
    assert_string_equal(listed(t, &q), "com.acme.a 1.0 com.acme.b 1.0");
    q.all_versions = true;
    assert_string_equal(listed(t, &q), "com.acme.a 2.0 com.acme.a 1.0 com.acme.b 1.0");
    q.include_disabled = false;
    assert_string_equal(listed(t, &q), "com.acme.a 1.0");
    (void)turn(t, &one, false);
    q = (struct catalog_query){.org_id = t->acme.id, .include_disabled = true};
    assert_string_equal(listed(t, &q), "com.acme.a 2.0 com.acme.b 1.0");
}

static void a_tag_filters_the_rows_that_would_be_shown(void **state)
{
    struct town *t = *state;
    (void)put_tagged(t, t->acme.id, "com.acme.a", "1.0", "old");
    (void)put_tagged(t, t->acme.id, "com.acme.a", "2.0", "new");
    (void)put_tagged(t, t->acme.id, "com.acme.b", "1.0", "new");
    (void)put_tagged(t, NULL, "a.system", "1.0", "new");
    struct catalog_query q = {.org_id = t->acme.id, .with_system = true, .tag = "new"};
    assert_string_equal(listed(t, &q), "*a.system 1.0 com.acme.a 2.0 com.acme.b 1.0");
    q.tag = "old"; /* only of a version that is not the latest */
    assert_string_equal(listed(t, &q), "");
    q.all_versions = true;
    assert_string_equal(listed(t, &q), "com.acme.a 1.0");
    q.tag = "NEW";
    assert_string_equal(listed(t, &q), "");
}

/* ------------------------------------------------------------------ pages */

struct page {
    struct town *t;
    struct buf *text;
    struct catalog_query *query;
    int rows;
};

static enum err take_row(void *arg, const struct plugin *p)
{
    struct page *page = arg;
    buf_printf(page->text, "%s%s%s %s", page->text->n ? " " : "", p->org_id ? "" : "*", p->pid,
               p->version);
    page->query->after_source = p->source;
    page->query->after_pid = slice_dup(&page->t->arena, slice_of(p->pid));
    page->query->after_seq = page->query->all_versions ? p->seq : 0;
    page->rows++;
    return OK;
}

/* Walks the list in pages of q->limit. */
static const char *walked(struct town *t, struct catalog_query q)
{
    struct buf *text = arena_alloc(&t->arena, sizeof *text);
    bool more = true;
    buf_init(text, &t->arena, 1 << 16);
    while (more) {
        struct page page = {.t = t, .text = text, .query = &q};
        struct catalog_query now = q;
        must(t, catalog_list(work(t), &t->domain, &now, take_row, &page, &more));
        assert_true(page.rows <= q.limit);
        assert_true(!more || page.rows == q.limit); /* a page before the last is full */
    }
    return buf_text(text);
}

static void fill(struct town *t, uint64_t *seed)
{
    for (int i = 0; i < STEPS; i++) {
        char pid[64], version[32];
        uint64_t r = next(seed);
        bool system = r % 3 == 0;
        (void)snprintf(pid, sizeof pid, "com.acme.p%u", (unsigned)(r >> 8) % PIDS);
        (void)snprintf(version, sizeof version, "1.%d", i);
        const char *tag = r % 5 == 0 ? "web" : NULL;
        struct plugin p = put_tagged(t, system ? NULL : t->acme.id, pid, version, tag);
        if (r % 7 < 3)
            (void)turn(t, &p, false);
    }
}

static void pages_together_are_the_list(void **state)
{
    struct town *t = *state;
    uint64_t seed = 0x9E3779B97F4A7C15ULL;
    fill(t, &seed);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t r = next(&seed);
        struct catalog_query q = {.org_id = r & 1 ? t->acme.id : NULL,
                                  .with_system = r & 2,
                                  .system_only = (r & 12) == 4,
                                  .org_only = (r & 12) == 8,
                                  .tag = r & 16 ? "web" : NULL,
                                  .include_disabled = r & 32,
                                  .all_versions = r & 64};
        const char *whole = listed(t, &q);
        q.limit = 1 + (int)((r >> 8) % 9);
        assert_string_equal(walked(t, q), whole);
    }
}

/* An exact page ends the list: a cursor that leads to nothing is not handed out. */
static void a_page_that_holds_all_says_so(void **state)
{
    struct town *t = *state;
    (void)put_plugin(t, NULL, "a.b", "1.0");
    (void)put_plugin(t, t->acme.id, "com.acme.a", "1.0");
    for (int limit = 1; limit <= 3; limit++) {
        struct catalog_query q = {.org_id = t->acme.id, .with_system = true, .limit = limit};
        struct catalog_query after = q;
        struct buf text;
        struct page page = {.t = t, .text = &text, .query = &after};
        bool more;
        buf_init(&text, &t->arena, 1024);
        must(t, catalog_list(work(t), &t->domain, &q, take_row, &page, &more));
        assert_int_equal(page.rows, limit < 2 ? limit : 2);
        assert_int_equal(more, limit < 2);
    }
}

/* Between two pages others upload: below, above and among what was shown. */
static void upload_more(struct town *t)
{
    char pid[64];
    static const char *const places[] = {"a", "m", "z"};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(pid, sizeof pid, "com.acme.%s.new%lld", places[i], (long long)t->wall);
        (void)put_plugin(t, i == 1 ? NULL : t->acme.id, pid, "1.0");
        pass_time(t, 1);
    }
    (void)put_plugin(t, t->acme.id, "com.acme.p3",
                     str_printf(&t->arena, "2.%lld", (long long)(t->wall % 1000000)));
}

/* How often a list names this row: "pid version", or any version of a pid given as "pid ". */
static int times_in(const char *list, const char *row)
{
    int times = 0;
    size_t n = strlen(row);
    for (const char *at = list; (at = strstr(at, row)) != NULL; at++)
        times += (at == list || at[-1] == ' ') &&
                 (row[n - 1] == ' ' || at[n] == ' ' || at[n] == '\0');
    return times;
}

/* Six pages with uploads between them, and then to the end: so that the walk ends. */
static const char *walked_under_inserts(struct town *t, struct catalog_query q)
{
    struct buf *text = arena_alloc(&t->arena, sizeof *text);
    bool more = true;
    buf_init(text, &t->arena, 1 << 16);
    for (int pages = 0; more; pages++) {
        struct page page = {.t = t, .text = text, .query = &q};
        struct catalog_query now = q;
        must(t, catalog_list(work(t), &t->domain, &now, take_row, &page, &more));
        if (pages < 6)
            upload_more(t);
    }
    return buf_text(text);
}

static void a_walk_under_inserts_covers_every_row_once(void **state)
{
    struct town *t = *state;
    for (int i = 0; i < 20; i++)
        (void)put_plugin(t, i % 2 ? t->acme.id : NULL, str_printf(&t->arena, "com.acme.p%d", i / 2),
                         "1.0");
    for (int all = 0; all < 2; all++) {
        struct catalog_query q = {.org_id = t->acme.id, .with_system = true, .all_versions = all};
        const char *before = listed(t, &q);
        q.limit = 3;
        const char *got = walked_under_inserts(t, q);
        struct slice pid, version;
        for (struct slice old = slice_of(before); slice_split(&old, ' ', &pid);) {
            assert_true(slice_split(&old, ' ', &version));
            /* without all versions, a newer one may stand for the plugin by then */
            const char *row = str_printf(&t->arena, "%.*s %.*s", SLICE_ARGS(pid),
                                         all ? (int)version.n : 0, version.p);
            assert_int_equal(times_in(got, row), 1);
        }
        assert_true(strlen(got) > strlen(before)); /* some of the new ones were met */
    }
}

/* ------------------------------------------------------------------ single rows */

static void a_row_belongs_to_its_slice(void **state)
{
    struct town *t = *state;
    struct plugin own = put_plugin(t, t->acme.id, PID, "1.0"),
                  sys = put_plugin(t, NULL, "a.b", "1.0");
    struct plugin out;
    must(t, catalog_get(work(t), &t->domain, t->acme.id, own.id, &out));
    assert_string_equal(out.sha256, own.sha256);
    must_fail(t, catalog_get(work(t), &t->domain, t->zeta.id, own.id, &out), ERR_NOT_FOUND,
              "not found in your organization");
    must_fail(t, catalog_get(work(t), &t->domain, NULL, own.id, &out), ERR_NOT_FOUND, "System");
    must_fail(t, catalog_get(work(t), &t->domain, t->acme.id, sys.id, &out), ERR_NOT_FOUND, NULL);
    must(t, catalog_get_visible(work(t), &t->domain, t->acme.id, sys.id, &out));
    must_fail(t, catalog_get_visible(work(t), &t->domain, t->zeta.id, own.id, &out), ERR_NOT_FOUND,
              NULL);
    must_fail(t, catalog_get(work(t), &t->domain, t->acme.id, "", &out), ERR_NOT_FOUND, NULL);
    assert_string_equal(ctx_code(&t->ctx), "PL-0002");
}

static void versions_come_newest_first_and_disabled_too(void **state)
{
    struct town *t = *state;
    static const char *const made[] = {"1.0", "1.9", "1.10", "2.0a1", "2.0", "2.0.1"};
    struct plugin last;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        last = put_plugin(t, t->acme.id, PID, made[i]);
    (void)turn(t, &last, false);
    struct buf text;
    struct catalog_query q = {.org_id = t->acme.id, .with_system = true}, after = q;
    struct page page = {.t = t, .text = &text, .query = &after};
    buf_init(&text, &t->arena, 4096);
    must(t, catalog_versions(work(t), &t->domain, &q, PID, take_row, &page));
    assert_string_equal(buf_text(&text), PID " 2.0.1 " PID " 2.0 " PID " 2.0a1 " PID " 1.10 " PID
                                             " 1.9 " PID " 1.0");
    must_fail(t, catalog_versions(work(t), &t->domain, &q, "com.acme.none", take_row, &page),
              ERR_NOT_FOUND, "com.acme.none");
    q.org_id = t->zeta.id;
    must_fail(t, catalog_versions(work(t), &t->domain, &q, PID, take_row, &page), ERR_NOT_FOUND,
              NULL);
}

static struct plugin put_setting(struct town *t, const char *org_id, const char *version,
                                 const char *key)
{
    const char *settings = str_printf(
        &t->arena, "[{\"key\": \"%s\", \"type\": \"int\", \"description\": \"d\", \"default\": 1}]",
        key);
    const struct sample s = {.pid = PID, .version = version, .settings = settings};
    struct published out;
    must(t, upload(t, org_id, &s, &out));
    return out.plugin;
}

static void has_setting(struct town *t, const char *version, const char *source, const char *key)
{
    struct slice schema;
    must(t, catalog_settings(work(t), &t->domain, t->acme.id, PID, version, source, &schema));
    const char *want = str_printf(&t->arena, "\"key\":\"%s\"", key);
    assert_non_null(memmem(schema.p, schema.n, want, strlen(want)));
}

static void settings_by_version_and_source(void **state)
{
    struct town *t = *state;
    struct slice schema;
    (void)put_setting(t, NULL, "1.0", "sys_one");
    (void)put_setting(t, NULL, "3.0", "sys_three");
    has_setting(t, NULL, NULL, "sys_three"); /* nothing of its own yet */
    struct plugin one = put_setting(t, t->acme.id, "1.0", "own_one");
    struct plugin two = put_setting(t, t->acme.id, "2.0", "own_two");
    has_setting(t, NULL, NULL, "own_two"); /* the org's, although the system's is higher */
    has_setting(t, NULL, "system", "sys_three");
    has_setting(t, NULL, "org", "own_two");
    has_setting(t, "1.0", NULL, "own_one");
    has_setting(t, "1.0.0", NULL, "own_one"); /* the same version, written another way */
    has_setting(t, "1.0", "system", "sys_one");
    has_setting(t, "3.0", NULL, "sys_three"); /* only the system has it */
    (void)turn(t, &two, false);
    has_setting(t, NULL, NULL, "own_one");
    has_setting(t, "2.0", NULL, "own_two"); /* asked for by name, also when it is off */
    must_fail(t, catalog_settings(work(t), &t->domain, t->acme.id, PID, "3.0", "org", &schema),
              ERR_NOT_FOUND, "no such version");
    must_fail(t,
              catalog_settings(work(t), &t->domain, t->acme.id, PID, "no version", NULL, &schema),
              ERR_NOT_FOUND, "no version");
    (void)turn(t, &one, false);
    has_setting(t, NULL, NULL, "sys_three");
    must_fail(t, catalog_settings(work(t), &t->domain, t->acme.id, PID, NULL, "org", &schema),
              ERR_NOT_FOUND, "not enabled");
    must_fail(t, catalog_settings(work(t), &t->domain, NULL, "com.acme.none", NULL, NULL, &schema),
              ERR_NOT_FOUND, NULL);
}

/* ------------------------------------------------------------------ changes */

static void the_next_enabled_one_becomes_latest(void **state)
{
    struct town *t = *state;
    struct plugin v[3];
    static const char *const made[] = {"1.0", "2.0", "3.0"};
    for (size_t i = 0; i < 3; i++)
        v[i] = put_plugin(t, t->acme.id, PID, made[i]);
    (void)put_plugin(t, t->zeta.id, "org.zeta.x", "1.0");
    /* every order of switching: latest is the highest that is on */
    uint64_t seed = 7;
    bool on[3] = {true, true, true};
    for (int i = 0; i < ROUNDS; i++) {
        size_t k = next(&seed) % 3;
        on[k] = next(&seed) % 2;
        struct plugin now = turn(t, &v[k], on[k]);
        int highest = on[2] ? 2 : on[1] ? 1 : on[0] ? 0 : -1;
        assert_int_equal(now.enabled, on[k]);
        assert_int_equal(now.is_latest, (int)k == highest);
        for (int j = 0; j < 3; j++)
            assert_int_equal(get_plugin(t, &v[j]).is_latest, j == highest);
    }
}

static void a_change_is_recorded_and_nothing_is_not(void **state)
{
    struct town *t = *state;
    struct plugin p = put_plugin(t, t->acme.id, PID, "1.0"), out;
    pass_time(t, 1000);
    out = turn(t, &p, true); /* it is on already */
    assert_int_equal(audit_rows(t, "plugin.enable"), 0);
    assert_int_equal(out.updated_at, p.updated_at);
    out = turn(t, &p, false);
    assert_int_equal(audit_rows(t, "plugin.disable"), 1);
    assert_int_equal(out.updated_at, t->wall);
    (void)turn(t, &p, true);
    assert_int_equal(audit_rows(t, "plugin.enable"), 1);
    assert_string_equal(last_audit(t, "plugin.enable")->subject, p.id);
    assert_string_equal(last_audit(t, "plugin.enable")->org_id, t->acme.id);
    struct catalog_change c = {.set_tag = true, .tag = "web"};
    must(t, catalog_change(work(t), &t->domain, &t->cli, t->acme.id, p.id, &c, &out));
    assert_string_equal(out.tag, "web");
    must(t, catalog_change(work(t), &t->domain, &t->cli, t->acme.id, p.id, &c, &out));
    assert_int_equal(audit_rows(t, "plugin.tag"), 1);
    c.tag = NULL;
    must(t, catalog_change(work(t), &t->domain, &t->cli, t->acme.id, p.id, &c, &out));
    assert_null(out.tag);
    assert_non_null(strstr(last_audit(t, "plugin.tag")->detail, "\"tag_before\":\"web\""));
    bool off = false;
    c = (struct catalog_change){.enabled = &off, .set_tag = true, .tag = "both"};
    must(t, catalog_change(work(t), &t->domain, &t->cli, t->acme.id, p.id, &c, &out));
    assert_true(!out.enabled && strcmp(out.tag, "both") == 0);
    assert_int_equal(audit_rows(t, "plugin.disable"), 2);
    must_fail(t, catalog_change(work(t), &t->domain, &t->cli, t->zeta.id, p.id, &c, &out),
              ERR_NOT_FOUND, NULL);
    must_fail(t, catalog_change(work(t), &t->domain, &t->cli, NULL, p.id, &c, &out), ERR_NOT_FOUND,
              NULL);
}

/* ------------------------------------------------------------------ generations */

struct seen {
    uint64_t system, acme, zeta;
};

static struct seen generations(struct town *t)
{
    return (struct seen){catalog_generation(&t->domain, NULL),
                         catalog_generation(&t->domain, t->acme.id),
                         catalog_generation(&t->domain, t->zeta.id)};
}

/* What org lists show contains the system's rows: those answers age with both. */
static void changed(struct town *t, struct seen *before, bool system, bool acme, bool zeta)
{
    struct seen now = generations(t);
    assert_int_equal(now.system != before->system, system);
    assert_int_equal(now.acme != before->acme, acme);
    assert_int_equal(now.zeta != before->zeta, zeta);
    *before = now;
}

static void generations_move_exactly_for_what_changed(void **state)
{
    struct town *t = *state;
    struct seen g = generations(t);
    struct slice schema;
    const struct sample bad = {.pid = "org.other.x", .version = "1.0"};
    const struct sample same = {.pid = PID, .version = "1.0"};
    struct published out;
    struct plugin p = put_plugin(t, t->acme.id, PID, "1.0");
    changed(t, &g, false, true, false);
    struct plugin s = put_plugin(t, NULL, "a.b", "1.0");
    changed(t, &g, true, true, true);
    (void)put_plugin(t, t->zeta.id, "org.zeta.x", "1.0");
    changed(t, &g, false, false, true);
    (void)turn(t, &p, false);
    changed(t, &g, false, true, false);
    (void)turn(t, &p, false);
    changed(t, &g, false, false, false); /* was off already */
    (void)turn(t, &s, false);
    changed(t, &g, true, true, true);
    must_fail(t, upload(t, t->acme.id, &bad, &out), ERR_INVALID, NULL);
    (void)get_plugin(t, &p);
    must(t, catalog_settings(work(t), &t->domain, t->acme.id, PID, "1.0", NULL, &schema));
    changed(t, &g, false, false, false);
    must(t, upload(t, t->acme.id, &same, &out));
    assert_true(out.unchanged); /* may age the org's answers, never another's */
    struct seen now = generations(t);
    assert_true(now.system == g.system && now.zeta == g.zeta);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, market_setup, market_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(both_layers_in_one_list),
        CASE(what_is_off_is_shown_when_asked_for),
        CASE(a_tag_filters_the_rows_that_would_be_shown),
        CASE(pages_together_are_the_list),
        CASE(a_page_that_holds_all_says_so),
        CASE(a_walk_under_inserts_covers_every_row_once),
        CASE(a_row_belongs_to_its_slice),
        CASE(versions_come_newest_first_and_disabled_too),
        CASE(settings_by_version_and_source),
        CASE(the_next_enabled_one_becomes_latest),
        CASE(a_change_is_recorded_and_nothing_is_not),
        CASE(generations_move_exactly_for_what_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
