/*
 * row_cache.c - one row to a slot, slots behind a few dozen locks.
 *
 * A row has one slot it can stand in; whoever comes last has it. That needs no list and no order of
 * use, and inside the lock there is one comparison and one copy. A group of slots that would grow
 * beyond its share of the ceiling is emptied and fills again.
 */
#include "api/row_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 64, SLOTS = 128, ROW_MAX = 16 << 10 };

struct row {
    struct row_key key;
    size_t n;
    unsigned char sum[ROW_SUM];
    char json[];
};

struct group {
    pthread_mutex_t lock;
    size_t bytes;
    struct row *slot[SLOTS];
};

struct row_cache {
    size_t group_max;
    struct group group[GROUPS];
};

struct row_cache *row_cache_new(size_t max_bytes)
{
    struct row_cache *c = calloc(1, sizeof *c); /* freed by row_cache_free */
    if (c == NULL)
        return NULL;
    c->group_max = max_bytes / GROUPS;
    for (size_t i = 0; i < GROUPS; i++)
        pthread_mutex_init(&c->group[i].lock, NULL);
    return c;
}

static void drop(struct group *g, size_t at)
{
    if (g->slot[at] == NULL)
        return;
    g->bytes -= sizeof(struct row) + g->slot[at]->n;
    free(g->slot[at]);
    g->slot[at] = NULL;
}

void row_cache_free(struct row_cache *c)
{
    for (size_t i = 0; c && i < GROUPS; i++) {
        for (size_t at = 0; at < SLOTS; at++)
            drop(&c->group[i], at);
        pthread_mutex_destroy(&c->group[i].lock);
    }
    free(c);
}

/* Rows that came one after the other, as they often stand in one list, never share a slot. */
static struct group *group_of(struct row_cache *c, struct row_key key)
{
    return &c->group[(uint64_t)key.seq % GROUPS];
}

static size_t slot_of(struct row_key key)
{
    return (uint64_t)key.seq / GROUPS % SLOTS;
}

bool row_cache_write(struct row_cache *c, struct row_key key, struct jw *j,
                     unsigned char sum[ROW_SUM])
{
    struct group *g = group_of(c, key);
    pthread_mutex_lock(&g->lock);
    const struct row *r = g->slot[slot_of(key)];
    bool found = r && r->key.seq == key.seq && r->key.stamp == key.stamp;
    if (found) {
        jw_raw(j, (struct slice){r->json, r->n});
        memcpy(sum, r->sum, ROW_SUM);
    }
    pthread_mutex_unlock(&g->lock);
    return found;
}

static struct row *row_new(struct row_key key, struct slice json, const unsigned char sum[ROW_SUM])
{
    if (json.n == 0 || json.n > ROW_MAX)
        return NULL;
    struct row *r = malloc(sizeof *r + json.n); /* freed by drop */
    if (r == NULL)
        return NULL;
    r->key = key;
    r->n = json.n;
    memcpy(r->sum, sum, ROW_SUM);
    memcpy(r->json, json.p, json.n);
    return r;
}

void row_cache_keep(struct row_cache *c, struct row_key key, struct slice json,
                    const unsigned char sum[ROW_SUM])
{
    struct row *r = row_new(key, json, sum);
    if (r == NULL)
        return;
    struct group *g = group_of(c, key);
    size_t at = slot_of(key), size = sizeof *r + r->n;
    pthread_mutex_lock(&g->lock);
    drop(g, at);
    for (size_t other = 0; g->bytes + size > c->group_max && other < SLOTS; other++)
        drop(g, other);
    g->slot[at] = r;
    g->bytes += size;
    pthread_mutex_unlock(&g->lock);
}
