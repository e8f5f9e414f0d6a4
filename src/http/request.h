/*
 * request.h - one request as it arrived and was found well formed.
 *
 * By the time a handler sees it, the strict check (http/check.c) has passed: one Host, at most one
 * Content-Length of digits only, no chunked body, no folded or bare-LF header, limits kept. The
 * path is split into segments and each is decoded exactly once. Slices live as long as the request.
 */
#ifndef LARDER_HTTP_REQUEST_H
#define LARDER_HTTP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

enum method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_COUNT /* also: a method that no route can have */
};

enum {
    REQUEST_SEGMENTS = 16,
    REQUEST_FIELDS = 64,
    REQUEST_URI_MAX = 4096,
    REQUEST_HEAD_MAX = 16384
};

struct header {
    struct slice name, value;
};

struct body; /* the unread rest of the request, see http/body.h */

struct request {
    enum method method;
    struct slice path;                       /* raw, as sent, without the query */
    struct slice query;                      /* raw, without '?' */
    struct slice segment[REQUEST_SEGMENTS];  /* "/a/b%20c" -> "a", "b c" */
    bool slash_in_segment[REQUEST_SEGMENTS]; /* an encoded '/' stood in it: only {x...} takes it */
    size_t segments;
    bool trailing_slash;
    struct header header[REQUEST_FIELDS];
    size_t headers;
    struct slice host;      /* value of Host, lower case not enforced */
    const char *remote;     /* address of the peer, or of the client a trusted proxy named */
    bool tls;               /* the connection is ours and encrypted, or a trusted proxy says so */
    int64_t content_length; /* -1 = none sent */
    struct body *body;
};

const char *method_name(enum method m);
bool method_of(struct slice name, enum method *out);

/* The value of the first field of that name (no case), or SLICE_NONE. */
struct slice request_header(const struct request *req, const char *name);

/* The first query parameter of that name, decoded ('+' is a blank). False = absent. Sets a 400
 * fault and returns false too where its encoding is broken: check ctx->fault.err. */
bool request_query(struct ctx *ctx, const struct request *req, const char *name, struct slice *out);
/* "true"/"1" or "false"/"0"; absent keeps *out; anything else is a 422 naming the parameter. */
enum err request_query_bool(struct ctx *ctx, const struct request *req, const char *name,
                            bool *out) MUST_USE;
enum err request_query_int(struct ctx *ctx, const struct request *req, const char *name,
                           int64_t min, int64_t max, int64_t *out) MUST_USE;
/* A cookie by its exact name. */
struct slice request_cookie(const struct request *req, const char *name);

/* Decodes %XX (and '+' when `plus`); refuses broken escapes and NUL. */
enum err request_decode(struct ctx *ctx, struct slice raw, bool plus, struct slice *out) MUST_USE;

/* application/x-www-form-urlencoded: the field of that name in an already read body. Two of them
 * are a fault (RFC 6749, 3.2), as are two members of a name in JSON. */
bool request_form(struct ctx *ctx, struct slice body, const char *name, struct slice *out);

#endif
