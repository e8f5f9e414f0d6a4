/*
 * exchange.c - the order of a request, as a list of steps that each may refuse it.
 *
 * A refusal is a fault; it is rendered once, at the end, in the shape of the surface the path lies
 * below. Successful reads are not logged: a log line costs more than the answer. What is logged are
 * failures of ours with their cause, changes, and whatever took longer than a second.
 */
#include "http/exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "http/body.h"
#include "http/buffers.h"
#include "http/pump.h"
#include "http/send.h"
#include "http/wire.h"

enum {
    SMALL_BODY = 65536, /* of JSON and forms, where the route does not say otherwise */
    SLOW_US = 1000000,
    DRAIN_BYTES = 262144, /* of a refused body are read, so that the client sees the answer */
    DRAIN_MS = 1000,
    STREAM_RETRY_S = 5,
    HEAD_MAX = 20480
};

/* One request on its way. */
struct job {
    struct exchange *x;
    struct worker *worker;
    struct wire *wire;
    const struct arrival *arrival;
    struct ctx ctx;
    struct request req;
    struct check check;
    struct body body;
    struct reply reply;
    struct call call;
    unsigned allow;      /* methods of the path, as router_find tells */
    struct slice origin; /* that may read the answer */
    bool well_formed;    /* the end of this request is known, so another may follow */
    bool pumps;          /* a stream that keeps this worker, counted in x->pumps */
    bool streams;        /* the head of a stream is sent */
    char *buffer;
    int64_t begun_us;
};

/* ---- who and which ----------------------------------------------------------------------- */

static bool is_sane_id(struct slice id)
{
    if (id.n == 0 || id.n >= sizeof((struct ctx *)0)->request_id + 1 || id.n > 63)
        return false;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

enum { ID_DIGITS = 16 };

/* A counter behind a random prefix is unique and costs no system call. */
static void make_id(struct exchange *x, char out[EXCHANGE_ID])
{
    uint64_t n = __atomic_add_fetch(&x->id_count, 1, __ATOMIC_RELAXED);
    size_t prefix = strlen(x->id_prefix), at = ID_DIGITS;
    char hex[ID_DIGITS];
    for (; n > 0 || at > ID_DIGITS - 6; n >>= 4)
        hex[--at] = "0123456789abcdef"[n & 15];
    memcpy(out, x->id_prefix, prefix);
    out[prefix] = '-';
    str_set(out + prefix + 1, EXCHANGE_ID - prefix - 1, (struct slice){hex + at, ID_DIGITS - at});
}

static void take_id(struct job *job)
{
    struct slice id = request_header(&job->req, "X-Request-ID");
    if (is_sane_id(id))
        str_set(job->ctx.request_id, sizeof job->ctx.request_id, id);
}

/* The address a trusted proxy speaks for: the last one in the list that is not a proxy itself. */
static struct slice forwarded_for(const struct job *job, struct slice list)
{
    while (list.n > 0) {
        size_t at = list.n;
        while (at > 0 && list.p[at - 1] != ',')
            at--;
        struct slice one = slice_trim(slice_sub(list, at, list.n));
        char text[64];
        if (one.n == 0 || one.n >= sizeof text)
            return SLICE_NONE;
        str_set(text, sizeof text, one);
        if (!origin_is_listed(job->x->trusted_proxies, text))
            return origin_is_listed(text, text) ? one : SLICE_NONE; /* an address at all? */
        list = slice_sub(list, 0, at ? at - 1 : 0);
    }
    return SLICE_NONE;
}

static void take_remote(struct job *job)
{
    job->req.tls = job->arrival->tls;
    if (!origin_is_listed(job->x->trusted_proxies, job->arrival->remote))
        return;
    struct slice client = forwarded_for(job, request_header(&job->req, "X-Forwarded-For"));
    if (client.n > 0)
        str_set(job->ctx.remote, sizeof job->ctx.remote, client);
    if (slice_is_nocase(request_header(&job->req, "X-Forwarded-Proto"), "https"))
        job->req.tls = true;
}

/* ---- the steps -------------------------------------------------------------------------------- */

static enum err check_request(struct job *job)
{
    enum err err;
    switch (job->arrival->refused) {
    case OK: break;
    case ERR_TIMEOUT:
        return ctx_fail(&job->ctx, ERR_TIMEOUT,
                        "The request header did not arrive within 5 seconds");
    case ERR_BUSY:
        job->ctx.fault.retry_after = 1;
        return ctx_fail(&job->ctx, ERR_BUSY, "There are too many connections from this address");
    default: return ctx_fail(&job->ctx, ERR_INVALID, "The request is not well-formed HTTP/1.1");
    }
    err = check_block(&job->ctx, &job->arrival->head, &job->req, &job->check);
    take_id(job);
    take_remote(job);
    if (err)
        return err;
    job->well_formed = true;
    job->body.left = job->req.content_length > 0 ? job->req.content_length : 0;
    job->body.expects = job->check.expects;
    if ((err = check_path(&job->ctx, &job->req)) != OK)
        return err;
    if ((err = origin_host(&job->ctx, &job->x->rules, &job->req)) != OK)
        return err;
    return origin_page(&job->ctx, &job->x->rules, &job->req, &job->origin);
}

static void list_methods(unsigned allow, char out[64])
{
    out[0] = '\0';
    for (unsigned m = 0, at = 0; m < METHOD_COUNT; m++)
        if (allow & 1u << m)
            at += (unsigned)snprintf(out + at, 64 - at, "%s%s", at ? ", " : "",
                                     method_name((enum method)m));
}

/* What OPTIONS tells: the methods, and to a page that asks first, what it may send. */
static void answer_options(struct job *job)
{
    char methods[64];
    list_methods(job->allow, methods);
    reply_empty(&job->reply, 204);
    reply_field(&job->reply, "Allow", methods);
    if (job->origin.n == 0 || request_header(&job->req, "Access-Control-Request-Method").p == NULL)
        return;
    reply_field(&job->reply, "Access-Control-Allow-Methods", methods);
    reply_field(&job->reply, "Access-Control-Allow-Headers",
                "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Range, "
                "X-API-KEY, X-ORG-ID, X-Refresh-Token, X-Request-ID");
    reply_field(&job->reply, "Access-Control-Max-Age", "600");
}

static enum err find_route(struct job *job)
{
    enum err err = router_find(&job->ctx, job->x->router, &job->req, &job->call, &job->allow);
    if (err == ERR_METHOD) {
        char methods[64];
        list_methods(job->allow, methods);
        reply_lasting(&job->reply, "Allow", methods);
    }
    return err;
}

static size_t body_limit(const struct route *route)
{
    if (route->max_body)
        return route->max_body;
    return route->body == BODY_JSON || route->body == BODY_FORM ? SMALL_BODY : 0;
}

/* "application/json; charset=utf-8" is of type "application/json". */
static bool is_type(const struct request *req, const char *type)
{
    struct slice have = request_header(req, "Content-Type");
    return slice_is_nocase(slice_trim(slice_sub(have, 0, slice_find(have, ';'))), type);
}

static enum err check_type(struct job *job, const char *type)
{
    if (job->body.left == 0 || is_type(&job->req, type))
        return OK;
    return ctx_fail(&job->ctx, ERR_MEDIA, "Send the body with Content-Type: %s", type);
}

/* Everything the header alone can tell about the body, before any byte of it is read. */
static enum err check_body(struct job *job)
{
    const struct route *route = job->call.route;
    size_t limit = body_limit(route);
    if (route->body == BODY_NONE && job->body.left > 0)
        return ctx_fail(&job->ctx, ERR_INVALID, "This route takes no request body");
    if (limit > 0 && (uint64_t)job->body.left > limit)
        return ctx_fail(&job->ctx, ERR_TOO_LARGE, "The request body is larger than %zu bytes",
                        limit);
    if (route->body == BODY_UPLOAD && job->req.content_length < 0)
        return ctx_fail(&job->ctx, ERR_LENGTH, "Send the body with Content-Length");
    return OK;
}

static enum err read_body(struct job *job)
{
    const struct route *route = job->call.route;
    enum err err;
    if (route->body != BODY_JSON && route->body != BODY_FORM)
        return OK;
    err = check_type(job, route->body == BODY_JSON ? "application/json"
                                                   : "application/x-www-form-urlencoded");
    if (err)
        return err;
    return body_read_all(&job->ctx, &job->req, body_limit(route), &job->call.body);
}

static enum err handle(struct job *job)
{
    enum err err = check_request(job);
    if (err || (err = find_route(job)) != OK) {
        if (err != ERR_METHOD || job->req.method != METHOD_OPTIONS)
            return err;
        ctx_forgive(&job->ctx);
        buf_clear(&job->reply.lasting);
        answer_options(job);
        return OK;
    }
    const struct server_hooks *hooks = &job->x->hooks;
    job->call.req = &job->req;
    job->call.reply = &job->reply;
    job->call.app = hooks->app;
    if ((err = check_body(job)) != OK)
        return err;
    if (hooks->guard && (err = hooks->guard(&job->ctx, hooks->app, &job->call)) != OK)
        return err;
    if ((err = read_body(job)) != OK)
        return err;
    return job->call.route->handle(&job->ctx, &job->call);
}

/* ---- the answer ------------------------------------------------------------------------------- */

/* Where no surface renders the fault, and for what is not even a request. */
static void render_plain(const struct ctx *ctx, const struct request *req, struct reply *reply)
{
    (void)req;
    struct jw j;
    reply_json(reply, &j);
    jw_object(&j);
    jw_put_int(&j, "statusCode", err_info(ctx->fault.err)->http);
    jw_put_str(&j, "code", ctx_code(ctx));
    jw_put_str(&j, "message", ctx_sentence(ctx));
    jw_put_str(&j, "detail", ctx_sentence(ctx));
    jw_put_str(&j, "request_id", ctx->request_id);
    jw_end(&j);
}

/* "/api/v1" covers "/api/v1" and "/api/v1/x", not "/api/v10". */
static bool covers(const char *prefix, struct slice path)
{
    size_t n = strlen(prefix);
    if (!slice_starts(path, prefix))
        return false;
    return n == 0 || prefix[n - 1] == '/' || path.n == n || path.p[n] == '/';
}

static void render_fault(struct job *job)
{
    const struct server_hooks *hooks = &job->x->hooks;
    void (*render)(const struct ctx *, const struct request *, struct reply *) = render_plain;
    size_t longest = 0;
    for (size_t i = 0; i < hooks->surface_count; i++) {
        const struct surface *s = &hooks->surfaces[i];
        size_t n = strlen(s->prefix);
        if (n >= longest && covers(s->prefix, job->req.path)) {
            longest = n;
            render = s->render;
        }
    }
    struct fault *fault = &job->ctx.fault;
    reply_reset(&job->reply);
    render(&job->ctx, &job->req, &job->reply);
    if (job->reply.status == 0)
        job->reply.status = err_info(fault->err)->http;
    if (fault->retry_after > 0) {
        char seconds[16];
        (void)snprintf(seconds, sizeof seconds, "%d", fault->retry_after);
        reply_field(&job->reply, "Retry-After", seconds);
    }
    if (job->reply.status == 401 && !reply_has_field(&job->reply, "WWW-Authenticate"))
        reply_field(&job->reply, "WWW-Authenticate", "Bearer realm=\"larder\"");
}

/* What a handler built and what can be sent are the same, or it is a fault of ours. */
static enum err check_reply(struct job *job)
{
    const struct reply *r = &job->reply;
    if (buf_failed(&r->fields) || buf_failed(&r->lasting))
        return ctx_fail_cause(&job->ctx, ERR_INTERNAL, "a header field of the answer is not valid");
    if (buf_failed(&r->body) && !r->body.over)
        return ctx_no_memory(&job->ctx);
    if (buf_failed(&r->body))
        return ctx_fail_cause(&job->ctx, ERR_INTERNAL, "the answer is larger than its ceiling");
    return OK;
}

static int64_t content_length(const struct reply *r)
{
    if (r->adopt)
        return -1;
    if (r->file >= 0)
        return (int64_t)r->file_size;
    return (int64_t)(r->still.p ? r->still.n : r->body.n);
}

static bool may_go_on(const struct job *job)
{
    const struct job *j = job;
    return j->well_formed && j->check.keep_alive && !j->reply.close && !j->reply.adopt &&
           j->body.left == 0 && !j->body.broken && !j->arrival->crowded &&
           !__atomic_load_n(&j->x->stopping, __ATOMIC_ACQUIRE);
}

static const char *date_of(struct worker *worker, int64_t now)
{
    if (worker->date_second != now / 1000 || worker->date[0] == '\0') {
        head_date(now, worker->date);
        worker->date_second = now / 1000;
    }
    return worker->date;
}

/* ---- streams ------------------------------------------------------------------------------------ */

/* An encrypted connection needs its worker, so there can be fewer of those. */
static enum err take_pump(struct job *job)
{
    if (job->reply.adopt == NULL || job->wire->take || job->req.method == METHOD_HEAD)
        return OK;
    job->pumps = __atomic_add_fetch(&job->x->pumps, 1, __ATOMIC_ACQ_REL) <= job->x->pumps_max;
    if (job->pumps)
        return OK;
    __atomic_sub_fetch(&job->x->pumps, 1, __ATOMIC_ACQ_REL);
    job->ctx.fault.retry_after = STREAM_RETRY_S;
    return ctx_fail(&job->ctx, ERR_BUSY, "There are too many open streams over TLS; try later");
}

/* True when the connection may go on. */
static bool send_answer(struct job *job)
{
    struct reply *r = &job->reply;
    char space[HEAD_MAX];
    /* over memory of this frame: it never grows, and fields and facts have smaller ceilings */
    struct buf head = {.p = space, .cap = sizeof space, .max = sizeof space - 1};
    struct head_facts facts = {.date = date_of(job->worker, job->ctx.now),
                               .request_id = job->ctx.request_id,
                               .origin = job->origin,
                               .length = content_length(r),
                               .vary_origin = job->x->rules.cors_origins != NULL,
                               .keep_alive = may_go_on(job),
                               .http10 = job->check.http10,
                               .tls = job->req.tls};
    head_render(&head, r, &facts);
    bool content = job->req.method != METHOD_HEAD && r->status != 204 && r->status != 304;
    bool sent = send_reply(job->wire, r, buf_view(&head), job->buffer, content && !r->adopt);
    job->streams = sent && content && r->adopt;
    return sent && facts.keep_alive;
}

/* A client that is still sending would not see the answer if the connection were just closed. */
static void drain(struct job *job)
{
    struct body *body = &job->body;
    int64_t end = clock_mono_ms(job->x->clock) + DRAIN_MS, left;
    if (body->expects || body->broken || !job->well_formed)
        return;
    for (size_t total = 0; body->left > 0 && total < DRAIN_BYTES;) {
        size_t n = body->left < BUFFER_BODY / 4 ? (size_t)body->left : BUFFER_BODY / 4;
        if ((left = end - clock_mono_ms(job->x->clock)) <= 0)
            return;
        int got = job->wire->read(job->wire, job->buffer, n, left);
        if (got < (int)n)
            return;
        total += n;
        body->left -= (int64_t)n;
    }
}

static void log_answer(const struct job *job, int64_t micros)
{
    const struct ctx *ctx = &job->ctx;
    enum method m = job->req.method;
    bool slow = micros > SLOW_US;
    bool failed = job->reply.status >= 500 && ctx->fault.err != OK; /* a 503 can be an answer */
    bool write = m != METHOD_GET && m != METHOD_HEAD && m != METHOD_OPTIONS &&
                 job->reply.status < 400;
    if (!failed && !slow && !write && !job->x->access_log)
        return;
    char path[256], status[8], ms[24];
    (void)snprintf(path, sizeof path, "%.*s", (int)(job->req.path.n < 255 ? job->req.path.n : 255),
                   job->req.path.p);
    (void)snprintf(status, sizeof status, "%d", job->reply.status);
    (void)snprintf(ms, sizeof ms, "%" PRId64, micros / 1000);
    log_line(ctx->log,
             failed ? LOG_ERROR
             : slow ? LOG_WARN
                    : LOG_INFO,
             ctx->request_id,
             failed ? "request.failed"
             : slow ? "request.slow"
                    : "request",
             "method", method_name(m), "path", path, "status", status, "ms", ms, "remote",
             ctx->remote, failed ? "cause" : NULL,
             ctx->fault.cause[0] ? ctx->fault.cause : ctx_sentence(ctx), NULL);
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static void begin(struct job *job)
{
    struct exchange *x = job->x;
    char id[EXCHANGE_ID];
    job->begun_us = clock_mono_us();
    make_id(x, id);
    ctx_init(&job->ctx, &job->worker->arena, x->clock, x->log, id);
    str_set(job->ctx.remote, sizeof job->ctx.remote, slice_of(job->arrival->remote));
    job->req.remote = job->ctx.remote;
    job->req.path = SLICE("/");
    job->req.content_length = -1;
    job->req.body = &job->body;
    job->body.wire = job->wire;
    job->call.row = SIZE_MAX;
    reply_init(&job->reply, &job->worker->arena);
    job->reply.body.p = job->buffer + BUFFER_HEAD; /* it moves to the arena when it outgrows this */
    job->reply.body.cap = BUFFER_BODY;
    metrics_begin(x->metrics);
}

bool exchange_run(struct exchange *x, struct worker *worker, struct wire *wire,
                  const struct arrival *arrival)
{
    struct job job = {.x = x, .worker = worker, .wire = wire, .arrival = arrival};
    job.buffer = buffers_take(x->buffers);
    if (job.buffer == NULL)
        return false; /* no memory even to say so */
    begin(&job);
    enum err err = handle(&job);
    if (err == OK)
        err = check_reply(&job);
    if (err == OK)
        err = take_pump(&job);
    if (err != OK) {
        if (job.ctx.fault.err == OK)
            job.ctx.fault.err = err; /* a handler that returned an error and wrote no fault */
        render_fault(&job);
    }
    if (job.reply.status == 0)
        job.reply.status = 200;
    bool goes_on = send_answer(&job);
    if (!goes_on)
        drain(&job);
    int64_t micros = clock_mono_us() - job.begun_us;
    metrics_request(x->metrics, job.call.row, job.reply.status, micros);
    log_answer(&job, micros);
    buffers_give(x->buffers, job.buffer);
    if (job.reply.adopt)
        pump_hand_over(wire, &job.reply, job.streams, &x->stopping);
    if (job.pumps)
        __atomic_sub_fetch(&x->pumps, 1, __ATOMIC_ACQ_REL);
    arena_reset(&worker->arena);
    return goes_on;
}
