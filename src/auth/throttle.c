/*
 * throttle.c - a fixed table of sliding windows.
 *
 * A name's bucket comes from a keyed hash, so that nobody outside can aim at one; within a bucket
 * the open entry that was touched longest ago makes room. Only the hash of a name is kept. Times are
 * monotonic: setting the clock opens no door.
 */
#include "auth/throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

enum {
    LIMIT_MAX = 64,
    BUCKETS = 512,
    WAYS = 8, /* 4096 names at a time */
    STANDARD_LIMIT = 10,
    STANDARD_WINDOW_MS = 5 * 60 * 1000,
    NAME_MAX_BYTES = 256
};

struct entry {
    unsigned char name[SHA256_BYTES]; /* keyed hash of the kind and the name */
    int64_t touched;                  /* 0 = free */
    bool told;                        /* the refusal that closed the door was reported */
    int count;
    int64_t at[LIMIT_MAX]; /* when the tries began, oldest first */
};

struct throttle {
    pthread_mutex_t mutex;
    unsigned char key[32];
    int limit;
    int64_t window_ms;
    struct entry table[BUCKETS][WAYS];
};

struct throttle *throttle_new(int limit, int64_t window_ms)
{
    struct throttle *t = calloc(1, sizeof *t); /* pages that are never touched cost nothing */
    if (t == NULL)
        return NULL;
    (void)pthread_mutex_init(&t->mutex, NULL); /* cannot fail on Linux */
    crypto_random(t->key, sizeof t->key);
    t->limit = limit <= 0 ? STANDARD_LIMIT : limit > LIMIT_MAX ? LIMIT_MAX : limit;
    t->window_ms = window_ms <= 0 ? STANDARD_WINDOW_MS : window_ms;
    return t;
}

void throttle_free(struct throttle *t)
{
    if (t)
        (void)pthread_mutex_destroy(&t->mutex);
    free(t);
}

/* The account "Bob " typed as "bob" is one account: ASCII case folded, as names are compared. */
static void name_of(const struct throttle *t, char kind, struct slice text,
                    unsigned char out[SHA256_BYTES])
{
    char folded[NAME_MAX_BYTES + 1];
    size_t n = text.n < NAME_MAX_BYTES ? text.n : NAME_MAX_BYTES;
    folded[0] = kind;
    for (size_t i = 0; i < n; i++) {
        char c = text.p[i];
        folded[i + 1] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    crypto_hmac_sha256((struct slice){(const char *)t->key, sizeof t->key},
                       (struct slice){folded, n + 1}, out);
}

static bool is_shut(const struct throttle *t, const struct entry *e, int64_t now)
{
    return e->count >= t->limit && e->at[0] + t->window_ms > now;
}

static struct entry *find(struct throttle *t, const unsigned char name[SHA256_BYTES])
{
    struct entry *bucket = t->table[((size_t)name[0] << 8 | name[1]) % BUCKETS];
    for (size_t i = 0; i < WAYS; i++)
        if (bucket[i].touched && memcmp(bucket[i].name, name, SHA256_BYTES) == 0)
            return &bucket[i];
    return NULL;
}

/*
 * The entry of that name, made where there is none. Doors that are shut give way last, so that
 * trying many names does not open one; `keep` never does.
 */
static struct entry *take(struct throttle *t, const unsigned char name[SHA256_BYTES], int64_t now,
                          const struct entry *keep)
{
    struct entry *bucket = t->table[((size_t)name[0] << 8 | name[1]) % BUCKETS];
    struct entry *e = find(t, name), *best = NULL;
    for (size_t i = 0; e == NULL && i < WAYS; i++) {
        struct entry *b = &bucket[i];
        if (b == keep)
            continue;
        bool shut = is_shut(t, b, now), best_shut = best && is_shut(t, best, now);
        if (best == NULL || shut < best_shut || (shut == best_shut && b->touched < best->touched))
            best = b;
    }
    if (e)
        return e;
    memset(best, 0, sizeof *best);
    memcpy(best->name, name, SHA256_BYTES);
    return best;
}

/* Tries that lie behind the window fall out. */
static void age(const struct throttle *t, struct entry *e, int64_t now)
{
    int gone = 0;
    while (gone < e->count && e->at[gone] + t->window_ms <= now)
        gone++;
    e->count -= gone;
    memmove(e->at, e->at + gone, (size_t)e->count * sizeof *e->at);
    if (gone)
        e->told = false;
    e->touched = now + 1; /* never 0, which means free */
}

static int wait_of(const struct throttle *t, const struct entry *e, int64_t now)
{
    if (e->count < t->limit)
        return 0;
    return (int)((e->at[0] + t->window_ms - now + 999) / 1000);
}

int throttle_begin(struct throttle *t, const struct clock *clock, struct slice account,
                   struct slice address, bool *first)
{
    unsigned char names[2][SHA256_BYTES];
    struct entry *e[2];
    int wait = 0;
    *first = false;
    name_of(t, 'u', account, names[0]);
    name_of(t, 'a', address, names[1]);
    (void)pthread_mutex_lock(&t->mutex);
    int64_t now = clock_mono_ms(clock);
    for (int i = 0; i < 2; i++) {
        e[i] = take(t, names[i], now, i ? e[0] : NULL);
        age(t, e[i], now);
        int w = wait_of(t, e[i], now);
        if (w > 0 && !e[i]->told)
            *first = e[i]->told = true;
        wait = w > wait ? w : wait;
    }
    for (int i = 0; i < 2 && wait == 0; i++)
        e[i]->at[e[i]->count++] = now;
    (void)pthread_mutex_unlock(&t->mutex);
    return wait;
}

/* Takes the newest try back; with `all`, every one. */
static void take_back(struct throttle *t, char kind, struct slice text, bool all)
{
    unsigned char name[SHA256_BYTES];
    name_of(t, kind, text, name);
    (void)pthread_mutex_lock(&t->mutex);
    struct entry *e = find(t, name);
    if (e && e->count > 0)
        e->count = all ? 0 : e->count - 1;
    (void)pthread_mutex_unlock(&t->mutex);
}

void throttle_succeed(struct throttle *t, struct slice account, struct slice address)
{
    take_back(t, 'u', account, true);
    take_back(t, 'a', address, false);
}

void throttle_cancel(struct throttle *t, struct slice account, struct slice address)
{
    take_back(t, 'u', account, false);
    take_back(t, 'a', address, false);
}
