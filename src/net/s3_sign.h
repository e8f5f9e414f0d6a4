/*
 * s3_sign.h - AWS Signature Version 4, by hand: what is signed is what is sent, byte for byte.
 *
 * One encoder serves the path and the query, so that what a server rebuilds is what was signed.
 * Every header field given is signed; nothing is signed that is not sent. libcurl has a signer of
 * its own, but the one Debian carries signs queries as given and fields it does not send; this one
 * behaves the same on every version. Published vectors: tests/unit/net/test_s3_sign.c.
 */
#ifndef LARDER_NET_S3_SIGN_H
#define LARDER_NET_S3_SIGN_H

#include "base/crypto.h"
#include "base/ctx.h"

enum { S3_PAIRS = 16 };

struct s3_pair {
    const char *name;
    struct slice value;
};

struct s3_signer {
    const char *key, *secret;
    const char *token; /* NULL = none */
    const char *region;
    const char *service; /* "s3" */
};

struct s3_request {
    const char *method;
    const char *host;               /* with its port where that is not the scheme's */
    const char *path;               /* as it is, not encoded; begins with '/' */
    struct s3_pair query[S3_PAIRS]; /* as they are, in any order */
    size_t queries;
    struct s3_pair header[S3_PAIRS]; /* names in lower case; without host, date and token */
    size_t headers;
    const char *payload; /* the SHA-256 of the body in hex, or "UNSIGNED-PAYLOAD" */
};

struct s3_signed {
    const char *target;        /* path and query, encoded: goes behind the host as it is */
    const char *date;          /* for x-amz-date */
    const char *authorization; /* for Authorization */
    const char *canonical;     /* what was signed, for tests and for finding a mistake */
};

/* All in the arena. wall_ms is the server's time as far as it is known. */
enum err s3_sign(struct ctx *ctx, const struct s3_signer *signer, int64_t wall_ms,
                 const struct s3_request *req, struct s3_signed *out) MUST_USE;

/* The same, with the signature in the query: *target is good for whoever has it. */
enum err s3_sign_query(struct ctx *ctx, const struct s3_signer *signer, int64_t wall_ms,
                       int seconds, const struct s3_request *req, const char **target) MUST_USE;

/* %XX in upper case for all but A-Z a-z 0-9 - _ . ~, and '/' where it is kept. */
void s3_encode(struct buf *out, struct slice text, bool keep_slash);

#endif
