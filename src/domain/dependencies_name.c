/*
 * dependencies_name.c - what an environment is called: a hash of all that decides what is in it.
 */
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "domain/dependencies_state.h"
#include "domain/environment_build.h"

enum err dependencies_python(struct ctx *ctx, struct dependencies *deps, const char **tag,
                             const char **reason)
{
    enum err err = OK;
    *reason = NULL;
    (void)pthread_mutex_lock(&deps->lock);
    *tag = deps->tag[0] ? slice_dup(ctx->arena, slice_of(deps->tag)) : NULL;
    if (*tag == NULL)
        err = environment_python(ctx, &deps->o, tag, reason);
    if (err == OK && *tag)
        str_set(deps->tag, sizeof deps->tag, slice_of(*tag));
    (void)pthread_mutex_unlock(&deps->lock);
    return err;
}

/* Without the password: who changes it keeps his environments. */
static struct slice source_of(const struct dependencies_options *o)
{
    struct slice url = slice_of(o->index_url);
    size_t at = slice_find(url, '@');
    if (o->wheelhouse)
        return SLICE("wheelhouse");
    return at < url.n ? slice_sub(url, at + 1, url.n) : url;
}

const char *dependencies_key(struct arena *arena, const struct dependencies_options *o,
                             const char *tag, const struct needs *needs)
{
    unsigned char hash[SHA256_BYTES];
    struct crypto_hash *h = crypto_hash_new();
    char *key = arena_alloc(arena, SHA256_HEX);
    struct slice source = source_of(o);
    if (h == NULL || key == NULL) {
        if (h)
            crypto_hash_end(h, NULL);
        return NULL;
    }
    crypto_hash_add(h, "larder.environment.1", sizeof "larder.environment.1");
    crypto_hash_add(h, tag, strlen(tag) + 1);
    crypto_hash_add(h, source.p, source.n);
    crypto_hash_add(h, "", 1);
    for (size_t i = 0; i < needs->count; i++)
        crypto_hash_add(h, needs->list[i].line, strlen(needs->list[i].line) + 1);
    crypto_hash_end(h, hash);
    crypto_hex(hash, sizeof hash, key);
    return key;
}
