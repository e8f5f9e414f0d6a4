/*
 * known.c - a fixed table of answers, in shards with a lock each.
 *
 * An entry says what was true at one generation of the store. It also ends after a minute, which is
 * how a credential in steady use comes by its "last used" stamp. Credentials are here as hashes.
 */
#include "auth/known.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 16, SETS = 64, WAYS = 4, NAME_TEXT = 72, KEPT_MS = 60000 };

struct entry {
    bool used;
    unsigned char credential[SHA256_BYTES];
    char org_id[ID_TEXT];
    uint64_t generation;
    int64_t kept_at;
    struct access answer; /* its strings point nowhere: they stand below */
    char user_id[ID_TEXT], session_id[ID_TEXT], key_id[ID_TEXT], key_org_id[ID_TEXT];
    char username[NAME_TEXT];
};

struct shard {
    pthread_mutex_t mutex;
    unsigned next; /* which way makes room */
    struct entry table[SETS][WAYS];
};

struct known {
    struct shard shard[SHARDS];
};

struct known *known_new(void)
{
    struct known *k = calloc(1, sizeof *k); /* pages that are never touched cost nothing */
    for (size_t i = 0; k && i < SHARDS; i++)
        (void)pthread_mutex_init(&k->shard[i].mutex, NULL); /* cannot fail on Linux */
    return k;
}

void known_free(struct known *k)
{
    for (size_t i = 0; k && i < SHARDS; i++)
        (void)pthread_mutex_destroy(&k->shard[i].mutex);
    free(k);
}

/* The hash of a credential is as good as random, so its bytes choose the place. */
static struct shard *shard_of(struct known *k, const unsigned char credential[SHA256_BYTES])
{
    return &k->shard[credential[0] % SHARDS];
}

static struct entry *set_of(struct shard *s, const unsigned char credential[SHA256_BYTES])
{
    return s->table[credential[1] % SETS];
}

static bool is_same(const struct entry *e, const unsigned char credential[SHA256_BYTES],
                    const char *org_id)
{
    return e->used && crypto_equal(e->credential, credential, SHA256_BYTES) &&
           strcmp(e->org_id, org_id ? org_id : "") == 0;
}

/* NULL for an empty text, a copy in the arena otherwise. */
static const char *copy_out(struct ctx *ctx, const char *text)
{
    return text[0] ? slice_dup(ctx->arena, slice_of(text)) : NULL;
}

static bool read_entry(struct ctx *ctx, const struct entry *e, struct access *out)
{
    *out = e->answer;
    out->user_id = copy_out(ctx, e->user_id);
    out->username = copy_out(ctx, e->username);
    out->session_id = copy_out(ctx, e->session_id);
    out->key_id = copy_out(ctx, e->key_id);
    out->key_org_id = copy_out(ctx, e->key_org_id);
    /* a copy that found no memory must not look like a key that is bound to no org */
    return out->user_id && (out->key_org_id || !e->key_org_id[0]) &&
           (out->key_id || !e->key_id[0]) && (out->session_id || !e->session_id[0]);
}

bool known_find(struct known *k, struct ctx *ctx, uint64_t generation,
                const unsigned char credential[SHA256_BYTES], const char *org_id,
                struct access *out)
{
    struct shard *s = shard_of(k, credential);
    bool found = false;
    (void)pthread_mutex_lock(&s->mutex);
    struct entry *set = set_of(s, credential);
    for (size_t i = 0; i < WAYS && !found; i++) {
        const struct entry *e = &set[i];
        int64_t age = ctx->now - e->kept_at;
        if (is_same(e, credential, org_id) && e->generation == generation && age >= 0 &&
            age < KEPT_MS)
            found = read_entry(ctx, e, out);
    }
    (void)pthread_mutex_unlock(&s->mutex);
    return found;
}

static bool fits(const char *text, size_t room)
{
    return text == NULL || strlen(text) < room;
}

static void copy_in(char *room, size_t n, const char *text)
{
    str_set(room, n, slice_of(text));
}

static void write_entry(struct entry *e, const struct access *a)
{
    copy_in(e->user_id, sizeof e->user_id, a->user_id);
    copy_in(e->username, sizeof e->username, a->username);
    copy_in(e->session_id, sizeof e->session_id, a->session_id);
    copy_in(e->key_id, sizeof e->key_id, a->key_id);
    copy_in(e->key_org_id, sizeof e->key_org_id, a->key_org_id);
    e->answer = *a;
    e->answer.user_id = e->answer.username = e->answer.session_id = NULL;
    e->answer.key_id = e->answer.key_org_id = NULL;
}

void known_keep(struct known *k, struct ctx *ctx, uint64_t generation,
                const unsigned char credential[SHA256_BYTES], const char *org_id,
                const struct access *answer)
{
    if (!fits(org_id, ID_TEXT) || !fits(answer->user_id, ID_TEXT) ||
        !fits(answer->session_id, ID_TEXT) || !fits(answer->key_id, ID_TEXT) ||
        !fits(answer->key_org_id, ID_TEXT) || !fits(answer->username, NAME_TEXT))
        return; /* what is longer than any of ours is simply read again */
    struct shard *s = shard_of(k, credential);
    (void)pthread_mutex_lock(&s->mutex);
    struct entry *set = set_of(s, credential), *e = NULL;
    for (size_t i = 0; i < WAYS && e == NULL; i++)
        if (!set[i].used || set[i].generation != generation || is_same(&set[i], credential, org_id))
            e = &set[i];
    if (e == NULL)
        e = &set[s->next++ % WAYS];
    e->used = true;
    memcpy(e->credential, credential, SHA256_BYTES);
    copy_in(e->org_id, sizeof e->org_id, org_id);
    e->generation = generation;
    e->kept_at = ctx->now;
    write_entry(e, answer);
    (void)pthread_mutex_unlock(&s->mutex);
}
