/*
 * cursor.c - "<s|o>.<seq>.<pid>", in base64url.
 *
 * Readable on purpose once decoded: it holds nothing that the list itself does not show.
 */
#include "api/cursor.h"

#include "base/crypto.h"

enum { CURSOR_MAX = 512, PID_MAX = 255 };

void cursor_write(struct buf *out, const struct cursor *c)
{
    char space[CURSOR_MAX];
    struct buf plain = {.p = space, .cap = sizeof space, .max = sizeof space - 1};
    buf_printf(&plain, "%c.%lld.%s", c->source == SOURCE_SYSTEM ? 's' : 'o', (long long)c->seq,
               c->pid);
    if (buf_failed(&plain))
        out->failed = true;
    else
        crypto_base64url(out, plain.p, plain.n);
}

static bool parse(struct ctx *ctx, struct slice plain, struct cursor *out)
{
    struct slice source, seq;
    if (!slice_split(&plain, '.', &source) || !slice_split(&plain, '.', &seq) || plain.n == 0 ||
        plain.n > PID_MAX || !slice_is_utf8(plain))
        return false;
    if (!slice_is(source, "s") && !slice_is(source, "o"))
        return false;
    out->source = slice_is(source, "s") ? SOURCE_SYSTEM : SOURCE_ORG;
    for (size_t i = 0; i < plain.n; i++)
        if ((unsigned char)plain.p[i] <= 0x20)
            return false;
    out->pid = slice_dup(ctx->arena, plain);
    return out->pid && slice_to_i64(seq, &out->seq) && out->seq >= 0;
}

/* One place has one spelling: no leading zero, no padding, no other alphabet. */
static bool is_ours(struct slice text, const struct cursor *c)
{
    char space[CURSOR_MAX];
    struct buf again = {.p = space, .cap = sizeof space, .max = sizeof space - 1};
    cursor_write(&again, c);
    return !buf_failed(&again) && slice_eq(buf_view(&again), text);
}

enum err cursor_read(struct ctx *ctx, struct slice text, struct cursor *out)
{
    struct buf plain;
    buf_init(&plain, ctx->arena, CURSOR_MAX);
    if (text.n == 0 || text.n > CURSOR_MAX || !crypto_unbase64(text, &plain) ||
        !parse(ctx, buf_view(&plain), out) || !is_ours(text, out))
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "cursor",
                              "Parameter 'cursor' is not one this server gave out; start again "
                              "without it");
    return OK;
}
