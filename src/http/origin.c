/*
 * origin.c - comparing hosts and origins with lists.
 *
 * Names are compared without case and without a final dot, never by suffix but for "*.localhost".
 * IP literals are let through: a page cannot rebind a literal.
 */
#include "http/origin.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool same(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

/* The host without its port: "[::1]:80" -> "[::1]", "name:80" -> "name". */
static struct slice without_port(struct slice host)
{
    size_t from = host.n && host.p[0] == '[' ? slice_find(host, ']') : 0;
    struct slice tail = slice_sub(host, from, host.n);
    host.n = from + slice_find(tail, ':');
    if (host.n > 1 && host.p[host.n - 1] == '.')
        host.n--;
    return host;
}

static bool is_ip(struct slice host)
{
    char text[64];
    struct in6_addr six;
    struct in_addr four;
    bool bracketed = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (bracketed)
        host = slice_sub(host, 1, host.n - 1);
    if (host.n == 0 || host.n >= sizeof text)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    return bracketed ? inet_pton(AF_INET6, text, &six) == 1 : inet_pton(AF_INET, text, &four) == 1;
}

static bool is_local_name(struct slice name)
{
    static const struct slice local = {"localhost", 9};
    if (same(name, local))
        return true;
    return name.n > 10 && name.p[name.n - 10] == '.' &&
           same(slice_sub(name, name.n - 9, name.n), local);
}

static bool is_listed(const char *list, struct slice full, struct slice name)
{
    struct slice rest = slice_of(list), one;
    while (slice_split(&rest, ',', &one)) {
        one = slice_trim(one);
        if (one.n > 0 && (same(one, full) || same(one, name)))
            return true;
    }
    return false;
}

/* "https://host:port/path" -> "https://host:port". */
static struct slice url_origin(struct slice url)
{
    size_t scheme = slice_find(url, ':');
    struct slice rest = slice_sub(url, scheme + 3, url.n);
    return slice_sub(url, 0, scheme + 3 + slice_find(rest, '/'));
}

static struct slice url_host(struct slice url)
{
    struct slice origin = url_origin(url);
    return slice_sub(origin, slice_find(origin, ':') + 3, origin.n);
}

enum err origin_host(struct ctx *ctx, const struct origin_rules *rules, const struct request *req)
{
    struct slice name = without_port(req->host);
    if (req->host.n == 0 || is_ip(name) || is_local_name(name) ||
        is_listed(rules->allowed_hosts, req->host, name))
        return OK;
    if (rules->public_url && same(without_port(url_host(slice_of(rules->public_url))), name))
        return OK;
    return ctx_fail(ctx, ERR_MISDIRECTED,
                    "This server does not answer for that host; the setting LARDER_ALLOWED_HOSTS "
                    "names the hosts it answers for");
}

/* Our own page: its origin names the host the request went to. A page that came by https through a
 * proxy calls a server that sees http; the other way round would be a downgrade. */
static bool is_own(const struct origin_rules *rules, const struct request *req, struct slice origin)
{
    struct slice url = slice_of(rules->public_url);
    if (url.n && same(url_origin(url), origin))
        return true;
    bool secure = slice_starts(origin, "https://");
    if (!secure && (req->tls || !slice_starts(origin, "http://")))
        return false;
    return req->host.n > 0 && same(url_host(origin), req->host);
}

static bool is_safe(enum method m)
{
    return m == METHOD_GET || m == METHOD_HEAD || m == METHOD_OPTIONS;
}

/* A browser adds cookies by itself; a token in a field was put there by somebody who knows it. */
static bool by_cookie(const struct request *req)
{
    return request_header(req, "Cookie").p && request_header(req, "Authorization").p == NULL &&
           request_header(req, "X-API-KEY").p == NULL;
}

enum err origin_page(struct ctx *ctx, const struct origin_rules *rules, const struct request *req,
                     struct slice *allowed)
{
    struct slice origin = request_header(req, "Origin");
    struct slice site = request_header(req, "Sec-Fetch-Site");
    bool own = origin.p && is_own(rules, req, origin);
    bool any = is_listed(rules->cors_origins, SLICE("*"), SLICE("*"));
    bool listed = origin.p && !own && (any || is_listed(rules->cors_origins, origin, origin));
    *allowed = listed ? any ? SLICE("*") : origin : SLICE_NONE;
    if (is_safe(req->method))
        return OK;
    if (origin.p && !own && !listed)
        return ctx_fail(ctx, ERR_FORBIDDEN,
                        "Pages of that origin may not change anything here; the setting "
                        "LARDER_CORS_ORIGINS names those that may");
    bool foreign = slice_is(site, "cross-site") || slice_is(site, "same-site");
    if (!own && (listed || foreign) && by_cookie(req))
        return ctx_fail(ctx, ERR_FORBIDDEN,
                        "A page of another site may not act with this browser's session");
    return OK;
}

/* Both families in one form, so that spellings do not matter. */
static bool parse_address(struct slice text, struct in6_addr *out)
{
    char copy[64];
    struct in_addr four;
    if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = slice_sub(text, 1, text.n - 1);
    if (text.n == 0 || text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    if (inet_pton(AF_INET6, copy, out) == 1)
        return true;
    if (inet_pton(AF_INET, copy, &four) != 1)
        return false;
    memset(out, 0, sizeof *out);
    out->s6_addr[10] = out->s6_addr[11] = 0xFF;
    memcpy(out->s6_addr + 12, &four, 4);
    return true;
}

bool origin_is_listed(const char *list, const char *address)
{
    struct slice rest = slice_of(list), one;
    struct in6_addr mine, other;
    if (rest.n == 0 || !parse_address(slice_of(address), &mine))
        return false;
    while (slice_split(&rest, ',', &one))
        if (parse_address(slice_trim(one), &other) && memcmp(&mine, &other, sizeof mine) == 0)
            return true;
    return false;
}

bool origin_is_loopback(const char *address)
{
    struct in6_addr a;
    if (!parse_address(slice_of(address), &a))
        return false;
    return IN6_IS_ADDR_LOOPBACK(&a) || (IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == 127);
}
