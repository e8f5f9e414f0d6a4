/*
 * server.h - the HTTP server: one catch-all handler over civetweb.
 *
 * Sockets, threads and the library are here; what happens to one request is in http/exchange.c. The
 * only file that includes civetweb.h is server.c.
 */
#ifndef LARDER_HTTP_SERVER_H
#define LARDER_HTTP_SERVER_H

#include "http/router.h"

struct metrics;
struct tls;

struct server_options {
    const char *listen;          /* "127.0.0.1:8080", "[::1]:0", several separated by ',' */
    struct tls *tls;             /* with a pair loaded (base/tls.h); NULL = plain HTTP */
    int threads;                 /* 0 = 640 */
    const char *public_url;      /* its host is allowed */
    const char *allowed_hosts;   /* comma list beside IP literals and localhost */
    const char *cors_origins;    /* comma list, "*" = any, without credentials */
    const char *trusted_proxies; /* comma list of addresses whose X-Forwarded-* counts */
    int per_address_max;         /* connections of one address; 0 = no cap; loopback is exempt */
    bool access_log;
    const int *sockets; /* listening already, from the service manager; then `listen` is not used */
    size_t socket_count;
};

struct server_hooks {
    void *app; /* becomes call->app */
    /* Who asks, and may they? Sets call->who; a fault otherwise. Runs before the body is read. */
    enum err (*guard)(struct ctx *ctx, void *app, struct call *call);
    const struct surface *surfaces;
    size_t surface_count;
};

struct server; /* a running server */

/*
 * Starts listening; heap, ended by server_stop. The fault names the address when it cannot be had.
 * The router, options' strings and TLS, clock, log and metrics must outlive it.
 */
enum err server_start(struct ctx *ctx, const struct server_options *options,
                      const struct router *router, const struct server_hooks *hooks,
                      const struct clock *clock, struct log *log, struct metrics *metrics,
                      struct server **out) MUST_USE;

/* "http://127.0.0.1:8080": the first address, with the real port. */
const char *server_url(const struct server *server);

/* No new connections; waits for requests in flight, at most patience_ms; then frees everything. */
void server_stop(struct server *server, int patience_ms);

#endif
