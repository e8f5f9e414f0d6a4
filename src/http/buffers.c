/*
 * buffers.c - a stack of buffers under one lock.
 *
 * A few are kept for the next request; what comes back beyond that goes to the heap, so that a
 * burst of slow readers does not stay in memory for ever.
 */
#include "http/buffers.h"

#include <pthread.h>
#include <stdlib.h>

enum { KEPT = 8 };

struct buffers {
    pthread_mutex_t lock;
    char *idle[KEPT];
    size_t count;
};

struct buffers *buffers_new(void)
{
    struct buffers *pool = calloc(1, sizeof *pool); /* freed by buffers_free */
    if (pool)
        pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

void buffers_free(struct buffers *pool)
{
    if (pool == NULL)
        return;
    for (size_t i = 0; i < pool->count; i++)
        free(pool->idle[i]);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

char *buffers_take(struct buffers *pool)
{
    pthread_mutex_lock(&pool->lock);
    char *buffer = pool->count ? pool->idle[--pool->count] : NULL;
    pthread_mutex_unlock(&pool->lock);
    /* freed by buffers_give or buffers_free */
    return buffer ? buffer : malloc(BUFFER_HEAD + BUFFER_BODY);
}

void buffers_give(struct buffers *pool, char *buffer)
{
    if (buffer == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    if (pool->count < KEPT) {
        pool->idle[pool->count++] = buffer;
        buffer = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    free(buffer);
}
