/*
 * answer_cache.c - a small table of shards, each a short list behind its own lock.
 *
 * Each shard holds a handful of entries in order of use; with 64 shards two workers seldom meet at
 * a lock, and the time inside is one comparison of a key. An entry is one block of memory: struct,
 * key, fields and body behind each other.
 */
#include "api/answer_cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

enum { SHARDS = 64, KEY_MAX = 8192 };

struct entry {
    struct entry *next; /* in its shard, most recently used first */
    _Atomic int refs;   /* one of the shard, one of each reply that is sending it */
    uint64_t generation;
    uint64_t hash;
    size_t key_n, fields_n, body_n, size;
    char etag[ANSWER_ETAG];
    char bytes[]; /* key, fields with NUL, body */
};

struct shard {
    pthread_mutex_t lock;
    struct entry *first;
    size_t bytes;
};

struct answer_cache {
    size_t shard_max;
    _Atomic uint64_t hits, misses;
    struct shard shard[SHARDS];
};

static void let_go(void *arg)
{
    struct entry *e = arg;
    if (atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) == 1)
        free(e);
}

struct answer_cache *answer_cache_new(size_t max_bytes)
{
    struct answer_cache *c = calloc(1, sizeof *c); /* freed by answer_cache_free */
    if (c == NULL)
        return NULL;
    c->shard_max = max_bytes / SHARDS;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&c->shard[i].lock, NULL);
    return c;
}

void answer_cache_free(struct answer_cache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        for (struct entry *e = c->shard[i].first, *next; e; e = next) {
            next = e->next;
            let_go(e);
        }
        pthread_mutex_destroy(&c->shard[i].lock);
    }
    free(c);
}

/* FNV-1a: the key is short and an attacker gains nothing from a full shard but a miss. */
static uint64_t hash_of(struct slice key)
{
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; i < key.n; i++)
        h = (h ^ (unsigned char)key.p[i]) * 0x100000001b3;
    return h;
}

static bool is_for(const struct entry *e, uint64_t hash, struct slice key)
{
    return e->hash == hash && e->key_n == key.n && memcmp(e->bytes, key.p, key.n) == 0;
}

/* Takes the entry of that key out of its shard; NULL when there is none. */
static struct entry *unlink_key(struct shard *s, uint64_t hash, struct slice key)
{
    for (struct entry **at = &s->first; *at; at = &(*at)->next) {
        struct entry *e = *at;
        if (!is_for(e, hash, key))
            continue;
        *at = e->next;
        s->bytes -= e->size;
        return e;
    }
    return NULL;
}

static void push_front(struct shard *s, struct entry *e)
{
    e->next = s->first;
    s->first = e;
    s->bytes += e->size;
}

/* Hands the entry to the reply: it is let go when the arena is reset. */
static bool lend(struct ctx *ctx, struct entry *e, struct answer *out)
{
    if (arena_defer(ctx->arena, let_go, e) != 0)
        return false;
    out->etag = e->etag;
    out->fields = e->bytes + e->key_n;
    out->body = (struct slice){e->bytes + e->key_n + e->fields_n + 1, e->body_n};
    return true;
}

bool answer_cache_get(struct ctx *ctx, struct answer_cache *c, struct slice key,
                      uint64_t generation, struct answer *out)
{
    uint64_t hash = hash_of(key);
    struct shard *s = &c->shard[hash % SHARDS];
    pthread_mutex_lock(&s->lock);
    struct entry *e = unlink_key(s, hash, key), *stale = NULL;
    if (e && e->generation != generation) {
        stale = e;
        e = NULL;
    } else if (e) {
        push_front(s, e);
        atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&s->lock);
    if (stale)
        let_go(stale);
    atomic_fetch_add_explicit(e ? &c->hits : &c->misses, 1, memory_order_relaxed);
    return e && lend(ctx, e, out);
}

static void write_etag(struct slice essence, const char *fields, char etag[ANSWER_ETAG])
{
    unsigned char sum[SHA256_BYTES], both[2 * SHA256_BYTES];
    crypto_sha256(essence, both);
    crypto_sha256(slice_of(fields), both + SHA256_BYTES);
    crypto_sha256((struct slice){(const char *)both, sizeof both}, sum);
    etag[0] = '"';
    crypto_hex(sum, 16, etag + 1);
    etag[33] = '"';
    etag[34] = '\0';
}

static struct entry *entry_new(struct slice key, struct slice body, struct slice essence,
                               const char *fields)
{
    size_t fields_n = strlen(fields), size = sizeof(struct entry) + key.n + fields_n + 1 + body.n;
    struct entry *e = malloc(size); /* freed by the last let_go */
    if (e == NULL)
        return NULL;
    *e = (struct entry){.refs = 1,
                        .hash = hash_of(key),
                        .key_n = key.n,
                        .fields_n = fields_n,
                        .body_n = body.n,
                        .size = size};
    memcpy(e->bytes, key.p, key.n);
    memcpy(e->bytes + key.n, fields, fields_n + 1);
    if (body.n)
        memcpy(e->bytes + key.n + fields_n + 1, body.p, body.n);
    write_etag(essence, fields, e->etag);
    return e;
}

/* Drops from the end of the shard until it is within its bounds; answers what fell out, linked. */
static struct entry *trim(struct shard *s, size_t max)
{
    struct entry *dropped = NULL;
    while (s->bytes > max && s->first && s->first->next) {
        struct entry **at = &s->first;
        while ((*at)->next)
            at = &(*at)->next;
        struct entry *last = *at;
        *at = NULL;
        s->bytes -= last->size;
        last->next = dropped;
        dropped = last;
    }
    return dropped;
}

enum err answer_cache_put(struct ctx *ctx, struct answer_cache *c, struct slice key,
                          uint64_t generation, struct slice body, struct slice essence,
                          const char *fields, struct answer *out)
{
    struct entry *e = entry_new(key, body, essence, fields);
    if (e == NULL)
        return ctx_no_memory(ctx);
    e->generation = generation;
    if (key.n > KEY_MAX ||
        e->size > c->shard_max) /* too large to keep: it serves this reply only */
        return lend(ctx, e, out) ? OK : ctx_no_memory(ctx);
    atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
    struct shard *s = &c->shard[e->hash % SHARDS];
    pthread_mutex_lock(&s->lock);
    struct entry *old = unlink_key(s, e->hash, key);
    push_front(s, e);
    struct entry *dropped = trim(s, c->shard_max);
    pthread_mutex_unlock(&s->lock);
    if (old)
        let_go(old);
    for (struct entry *next; dropped; dropped = next) {
        next = dropped->next;
        let_go(dropped);
    }
    return lend(ctx, e, out) ? OK : ctx_no_memory(ctx);
}

void answer_cache_stats(struct answer_cache *c, uint64_t *hits, uint64_t *misses, size_t *bytes)
{
    *hits = atomic_load_explicit(&c->hits, memory_order_relaxed);
    *misses = atomic_load_explicit(&c->misses, memory_order_relaxed);
    *bytes = 0;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&c->shard[i].lock);
        *bytes += c->shard[i].bytes;
        pthread_mutex_unlock(&c->shard[i].lock);
    }
}
