/*
 * test_replica_record.c - what nodes write for each other is read back as it was, and whatever is not
 * exactly that is refused by a sentence that names the field.
 */
#include "domain/replica_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "package/version.h"
#include "store/outbox_store.h"

#define OP "01900000-0000-7000-8000-000000000001"
#define NODE "01900000-0000-7000-8000-000000000002"
#define ORG "01900000-0000-7000-8000-000000000003"
#define ROW "01900000-0000-7000-8000-000000000004"
#define SHA "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define OLD "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"

struct desk {
    struct arena arena;
    struct ctx ctx;
    struct version version;
};

static int setup(void **state)
{
    static struct desk desk;
    memset(&desk, 0, sizeof desk);
    arena_init(&desk.arena, 64 << 20);
    ctx_init(&desk.ctx, &desk.arena, &clock_system, NULL, "test");
    assert_true(version_parse(VERSION_PEP440, SLICE("1.2.0"), &desk.version));
    *state = &desk;
    return 0;
}

static int teardown(void **state)
{
    arena_free(&((struct desk *)*state)->arena);
    return 0;
}

static struct ctx *fresh(struct desk *d)
{
    ctx_forgive(&d->ctx);
    return &d->ctx;
}

static struct change change_of(const struct desk *d, const char *kind)
{
    struct change c = {
        .kind = kind,
        .base_rev = 3,
        .base_op = OP,
        .at = 1234567890123,
        .by = NODE,
        .plugin = {.id = ROW,
                   .org_id = ORG,
                   .pid = "com.acme.search",
                   .version = "1.2.0",
                   .scheme = "pep440",
                   .order_key = {(const char *)d->version.key, d->version.key_len},
                   .generation = PLUGIN_V2,
                   .sha256 = SHA,
                   .size_bytes = 4711,
                   .name = "Search <fast>",
                   .description = "Finds \"things\"\n\xc3\xa4",
                   .tag = "stable",
                   .agent_type = "general",
                   .stateless = true,
                   .is_scoped = true,
                   .has_readme = true,
                   .capabilities = SLICE("[\"a\"]"),
                   .dependencies = SLICE("[\"x\\u003e=1.0\"]"),
                   .default_settings = SLICE("{\"n\":1,\"r\":0.5,\"l\":[true,null]}"),
                   .settings_schema = SLICE("[{\"key\":\"n\"}]"),
                   .tools = SLICE("[]")}};
    if (strcmp(kind, OUTBOX_REPLACE) == 0 || strcmp(kind, OUTBOX_REMOVE) == 0) {
        c.plugin.generation = PLUGIN_V1;
        c.plugin.pid = "legacy.math_plugin";
        c.plugin.org_id = NULL;
        c.old_sha = OLD;
    }
    if (strcmp(kind, OUTBOX_ORG) == 0) {
        memset(&c.plugin, 0, sizeof c.plugin);
        c.org = (struct org){
            .id = ORG, .name = "Acme", .domain = "acme.com", .status = "suspended"};
    }
    return c;
}

static const char *const kinds[] = {OUTBOX_CREATE,  OUTBOX_ENABLED, OUTBOX_TAG,
                                    OUTBOX_REPLACE, OUTBOX_REMOVE,  OUTBOX_ORG};
enum { KINDS = sizeof kinds / sizeof *kinds };

static struct slice written(struct desk *d, const struct change *c, int64_t seq)
{
    const struct entry e = {seq, OP, NODE, "edge-1", *c};
    struct slice text;
    assert_int_equal(entry_write(fresh(d), &e, &text), OK);
    return text;
}

static void every_kind_comes_back_as_it_was(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < KINDS; i++)
        for (int64_t seq = 0; seq <= 7; seq += 7) {
            struct change c = change_of(d, kinds[i]);
            struct entry e;
            struct slice text = written(d, &c, seq);
            if (seq == 0 && !change_brings_bytes(&c))
                continue; /* only what brings bytes has a record */
            assert_int_equal(entry_read(fresh(d), text, seq, &e), OK);
            struct slice again = written(d, &e.change, seq);
            assert_int_equal(again.n, text.n);
            assert_memory_equal(again.p, text.p, text.n);
            assert_string_equal(change_entity(&d->arena, &c), change_entity(&d->arena, &e.change));
        }
}

/* The text with one piece exchanged; it must be there. */
static struct slice with(struct desk *d, struct slice text, const char *from, const char *to)
{
    const char *at = memmem(text.p, text.n, from, strlen(from));
    struct buf b;
    assert_non_null(at);
    buf_init(&b, &d->arena, text.n + strlen(to) + 1);
    buf_add(&b, text.p, (size_t)(at - text.p));
    buf_str(&b, to);
    buf_add(&b, at + strlen(from), text.n - (size_t)(at - text.p) - strlen(from));
    return buf_view(&b);
}

static void what_is_wrong_is_refused_by_name(void **state)
{
    // clang-format off
    static const struct { const char *kind, *from, *to, *field; } wrong[] = {
        {OUTBOX_CREATE,  "\"format\":1", "\"format\":2", "format"},
        {OUTBOX_CREATE,  "\"seq\":7", "\"seq\":8", "seq"},
        {OUTBOX_CREATE,  "\"op_id\":\"01", "\"op_id\":\"zz", "op_id"},
        {OUTBOX_CREATE,  "\"kind\":\"version.create\"", "\"kind\":\"version.burn\"", "kind"},
        {OUTBOX_CREATE,  "\"pid\":\"com.acme", "\"pid\":\"../acme", "pid"},
        {OUTBOX_CREATE,  "\"pid\":\"com.acme", "\"pid\":\"com/acme", "pid"},
        {OUTBOX_CREATE,  "\"version\":\"1.2.0\"", "\"version\":\"1.3.0\"", "order_key"},
        {OUTBOX_CREATE,  "\"version\":\"1.2.0\"", "\"version\":\"latest\"", "version"},
        {OUTBOX_CREATE,  "\"scheme\":\"pep440\"", "\"scheme\":\"mine\"", "scheme"},
        {OUTBOX_CREATE,  "\"sha256\":\"9f", "\"sha256\":\"9G", "sha256"},
        {OUTBOX_CREATE,  "\"size\":4711", "\"size\":0", "size"},
        {OUTBOX_CREATE,  "\"size\":4711", "\"size\":99999999999", "size"},
        {OUTBOX_CREATE,  "\"org_id\":\"01", "\"org_id\":\"..", "org_id"},
        {OUTBOX_CREATE,  "\"generation\":2", "\"generation\":3", "generation"},
        {OUTBOX_REPLACE, "\"generation\":1", "\"generation\":2", "generation"},
        {OUTBOX_REMOVE,  "\"old_sha\":\"60", "\"old_sha\":\"xx", "old_sha"},
        {OUTBOX_ENABLED, "\"enabled\":false", "\"enabled\":1", "enabled"},
        {OUTBOX_ORG,     "\"status\":\"suspended\"", "\"status\":\"gone\"", "status"},
        {OUTBOX_ORG,     "\"id\":\"01", "\"id\":\"0x", "id"},
        {OUTBOX_TAG,     "\"base_rev\":3", "\"base_rev\":-1", "base_rev"},
    };
    // clang-format on
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct change c = change_of(d, wrong[i].kind);
        struct entry e;
        struct slice text = with(d, written(d, &c, 7), wrong[i].from, wrong[i].to);
        enum err err = entry_read(fresh(d), text, 7, &e);
        if (err == OK || strcmp(d->ctx.fault.field, wrong[i].field) != 0)
            fail_msg("%s: %s -> %s: %d, field '%s'", wrong[i].kind, wrong[i].from, wrong[i].to, err,
                     d->ctx.fault.field);
    }
}

static void a_quarantine_is_never_enabled(void **state)
{
    struct desk *d = *state;
    struct change c = change_of(d, OUTBOX_ENABLED);
    struct entry e;
    c.plugin.enabled = c.plugin.quarantined = true;
    assert_int_not_equal(entry_read(fresh(d), written(d, &c, 7), 7, &e), OK);
}

static void every_cut_and_every_flip_is_refused_or_sound(void **state)
{
    struct desk *d = *state;
    struct change c = change_of(d, OUTBOX_CREATE);
    struct slice text = written(d, &c, 0);
    struct entry e;
    for (size_t n = 0; n < text.n; n++)
        assert_int_not_equal(entry_read(fresh(d), slice_sub(text, 0, n), 0, &e), OK);
    char *copy = slice_dup(&d->arena, text);
    for (size_t i = 0; i < text.n; i++) {
        char was = copy[i];
        copy[i] = (char)(was ^ 1);
        if (entry_read(fresh(d), (struct slice){copy, text.n}, 0, &e) == OK)
            (void)written(d, &e.change, 0); /* it is another record then, and can be written */
        copy[i] = was;
        if (i % 64 == 0)
            arena_reset(&d->arena), text = written(d, &c, 0), copy = slice_dup(&d->arena, text);
    }
}

/* ------------------------------------------------------------------ names */

static void names_are_plain_and_lead_back(void **state)
{
    static const char *const pids[] = {"com.acme.search", "a", "Com.ACME.x_y-z", "legacy.math"};
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof pids / sizeof *pids; i++)
        for (int org = 0; org < 2; org++)
            for (int generation = 1; generation <= 2; generation++) {
                struct change c = change_of(d, OUTBOX_CREATE);
                c.plugin.pid = pids[i];
                c.plugin.org_id = org ? ORG : NULL;
                c.plugin.generation = generation;
                const char *key = replica_version_key(&d->arena, &c, OP);
                assert_int_equal(strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789./-_"),
                                 strlen(key));
                assert_true(strlen(key) < 1024);
                assert_string_equal(replica_entity_of(&d->arena, slice_of(key)),
                                    change_entity(&d->arena, &c));
            }
    assert_null(replica_entity_of(&d->arena, SLICE("versions/system/a.json")));
    assert_null(replica_entity_of(&d->arena, SLICE("versions/other/aa/aa.json")));
    assert_null(replica_entity_of(&d->arena, SLICE("versions/system/A!/aa.json")));
    assert_null(replica_entity_of(&d->arena, SLICE("blobs/system/aa/aa.json")));
}

static void numbers_sort_as_text(void **state)
{
    struct desk *d = *state;
    const char *a = replica_log_key(&d->arena, 9), *b = replica_log_key(&d->arena, 10);
    assert_string_equal(a, "log/00000000000000000009.json");
    assert_true(strcmp(a, b) < 0);
    assert_int_equal(replica_number_of(slice_of(b), REPLICA_LOG, ".json"), 10);
    assert_int_equal(replica_number_of(SLICE("log/9.json"), REPLICA_LOG, ".json"), -1);
    assert_int_equal(
        replica_number_of(SLICE("log/0000000000000000000x.json"), REPLICA_LOG, ".json"), -1);
    assert_int_equal(
        replica_number_of(SLICE("log/99999999999999999999.json"), REPLICA_LOG, ".json"), -1);
    assert_string_equal(replica_blob_key(&d->arena, SHA), "blobs/sha256/9f/86/" SHA ".zip");
}

/* ------------------------------------------------------------------ small files and snapshots */

static void notes_come_back(void **state)
{
    struct desk *d = *state;
    struct slice text;
    struct bucket_note bucket;
    struct node_note node;
    struct writer_note writer;
    assert_int_equal(bucket_note_write(fresh(d), &(struct bucket_note){ROW, 5}, &text), OK);
    assert_int_equal(bucket_note_read(fresh(d), text, &bucket), OK);
    assert_string_equal(bucket.bucket_id, ROW);
    const struct node_note n = {NODE, "edge-1", "0.1.0", 12, 99, SHA};
    assert_int_equal(node_note_write(fresh(d), &n, &text), OK);
    assert_int_equal(node_note_read(fresh(d), text, &node), OK);
    assert_int_equal(node.applied_seq, 12);
    assert_string_equal(node.state_hash, SHA);
    assert_int_equal(writer_note_write(fresh(d), &(struct writer_note){NODE, "edge-1", 7}, &text),
                     OK);
    assert_int_equal(writer_note_read(fresh(d), text, &writer), OK);
    assert_string_equal(writer.name, "edge-1");
    assert_int_not_equal(bucket_note_read(fresh(d), text, &bucket), OK);
    assert_int_not_equal(node_note_read(fresh(d), SLICE("{\"format\":1}"), &node), OK);
}

static void lines_of_a_snapshot_come_back(void **state)
{
    struct desk *d = *state;
    struct truth_line line = {.entity = "v/system/x/01",
                              .op_id = OP,
                              .rev = 4,
                              .seq = 9,
                              .state = SLICE("{\"id\":\"x\",\"n\":1}"),
                              .has_change = true,
                              .change = change_of(d, OUTBOX_CREATE)},
                      back;
    struct buf b;
    struct jw j;
    buf_init(&b, &d->arena, 1 << 20);
    jw_start(&j, &b);
    truth_line_write(&j, &line);
    assert_true(jw_done(&j));
    assert_int_equal(truth_line_read(fresh(d), buf_view(&b), &back), OK);
    assert_int_equal(back.rev, 4);
    assert_true(slice_eq(back.state, line.state));
    assert_string_equal(back.change.plugin.sha256, SHA);
    assert_int_not_equal(truth_line_read(fresh(d), SLICE("{\"entity\":\"v\"}"), &back), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_comes_back_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_refused_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(a_quarantine_is_never_enabled, setup, teardown),
        cmocka_unit_test_setup_teardown(every_cut_and_every_flip_is_refused_or_sound, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(names_are_plain_and_lead_back, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_sort_as_text, setup, teardown),
        cmocka_unit_test_setup_teardown(notes_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_of_a_snapshot_come_back, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
