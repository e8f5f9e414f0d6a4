/*
 * page.c - reading `limit` and `cursor`, and writing where the list goes on.
 */
#include "api/page.h"

#include <inttypes.h>

#include "base/crypto.h"

enum { LINK_MAX = REQUEST_URI_MAX + 256 };

static enum err read_page(struct ctx *ctx, const struct request *req, int max, struct page *out)
{
    int64_t limit = 0;
    *out = (struct page){.whole = true, .limit = max};
    enum err err = request_query_int(ctx, req, "limit", 1, max, &limit);
    if (err != OK)
        return err;
    if (limit > 0) {
        out->whole = false;
        out->limit = (int)limit;
    }
    (void)request_query(ctx, req, "cursor", &out->after);
    return ctx->fault.err;
}

static enum err bad_cursor(struct ctx *ctx)
{
    return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "cursor",
                          "Parameter 'cursor' must be one that a list gave");
}

enum err page_read_id(struct ctx *ctx, const struct request *req, int max, struct page *out,
                      const char **after_id)
{
    *after_id = NULL;
    enum err err = read_page(ctx, req, max, out);
    if (err != OK || out->after.p == NULL)
        return err;
    if (!crypto_is_uuid(out->after))
        return bad_cursor(ctx);
    *after_id = slice_dup(ctx->arena, out->after);
    return *after_id ? OK : ctx_no_memory(ctx);
}

enum err page_read_seq(struct ctx *ctx, const struct request *req, int max, struct page *out,
                       int64_t *before)
{
    *before = 0;
    enum err err = read_page(ctx, req, max, out);
    if (err != OK || out->after.p == NULL)
        return err;
    return slice_to_i64(out->after, before) && *before > 0 ? OK : bad_cursor(ctx);
}

/* Inside <...> the letters that would end it are escaped, so a stranger's query cannot add fields. */
static void add_address(struct buf *b, struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '<' || c == '>' || c == '"')
            buf_printf(b, "%%%02X", (unsigned)c);
        else
            buf_char(b, c);
    }
}

enum err page_more(struct ctx *ctx, struct call *call, const char *cursor)
{
    struct buf link;
    struct slice rest = call->req->query, part;
    buf_init(&link, ctx->arena, LINK_MAX);
    buf_char(&link, '<');
    add_address(&link, call->req->path);
    buf_char(&link, '?');
    while (slice_split(&rest, '&', &part)) {
        if (part.n == 0 || slice_starts(part, "cursor="))
            continue;
        add_address(&link, part);
        buf_char(&link, '&');
    }
    buf_printf(&link, "cursor=%s>; rel=\"next\"", cursor);
    const char *text = buf_text(&link);
    if (text == NULL)
        return ctx_no_memory(ctx);
    reply_field(call->reply, "Link", text);
    reply_field(call->reply, "X-Next-Cursor", cursor);
    return OK;
}

enum err page_more_seq(struct ctx *ctx, struct call *call, int64_t seq)
{
    const char *cursor = str_printf(ctx->arena, "%" PRId64, seq);
    return cursor ? page_more(ctx, call, cursor) : ctx_no_memory(ctx);
}
