/*
 * server.c - civetweb as a device driver: it accepts, reads headers, and hands everything to us.
 *
 * The begin_request callback answers every request, so nothing else of the library looks at one; its
 * error pages are replaced too. A worker serves one connection at a time; hundreds are cheap. Look
 * next at http/exchange.c, at http/check.c (what the library is not trusted with), http/seam.c.
 */
#include "http/server.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/tls.h"
#include "http/buffers.h"
#include "http/exchange.h"
#include "http/listen.h"
#include "http/seam.h"
#include "http/wire.h"

enum {
    THREADS = 640,
    HEADER_MS = 5000,    /* for a whole header, and between two requests */
    READ_BUFFER = 32768, /* civetweb's; twice what we accept, so that we are the ones to refuse */
    FILES_WANTED = 65536,
    ANSWERED = 200 /* to civetweb: any positive number means that it is not to answer */
};

/* One worker of the library. */
struct thread {
    struct server *server;
    struct worker worker;
    struct seam seam;
    bool open;          /* a connection is counted */
    char remote[48];    /* its address, guarded by server->lock */
    const char *lowest; /* start of the library's read buffer, as far as known */
    struct thread *next;
};

struct server {
    struct exchange exchange;
    const struct server_options *options;
    struct mg_context *mg;
    struct seam accepting;
    int wake;
    int threads;
    int open;     /* atomic: connections in the hands of workers */
    int busy;     /* atomic: requests under way */
    bool started; /* atomic */
    bool padded;  /* the library keeps a word in front of its buffers, see leads_with_blank */
    pthread_mutex_t lock; /* guards `all`, the addresses and the wait for the last request */
    pthread_cond_t idle;
    struct thread *all;
    char listen[LISTEN_TEXT];
    char url[160];
    char trouble[256]; /* what the library said while it started */
};

/* ---- how many of one address ------------------------------------------------------------------ */

/* Whether the address may have this connection too; then it is counted as its. */
static bool admit_address(struct thread *t, const char *address)
{
    struct server *s = t->server;
    int most = s->options->per_address_max, have = 1;
    if (most <= 0 || strcmp(t->remote, address) == 0 || origin_is_loopback(address) ||
        origin_is_listed(s->options->trusted_proxies, address))
        return true;
    pthread_mutex_lock(&s->lock);
    for (const struct thread *o = s->all; o; o = o->next)
        have += strcmp(o->remote, address) == 0;
    if (have <= most)
        str_set(t->remote, sizeof t->remote, slice_of(address));
    pthread_mutex_unlock(&s->lock);
    return have <= most;
}

/* Asked before the first byte of a connection is waited for, so that silent ones count as well. */
static bool admit_socket(struct seam *seam, int fd)
{
    struct thread *t = seam->owner;
    struct sockaddr_storage a = {.ss_family = AF_UNSPEC};
    socklen_t n = sizeof a;
    char text[INET6_ADDRSTRLEN] = "";
    if (getpeername(fd, (struct sockaddr *)&a, &n) != 0)
        return true;
    if (a.ss_family == AF_INET)
        (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)&a)->sin_addr, text, sizeof text);
    else if (a.ss_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)&a)->sin6_addr, text, sizeof text);
    return text[0] == '\0' || admit_address(t, text);
}

/* ---- threads and connections ------------------------------------------------------------------ */

static void *start_thread(const struct mg_context *mg, int type)
{
    struct server *s = mg_get_user_data(mg);
    if (type != 1) {
        seam_enter(&s->accepting);
        return NULL;
    }
    struct thread *t = calloc(1, sizeof *t); /* freed by end_thread */
    if (t == NULL)
        return NULL;
    t->server = s;
    arena_init(&t->worker.arena, EXCHANGE_MEMORY);
    seam_init(&t->seam, -1);
    t->seam.owner = t;
    t->seam.admit = s->options->per_address_max > 0 ? admit_socket : NULL;
    seam_enter(&t->seam);
    pthread_mutex_lock(&s->lock);
    t->seam.stopping = __atomic_load_n(&s->exchange.stopping, __ATOMIC_ACQUIRE);
    t->next = s->all;
    s->all = t;
    pthread_mutex_unlock(&s->lock);
    return t;
}

static void end_thread(const struct mg_context *mg, int type, void *pointer)
{
    struct server *s = mg_get_user_data(mg);
    struct thread *t = pointer;
    seam_enter(NULL);
    if (type != 1 || t == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    struct thread **at = &s->all;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    pthread_mutex_unlock(&s->lock);
    seam_end(&t->seam);
    arena_free(&t->worker.arena);
    free(t);
}

/* From now on the thread waits for a header, and not for ever. */
static void await_header(struct thread *t)
{
    t->seam.busy = false;
    t->seam.deadline = clock_mono_ms(&clock_system) + HEADER_MS;
}

static int open_connection(const struct mg_connection *conn, void **data)
{
    struct thread *t = mg_get_thread_pointer(conn);
    (void)data;
    if (t == NULL)
        return 0;
    t->open = true;
    t->seam.late = false;
    t->seam.fresh = true;
    __atomic_add_fetch(&t->server->open, 1, __ATOMIC_RELAXED);
    await_header(t);
    return 0;
}

/* Also called for a connection that never opened, after a failed handshake. */
static void close_connection(const struct mg_connection *conn)
{
    struct thread *t = mg_get_thread_pointer(conn);
    if (t == NULL)
        return;
    t->seam.deadline = 0;
    t->seam.busy = false;
    t->seam.last = -1;
    if (!t->open)
        return;
    t->open = false;
    __atomic_sub_fetch(&t->server->open, 1, __ATOMIC_RELAXED);
    pthread_mutex_lock(&t->server->lock);
    t->remote[0] = '\0';
    pthread_mutex_unlock(&t->server->lock);
}

/* ---- the wire ----------------------------------------------------------------------------------- */

static int read_wire(struct wire *w, void *p, size_t n, int64_t patience_ms)
{
    struct thread *t = mg_get_thread_pointer(w->conn);
    t->seam.deadline = clock_mono_ms(&clock_system) + (patience_ms > 0 ? patience_ms : 0);
    int got = mg_read(w->conn, p, n);
    t->seam.deadline = 0;
    return got;
}

static bool write_wire(struct wire *w, const void *p, size_t n, int64_t patience_ms)
{
    struct thread *t = mg_get_thread_pointer(w->conn);
    t->seam.deadline = clock_mono_ms(&clock_system) + patience_ms;
    int sent = mg_write(w->conn, p, n);
    t->seam.deadline = 0;
    return sent >= 0 && (size_t)sent == n;
}

static int take_wire(struct wire *w)
{
    struct thread *t = mg_get_thread_pointer(w->conn);
    return seam_take(&t->seam);
}

/* ---- requests ----------------------------------------------------------------------------------- */

/*
 * The library skips white space in front of a request, but when that contains an empty line it
 * takes the length of the blank lines for that of the header, and what follows is read as a second
 * request. So nothing may stand there. The buffer's start is not told; where the library counts
 * memory it keeps a pointer in front of it, whose last byte is 0, so the byte before the request
 * tells. Else the lowest start this thread has seen does.
 */
static bool leads_with_blank(struct thread *t, const char *start)
{
    if (t->server->padded)
        return start[-1] != '\0';
    bool later = t->lowest != NULL && start > t->lowest;
    if (t->lowest == NULL || start < t->lowest)
        t->lowest = start;
    return later;
}

static void finish(struct server *s)
{
    if (__atomic_sub_fetch(&s->busy, 1, __ATOMIC_ACQ_REL) > 0 ||
        !__atomic_load_n(&s->exchange.stopping, __ATOMIC_ACQUIRE))
        return;
    pthread_mutex_lock(&s->lock);
    pthread_cond_signal(&s->idle);
    pthread_mutex_unlock(&s->lock);
}

static void run(struct mg_connection *conn, struct arrival *arrival)
{
    struct thread *t = mg_get_thread_pointer(conn);
    struct server *s = t->server;
    const struct mg_request_info *info = mg_get_request_info(conn);
    bool leaves = !info->is_ssl && t->seam.last >= 0;
    struct wire wire = {conn, read_wire, write_wire, leaves ? take_wire : NULL, &clock_system};
    __atomic_add_fetch(&s->busy, 1, __ATOMIC_ACQ_REL);
    t->seam.busy = true;
    t->seam.deadline = 0;
    arrival->remote = info->remote_addr;
    arrival->tls = info->is_ssl != 0;
    arrival->crowded = __atomic_load_n(&s->open, __ATOMIC_RELAXED) * 4 > s->threads * 3;
    if (!exchange_run(&s->exchange, &t->worker, &wire, arrival))
        mg_disable_connection_keep_alive(conn);
    await_header(t);
    finish(s);
}

static int begin_request(struct mg_connection *conn)
{
    struct thread *t = mg_get_thread_pointer(conn);
    const struct mg_request_info *info = mg_get_request_info(conn);
    struct check_seen seen[MG_MAX_HEADERS];
    if (t == NULL) { /* there was no memory for it */
        mg_disable_connection_keep_alive(conn);
        return ANSWERED;
    }
    for (int i = 0; i < info->num_headers; i++)
        seen[i] = (struct check_seen){info->http_headers[i].name, info->http_headers[i].value};
    struct arrival arrival = {.head = {.block = info->request_method,
                                       .n = READ_BUFFER,
                                       .query = info->query_string,
                                       .fields = (size_t)info->num_headers,
                                       .seen = seen}};
    if (leads_with_blank(t, info->request_method))
        arrival.refused = ERR_INVALID;
    else if (!admit_address(t, info->remote_addr)) /* asked before, where there is a seam */
        arrival.refused = ERR_BUSY;
    run(conn, &arrival);
    return ANSWERED;
}

/* What the library itself found wrong; its status and words are not used. */
static int answer_error(struct mg_connection *conn, int status, const char *message)
{
    struct thread *t = mg_get_thread_pointer(conn);
    struct arrival arrival = {.refused = ERR_INVALID};
    (void)status, (void)message;
    if (t && t->seam.late)
        arrival.refused = ERR_TIMEOUT;
    if (t)
        run(conn, &arrival);
    mg_disable_connection_keep_alive(conn);
    return 0;
}

static int take_message(const struct mg_connection *conn, const char *message)
{
    struct server *s = mg_get_user_data(mg_get_context(conn));
    if (!__atomic_load_n(&s->started, __ATOMIC_ACQUIRE) && s->trouble[0] == '\0')
        str_set(s->trouble, sizeof s->trouble, slice_of(message));
    else
        log_line(s->exchange.log, LOG_DEBUG, NULL, "civetweb", "message", message, NULL);
    return 1;
}

static int load_certificate(void *ssl_ctx, void *user)
{
    const struct server *s = user;
    return tls_attach(s->options->tls, ssl_ctx) ? 1 : -1;
}

/* ---- start ---------------------------------------------------------------------------------------- */

/* The first address as a URL, with the port the kernel gave. */
static void make_url(struct server *s)
{
    struct mg_server_port port;
    struct slice first = slice_sub(slice_of(s->listen), 0, slice_find(slice_of(s->listen), ','));
    while (first.n > 0 && first.p[first.n - 1] != ':')
        first.n--;
    if (mg_get_server_ports(s->mg, 1, &port) < 1)
        port.port = 0;
    (void)snprintf(s->url, sizeof s->url, "%s://%.*s%d", s->options->tls ? "https" : "http",
                   SLICE_ARGS(first), port.port);
}

/* Each connection and each file sent needs a descriptor; ask for as many as we may have. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_WANTED)
        return;
    limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* the old limit serves too, only fewer at once */
}

static enum err start_library(struct ctx *ctx, struct server *s)
{
    char threads[12], buffer[12], header_ms[12];
    struct mg_callbacks callbacks = {.begin_request = begin_request,
                                     .http_error = answer_error,
                                     .log_message = take_message,
                                     .init_thread = start_thread,
                                     .exit_thread = end_thread,
                                     .init_connection = open_connection,
                                     .connection_close = close_connection,
                                     .init_ssl = s->options->tls ? load_certificate : NULL};
    (void)snprintf(threads, sizeof threads, "%d", s->threads);
    (void)snprintf(buffer, sizeof buffer, "%d", READ_BUFFER);
    (void)snprintf(header_ms, sizeof header_ms, "%d", HEADER_MS);
    const char *options[] = {"listening_ports",
                             s->listen,
                             "num_threads",
                             threads,
                             "max_request_size",
                             buffer,
                             "request_timeout_ms",
                             header_ms,
                             "keep_alive_timeout_ms",
                             header_ms,
                             "enable_keep_alive",
                             "yes",
                             "tcp_nodelay",
                             "1",
                             "connection_queue",
                             "1024",
                             "listen_backlog",
                             "1024",
                             "decode_url",
                             "no",
                             "decode_query_string",
                             "no",
                             "enable_directory_listing",
                             "no",
                             "enable_auth_domain_check",
                             "no",
                             NULL};
    struct mg_init_data init = {&callbacks, s, options};
    seam_adopt(s->options->sockets, s->options->socket_count);
    s->mg = mg_start2(&init, NULL);
    size_t adopted = seam_adopted();
    seam_adopt(NULL, 0);
    if (s->mg == NULL)
        return ctx_fail_field(ctx, ERR_IO, "listen", "Cannot listen on %s: %s", s->listen,
                              s->trouble[0] ? s->trouble : "the HTTP library does not start");
    if (adopted == s->options->socket_count)
        return OK;
    mg_stop(s->mg);
    return ctx_fail_field(ctx, ERR_INTERNAL, "listen",
                          "This build cannot take a socket from the service manager");
}

static void free_server(struct server *s)
{
    buffers_free(s->exchange.buffers);
    if (s->wake >= 0)
        (void)close(s->wake);
    seam_end(&s->accepting);
    pthread_cond_destroy(&s->idle);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static void prepare(struct server *s, const struct server_options *options)
{
    pthread_condattr_t monotonic;
    unsigned char random[4];
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&s->lock, NULL);
    s->options = options;
    s->threads = options->threads > 0 ? options->threads : THREADS;
    s->padded = mg_check_feature(MG_FEATURES_STATS) != 0;
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    seam_init(&s->accepting, s->wake);
    s->exchange.rules = (struct origin_rules){options->public_url, options->allowed_hosts,
                                              options->cors_origins};
    s->exchange.trusted_proxies = options->trusted_proxies;
    s->exchange.access_log = options->access_log;
    s->exchange.buffers = buffers_new();
    s->exchange.pumps_max = s->threads / 4;
    crypto_random(random, sizeof random);
    crypto_hex(random, sizeof random, s->exchange.id_prefix);
}

enum err server_start(struct ctx *ctx, const struct server_options *options,
                      const struct router *router, const struct server_hooks *hooks,
                      const struct clock *clock, struct log *log, struct metrics *metrics,
                      struct server **out)
{
    struct server *s = calloc(1, sizeof *s); /* freed by server_stop */
    if (s == NULL)
        return ctx_no_memory(ctx);
    prepare(s, options);
    s->exchange.router = router;
    s->exchange.hooks = *hooks;
    s->exchange.clock = clock;
    s->exchange.log = log;
    s->exchange.metrics = metrics;
    enum err err = s->wake < 0 || s->exchange.buffers == NULL ? ctx_no_memory(ctx) : OK;
    if (err == OK)
        err = listen_list(ctx, options, s->listen);
    if (err != OK) {
        free_server(s);
        return err;
    }
    raise_file_limit();
    mg_init_library(options->tls ? MG_FEATURES_TLS : MG_FEATURES_DEFAULT);
    if ((err = start_library(ctx, s)) != OK) {
        mg_exit_library();
        free_server(s);
        return err;
    }
    make_url(s);
    __atomic_store_n(&s->started, true, __ATOMIC_RELEASE);
    *out = s;
    return OK;
}

const char *server_url(const struct server *server)
{
    return server->url;
}

/* ---- stop ------------------------------------------------------------------------------------------ */

static void wait_for_requests(struct server *s, int patience_ms)
{
    struct timespec end = clock_deadline(patience_ms);
    pthread_mutex_lock(&s->lock);
    while (__atomic_load_n(&s->busy, __ATOMIC_ACQUIRE) > 0)
        if (pthread_cond_timedwait(&s->idle, &s->lock, &end) != 0)
            break;
    pthread_mutex_unlock(&s->lock);
}

void server_stop(struct server *server, int patience_ms)
{
    struct server *s = server;
    uint64_t one = 1;
    if (s == NULL)
        return;
    __atomic_store_n(&s->exchange.stopping, true, __ATOMIC_RELEASE);
    __atomic_store_n(&s->accepting.stopping, true, __ATOMIC_RELEASE);
    if (write(s->wake, &one, sizeof one) < 0)
        log_line(s->exchange.log, LOG_DEBUG, NULL, "server.wake", NULL);
    pthread_mutex_lock(&s->lock);
    for (struct thread *t = s->all; t; t = t->next)
        seam_hang_up(&t->seam);
    pthread_mutex_unlock(&s->lock);
    wait_for_requests(s, patience_ms);
    mg_stop(s->mg); /* refuses to write from here on, so the answers had to be out */
    mg_exit_library();
    free_server(s);
}
