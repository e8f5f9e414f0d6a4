/*
 * replica_cadence.c - the keys that Cadence's workers read, beside ours.
 *
 * system/{pid}/{version}/plugin.zip and tenants/{org}/{pid}/{version}/plugin.zip, with pid and
 * version as people wrote them. Only the node whose record stands writes them, after the entry is in
 * the log, so an unmodified worker never finds a version that lost. What is lacking is put again by
 * the daily walk (replica_tend.c).
 */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "blob/blob.h"
#include "domain/replica_node.h"

const char *replica_cadence_key(struct arena *arena, const struct plugin *p)
{
    if (p->org_id)
        return str_printf(arena, "tenants/%s/%s/%s/plugin.zip", p->org_id, p->pid, p->version);
    return str_printf(arena, "system/%s/%s/plugin.zip", p->pid, p->version);
}

enum err replica_cadence_put(struct ctx *ctx, struct replica *r, const struct plugin *p)
{
    struct s3_answer a;
    int fd = -1;
    const char *key = replica_cadence_key(ctx->arena, p);
    if (key == NULL)
        return ctx_no_memory(ctx);
    enum err err = blob_open(ctx, r->d->blobs, p->sha256, p->size_bytes, &fd);
    if (err == ERR_NOT_FOUND || err == ERR_CORRUPT) {
        ctx_forgive(ctx); /* another node has the bytes, and the same duty */
        return OK;
    }
    if (err != OK)
        return err;
    atomic_fetch_add(&r->requests, 1);
    err = s3_put_file(ctx, r->s3, key, fd, p->size_bytes, p->sha256, false, &a);
    (void)close(fd);
    if (err != OK)
        return err;
    return a.end == S3_OK ? OK : replica_trouble(ctx, r, &a);
}
