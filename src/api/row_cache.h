/*
 * row_cache.h - the lasting half of rows as JSON, kept in memory.
 *
 * A list that must be read anew, since something in the catalog changed, mostly shows rows that did
 * not. What a version's bytes say of it never changes, so that half of a row is found by the row's
 * id and the hash of its bytes and is never stale; what may change is read each time. Entries are a
 * best effort: one that is not there is rendered again. The ceiling is bytes.
 */
#ifndef LARDER_API_ROW_CACHE_H
#define LARDER_API_ROW_CACHE_H

#include "base/json_write.h"

struct row_cache;

struct row_cache *row_cache_new(size_t max_bytes); /* heap; NULL = no memory */
void row_cache_free(struct row_cache *cache);

/* Writes the members kept for that row into the open object. False = none are kept. */
bool row_cache_write(struct row_cache *cache, const char *id, const char *sha256, struct jw *j);
/* Keeps a copy of the members ("a":1,"b":2), unless they are too large or there is no memory. */
void row_cache_keep(struct row_cache *cache, const char *id, const char *sha256,
                    struct slice members);

#endif
