/*
 * answer_cache.h - rendered answers kept in memory, so that a list that did not change costs no
 * query.
 *
 * An entry is found by its key (who sees it, and the normalised query) and is good as long as the
 * generation it was rendered under is the present one: whoever changes the catalog bumps the
 * generation after its commit and before its answer. Entries are counted by reference, so that one
 * being sent may be replaced meanwhile; bytes and entries have a ceiling, the oldest unused go.
 */
#ifndef LARDER_API_ANSWER_CACHE_H
#define LARDER_API_ANSWER_CACHE_H

#include <stdint.h>

#include "base/ctx.h"

struct answer_cache;

enum { ANSWER_ETAG = 40 };

struct answer {
    struct slice body;
    const char *etag;   /* quoted, of the hash of what the body is made of */
    const char *fields; /* header lines that belong to it ("Link: ...\r\n"), or "" */
};

struct answer_cache *answer_cache_new(size_t max_bytes); /* heap; NULL = no memory */
void answer_cache_free(struct answer_cache *cache);

/* The answer kept under the key and generation, held until ctx's arena is reset. False = none. */
bool answer_cache_get(struct ctx *ctx, struct answer_cache *cache, struct slice key,
                      uint64_t generation, struct answer *out);

/* Keeps a copy of body and fields and gives it back as answer_cache_get would. `essence` is what the
 * body is made of, where that is shorter: bodies of one essence are equal, and the ETag is its hash. */
enum err answer_cache_put(struct ctx *ctx, struct answer_cache *cache, struct slice key,
                          uint64_t generation, struct slice body, struct slice essence,
                          const char *fields, struct answer *out) MUST_USE;

/* Figures for tests and metrics. */
void answer_cache_stats(struct answer_cache *cache, uint64_t *hits, uint64_t *misses,
                        size_t *bytes);

#endif
