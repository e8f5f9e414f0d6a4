/*
 * download_store.h - how often a version was downloaded, by hour.
 */
#ifndef LARDER_STORE_DOWNLOAD_STORE_H
#define LARDER_STORE_DOWNLOAD_STORE_H

#include "store/store.h"

enum { HOUR_MS = 3600 * 1000 };

/* Adds to the count of that hour; a version that is gone meanwhile counts nothing. */
enum err download_store_add(struct ctx *ctx, struct conn *conn, const char *plugin_id, int64_t hour,
                            int64_t count) MUST_USE;

/* Sums per day of UTC from the first of `days` days on: sums[0] is the oldest, the last one is that
 * of `today` (days since 1970). *total counts from the beginning of time. */
enum err download_store_days(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                             int64_t today, size_t days, int64_t *sums, int64_t *total) MUST_USE;

#endif
