/*
 * attention.c - read in one moment, so that an item is not missed between two kinds.
 */
#include "domain/attention.h"

#include "store/attention_store.h"

struct question {
    enum err (*each)(void *arg, const struct attention *item);
    void *arg;
};

static enum err read_all(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct question *q = arg;
    return attention_store_all(ctx, conn, q->each, q->arg);
}

enum err attention_all(struct ctx *ctx, struct domain *d,
                       enum err (*each)(void *arg, const struct attention *item), void *arg)
{
    struct question q = {each, arg};
    return store_read(ctx, d->store, read_all, &q);
}
