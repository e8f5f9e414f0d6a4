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

enum { GROUPS = 64, SLOTS = 128, MEMBERS_MAX = 16 << 10, ID_ROOM = 40, HASH_ROOM = 68 };

struct row {
    char id[ID_ROOM], sha256[HASH_ROOM];
    size_t n;
    char members[];
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

/* FNV-1a: ids are ours, so nobody outside chooses where a row stands. */
static uint64_t hash_of(const char *id)
{
    uint64_t h = 0xcbf29ce484222325;
    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * 0x100000001b3;
    return h;
}

bool row_cache_write(struct row_cache *c, const char *id, const char *sha256, struct jw *j)
{
    uint64_t h = hash_of(id);
    struct group *g = &c->group[h % GROUPS];
    pthread_mutex_lock(&g->lock);
    const struct row *r = g->slot[h / GROUPS % SLOTS];
    bool found = r && strcmp(r->id, id) == 0 && strcmp(r->sha256, sha256) == 0;
    if (found)
        jw_raw_members(j, (struct slice){r->members, r->n});
    pthread_mutex_unlock(&g->lock);
    return found;
}

static struct row *row_new(const char *id, const char *sha256, struct slice members)
{
    size_t id_n = strlen(id), hash_n = strlen(sha256);
    if (id_n >= ID_ROOM || hash_n >= HASH_ROOM || members.n > MEMBERS_MAX)
        return NULL;
    struct row *r = malloc(sizeof *r + members.n); /* freed by drop */
    if (r == NULL)
        return NULL;
    memcpy(r->id, id, id_n + 1);
    memcpy(r->sha256, sha256, hash_n + 1);
    memcpy(r->members, members.p, members.n);
    r->n = members.n;
    return r;
}

void row_cache_keep(struct row_cache *c, const char *id, const char *sha256, struct slice members)
{
    struct row *r = members.n ? row_new(id, sha256, members) : NULL;
    if (r == NULL)
        return;
    uint64_t h = hash_of(id);
    struct group *g = &c->group[h % GROUPS];
    size_t size = sizeof *r + r->n;
    pthread_mutex_lock(&g->lock);
    drop(g, h / GROUPS % SLOTS);
    for (size_t at = 0; g->bytes + size > c->group_max && at < SLOTS; at++)
        drop(g, at);
    g->slot[h / GROUPS % SLOTS] = r;
    g->bytes += size;
    pthread_mutex_unlock(&g->lock);
}
