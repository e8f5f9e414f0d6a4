/*
 * test_reconcile.c - the start-up walk: what no row names goes, what a row names comes back, and
 * what is not ours is left alone.
 */
#include "domain/reconcile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "blob/blob.h"
#include "blob/tree.h"
#include "store/kv_store.h"
#include "support_catalog.h"

#define PID "com.acme.search"

static struct reconcile_report reconcile(struct town *t)
{
    struct reconcile_report r;
    market_reopen(t);
    must(t, reconcile_run(work(t), &t->domain, &r));
    return r;
}

/* After a run that ended well, a start finds nothing to do. */
static void all_quiet(struct town *t)
{
    must(t, reconcile_ended(work(t), &t->domain));
    struct reconcile_report r = reconcile(t);
    assert_int_equal(r.missing + r.returned + r.blobs_swept + r.bytes_swept + r.temp_files, 0);
    assert_int_equal(r.trees_swept + r.trees_built, 0);
}

static enum err read_mark(struct ctx *ctx, struct conn *conn, void *arg)
{
    return kv_get(ctx, conn, "trees_unsure_since", arg);
}

static const char *mark_of(struct town *t)
{
    const char *mark = "";
    must(t, store_read(work(t), t->store, read_mark, &mark));
    return mark;
}

static void what_no_row_names_goes(void **state)
{
    struct town *t = *state;
    struct plugin p = put_plugin(t, t->acme.id, PID, "1.0");
    static const char orphan[] = "bytes of an upload that was never acknowledged";
    unsigned char hash[SHA256_BYTES];
    char sha256[SHA256_HEX];
    crypto_sha256(slice_of(orphan), hash);
    crypto_hex(hash, sizeof hash, sha256);
    must(t, blob_put(work(t), t->domain.blobs, slice_of(orphan), sha256));
    write_file(path_in(t, "tmp/half"), "half");
    write_file(path_in(t, "blobs/ab/no-hash"), "stray");
    assert_int_equal(mkdir(path_in(t, "tenants/.larder-staging-0"), 0755), 0);
    write_file(path_in(t, "tenants/.larder-staging-0/plugin.py"), "half a tree");
    struct reconcile_report r = reconcile(t);
    assert_int_equal(r.versions, 1);
    assert_int_equal(r.blobs_swept, 2);
    assert_int_equal(r.bytes_swept, (int64_t)(sizeof orphan - 1 + strlen("stray")));
    assert_int_equal(r.temp_files, 1);
    assert_int_equal(files_below(path_in(t, "blobs")), 1);
    assert_int_equal(files_below(path_in(t, "tmp")), 0);
    assert_false(is_on_disk(path_in(t, "tenants/.larder-staging-0")));
    assert_true(is_on_disk(blob_path(t, p.sha256)) && is_on_disk(tree_path(t, &p)));
    all_quiet(t);
}

static void a_tree_without_a_row_goes_and_a_foreign_one_stays(void **state)
{
    struct town *t = *state;
    struct plugin p = put_plugin(t, t->acme.id, PID, "1.0"), s = put_plugin(t, NULL, "a.b", "1.0");
    static const char *const made[] = {"com.gone", "com.gone/1.0", "com.theirs", "com.theirs/1.0"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        assert_int_equal(mkdir(path_in(t, "tenants/%s/%s", t->acme.id, made[i]), 0755), 0);
    write_file(path_in(t, "tenants/%s/com.gone/1.0/" TREE_MARKER, t->acme.id), p.sha256);
    write_file(path_in(t, "tenants/%s/com.gone/1.0/plugin.py", t->acme.id), "x");
    write_file(path_in(t, "tenants/%s/com.theirs/1.0/plugin.py", t->acme.id), "x");
    write_file(path_in(t, "tenants/notes.txt"), "x");
    struct reconcile_report r = reconcile(t);
    assert_int_equal(r.trees_swept, 1);
    assert_false(is_on_disk(path_in(t, "tenants/%s/com.gone", t->acme.id)));
    assert_true(is_on_disk(path_in(t, "tenants/%s/com.theirs/1.0/plugin.py", t->acme.id)));
    assert_true(is_on_disk(path_in(t, "tenants/notes.txt")));
    assert_true(is_on_disk(tree_path(t, &p)) && is_on_disk(tree_path(t, &s)));
}

/* The slice is part of the place: a row of one org does not keep the tree of another. */
static void a_row_of_another_slice_keeps_no_tree(void **state)
{
    struct town *t = *state;
    struct plugin p = put_plugin(t, t->acme.id, PID, "1.0");
    const char *home = path_in(t, "tenants/%s", t->zeta.id);
    assert_int_equal(rename(path_in(t, "tenants/%s", t->acme.id), home), 0);
    struct reconcile_report r = reconcile(t);
    assert_int_equal(r.trees_swept, 1);
    assert_int_equal(r.trees_built, 1);
    assert_false(is_on_disk(home));
    assert_true(is_on_disk(tree_path(t, &p)));
}

static void a_missing_tree_is_built_again(void **state)
{
    struct town *t = *state;
    const struct sample s = {.pid = PID, .version = "1.0", .extra = "sub/more.txt"};
    struct published out;
    must(t, upload(t, t->acme.id, &s, &out));
    struct plugin sys = put_plugin(t, NULL, "a.b", "1.0");
    must(t, reconcile_ended(work(t), &t->domain));
    (void)turn(t, &out.plugin, false); /* disabled versions keep their trees too */
    const struct tree_place place = {{t->acme.id, PID, "1.0"}}, other = {{"a.b", "1.0", NULL}};
    must(t, tree_remove(work(t), t->domain.tenant_trees, &place));
    must(t, tree_remove(work(t), t->domain.system_trees, &other));
    assert_int_equal(reconcile(t).trees_built, 2);
    assert_true(is_on_disk(path_in(t, "tenants/%s/" PID "/1.0/sub/more.txt", t->acme.id)));
    assert_true(is_on_disk(tree_path(t, &sys)));
    all_quiet(t);
}

static void a_missing_blob_is_marked_and_comes_back(void **state)
{
    struct town *t = *state;
    struct plugin p = put_plugin(t, t->acme.id, PID, "1.0"), q = put_plugin(t, NULL, "a.b", "1.0");
    const char *at = blob_path(t, p.sha256), *away = path_in(t, "tmp/away");
    assert_int_equal(rename(at, away), 0);
    assert_int_equal(rename(away, path_in(t, "system/away")), 0); /* where no sweep looks */
    away = path_in(t, "system/away");
    uint64_t generation = catalog_generation(&t->domain, t->acme.id);
    struct reconcile_report r = reconcile(t);
    assert_int_equal(r.missing, 1);
    assert_string_equal(get_plugin(t, &p).artifact, "missing");
    assert_string_equal(get_plugin(t, &q).artifact, "present");
    assert_true(catalog_generation(&t->domain, t->acme.id) != generation);
    int fd = -1;
    must_fail(t, catalog_open(work(t), &t->domain, &p, &fd), ERR_CORRUPT, "missing");
    assert_int_equal(reconcile(t).missing, 1); /* shown at each start */
    assert_int_equal(rename(away, at), 0);
    r = reconcile(t);
    assert_int_equal(r.missing, 0);
    assert_int_equal(r.returned, 1);
    assert_string_equal(get_plugin(t, &p).artifact, "present");
    must(t, catalog_open(work(t), &t->domain, &p, &fd));
    assert_int_equal(close(fd), 0);
}

static void a_blob_that_comes_back_damaged_is_not_taken(void **state)
{
    struct town *t = *state;
    struct plugin p = put_plugin(t, t->acme.id, PID, "1.0");
    assert_int_equal(unlink(blob_path(t, p.sha256)), 0);
    (void)reconcile(t);
    char wrong[4096];
    assert_true((size_t)p.size_bytes < sizeof wrong);
    memset(wrong, 'x', sizeof wrong);
    wrong[p.size_bytes] = '\0';
    write_file(blob_path(t, p.sha256), wrong);
    struct reconcile_report r = reconcile(t);
    assert_int_equal(r.returned, 0);
    assert_string_equal(get_plugin(t, &p).artifact, "corrupt");
    assert_int_equal(r.versions, 1);
    /* the right bytes mend it: uploaded again, they are there and counted at once */
    const struct sample s = {.pid = PID, .version = "1.0"};
    struct published out;
    must(t, upload(t, t->acme.id, &s, &out));
    assert_true(out.unchanged);
    assert_string_equal(out.plugin.artifact, "present");
    assert_string_equal(get_plugin(t, &p).artifact, "present");
}

static void one_damaged_package_keeps_no_other_away(void **state)
{
    struct town *t = *state;
    struct plugin bad = put_plugin(t, NULL, "a.bad", "1.0"),
                  good = put_plugin(t, NULL, "a.good", "1.0");
    const struct tree_place one = {{"a.bad", "1.0", NULL}}, two = {{"a.good", "1.0", NULL}};
    must(t, tree_remove(work(t), t->domain.system_trees, &one));
    must(t, tree_remove(work(t), t->domain.system_trees, &two));
    char wrong[4096];
    memset(wrong, 'x', sizeof wrong);
    wrong[bad.size_bytes] = '\0';
    write_file(blob_path(t, bad.sha256), wrong); /* same length: the size tells nothing */
    assert_int_equal(reconcile(t).trees_built, 1);
    assert_string_equal(get_plugin(t, &bad).artifact, "corrupt");
    assert_false(is_on_disk(tree_path(t, &bad)));
    assert_true(is_on_disk(tree_path(t, &good)));
}

static const char *plugin_of(struct town *t, const struct plugin *p)
{
    return str_printf(&t->arena, "%s/plugin.py", tree_path(t, p));
}

static bool is_spoiled(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size == 0;
}

static void after_an_unclean_end_young_trees_are_built_again(void **state)
{
    struct town *t = *state;
    struct plugin old = put_plugin(t, t->acme.id, PID, "1.0");
    must(t, reconcile_ended(work(t), &t->domain));
    pass_time(t, 1000);
    (void)reconcile(t); /* a run begins */
    int64_t begun = t->wall;
    assert_string_equal(mark_of(t), str_printf(&t->arena, "%lld", (long long)begun));
    struct plugin at_once = put_plugin(t, t->acme.id, PID, "1.5");
    pass_time(t, 1000);
    struct plugin young = put_plugin(t, t->acme.id, PID, "2.0");
    write_file(plugin_of(t, &old), "");
    write_file(plugin_of(t, &at_once), "");
    write_file(plugin_of(t, &young), ""); /* as after a power cut: there, and empty */
    pass_time(t, 1000);
    assert_int_equal(reconcile(t).trees_built, 2); /* nobody said that it ended well */
    assert_false(is_spoiled(plugin_of(t, &at_once)));
    assert_false(is_spoiled(plugin_of(t, &young)));
    assert_true(is_spoiled(plugin_of(t, &old))); /* was flushed long before: not looked at */
    /* the mark stays until a run ends well, so a second crash is no worse */
    assert_string_equal(mark_of(t), str_printf(&t->arena, "%lld", (long long)begun));
    write_file(plugin_of(t, &young), "");
    assert_int_equal(reconcile(t).trees_built, 2);
    assert_false(is_spoiled(plugin_of(t, &young)));
}

static void after_a_clean_end_trees_are_left_alone(void **state)
{
    struct town *t = *state;
    (void)reconcile(t);
    pass_time(t, 1000);
    struct plugin p = put_plugin(t, t->acme.id, PID, "1.0");
    must(t, reconcile_ended(work(t), &t->domain));
    assert_string_equal(mark_of(t), "");
    write_file(plugin_of(t, &p), "");
    pass_time(t, 1000);
    all_quiet(t);
    assert_true(is_spoiled(plugin_of(t, &p)));
}

static void a_tree_of_other_bytes_is_built_again(void **state)
{
    struct town *t = *state;
    struct plugin p = put_plugin(t, t->acme.id, PID, "1.0");
    must(t, reconcile_ended(work(t), &t->domain));
    char other[SHA256_HEX];
    memset(other, 'a', sizeof other - 1);
    other[sizeof other - 1] = '\0';
    write_file(str_printf(&t->arena, "%s/" TREE_MARKER, tree_path(t, &p)), other);
    pass_time(t, 1000);
    assert_int_equal(reconcile(t).trees_built, 1);
    all_quiet(t);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, market_setup, market_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_no_row_names_goes),
        CASE(a_tree_without_a_row_goes_and_a_foreign_one_stays),
        CASE(a_row_of_another_slice_keeps_no_tree),
        CASE(a_missing_tree_is_built_again),
        CASE(a_missing_blob_is_marked_and_comes_back),
        CASE(a_blob_that_comes_back_damaged_is_not_taken),
        CASE(one_damaged_package_keeps_no_other_away),
        CASE(after_an_unclean_end_young_trees_are_built_again),
        CASE(after_a_clean_end_trees_are_left_alone),
        CASE(a_tree_of_other_bytes_is_built_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
