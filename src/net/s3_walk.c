/*
 * s3_walk.c - listing a bucket page by page, and making one.
 *
 * The next page is asked for by the last key seen, not by the server's token: a key is something
 * that two servers, and two days, agree on. Each page has memory of its own, so that a listing of a
 * million objects needs that of a thousand.
 */
#include <string.h>

#include "net/s3_call.h"
#include "net/s3_list.h"

enum { PAGE_MEMORY = 64 << 20, PAGE_BODY_MAX = 8 << 20 };

struct walk {
    struct s3 *s3;
    const char *prefix; /* whole, with the client's */
    enum err (*one)(void *arg, const struct s3_object *object);
    void *arg;
    int left; /* objects still to be told; 0 = any number */
    bool bounded;
    bool more;
    char last[S3_KEY_MAX + 1]; /* whole key told last; "" = none */
};

static enum err ask(struct ctx *ctx, const struct walk *w, struct slice *body,
                    struct s3_answer *answer)
{
    int size = w->bounded && w->left < S3_PAGE_MAX ? w->left : S3_PAGE_MAX;
    const char *count = str_printf(ctx->arena, "%d", size);
    struct s3_call call = {.verb = "list",
                           .method = "GET",
                           .query = {{"list-type", SLICE("2")},
                                     {"encoding-type", SLICE("url")},
                                     {"max-keys", slice_of(count)},
                                     {"prefix", slice_of(w->prefix)},
                                     {"start-after", slice_of(w->last)}},
                           .queries = *w->last ? 5 : 4,
                           .answer_max = PAGE_BODY_MAX};
    return count ? s3_call(ctx, w->s3, &call, body, answer) : ctx_no_memory(ctx);
}

static enum err tell(struct walk *w, const struct s3_page *page)
{
    size_t own = strlen(w->s3->prefix);
    for (size_t i = 0; i < page->count; i++) {
        if (w->bounded && w->left-- == 0) { /* the server gave more than it was asked for */
            w->left = 0;
            w->more = true;
            return OK;
        }
        struct s3_object o = page->object[i];
        memcpy(w->last, o.key, strlen(o.key) + 1); /* s3_list_read has checked its length */
        o.key += own;
        enum err err = w->one(w->arg, &o);
        if (err != OK)
            return err;
    }
    w->more = page->truncated;
    return OK;
}

/* The texts of an answer, into memory that outlives the page. */
static void keep_answer(struct ctx *ctx, struct s3_answer *a)
{
    const char **text[] = {&a->etag, &a->code, &a->message};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        const char *copy = slice_dup(ctx->arena, slice_of(*text[i]));
        *text[i] = copy ? copy : "";
    }
}

static enum err read_page(struct ctx *ctx, struct walk *w, struct s3_answer *answer)
{
    struct slice body;
    struct s3_page page;
    enum err err = ask(ctx, w, &body, answer);
    if (err != OK || answer->end != S3_OK)
        return err;
    const char *why = s3_list_read(ctx->arena, body, w->prefix, w->last, &page);
    if (why) {
        answer->end = S3_DAMAGED;
        answer->message = why;
        return OK;
    }
    return tell(w, &page);
}

enum err s3_list(struct ctx *ctx, struct s3 *s3, const char *prefix, const char *start_after,
                 int max, enum err (*one)(void *arg, const struct s3_object *object), void *arg,
                 bool *more, struct s3_answer *answer)
{
    struct walk w = {.s3 = s3, .one = one, .arg = arg, .left = max, .bounded = max > 0};
    struct arena arena;
    struct ctx own = *ctx; /* `one` keeps its arena, the pages have theirs */
    *more = false;
    w.prefix = str_printf(ctx->arena, "%s%s", s3->prefix, prefix);
    const char *after = str_printf(ctx->arena, "%s%s", s3->prefix, start_after ? start_after : "");
    if (w.prefix == NULL || after == NULL)
        return ctx_no_memory(ctx);
    if (strlen(w.prefix) > S3_KEY_MAX || strlen(after) > S3_KEY_MAX)
        return ctx_fail(ctx, ERR_INVALID, "The prefix of a listing is longer than a key can be");
    if (start_after && *start_after)
        memcpy(w.last, after, strlen(after) + 1);
    arena_init(&arena, PAGE_MEMORY);
    own.arena = &arena;
    enum err err;
    do {
        arena_reset(&arena);
        err = read_page(&own, &w, answer);
    } while (err == OK && answer->end == S3_OK && w.more && !(w.bounded && w.left == 0));
    if (ctx->fault.err == OK)
        ctx->fault = own.fault;
    keep_answer(ctx, answer);
    arena_free(&arena);
    *more = w.more;
    return err;
}

enum err s3_make_bucket(struct ctx *ctx, struct s3 *s3, struct s3_answer *answer)
{
    bool home = strcmp(s3->region, "us-east-1") == 0; /* which must not be named */
    const char *body = home ? ""
                            : str_printf(ctx->arena,
                                         "<CreateBucketConfiguration><LocationConstraint>%s"
                                         "</LocationConstraint></CreateBucketConfiguration>",
                                         s3->region);
    unsigned char sum[SHA256_BYTES];
    char sha256[SHA256_HEX];
    if (body == NULL)
        return ctx_no_memory(ctx);
    crypto_sha256(slice_of(body), sum);
    crypto_hex(sum, sizeof sum, sha256);
    struct s3_call call = {.verb = "make",
                           .method = "PUT",
                           .has_body = true,
                           .body = slice_of(body),
                           .sha256 = sha256};
    enum err err = s3_call(ctx, s3, &call, NULL, answer);
    if (err == OK && strcmp(answer->code, "BucketAlreadyOwnedByYou") == 0)
        answer->end = S3_OK;
    return err;
}
