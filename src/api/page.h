/*
 * page.h - walking a long list: `limit` and `cursor` in, the next cursor out.
 *
 * Lists are bare arrays, whole, as Cadence's clients expect them. Only who asks with `limit` gets a
 * page; the next cursor then travels in `Link: <...>; rel="next"` and `X-Next-Cursor`. (Plugins
 * have a cursor of their own, see cursor.h.)
 */
#ifndef LARDER_API_PAGE_H
#define LARDER_API_PAGE_H

#include "http/router.h"

struct page {
    bool whole;         /* no `limit` was sent: everything is wanted */
    int limit;          /* 1..max; max where everything is wanted */
    struct slice after; /* the cursor; SLICE_NONE = from the start */
};

/* For lists whose cursor is the id of the last row: *after_id is NULL at the start. 422 naming the
 * parameter where limit lies outside 1..max, or the cursor is none of ours. */
enum err page_read_id(struct ctx *ctx, const struct request *req, int max, struct page *out,
                      const char **after_id) MUST_USE;
/* And for histories, newest first, whose cursor is the number of the last row: *before is 0 at the
 * start. */
enum err page_read_seq(struct ctx *ctx, const struct request *req, int max, struct page *out,
                       int64_t *before) MUST_USE;
/* Says where the next page begins. */
enum err page_more(struct ctx *ctx, struct call *call, const char *cursor) MUST_USE;
enum err page_more_seq(struct ctx *ctx, struct call *call, int64_t seq) MUST_USE;

#endif
