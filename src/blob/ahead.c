/*
 * ahead.c - a few threads that each write one blob at a time.
 *
 * Who finds no thread free does not queue: on a busy server the disk has enough to do at once, and
 * the caller's own thread is as good as another. Caller and thread take turns: each reads what the
 * other wrote only after the other's word. A thread has a ctx of its own, whose fault is handed
 * over at the end.
 */
#include "blob/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "blob/steps.h"

enum { WRITERS = 4 };

struct ahead_writer {
    struct ahead *ahead;
    _Atomic bool taken; /* by a caller, from ahead_begin to the end */
    pthread_t thread;
    bool started;
    sem_t begun, judged, done; /* the words, in this order */
    struct slice bytes;
    const char *sha256; /* NULL = refused */
    struct ctx ctx;
    enum err err;
};

struct ahead {
    struct blobs *blobs;
    const struct clock *clock;
    _Atomic bool closing;
    struct ahead_writer writer[WRITERS];
};

/* A signal that somebody handles is no word. */
static void hear(sem_t *word)
{
    while (sem_wait(word) != 0 && errno == EINTR)
        ;
}

struct ahead *ahead_open(struct blobs *blobs, const struct clock *clock)
{
    struct ahead *a = calloc(1, sizeof *a); /* freed by ahead_close */
    if (a == NULL)
        return NULL;
    a->blobs = blobs;
    a->clock = clock;
    for (size_t i = 0; i < WRITERS; i++) {
        struct ahead_writer *w = &a->writer[i];
        w->ahead = a;
        (void)sem_init(&w->begun, 0, 0); /* these cannot fail within a process */
        (void)sem_init(&w->judged, 0, 0);
        (void)sem_init(&w->done, 0, 0);
    }
    return a;
}

void ahead_close(struct ahead *a)
{
    if (a == NULL)
        return;
    atomic_store(&a->closing, true);
    for (size_t i = 0; i < WRITERS; i++) {
        struct ahead_writer *w = &a->writer[i];
        (void)sem_post(&w->begun);
        if (w->started)
            (void)pthread_join(w->thread, NULL);
        (void)sem_destroy(&w->begun);
        (void)sem_destroy(&w->judged);
        (void)sem_destroy(&w->done);
    }
    free(a);
}

/* ------------------------------------------------------------------ the thread */

/* Both steps, with the caller's word between them. */
static void write_one(struct ahead_writer *w)
{
    struct blobs *blobs = w->ahead->blobs;
    char temp[BLOB_TEMP];
    ctx_init(&w->ctx, NULL, w->ahead->clock, NULL, "ahead");
    w->err = blob_step_content(&w->ctx, blobs, w->bytes, temp);
    hear(&w->judged);
    if (w->err == OK && w->sha256)
        w->err = blob_step_name(&w->ctx, blobs, temp, w->sha256);
    else if (w->err == OK)
        blob_step_drop(blobs, temp);
}

static void *run(void *arg)
{
    struct ahead_writer *w = arg;
    for (;;) {
        hear(&w->begun);
        if (atomic_load(&w->ahead->closing))
            return NULL;
        write_one(w);
        (void)sem_post(&w->done);
    }
}

/* ------------------------------------------------------------------ the caller */

static void give_back(struct ahead_writer *w)
{
    atomic_store_explicit(&w->taken, false, memory_order_release);
}

/* Takes a free one, whose thread starts where it did not yet. NULL where all are at work. */
static struct ahead_writer *take(struct ahead *a)
{
    for (size_t i = 0; i < WRITERS; i++) {
        struct ahead_writer *w = &a->writer[i];
        if (atomic_exchange_explicit(&w->taken, true, memory_order_acquire))
            continue;
        if (!w->started)
            w->started = pthread_create(&w->thread, NULL, run, w) == 0;
        if (w->started)
            return w;
        give_back(w);
        return NULL;
    }
    return NULL;
}

struct ahead_writer *ahead_begin(struct ahead *a, struct slice bytes)
{
    struct ahead_writer *w = a ? take(a) : NULL;
    if (w == NULL)
        return NULL;
    w->bytes = bytes;
    (void)sem_post(&w->begun);
    return w;
}

void ahead_approve(struct ahead_writer *w, const char *sha256)
{
    w->sha256 = sha256;
    (void)sem_post(&w->judged);
}

enum err ahead_end(struct ctx *ctx, struct ahead_writer *w)
{
    hear(&w->done);
    enum err err = w->err;
    if (err != OK && ctx->fault.err == OK)
        ctx->fault = w->ctx.fault;
    give_back(w);
    return err;
}

void ahead_drop(struct ahead_writer *w)
{
    if (w == NULL)
        return;
    ahead_approve(w, NULL);
    hear(&w->done);
    give_back(w);
}
