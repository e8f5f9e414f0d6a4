/*
 * s3_list.h - what an object store says in XML: a page of a listing, or an error.
 *
 * Both are foreign bytes. A page is taken whole or not at all: it must be what was asked for, in
 * byte order, or it is damaged; so a listing always moves on and ends. Fuzzed:
 * tests/fuzz/net/fuzz_s3_list.c.
 */
#ifndef LARDER_NET_S3_LIST_H
#define LARDER_NET_S3_LIST_H

#include "base/ctx.h"
#include "net/s3.h"

struct s3_page {
    struct s3_object *object; /* whole keys, with the client's prefix */
    size_t count;
    bool truncated; /* the server has more */
};

/*
 * Reads a ListBucketResult. Every key begins with `prefix` and stands behind the one before, the
 * first behind `after` ("" = none). NULL, or the sentence that says what is wrong.
 */
const char *s3_list_read(struct arena *arena, struct slice body, const char *prefix,
                         const char *after, struct s3_page *out);

/* Code, message and region of an Error; empty where the body says none. Never fails. */
struct s3_error {
    const char *code, *message, *region;
};
void s3_error_read(struct arena *arena, struct slice body, struct s3_error *out);

#endif
