/*
 * router.c - patterns compiled once, compared segment by segment.
 *
 * Every row has a rank with two bits a segment: a literal beats "{id}:verb", which beats {x}, which
 * beats {x...}; of the rows that fit, the highest rank wins. Rows hang together by their number of
 * segments, so that a path is compared with those that it can be only.
 */
#include "http/router.h"

#include <stdlib.h>
#include <string.h>

enum kind { KIND_REST, KIND_PARAM, KIND_SUFFIX, KIND_LITERAL };

struct step {
    enum kind kind;
    struct slice text; /* the literal, or the suffix behind a parameter */
};

struct row {
    const struct route *route;
    struct step step[REQUEST_SEGMENTS];
    size_t steps;
    uint64_t rank;
    bool slash;             /* the pattern ends in one */
    const struct row *next; /* of its chain */
};

struct router {
    struct row *row;
    size_t rows;
    const struct row *chain[REQUEST_SEGMENTS + 1]; /* rows for just so many segments */
    const struct row *open;                        /* rows that end in {x...} */
};

/* ---- compiling ----------------------------------------------------------------------------- */

static enum err bad_route(struct ctx *ctx, const struct route_table *table,
                          const struct route *route, const char *why)
{
    return ctx_fail(ctx, ERR_INTERNAL, "route %s %s of %s: %s", method_name(route->method),
                    route->pattern ? route->pattern : "?", table->name, why);
}

static bool is_literal(struct slice s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._~:@!$&'()*+,;=";
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\0' || strchr(letters, s.p[i]) == NULL)
            return false;
    return s.n > 0 && !slice_is(s, ".") && !slice_is(s, "..");
}

static bool is_name(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '_' && !(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9'))
            return false;
    return s.n > 0;
}

/* One segment of a pattern; returns why it is wrong, or NULL. */
static const char *compile_step(struct slice part, bool last, struct step *out)
{
    size_t close = slice_find(part, '}');
    if (part.n == 0 || part.p[0] != '{') {
        *out = (struct step){KIND_LITERAL, part};
        return is_literal(part) ? NULL : "a segment is neither a literal nor {name}";
    }
    if (close == part.n)
        return "a '{' is not closed";
    struct slice name = slice_sub(part, 1, close);
    struct slice suffix = slice_sub(part, close + 1, part.n);
    bool rest = slice_ends(name, "...");
    if (rest)
        name.n -= 3;
    if (!is_name(name))
        return "a parameter needs a name of small letters";
    if (rest && (!last || suffix.n > 0))
        return "{name...} must be the whole last segment";
    if (suffix.n > 0 && (!last || !is_literal(suffix)))
        return "a suffix behind a parameter belongs into the last segment";
    *out = (struct step){rest ? KIND_REST : suffix.n ? KIND_SUFFIX : KIND_PARAM, suffix};
    return NULL;
}

static const char *compile_pattern(const char *pattern, struct row *row)
{
    if (pattern == NULL || pattern[0] != '/')
        return "the pattern must start with '/'";
    struct slice rest = slice_of(pattern + 1), part;
    size_t params = 0;
    while (rest.n > 0 && slice_split(&rest, '/', &part)) {
        if (row->steps == REQUEST_SEGMENTS)
            return "the pattern has too many segments";
        const char *why = compile_step(part, rest.n == 0, &row->step[row->steps]);
        if (why)
            return why;
        params += row->step[row->steps].kind != KIND_LITERAL;
        row->steps++;
        row->slash = rest.p != NULL && rest.n == 0;
    }
    if (params > ROUTE_PARAMS)
        return "the pattern has too many parameters";
    for (size_t i = 0; i < REQUEST_SEGMENTS; i++)
        row->rank = row->rank << 2 | (i < row->steps ? (uint64_t)row->step[i].kind : 0);
    return NULL;
}

static bool is_open(const struct row *row)
{
    return row->steps > 0 && row->step[row->steps - 1].kind == KIND_REST;
}

/* Whether both answer exactly the same paths. */
static bool same_paths(const struct row *a, const struct row *b)
{
    if (a->steps != b->steps || a->rank != b->rank || a->slash != b->slash)
        return false;
    for (size_t i = 0; i < a->steps; i++)
        if (a->step[i].kind != b->step[i].kind || !slice_eq(a->step[i].text, b->step[i].text))
            return false;
    return true;
}

static const char *compile_row(const struct router *router, const struct route *route,
                               struct row *row)
{
    *row = (struct row){.route = route};
    if (route->permission == NULL || route->permission[0] == '\0')
        return "it has no permission; say \"public\" if everybody may";
    if (route->body < BODY_NONE || route->body > BODY_UPLOAD)
        return "it does not say what body it takes";
    if (route->handle == NULL || route->summary == NULL)
        return "it has no handler or no sentence";
    if ((unsigned)route->method >= METHOD_COUNT)
        return "it has no method";
    const char *why = compile_pattern(route->pattern, row);
    if (why)
        return why;
    for (const struct row *r = router->row; r < row; r++)
        if (r->route->method == route->method && same_paths(r, row))
            return "another row answers the same method and path";
    return NULL;
}

static void hang(struct router *router, struct row *row)
{
    const struct row **chain = is_open(row) ? &router->open : &router->chain[row->steps];
    row->next = *chain;
    *chain = row;
}

enum err router_new(struct ctx *ctx, const struct route_table *const *tables, size_t count,
                    struct router **out)
{
    size_t rows = 0;
    for (size_t i = 0; i < count; i++)
        rows += tables[i]->count;
    struct router *router = calloc(1, sizeof *router); /* freed by router_free */
    if (router == NULL)
        return ctx_no_memory(ctx);
    router->row = calloc(rows ? rows : 1, sizeof *router->row);
    if (router->row == NULL) {
        free(router);
        return ctx_no_memory(ctx);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < tables[i]->count; k++) {
            const struct route *route = &tables[i]->routes[k];
            const char *why = compile_row(router, route, &router->row[router->rows]);
            if (why) {
                router_free(router);
                return bad_route(ctx, tables[i], route, why);
            }
            hang(router, &router->row[router->rows++]);
        }
    *out = router;
    return OK;
}

void router_free(struct router *router)
{
    if (router == NULL)
        return;
    free(router->row);
    free(router);
}

size_t router_count(const struct router *router)
{
    return router->rows;
}

const struct route *router_at(const struct router *router, size_t i)
{
    return i < router->rows ? router->row[i].route : NULL;
}

/* ---- finding -------------------------------------------------------------------------------- */

static bool fits_step(const struct step *step, const struct request *req, size_t i)
{
    struct slice have = req->segment[i];
    switch (step->kind) {
    case KIND_LITERAL: return slice_eq(step->text, have);
    case KIND_PARAM: return !req->slash_in_segment[i];
    case KIND_SUFFIX:
        return !req->slash_in_segment[i] && have.n > step->text.n &&
               memcmp(have.p + have.n - step->text.n, step->text.p, step->text.n) == 0;
    case KIND_REST: return true;
    }
    return false;
}

static bool fits(const struct row *row, const struct request *req)
{
    if (is_open(row) ? req->segments < row->steps : req->trailing_slash != row->slash)
        return false;
    for (size_t i = 0; i < row->steps; i++)
        if (!fits_step(&row->step[i], req, i))
            return false;
    return true;
}

/* The segments from `from` on as one text again, decoded. */
static enum err join_rest(struct ctx *ctx, const struct request *req, size_t from,
                          struct slice *out)
{
    if (from + 1 == req->segments && !req->trailing_slash) {
        *out = req->segment[from];
        return OK;
    }
    struct buf b;
    buf_init(&b, ctx->arena, 2 * REQUEST_URI_MAX);
    for (size_t i = from; i < req->segments; i++) {
        buf_slice(&b, req->segment[i]);
        if (i + 1 < req->segments || req->trailing_slash)
            buf_char(&b, '/');
    }
    *out = buf_view(&b);
    return buf_failed(&b) ? ctx_no_memory(ctx) : OK;
}

static enum err fill_params(struct ctx *ctx, const struct row *row, const struct request *req,
                            struct call *call)
{
    size_t n = 0;
    for (size_t i = 0; i < row->steps; i++) {
        const struct step *step = &row->step[i];
        if (step->kind == KIND_LITERAL)
            continue;
        struct slice *param = &call->param[n++];
        if (step->kind == KIND_REST)
            return join_rest(ctx, req, i, param);
        *param = slice_sub(req->segment[i], 0, req->segment[i].n - step->text.n);
    }
    return OK;
}

/* What was found so far of the rows that fit a path. */
struct found {
    const struct row *best, *get; /* for its method, and for GET; NULL = none yet */
    unsigned allow;               /* one bit a method */
};

static void look(const struct row *row, const struct request *req, struct found *f)
{
    for (; row; row = row->next) {
        if (!fits(row, req))
            continue;
        f->allow |= 1u << row->route->method;
        if (row->route->method == req->method && (f->best == NULL || row->rank >= f->best->rank))
            f->best = row; /* chains run backwards: of equals the first in the tables is the last */
        if (row->route->method == METHOD_GET && (f->get == NULL || row->rank >= f->get->rank))
            f->get = row;
    }
}

enum err router_find(struct ctx *ctx, const struct router *router, const struct request *req,
                     struct call *call, unsigned *allow)
{
    struct found f = {NULL, NULL, 0};
    look(router->chain[req->segments], req, &f);
    look(router->open, req, &f);
    *allow = f.allow;
    if (*allow == 0)
        return ctx_fail(ctx, ERR_NOT_FOUND, "There is nothing at this address");
    if (*allow & 1u << METHOD_GET)
        *allow |= 1u << METHOD_HEAD;
    *allow |= 1u << METHOD_OPTIONS;
    const struct row *best = f.best == NULL && req->method == METHOD_HEAD ? f.get : f.best;
    if (best == NULL)
        return ctx_fail(ctx, ERR_METHOD, "This address does not answer this method");
    call->route = best->route;
    call->row = (size_t)(best - router->row);
    return fill_params(ctx, best, req, call);
}

struct slice call_param(const struct call *call, const char *name)
{
    struct slice rest = slice_of(call->route->pattern), part;
    for (size_t i = 0; i < ROUTE_PARAMS && slice_split(&rest, '{', &part);) {
        struct slice have = slice_sub(rest, 0, slice_find(rest, '}'));
        if (slice_ends(have, "..."))
            have.n -= 3;
        if (rest.p != NULL && slice_is(have, name))
            return call->param[i];
        i += rest.p != NULL;
    }
    return SLICE_NONE;
}
