/*
 * record.c - see record.h.
 */
#include "domain/record.h"

#include "store/audit_store.h"

enum { DETAIL_MAX = 16384 };

void record_start(struct ctx *ctx, struct record *r)
{
    buf_init(&r->buf, ctx->arena, DETAIL_MAX);
    jw_start(&r->json, &r->buf);
    jw_object(&r->json);
}

enum err record_append(struct ctx *ctx, struct conn *conn, struct record *r,
                       const struct actor *actor, const char *action, const char *org_id,
                       const char *subject)
{
    jw_end(&r->json);
    if (!jw_done(&r->json))
        return ctx_no_memory(ctx);
    struct slice detail = buf_view(&r->buf);
    return audit_append(ctx, conn, actor, action, org_id, subject,
                        slice_is(detail, "{}") ? SLICE_NONE : detail);
}
