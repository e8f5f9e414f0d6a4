/*
 * reply.c - building an answer: fields, content, conditions, ranges.
 *
 * Nothing is sent here; head and content go out in http/send.c, a stream is handed on in
 * http/exchange.c. A field with CR, LF or NUL in it is not written: the answer fails as a whole
 * instead, since a header that a stranger can split is worse than an error.
 */
#include "http/reply.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>
void reply_init(struct reply *r, struct arena *arena)
{
    *r = (struct reply){.file = -1};
    buf_init(&r->fields, arena, REPLY_FIELDS_MAX);
    buf_init(&r->lasting, arena, REPLY_FIELDS_MAX);
    buf_init(&r->body, arena, REPLY_BODY_MAX);
}

static void drop_content(struct reply *r)
{
    if (r->file >= 0)
        (void)close(r->file); /* it was only read from */
    r->file = -1;
    r->still = SLICE_NONE;
    r->type = NULL;
    if (r->adopt)
        r->adopt(r->adopt_arg, -1);
    r->adopt = NULL;
    buf_clear(&r->body);
}

void reply_reset(struct reply *r)
{
    drop_content(r);
    buf_clear(&r->fields);
    r->status = 0;
    r->cacheable = false;
}

void reply_status(struct reply *r, int status)
{
    r->status = status;
}

static bool is_clean(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
            return false;
    return true;
}

static void add_field(struct buf *fields, const char *name, struct slice value)
{
    if (!is_clean(slice_of(name)) || !is_clean(value)) {
        fields->failed = true;
        return;
    }
    buf_str(fields, name);
    buf_str(fields, ": ");
    buf_slice(fields, value);
    buf_str(fields, "\r\n");
}

void reply_field_slice(struct reply *r, const char *name, struct slice value)
{
    add_field(&r->fields, name, value);
    if (strcasecmp(name, "Cache-Control") == 0)
        r->cacheable = true;
}

void reply_field(struct reply *r, const char *name, const char *value)
{
    reply_field_slice(r, name, slice_of(value));
}

void reply_lasting(struct reply *r, const char *name, const char *value)
{
    add_field(&r->lasting, name, slice_of(value));
}

static bool has_field(struct slice rest, const char *name)
{
    struct slice line;
    size_t n = strlen(name);
    while (rest.n > 0 && slice_split(&rest, '\n', &line))
        if (line.n > n && line.p[n] == ':' && strncasecmp(line.p, name, n) == 0)
            return true;
    return false;
}

bool reply_has_field(const struct reply *r, const char *name)
{
    return has_field(buf_view(&r->fields), name) || has_field(buf_view(&r->lasting), name);
}

void reply_json(struct reply *r, struct jw *j)
{
    drop_content(r);
    r->type = "application/json";
    jw_start(j, &r->body);
}

void reply_text(struct reply *r, const char *type, struct slice text)
{
    drop_content(r);
    r->type = type;
    buf_slice(&r->body, text);
}

void reply_still(struct reply *r, const char *type, struct slice text)
{
    drop_content(r);
    r->type = type;
    r->still = text;
}

void reply_file(struct reply *r, const char *type, int fd, off_t from, off_t size)
{
    drop_content(r);
    r->type = type;
    r->file = fd;
    r->file_from = from;
    r->file_size = size;
}

void reply_stream(struct reply *r, const char *type, void (*adopt)(void *arg, int fd), void *arg)
{
    drop_content(r);
    r->type = type;
    r->adopt = adopt;
    r->adopt_arg = arg;
}

void reply_empty(struct reply *r, int status)
{
    drop_content(r);
    r->status = status;
}

void reply_no_store(struct reply *r)
{
    if (!r->cacheable)
        reply_field(r, "Cache-Control", "no-store");
}

/* ---- conditions ------------------------------------------------------------------------------ */

static struct slice opaque(struct slice etag)
{
    return slice_starts(etag, "W/") ? slice_sub(etag, 2, etag.n) : etag;
}

/* Takes one entity tag off the front of a list; an opaque part may hold commas. */
static bool take_etag(struct slice *rest, struct slice *etag)
{
    while (rest->n > 0 && (rest->p[0] == ' ' || rest->p[0] == '\t' || rest->p[0] == ','))
        *rest = slice_sub(*rest, 1, rest->n);
    size_t open = slice_starts(*rest, "W/") ? 2 : 0;
    if (rest->n <= open || rest->p[open] != '"')
        return false;
    struct slice inner = slice_sub(*rest, open + 1, rest->n);
    size_t close = slice_find(inner, '"');
    if (close == inner.n)
        return false;
    *etag = slice_sub(*rest, 0, open + close + 2);
    *rest = slice_sub(inner, close + 1, inner.n);
    return true;
}

static bool none_match_hits(struct slice list, const char *etag)
{
    struct slice mine = opaque(slice_of(etag)), one;
    if (slice_is(list, "*"))
        return true;
    while (take_etag(&list, &one))
        if (slice_eq(opaque(one), mine))
            return true;
    return false;
}

bool reply_etag(struct reply *r, const struct request *req, const char *etag)
{
    reply_field(r, "ETag", etag);
    struct slice list = request_header(req, "If-None-Match");
    if (list.p == NULL || (req->method != METHOD_GET && req->method != METHOD_HEAD) ||
        !none_match_hits(list, etag))
        return false;
    reply_empty(r, 304);
    return true;
}

/* ---- ranges ---------------------------------------------------------------------------------- */

enum range_kind { RANGE_NONE, RANGE_GOOD, RANGE_OUTSIDE };

/* "bytes=a-b", "bytes=a-", "bytes=-n"; what is not well formed is ignored (RFC 9110, 14.2). */
static enum range_kind parse_range(struct slice text, off_t size, off_t *from, off_t *n)
{
    uint64_t first = 0, last = 0;
    if (text.n < 6 || strncasecmp(text.p, "bytes=", 6) != 0)
        return RANGE_NONE;
    struct slice spec = slice_trim(slice_sub(text, 6, text.n));
    size_t dash = slice_find(spec, '-');
    struct slice a = slice_sub(spec, 0, dash), b = slice_sub(spec, dash + 1, spec.n);
    if (dash == spec.n || slice_find(spec, ',') < spec.n || (a.n == 0 && b.n == 0))
        return RANGE_NONE;
    if ((a.n > 0 && !slice_to_u64(a, &first)) || (b.n > 0 && !slice_to_u64(b, &last)))
        return RANGE_NONE;
    uint64_t whole = (uint64_t)size;
    if (a.n == 0) { /* the last so many bytes */
        if (last == 0 || whole == 0)
            return RANGE_OUTSIDE;
        first = last >= whole ? 0 : whole - last;
        last = whole - 1;
    } else if (b.n == 0 || last >= whole) {
        if (b.n > 0 && last < first)
            return RANGE_NONE;
        last = whole ? whole - 1 : 0;
    } else if (last < first) {
        return RANGE_NONE;
    }
    if (first >= whole)
        return RANGE_OUTSIDE;
    *from = (off_t)first;
    *n = (off_t)(last - first + 1);
    return RANGE_GOOD;
}

/* If-Range holds when it names the strong tag we would send now; dates are not honoured. */
static bool if_range_holds(const struct request *req, const char *etag)
{
    struct slice want = request_header(req, "If-Range");
    if (want.p == NULL)
        return true;
    return etag != NULL && strncmp(etag, "W/", 2) != 0 && slice_is(want, etag);
}

enum err reply_range(struct ctx *ctx, struct reply *r, const struct request *req, const char *etag,
                     off_t size, off_t *from, off_t *n)
{
    struct slice range = request_header(req, "Range");
    *from = 0;
    *n = size;
    reply_field(r, "Accept-Ranges", "bytes");
    if (range.p == NULL || (req->method != METHOD_GET && req->method != METHOD_HEAD) ||
        !if_range_holds(req, etag))
        return OK;
    struct buf b;
    buf_init(&b, ctx->arena, 128);
    switch (parse_range(range, size, from, n)) {
    case RANGE_NONE: return OK;
    case RANGE_GOOD:
        buf_printf(&b, "bytes %lld-%lld/%lld", (long long)*from, (long long)(*from + *n - 1),
                   (long long)size);
        reply_status(r, 206);
        reply_field_slice(r, "Content-Range", buf_view(&b));
        return OK;
    case RANGE_OUTSIDE: break;
    }
    buf_printf(&b, "bytes */%lld", (long long)size);
    const char *text = buf_text(&b);
    if (text)
        reply_lasting(r, "Content-Range", text);
    return ctx_fail(ctx, ERR_RANGE, "The range lies outside the %lld bytes there are",
                    (long long)size);
}
