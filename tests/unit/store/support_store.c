/*
 * support_store.c - folders, stores, threads for the tests of this room.
 */
#include "support_store.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/kv_store.h"

void worker_init(struct worker *w)
{
    arena_init(&w->arena, 64 << 20);
    ctx_init(&w->ctx, &w->arena, &clock_system, NULL, "test");
}

void worker_end(struct worker *w)
{
    arena_free(&w->arena);
}

void place_make(struct place *p)
{
    memset(p, 0, sizeof *p);
    (void)snprintf(p->folder, sizeof p->folder, "/tmp/larder-store-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    (void)snprintf(p->path, sizeof p->path, "%s/larder.db", p->folder);
    arena_init(&p->arena, 64 << 20);
    ctx_init(&p->ctx, &p->arena, &clock_system, NULL, "test");
}

void place_open(struct place *p, int readers)
{
    const struct store_options options = {.path = p->path, .readers = readers, .create = true};
    if (store_open(&p->ctx, &options, &p->store) != OK)
        fail_msg("%s (%s)", ctx_sentence(&p->ctx), p->ctx.fault.cause);
}

void place_close(struct place *p)
{
    store_close(p->store);
    p->store = NULL;
}

void place_remove(struct place *p)
{
    char path[512];
    place_close(p);
    DIR *dir = opendir(p->folder);
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        (void)snprintf(path, sizeof path, "%s/%s", p->folder, e->d_name);
        if (e->d_name[0] != '.')
            (void)unlink(path);
    }
    (void)closedir(dir);
    assert_int_equal(rmdir(p->folder), 0);
    arena_free(&p->arena);
}

int place_setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    place_make(p);
    place_open(p, 0);
    *state = p;
    return 0;
}

int place_teardown(void **state)
{
    place_remove(*state);
    free(*state);
    return 0;
}

struct fact {
    const char *name, *value;
};

static enum err put(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct fact *fact = arg;
    return kv_put(ctx, conn, fact->name, fact->value);
}

void put_fact(struct place *p, const char *name, const char *value)
{
    struct fact fact = {name, value};
    assert_int_equal(store_write(&p->ctx, p->store, put, &fact), OK);
}

unsigned char *read_whole(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    long size = ftell(f);
    assert_true(size >= 0);
    rewind(f);
    unsigned char *p = malloc((size_t)size + 1);
    assert_non_null(p);
    *n = fread(p, 1, (size_t)size, f);
    assert_int_equal(*n, size);
    (void)fclose(f);
    return p;
}

void write_whole(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}
