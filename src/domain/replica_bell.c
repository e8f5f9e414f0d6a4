/*
 * replica_bell.c - waiting for something to do, and being called.
 *
 * Whoever changes the catalog rings and goes on: nothing here knows what the threads then do.
 */
#include <stdio.h>
#include <string.h>

#include "domain/replica_node.h"

/* ------------------------------------------------------------------ waiting */

bool replica_stopping(const struct replica *r)
{
    return atomic_load_explicit(&r->stop, memory_order_acquire);
}

uint32_t replica_random(uint32_t below)
{
    uint32_t n;
    crypto_random(&n, sizeof n);
    return below ? n % below : 0;
}

void replica_pause(struct replica *r, int64_t ms)
{
    struct timespec until = clock_deadline(ms);
    pthread_mutex_lock(&r->lock);
    while (!replica_stopping(r))
        if (pthread_cond_timedwait(&r->woken, &r->lock, &until) != 0)
            break;
    pthread_mutex_unlock(&r->lock);
}

enum replica_woken replica_wait(struct replica *r, int64_t ms, bool wakes)
{
    struct timespec until = clock_deadline(ms);
    pthread_mutex_lock(&r->lock);
    while (!replica_stopping(r) && !r->hurry && !(wakes && r->awake))
        if (pthread_cond_timedwait(&r->woken, &r->lock, &until) != 0)
            break;
    enum replica_woken why = r->hurry ? REPLICA_ASKED : r->awake ? REPLICA_CHANGED : REPLICA_WAITED;
    r->awake = r->hurry = false;
    pthread_mutex_unlock(&r->lock);
    return why;
}

void replica_wake(struct replica *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    r->awake = true;
    pthread_cond_broadcast(&r->woken);
    pthread_mutex_unlock(&r->lock);
}

void replica_hurry(struct replica *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    r->awake = r->hurry = r->remeet = r->fetch.look = true;
    memset(r->fetch.resting, 0, sizeof r->fetch.resting);
    pthread_cond_broadcast(&r->woken);
    pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
}

/* ------------------------------------------------------------------ packages somebody waits for */

bool replica_is_wanted(const struct replica *r, const char *sha256)
{
    for (size_t i = 0; i < r->fetch.wanted_count; i++)
        if (strcmp(r->fetch.wanted[i], sha256) == 0)
            return true;
    return false;
}

void replica_want(struct replica *r, const char *sha256)
{
    if (r == NULL || r->s3 == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    if (!replica_is_wanted(r, sha256) && r->fetch.wanted_count < REPLICA_WANTED)
        str_set(r->fetch.wanted[r->fetch.wanted_count++], SHA256_HEX, slice_of(sha256));
    r->fetch.look = true;
    pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
}

bool replica_carries(const struct replica *r)
{
    return r && r->s3;
}
