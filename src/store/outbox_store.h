/*
 * outbox_store.h - changes that wait for the object store.
 *
 * A row is written by the transaction that made the change, so a change is never replicated that
 * did not happen, nor forgotten that did. Publishing them is the replica's work.
 */
#ifndef LARDER_STORE_OUTBOX_STORE_H
#define LARDER_STORE_OUTBOX_STORE_H

#include "store/store.h"

/* Appends a change for the replicas: kind, what it is about, a JSON object. */
enum err outbox_append(struct ctx *ctx, struct conn *conn, const char *kind, const char *entity,
                       struct slice body) MUST_USE;

#endif
