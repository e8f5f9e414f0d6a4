/*
 * downloads.c - a table of counts that wait to be written.
 *
 * Open addressing on the first bytes of the id's hash; it is emptied each minute and never grows.
 */
#include "domain/downloads.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "store/download_store.h"

enum { COUNTERS = 1024, TRIES = 16, DAY_MS = 24 * HOUR_MS };

struct counter {
    char id[ID_TEXT];
    int64_t count;
};

struct downloads {
    pthread_mutex_t mutex;
    size_t used;
    struct counter slot[COUNTERS];
};

struct downloads *downloads_new(void)
{
    struct downloads *t = calloc(1, sizeof *t); /* freed by downloads_free */
    if (t)
        (void)pthread_mutex_init(&t->mutex, NULL); /* cannot fail on Linux */
    return t;
}

void downloads_free(struct downloads *t)
{
    if (t)
        (void)pthread_mutex_destroy(&t->mutex);
    free(t);
}

/* The counter of that id, or the free one where it would stand; NULL when its places are taken. */
static struct counter *place(struct downloads *t, const char *id)
{
    uint64_t h = 0xcbf29ce484222325;
    for (const char *p = id; *p; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3;
    for (size_t i = 0; i < TRIES; i++) {
        struct counter *c = &t->slot[(h + i) % COUNTERS];
        if (c->id[0] == '\0' || strcmp(c->id, id) == 0)
            return c;
    }
    return NULL;
}

void downloads_note(struct domain *d, const char *plugin_id)
{
    struct downloads *t = d->downloads;
    if (t == NULL)
        return;
    (void)pthread_mutex_lock(&t->mutex);
    struct counter *c = place(t, plugin_id);
    if (c && c->id[0] == '\0') {
        str_set(c->id, sizeof c->id, slice_of(plugin_id));
        t->used++;
    }
    if (c)
        c->count++;
    (void)pthread_mutex_unlock(&t->mutex);
}

struct batch {
    struct counter list[COUNTERS];
    size_t count;
};

static enum err write_batch(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct batch *b = arg;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < b->count; i++)
        err = download_store_add(ctx, conn, b->list[i].id, ctx->now / HOUR_MS, b->list[i].count);
    return err;
}

enum err downloads_write(struct ctx *ctx, struct domain *d)
{
    struct downloads *t = d->downloads;
    if (t == NULL)
        return OK;
    struct batch *b = arena_alloc(ctx->arena, sizeof *b);
    if (b == NULL)
        return ctx_no_memory(ctx);
    (void)pthread_mutex_lock(&t->mutex);
    for (size_t i = 0; t->used && i < COUNTERS; i++)
        if (t->slot[i].id[0])
            b->list[b->count++] = t->slot[i];
    if (t->used)
        memset(t->slot, 0, sizeof t->slot);
    t->used = 0;
    (void)pthread_mutex_unlock(&t->mutex);
    return b->count ? store_write(ctx, d->store, write_batch, b) : OK;
}

static int64_t not_yet_written(struct downloads *t, const char *id)
{
    if (t == NULL)
        return 0;
    (void)pthread_mutex_lock(&t->mutex);
    const struct counter *c = place(t, id);
    int64_t count = c ? c->count : 0;
    (void)pthread_mutex_unlock(&t->mutex);
    return count;
}

struct question {
    const char *plugin_id;
    size_t days;
    int64_t *sums, *total;
};

static enum err read_days(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct question *q = arg;
    return download_store_days(ctx, conn, q->plugin_id, ctx->now / DAY_MS, q->days, q->sums,
                               q->total);
}

enum err downloads_by_day(struct ctx *ctx, struct domain *d, const char *plugin_id, size_t days,
                          int64_t **out, int64_t *total)
{
    struct question q = {plugin_id, days, arena_array(ctx->arena, days, sizeof *q.sums), total};
    if (q.sums == NULL)
        return ctx_no_memory(ctx);
    enum err err = store_read(ctx, d->store, read_days, &q);
    if (err != OK)
        return err;
    int64_t waiting = not_yet_written(d->downloads, plugin_id);
    q.sums[days - 1] += waiting;
    *total += waiting;
    *out = q.sums;
    return OK;
}
