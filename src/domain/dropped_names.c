/*
 * dropped_names.c - the names, in no order: few are dropped by hand, and a pass reads a disk.
 */
#include "domain/dropped_names.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 65536, NAME_ROOM = 256, FIRST = 16 };

struct known {
    char name[NAME_ROOM];
    uint64_t mark;   /* as it was seen last */
    int64_t seen_at; /* since when it looks like that; 0 = it is not there */
    bool judged;     /* as it looks now */
};

struct dropped_names {
    pthread_mutex_t lock; /* guards what follows */
    struct known *known;  /* heap */
    size_t count, cap;
};

struct dropped_names *dropped_names_new(void)
{
    struct dropped_names *n = calloc(1, sizeof *n); /* freed by dropped_names_free */
    if (n)
        (void)pthread_mutex_init(&n->lock, NULL); /* cannot fail on Linux */
    return n;
}

void dropped_names_free(struct dropped_names *n)
{
    if (n == NULL)
        return;
    (void)pthread_mutex_destroy(&n->lock);
    free(n->known);
    free(n);
}

/* ---- under the lock ---- */

static struct known *find(struct dropped_names *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->known[i].name, name) == 0)
            return &n->known[i];
    return NULL;
}

static struct known *make(struct dropped_names *n, const char *name)
{
    struct known *k = find(n, name);
    size_t length = strlen(name);
    if (k || length >= NAME_ROOM || n->count >= NAMES_MAX)
        return k;
    if (n->count == n->cap) {
        size_t cap = n->cap ? 2 * n->cap : FIRST;
        struct known *more = realloc(n->known, cap * sizeof *more);
        if (more == NULL)
            return NULL;
        n->known = more;
        n->cap = cap;
    }
    k = &n->known[n->count++];
    *k = (struct known){0};
    memcpy(k->name, name, length + 1);
    return k;
}

static bool is_due(struct known *k, const struct dropped *item, struct dropped_look *look)
{
    if (k->mark != item->mark || k->seen_at == 0) {
        k->mark = item->mark;
        k->seen_at = look->now;
        k->judged = false;
    }
    /* by its own times, or, where those lie in the future, by ours */
    bool quiet = look->now - item->changed_at >= look->quiet_ms ||
                 look->now - k->seen_at >= look->quiet_ms;
    look->unquiet = look->unquiet || (!quiet && !k->judged);
    return quiet && (!k->judged || look->again);
}

/* ---- for everybody ---- */

bool dropped_names_add(struct dropped_names *n, const char *name)
{
    (void)pthread_mutex_lock(&n->lock);
    bool made = make(n, name) != NULL;
    (void)pthread_mutex_unlock(&n->lock);
    return made;
}

bool dropped_names_has(struct dropped_names *n, const char *name)
{
    if (n == NULL)
        return false;
    (void)pthread_mutex_lock(&n->lock);
    bool has = find(n, name) != NULL;
    (void)pthread_mutex_unlock(&n->lock);
    return has;
}

bool dropped_names_is_due(struct dropped_names *n, const struct dropped *item,
                          struct dropped_look *look)
{
    (void)pthread_mutex_lock(&n->lock);
    struct known *k = make(n, item->name);
    bool due = k && is_due(k, item, look);
    (void)pthread_mutex_unlock(&n->lock);
    return due;
}

void dropped_names_judged(struct dropped_names *n, const struct dropped *item)
{
    (void)pthread_mutex_lock(&n->lock);
    struct known *k = find(n, item->name);
    if (k && k->mark == item->mark)
        k->judged = true;
    (void)pthread_mutex_unlock(&n->lock);
}

void dropped_names_gone(struct dropped_names *n, const char *name)
{
    (void)pthread_mutex_lock(&n->lock);
    struct known *k = find(n, name);
    if (k)
        k->seen_at = 0;
    (void)pthread_mutex_unlock(&n->lock);
}
