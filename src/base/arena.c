/*
 * arena.c - a chain of blocks, newest first.
 *
 * Blocks grow from 4 KiB, so that hundreds of idle workers cost nearly nothing. Under ASan the
 * unused rest of a block is poisoned: reading past a piece is found as it would be on the heap.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define LARDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LARDER_ASAN 1
#endif
#endif
#ifdef LARDER_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#define GAP 16u /* a poisoned strip after each piece */
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define GAP 0u
#endif

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20, ALIGN = alignof(max_align_t) };

struct arena_block {
    struct arena_block *next;
    size_t size; /* of data */
    size_t used;
    alignas(max_align_t) unsigned char data[];
};

struct arena_defer {
    struct arena_defer *next;
    void (*fn)(void *arg);
    void *arg;
};

void arena_init(struct arena *a, size_t ceiling)
{
    *a = (struct arena){.ceiling = ceiling};
}

static struct arena_block *block_new(struct arena *a, size_t need)
{
    size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK - sizeof(struct arena_block);
    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < need)
        size = need;
    struct arena_block *b = malloc(sizeof *b + size); /* freed by arena_reset or arena_free */
    if (b == NULL)
        return NULL;
    b->size = size;
    b->used = 0;
    b->next = a->blocks;
    a->blocks = b;
    POISON(b->data, b->size);
    return b;
}

void *arena_alloc_raw(struct arena *a, size_t n)
{
    if (n > a->ceiling || a->used > a->ceiling - n)
        return NULL;
    size_t need = (n + GAP + ALIGN - 1) / ALIGN * ALIGN;
    if (need == 0)
        need = ALIGN;
    struct arena_block *b = a->blocks;
    if ((b == NULL || b->size - b->used < need) && (b = block_new(a, need)) == NULL)
        return NULL;
    void *p = b->data + b->used;
    b->used += need;
    a->used += n;
    UNPOISON(p, n ? n : 1);
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    void *p = arena_alloc_raw(a, n);
    return p ? memset(p, 0, n) : NULL;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        return NULL;
    return arena_alloc(a, n);
}

int arena_defer(struct arena *a, void (*fn)(void *arg), void *arg)
{
    struct arena_defer *d = arena_alloc(a, sizeof *d);
    if (d == NULL) {
        fn(arg);
        return -1;
    }
    *d = (struct arena_defer){a->defers, fn, arg};
    a->defers = d;
    return 0;
}

static void run_defers(struct arena *a)
{
    while (a->defers) {
        struct arena_defer *d = a->defers;
        a->defers = d->next;
        d->fn(d->arg);
    }
}

void arena_reset(struct arena *a)
{
    run_defers(a);
    struct arena_block *b = a->blocks;
    while (b && (b->next || b->size > FIRST_BLOCK)) {
        struct arena_block *next = b->next;
        UNPOISON(b->data, b->size);
        free(b);
        b = next;
    }
    if (b) {
        b->used = 0;
        POISON(b->data, b->size);
    }
    a->blocks = b;
    a->used = 0;
}

void arena_free(struct arena *a)
{
    arena_reset(a);
    if (a->blocks) {
        UNPOISON(a->blocks->data, a->blocks->size);
        free(a->blocks);
    }
    a->blocks = NULL;
}
