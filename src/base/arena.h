/*
 * arena.h - memory that is given back all at once.
 *
 * Three lifetimes are enough for the whole house: the process, one request, one job. A request
 * and a job each have an arena; whoever made it resets it, nobody frees single pieces. Things that
 * are not memory (a parsed JSON tree, a file) join through arena_defer. An arena is used by one
 * thread at a time.
 */
#ifndef LARDER_BASE_ARENA_H
#define LARDER_BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena_defer;

struct arena {
    struct arena_block *blocks; /* newest first */
    struct arena_defer *defers; /* newest first */
    size_t used;                /* bytes handed out since the last reset */
    size_t ceiling;             /* no more than this */
};

void arena_init(struct arena *a, size_t ceiling);

/* Zeroed, aligned for any type; NULL when the ceiling or the heap is reached. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_alloc_raw(struct arena *a, size_t n);              /* the same, not zeroed */
void *arena_array(struct arena *a, size_t count, size_t size); /* zeroed, overflow checked */

/* Calls fn(arg) at the next reset, newest first. Where there is no memory for the note, it calls
 * fn(arg) at once and returns -1: the thing is gone and the caller reports ERR_NO_MEMORY. */
int arena_defer(struct arena *a, void (*fn)(void *arg), void *arg);

void arena_reset(struct arena *a); /* runs the defers, keeps one small block for the next round */
void arena_free(struct arena *a);  /* runs the defers, gives everything back */

#endif
