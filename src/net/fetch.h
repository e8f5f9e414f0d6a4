/*
 * fetch.h - one outbound HTTP request, with limits on everything.
 *
 * Only http and https; no redirect is followed, no .netrc read, no proxy taken from the environment;
 * certificates are verified; connecting, standing still and the whole have their limits; the answer
 * has a ceiling. Nothing is retried here: that is the caller's decision. The only room that knows
 * libcurl is net/.
 */
#ifndef LARDER_NET_FETCH_H
#define LARDER_NET_FETCH_H

#include "base/ctx.h"

enum { FETCH_FIELDS = 24 };

struct fetch_field {
    const char *name;
    struct slice value;
};

struct fetch_pool;

struct fetch_request {
    const char *method; /* "GET", "PUT", ... */
    const char *url;    /* sent as it stands: no dots are resolved, nothing is encoded */
    struct fetch_field field[FETCH_FIELDS];
    size_t fields;
    struct slice body; /* sent where the method carries one */
    bool has_body;
    /* Gives n bytes of the body from offset on, instead of `body`; false ends the request. It may be
     * asked twice for the same bytes. May be NULL; then body_size says nothing. */
    bool (*source)(void *arg, int64_t offset, char *p, size_t n);
    void *source_arg;
    int64_t body_size;
    size_t answer_max;     /* bytes of the answer's body; 0 = 16 MiB */
    int timeout_ms;        /* of the whole; 0 = 60,000 */
    const char *ca_file;   /* NULL = the system's */
    const char *proxy;     /* NULL = none, whatever the environment says */
    bool allow_link_local; /* metadata addresses are refused unless set */
    /* Called with what was sent and received so far; false ends the request. May be NULL. */
    bool (*progress)(void *arg, int64_t sent, int64_t received);
    void *progress_arg;
    /* Where the body of a 2xx answer goes instead of memory; an error ends the request. May be
     * NULL. */
    enum err (*sink)(struct ctx *ctx, void *arg, struct slice piece);
    void *sink_arg;
    struct fetch_pool *pool; /* keeps the connection for the next request; NULL = it is closed */
};

struct fetch_answer {
    int status;
    struct slice body; /* in the arena; empty where a sink took it */
    struct slice head; /* the header block as received, in the arena */
};

/* Once, before any thread; and once at the end. */
enum err fetch_open(void) MUST_USE;
void fetch_close(void);

/* Connections that are kept between requests, for any number of threads. Heap; NULL = no memory.
 * Ended by fetch_pool_free when no request uses it any more. */
struct fetch_pool *fetch_pool_new(void);
void fetch_pool_free(struct fetch_pool *pool);

/* Adds a header field; false when there are too many or it has a control letter. */
bool fetch_add(struct fetch_request *req, const char *name, struct slice value);

/*
 * OK means that an answer arrived, whatever its status. ERR_IO: could not connect, broke off;
 * ERR_TIMEOUT; ERR_TOO_LARGE; ERR_FORBIDDEN: an address that is never called.
 */
enum err fetch_run(struct ctx *ctx, const struct fetch_request *req,
                   struct fetch_answer *out) MUST_USE;

/* The value of the last field of that name in the answer, or SLICE_NONE. */
struct slice fetch_header(const struct fetch_answer *answer, const char *name);

#endif
