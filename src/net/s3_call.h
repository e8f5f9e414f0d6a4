/*
 * s3_call.h - one signed request to an object store, and what its answer means.
 *
 * Inside of the client: net/s3.c composes the calls, this sends them. Keys are read under the
 * client's lock while a request is signed, and nowhere else.
 */
#ifndef LARDER_NET_S3_CALL_H
#define LARDER_NET_S3_CALL_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/fetch.h"
#include "net/s3.h"
#include "net/s3_sign.h"

struct s3 {
    struct arena arena; /* of all texts but the keys */
    struct fetch_pool *pool;
    const char *origin; /* "https://host:port" */
    const char *host;   /* as it is signed and sent */
    const char *region, *bucket, *prefix, *ca_file, *name;
    bool virtual_host;
    int timeout_ms;
    pthread_mutex_t mutex; /* of the keys */
    char *key, *secret, *token;
    atomic_bool cancelled;
    const atomic_bool *cancel;   /* the caller's; NULL = none */
    _Atomic int64_t seen_offset; /* of the newest answer */
    _Atomic int64_t used_offset; /* of the last one that called our clock wrong */
};

struct s3_call {
    const char *verb; /* for people: "get", "list" */
    const char *method;
    const char *key; /* with the prefix; NULL = the bucket itself */
    struct s3_pair query[S3_PAIRS];
    size_t queries;
    bool create_only;
    bool has_body;
    struct slice body;
    bool (*source)(void *arg, int64_t offset, char *p, size_t n); /* instead of body */
    void *source_arg;
    int64_t body_size;
    const char *sha256; /* of the body, in hex; NULL = it is empty */
    const char *md5;    /* of the body, in base64; NULL = not sent */
    size_t answer_max;
    int64_t expected; /* bytes the answer may have, for the time limit */
    enum err (*sink)(struct ctx *ctx, void *arg, struct slice piece);
    void *sink_arg;
    const enum err *sink_err; /* what the sink returned last; NULL = there is none */
};

/* *body: of a good answer, in the arena; may be NULL. An error is one of the sink or of ours. */
enum err s3_call(struct ctx *ctx, struct s3 *s3, const struct s3_call *call, struct slice *body,
                 struct s3_answer *answer) MUST_USE;

/* Fills in the path, and nothing else of the request. */
enum err s3_call_path(struct ctx *ctx, const struct s3 *s3, const char *key,
                      const char **path) MUST_USE;

/* The server's time as far as it is known. */
int64_t s3_call_time(struct ctx *ctx, const struct s3 *s3);

#endif
