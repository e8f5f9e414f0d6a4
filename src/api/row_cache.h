/*
 * row_cache.h - rows as JSON, kept in memory.
 *
 * A list that must be read anew, since something in the catalog changed, mostly shows rows that did
 * not. A row is found by its seq and its stamp, of which the database gives it another one with every
 * change; so what is kept is never stale, whoever changed the row and however. Entries are a best
 * effort: one that is not there is read and rendered again. The ceiling is bytes.
 */
#ifndef LARDER_API_ROW_CACHE_H
#define LARDER_API_ROW_CACHE_H

#include "base/json_write.h"

struct row_cache;

struct row_cache *row_cache_new(size_t max_bytes); /* heap; NULL = no memory */
void row_cache_free(struct row_cache *cache);

/* A row as it was rendered: names no state of it but one, and has a hash to tell it by. */
struct row_key {
    int64_t seq, stamp;
};

enum { ROW_SUM = 16 };

/* Writes the row kept under that key as the next value, and its hash. False = none is kept. */
bool row_cache_write(struct row_cache *cache, struct row_key key, struct jw *j,
                     unsigned char sum[ROW_SUM]);
/* Keeps a copy of the row, unless it is too large or there is no memory. */
void row_cache_keep(struct row_cache *cache, struct row_key key, struct slice json,
                    const unsigned char sum[ROW_SUM]);

#endif
