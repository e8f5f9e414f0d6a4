/*
 * test_catalog_threads.c - uploads, switches and lists together, from eight threads on one domain.
 *
 * Four threads upload the same versions with different bytes, so that each version has one winner;
 * two switch versions off and on; two walk the lists and read rows. Meant for the thread sanitizer
 * too; what is checked at the end holds in any order of events.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support_catalog.h"

enum { UPLOADERS = 4, SWITCHERS = 2, READERS = 2, PIDS = 2, VERSIONS = 5, SWITCHES = 30 };

struct scene {
    struct town *t;
    atomic_int uploading;            /* threads that have not done yet */
    atomic_int wins[PIDS][VERSIONS]; /* 201s */
    atomic_int refusals, wrong;      /* 409s, and everything that must not be */
    char winner[PIDS][VERSIONS][65]; /* the hash that was acknowledged */
};

struct player {
    struct scene *scene;
    int number;
    struct arena arena;
    struct ctx ctx;
};

static void turn_begins(struct player *p)
{
    arena_reset(&p->arena);
    ctx_init(&p->ctx, &p->arena, &clock_system, NULL, "thread");
}

static void upload_one(struct player *p, int pid, int version)
{
    struct scene *s = p->scene;
    struct published out;
    turn_begins(p);
    const struct sample sample = {
        .pid = str_printf(&p->arena, "com.acme.p%d", pid),
        .version = str_printf(&p->arena, "1.%d", version),
        .note = str_printf(&p->arena, "by %d", p->number),
    };
    const struct upload what = {.org_id = s->t->acme.id,
                                .file_name = SLICE("a.zip"),
                                .bytes = sample_zip(&p->arena, &sample),
                                .allow_backport = true};
    enum err err = publish_upload(&p->ctx, &s->t->domain, &s->t->cli, &what, &out);
    if (err == ERR_EXISTS)
        atomic_fetch_add(&s->refusals, 1);
    else if (err != OK || out.unchanged)
        atomic_fetch_add(&s->wrong, 1);
    else if (atomic_fetch_add(&s->wins[pid][version], 1) == 0)
        (void)snprintf(s->winner[pid][version], sizeof s->winner[pid][version], "%s",
                       out.plugin.sha256);
}

static void *upload_all(void *arg)
{
    struct player *p = arg;
    for (int version = 0; version < VERSIONS; version++)
        for (int pid = 0; pid < PIDS; pid++)
            upload_one(p, (pid + p->number) % PIDS, version);
    atomic_fetch_sub(&p->scene->uploading, 1);
    return NULL;
}

struct picking {
    struct player *player;
    char id[64];
    int rows, at;
    char last[256]; /* pid of the row before */
};

/* Rows come in order, one latest a plugin; the at-th one is remembered. */
static enum err pick(void *arg, const struct plugin *p)
{
    struct picking *k = arg;
    if (k->rows && strcmp(k->last, p->pid) >= 0)
        atomic_fetch_add(&k->player->scene->wrong, 1);
    if (k->rows++ == k->at)
        (void)snprintf(k->id, sizeof k->id, "%s", p->id);
    (void)snprintf(k->last, sizeof k->last, "%s", p->pid);
    return OK;
}

static bool list_once(struct player *p, int at, struct picking *k)
{
    const struct catalog_query q = {
        .org_id = p->scene->t->acme.id, .org_only = true, .include_disabled = true};
    bool more;
    *k = (struct picking){.player = p, .at = at};
    turn_begins(p);
    if (catalog_list(&p->ctx, &p->scene->t->domain, &q, pick, k, &more) == OK && !more)
        return k->id[0] != '\0';
    atomic_fetch_add(&p->scene->wrong, 1);
    return false;
}

static void *switch_some(void *arg)
{
    struct player *p = arg;
    struct scene *s = p->scene;
    for (int done = 0; done < SWITCHES && atomic_load(&s->uploading) > 0;) {
        struct picking k;
        struct plugin now;
        if (!list_once(p, done % PIDS, &k))
            continue;
        for (int i = 0; i < 2; i++) {
            bool on = i == 1;
            const struct catalog_change change = {.enabled = &on};
            turn_begins(p);
            if (catalog_change(&p->ctx, &s->t->domain, &s->t->cli, s->t->acme.id, k.id, &change,
                               &now) != OK)
                atomic_fetch_add(&s->wrong, 1);
        }
        done++;
    }
    return NULL;
}

static void *read_some(void *arg)
{
    struct player *p = arg;
    struct scene *s = p->scene;
    uint64_t before = 0;
    do {
        struct picking k;
        struct plugin row;
        int fd;
        uint64_t now = catalog_generation(&s->t->domain, s->t->acme.id);
        if (now < before)
            atomic_fetch_add(&s->wrong, 1);
        before = now;
        if (!list_once(p, p->number % PIDS, &k))
            continue;
        turn_begins(p);
        if (catalog_get(&p->ctx, &s->t->domain, s->t->acme.id, k.id, &row) != OK ||
            catalog_open(&p->ctx, &s->t->domain, &row, &fd) != OK)
            atomic_fetch_add(&s->wrong, 1);
        else
            (void)close(fd);
    } while (atomic_load(&s->uploading) > 0);
    return NULL;
}

static void run_all(struct scene *s)
{
    struct player players[UPLOADERS + SWITCHERS + READERS];
    pthread_t threads[UPLOADERS + SWITCHERS + READERS];
    enum { ALL = UPLOADERS + SWITCHERS + READERS };
    atomic_store(&s->uploading, UPLOADERS);
    for (int i = 0; i < ALL; i++) {
        players[i] = (struct player){.scene = s, .number = i};
        arena_init(&players[i].arena, 64 << 20);
        void *(*play)(void *) = i < UPLOADERS               ? upload_all
                                : i < UPLOADERS + SWITCHERS ? switch_some
                                                            : read_some;
        assert_int_equal(pthread_create(&threads[i], NULL, play, &players[i]), 0);
    }
    for (int i = 0; i < ALL; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        arena_free(&players[i].arena);
    }
}

static void check_version(struct town *t, const struct scene *s, int pid, int version)
{
    assert_int_equal(atomic_load(&s->wins[pid][version]), 1);
    const char *sha256 = s->winner[pid][version];
    const char *marker = path_in(t, "tenants/%s/com.acme.p%d/1.%d/.larder", t->acme.id, pid,
                                 version);
    assert_true(is_on_disk(blob_path(t, sha256)));
    char text[256] = "";
    FILE *f = fopen(marker, "rb");
    assert_non_null(f);
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    (void)fclose(f);
    assert_non_null(strstr(text, sha256)); /* the tree is the winner's */
}

static void everybody_at_once(void **state)
{
    struct town *t = *state;
    struct scene *s = arena_alloc(&t->arena, sizeof *s);
    s->t = t;
    run_all(s);
    assert_int_equal(atomic_load(&s->wrong), 0);
    assert_int_equal(atomic_load(&s->refusals), (UPLOADERS - 1) * PIDS * VERSIONS);
    for (int pid = 0; pid < PIDS; pid++)
        for (int version = 0; version < VERSIONS; version++)
            check_version(t, s, pid, version);
    assert_int_equal(files_below(path_in(t, "tmp")), 0);
    assert_int_equal(files_below(path_in(t, "tenants")), 2 * PIDS * VERSIONS); /* and no staging */
    assert_int_equal(audit_rows(t, "plugin.upload"), PIDS * VERSIONS);
}

/* The same bytes from many at once: one is told "new", the others "unchanged", of one id. */
struct same {
    struct scene *scene;
    char ids[UPLOADERS][64];
    atomic_int made;
};

struct twin {
    struct same *same;
    struct player player;
};

static void *upload_same(void *arg)
{
    struct twin *twin = arg;
    struct player *p = &twin->player;
    struct town *t = p->scene->t;
    const struct sample sample = {.pid = "com.acme.same", .version = "1.0"};
    struct published out;
    turn_begins(p);
    const struct upload what = {
        .org_id = t->acme.id, .file_name = SLICE("a.zip"), .bytes = sample_zip(&p->arena, &sample)};
    if (publish_upload(&p->ctx, &t->domain, &t->cli, &what, &out) != OK) {
        atomic_fetch_add(&p->scene->wrong, 1);
        return NULL;
    }
    if (!out.unchanged)
        atomic_fetch_add(&twin->same->made, 1);
    (void)snprintf(twin->same->ids[p->number], sizeof twin->same->ids[0], "%s", out.plugin.id);
    return NULL;
}

static void the_same_bytes_from_many_are_one_version(void **state)
{
    struct town *t = *state;
    struct scene *s = arena_alloc(&t->arena, sizeof *s);
    struct same *same = arena_alloc(&t->arena, sizeof *same);
    struct twin twins[UPLOADERS];
    pthread_t threads[UPLOADERS];
    s->t = t;
    same->scene = s;
    for (int i = 0; i < UPLOADERS; i++) {
        twins[i] = (struct twin){same, {.scene = s, .number = i}};
        arena_init(&twins[i].player.arena, 64 << 20);
        assert_int_equal(pthread_create(&threads[i], NULL, upload_same, &twins[i]), 0);
    }
    for (int i = 0; i < UPLOADERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        arena_free(&twins[i].player.arena);
        assert_string_equal(same->ids[i], same->ids[0]);
    }
    assert_int_equal(atomic_load(&s->wrong), 0);
    assert_int_equal(atomic_load(&same->made), 1);
    assert_int_equal(files_below(path_in(t, "tenants")), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, market_setup, market_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(everybody_at_once),
        CASE(the_same_bytes_from_many_are_one_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
