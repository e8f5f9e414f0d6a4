/*
 * router.h - tables of routes, and finding the row for a request.
 *
 * A table is the documentation of its surface: method, path, permission, body, handler, sentence.
 * Permission is a column without default: a row without one is refused at start-up, so no route
 * can be open by omission. The router knows no role; it hands the row to a guard that the wiring
 * gave it.
 *
 * Patterns: "/api/orgs/{org_id}/plugins/upload". {x} takes one whole segment, {x...} (last only)
 * the rest of the path. A literal segment wins over {x}. A literal suffix behind a parameter,
 * "{id}:verb", is allowed in the last segment.
 */
#ifndef LARDER_HTTP_ROUTER_H
#define LARDER_HTTP_ROUTER_H

#include "http/reply.h"
#include "http/request.h"

enum body_kind {
    BODY_NONE = 1, /* a body is refused */
    BODY_JSON,     /* application/json, read and capped by the edge: call->body */
    BODY_FORM,     /* application/x-www-form-urlencoded, likewise */
    BODY_UPLOAD,   /* multipart or raw; the handler reads it */
};

struct route;
struct call;

struct route {
    enum method method;
    const char *pattern;
    const char
        *permission; /* "public", "session", or one the guard knows; NULL = refused at start */
    enum body_kind body;
    size_t max_body; /* 0 = the default of the kind: JSON 64 KiB, form 64 KiB, none 0 */
    enum err (*handle)(struct ctx *ctx, struct call *call);
    const char *summary; /* one sentence, shown by `larder routes` */
};

struct route_table {
    const char *name; /* "org_api" */
    const struct route *routes;
    size_t count;
};

enum { ROUTE_PARAMS = 6 };

/* One request on its way through a handler. */
struct call {
    const struct route *route;
    size_t row; /* its place in the router: router_at, and its row of metrics */
    const struct request *req;
    struct reply *reply;
    struct slice param[ROUTE_PARAMS]; /* in the order of the pattern */
    struct slice body;                /* of BODY_JSON and BODY_FORM */
    void *app;                        /* what the wiring hangs behind all handlers: struct api */
    const void *who;                  /* what the guard found: const struct actor, never NULL */
};

/* The value of {name} in the route's pattern; SLICE_NONE when the pattern has none. */
struct slice call_param(const struct call *call, const char *name);

/* How errors look below a path prefix; the longest prefix wins. */
struct surface {
    const char *prefix;
    void (*render)(const struct ctx *ctx, const struct request *req, struct reply *reply);
};

struct router; /* compiled tables */

/*
 * Compiles the tables; heap, ended by router_free. Refuses (a sentence in the fault): a row without
 * permission or body kind, two rows for one method and pattern, a pattern that is not well formed.
 */
enum err router_new(struct ctx *ctx, const struct route_table *const *tables, size_t count,
                    struct router **out) MUST_USE;
void router_free(struct router *router);
size_t router_count(const struct router *router);
const struct route *router_at(const struct router *router, size_t i); /* in table order */

/*
 * Finds the row for method and path and fills call->route, call->row and call->param. *allow is the
 * bit set (1 << METHOD_...) of methods the path answers. ERR_NOT_FOUND when it is none, ERR_METHOD
 * when the method is not among them. HEAD finds GET's row where it has none of its own. A pattern
 * that ends in a slash takes paths that do, the others take those that do not.
 */
enum err router_find(struct ctx *ctx, const struct router *router, const struct request *req,
                     struct call *call, unsigned *allow) MUST_USE;

#endif
