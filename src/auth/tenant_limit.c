/*
 * tenant_limit.c - fixed windows in a table of fixed size.
 *
 * A tenant is known by a hash of its id. Where a set of the table is full, the tenant whose window
 * began first is forgotten: with thousands of tenants at once the limit becomes generous, never
 * unjust.
 */
#include "auth/tenant_limit.h"

#include <pthread.h>
#include <stdlib.h>

enum { SETS = 1024, WAYS = 4 };

struct window {
    uint64_t tenant; /* 0 = free */
    int64_t begun;   /* monotonic milliseconds */
    int count;
};

struct tenant_limit {
    pthread_mutex_t lock;
    int limit;
    int64_t window_ms;
    struct window window[SETS][WAYS];
};

struct tenant_limit *tenant_limit_new(int limit, int64_t window_ms)
{
    struct tenant_limit *t = calloc(1, sizeof *t); /* freed by tenant_limit_free */
    if (t == NULL)
        return NULL;
    (void)pthread_mutex_init(&t->lock, NULL);
    t->limit = limit;
    t->window_ms = window_ms;
    return t;
}

void tenant_limit_free(struct tenant_limit *t)
{
    if (t == NULL)
        return;
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

static uint64_t hash_of(struct slice id)
{
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; i < id.n; i++)
        h = (h ^ (unsigned char)id.p[i]) * 0x100000001b3;
    return h ? h : 1;
}

/* The tenant's present window; a new one where it has none or it is over. */
static struct window *window_of(struct tenant_limit *t, uint64_t tenant, int64_t now)
{
    struct window *set = t->window[tenant % SETS], *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        struct window *w = &set[i];
        if (w->tenant == tenant && now - w->begun < t->window_ms)
            return w;
        if (w->tenant == tenant || w->tenant == 0) {
            oldest = w;
            break;
        }
        if (w->begun < oldest->begun)
            oldest = w;
    }
    *oldest = (struct window){tenant, now, 0};
    return oldest;
}

int tenant_limit_take(struct tenant_limit *t, const struct clock *clock, struct slice org_id)
{
    if (t->limit == 0)
        return 0;
    int64_t now = clock_mono_ms(clock);
    (void)pthread_mutex_lock(&t->lock);
    struct window *w = window_of(t, hash_of(org_id), now);
    bool passes = w->count < t->limit;
    w->count += passes;
    int64_t left = w->begun + t->window_ms - now;
    (void)pthread_mutex_unlock(&t->lock);
    return passes ? 0 : (int)((left + 999) / 1000);
}
