/*
 * replica_share.c - an address in the bucket for a download, so that its bytes take another way.
 *
 * Whoever has the address may read that one object for a minute and needs no key for it: it is
 * handed out only after the guard has said yes, and no cache may keep it. Nothing is sent to the
 * store, so a package that somebody took away there shows only when the address is followed.
 * Look next at net/s3.h for how an address is signed, at api/plugin_download.c for who asks.
 */
#include <string.h>

#include "domain/replica_node.h"

enum { SHARE_S = 60 }; /* to begin a download in; one that has begun goes on */

/* Is the store there, so that an address is worth more than our own copy? */
static bool reachable(struct replica *r)
{
    pthread_mutex_lock(&r->lock);
    bool yes = replica_is_up(r->view.state);
    pthread_mutex_unlock(&r->lock);
    return yes;
}

enum err replica_share(struct ctx *ctx, struct replica *r, const struct plugin *row,
                       const char *disposition, const char **url)
{
    *url = NULL;
    if (r == NULL || r->s3 == NULL || !r->options.share || row->replication == NULL ||
        strcmp(row->replication, "replicated") != 0 || !reachable(r))
        return OK;
    const char *key = replica_blob_key(ctx->arena, row->sha256);
    return key ? s3_presign(ctx, r->s3, key, SHARE_S, disposition, url) : ctx_no_memory(ctx);
}
