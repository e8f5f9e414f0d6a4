/*
 * test_legacy.c - the rules of the v1 API below HTTP: names, the two stores, what is kept and what
 * serves.
 */
#include "domain/legacy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "blob/blob.h"
#include "domain/legacy_names.h"
#include "domain/legacy_place.h"
#include "domain/reconcile.h"
#include "domain/rollback.h"
#include "model/audit.h"
#include "store/health_store.h"
#include "store/plugin_store.h"
#include "store/replica_store.h"
#include "support_catalog.h"

/* ------------------------------------------------------------------ a store and packages */

static int open_shelf(void **state)
{
    if (market_setup(state) != 0)
        return -1;
    struct town *t = *state;
    const struct legacy_paths paths = {path_in(t, "system/v1/plugins"),
                                       path_in(t, "system/v1/archives"), "./shown/"};
    must(t, legacy_open(work(t), &t->domain, &paths));
    return 0;
}

static int close_shelf(void **state)
{
    struct town *t = *state;
    legacy_close(&t->domain);
    return market_teardown(state);
}

static struct slice package_of(struct town *t, const char *name, const char *version,
                               const char *note)
{
    const char *source = str_printf(
        &t->arena,
        "# %s\nfrom cadence_sdk import BasePlugin, PluginMetadata\n\n"
        "class P(BasePlugin):\n    @staticmethod\n    def get_metadata():\n"
        "        return PluginMetadata(\n            name=\"%s\", version=\"%s\",\n"
        "            description=\"Sums\", capabilities=[\"add\"], agent_type=\"specialized\",\n"
        "            llm_requirements={\"provider\": \"openai\"},\n        )\n\n"
        "    @staticmethod\n    def create_agent():\n        from .agent import A\n"
        "        return A()\n",
        note, name, version);
    const char *const files[] = {
        "__init__.py",
        "from cadence_sdk import register_plugin\nfrom .plugin import P\n\nregister_plugin(P)\n",
        "agent.py",
        "from cadence_sdk import BaseAgent\n\nclass A(BaseAgent):\n    def get_tools(self):\n"
        "        return []\n",
        "plugin.py",
        source,
        "tools.py",
        "from cadence_sdk import tool\n",
        NULL,
    };
    return zip_of(&t->arena, files);
}

static enum err send(struct town *t, const char *name, const char *version, const char *note,
                     bool force, struct legacy_done *done)
{
    const char *file = str_printf(&t->arena, "%s-%s.zip", name, version);
    const struct legacy_upload up = {
        .file_name = slice_of(file), .bytes = package_of(t, name, version, note), .force = force};
    return legacy_upload(work(t), &t->domain, &t->cli, &up, done);
}

static void put(struct town *t, const char *name, const char *version, const char *note, bool force)
{
    struct legacy_done done;
    must(t, send(t, name, version, note, force, &done));
    assert_string_equal(done.name, name);
    assert_string_equal(done.version, version);
}

static bool stands(struct town *t, const char *folder)
{
    return is_on_disk(path_in(t, "system/v1/plugins/%s/plugin.py", folder)) &&
           is_on_disk(path_in(t, "system/v1/archives/%s.zip", folder));
}

struct listing {
    struct town *t;
    const char *text;
};

static enum err note_plugin(void *arg, const struct legacy_plugin *p)
{
    struct listing *l = arg;
    l->text = str_printf(&l->t->arena, "%s%s%s %s %s", l->text, *l->text ? ", " : "", p->name,
                         p->version, p->status);
    return OK;
}

static const char *list(struct town *t)
{
    struct listing l = {t, ""};
    must(t, legacy_list(work(t), &t->domain, note_plugin, &l));
    return l.text;
}

/* ------------------------------------------------------------------ names */

static void cutting(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *version;
    } rows[] = {
        {"math_plugin-1.0.0", "math_plugin", "1.0.0"},
        {"x-1.0.0-rc1", "x", "1.0.0-rc1"},
        {"a-2-3", "a-2", "3"},
        {"my-plugin-v2.0", "my-plugin", "v2.0"},
        {"my-plugin-V2", "my-plugin", "V2"},
        {"a-b-c", NULL, NULL},
        {"a-", NULL, NULL},
        {"-1", NULL, NULL},
        {"a-v", NULL, NULL},
        {"", NULL, NULL},
        {"1", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice name, version;
        bool cut = legacy_cut(slice_of(rows[i].text), &name, &version);
        assert_int_equal(cut, rows[i].name != NULL);
        assert_true(!cut || (slice_is(name, rows[i].name) && slice_is(version, rows[i].version)));
    }
}

/* No two plugins share a folder: what is let through is cut into the same parts again. */
static void names_that_would_meet(void **state)
{
    struct town *t = *state;
    static const char *const good[][2] = {
        {"a", "1"}, {"a-2", "3"}, {"a.b", "1.0+x"}, {"A_b", "1!2"}};
    static const char *const bad[][2] = {
        {"a", "2-3"}, {"upload", "1"}, {"plugins", "1"}, {"reload", "1"}, {"uploaded", "1"},
        {"a/b", "1"}, {"..", "1"},     {".a", "1"},      {"a", "1/2"},    {"a", ".."},
        {"a b", "1"}, {"", "1"},       {"a", ""}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_null(legacy_name_problem(&t->arena, good[i][0], good[i][1]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(legacy_name_problem(&t->arena, bad[i][0], bad[i][1]));
}

/* ------------------------------------------------------------------ uploads */

static void an_upload_stands_in_both_stores(void **state)
{
    struct town *t = *state;
    struct legacy_done done;
    must(t, send(t, "math", "1.0", "one", false, &done));
    assert_string_equal(done.directory, "./shown/math-1.0");
    assert_true(stands(t, "math-1.0"));
    assert_string_equal(list(t), "math 1.0 unchecked");
    const struct catalog_query query = {0};
    assert_string_equal(listed(t, &query), "*legacy.math 1.0");
    assert_int_equal(audit_rows(t, "plugin.upload"), 1);
    must_fail(t, send(t, "math", "1.0", "one", false, &done), ERR_EXISTS, "force_overwrite");
    assert_string_equal(work(t)->fault.code, ""); /* a new piece of work forgets it */
    must_fail(t, send(t, "math", "1.0.0", "other", false, &done), ERR_EXISTS, "force_overwrite");
    assert_int_equal(audit_rows(t, "plugin.upload"), 1);
}

static enum err never_replicate(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    return repl_state_record(ctx, conn, false);
}

/* Bytes also stay while a change waits for an object store; here none ever comes. */
static void an_overwrite_keeps_the_old_bytes_for_a_month(void **state)
{
    struct town *t = *state;
    struct reconcile_report report;
    must(t, store_write(work(t), t->store, never_replicate, NULL));
    put(t, "math", "1.0", "one", false);
    size_t before = files_below(path_in(t, "blobs"));
    put(t, "math", "1.0", "two", true);
    assert_int_equal(files_below(path_in(t, "blobs")), before + 1);
    assert_int_equal(audit_rows(t, "plugin.overwrite"), 1);
    pass_time(t, 29LL * 24 * 3600 * 1000);
    must(t, reconcile_run(work(t), &t->domain, &report));
    assert_int_equal(report.blobs_swept, 0);
    pass_time(t, 2LL * 24 * 3600 * 1000);
    must(t, reconcile_run(work(t), &t->domain, &report));
    assert_int_equal(report.blobs_swept, 1);
    assert_true(stands(t, "math-1.0"));
}

static void another_spelling_moves_the_files(void **state)
{
    struct town *t = *state;
    put(t, "math", "1.0", "one", false);
    put(t, "math", "1.0.0", "two", true);
    assert_true(stands(t, "math-1.0.0"));
    assert_false(is_on_disk(path_in(t, "system/v1/plugins/math-1.0")));
    assert_false(is_on_disk(path_in(t, "system/v1/archives/math-1.0.zip")));
    assert_string_equal(list(t), "math 1.0.0 unchecked");
}

static void the_newer_layout_cannot_take_the_names(void **state)
{
    struct town *t = *state;
    struct published out;
    const struct sample s = {.pid = "legacy.math", .version = "1.0"};
    must_fail(t, upload(t, NULL, &s, &out), ERR_INVALID, "legacy.");
}

/* ------------------------------------------------------------------ what serves */

static enum err set_health(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct plugin *p = arg;
    const struct health_check run = {
        .plugin_id = p->id, .at = ctx->now, .outcome = {.result = p->health}};
    bool changed;
    enum err err = health_store_add(ctx, conn, &run, &changed);
    return err == OK ? plugin_store_promote(ctx, conn, NULL, p->pid) : err;
}

struct wanted {
    const char *version;
    char id[ID_TEXT];
};

static enum err find_version(void *arg, const struct plugin *p)
{
    struct wanted *w = arg;
    if (strcmp(p->version, w->version) == 0)
        (void)snprintf(w->id, sizeof w->id, "%s", p->id);
    return OK;
}

static const char *id_of(struct town *t, const char *version)
{
    const struct catalog_query query = {.include_disabled = true};
    struct wanted w = {.version = version};
    must(t, catalog_versions(work(t), &t->domain, &query, "legacy.math", find_version, &w));
    return slice_dup(&t->arena, slice_of(w.id));
}

static void judge(struct town *t, const char *version, const char *health)
{
    struct plugin p = {.id = id_of(t, version), .pid = "legacy.math", .health = health};
    must(t, store_write(work(t), t->store, set_health, &p));
}

static void a_failed_version_is_listed_and_the_one_before_serves(void **state)
{
    struct town *t = *state;
    struct legacy_summary sum;
    const struct catalog_query query = {0};
    put(t, "math", "1.0", "one", false);
    put(t, "math", "2.0", "two", false);
    judge(t, "1.0", "healthy");
    judge(t, "2.0", "failed");
    assert_string_equal(list(t), "math 2.0 failed");
    assert_string_equal(listed(t, &query), "*legacy.math 1.0");
    must(t, legacy_status(work(t), &t->domain, &sum));
    assert_int_equal(sum.loaded_count, 1);
    assert_int_equal(sum.healthy_count, 0);
    assert_int_equal(sum.failed_count, 1);
    judge(t, "1.0", "failed");
    assert_string_equal(listed(t, &query), "*legacy.math 2.0");
    must(t, legacy_status(work(t), &t->domain, &sum));
    assert_int_equal(sum.loaded_count, 0);
}

/* Going back from a version that failed disables that one, not the one that serves. */
static void rolling_back(void **state)
{
    struct town *t = *state;
    struct plugin now;
    put(t, "math", "1.0", "one", false);
    put(t, "math", "2.0", "two", false);
    judge(t, "2.0", "failed");
    must(t, rollback_plugin(work(t), &t->domain, &t->cli, NULL, id_of(t, "1.0"), &now));
    assert_string_equal(now.version, "1.0");
    assert_string_equal(list(t), "math 1.0 unchecked");
    must_fail(t, rollback_plugin(work(t), &t->domain, &t->cli, NULL, id_of(t, "1.0"), &now),
              ERR_CONFLICT, "only enabled version");
    assert_string_equal(list(t), "math 1.0 unchecked");
    must_fail(t, rollback_plugin(work(t), &t->domain, &t->cli, t->acme.id, id_of(t, "1.0"), &now),
              ERR_NOT_FOUND, "organization");
    assert_int_equal(audit_rows(t, "plugin.rollback"), 1);
}

/* ------------------------------------------------------------------ reload, deletion, start */

static void a_reload_builds_what_lacks(void **state)
{
    struct town *t = *state;
    struct legacy_summary sum;
    put(t, "math", "1.0", "one", false);
    assert_int_equal(unlink(path_in(t, "system/v1/archives/math-1.0.zip")), 0);
    assert_int_equal(unlink(path_in(t, "system/v1/plugins/math-1.0/.larder")), 0);
    must(t, legacy_reload(work(t), &t->domain, &t->cli, &sum));
    assert_int_equal(sum.loaded_count, 1);
    assert_int_equal(audit_rows(t, "plugin.reload"), 1);
}

static void deleting_frees_the_version(void **state)
{
    struct town *t = *state;
    put(t, "math", "1.0", "one", false);
    put(t, "math", "2.0", "two", false);
    must_fail(t, legacy_delete(work(t), &t->domain, &t->cli, "math", "3.0"), ERR_NOT_FOUND, "3.0");
    must_fail(t, legacy_delete(work(t), &t->domain, &t->cli, "../x", "1.0"), ERR_NOT_FOUND, "1.0");
    must_fail(t, legacy_delete(work(t), &t->domain, &t->cli, "math", "../x"), ERR_NOT_FOUND, "x");
    must(t, legacy_delete(work(t), &t->domain, &t->cli, "math", "2.0"));
    assert_false(is_on_disk(path_in(t, "system/v1/plugins/math-2.0")));
    assert_false(is_on_disk(path_in(t, "system/v1/archives/math-2.0.zip")));
    assert_string_equal(list(t), "math 1.0 unchecked");
    put(t, "math", "2.0", "three", false);
    assert_string_equal(list(t), "math 2.0 unchecked");
    assert_int_equal(audit_rows(t, "plugin.delete"), 1);
}

static void a_start_builds_and_sweeps(void **state)
{
    struct town *t = *state;
    struct reconcile_report report;
    put(t, "math", "1.0", "one", false);
    must(t, reconcile_ended(work(t), &t->domain));
    assert_int_equal(unlink(path_in(t, "system/v1/archives/math-1.0.zip")), 0);
    assert_int_equal(mkdir(path_in(t, "system/v1/plugins/gone-1.0"), 0755), 0);
    write_file(path_in(t, "system/v1/plugins/gone-1.0/.larder"),
               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_int_equal(mkdir(path_in(t, "system/v1/plugins/mine-1.0"), 0755), 0);
    write_file(path_in(t, "system/v1/plugins/mine-1.0/plugin.py"), "mine");
    write_file(path_in(t, "system/v1/archives/mine-1.0.zip"), "mine");
    must(t, reconcile_run(work(t), &t->domain, &report));
    assert_true(stands(t, "math-1.0") && stands(t, "mine-1.0"));
    assert_false(is_on_disk(path_in(t, "system/v1/plugins/gone-1.0")));
    assert_int_equal(report.trees_built, 1);
    assert_int_equal(report.trees_swept, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_shelf, close_shelf)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cutting),
        TEST(names_that_would_meet),
        TEST(an_upload_stands_in_both_stores),
        TEST(an_overwrite_keeps_the_old_bytes_for_a_month),
        TEST(another_spelling_moves_the_files),
        TEST(the_newer_layout_cannot_take_the_names),
        TEST(a_failed_version_is_listed_and_the_one_before_serves),
        TEST(rolling_back),
        TEST(a_reload_builds_what_lacks),
        TEST(deleting_frees_the_version),
        TEST(a_start_builds_and_sweeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
