/*
 * test_replica_apply.c - the same log makes the same catalog, whatever a node wanted meanwhile.
 *
 * No network: a random log is written down once and applied by nodes that differ in what waits in
 * their outboxes and in how many entries they take at a time. Truth and hash must be equal.
 */
#include "domain/replica_apply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "domain/outbound.h"
#include "package/version.h"
#include "store/outbox_store.h"
#include "store/plugin_store.h"
#include "support_catalog.h"

enum { ENTRIES = 400, PIDS = 4, VERSIONS = 3, HASHES = 3 };

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* ------------------------------------------------------------------ a log */

struct library {
    struct arena arena;
    struct entry entries[ENTRIES];
    struct version versions[VERSIONS];
    char sha[HASHES][SHA256_HEX];
};

static void id_of(unsigned n, unsigned kind, char out[ID_TEXT])
{
    (void)snprintf(out, ID_TEXT, "01900000-%04x-7000-8000-%012x", kind & 0xffff, n);
}

static const char *id(struct library *l, unsigned n, unsigned kind)
{
    char *text = arena_alloc(&l->arena, ID_TEXT);
    id_of(n, kind, text);
    return text;
}

static struct plugin version_row(struct library *l, unsigned pid, unsigned version, unsigned hash)
{
    bool v1 = pid == 0;
    return (struct plugin){
        .id = id(l, pid * 100 + version * 10 + hash, 7),
        .pid = str_printf(&l->arena, v1 ? "legacy.p%u" : "com.acme.p%u", pid),
        .version = l->versions[version].canonical,
        .scheme = "pep440",
        .order_key = {(const char *)l->versions[version].key, l->versions[version].key_len},
        .generation = v1 ? PLUGIN_V1 : PLUGIN_V2,
        .sha256 = l->sha[hash],
        .size_bytes = 100 + hash,
        .name = "A plugin",
        .agent_type = "general",
        .enabled = true,
        .artifact = "missing",
        .health = "unchecked",
        .capabilities = SLICE("[]"),
        .dependencies = SLICE("[]"),
        .default_settings = SLICE("{}"),
        .settings_schema = SLICE("[]"),
        .tools = SLICE("[]"),
        .created_at = 5,
        .updated_at = 5,
    };
}

static void write_log(struct library *l, uint32_t seed)
{
    static const char *const kinds[] = {OUTBOX_CREATE,  OUTBOX_CREATE,  OUTBOX_ENABLED,
                                        OUTBOX_ENABLED, OUTBOX_REPLACE, OUTBOX_TAG,
                                        OUTBOX_REMOVE,  OUTBOX_ORG};
    static const char *const domains[] = {NULL, "acme.test", "zeta.test"};
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct entry *e = &l->entries[i];
        const char *kind = kinds[next_random(&seed) % 8];
        unsigned pid = next_random(&seed) % PIDS, hash = next_random(&seed) % HASHES;
        bool v1 = !strcmp(kind, OUTBOX_REPLACE) || !strcmp(kind, OUTBOX_REMOVE);
        *e = (struct entry){i + 1, id(l, i, 1), id(l, 1, 2), "other", {.kind = kind, .at = i + 10}};
        e->change.base_op = i > 0 && next_random(&seed) % 2 ? l->entries[i - 1].op_id : NULL;
        if (strcmp(kind, OUTBOX_ORG) == 0) {
            e->change.org = (struct org){.id = id(l, next_random(&seed) % 3, 3),
                                         .name = str_printf(&l->arena, "org %u", i),
                                         .domain = domains[next_random(&seed) % 3],
                                         .status = next_random(&seed) % 2 ? "active" : "suspended",
                                         .is_deleted = next_random(&seed) % 8 == 0};
            continue;
        }
        e->change.plugin = version_row(l, v1 ? 0 : pid, next_random(&seed) % VERSIONS, hash);
        e->change.plugin.enabled = next_random(&seed) % 2;
        e->change.plugin.quarantined = !e->change.plugin.enabled && next_random(&seed) % 6 == 0;
        e->change.plugin.tag = next_random(&seed) % 2 ? "stable" : NULL;
        e->change.old_sha = v1 ? l->sha[next_random(&seed) % HASHES] : NULL;
    }
}

static struct library *open_library(uint32_t seed)
{
    static const char *const texts[] = {"1.0", "1.1", "2.0"};
    struct library *l = calloc(1, sizeof *l); /* freed by close_library */
    assert_non_null(l);
    arena_init(&l->arena, 64 << 20);
    for (size_t i = 0; i < VERSIONS; i++)
        assert_true(version_parse(VERSION_PEP440, slice_of(texts[i]), &l->versions[i]));
    for (size_t i = 0; i < HASHES; i++) {
        unsigned char sum[SHA256_BYTES];
        crypto_sha256((struct slice){(const char *)&i, sizeof i}, sum);
        crypto_hex(sum, sizeof sum, l->sha[i]);
    }
    write_log(l, seed);
    return l;
}

static void close_library(struct library *l)
{
    arena_free(&l->arena);
    free(l);
}

/* ------------------------------------------------------------------ a node's own wishes */

struct wish {
    struct library *l;
    uint32_t seed;
};

/* Something that this node wants and that is not in the log: its row, and the note of it. */
static enum err want(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct wish *w = arg;
    struct plugin p = version_row(w->l, next_random(&w->seed) % PIDS,
                                  next_random(&w->seed) % VERSIONS, next_random(&w->seed) % HASHES),
                  here;
    bool found;
    p.id = str_printf(&w->l->arena, "01900000-0009-7000-8000-%012x", next_random(&w->seed));
    enum err err = plugin_store_find_version(ctx, conn, NULL, p.pid, p.order_key, &here, &found);
    if (err != OK)
        return err;
    if (!found) {
        err = replica_put_version(ctx, conn, &p);
        if (err == OK)
            err = plugin_store_promote(ctx, conn, NULL, p.pid);
        return err == OK ? outbound_version(ctx, conn, OUTBOX_CREATE, &p, NULL) : err;
    }
    here.enabled = !here.enabled && !here.quarantined;
    err = replica_set_flags(ctx, conn, &here);
    if (err == OK)
        err = plugin_store_promote(ctx, conn, NULL, here.pid);
    return err == OK ? outbound_version(ctx, conn, OUTBOX_ENABLED, &here, NULL) : err;
}

static enum err know_bucket(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    return repl_state_bucket(ctx, conn, "01900000-0000-7000-8000-000000000001");
}

static enum err read_state(struct ctx *ctx, struct conn *conn, void *arg)
{
    return repl_state_get(ctx, conn, arg);
}

struct sum {
    struct buf text;
};

static enum err add_truth(void *arg, const struct entity_rev *e)
{
    struct sum *s = arg;
    buf_printf(&s->text, "%s %lld %s %lld %s %.*s\n", e->entity, (long long)e->rev, e->op_id,
               (long long)e->seq, e->claim ? e->claim : "-", SLICE_ARGS(e->state));
    return OK;
}

static enum err read_truth(struct ctx *ctx, struct conn *conn, void *arg)
{
    return entity_rev_walk(ctx, conn, "", 1000, add_truth, arg);
}

/* One node's way through the log; its truth in *out. */
static void live(struct town *t, struct library *l, uint32_t seed, struct sum *out,
                 char hash[SHA256_HEX])
{
    struct wish wish = {l, seed};
    struct repl_state state;
    must(t, store_write(work(t), t->store, know_bucket, NULL));
    for (size_t at = 0; at < ENTRIES;) {
        size_t n = 1 + next_random(&wish.seed) % 20;
        n = n < ENTRIES - at ? n : ENTRIES - at;
        for (unsigned k = next_random(&wish.seed) % 3; seed && k > 0; k--)
            must(t, store_write(work(t), t->store, want, &wish));
        struct applying a = {.d = &t->domain, .entries = &l->entries[at], .count = n};
        must(t, replica_apply(work(t), &a));
        assert_int_equal(a.applied_seq, (int64_t)(at + n));
        at += n;
    }
    must(t, store_read(work(t), t->store, read_state, &state));
    assert_int_equal(state.applied_seq, ENTRIES);
    memcpy(hash, state.state_hash, SHA256_HEX);
    buf_init(&out->text, &l->arena, 4 << 20);
    must(t, store_read(work(t), t->store, read_truth, out));
    assert_false(buf_failed(&out->text));
}

static void nodes_with_other_wishes_agree(void **state)
{
    struct town *t = *state;
    (void)t;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        struct library *l = open_library(seed * 977);
        struct sum truth[3];
        char hash[3][SHA256_HEX];
        for (uint32_t node = 0; node < 3; node++) {
            void *mine = NULL;
            assert_int_equal(market_setup(&mine), 0);
            live(mine, l, node * 31337, &truth[node], hash[node]);
            assert_int_equal(market_teardown(&mine), 0);
        }
        for (int node = 1; node < 3; node++) {
            assert_string_equal(hash[0], hash[node]);
            assert_true(slice_eq(buf_view(&truth[0].text), buf_view(&truth[node].text)));
        }
        close_library(l);
    }
}

static void entries_out_of_turn_are_refused(void **state)
{
    struct town *t = *state;
    struct library *l = open_library(5);
    struct applying a = {.d = &t->domain, .entries = &l->entries[1], .count = 1};
    assert_int_equal(replica_apply(work(t), &a), ERR_INTERNAL);
    close_library(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nodes_with_other_wishes_agree, market_setup,
                                        market_teardown),
        cmocka_unit_test_setup_teardown(entries_out_of_turn_are_refused, market_setup,
                                        market_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
