/*
 * idempotency_store.h - what was answered to requests that carried an Idempotency-Key.
 *
 * A client that did not hear the answer may ask again under the same key and gets it once more; the
 * key is worth 24 hours, and is the caller's own.
 */
#ifndef LARDER_STORE_IDEMPOTENCY_STORE_H
#define LARDER_STORE_IDEMPOTENCY_STORE_H

#include "store/store.h"

struct idempotent {
    const char *actor_id, *route;
    struct slice key;
    struct slice request_hash; /* 32 bytes */
    int status;
    const char *subject;
    struct slice body;
};
/* Fills status, subject, body and request_hash of the answer given within the last 24 hours. */
enum err idempotency_find(struct ctx *ctx, struct conn *conn, struct idempotent *io,
                          bool *found) MUST_USE;
/* Notes an answer; drops those older than 24 hours. */
enum err idempotency_put(struct ctx *ctx, struct conn *conn, const struct idempotent *in) MUST_USE;

#endif
