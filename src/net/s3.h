/*
 * s3.h - the calls of an S3 compatible object store that a catalog needs, and nothing more.
 *
 * One client serves all threads; each request takes a kept connection and brings it back. What a
 * server says stands in the answer as an `enum s3_end`, so that a caller decides on meaning and
 * not on a status; `enum err` is for what went wrong on this side: memory, disk, a key that cannot
 * be one. Nothing is retried here but one thing: where the server calls our clock wrong, its Date
 * is learned and the request signed once more. No secret ever reaches an answer, a fault or a log.
 *
 * How a request is signed: net/s3_sign.h. How listings and errors are read: net/s3_list.h.
 */
#ifndef LARDER_NET_S3_H
#define LARDER_NET_S3_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

enum {
    S3_KEY_MAX = 1024,              /* bytes of a key with its prefix: the protocol's limit */
    S3_PAGE_MAX = 1000,             /* objects a server lists in one answer */
    S3_PRESIGN_MAX = 7 * 24 * 3600, /* seconds a presigned address can be good for */
    S3_TIMEOUT_MS = 15000
};

struct s3_options {
    const char *endpoint; /* "https://host[:port]"; NULL = AWS, https, in the region */
    const char *region;   /* NULL = "us-east-1" */
    const char *bucket;
    const char
        *prefix; /* goes before every key, "team/larder/"; NULL = none. Ends in '/' or is empty */
    const char *key, *secret;
    const char *token;   /* of a session; NULL = none */
    const char *ca_file; /* NULL = the system's */
    bool virtual_host;   /* bucket.host instead of host/bucket */
    bool plain_http;     /* http:// to another machine than this one is accepted */
    int timeout_ms; /* of a request without its bytes; 0 = S3_TIMEOUT_MS. 50 kB/s come on top */
    int64_t clock_offset_ms;    /* learned before; 0 = none */
    const _Atomic bool *cancel; /* true is as good as s3_cancel; NULL = none */
};

struct s3;

enum s3_end {
    S3_OK,
    S3_EXISTS, /* create only: 412 (or 304): something is there. It may be our own earlier write */
    S3_ABSENT, /* 404 of a key; also of a bucket where the call was a HEAD, which has no body */
    S3_NO_BUCKET,   /* 404 NoSuchBucket */
    S3_BAD_KEY,     /* the access key, its signature or its session is not accepted */
    S3_DENIED,      /* the key is known but may not do this; never read it as "absent" */
    S3_UNSUPPORTED, /* 501: the server does not know this, such as a conditional write */
    S3_REFUSED,     /* any other answer that a retry does not change: 3xx, 400, 411, 413 ... */
    S3_BUSY,        /* 408, 409, 429, 5xx: later. A write may have happened all the same */
    S3_UNKNOWN,     /* no answer: refused, reset, timeout, cancelled. A write may have happened */
    S3_DAMAGED      /* an answer came, but its bytes are not those that were meant */
};

struct s3_answer {
    enum s3_end end;
    int status;       /* of HTTP; 0 = no answer */
    int64_t size;     /* of the object: get, head, list of one */
    const char *etag; /* without quotes; "" = none. A hint, never a proof */
    const char *code; /* the server's word, "NoSuchKey"; "" = none */
    const char
        *message;    /* for people: what, on which call, and the server's reason. Never a secret */
    int retry_after; /* seconds the server asks for; 0 = it says nothing */
};

/*
 * fetch_open has run. Nothing is sent. ERR_INVALID names the setting that cannot be. Everything in
 * the options is copied. Heap; ended by s3_close, when no call is under way any more.
 */
enum err s3_open(struct ctx *ctx, const struct s3_options *options, struct s3 **out) MUST_USE;
void s3_close(struct s3 *s3);

/* New keys for the calls that begin from now on. */
enum err s3_set_keys(struct ctx *ctx, struct s3 *s3, const char *key, const char *secret,
                     const char *token) MUST_USE;

/* Ends the calls under way and every later one with S3_UNKNOWN within about a second. */
void s3_cancel(struct s3 *s3);

/* How far the server's clock is ahead of ours, in milliseconds; learned from every answer. */
int64_t s3_clock_offset(const struct s3 *s3);

/* How the client is to be named in logs: "https://host/bucket/prefix". Lives as long as it. */
const char *s3_name(const struct s3 *s3);

/*
 * All that follows: answer->end tells. Texts of the answer are in the arena. A key has no empty,
 * "." or ".." part, and is given without the prefix. create_only sends `If-None-Match: *`.
 */
enum err s3_put(struct ctx *ctx, struct s3 *s3, const char *key, struct slice bytes,
                bool create_only, struct s3_answer *answer) MUST_USE;
/* The first `size` bytes of fd, read twice with pread; ERR_CORRUPT where they are not `sha256`. */
enum err s3_put_file(struct ctx *ctx, struct s3 *s3, const char *key, int fd, int64_t size,
                     const char *sha256, bool create_only, struct s3_answer *answer) MUST_USE;

/* S3_DAMAGED where the object is larger than max. */
enum err s3_get(struct ctx *ctx, struct s3 *s3, const char *key, size_t max, struct slice *body,
                struct s3_answer *answer) MUST_USE;
/* Written to fd from where it stands. S3_DAMAGED unless it has this size and this hash; then and
 * on any other end but S3_OK the file holds rubbish, which the caller removes. size -1 and sha256
 * NULL take whatever comes. */
enum err s3_get_file(struct ctx *ctx, struct s3 *s3, const char *key, int fd, int64_t size,
                     const char *sha256, struct s3_answer *answer) MUST_USE;

enum err s3_head(struct ctx *ctx, struct s3 *s3, const char *key,
                 struct s3_answer *answer) MUST_USE;
/* S3_OK also where there was nothing. */
enum err s3_delete(struct ctx *ctx, struct s3 *s3, const char *key,
                   struct s3_answer *answer) MUST_USE;

struct s3_object {
    const char *key; /* without the prefix; lives until `one` returns */
    int64_t size;
    const char *etag;
};

/*
 * The objects whose key begins with `prefix` ("" = all) and comes after `start_after` (NULL = from
 * the first), in byte order, at most `max` of them (0 = all), page by page. An error of `one` ends
 * the listing and is returned. *more: it stopped at max and the server has others. When answer->end
 * is not S3_OK, what was told so far is still true.
 */
enum err s3_list(struct ctx *ctx, struct s3 *s3, const char *prefix, const char *start_after,
                 int max, enum err (*one)(void *arg, const struct s3_object *object), void *arg,
                 bool *more, struct s3_answer *answer) MUST_USE;

/* S3_OK also where the bucket is ours already. */
enum err s3_make_bucket(struct ctx *ctx, struct s3 *s3, struct s3_answer *answer) MUST_USE;

/*
 * An address in the arena that lets whoever has it GET the object for `seconds`. `disposition` is
 * the Content-Disposition it is to be answered with; NULL = none. Nothing is sent.
 */
enum err s3_presign(struct ctx *ctx, struct s3 *s3, const char *key, int seconds,
                    const char *disposition, const char **url) MUST_USE;

/* "exists", "absent", ... for logs and metrics. */
const char *s3_end_name(enum s3_end end);

#endif
