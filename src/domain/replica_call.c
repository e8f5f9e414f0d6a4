/*
 * replica_call.c - the two calls of the store that most of the others are made of.
 */
#include "domain/replica_node.h"

enum err replica_fetch_note(struct ctx *ctx, struct replica *r, const char *key, size_t max,
                            struct slice *out, bool *found)
{
    struct s3_answer a;
    *found = false;
    if (key == NULL)
        return ctx_no_memory(ctx);
    atomic_fetch_add(&r->requests, 1);
    enum err err = s3_get(ctx, r->s3, key, max, out, &a);
    if (err != OK)
        return err;
    *found = a.end == S3_OK;
    return a.end == S3_OK || a.end == S3_ABSENT ? OK : replica_trouble(ctx, r, &a);
}

enum err replica_create(struct ctx *ctx, struct replica *r, const char *key, struct slice bytes,
                        bool *was)
{
    struct s3_answer a;
    enum err err = OK;
    *was = false;
    if (key == NULL)
        return ctx_no_memory(ctx);
    if (!r->loop.atomic) { /* nobody else writes here, so looking first is enough */
        atomic_fetch_add(&r->requests, 1);
        if ((err = s3_head(ctx, r->s3, key, &a)) != OK)
            return err;
        *was = a.end == S3_OK;
        if (a.end != S3_ABSENT)
            return a.end == S3_OK ? OK : replica_trouble(ctx, r, &a);
    }
    atomic_fetch_add(&r->requests, 1);
    if ((err = s3_put(ctx, r->s3, key, bytes, r->loop.atomic, &a)) != OK)
        return err;
    *was = a.end == S3_EXISTS;
    return a.end == S3_OK || a.end == S3_EXISTS ? OK : replica_trouble(ctx, r, &a);
}
