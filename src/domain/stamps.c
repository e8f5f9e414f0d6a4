/*
 * stamps.c - a small table of "last used" times that wait to be written.
 *
 * A stamp that is lost in a crash is a minute's inaccuracy and nothing else, so the table may be
 * full, and a use that finds no room is not noted.
 */
#include "domain/stamps.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "store/key_store.h"
#include "store/session_store.h"

enum { STAMPS_MAX = 256 };

struct stamp {
    enum stamp_kind kind;
    char id[ID_TEXT];
    int64_t at;
};

struct stamps {
    pthread_mutex_t mutex;
    struct stamp list[STAMPS_MAX];
    size_t count;
};

struct stamps *stamps_new(void)
{
    struct stamps *stamps = calloc(1, sizeof *stamps);
    if (stamps)
        (void)pthread_mutex_init(&stamps->mutex, NULL); /* cannot fail on Linux */
    return stamps;
}

void stamps_free(struct stamps *stamps)
{
    if (stamps)
        (void)pthread_mutex_destroy(&stamps->mutex);
    free(stamps);
}

static struct stamp *find(struct stamps *t, enum stamp_kind kind, const char *id)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->list[i].kind == kind && strcmp(t->list[i].id, id) == 0)
            return &t->list[i];
    return NULL;
}

void stamps_note(struct domain *d, enum stamp_kind kind, const char *id, int64_t now)
{
    struct stamps *t = d->stamps;
    (void)pthread_mutex_lock(&t->mutex);
    struct stamp *s = find(t, kind, id);
    if (s == NULL && t->count < STAMPS_MAX) {
        s = &t->list[t->count++];
        s->kind = kind;
        str_set(s->id, sizeof s->id, slice_of(id));
    }
    if (s)
        s->at = now;
    (void)pthread_mutex_unlock(&t->mutex);
}

struct batch {
    struct stamp list[STAMPS_MAX];
    size_t count;
};

static enum err write_batch(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct batch *b = arg;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < b->count; i++) {
        const struct stamp *s = &b->list[i];
        err = s->kind == STAMP_KEY ? key_store_touch(ctx, conn, s->id, s->at)
                                   : session_store_touch(ctx, conn, s->id, s->at);
    }
    return err;
}

enum err stamps_write(struct ctx *ctx, struct domain *d)
{
    struct stamps *t = d->stamps;
    struct batch *b = arena_alloc(ctx->arena, sizeof *b);
    if (b == NULL)
        return ctx_no_memory(ctx);
    (void)pthread_mutex_lock(&t->mutex);
    memcpy(b->list, t->list, t->count * sizeof *t->list);
    b->count = t->count;
    t->count = 0;
    (void)pthread_mutex_unlock(&t->mutex);
    return b->count ? store_write(ctx, d->store, write_batch, b) : OK;
}
