/*
 * check.c - the walk over the header block, then the rules for single fields.
 *
 * Nothing is repaired: a request is either well formed or refused, in one sentence that never
 * repeats what was sent. Whether the host is ours is asked later, in http/origin.c; how the bytes
 * got here is told in http/server.c.
 */
#include "http/check.h"

#include <string.h>
#include <strings.h>

/* No upload of any kind is larger; a length above it is refused before the routes are asked. */
#define LENGTH_MAX ((uint64_t)1 << 40)

struct walk {
    const char *p, *end; /* end: no byte at or behind it may be read */
};

static bool is_token(unsigned char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool all_tokens(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_token((unsigned char)s.p[i]))
            return false;
    return s.n > 0;
}

/* Up to the next NUL, which is stepped over. False when the block ends first. */
static bool take_word(struct walk *w, struct slice *word)
{
    const char *nul = memchr(w->p, '\0', (size_t)(w->end - w->p));
    if (nul == NULL)
        return false;
    *word = (struct slice){w->p, (size_t)(nul - w->p)};
    w->p = nul + 1;
    return true;
}

/* One more NUL, which makes the line end CR LF. */
static bool take_nul(struct walk *w)
{
    if (w->p >= w->end || *w->p != '\0')
        return false;
    w->p++;
    return true;
}

static bool at_end(const struct walk *w)
{
    return w->end - w->p >= 2 && w->p[0] == '\r' && w->p[1] == '\0';
}

static enum err bad_line(struct ctx *ctx)
{
    return ctx_fail(ctx, ERR_INVALID, "The request line is not well formed");
}

static enum err bad_address(struct ctx *ctx)
{
    return ctx_fail(ctx, ERR_URI, "The request address is longer than %d bytes", REQUEST_URI_MAX);
}

/* "METHOD target HTTP/1.x", with exactly one blank between the words. */
static enum err walk_line(struct ctx *ctx, struct walk *w, const char *query, struct request *req,
                          struct check *out)
{
    struct slice method, target, version;
    if (!take_word(w, &method))
        return bad_line(ctx);
    if (!take_word(w, &target)) /* no end of it within the largest header there may be */
        return bad_address(ctx);
    req->query = SLICE_NONE;
    if (query) { /* where the '?' stood there is a NUL now, and the query follows it */
        if (query != w->p)
            return bad_line(ctx);
        if (!take_word(w, &req->query))
            return bad_address(ctx);
    }
    if (!take_word(w, &version) || !all_tokens(method))
        return bad_line(ctx);
    if (target.n + req->query.n + (query != NULL) > REQUEST_URI_MAX)
        return bad_address(ctx);
    out->http10 = slice_is(version, "HTTP/1.0");
    if (!out->http10 && !slice_is(version, "HTTP/1.1"))
        return ctx_fail(ctx, ERR_INVALID, "This server speaks HTTP/1.1");
    if (!method_of(method, &req->method))
        req->method = METHOD_COUNT;
    req->path = target;
    if (!take_nul(w))
        return ctx_fail(ctx, ERR_INVALID, "Lines must end in CR LF");
    return OK;
}

static enum err add_field(struct ctx *ctx, struct request *req, struct slice name,
                          struct slice value)
{
    if (!all_tokens(name))
        return ctx_fail(ctx, ERR_INVALID, "A header field has a name that is not a token");
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return ctx_fail(ctx, ERR_INVALID, "A header field contains a control character");
    }
    req->header[req->headers++] = (struct header){name, slice_trim(value)};
    return OK;
}

/* Both readers must have found the same field: "X :" LF leaves the same NULs as "X:" CR LF. */
static bool agrees(const struct check_input *in, const struct request *req)
{
    size_t i = req->headers - 1;
    if (in->seen == NULL)
        return true;
    return i < in->fields && in->seen[i].name == req->header[i].name.p &&
           in->seen[i].value == req->header[i].value.p;
}

static enum err walk_fields(struct ctx *ctx, struct walk *w, const struct check_input *in,
                            struct request *req)
{
    while (!at_end(w)) {
        struct slice name, value;
        if (w->p < w->end && (*w->p == ' ' || *w->p == '\t'))
            return ctx_fail(ctx, ERR_INVALID, "Folded header fields are not accepted");
        if (req->headers == REQUEST_FIELDS)
            return ctx_fail(ctx, ERR_HEADERS, "There are more than %d header fields",
                            REQUEST_FIELDS);
        if (!take_word(w, &name) || !take_word(w, &value) || w->p >= w->end)
            return ctx_fail(ctx, ERR_HEADERS, "The header is larger than %d bytes",
                            REQUEST_HEAD_MAX);
        if (name.n == 0) /* a NUL where a line should begin: its end was not CR LF */
            return ctx_fail(ctx, ERR_INVALID, "The header is not well formed");
        if (!take_nul(w))
            return ctx_fail(ctx, ERR_INVALID,
                            "A header field is not one line of 'Name: value' that ends in CR LF");
        enum err err = add_field(ctx, req, name, value);
        if (err)
            return err;
        if (!agrees(in, req))
            return ctx_fail(ctx, ERR_INVALID, "The header is not well formed");
    }
    return OK;
}

/* ---- single fields ------------------------------------------------------------------------ */

static const struct slice once[] = {
    SLICE("Host"),     SLICE("Content-Length"),  SLICE("Content-Type"), SLICE("Transfer-Encoding"),
    SLICE("Expect"),   SLICE("Authorization"),   SLICE("Origin"),       SLICE("X-API-KEY"),
    SLICE("Range"),    SLICE("Sec-Fetch-Site"),  SLICE("Connection"),   SLICE("Upgrade"),
    SLICE("If-Range"), SLICE("Content-Encoding")};

static size_t count_fields(const struct request *req, struct slice name)
{
    size_t n = 0;
    for (size_t i = 0; i < req->headers; i++)
        n += req->header[i].name.n == name.n && slice_is_nocase(req->header[i].name, name.p);
    return n;
}

static enum err check_once(struct ctx *ctx, const struct request *req)
{
    for (size_t i = 0; i < sizeof once / sizeof *once; i++)
        if (count_fields(req, once[i]) > 1)
            return ctx_fail(ctx, ERR_INVALID, "The header field %s stands more than once",
                            once[i].p);
    return OK;
}

static bool is_host_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* "name", "1.2.3.4", "[::1]", each with an optional port. */
static bool is_host(struct slice host)
{
    size_t i = 0;
    if (host.n == 0 || host.n > 255 + 6)
        return false;
    if (host.p[0] == '[') {
        for (i = 1; i < host.n && host.p[i] != ']'; i++)
            if (strchr("0123456789abcdefABCDEF:.", host.p[i]) == NULL)
                return false;
        if (i == host.n || i < 3)
            return false;
        i++;
    } else {
        while (i < host.n && is_host_letter(host.p[i]))
            i++;
        if (i == 0)
            return false;
    }
    if (i == host.n)
        return true;
    uint64_t port;
    struct slice rest = slice_sub(host, i + 1, host.n);
    return host.p[i] == ':' && rest.n <= 5 && slice_to_u64(rest, &port) && port <= 65535;
}

static enum err check_host(struct ctx *ctx, struct request *req, const struct check *out)
{
    req->host = request_header(req, "Host");
    if (req->host.p == NULL && out->http10)
        return OK; /* HTTP/1.0 knows no Host; no browser speaks it */
    if (req->host.p == NULL || !is_host(req->host))
        return ctx_fail(ctx, ERR_INVALID, "The request must name its host in one valid Host field");
    return OK;
}

/* "http://host/path": the same as "/path" when the host is the one of the Host field. */
static enum err check_target(struct ctx *ctx, struct request *req)
{
    struct slice rest = req->path;
    if (slice_starts(rest, "http://"))
        rest = slice_sub(rest, 7, rest.n);
    else if (slice_starts(rest, "https://"))
        rest = slice_sub(rest, 8, rest.n);
    if (rest.p != req->path.p) {
        struct slice host = slice_sub(rest, 0, slice_find(rest, '/'));
        if (host.n == 0 || host.n == rest.n || host.n != req->host.n ||
            strncasecmp(host.p, req->host.p, host.n) != 0)
            return ctx_fail(ctx, ERR_INVALID, "The address names another host than the Host field");
        req->path = slice_sub(rest, host.n, rest.n);
    }
    if (req->path.n == 0 || req->path.p[0] != '/')
        return ctx_fail(ctx, ERR_INVALID, "The request address must be a path");
    return OK;
}

static enum err check_length(struct ctx *ctx, struct request *req, const struct check *out)
{
    struct slice length = request_header(req, "Content-Length");
    struct slice coding = request_header(req, "Transfer-Encoding");
    req->content_length = -1;
    if (coding.p != NULL) {
        if (length.p != NULL)
            return ctx_fail(ctx, ERR_INVALID,
                            "Content-Length and Transfer-Encoding exclude each other");
        if (out->http10 || !slice_is_nocase(coding, "chunked"))
            return ctx_fail(ctx, ERR_INVALID, "This Transfer-Encoding is not accepted");
        return ctx_fail(ctx, ERR_LENGTH, "Send the body with Content-Length instead of chunked");
    }
    if (length.p == NULL)
        return OK;
    for (size_t i = 0; i < length.n; i++)
        if (length.p[i] < '0' || length.p[i] > '9')
            return ctx_fail(ctx, ERR_INVALID, "Content-Length must be a decimal number");
    if (length.n == 0)
        return ctx_fail(ctx, ERR_INVALID, "Content-Length must be a decimal number");
    uint64_t n;
    if (!slice_to_u64(length, &n) || n > LENGTH_MAX)
        return ctx_fail(ctx, ERR_TOO_LARGE, "The request body is too large");
    req->content_length = (int64_t)n;
    return OK;
}

static enum err check_expect(struct ctx *ctx, const struct request *req, struct check *out)
{
    struct slice expect = request_header(req, "Expect");
    if (expect.p == NULL)
        return OK;
    if (!slice_is_nocase(expect, "100-continue"))
        return ctx_fail(ctx, ERR_EXPECTATION,
                        "The only expectation this server meets is 100-continue");
    out->expects = !out->http10 && req->content_length > 0;
    return OK;
}

static bool has_option(struct slice list, const char *option)
{
    struct slice part;
    while (slice_split(&list, ',', &part))
        if (slice_is_nocase(slice_trim(part), option))
            return true;
    return false;
}

/*
 * civetweb goes on when Connection says keep-alive, or says nothing and the version is 1.1. We
 * never go on where it would not; where only we would not, the server tells it to close.
 */
static bool wants_keep_alive(const struct request *req, const struct check *out)
{
    struct slice connection = request_header(req, "Connection");
    if (connection.p == NULL)
        return !out->http10;
    if (has_option(connection, "close") || has_option(connection, "upgrade"))
        return false;
    return has_option(connection, "keep-alive");
}

enum err check_block(struct ctx *ctx, const struct check_input *in, struct request *req,
                     struct check *out)
{
    struct walk w = {in->block, in->block + (in->n < REQUEST_HEAD_MAX ? in->n : REQUEST_HEAD_MAX)};
    enum err err;
    *out = (struct check){false, false, false};
    req->headers = 0;
    req->content_length = -1;
    if ((err = walk_line(ctx, &w, in->query, req, out)) != OK)
        return err;
    if ((err = walk_fields(ctx, &w, in, req)) != OK)
        return err;
    if (req->headers != in->fields) /* the library has seen another request than we have */
        return ctx_fail(ctx, ERR_INVALID, "The header is not well formed");
    if ((err = check_once(ctx, req)) != OK || (err = check_host(ctx, req, out)) != OK ||
        (err = check_target(ctx, req)) != OK || (err = check_length(ctx, req, out)) != OK ||
        (err = check_expect(ctx, req, out)) != OK)
        return err;
    out->keep_alive = wants_keep_alive(req, out);
    return OK;
}

/* ---- the path ------------------------------------------------------------------------------ */

static enum err check_segment(struct ctx *ctx, struct slice raw, struct slice *out, bool *slash)
{
    enum err err = request_decode(ctx, raw, false, out);
    if (err)
        return err;
    if (slice_is(*out, ".") || slice_is(*out, ".."))
        return ctx_fail(ctx, ERR_INVALID, "The path contains a dot segment");
    for (size_t i = 0; i < out->n; i++) {
        unsigned char c = (unsigned char)out->p[i];
        if (c < 0x20 || c == 0x7F)
            return ctx_fail(ctx, ERR_INVALID, "The path contains a control character");
        if (c == '/' || c == '\\')
            *slash = true;
    }
    if (!slice_is_utf8(*out))
        return ctx_fail(ctx, ERR_INVALID, "The path is not UTF-8");
    return OK;
}

enum err check_path(struct ctx *ctx, struct request *req)
{
    req->segments = 0;
    req->trailing_slash = false;
    if (slice_find(req->path, '#') < req->path.n || slice_find(req->query, '#') < req->query.n)
        return ctx_fail(ctx, ERR_INVALID, "The request address contains a fragment");
    struct slice rest = slice_sub(req->path, 1, req->path.n), part;
    while (rest.n > 0 && slice_split(&rest, '/', &part)) {
        if (part.n == 0)
            return ctx_fail(ctx, ERR_INVALID, "The path contains an empty segment");
        if (req->segments == REQUEST_SEGMENTS)
            return ctx_fail(ctx, ERR_NOT_FOUND, "No such address");
        size_t at = req->segments++;
        req->slash_in_segment[at] = false;
        enum err err = check_segment(ctx, part, &req->segment[at], &req->slash_in_segment[at]);
        if (err)
            return err;
        req->trailing_slash = rest.p != NULL && rest.n == 0;
    }
    return OK;
}
