/*
 * plugin_download.c - the bytes of one version: from here, or by an address in the bucket.
 *
 * What is sent is what was uploaded; nothing is packed anew. Who may have it the guard has decided
 * before, and an address is handed out only after that. Look next at domain/replica_share.c for the
 * address, at http/reply.h for parts and conditions.
 */
#include "api/plugin_api.h"
#include "api/subject.h"
#include "domain/downloads.h"
#include "domain/replica.h"

/* Whether the client was sent to the bucket. What asks for a part or for a change is answered here,
 * since it knows our ETag and not the bucket's; so is HEAD, since an address is signed for GET. */
static enum err send_elsewhere(struct ctx *ctx, struct call *call, const struct plugin *p,
                               const char *disposition, bool *sent)
{
    const struct request *req = call->req;
    const char *url = NULL;
    bool wanted = true;
    enum err err = request_query_bool(ctx, req, "redirect", &wanted);
    if (err == OK && wanted && req->method == METHOD_GET &&
        request_header(req, "Range").p == NULL && request_header(req, "If-None-Match").p == NULL)
        err = replica_share(ctx, api_domain(call)->replica, p, disposition, &url);
    *sent = err == OK && url;
    if (!*sent)
        return err;
    downloads_note(api_domain(call), p->id);
    reply_no_store(call->reply); /* the address is good for a minute, the version for ever */
    reply_field(call->reply, "Location", url);
    reply_empty(call->reply, 302);
    return OK;
}

/* The bytes of a version never change, so a client may keep them for as long as it likes. */
enum err plugin_download(struct ctx *ctx, struct call *call)
{
    struct plugin p;
    off_t from, n;
    int fd;
    bool sent;
    enum err err = subject_visible(ctx, call, &p);
    if (err != OK)
        return err;
    const char *etag = str_printf(ctx->arena, "\"%s\"", p.sha256);
    const char *name = str_printf(ctx->arena, "attachment; filename=\"%s-%s.zip\"", p.pid,
                                  p.version);
    if (etag == NULL || name == NULL)
        return ctx_no_memory(ctx);
    if ((err = send_elsewhere(ctx, call, &p, name, &sent)) != OK || sent)
        return err;
    reply_field(call->reply, "Cache-Control", "private, max-age=31536000, immutable");
    reply_field(call->reply, "Content-Disposition", name);
    call->reply->cacheable = true;
    if (reply_etag(call->reply, call->req, etag))
        return OK;
    if ((err = reply_range(ctx, call->reply, call->req, etag, p.size_bytes, &from, &n)) != OK)
        return err;
    if ((err = catalog_open(ctx, api_domain(call), &p, &fd)) != OK)
        return err;
    if (call->req->method == METHOD_GET && n == (off_t)p.size_bytes) /* a part is not a download */
        downloads_note(api_domain(call), p.id);
    reply_file(call->reply, "application/zip", fd, from, n);
    return OK;
}
