/*
 * test_publish.c - what an upload decides, what it leaves behind when it stops, and that a version
 * never changes once it is there.
 */
#include "domain/publish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "blob/tree.h"
#include "model/audit.h"
#include "store/db.h"
#include "support_catalog.h"

#define PID "com.acme.search"

/* Everything an upload may leave: rows of the audit, blobs, temp files, trees and staging. */
struct traces {
    size_t audit, blobs, temp, trees;
};

static struct traces traces_of(struct town *t)
{
    return (struct traces){audit_rows(t, "plugin.upload"), files_below(path_in(t, "blobs")),
                           files_below(path_in(t, "tmp")),
                           files_below(path_in(t, "tenants")) + files_below(path_in(t, "system"))};
}

static void same_traces(struct town *t, struct traces before)
{
    struct traces now = traces_of(t);
    assert_int_equal(now.audit, before.audit);
    assert_int_equal(now.blobs, before.blobs);
    assert_int_equal(now.temp, before.temp);
    assert_int_equal(now.trees, before.trees);
}

static enum err count_rows(struct ctx *ctx, struct conn *conn, void *arg)
{
    static const struct sql outbox = {"SELECT count(*) FROM outbox WHERE kind LIKE 'version.%'",
                                      NULL};
    int64_t *n = arg;
    bool row = false;
    struct stmt *s = db_stmt(ctx, conn, &outbox);
    if (s == NULL)
        return ctx->fault.err;
    enum err err = db_step(ctx, s, &row);
    *n = row ? db_int(s, 0) : -1;
    db_done(s);
    return err;
}

static int64_t outbox_rows(struct town *t)
{
    int64_t n = 0;
    must(t, store_read(work(t), t->store, count_rows, &n));
    return n;
}

static void an_upload_stands_whole_when_it_is_answered(void **state)
{
    struct town *t = *state;
    const struct sample s = {.pid = PID, .version = "1.0.0", .tag = "web", .extra = "sub/more.txt"};
    struct published out;
    must(t, upload(t, t->acme.id, &s, &out));
    const struct plugin *p = &out.plugin;
    assert_false(out.unchanged);
    assert_string_equal(p->pid, PID);
    assert_string_equal(p->version, "1.0.0");
    assert_string_equal(p->tag, "web");
    assert_string_equal(p->org_id, t->acme.id);
    assert_int_equal(p->source, SOURCE_ORG);
    assert_true(p->enabled && p->is_latest && p->is_specialized);
    assert_string_equal(p->artifact, "present");
    assert_int_equal(p->created_at, t->wall);
    assert_int_equal(p->size_bytes, (int64_t)sample_zip(&t->arena, &s).n);
    assert_true(is_on_disk(blob_path(t, p->sha256)));
    assert_true(is_on_disk(path_in(t, "tenants/%s/" PID "/1.0.0/plugin.py", t->acme.id)));
    assert_true(is_on_disk(path_in(t, "tenants/%s/" PID "/1.0.0/sub/more.txt", t->acme.id)));
    assert_int_equal(files_below(path_in(t, "tmp")), 0);
    const struct audit_event *e = last_audit(t, "plugin.upload");
    assert_string_equal(e->subject, p->id);
    assert_non_null(strstr(e->detail, p->sha256));
    assert_int_equal(outbox_rows(t), 1);
}

static void a_system_upload_stands_in_its_own_root(void **state)
{
    struct town *t = *state;
    struct plugin p = put_plugin(t, NULL, "io.cadence.system.search", "2.0");
    assert_null(p.org_id);
    assert_int_equal(p.source, SOURCE_SYSTEM);
    assert_true(is_on_disk(path_in(t, "system/io.cadence.system.search/2.0/plugin.py")));
}

static void identical_bytes_again_change_nothing(void **state)
{
    struct town *t = *state;
    const struct sample s = {.pid = PID, .version = "1.0.0"};
    struct plugin first = put_plugin(t, t->acme.id, PID, "1.0.0");
    (void)put_plugin(t, t->acme.id, PID, "2.0.0");
    struct plugin off = turn(t, &first, false);
    struct traces before = traces_of(t);
    struct published out;
    pass_time(t, 1000);
    must(t, upload(t, t->acme.id, &s, &out)); /* lower than 2.0.0, and the same is told first */
    assert_true(out.unchanged);
    assert_string_equal(out.plugin.id, first.id);
    assert_false(out.plugin.enabled); /* what was switched off stays so */
    assert_int_equal(out.plugin.updated_at, off.updated_at);
    same_traces(t, before);
}

static void the_same_bytes_in_another_slice_are_another_version(void **state)
{
    struct town *t = *state;
    const struct sample s = {.pid = PID, .version = "1.0.0"};
    struct published system, again;
    must(t, upload(t, NULL, &s, &system));
    must(t, upload(t, t->acme.id, &s, &again));
    assert_false(again.unchanged);
    assert_string_not_equal(system.plugin.id, again.plugin.id);
    assert_string_equal(system.plugin.sha256, again.plugin.sha256);
    assert_int_equal(files_below(path_in(t, "blobs")), 1);
}

static void a_version_never_changes(void **state)
{
    struct town *t = *state;
    struct plugin first = put_plugin(t, t->acme.id, PID, "1.0.0");
    struct traces before = traces_of(t);
    /* the same version written another way is the same version */
    static const char *const spellings[] = {"1.0.0", "1.0", "1.00.0"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        const struct sample s = {.pid = PID, .version = spellings[i], .note = "other"};
        struct published out;
        must_fail(t, upload(t, t->acme.id, &s, &out), ERR_EXISTS, "immutable");
    }
    same_traces(t, before);
    assert_string_equal(get_plugin(t, &first).sha256, first.sha256);
}

static void a_lower_version_needs_a_word(void **state)
{
    struct town *t = *state;
    struct plugin two = put_plugin(t, t->acme.id, PID, "2.0.0");
    const struct sample s = {.pid = PID, .version = "1.9.1"};
    struct published out;
    struct traces before = traces_of(t);
    must_fail(t, upload(t, t->acme.id, &s, &out), ERR_CONFLICT, "allow_backport=true");
    assert_string_equal(ctx_code(&t->ctx), "RE-0003");
    same_traces(t, before);
    two = turn(t, &two, false); /* disabled ones count as well */
    must_fail(t, upload(t, t->acme.id, &s, &out), ERR_CONFLICT, "2.0.0");
    two = turn(t, &two, true);
    const struct upload what = {.org_id = t->acme.id,
                                .file_name = SLICE("a.ZIP"),
                                .bytes = sample_zip(&t->arena, &s),
                                .allow_backport = true};
    must(t, publish_upload(work(t), &t->domain, &t->cli, &what, &out));
    assert_true(out.plugin.enabled);
    assert_false(out.plugin.is_latest);
    assert_true(get_plugin(t, &two).is_latest);
    /* only when all higher ones are off it becomes the latest */
    two = turn(t, &two, false);
    assert_false(two.is_latest);
    assert_true(get_plugin(t, &out.plugin).is_latest);
    two = turn(t, &two, true);
    assert_true(two.is_latest);
    assert_false(get_plugin(t, &out.plugin).is_latest);
}

static void an_older_prerelease_is_lower_and_a_newer_one_is_latest(void **state)
{
    struct town *t = *state;
    struct plugin final = put_plugin(t, t->acme.id, PID, "1.10.0");
    const struct sample older = {.pid = PID, .version = "1.10.0rc1"};
    struct published out;
    must_fail(t, upload(t, t->acme.id, &older, &out), ERR_CONFLICT, "1.10.0");
    assert_true(put_plugin(t, t->acme.id, PID, "1.11.0a1").is_latest);
    assert_false(get_plugin(t, &final).is_latest);
}

static enum err upload_keyed(struct town *t, const struct actor *who, const struct sample *s,
                             const char *key, struct published *out)
{
    const struct upload what = {.org_id = t->acme.id,
                                .file_name = SLICE("a.zip"),
                                .bytes = sample_zip(&t->arena, s),
                                .idempotency_key = slice_of(key)};
    return publish_upload(work(t), &t->domain, who, &what, out);
}

static void a_key_gives_the_first_answer_again(void **state)
{
    struct town *t = *state;
    const struct sample one = {.pid = PID, .version = "1.0"}, two = {.pid = PID, .version = "2.0"};
    struct actor root = actor_of(&t->root);
    struct published first, again;
    must(t, upload_keyed(t, &root, &one, "k1", &first));
    assert_false(first.unchanged);
    struct traces before = traces_of(t);
    must(t, upload_keyed(t, &root, &one, "k1", &again));
    assert_false(again.unchanged); /* as it was answered the first time: created */
    assert_string_equal(again.plugin.id, first.plugin.id);
    same_traces(t, before);
    must_fail(t, upload_keyed(t, &root, &two, "k1", &again), ERR_UNPROCESSABLE, "another upload");
    same_traces(t, before);
    must(t, upload_keyed(t, &t->cli, &two, "k1", &again)); /* a key is its caller's own */
    assert_string_equal(again.plugin.version, "2.0");
    must(t, upload_keyed(t, &root, &one, "k2", &again));
    assert_true(again.unchanged);
    must(t, upload_keyed(t, &root, &one, "k2", &again));
    assert_true(again.unchanged);
    pass_time(t, 25LL * 3600 * 1000); /* worth a day */
    const struct sample three = {.pid = PID, .version = "3.0"};
    must(t, upload_keyed(t, &root, &three, "k1", &again));
}

static void a_refused_upload_leaves_its_key_free(void **state)
{
    struct town *t = *state;
    const struct sample bad = {.pid = "org.other.x", .version = "1.0"};
    const struct sample good = {.pid = PID, .version = "1.0"};
    struct published out;
    must_fail(t, upload_keyed(t, &t->cli, &bad, "k", &out), ERR_INVALID, NULL);
    must(t, upload_keyed(t, &t->cli, &good, "k", &out));
    assert_false(out.unchanged);
}

static enum err try_dry(struct town *t, const struct sample *s, struct published *out)
{
    const struct upload what = {.org_id = t->acme.id,
                                .file_name = SLICE("a.zip"),
                                .bytes = sample_zip(&t->arena, s),
                                .dry_run = true,
                                .idempotency_key = SLICE("k")};
    return publish_upload(work(t), &t->domain, &t->cli, &what, out);
}

static void a_dry_run_says_the_same_and_stores_nothing(void **state)
{
    struct town *t = *state;
    const struct sample s = {.pid = PID, .version = "1.5"};
    const struct sample lower = {.pid = PID, .version = "1.0"};
    const struct sample other = {.pid = PID, .version = "1.5", .note = "other"};
    const struct sample marker = {.pid = PID, .version = "2.0", .extra = ".larder"};
    struct published out;
    struct traces before = traces_of(t);
    uint64_t generation = catalog_generation(&t->domain, t->acme.id);
    must(t, try_dry(t, &s, &out));
    assert_true(out.dry_run && !out.unchanged);
    assert_string_equal(out.plugin.version, "1.5");
    same_traces(t, before);
    assert_true(catalog_generation(&t->domain, t->acme.id) == generation);
    must(t, upload(t, t->acme.id, &s, &out));
    before = traces_of(t);
    must(t, try_dry(t, &s, &out));
    assert_true(out.unchanged);
    must_fail(t, try_dry(t, &lower, &out), ERR_CONFLICT, "lower");
    must_fail(t, try_dry(t, &other, &out), ERR_EXISTS, "immutable");
    must_fail(t, try_dry(t, &marker, &out), ERR_INVALID, "reserved");
    same_traces(t, before);
}

static const struct fault_item *item(struct town *t, const char *rule)
{
    for (size_t i = 0; i < t->ctx.fault.item_count; i++)
        if (strcmp(t->ctx.fault.items[i].rule, rule) == 0)
            return &t->ctx.fault.items[i];
    return NULL;
}

static void all_findings_come_in_one_answer(void **state)
{
    struct town *t = *state;
    const struct sample s = {
        .pid = "org.other.x",
        .version = "not a version",
        .settings = "[{\"key\": \"a\", \"type\": \"percent\", \"description\": \"d\"}]"};
    struct published out;
    struct traces before = traces_of(t);
    must_fail(t, upload(t, t->acme.id, &s, &out), ERR_INVALID, NULL);
    assert_string_equal(ctx_code(&t->ctx), "PL-0003");
    assert_true(t->ctx.fault.item_count >= 3);
    const struct fault_item *domain = item(t, "pid.domain");
    assert_non_null(domain);
    assert_string_equal(domain->field, "pid");
    assert_non_null(strstr(domain->sentence, "com.acme"));
    bool version = false, setting = false;
    for (size_t i = 0; i < t->ctx.fault.item_count; i++) {
        const struct fault_item *it = &t->ctx.fault.items[i];
        assert_true(it->rule && it->sentence && it->sentence[0]);
        version = version || strstr(it->sentence, "not a version");
        setting = setting || strstr(it->sentence, "percent");
    }
    assert_true(version && setting);
    same_traces(t, before);
}

static void the_domain_decides_which_pids_an_org_has(void **state)
{
    struct town *t = *state;
    static const struct {
        const char *pid;
        bool fits;
    } rows[] = {{"com.acme", true},       {"com.acme.a.b", true}, {"COM.Acme.c", true},
                {"com.acmefoo.x", false}, {"com.acm", false},     {"acme.com.x", false},
                {"org.com.acme.x", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct sample s = {.pid = rows[i].pid, .version = "1.0"};
        struct published out;
        enum err err = upload(t, t->acme.id, &s, &out);
        if (rows[i].fits) {
            must(t, err);
            continue;
        }
        must_fail(t, err, ERR_INVALID, NULL);
        assert_int_equal(t->ctx.fault.item_count, 1);
        assert_string_equal(t->ctx.fault.items[0].rule, "pid.domain");
    }
}

static void forms_that_are_no_upload(void **state)
{
    struct town *t = *state;
    struct traces before = traces_of(t);
    const struct sample s = {.pid = PID, .version = "1.0"}, old = {.version = "1.0"};
    struct upload what = {
        .org_id = t->acme.id, .file_name = SLICE("a.tar"), .bytes = sample_zip(&t->arena, &s)};
    struct published out;
    must_fail(t, publish_upload(work(t), &t->domain, &t->cli, &what, &out), ERR_INVALID, ".zip");
    what.file_name = SLICE("a.zip");
    what.bytes = SLICE("not an archive");
    must_fail(t, publish_upload(work(t), &t->domain, &t->cli, &what, &out), ERR_INVALID, "ZIP");
    what.bytes = SLICE_NONE;
    must_fail(t, publish_upload(work(t), &t->domain, &t->cli, &what, &out), ERR_INVALID, "ZIP");
    what.bytes = sample_zip(&t->arena, &s);
    what.bytes.n -= 5; /* the end is missing */
    must_fail(t, publish_upload(work(t), &t->domain, &t->cli, &what, &out), ERR_INVALID, NULL);
    what.bytes = sample_zip(&t->arena, &s);
    what.org_id = "01900000-0000-7000-8000-000000000000";
    must_fail(t, publish_upload(work(t), &t->domain, &t->cli, &what, &out), ERR_NOT_FOUND, NULL);
    must_fail(t, upload(t, t->acme.id, &old, &out), ERR_INVALID, "/api/v1/plugins/upload");
    must_fail(t, upload(t, NULL, &old, &out), ERR_INVALID, "v1");
    same_traces(t, before);
}

static void the_markers_name_is_reserved(void **state)
{
    struct town *t = *state;
    static const char *const names[] = {".larder", ".larder/x", ".larder/sub/x"};
    struct traces before = traces_of(t);
    struct published out;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct sample s = {.pid = "org.other.x", .version = "1.0", .extra = names[i]};
        must_fail(t, upload(t, t->acme.id, &s, &out), ERR_INVALID, "reserved");
        assert_non_null(item(t, "pid.domain")); /* told together */
        assert_string_equal(item(t, "zip.reserved")->file, names[i]);
        same_traces(t, before);
    }
    const struct sample deeper = {.pid = PID, .version = "1.0", .extra = "sub/.larder"};
    must(t, upload(t, t->acme.id, &deeper, &out)); /* only at the top it would be ours */
    assert_true(is_on_disk(path_in(t, "tenants/%s/" PID "/1.0/sub/.larder", t->acme.id)));
}

static void a_secret_default_is_never_stored(void **state)
{
    struct town *t = *state;
    const struct sample s = {
        .pid = PID,
        .version = "1.0",
        .settings = "[{\"key\": \"api_key\", \"type\": \"str\", \"description\": \"d\","
                    " \"default\": \"sk-LEAKED\", \"sensitive\": True},"
                    " {\"key\": \"host\", \"type\": \"str\", \"description\": \"d\","
                    " \"default\": \"shown.example\"}]"};
    struct published out;
    must(t, upload(t, t->acme.id, &s, &out));
    char path[512], line[4096];
    bool shown = false;
    (void)snprintf(path, sizeof path, "%.*s", SLICE_ARGS(out.plugin.settings_schema));
    assert_non_null(strstr(path, "\"default\":null"));
    static const char *const files[] = {"larder.db", "larder.db-wal"};
    for (size_t i = 0; i < 2; i++) {
        FILE *f = fopen(path_in(t, "%s", files[i]), "rb");
        if (f == NULL)
            continue;
        /* overlapping windows, so that a text on a border is seen */
        size_t kept = 0, got;
        while ((got = fread(line + kept, 1, sizeof line - kept, f)) > 0) {
            size_t n = kept + got;
            assert_null(memmem(line, n, "LEAKED", 6));
            shown = shown || memmem(line, n, "shown.example", 13);
            kept = n < 32 ? n : 32;
            memmove(line, line + n - kept, kept);
        }
        (void)fclose(f);
    }
    assert_true(shown); /* so the search would have found it */
}

/* ------------------------------------------------------------------ steps that fail */

static void no_room_for_the_blob_leaves_nothing(void **state)
{
    struct town *t = *state;
    const struct sample s = {.pid = PID, .version = "1.0"};
    struct published out;
    const char *tmp = path_in(t, "tmp"), *away = path_in(t, "tmp.away");
    struct traces before = traces_of(t);
    assert_int_equal(rename(tmp, away), 0); /* its descriptor stays, so the folder must go */
    assert_int_equal(rmdir(away), 0);
    must_fail(t, upload(t, t->acme.id, &s, &out), ERR_IO, NULL);
    assert_int_equal(mkdir(tmp, 0700), 0);
    market_reopen(t);
    same_traces(t, before);
    must(t, upload(t, t->acme.id, &s, &out)); /* and it heals */
    assert_false(out.unchanged);
}

static void no_place_for_staging_leaves_a_blob_only(void **state)
{
    struct town *t = *state;
    const struct sample s = {.pid = PID, .version = "1.0"};
    struct published out;
    struct traces before = traces_of(t);
    const char *root = path_in(t, "tenants");
    assert_int_equal(rmdir(root), 0);
    must_fail(t, upload(t, t->acme.id, &s, &out), ERR_IO, NULL);
    market_reopen(t);
    struct traces now = traces_of(t);
    assert_int_equal(now.audit, before.audit);
    assert_int_equal(now.blobs, 1); /* the next start sweeps it */
    assert_int_equal(now.trees + now.temp, 0);
    const struct catalog_query all = {.org_id = t->acme.id};
    assert_string_equal(listed(t, &all), "");
    must(t, upload(t, t->acme.id, &s, &out));
    assert_false(out.unchanged);
}

/* Makes the last statement of an upload's transaction fail. */
static enum err spoil_outbox(struct ctx *ctx, struct conn *conn, void *arg)
{
    static const struct sql trigger = {"CREATE TRIGGER no BEFORE INSERT ON outbox"
                                       " BEGIN SELECT RAISE(ABORT, 'no'); END",
                                       NULL};
    struct stmt *s = db_stmt(ctx, conn, &trigger);
    (void)arg;
    return s ? db_run(ctx, conn, s, NULL) : ctx->fault.err;
}

static void a_transaction_that_fails_leaves_a_blob_only(void **state)
{
    struct town *t = *state;
    const struct sample s = {.pid = PID, .version = "1.0"};
    const struct catalog_query all = {.org_id = t->acme.id, .include_disabled = true};
    struct published out;
    struct traces before = traces_of(t);
    uint64_t generation = catalog_generation(&t->domain, t->acme.id);
    must(t, store_write(work(t), t->store, spoil_outbox, NULL));
    assert_int_not_equal(upload(t, t->acme.id, &s, &out), OK);
    struct traces now = traces_of(t);
    assert_int_equal(now.audit, before.audit);
    assert_int_equal(now.temp + now.trees, 0); /* the staged tree is taken away */
    assert_int_equal(now.blobs, 1);
    assert_string_equal(listed(t, &all), "");
    assert_true(catalog_generation(&t->domain, t->acme.id) == generation);
}

static void a_tree_that_cannot_move_is_told_and_the_version_stays(void **state)
{
    struct town *t = *state;
    const struct sample s = {.pid = PID, .version = "1.0"};
    struct published out;
    write_file(path_in(t, "tenants/%s", t->acme.id), "in the way");
    enum err err = upload(t, t->acme.id, &s, &out);
    assert_int_equal(err, ERR_IO); /* not acknowledged; the row is there, as after a crash */
    const struct catalog_query all = {.org_id = t->acme.id};
    assert_string_equal(listed(t, &all), PID " 1.0");
    assert_int_equal(unlink(path_in(t, "tenants/%s", t->acme.id)), 0);
    must(t, upload(t, t->acme.id, &s, &out)); /* trying again mends it */
    assert_true(out.unchanged);
    assert_true(is_on_disk(tree_path(t, &out.plugin)));
}

/* The rooms below call this one: how often a root of trees was flushed. */
static int flushes;

int syncfs(int fd)
{
    (void)fd;
    flushes++;
    return 0;
}

/* A row that is older than the run says that its tree was flushed before it: this one was not. */
static void a_tree_that_comes_back_late_is_flushed(void **state)
{
    struct town *t = *state;
    const struct sample s = {.pid = PID, .version = "1.0"};
    struct published out;
    struct plugin p = put_plugin(t, t->acme.id, PID, "1.0");
    int before = flushes;
    must(t, upload(t, t->acme.id, &s, &out));
    assert_int_equal(flushes, before); /* it stands: nothing to flush */
    const struct tree_place place = {{t->acme.id, PID, "1.0"}};
    must(t, tree_remove(work(t), t->domain.tenant_trees, &place));
    must(t, upload(t, t->acme.id, &s, &out));
    assert_true(out.unchanged && is_on_disk(tree_path(t, &p)));
    assert_int_equal(flushes, before + 1);
    (void)put_plugin(t, t->acme.id, PID, "2.0");
    assert_int_equal(flushes, before + 1); /* a new one pays nothing: its row is as young */
}

static void trying_again_brings_missing_bytes_back(void **state)
{
    struct town *t = *state;
    const struct sample s = {.pid = PID, .version = "1.0"};
    struct published out;
    struct plugin p = put_plugin(t, t->acme.id, PID, "1.0");
    assert_int_equal(unlink(blob_path(t, p.sha256)), 0);
    must(t, upload(t, t->acme.id, &s, &out));
    assert_true(out.unchanged);
    assert_true(is_on_disk(blob_path(t, p.sha256)));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, market_setup, market_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_upload_stands_whole_when_it_is_answered),
        CASE(a_system_upload_stands_in_its_own_root),
        CASE(identical_bytes_again_change_nothing),
        CASE(the_same_bytes_in_another_slice_are_another_version),
        CASE(a_version_never_changes),
        CASE(a_lower_version_needs_a_word),
        CASE(an_older_prerelease_is_lower_and_a_newer_one_is_latest),
        CASE(a_key_gives_the_first_answer_again),
        CASE(a_refused_upload_leaves_its_key_free),
        CASE(a_dry_run_says_the_same_and_stores_nothing),
        CASE(all_findings_come_in_one_answer),
        CASE(the_domain_decides_which_pids_an_org_has),
        CASE(forms_that_are_no_upload),
        CASE(the_markers_name_is_reserved),
        CASE(a_secret_default_is_never_stored),
        CASE(no_room_for_the_blob_leaves_nothing),
        CASE(no_place_for_staging_leaves_a_blob_only),
        CASE(a_transaction_that_fails_leaves_a_blob_only),
        CASE(a_tree_that_cannot_move_is_told_and_the_version_stays),
        CASE(a_tree_that_comes_back_late_is_flushed),
        CASE(trying_again_brings_missing_bytes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
