/*
 * support_store.h - a store in a folder of its own, for one test.
 */
#ifndef LARDER_TESTS_SUPPORT_STORE_H
#define LARDER_TESTS_SUPPORT_STORE_H

#include "base/ctx.h"
#include "model/identity.h"
#include "store/store.h"

struct place {
    char folder[64];
    char path[96]; /* of larder.db */
    struct arena arena;
    struct ctx ctx;
    struct store *store; /* NULL = not open */
};

void place_make(struct place *p);              /* the folder only */
void place_open(struct place *p, int readers); /* makes or opens the database */
void place_close(struct place *p);
void place_remove(struct place *p); /* closes what is open and removes the folder */

/* cmocka setup and teardown: *state is a struct place with an open store. */
int place_setup(void **state);
int place_teardown(void **state);

/* A ctx and arena of its own, for a thread. */
struct worker {
    struct arena arena;
    struct ctx ctx;
};
void worker_init(struct worker *w);
void worker_end(struct worker *w);

void put_fact(struct place *p, const char *name, const char *value); /* through store_write */
/* The whole file, heap; ends the test when it cannot be read. */
unsigned char *read_whole(const char *path, size_t *n);
void write_whole(const char *path, const void *p, size_t n);

#endif
