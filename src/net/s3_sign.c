/*
 * s3_sign.c - the canonical request, the text that is signed, and the signature.
 *
 * The order of things is that of the protocol's description: method, path, query sorted by its
 * encoded names, fields sorted by name with their blanks collapsed, names of the signed fields,
 * hash of the body. No secret is put into the arena: keys that are derived live on the stack and
 * are wiped.
 */
#include "net/s3_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CANONICAL_MAX = 64 << 10, SECRET_MAX = 256, DATE_TEXT = 17, DAY_TEXT = 8 };

void s3_encode(struct buf *out, struct slice text, bool keep_slash)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (letter || c == '-' || c == '_' || c == '.' || c == '~' || (c == '/' && keep_slash)) {
            buf_char(out, (char)c);
        } else {
            buf_char(out, '%');
            buf_char(out, hex[c >> 4]);
            buf_char(out, hex[c & 15]);
        }
    }
}

static int by_name(const void *a, const void *b)
{
    const struct s3_pair *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    if (order != 0)
        return order;
    size_t n = x->value.n < y->value.n ? x->value.n : y->value.n;
    order = n ? memcmp(x->value.p, y->value.p, n) : 0;
    return order ? order : (x->value.n > y->value.n) - (x->value.n < y->value.n);
}

static struct slice encoded(struct ctx *ctx, struct slice text)
{
    struct buf b;
    buf_init(&b, ctx->arena, CANONICAL_MAX);
    s3_encode(&b, text, false);
    return slice_of(buf_text(&b));
}

/* "a=b&c=": sorted after encoding, since "%" sorts before letters; always with the '='. */
static enum err write_query(struct ctx *ctx, const struct s3_pair *query, size_t n, struct buf *out)
{
    struct s3_pair sorted[S3_PAIRS];
    for (size_t i = 0; i < n; i++) {
        struct slice name = encoded(ctx, slice_of(query[i].name));
        sorted[i] = (struct s3_pair){name.p, encoded(ctx, query[i].value)};
        if (name.p == NULL || sorted[i].value.p == NULL)
            return ctx_no_memory(ctx);
    }
    qsort(sorted, n, sizeof *sorted, by_name);
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%s=%s", i ? "&" : "", sorted[i].name, sorted[i].value.p);
    return OK;
}

/* Trimmed, and runs of blanks inside become one: every server does the same before it compares. */
static void write_value(struct buf *out, struct slice value)
{
    value = slice_trim(value);
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] != ' ' || value.p[i - 1] != ' ')
            buf_char(out, value.p[i]);
}

/* The fields, an empty line, and the names of the signed ones, which also go into *names. */
static void write_headers(struct s3_pair *header, size_t n, struct buf *out, struct buf *names)
{
    qsort(header, n, sizeof *header, by_name);
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%s:", header[i].name);
        write_value(out, header[i].value);
        buf_char(out, '\n');
        buf_printf(names, "%s%s", i ? ";" : "", header[i].name);
    }
    buf_char(out, '\n');
    buf_slice(out, buf_view(names));
}

/* "20130524T000000Z" of the wall time. */
static void write_date(int64_t wall_ms, char date[DATE_TEXT])
{
    char text[CLOCK_TEXT];
    const char *t = clock_format(wall_ms, text); /* 2013-05-24T00:00:00.000Z */
    (void)snprintf(date, DATE_TEXT, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", t, t + 5, t + 8, t + 11, t + 14,
                   t + 17);
}

static enum err write_signature(struct ctx *ctx, const struct s3_signer *signer, const char *date,
                                const char *scope, struct slice canonical, char hex[SHA256_HEX])
{
    unsigned char key[SECRET_MAX], sum[SHA256_BYTES];
    int n = snprintf((char *)key, sizeof key, "AWS4%s", signer->secret);
    if (n < 0 || (size_t)n >= sizeof key)
        return ctx_fail(ctx, ERR_INVALID, "The secret access key is too long");
    const struct slice parts[] = {{date, DAY_TEXT},
                                  slice_of(signer->region),
                                  slice_of(signer->service),
                                  SLICE("aws4_request")};
    crypto_hmac_sha256((struct slice){(char *)key, (size_t)n}, parts[0], sum);
    for (size_t i = 1; i < sizeof parts / sizeof *parts; i++)
        crypto_hmac_sha256((struct slice){(char *)sum, sizeof sum}, parts[i], sum);
    crypto_wipe(key, sizeof key);

    unsigned char hash[SHA256_BYTES];
    char hash_hex[SHA256_HEX];
    crypto_sha256(canonical, hash);
    crypto_hex(hash, sizeof hash, hash_hex);
    const char *text = str_printf(ctx->arena, "AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope,
                                  hash_hex);
    if (text)
        crypto_hmac_sha256((struct slice){(char *)sum, sizeof sum}, slice_of(text), hash);
    crypto_wipe(sum, sizeof sum);
    crypto_hex(hash, sizeof hash, hex);
    return text ? OK : ctx_no_memory(ctx);
}

/* What both ways of signing share; `header` is complete. */
struct canonical {
    char date[DATE_TEXT];
    const char *scope;
    struct buf target; /* path?query */
    struct buf names;
    struct buf text;
};

static enum err start(struct ctx *ctx, const struct s3_signer *signer, int64_t wall_ms,
                      struct canonical *c)
{
    write_date(wall_ms, c->date);
    c->scope = str_printf(ctx->arena, "%.8s/%s/%s/aws4_request", c->date, signer->region,
                          signer->service);
    buf_init(&c->target, ctx->arena, CANONICAL_MAX);
    buf_init(&c->names, ctx->arena, CANONICAL_MAX);
    buf_init(&c->text, ctx->arena, CANONICAL_MAX);
    return c->scope ? OK : ctx_no_memory(ctx);
}

static enum err write_canonical(struct ctx *ctx, const struct s3_request *req,
                                struct s3_pair *header, size_t headers, struct canonical *c)
{
    struct buf query;
    buf_init(&query, ctx->arena, CANONICAL_MAX);
    enum err err = write_query(ctx, req->query, req->queries, &query);
    if (err != OK)
        return err;
    s3_encode(&c->target, slice_of(req->path), true);
    buf_printf(&c->text, "%s\n", req->method);
    buf_slice(&c->text, buf_view(&c->target));
    buf_char(&c->text, '\n');
    buf_slice(&c->text, buf_view(&query));
    buf_char(&c->text, '\n');
    write_headers(header, headers, &c->text, &c->names);
    buf_printf(&c->text, "\n%s", req->payload);
    if (query.n)
        buf_char(&c->target, '?');
    buf_slice(&c->target, buf_view(&query));
    bool failed = buf_failed(&query) || buf_failed(&c->target) || buf_failed(&c->names) ||
                  buf_failed(&c->text);
    return failed ? ctx_no_memory(ctx) : OK;
}

enum err s3_sign(struct ctx *ctx, const struct s3_signer *signer, int64_t wall_ms,
                 const struct s3_request *req, struct s3_signed *out)
{
    struct canonical c;
    struct s3_pair header[S3_PAIRS + 3];
    char signature[SHA256_HEX];
    size_t n = req->headers;
    enum err err = start(ctx, signer, wall_ms, &c);
    if (err != OK)
        return err;
    memcpy(header, req->header, n * sizeof *header);
    header[n++] = (struct s3_pair){"host", slice_of(req->host)};
    header[n++] = (struct s3_pair){"x-amz-date", slice_of(c.date)};
    if (signer->token)
        header[n++] = (struct s3_pair){"x-amz-security-token", slice_of(signer->token)};
    err = write_canonical(ctx, req, header, n, &c);
    if (err == OK)
        err = write_signature(ctx, signer, c.date, c.scope, buf_view(&c.text), signature);
    if (err != OK)
        return err;
    out->target = buf_text(&c.target);
    out->canonical = buf_text(&c.text);
    out->date = slice_dup(ctx->arena, slice_of(c.date));
    out->authorization = str_printf(ctx->arena,
                                    "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%.*s, "
                                    "Signature=%s",
                                    signer->key, c.scope, SLICE_ARGS(buf_view(&c.names)),
                                    signature);
    return out->target && out->canonical && out->date && out->authorization ? OK
                                                                            : ctx_no_memory(ctx);
}

enum err s3_sign_query(struct ctx *ctx, const struct s3_signer *signer, int64_t wall_ms,
                       int seconds, const struct s3_request *req, const char **target)
{
    struct canonical c;
    struct s3_request with = *req;
    struct s3_pair header = {"host", slice_of(req->host)};
    char signature[SHA256_HEX];
    enum err err = start(ctx, signer, wall_ms, &c);
    if (err != OK)
        return err;
    const char *credential = str_printf(ctx->arena, "%s/%s", signer->key, c.scope);
    const char *expires = str_printf(ctx->arena, "%d", seconds);
    const struct s3_pair extra[] = {{"X-Amz-Algorithm", SLICE("AWS4-HMAC-SHA256")},
                                    {"X-Amz-Credential", slice_of(credential)},
                                    {"X-Amz-Date", slice_of(c.date)},
                                    {"X-Amz-Expires", slice_of(expires)},
                                    {"X-Amz-SignedHeaders", SLICE("host")},
                                    {"X-Amz-Security-Token", slice_of(signer->token)}};
    size_t extras = sizeof extra / sizeof *extra - (signer->token ? 0 : 1);
    if (credential == NULL || expires == NULL)
        return ctx_no_memory(ctx);
    if (with.queries + extras > S3_PAIRS)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "too many parts in the query to presign");
    memcpy(with.query + with.queries, extra, extras * sizeof *extra);
    with.queries += extras;
    with.payload = "UNSIGNED-PAYLOAD";
    err = write_canonical(ctx, &with, &header, 1, &c);
    if (err == OK)
        err = write_signature(ctx, signer, c.date, c.scope, buf_view(&c.text), signature);
    if (err != OK)
        return err;
    buf_printf(&c.target, "&X-Amz-Signature=%s", signature);
    *target = buf_text(&c.target);
    return *target ? OK : ctx_no_memory(ctx);
}
