/*
 * pyread_memory.c - the allocator handed to tree-sitter.
 *
 * Every piece hangs in a list of the run it belongs to, so that a jump out of the library loses
 * nothing. The present run is the one piece of per-thread state in the house: the library's
 * allocator functions take no argument to carry it.
 */
#include "package/pyread_memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <tree_sitter/api.h>

struct link {
    struct link *prev, *next;
};

struct piece {
    struct link link; /* first: a link is its piece */
    size_t n;
    alignas(max_align_t) unsigned char data[];
};

struct run {
    struct link head; /* of a ring */
    size_t used;
    jmp_buf out;
};

static _Thread_local struct run *present;

static struct piece *piece_of(void *p)
{
    return (struct piece *)(void *)((unsigned char *)p - offsetof(struct piece, data));
}

static void give_back_all(struct run *run)
{
    for (struct link *l = run->head.next, *next; l != &run->head; l = next) {
        next = l->next;
        free(l);
    }
}

/* Never answers NULL: it leaves the library instead. Outside a run (a test of the reader alone)
 * the library's own rule holds, which is to end the process. */
static void *take(size_t n)
{
    struct run *run = present;
    struct piece *p = NULL;
    if (n <= PY_MEMORY_MAX && (run == NULL || run->used <= PY_MEMORY_MAX - n))
        p = malloc(sizeof *p + n); /* freed by put, or by give_back_all */
    if (p == NULL && run == NULL)
        abort();
    if (p == NULL)
        longjmp(run->out, 1);
    p->n = n;
    p->link = (struct link){&p->link, &p->link};
    if (run) {
        p->link = (struct link){&run->head, run->head.next};
        p->link.next->prev = run->head.next = &p->link;
        run->used += n;
    }
    return p->data;
}

static void put(void *data)
{
    if (data == NULL)
        return;
    struct piece *p = piece_of(data);
    p->link.prev->next = p->link.next;
    p->link.next->prev = p->link.prev;
    if (present)
        present->used -= p->n;
    free(p);
}

static void *take_zeroed(size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        n = SIZE_MAX;
    return memset(take(n), 0, n);
}

static void *resize(void *data, size_t n)
{
    void *more = take(n);
    if (data) {
        size_t old = piece_of(data)->n;
        memcpy(more, data, old < n ? old : n);
        put(data);
    }
    return more;
}

void *larder_ts_calloc(size_t count, size_t size)
{
    return take_zeroed(count, size);
}

void larder_ts_free(void *p)
{
    put(p);
}

static void hand_over(void)
{
    ts_set_allocator(take, take_zeroed, resize, put);
}

enum err py_memory_run(struct ctx *ctx, enum err (*work)(struct ctx *ctx, void *arg), void *arg)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct run run = {.used = 0};
    run.head.prev = run.head.next = &run.head;
    (void)pthread_once(&once, hand_over);
    present = &run;
    enum err err = ERR_NO_MEMORY;
    if (setjmp(run.out) == 0)
        err = work(ctx, arg);
    else
        err = ctx_no_memory(ctx);
    present = NULL;
    give_back_all(&run);
    return err;
}
