/*
 * request.c - looking things up in a request: fields, cookies, query parameters, form fields.
 *
 * Values are decoded when they are asked for, once. Nothing here knows what a parameter means;
 * whether the request is well formed was decided before, in http/check.c.
 */
#include "http/request.h"

#include <string.h>

static const char *const names[METHOD_COUNT] = {"GET",   "HEAD",   "POST",   "PUT",
                                                "PATCH", "DELETE", "OPTIONS"};

const char *method_name(enum method m)
{
    return (unsigned)m < METHOD_COUNT ? names[m] : "?";
}

bool method_of(struct slice name, enum method *out)
{
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (slice_is(name, names[m])) {
            *out = (enum method)m;
            return true;
        }
    return false;
}

struct slice request_header(const struct request *req, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < req->headers; i++)
        if (req->header[i].name.n == n && slice_is_nocase(req->header[i].name, name))
            return req->header[i].value;
    return SLICE_NONE;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Most values need no decoding; they stay where they are. */
static bool is_plain(struct slice raw, bool plus)
{
    return slice_find(raw, '%') == raw.n && slice_find(raw, '\0') == raw.n &&
           (!plus || slice_find(raw, '+') == raw.n);
}

enum err request_decode(struct ctx *ctx, struct slice raw, bool plus, struct slice *out)
{
    *out = raw;
    if (raw.n == 0 || is_plain(raw, plus))
        return OK;
    char *p = arena_alloc_raw(ctx->arena, raw.n);
    size_t n = 0;
    if (p == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];
        if (c == '%') {
            int high = i + 2 < raw.n ? hex(raw.p[i + 1]) : -1;
            int low = i + 2 < raw.n ? hex(raw.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return ctx_fail(ctx, ERR_INVALID, "The address contains a broken percent escape");
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0')
            return ctx_fail(ctx, ERR_INVALID, "The address contains a NUL");
        p[n++] = c;
    }
    *out = (struct slice){p, n};
    return OK;
}

/* The first "name=value" among pairs joined by '&', which are left behind it; names are compared
 * decoded. */
static bool find_pair(struct ctx *ctx, struct slice *pairs, const char *name, struct slice *out)
{
    struct slice pair;
    while (slice_split(pairs, '&', &pair)) {
        size_t at = slice_find(pair, '=');
        struct slice key;
        if (request_decode(ctx, slice_sub(pair, 0, at), true, &key) != OK)
            return false;
        if (slice_is(key, name))
            return request_decode(ctx, slice_sub(pair, at + 1, pair.n), true, out) == OK;
    }
    return false;
}

bool request_query(struct ctx *ctx, const struct request *req, const char *name, struct slice *out)
{
    struct slice pairs = req->query;
    return find_pair(ctx, &pairs, name, out);
}

bool request_form(struct ctx *ctx, struct slice body, const char *name, struct slice *out)
{
    struct slice again;
    if (!find_pair(ctx, &body, name, out))
        return false;
    if (!find_pair(ctx, &body, name, &again))
        return ctx->fault.err == OK;
    (void)ctx_fail(ctx, ERR_INVALID, "Field '%s' stands more than once", name);
    return false;
}

enum err request_query_bool(struct ctx *ctx, const struct request *req, const char *name, bool *out)
{
    struct slice text;
    if (!request_query(ctx, req, name, &text))
        return ctx->fault.err;
    if (slice_is(text, "true") || slice_is(text, "1"))
        *out = true;
    else if (slice_is(text, "false") || slice_is(text, "0"))
        *out = false;
    else
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, name, "%s must be true or false", name);
    return OK;
}

enum err request_query_int(struct ctx *ctx, const struct request *req, const char *name,
                           int64_t min, int64_t max, int64_t *out)
{
    struct slice text;
    int64_t v;
    if (!request_query(ctx, req, name, &text))
        return ctx->fault.err;
    if (!slice_to_i64(text, &v) || v < min || v > max)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, name,
                              "%s must be a whole number from %lld to %lld", name, (long long)min,
                              (long long)max);
    *out = v;
    return OK;
}

struct slice request_cookie(const struct request *req, const char *name)
{
    for (size_t i = 0; i < req->headers; i++) {
        if (!slice_is_nocase(req->header[i].name, "Cookie"))
            continue;
        struct slice rest = req->header[i].value, pair;
        while (slice_split(&rest, ';', &pair)) {
            pair = slice_trim(pair);
            size_t at = slice_find(pair, '=');
            if (at < pair.n && slice_is(slice_sub(pair, 0, at), name))
                return slice_sub(pair, at + 1, pair.n);
        }
    }
    return SLICE_NONE;
}
