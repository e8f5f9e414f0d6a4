/*
 * admission.c - a counter of bytes, a lock and a condition.
 *
 * Room goes to whoever wakes first; a large body cannot starve for ever behind small ones, since
 * each waits a bounded time only.
 */
#include "api/admission.h"

#include <pthread.h>
#include <stdlib.h>

struct admission {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    size_t total, left;
    int wait_ms;
};

struct grant {
    struct admission *admission;
    size_t n;
};

struct admission *admission_new(size_t bytes, int wait_ms)
{
    struct admission *a = calloc(1, sizeof *a); /* freed by admission_free */
    if (a == NULL)
        return NULL;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&a->freed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&a->lock, NULL);
    a->total = a->left = bytes;
    a->wait_ms = wait_ms;
    return a;
}

void admission_free(struct admission *a)
{
    if (a == NULL)
        return;
    pthread_cond_destroy(&a->freed);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

static void give_back(void *arg)
{
    const struct grant *g = arg;
    pthread_mutex_lock(&g->admission->lock);
    g->admission->left += g->n;
    pthread_cond_broadcast(&g->admission->freed);
    pthread_mutex_unlock(&g->admission->lock);
}

static bool wait_for_room(struct admission *a, size_t n)
{
    struct timespec until = clock_deadline(a->wait_ms);
    pthread_mutex_lock(&a->lock);
    int late = 0;
    while (a->left < n && late == 0)
        late = pthread_cond_timedwait(&a->freed, &a->lock, &until);
    bool room = a->left >= n;
    if (room)
        a->left -= n;
    pthread_mutex_unlock(&a->lock);
    return room;
}

enum err admission_take(struct ctx *ctx, struct admission *a, size_t n)
{
    struct grant *g = arena_alloc(ctx->arena, sizeof *g);
    if (g == NULL)
        return ctx_no_memory(ctx);
    *g = (struct grant){a, n < a->total ? n : a->total};
    if (!wait_for_room(a, g->n)) {
        enum err err = ctx_fail(ctx, ERR_BUSY, "Too many uploads are under way; try again shortly");
        ctx->fault.retry_after = 5;
        return err;
    }
    return arena_defer(ctx->arena, give_back, g) == 0 ? OK : ctx_no_memory(ctx);
}
