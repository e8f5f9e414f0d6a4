/*
 * s3.c - opening a client, and the calls that carry objects.
 *
 * Listing is in net/s3_walk.c, signing and judging in net/s3_call.c. A body is hashed before it is
 * sent, since the head of the request says its hash; so a file is read twice.
 */
#include "net/s3.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"
#include "net/s3_call.h"

enum { CLIENT_MEMORY = 1 << 20, CHUNK = 64 << 10, MD5_TEXT = 32, UNKNOWN_SIZE = 256 << 20 };

const char *s3_end_name(enum s3_end end)
{
    static const char *const names[] = {[S3_OK] = "ok",
                                        [S3_EXISTS] = "exists",
                                        [S3_ABSENT] = "absent",
                                        [S3_NO_BUCKET] = "no-bucket",
                                        [S3_BAD_KEY] = "bad-key",
                                        [S3_DENIED] = "denied",
                                        [S3_UNSUPPORTED] = "unsupported",
                                        [S3_REFUSED] = "refused",
                                        [S3_BUSY] = "busy",
                                        [S3_UNKNOWN] = "unknown",
                                        [S3_DAMAGED] = "damaged"};
    return names[end];
}

/* ---- opening ---- */

static bool is_bucket_name(const char *name)
{
    size_t n = strlen(name);
    if (n < 3 || n > 63 || strstr(name, ".."))
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        bool edge = i == 0 || i == n - 1;
        if (c > 0x7E || (!isalnum(c) && (edge || (c != '-' && c != '.' && c != '_'))))
            return false;
    }
    return true;
}

static bool is_host(struct slice host)
{
    for (size_t i = 0; i < host.n; i++)
        if (!isalnum((unsigned char)host.p[i]) && strchr("-._:[]", host.p[i]) == NULL)
            return false;
    return host.n > 0 && host.n < 256;
}

/* Is this machine meant? Only then does plain http leave nothing on a wire. */
static bool is_loopback(struct slice host)
{
    if (slice_starts(host, "[::1]"))
        return host.n == 5 || host.p[5] == ':';
    struct slice name = slice_sub(host, 0, slice_find(host, ':'));
    if (slice_is(name, "localhost"))
        return true;
    size_t n = 0; /* 127.0.0.1.example is a name that anybody may own */
    while (n < name.n && (name.p[n] == '.' || isdigit((unsigned char)name.p[n])))
        n++;
    return n == name.n && slice_starts(name, "127.");
}

static enum err read_endpoint(struct ctx *ctx, struct s3 *s3, const struct s3_options *o)
{
    const char *aws = str_printf(ctx->arena, "https://s3.%s.amazonaws.com", s3->region);
    struct slice rest = slice_of(o->endpoint ? o->endpoint : aws);
    bool tls = slice_starts(rest, "https://");
    if (rest.p == NULL)
        return ctx_no_memory(ctx);
    if (!tls && !slice_starts(rest, "http://"))
        return ctx_fail_field(ctx, ERR_INVALID, "s3-endpoint",
                              "s3-endpoint must begin with https:// or http://");
    rest = slice_sub(rest, tls ? 8 : 7, rest.n);
    if (slice_ends(rest, "/"))
        rest.n--;
    if (slice_ends(rest, tls ? ":443" : ":80")) /* left out by libcurl, and so by what is signed */
        rest.n -= tls ? 4 : 3;
    if (!is_host(rest))
        return ctx_fail_field(ctx, ERR_INVALID, "s3-endpoint",
                              "s3-endpoint must be https://host or https://host:port, and no more");
    if (!tls && !o->plain_http && !is_loopback(rest))
        return ctx_fail_field(ctx, ERR_INVALID, "s3-endpoint",
                              "s3-endpoint is http:// to another machine, where everybody on the "
                              "way can read along; use https://, or set s3-plain-http");
    s3->host = s3->virtual_host ? str_printf(&s3->arena, "%s.%.*s", s3->bucket, SLICE_ARGS(rest))
                                : slice_dup(&s3->arena, rest);
    s3->origin = str_printf(&s3->arena, "%s://%s", tls ? "https" : "http", s3->host);
    s3->name = str_printf(&s3->arena, "%s%s%s/%s", s3->origin, s3->virtual_host ? "" : "/",
                          s3->virtual_host ? "" : s3->bucket, s3->prefix);
    return s3->host && s3->origin && s3->name ? OK : ctx_no_memory(ctx);
}

static bool is_region(const char *region)
{
    for (const char *c = region; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
            return false;
    return *region && strlen(region) < 64;
}

/* No empty, "." or ".." part, no control letter; libcurl would send them, servers differ on them. */
static bool is_path(struct slice text)
{
    struct slice part;
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7F)
            return false;
    while (slice_split(&text, '/', &part))
        if (part.n == 0 || slice_is(part, ".") || slice_is(part, ".."))
            return false;
    return true;
}

static enum err read_options(struct ctx *ctx, struct s3 *s3, const struct s3_options *o)
{
    const char *region = o->region ? o->region : "us-east-1", *prefix = o->prefix ? o->prefix : "";
    if (o->bucket == NULL || !is_bucket_name(o->bucket))
        return ctx_fail_field(ctx, ERR_INVALID, "s3-bucket",
                              "s3-bucket must have 3 to 63 letters, digits, dots and dashes");
    if (!is_region(region))
        return ctx_fail_field(ctx, ERR_INVALID, "s3-region",
                              "s3-region must have letters, digits and dashes only");
    struct slice p = slice_of(prefix);
    bool fits = p.n == 0 || (slice_ends(p, "/") && is_path(slice_sub(p, 0, p.n - 1)));
    if (!fits || p.n > S3_KEY_MAX / 2 || !slice_is_utf8(p))
        return ctx_fail_field(ctx, ERR_INVALID, "s3-prefix",
                              "s3-prefix must be parts that each end in '/', such as team/larder/");
    s3->virtual_host = o->virtual_host;
    s3->cancel = o->cancel;
    s3->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : S3_TIMEOUT_MS;
    s3->region = slice_dup(&s3->arena, slice_of(region));
    s3->bucket = slice_dup(&s3->arena, slice_of(o->bucket));
    s3->prefix = slice_dup(&s3->arena, p);
    s3->ca_file = o->ca_file ? slice_dup(&s3->arena, slice_of(o->ca_file)) : NULL;
    atomic_store(&s3->used_offset, o->clock_offset_ms);
    bool failed = !s3->region || !s3->bucket || !s3->prefix || (o->ca_file && !s3->ca_file);
    if (failed)
        return ctx_no_memory(ctx);
    enum err err = read_endpoint(ctx, s3, o);
    return err == OK ? s3_set_keys(ctx, s3, o->key, o->secret, o->token) : err;
}

enum err s3_open(struct ctx *ctx, const struct s3_options *options, struct s3 **out)
{
    struct s3 *s3 = calloc(1, sizeof *s3); /* s3_close */
    if (s3 == NULL)
        return ctx_no_memory(ctx);
    arena_init(&s3->arena, CLIENT_MEMORY);
    (void)pthread_mutex_init(&s3->mutex, NULL); /* cannot fail on Linux */
    s3->pool = fetch_pool_new();
    enum err err = s3->pool ? read_options(ctx, s3, options) : ctx_no_memory(ctx);
    if (err != OK) {
        s3_close(s3);
        return err;
    }
    *out = s3;
    return OK;
}

static void forget(char *secret)
{
    if (secret)
        crypto_wipe(secret, strlen(secret));
    free(secret);
}

void s3_close(struct s3 *s3)
{
    if (s3 == NULL)
        return;
    forget(s3->key);
    forget(s3->secret);
    forget(s3->token);
    fetch_pool_free(s3->pool);
    (void)pthread_mutex_destroy(&s3->mutex);
    arena_free(&s3->arena);
    free(s3);
}

enum err s3_set_keys(struct ctx *ctx, struct s3 *s3, const char *key, const char *secret,
                     const char *token)
{
    if (key == NULL || *key == '\0' || secret == NULL || *secret == '\0')
        return ctx_fail(ctx, ERR_INVALID, "The access key and its secret must both be given");
    char *fresh[] = {strdup(key), strdup(secret), token && *token ? strdup(token) : NULL};
    if (!fresh[0] || !fresh[1] || (token && *token && !fresh[2])) {
        for (size_t i = 0; i < 3; i++)
            forget(fresh[i]);
        return ctx_no_memory(ctx);
    }
    (void)pthread_mutex_lock(&s3->mutex);
    char *old[] = {s3->key, s3->secret, s3->token};
    s3->key = fresh[0];
    s3->secret = fresh[1];
    s3->token = fresh[2];
    (void)pthread_mutex_unlock(&s3->mutex);
    for (size_t i = 0; i < 3; i++)
        forget(old[i]);
    return OK;
}

void s3_cancel(struct s3 *s3)
{
    atomic_store(&s3->cancelled, true);
}

int64_t s3_clock_offset(const struct s3 *s3)
{
    return atomic_load(&s3->seen_offset);
}

const char *s3_name(const struct s3 *s3)
{
    return s3->name;
}

/* ---- calls ---- */

static enum err full_key(struct ctx *ctx, const struct s3 *s3, const char *key, const char **out)
{
    struct slice text = {key, strlen(key)};
    *out = str_printf(ctx->arena, "%s%s", s3->prefix, key);
    if (*out == NULL)
        return ctx_no_memory(ctx);
    if (text.n == 0 || strlen(*out) > S3_KEY_MAX || !is_path(text) || !slice_is_utf8(text))
        return ctx_fail(ctx, ERR_INVALID, "'%.200s' cannot be the key of an object", key);
    return OK;
}

static enum err encode_md5(struct ctx *ctx, struct crypto_md5 *md5, const char **text)
{
    unsigned char sum[MD5_BYTES];
    struct buf b;
    crypto_md5_end(md5, sum);
    buf_init(&b, ctx->arena, MD5_TEXT);
    crypto_base64(&b, sum, sizeof sum);
    *text = buf_text(&b);
    return *text ? OK : ctx_no_memory(ctx);
}

enum err s3_put(struct ctx *ctx, struct s3 *s3, const char *key, struct slice bytes,
                bool create_only, struct s3_answer *answer)
{
    unsigned char sum[SHA256_BYTES];
    char sha256[SHA256_HEX];
    struct s3_call call = {.verb = "put",
                           .method = "PUT",
                           .create_only = create_only,
                           .has_body = true,
                           .body = bytes,
                           .sha256 = sha256};
    enum err err = full_key(ctx, s3, key, &call.key);
    if (err != OK)
        return err;
    struct crypto_md5 *md5 = crypto_md5_new();
    if (md5 == NULL)
        return ctx_no_memory(ctx);
    crypto_md5_add(md5, bytes.p, bytes.n);
    err = encode_md5(ctx, md5, &call.md5);
    crypto_sha256(bytes, sum);
    crypto_hex(sum, sizeof sum, sha256);
    return err == OK ? s3_call(ctx, s3, &call, NULL, answer) : err;
}

struct file_source {
    int fd;
    int why; /* errno; 0 = fine */
};

static bool read_at(void *arg, int64_t offset, char *p, size_t n)
{
    struct file_source *f = arg;
    while (n > 0) {
        ssize_t got = pread(f->fd, p, n, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            f->why = got < 0 ? errno : EIO; /* shorter than it was said to be */
            return false;
        }
        p += got;
        offset += got;
        n -= (size_t)got;
    }
    return true;
}

/* The file must be what its caller says; the MD5 comes out on the way. */
static enum err check_file(struct ctx *ctx, struct file_source *f, int64_t size, const char *sha256,
                           const char **md5_text)
{
    char bytes[CHUNK], hex[SHA256_HEX];
    unsigned char sum[SHA256_BYTES];
    struct crypto_hash *hash = crypto_hash_new();
    struct crypto_md5 *md5 = crypto_md5_new();
    bool good = hash && md5;
    for (int64_t at = 0; good && at < size;) {
        size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
        good = read_at(f, at, bytes, n);
        if (good) {
            crypto_hash_add(hash, bytes, n);
            crypto_md5_add(md5, bytes, n);
        }
        at += (int64_t)n;
    }
    if (hash)
        crypto_hash_end(hash, sum);
    enum err err = md5 ? encode_md5(ctx, md5, md5_text) : ctx_no_memory(ctx);
    if (hash == NULL)
        return ctx_no_memory(ctx);
    if (f->why)
        return ctx_fail_errno(ctx, f->why, "the file to be put");
    crypto_hex(sum, sizeof sum, hex);
    if (err == OK && strcmp(hex, sha256) != 0)
        return ctx_fail(ctx, ERR_CORRUPT, "The file to be put is not %s any more", sha256);
    return err;
}

enum err s3_put_file(struct ctx *ctx, struct s3 *s3, const char *key, int fd, int64_t size,
                     const char *sha256, bool create_only, struct s3_answer *answer)
{
    struct file_source f = {.fd = fd};
    struct s3_call call = {.verb = "put",
                           .method = "PUT",
                           .create_only = create_only,
                           .has_body = true,
                           .source = read_at,
                           .source_arg = &f,
                           .body_size = size,
                           .sha256 = sha256};
    enum err err = full_key(ctx, s3, key, &call.key);
    if (err == OK)
        err = check_file(ctx, &f, size, sha256, &call.md5);
    if (err == OK)
        err = s3_call(ctx, s3, &call, NULL, answer);
    if (err == OK && f.why)
        return ctx_fail_errno(ctx, f.why, "the file to be put");
    return err;
}

enum err s3_get(struct ctx *ctx, struct s3 *s3, const char *key, size_t max, struct slice *body,
                struct s3_answer *answer)
{
    struct s3_call call = {
        .verb = "get", .method = "GET", .answer_max = max, .expected = (int64_t)max};
    *body = SLICE_NONE;
    enum err err = full_key(ctx, s3, key, &call.key);
    if (err == OK)
        err = s3_call(ctx, s3, &call, body, answer);
    if (err != OK || answer->end != S3_OK)
        return err;
    answer->size = (int64_t)body->n;
    if (body->n > max) { /* small ones fit into the room for an error */
        *body = SLICE_NONE;
        answer->end = S3_DAMAGED;
        answer->message = "The object is larger than what was asked for";
    }
    return OK;
}

struct file_sink {
    int fd;
    int64_t size; /* that it must have; -1 = any */
    int64_t got;
    struct crypto_hash *hash;
    bool over;
    enum err err;
};

static enum err write_piece(struct ctx *ctx, void *arg, struct slice piece)
{
    struct file_sink *f = arg;
    f->got += (int64_t)piece.n;
    f->over = f->size >= 0 && f->got > f->size;
    if (f->over)
        return f->err = ERR_TOO_LARGE; /* s3_get_file turns it into S3_DAMAGED */
    crypto_hash_add(f->hash, piece.p, piece.n);
    if (file_write(f->fd, piece) != 0)
        return f->err = ctx_fail_errno(ctx, errno, "the file for an object");
    return OK;
}

static void damaged(struct ctx *ctx, const char *key, const char *what, struct s3_answer *answer)
{
    const char *text = str_printf(ctx->arena, "get of %s: %s", key, what);
    answer->end = S3_DAMAGED;
    answer->message = text ? text : "";
}

enum err s3_get_file(struct ctx *ctx, struct s3 *s3, const char *key, int fd, int64_t size,
                     const char *sha256, struct s3_answer *answer)
{
    struct file_sink f = {.fd = fd, .size = size};
    unsigned char sum[SHA256_BYTES];
    char hex[SHA256_HEX];
    struct s3_call call = {.verb = "get",
                           .method = "GET",
                           .expected = size >= 0 ? size : UNKNOWN_SIZE,
                           .sink = write_piece,
                           .sink_arg = &f,
                           .sink_err = &f.err};
    enum err err = full_key(ctx, s3, key, &call.key);
    if (err != OK)
        return err;
    f.hash = crypto_hash_new();
    if (f.hash == NULL)
        return ctx_no_memory(ctx);
    err = s3_call(ctx, s3, &call, NULL, answer);
    crypto_hash_end(f.hash, sum);
    if (f.over) {
        ctx_forgive(ctx);
        *answer = (struct s3_answer){.etag = "", .code = "", .status = 200};
        damaged(ctx, key, "more bytes than it has", answer);
        return OK;
    }
    if (err != OK || answer->end != S3_OK)
        return err;
    crypto_hex(sum, sizeof sum, hex);
    answer->size = f.got;
    if (size >= 0 && f.got != size)
        damaged(ctx, key, "fewer bytes than it has", answer);
    else if (sha256 && strcmp(hex, sha256) != 0)
        damaged(ctx, key, "the bytes are not those of its hash", answer);
    return OK;
}

enum err s3_head(struct ctx *ctx, struct s3 *s3, const char *key, struct s3_answer *answer)
{
    struct s3_call call = {.verb = "head", .method = "HEAD"};
    enum err err = full_key(ctx, s3, key, &call.key);
    return err == OK ? s3_call(ctx, s3, &call, NULL, answer) : err;
}

enum err s3_delete(struct ctx *ctx, struct s3 *s3, const char *key, struct s3_answer *answer)
{
    struct s3_call call = {.verb = "delete", .method = "DELETE"};
    enum err err = full_key(ctx, s3, key, &call.key);
    if (err == OK)
        err = s3_call(ctx, s3, &call, NULL, answer);
    if (err == OK && answer->end == S3_ABSENT)
        answer->end = S3_OK;
    return err;
}

enum err s3_presign(struct ctx *ctx, struct s3 *s3, const char *key, int seconds,
                    const char *disposition, const char **url)
{
    struct s3_request req = {.method = "GET", .host = s3->host};
    const char *full, *target;
    if (seconds < 1 || seconds > S3_PRESIGN_MAX)
        return ctx_fail(ctx, ERR_INVALID, "An address can be good for 1 s to 7 days");
    if (disposition)
        req.query[req.queries++] = (struct s3_pair){"response-content-disposition",
                                                    slice_of(disposition)};
    enum err err = full_key(ctx, s3, key, &full);
    if (err == OK)
        err = s3_call_path(ctx, s3, full, &req.path);
    if (err != OK)
        return err;
    (void)pthread_mutex_lock(&s3->mutex);
    const struct s3_signer signer = {s3->key, s3->secret, s3->token, s3->region, "s3"};
    err = s3_sign_query(ctx, &signer, s3_call_time(ctx, s3), seconds, &req, &target);
    (void)pthread_mutex_unlock(&s3->mutex);
    if (err != OK)
        return err;
    *url = str_printf(ctx->arena, "%s%s", s3->origin, target);
    return *url ? OK : ctx_no_memory(ctx);
}
