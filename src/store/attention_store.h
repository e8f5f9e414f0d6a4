/*
 * attention_store.h - what waits for a person: failed checks, lost bytes, conflicts, keys that end.
 */
#ifndef LARDER_STORE_ATTENTION_STORE_H
#define LARDER_STORE_ATTENTION_STORE_H

#include "model/attention.h"
#include "store/store.h"

/* Every item, kind after kind, at most ATTENTION_EACH of each; strings live until each returns. */
enum err attention_store_all(struct ctx *ctx, struct conn *conn,
                             enum err (*each)(void *arg, const struct attention *item),
                             void *arg) MUST_USE;

#endif
