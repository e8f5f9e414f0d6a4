/*
 * fuzz_range.c - any bytes as Range, If-Range and If-None-Match, against a content of any size.
 *
 * An input is "<size>|<Range>|<If-Range>|<If-None-Match>". What is to be sent lies inside the
 * content; what the answer says of it is what is sent; a 416 names the size; a broken field changes
 * nothing. Conditions are compared with a plain reading of the list.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TAG "\"tag\""

static void insist(bool truth)
{
    if (!truth)
        abort();
}

static struct slice field_of(const struct reply *r, const char *name)
{
    struct slice rest = buf_view(&r->fields), line;
    while (slice_split(&rest, '\n', &line)) {
        size_t colon = slice_find(line, ':');
        if (slice_is_nocase(slice_sub(line, 0, colon), name) && line.n > colon + 3)
            return slice_sub(line, colon + 2, line.n - 1); /* without ": " and CR */
    }
    return SLICE_NONE;
}

static void check_range(struct ctx *ctx, const struct request *req, off_t size)
{
    struct reply r;
    off_t from = -1, n = -1;
    char want[100];
    struct slice range = request_header(req, "Range");
    reply_init(&r, ctx->arena);
    enum err err = reply_range(ctx, &r, req, TAG, size, &from, &n);
    insist(err == OK || err == ERR_RANGE);
    insist(!buf_failed(&r.fields));
    if (err == ERR_RANGE)
        return;
    if (r.status != 206) { /* the whole */
        insist(from == 0 && n == size && field_of(&r, "Content-Range").p == NULL);
        return;
    }
    insist(slice_starts(range, "bytes") || slice_starts(range, "Bytes") || range.n > 6);
    insist(from >= 0 && n > 0 && from + n <= size);
    (void)snprintf(want, sizeof want, "bytes %lld-%lld/%lld", (long long)from,
                   (long long)(from + n - 1), (long long)size);
    insist(slice_is(field_of(&r, "Content-Range"), want));
    struct slice condition = request_header(req, "If-Range");
    insist(condition.p == NULL || slice_is(slice_trim(condition), TAG));
}

static void check_etag(struct ctx *ctx, const struct request *req)
{
    struct reply r;
    struct slice list = request_header(req, "If-None-Match");
    reply_init(&r, ctx->arena);
    bool hit = reply_etag(&r, req, TAG);
    insist(!buf_failed(&r.fields) && slice_is(field_of(&r, "ETag"), TAG));
    insist(hit == (r.status == 304));
    if (slice_is(list, TAG) || slice_is(list, "*") || slice_is(list, "W/" TAG))
        insist(hit);
    if (hit) /* never by chance: the tag or the star stands in the list */
        insist(memmem(list.p, list.n, TAG, sizeof TAG - 1) != NULL || memchr(list.p, '*', list.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"Range", "If-Range", "If-None-Match"};
    struct slice rest = {(const char *)data, size}, part;
    struct request req = {.method = METHOD_GET};
    struct arena arena;
    struct ctx ctx;
    uint64_t content = 0;
    if (size > 8192 || !slice_split(&rest, '|', &part))
        return 0;
    if (!slice_to_u64(part, &content) || content > (uint64_t)1 << 62)
        content = part.n;
    for (size_t i = 0; i < 3 && slice_split(&rest, '|', &part); i++)
        if (part.n)
            req.header[req.headers++] = (struct header){slice_of(names[i]), part};
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    check_range(&ctx, &req, (off_t)content);
    check_etag(&ctx, &req);
    arena_free(&arena);
    return 0;
}
