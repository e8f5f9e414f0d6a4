/*
 * tenant_limit.h - how many requests of one organization are answered in a stretch of time.
 *
 * Off unless configured. It protects the others from one noisy tenant; who may ask at all is the
 * guard's question, so only requests that passed it are counted.
 */
#ifndef LARDER_AUTH_TENANT_LIMIT_H
#define LARDER_AUTH_TENANT_LIMIT_H

#include "base/clock.h"
#include "base/str.h"

struct tenant_limit;

/* Heap; NULL = no memory. limit 0 = everything passes. */
struct tenant_limit *tenant_limit_new(int limit, int64_t window_ms);
void tenant_limit_free(struct tenant_limit *t);

/* Counts one request. 0 = go on; else the seconds until the next window. */
int tenant_limit_take(struct tenant_limit *t, const struct clock *clock, struct slice org_id);

#endif
