/*
 * test_tree.c - a worker sees a whole tree or none, and nothing outside the root is ever touched.
 */
#include "blob/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "support_fault.h"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct place {
    char folder[64];
    char root[96], outside[96];
    struct arena arena;
    struct ctx ctx;
    struct trees *trees;
};

static const struct tree_place spot = {{"com.acme.search", "1.2.0", NULL}};

static void fresh(struct place *p)
{
    arena_reset(&p->arena);
    ctx_init(&p->ctx, &p->arena, &clock_system, NULL, "test");
}

static int make_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    folder_make(p->folder);
    (void)snprintf(p->root, sizeof p->root, "%s/plugins/system", p->folder);
    (void)snprintf(p->outside, sizeof p->outside, "%s/outside", p->folder);
    arena_init(&p->arena, 16 << 20);
    fresh(p);
    *state = p;
    return crypto_open() == OK && mkdir(p->outside, 0755) == 0 &&
                   trees_open(&p->ctx, p->root, &p->trees) == OK
               ? 0
               : -1;
}

static int drop_place(void **state)
{
    struct place *p = *state;
    fault_clear();
    trees_close(p->trees);
    arena_free(&p->arena);
    folder_remove(p->folder);
    free(p);
    return 0;
}

/* Valid until the fourth call after this one. */
static char *path_in(const char *folder, const char *name)
{
    static char path[4][512];
    static int turn;
    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static bool holds(const struct place *p, const char *name, const char *text)
{
    char got[256] = "";
    FILE *f = fopen(path_in(p->root, name), "r");
    if (f == NULL)
        return false;
    size_t n = fread(got, 1, sizeof got - 1, f);
    (void)fclose(f);
    return n == strlen(text) && strcmp(got, text) == 0;
}

static enum err add(struct place *p, struct tree *t, const char *name, const char *text)
{
    enum err err = tree_file(&p->ctx, t, slice_of(name));
    if (err == OK)
        err = tree_write(&p->ctx, t, slice_of(text));
    return err == OK ? tree_file_end(&p->ctx, t) : err;
}

/* Two files, the second in a folder; every step may fail. */
static enum err build(struct place *p, const struct tree_place *place, const char *text,
                      const char *sha256)
{
    struct tree *t;
    enum err err = tree_begin(&p->ctx, p->trees, &t);
    if (err != OK)
        return err;
    if ((err = add(p, t, "plugin.py", text)) != OK || (err = add(p, t, "lib/a/x.py", text)) != OK ||
        (err = add(p, t, "lib/a/y.py", "y")) != OK) {
        tree_abandon(&p->ctx, t);
        return err;
    }
    return tree_publish(&p->ctx, t, place, sha256);
}

/* Names in the root that are no plugin: what a staging left behind. */
static int leftovers(const struct place *p)
{
    int n = 0;
    DIR *dir = opendir(p->root);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        n += strncmp(e->d_name, ".larder", 7) == 0;
    (void)closedir(dir);
    return n;
}

/* ------------------------------------------------------------------ building */

static void a_tree_stands_at_its_place(void **state)
{
    struct place *p = *state;
    struct stat st;
    assert_false(tree_is_there(p->trees, &spot, SHA_A));
    assert_int_equal(build(p, &spot, "v1", SHA_A), OK);
    assert_true(holds(p, "com.acme.search/1.2.0/plugin.py", "v1"));
    assert_true(holds(p, "com.acme.search/1.2.0/lib/a/x.py", "v1"));
    assert_true(holds(p, "com.acme.search/1.2.0/lib/a/y.py", "y"));
    assert_true(tree_is_there(p->trees, &spot, SHA_A));
    assert_false(tree_is_there(p->trees, &spot, SHA_B));
    assert_int_equal(stat(path_in(p->root, "com.acme.search/1.2.0/plugin.py"), &st), 0);
    assert_int_equal(st.st_mode & 0111, 0);
    assert_int_equal(leftovers(p), 0);
    assert_int_equal(trees_sync(&p->ctx, p->trees), OK);
    struct tree_place deep = {{"org", "pid", "1"}};
    assert_int_equal(build(p, &deep, "t", SHA_B), OK);
    assert_true(holds(p, "org/pid/1/plugin.py", "t"));
}

static void a_newer_tree_takes_the_place_whole(void **state)
{
    struct place *p = *state;
    struct tree *t;
    assert_int_equal(build(p, &spot, "v1", SHA_A), OK);
    assert_int_equal(tree_begin(&p->ctx, p->trees, &t), OK);
    assert_int_equal(add(p, t, "plugin.py", "v2"), OK);
    assert_true(holds(p, "com.acme.search/1.2.0/plugin.py", "v1")); /* until it is published */
    assert_int_equal(tree_publish(&p->ctx, t, &spot, SHA_B), OK);
    assert_true(holds(p, "com.acme.search/1.2.0/plugin.py", "v2"));
    assert_int_equal(access(path_in(p->root, "com.acme.search/1.2.0/lib"), F_OK), -1);
    assert_true(tree_is_there(p->trees, &spot, SHA_B));
    assert_int_equal(leftovers(p), 0);
}

static void an_abandoned_tree_leaves_nothing(void **state)
{
    struct place *p = *state;
    struct tree *t;
    assert_int_equal(tree_begin(&p->ctx, p->trees, &t), OK);
    assert_int_equal(add(p, t, "a/b/c.py", "x"), OK);
    assert_int_equal(tree_file(&p->ctx, t, SLICE("open.py")), OK);
    int files = count_open_files();
    tree_abandon(&p->ctx, t);
    assert_int_equal(count_open_files(), files - 2); /* the file and its folder */
    assert_int_equal(count_names(p->root), 0);
}

/* ------------------------------------------------------------------ ways out */

static void no_name_leads_out(void **state)
{
    static const struct slice names[] = {
        {"", 0},   {"..", 2}, {"../x", 4}, {"/x", 2},   {"a/../../x", 9}, {"a//x", 4},
        {"a/", 2}, {".", 1},  {"./x", 3},  {"a\0b", 3}, {"a/..", 4},
    };
    struct place *p = *state;
    struct tree *t;
    char large[300];
    memset(large, 'a', sizeof large);
    int files = count_open_files();
    assert_int_equal(tree_begin(&p->ctx, p->trees, &t), OK);
    for (size_t i = 0; i <= sizeof names / sizeof *names; i++) {
        bool last = i == sizeof names / sizeof *names;
        ctx_forgive(&p->ctx);
        if (tree_file(&p->ctx, t, last ? (struct slice){large, sizeof large} : names[i]) == OK)
            fail_msg("name %zu is a file", i);
    }
    char deep[200] = "";
    for (int i = 0; i < 60; i++)
        memcpy(deep + 2 * i, "a/", 3);
    ctx_forgive(&p->ctx);
    assert_int_not_equal(tree_file(&p->ctx, t, slice_of(deep)), OK);
    tree_abandon(&p->ctx, t);
    assert_int_equal(count_open_files(), files);
    assert_int_equal(count_names(p->root), 0);
    assert_int_equal(count_names(p->folder), 2); /* plugins and outside */

    static const char *const places[] = {"", ".", "..", "a/b", "../outside"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct tree_place bad = {{places[i], "1", NULL}}, bad_last = {{"pid", places[i], NULL}};
        fresh(p);
        assert_int_not_equal(build(p, &bad, "x", SHA_A), OK);
        fresh(p);
        assert_int_not_equal(build(p, &bad_last, "x", SHA_A), OK);
        fresh(p);
        assert_false(tree_is_there(p->trees, &bad, SHA_A));
        assert_int_not_equal(tree_remove(&p->ctx, p->trees, &bad_last), OK);
    }
    assert_int_equal(count_names(p->outside), 0);
    assert_int_equal(leftovers(p), 0);
}

/* The one folder in the root now: that of the tree being built. */
static char *staging_of(const struct place *p)
{
    DIR *dir = opendir(p->root);
    char *path = NULL;
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            path = path_in(p->root, e->d_name);
    (void)closedir(dir);
    assert_non_null(path);
    return path;
}

static void a_planted_link_is_not_followed(void **state)
{
    struct place *p = *state;
    struct tree *t;
    assert_int_equal(tree_begin(&p->ctx, p->trees, &t), OK);
    char *staging = staging_of(p);
    assert_int_equal(symlink(p->outside, path_in(staging, "lib")), 0);
    assert_int_equal(symlink(path_in(p->outside, "made"), path_in(staging, "plugin.py")), 0);
    assert_int_not_equal(tree_file(&p->ctx, t, SLICE("lib/x.py")), OK);
    ctx_forgive(&p->ctx);
    assert_int_not_equal(tree_file(&p->ctx, t, SLICE("plugin.py")), OK);
    tree_abandon(&p->ctx, t);
    assert_int_equal(count_names(p->outside), 0);
    assert_int_equal(access(p->outside, F_OK), 0);
    assert_int_equal(count_names(p->root), 0);

    /* A link where a place's folder should be. */
    file_touch(path_in(p->outside, "keep"));
    assert_int_equal(symlink(p->outside, path_in(p->root, "com.acme.search")), 0);
    fresh(p);
    assert_int_not_equal(build(p, &spot, "x", SHA_A), OK);
    fresh(p);
    assert_int_not_equal(tree_remove(&p->ctx, p->trees, &spot), OK);
    assert_int_equal(count_names(p->outside), 1);

    /* A link at the place itself is exchanged and removed, not what it points to. */
    assert_int_equal(unlink(path_in(p->root, "com.acme.search")), 0);
    assert_int_equal(mkdir(path_in(p->root, "com.acme.search"), 0755), 0);
    assert_int_equal(symlink(p->outside, path_in(p->root, "com.acme.search/1.2.0")), 0);
    fresh(p);
    assert_false(tree_is_there(p->trees, &spot, SHA_A));
    assert_int_equal(build(p, &spot, "x", SHA_A), OK);
    assert_true(tree_is_there(p->trees, &spot, SHA_A));
    assert_int_equal(count_names(p->outside), 1);
    assert_int_equal(leftovers(p), 0);
}

/* ------------------------------------------------------------------ removing and sweeping */

static void a_removed_tree_is_gone_and_links_in_it_are_only_links(void **state)
{
    struct place *p = *state;
    assert_int_equal(build(p, &spot, "v1", SHA_A), OK);
    file_touch(path_in(p->outside, "keep"));
    assert_int_equal(symlink(p->outside, path_in(p->root, "com.acme.search/1.2.0/lib/link")), 0);
    assert_int_equal(tree_remove(&p->ctx, p->trees, &spot), OK);
    assert_int_equal(access(path_in(p->root, "com.acme.search/1.2.0"), F_OK), -1);
    assert_int_equal(count_names(p->outside), 1);
    assert_int_equal(leftovers(p), 0);
    assert_int_equal(tree_remove(&p->ctx, p->trees, &spot), OK); /* again: nothing to do */
    struct tree_place none = {{"no", "such", NULL}};
    assert_int_equal(tree_remove(&p->ctx, p->trees, &none), OK);
}

static bool keeps_one(void *arg, const struct tree_place *place)
{
    ++*(int *)arg;
    assert_null(place->segment[2]);
    return strcmp(place->segment[1], "1.2.0") == 0;
}

static void a_sweep_takes_what_is_ours_and_unwanted(void **state)
{
    struct place *p = *state;
    struct tree_place old = {{"com.acme.search", "1.1.0", NULL}},
                      gone = {{"com.acme.gone", "1", NULL}};
    struct tree *t;
    int64_t removed;
    int asked = 0;
    assert_int_equal(build(p, &spot, "keep", SHA_A), OK);
    assert_int_equal(build(p, &old, "old", SHA_A), OK);
    assert_int_equal(build(p, &gone, "gone", SHA_A), OK);
    assert_int_equal(tree_begin(&p->ctx, p->trees, &t), OK); /* as a crash leaves it */
    assert_int_equal(add(p, t, "a/b.py", "x"), OK);
    /* not ours: a tree that somebody else put there, a file, a link to a tree of ours */
    assert_int_equal(mkdir(path_in(p->root, "com.other"), 0755), 0);
    assert_int_equal(mkdir(path_in(p->root, "com.other/9.9"), 0755), 0);
    file_touch(path_in(p->root, "com.other/note"));
    assert_int_equal(mkdir(path_in(p->outside, "1.0"), 0755), 0);
    FILE *f = fopen(path_in(p->outside, "1.0/" TREE_MARKER), "w");
    assert_non_null(f);
    assert_true(fputs(SHA_A, f) >= 0);
    (void)fclose(f);
    assert_int_equal(symlink(p->outside, path_in(p->root, "com.link")), 0);
    assert_int_equal(symlink(path_in(p->outside, "1.0"), path_in(p->root, "com.other/1.0")), 0);

    assert_int_equal(tree_sweep(&p->ctx, p->trees, 2, keeps_one, &asked, &removed), OK);
    assert_int_equal(removed, 2);
    assert_int_equal(asked, 3);
    assert_true(holds(p, "com.acme.search/1.2.0/plugin.py", "keep"));
    assert_int_equal(access(path_in(p->root, "com.acme.search/1.1.0"), F_OK), -1);
    assert_int_equal(access(path_in(p->root, "com.acme.gone"), F_OK), -1); /* empty, so gone too */
    assert_int_equal(access(path_in(p->root, "com.other/9.9"), F_OK), 0);
    assert_int_equal(access(path_in(p->root, "com.other/note"), F_OK), 0);
    assert_int_equal(access(path_in(p->outside, "1.0/" TREE_MARKER), F_OK), 0);
    assert_int_equal(leftovers(p), 0);
    tree_abandon(&p->ctx, t); /* its files are gone already: only closes */
}

/* ------------------------------------------------------------------ many at once */

struct race {
    struct place *place;
    atomic_bool stop;
    atomic_int builds;
};

static void *publish_on(void *arg)
{
    struct race *r = arg;
    struct place own = {.trees = r->place->trees};
    arena_init(&own.arena, 1 << 20);
    for (int i = 0; i < 150; i++) {
        fresh(&own);
        if (build(&own, &spot, i % 2 ? "odd" : "even", i % 2 ? SHA_A : SHA_B) == OK)
            atomic_fetch_add(&r->builds, 1);
    }
    arena_free(&own.arena);
    return NULL;
}

static void *remove_on(void *arg)
{
    struct race *r = arg;
    struct place own = {.trees = r->place->trees};
    arena_init(&own.arena, 1 << 20);
    while (!atomic_load(&r->stop)) {
        fresh(&own);
        (void)!tree_remove(&own.ctx, own.trees, &spot);
    }
    arena_free(&own.arena);
    return NULL;
}

/* Whoever opens the place holds a whole tree, until it is taken apart: never one half built. */
static void a_worker_never_sees_half_a_tree(void **state)
{
    struct place *p = *state;
    struct race race = {.place = p};
    pthread_t threads[3];
    assert_int_equal(pthread_create(&threads[0], NULL, publish_on, &race), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, publish_on, &race), 0);
    assert_int_equal(pthread_create(&threads[2], NULL, remove_on, &race), 0);
    int seen = 0;
    struct stat st;
    char plugin[256], marker[256];
    (void)snprintf(plugin, sizeof plugin, "%s/com.acme.search/1.2.0/lib/a/y.py", p->root);
    (void)snprintf(marker, sizeof marker, "%s/com.acme.search/1.2.0/" TREE_MARKER, p->root);
    while (atomic_load(&race.builds) < 150) {
        /* by path, as a worker does: what is at the place has the file that was written last */
        seen += access(plugin, F_OK) == 0;
        assert_true(stat(marker, &st) != 0 || st.st_size == 64);
    }
    (void)pthread_join(threads[0], NULL);
    (void)pthread_join(threads[1], NULL);
    atomic_store(&race.stop, true);
    (void)pthread_join(threads[2], NULL);
    assert_int_equal(atomic_load(&race.builds), 300);
    assert_true(seen > 0);
    assert_int_equal(leftovers(p), 0);
}

/* ------------------------------------------------------------------ what fails */

static void every_call_may_fail(void **state)
{
    static const struct failing cases[] = {
        {CALL_OPENAT, EMFILE, ERR_IO},       {CALL_OPENAT, ENOENT, ERR_IO},
        {CALL_OPENAT, ENOSPC, ERR_NO_SPACE}, {CALL_WRITE, ENOSPC, ERR_NO_SPACE},
        {CALL_WRITE, EIO, ERR_IO},           {CALL_RENAME, ENOSPC, ERR_NO_SPACE},
        {CALL_RENAME, EIO, ERR_IO},          {CALL_MKDIRAT, ENOSPC, ERR_NO_SPACE},
        {CALL_MKDIRAT, EROFS, ERR_NO_SPACE},
    };
    struct place *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int n = 1;; n++) {
            int files = count_open_files();
            bool was_there = n % 2; /* with and without a tree to be exchanged */
            fresh(p);
            if (was_there)
                assert_int_equal(build(p, &spot, "old", SHA_B), OK);
            fault_set(cases[i].call, n, cases[i].error, false);
            enum err err = build(p, &spot, "new", SHA_A);
            bool happened = fault_happened();
            fault_clear();
            if (!happened)
                break;
            if (err != cases[i].err && err != OK)
                fail_msg("case %zu, call %d: %s", i, n, err_info(err)->name);
            assert_int_equal(count_open_files(), files);
            /* all of the new one or all of the old one */
            assert_int_equal(tree_is_there(p->trees, &spot, SHA_A), err == OK);
            if (err != OK && was_there)
                assert_true(holds(p, "com.acme.search/1.2.0/lib/a/x.py", "old"));
            fresh(p);
            int64_t removed;
            int asked = 0;
            assert_int_equal(tree_sweep(&p->ctx, p->trees, 2, keeps_one, &asked, &removed), OK);
            assert_int_equal(leftovers(p), 0);
            assert_int_equal(build(p, &spot, "again", SHA_A), OK);
            assert_true(holds(p, "com.acme.search/1.2.0/lib/a/x.py", "again"));
            assert_int_equal(tree_remove(&p->ctx, p->trees, &spot), OK);
            assert_true(n < 500);
        }
}

static void a_file_system_without_exchange_will_do(void **state)
{
    struct place *p = *state;
    assert_int_equal(build(p, &spot, "old", SHA_A), OK);
    /* both renameat2 calls of the publishing are refused, as an old network file system does */
    fault_set(CALL_RENAME, 1, EINVAL, false);
    assert_int_equal(build(p, &spot, "new", SHA_B), OK);
    assert_true(fault_happened());
    assert_true(holds(p, "com.acme.search/1.2.0/plugin.py", "new"));
    assert_int_equal(leftovers(p), 0);
}

static void memory_may_end_anywhere(void **state)
{
    struct place *p = *state;
    bool done = false;
    for (size_t ceiling = 0; !done; ceiling += 16) {
        struct place small = *p;
        int files = count_open_files();
        arena_init(&small.arena, ceiling);
        ctx_init(&small.ctx, &small.arena, &clock_system, NULL, "test");
        enum err err = build(&small, &spot, "x", SHA_A);
        assert_true(err == OK || err == ERR_NO_MEMORY);
        done = err == OK;
        arena_free(&small.arena);
        assert_int_equal(count_open_files(), files);
        assert_int_equal(leftovers(p), 0);
        assert_true(ceiling < 100000);
    }
    if (!fault_can_fail_memory())
        return; /* the sanitizer owns the heap */
    struct trees *again;
    fault_set_memory(1);
    enum err err = trees_open(&p->ctx, p->root, &again);
    fault_clear();
    assert_int_equal(err, ERR_NO_MEMORY);
}

/* Each test has a folder of its own. */
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_tree_stands_at_its_place),
        IN_PLACE(a_newer_tree_takes_the_place_whole),
        IN_PLACE(an_abandoned_tree_leaves_nothing),
        IN_PLACE(no_name_leads_out),
        IN_PLACE(a_planted_link_is_not_followed),
        IN_PLACE(a_removed_tree_is_gone_and_links_in_it_are_only_links),
        IN_PLACE(a_sweep_takes_what_is_ours_and_unwanted),
        IN_PLACE(a_worker_never_sees_half_a_tree),
        IN_PLACE(every_call_may_fail),
        IN_PLACE(a_file_system_without_exchange_will_do),
        IN_PLACE(memory_may_end_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
