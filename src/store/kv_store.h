/*
 * kv_store.h - single facts about this database: node id, how the last run ended.
 */
#ifndef LARDER_STORE_KV_STORE_H
#define LARDER_STORE_KV_STORE_H

#include "store/store.h"

/* *out stays as it was where there is none. */
enum err kv_get(struct ctx *ctx, struct conn *conn, const char *name, const char **out) MUST_USE;
enum err kv_put(struct ctx *ctx, struct conn *conn, const char *name, const char *value) MUST_USE;

#endif
