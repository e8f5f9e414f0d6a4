/*
 * head.c - rendering it; a default is left out where the handler has set the field itself.
 *
 * The security fields follow OWASP's list: content is never sniffed, framed, embedded by others or
 * followed by a referrer. Pages may load scripts, styles and pictures of this server only and no
 * inline script; everything else is data, and data is sandboxed, so that an uploaded file opened by
 * its address can do nothing. What the pages load is told in http/assets.c.
 */
#include "http/head.h"

#include <stdio.h>
#include <string.h>

static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";
static const char data_policy[] = "default-src 'none'; sandbox; frame-ancestors 'none'";

static const char always[] = "X-Content-Type-Options: nosniff\r\n"
                             "X-Frame-Options: DENY\r\n"
                             "Referrer-Policy: no-referrer\r\n"
                             "Cross-Origin-Opener-Policy: same-origin\r\n"
                             "Cross-Origin-Resource-Policy: same-origin\r\n"
                             "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n";

struct reason {
    int status;
    const char *text;
};

static const struct reason reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {507, "Insufficient Storage"},
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Status";
}

static void add(struct buf *out, const char *name, const char *value)
{
    buf_str(out, name);
    buf_str(out, ": ");
    buf_str(out, value);
    buf_str(out, "\r\n");
}

static void add_status(struct buf *out, int status)
{
    buf_str(out, "HTTP/1.1 ");
    buf_i64(out, status);
    buf_char(out, ' ');
    buf_str(out, reason_of(status));
    buf_str(out, "\r\n");
}

/* 204 and 304 have no content, and a length of theirs would be that of another answer. */
static bool has_content(int status)
{
    return status != 204 && status != 304;
}

static void add_content(struct buf *out, const struct reply *r, const struct head_facts *facts)
{
    if (r->type && has_content(r->status))
        add(out, "Content-Type", r->type);
    if (facts->length >= 0 && has_content(r->status)) {
        buf_str(out, "Content-Length: ");
        buf_i64(out, facts->length);
        buf_str(out, "\r\n");
    }
    if (!r->cacheable)
        add(out, "Cache-Control", "no-store");
    /* A 304 updates the fields of the copy that the browser keeps; it knows no type, and the policy
     * of mere data would lock the kept page up. */
    if (r->status != 304 && !reply_has_field(r, "Content-Security-Policy"))
        add(out, "Content-Security-Policy",
            r->type && strncmp(r->type, "text/html", 9) == 0 ? page_policy : data_policy);
}

static void add_connection(struct buf *out, const struct head_facts *facts)
{
    if (!facts->keep_alive)
        buf_str(out, "Connection: close\r\n");
    else if (facts->http10)
        buf_str(out, "Connection: keep-alive\r\n");
}

static void add_origin(struct buf *out, const struct head_facts *facts)
{
    if (facts->vary_origin)
        buf_str(out, "Vary: Origin\r\n");
    if (facts->origin.n == 0)
        return;
    buf_str(out, "Access-Control-Allow-Origin: ");
    buf_slice(out, facts->origin);
    buf_str(out, "\r\nAccess-Control-Expose-Headers: ETag, Link, Location, Retry-After, "
                 "X-Last-Event-ID, X-Next-Cursor, X-Request-ID\r\n");
}

void head_render(struct buf *out, const struct reply *r, const struct head_facts *facts)
{
    add_status(out, r->status);
    add(out, "Date", facts->date);
    add_content(out, r, facts);
    add(out, "X-Request-ID", facts->request_id);
    buf_slice(out, buf_view(&r->fields));
    buf_slice(out, buf_view(&r->lasting));
    add_origin(out, facts);
    if (r->status != 304) /* the copy that is kept has them */
        buf_add(out, always, sizeof always - 1);
    if (facts->tls)
        buf_str(out, "Strict-Transport-Security: max-age=31536000\r\n");
    add_connection(out, facts);
    buf_str(out, "\r\n");
}

void head_date(int64_t wall_ms, char out[HEAD_DATE])
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[CLOCK_TEXT]; /* "2026-11-21T05:10:00.123Z" */
    clock_format(wall_ms, text);
    int64_t day = wall_ms / 86400000 % 7;
    if (day < 0)
        day = 0;
    size_t month = (size_t)((text[5] - '0') * 10 + text[6] - '1');
    (void)snprintf(out, HEAD_DATE, "%.3s, %.2s %.3s %.4s %.8s GMT", days + 3 * day, text + 8,
                   months + 3 * (month % 12), text, text + 11);
}
