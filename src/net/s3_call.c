/*
 * s3_call.c - sign, send, judge; once more where the server calls our clock wrong.
 *
 * The judgement is one table and one function: what the codes mean is written here and nowhere
 * else. Server clocks are believed only where a server refuses ours, so a Date that is wrong by
 * itself does no harm.
 */
#include "net/s3_call.h"

#include <stdio.h>
#include <string.h>

#include "net/s3_list.h"

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum {
    ERROR_BODY_MAX = 64 << 10,
    BYTES_PER_MS = 50,       /* the slowest line that is waited for: 50 kB/s */
    CLOCK_DOUBT_MS = 300000, /* less than this no server refuses */
    RETRY_AFTER_MAX = 3600,
    TIMEOUT_MAX_MS = 24 * 3600 * 1000
};

enum err s3_call_path(struct ctx *ctx, const struct s3 *s3, const char *key, const char **path)
{
    *path = s3->virtual_host ? str_printf(ctx->arena, "/%s", key ? key : "")
            : key            ? str_printf(ctx->arena, "/%s/%s", s3->bucket, key)
                             : str_printf(ctx->arena, "/%s", s3->bucket);
    return *path ? OK : ctx_no_memory(ctx);
}

int64_t s3_call_time(struct ctx *ctx, const struct s3 *s3)
{
    return clock_wall_ms(ctx->clock) + atomic_load(&s3->used_offset);
}

static enum err sign(struct ctx *ctx, struct s3 *s3, const struct s3_call *call,
                     struct s3_request *req, struct s3_signed *out, const char **token)
{
    enum err err = s3_call_path(ctx, s3, call->key, &req->path);
    if (err != OK)
        return err;
    req->method = call->method;
    req->host = s3->host;
    req->payload = call->sha256 ? call->sha256 : EMPTY_SHA256;
    memcpy(req->query, call->query, sizeof req->query);
    req->queries = call->queries;
    req->header[req->headers++] = (struct s3_pair){"x-amz-content-sha256", slice_of(req->payload)};
    if (call->md5)
        req->header[req->headers++] = (struct s3_pair){"content-md5", slice_of(call->md5)};
    if (call->create_only) /* bare: in quotes some servers take it for an etag and overwrite */
        req->header[req->headers++] = (struct s3_pair){"if-none-match", SLICE("*")};

    (void)pthread_mutex_lock(&s3->mutex);
    const struct s3_signer signer = {s3->key, s3->secret, s3->token, s3->region, "s3"};
    err = s3_sign(ctx, &signer, s3_call_time(ctx, s3), req, out);
    *token = s3->token ? slice_dup(ctx->arena, slice_of(s3->token)) : NULL;
    bool failed = s3->token && *token == NULL;
    (void)pthread_mutex_unlock(&s3->mutex);
    return err == OK && failed ? ctx_no_memory(ctx) : err;
}

static bool is_cancelled(const struct s3 *s3)
{
    return atomic_load(&s3->cancelled) || (s3->cancel && atomic_load(s3->cancel));
}

static bool go_on(void *arg, int64_t sent, int64_t received)
{
    const struct s3 *s3 = arg;
    (void)sent;
    (void)received;
    return !is_cancelled(s3);
}

static int limit_ms(const struct s3 *s3, const struct s3_call *call)
{
    int64_t bytes = call->expected + (call->source ? call->body_size : (int64_t)call->body.n);
    int64_t ms = s3->timeout_ms + bytes / BYTES_PER_MS;
    return ms < TIMEOUT_MAX_MS ? (int)ms : TIMEOUT_MAX_MS;
}

/* One request. *sent is false where our side failed before anything could be sent. */
static enum err send_once(struct ctx *ctx, struct s3 *s3, const struct s3_call *call,
                          struct fetch_answer *out, bool *sent)
{
    struct s3_request req = {0};
    struct s3_signed s;
    const char *token;
    *sent = false;
    enum err err = sign(ctx, s3, call, &req, &s, &token);
    if (err != OK)
        return err;
    struct fetch_request fetch = {.method = call->method,
                                  .url = str_printf(ctx->arena, "%s%s", s3->origin, s.target),
                                  .has_body = call->has_body,
                                  .body = call->body,
                                  .source = call->source,
                                  .source_arg = call->source_arg,
                                  .body_size = call->body_size,
                                  .answer_max = call->answer_max > ERROR_BODY_MAX ? call->answer_max
                                                                                  : ERROR_BODY_MAX,
                                  .timeout_ms = limit_ms(s3, call),
                                  .ca_file = s3->ca_file,
                                  .progress = go_on,
                                  .progress_arg = s3,
                                  .sink = call->sink,
                                  .sink_arg = call->sink_arg,
                                  .pool = s3->pool};
    bool good = fetch_add(&fetch, "x-amz-date", slice_of(s.date)) &&
                fetch_add(&fetch, "Authorization", slice_of(s.authorization)) &&
                (token == NULL || fetch_add(&fetch, "x-amz-security-token", slice_of(token)));
    for (size_t i = 0; i < req.headers; i++)
        good = good && fetch_add(&fetch, req.header[i].name, req.header[i].value);
    if (fetch.url == NULL)
        return ctx_no_memory(ctx);
    if (!good)
        return ctx_fail(ctx, ERR_INVALID, "The access key or its token has a control letter");
    *sent = true;
    return fetch_run(ctx, &fetch, out);
}

/* "Fri, 24 May 2013 00:00:00 GMT" */
static bool read_date(struct slice text, int64_t *wall_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char iso[32], name[4];
    if (text.n != 29 || !slice_ends(text, " GMT"))
        return false;
    (void)snprintf(name, sizeof name, "%.3s", text.p + 8);
    const char *at = strstr(months, name);
    if (at == NULL || (at - months) % 3)
        return false;
    (void)snprintf(iso, sizeof iso, "%.4s-%02d-%.2sT%.8sZ", text.p + 12, (int)(at - months) / 3 + 1,
                   text.p + 5, text.p + 17);
    return clock_parse(slice_of(iso), wall_ms);
}

static void learn_clock(struct ctx *ctx, struct s3 *s3, const struct fetch_answer *out)
{
    int64_t theirs;
    if (read_date(fetch_header(out, "Date"), &theirs))
        atomic_store(&s3->seen_offset, theirs - clock_wall_ms(ctx->clock));
}

static int read_retry_after(const struct fetch_answer *out)
{
    struct slice text = fetch_header(out, "Retry-After");
    uint64_t seconds;
    int64_t at, date;
    if (!slice_to_u64(text, &seconds)) {
        if (!read_date(text, &at) || !read_date(fetch_header(out, "Date"), &date))
            return 0;
        seconds = at > date ? (uint64_t)(at - date + 999) / 1000 : 0;
    }
    return seconds < RETRY_AFTER_MAX ? (int)seconds : RETRY_AFTER_MAX;
}

/* What a code says where the status alone does not. */
static const struct {
    const char *code;
    enum s3_end end;
} meanings[] = {{"NoSuchBucket", S3_NO_BUCKET},
                {"InvalidAccessKeyId", S3_BAD_KEY},
                {"SignatureDoesNotMatch", S3_BAD_KEY},
                {"RequestTimeTooSkewed", S3_BAD_KEY},
                {"ExpiredToken", S3_BAD_KEY},
                {"InvalidToken", S3_BAD_KEY},
                {"TokenRefreshRequired", S3_BAD_KEY},
                {"InvalidClientTokenId", S3_BAD_KEY},
                {"XAmzContentSHA256Mismatch", S3_DAMAGED},
                {"BadDigest", S3_DAMAGED},
                {"SlowDown", S3_BUSY},
                {"RequestTimeout", S3_BUSY},
                {"NotImplemented", S3_UNSUPPORTED}};

static enum s3_end end_of(const struct s3_call *call, int status, const char *code)
{
    if (status >= 200 && status < 300)
        return S3_OK;
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strcmp(code, meanings[i].code) == 0)
            return meanings[i].end;
    switch (status) {
    case 304:
    case 412: return call->create_only ? S3_EXISTS : S3_REFUSED;
    case 401: return S3_BAD_KEY;
    case 403: return S3_DENIED;
    case 404:
        /* Nothing else can be absent where something is written or listed. */
        return call->has_body || call->key == NULL ? S3_NO_BUCKET : S3_ABSENT;
    case 408:
    case 409:
    case 429: return S3_BUSY;
    case 501: return S3_UNSUPPORTED;
    default: return status >= 500 ? S3_BUSY : S3_REFUSED;
    }
}

/* "put of log/1.json: 403 AccessDenied: Access Denied" */
static const char *message_of(struct ctx *ctx, const struct s3_call *call, int status,
                              const struct s3_error *e, struct slice region)
{
    const char *text = str_printf(ctx->arena, "%s of %s: %d%s%s%s%s%s%.*s%s", call->verb,
                                  call->key ? call->key : "the bucket", status, *e->code ? " " : "",
                                  e->code, *e->message ? ": " : "", e->message,
                                  region.n ? " (the bucket is in region " : "", SLICE_ARGS(region),
                                  region.n ? ")" : "");
    return text ? text : "";
}

static void judge(struct ctx *ctx, const struct s3_call *call, const struct fetch_answer *out,
                  struct s3_answer *answer)
{
    struct s3_error e = {"", "", ""};
    uint64_t length;
    if (out->status < 200 || out->status >= 300)
        s3_error_read(ctx->arena, out->body, &e);
    answer->status = out->status;
    answer->end = end_of(call, out->status, e.code);
    answer->code = e.code;
    answer->retry_after = read_retry_after(out);
    if (slice_to_u64(fetch_header(out, "Content-Length"), &length) && length <= INT64_MAX)
        answer->size = (int64_t)length;
    struct slice etag = fetch_header(out, "ETag");
    if (etag.n >= 2 && etag.p[0] == '"')
        etag = slice_sub(etag, 1, etag.n - 1);
    answer->etag = slice_dup(ctx->arena, etag);
    if (answer->etag == NULL)
        answer->etag = "";
    if (answer->end == S3_OK)
        return;
    struct slice region = fetch_header(out, "x-amz-bucket-region");
    bool elsewhere = out->status / 100 == 3 || strcmp(e.code, "AuthorizationHeaderMalformed") == 0;
    if (elsewhere && region.n == 0)
        region = slice_of(e.region);
    answer->message = message_of(ctx, call, out->status, &e, elsewhere ? region : SLICE_NONE);
}

/* True once per call: our clock was called wrong, and the one to use from now on is known. */
static bool clock_corrected(struct s3 *s3, const struct s3_answer *answer)
{
    bool said = strcmp(answer->code, "RequestTimeTooSkewed") == 0;
    bool mute = *answer->code == '\0' && (answer->status == 403 || answer->status == 400);
    int64_t seen = atomic_load(&s3->seen_offset), used = atomic_load(&s3->used_offset);
    int64_t apart = seen > used ? seen - used : used - seen;
    if ((!said && !mute) || apart < CLOCK_DOUBT_MS)
        return false;
    atomic_store(&s3->used_offset, seen);
    return true;
}

static enum err unanswered(struct ctx *ctx, const struct s3_call *call, enum err err,
                           struct s3_answer *answer)
{
    bool theirs = err == ERR_IO || err == ERR_TIMEOUT || err == ERR_TOO_LARGE ||
                  err == ERR_FORBIDDEN;
    if (!theirs)
        return err;
    const char *text = str_printf(ctx->arena, "%s of %s: %s", call->verb,
                                  call->key ? call->key : "the bucket", ctx_sentence(ctx));
    *answer = (struct s3_answer){.end = err == ERR_TOO_LARGE   ? S3_DAMAGED
                                        : err == ERR_FORBIDDEN ? S3_REFUSED
                                                               : S3_UNKNOWN,
                                 .etag = "",
                                 .code = "",
                                 .message = text ? text : ""};
    ctx_forgive(ctx);
    return OK;
}

enum err s3_call(struct ctx *ctx, struct s3 *s3, const struct s3_call *call, struct slice *body,
                 struct s3_answer *answer)
{
    for (int tries = 0;; tries++) {
        struct fetch_answer out = {0};
        bool sent;
        *answer = (struct s3_answer){.etag = "", .code = "", .message = ""};
        if (is_cancelled(s3)) {
            answer->end = S3_UNKNOWN;
            answer->message = "The transfers to the object store are being stopped";
            return OK;
        }
        enum err err = send_once(ctx, s3, call, &out, &sent);
        bool ours = !sent || (call->sink_err && *call->sink_err != OK);
        if (err != OK)
            return ours ? err : unanswered(ctx, call, err, answer);
        learn_clock(ctx, s3, &out);
        judge(ctx, call, &out, answer);
        if (tries == 0 && clock_corrected(s3, answer))
            continue;
        if (body)
            *body = out.body;
        return OK;
    }
}
