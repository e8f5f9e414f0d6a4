/*
 * fetch.c - one request over libcurl, on a handle of its own or one from a pool.
 *
 * A handle that goes back to its pool is reset: only its connections, their TLS sessions and the
 * names it looked up stay, so no option and no header of one request reaches another. Error texts
 * name the reason, never a header.
 */
#include "net/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ANSWER_MAX = 16 << 20,
    HEAD_MAX = 64 << 10,
    TIMEOUT_MS = 60000,
    CONNECT_MS = 5000,
    STALL_SECONDS = 10,
    POOL_KEPT = 16
};

struct fetch_pool {
    pthread_mutex_t mutex;
    CURL *idle[POOL_KEPT];
    size_t count;
};

struct transfer {
    struct ctx *ctx;
    const struct fetch_request *req;
    CURL *handle;
    struct buf head, body;
    int64_t size; /* of the body that is sent */
    int64_t sent; /* bytes of it handed to the library */
    bool refused;
    bool stopped; /* by the caller's progress function */
    enum err sink_err;
};

enum err fetch_open(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? OK : ERR_INTERNAL;
}

void fetch_close(void)
{
    curl_global_cleanup();
}

struct fetch_pool *fetch_pool_new(void)
{
    struct fetch_pool *pool = calloc(1, sizeof *pool); /* fetch_pool_free */
    if (pool)
        (void)pthread_mutex_init(&pool->mutex, NULL); /* cannot fail on Linux */
    return pool;
}

void fetch_pool_free(struct fetch_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->count)
        curl_easy_cleanup(pool->idle[--pool->count]);
    (void)pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

static CURL *take_handle(struct fetch_pool *pool)
{
    CURL *c = NULL;
    if (pool) {
        (void)pthread_mutex_lock(&pool->mutex);
        if (pool->count)
            c = pool->idle[--pool->count];
        (void)pthread_mutex_unlock(&pool->mutex);
    }
    return c ? c : curl_easy_init();
}

static void give_handle(struct fetch_pool *pool, CURL *c)
{
    bool kept = false;
    if (pool) {
        curl_easy_reset(c);
        (void)pthread_mutex_lock(&pool->mutex);
        kept = pool->count < POOL_KEPT;
        if (kept)
            pool->idle[pool->count++] = c;
        (void)pthread_mutex_unlock(&pool->mutex);
    }
    if (!kept)
        curl_easy_cleanup(c);
}

bool fetch_add(struct fetch_request *req, const char *name, struct slice value)
{
    if (req->fields == FETCH_FIELDS)
        return false;
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] < 0x20 && value.p[i] != '\t')
            return false;
    req->field[req->fields++] = (struct fetch_field){name, value};
    return true;
}

/* 169.254.0.0/16 and fe80::/10, also when mapped: where clouds keep their metadata. */
static bool is_link_local(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return (ntohl(v4.sin_addr.s_addr) >> 16) == 0xA9FE;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        const unsigned char *b = v6.sin6_addr.s6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
            return b[12] == 0xA9 && b[13] == 0xFE;
        return b[0] == 0xFE && (b[1] & 0xC0) == 0x80;
    }
    return true; /* neither: never called */
}

/* Judges the address that will really be connected to, so that a name cannot change its mind. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *t = arg;
    (void)purpose;
    if (!t->req->allow_link_local && is_link_local(&address->addr)) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_head(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    if (size * n >= 5 && memcmp(p, "HTTP/", 5) == 0)
        buf_clear(&t->head); /* what came before was a "100 Continue" */
    buf_add(&t->head, p, size * n);
    return buf_failed(&t->head) ? 0 : size * n;
}

static bool is_good(const struct transfer *t)
{
    long status = 0;
    (void)curl_easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    struct slice piece = {p, size * n};
    if (t->req->sink && is_good(t)) {
        t->sink_err = t->req->sink(t->ctx, t->req->sink_arg, piece);
        return t->sink_err == OK ? piece.n : 0;
    }
    buf_slice(&t->body, piece);
    return buf_failed(&t->body) ? 0 : piece.n;
}

static size_t give_body(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    int64_t left = t->size - t->sent;
    size_t want = size * n, take = left < (int64_t)want ? (size_t)left : want;
    if (t->req->source && take && !t->req->source(t->req->source_arg, t->sent, p, take))
        return CURL_READFUNC_ABORT;
    if (t->req->source == NULL && take)
        memcpy(p, t->req->body.p + t->sent, take);
    t->sent += (int64_t)take;
    return take;
}

static int seek_body(void *arg, curl_off_t offset, int origin)
{
    struct transfer *t = arg;
    if (origin != SEEK_SET || offset < 0 || offset > t->size)
        return CURL_SEEKFUNC_CANTSEEK;
    t->sent = offset;
    return CURL_SEEKFUNC_OK;
}

static int tell_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                         curl_off_t up)
{
    struct transfer *t = arg;
    (void)down_total;
    (void)up_total;
    t->stopped = !t->req->progress(t->req->progress_arg, up, down);
    return t->stopped;
}

/* Every option that guards; any that the library does not know is a build of it we do not trust. */
static bool set_guards(CURL *c, struct transfer *t)
{
    const struct fetch_request *r = t->req;
    long timeout = r->timeout_ms ? r->timeout_ms : TIMEOUT_MS;
    bool good = curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_PROXY, r->proxy ? r->proxy : "") == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK;
    if (good && r->ca_file)
        good = curl_easy_setopt(c, CURLOPT_CAINFO, r->ca_file) == CURLE_OK;
    return good;
}

static bool set_transfer(CURL *c, struct transfer *t)
{
    const struct fetch_request *r = t->req;
    bool good = curl_easy_setopt(c, CURLOPT_URL, r->url) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_head) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_HEADERDATA, t) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_WRITEDATA, t) == CURLE_OK;
    if (r->has_body) {
        good = good && curl_easy_setopt(c, CURLOPT_UPLOAD, 1L) == CURLE_OK;
        good = good && curl_easy_setopt(c, CURLOPT_READFUNCTION, give_body) == CURLE_OK;
        good = good && curl_easy_setopt(c, CURLOPT_READDATA, t) == CURLE_OK;
        good = good && curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, seek_body) == CURLE_OK;
        good = good && curl_easy_setopt(c, CURLOPT_SEEKDATA, t) == CURLE_OK;
        good = good &&
               curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->size) == CURLE_OK;
    }
    if (strcmp(r->method, "HEAD") == 0)
        good = good && curl_easy_setopt(c, CURLOPT_NOBODY, 1L) == CURLE_OK;
    else
        good = good && curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method) == CURLE_OK;
    if (r->progress) {
        good = good && curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
        good = good && curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, tell_progress) == CURLE_OK;
        good = good && curl_easy_setopt(c, CURLOPT_XFERINFODATA, t) == CURLE_OK;
    }
    return good;
}

/* The fields as the library wants them; freed by the caller. NULL when there is no memory. */
static struct curl_slist *make_fields(struct ctx *ctx, const struct fetch_request *r)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no "100-continue" round trip */
    for (size_t i = 0; list && i < r->fields; i++) {
        const struct fetch_field *f = &r->field[i];
        const char *line = f->value.n
                               ? str_printf(ctx->arena, "%s: %.*s", f->name, SLICE_ARGS(f->value))
                               : str_printf(ctx->arena, "%s;", f->name);
        struct curl_slist *longer = line ? curl_slist_append(list, line) : NULL;
        if (longer == NULL)
            curl_slist_free_all(list);
        list = longer;
    }
    return list;
}

static enum err judge(struct ctx *ctx, const struct transfer *t, CURLcode code)
{
    if (code == CURLE_OK)
        return OK;
    if (t->sink_err != OK)
        return t->sink_err;
    if (t->refused)
        return ctx_fail(ctx, ERR_FORBIDDEN, "That address is never called from here");
    if (t->stopped)
        return ctx_fail(ctx, ERR_TIMEOUT, "The transfer was stopped");
    if (t->body.over || t->head.over)
        return ctx_fail(ctx, ERR_TOO_LARGE, "The answer is larger than what was asked for");
    if (t->body.failed || t->head.failed)
        return ctx_no_memory(ctx);
    enum err err = code == CURLE_OPERATION_TIMEDOUT ? ERR_TIMEOUT : ERR_IO;
    return ctx_fail(ctx, err, "%s", curl_easy_strerror(code));
}

static enum err perform(struct ctx *ctx, CURL *c, struct transfer *t, int *status)
{
    struct curl_slist *fields = make_fields(ctx, t->req);
    if (fields == NULL)
        return ctx_no_memory(ctx);
    enum err err;
    if (!set_guards(c, t) || !set_transfer(c, t) ||
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, fields) != CURLE_OK)
        err = ctx_fail_cause(ctx, ERR_INTERNAL, "libcurl refuses an option");
    else
        err = judge(ctx, t, curl_easy_perform(c));
    long code = 0;
    if (err == OK)
        (void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
    *status = (int)code;
    curl_slist_free_all(fields);
    return err;
}

enum err fetch_run(struct ctx *ctx, const struct fetch_request *req, struct fetch_answer *out)
{
    struct transfer t = {.ctx = ctx, .req = req, .handle = take_handle(req->pool)};
    t.size = req->source ? req->body_size : (int64_t)req->body.n;
    buf_init(&t.head, ctx->arena, HEAD_MAX);
    buf_init(&t.body, ctx->arena, req->answer_max ? req->answer_max : ANSWER_MAX);
    if (t.handle == NULL)
        return ctx_no_memory(ctx);
    enum err err = perform(ctx, t.handle, &t, &out->status);
    give_handle(req->pool, t.handle);
    out->head = buf_view(&t.head);
    out->body = buf_view(&t.body);
    return err;
}

struct slice fetch_header(const struct fetch_answer *answer, const char *name)
{
    struct slice rest = answer->head, line, found = SLICE_NONE;
    while (slice_split(&rest, '\n', &line)) {
        size_t colon = slice_find(line, ':');
        if (colon == line.n || !slice_is_nocase(slice_sub(line, 0, colon), name))
            continue;
        struct slice value = slice_sub(line, colon + 1, line.n);
        if (slice_ends(value, "\r"))
            value.n--;
        found = slice_trim(value);
    }
    return found;
}
