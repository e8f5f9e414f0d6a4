/*
 * multipart.h - multipart/form-data read as a bounded stream.
 *
 * Our own reader on purpose: the server library's form parser spins for ever on a NUL byte and
 * overflows its stack on an odd preamble. A pure state machine over bytes (multipart_feed) that the
 * fuzzer drives, and one call that runs it over a request.
 */
#ifndef LARDER_HTTP_MULTIPART_H
#define LARDER_HTTP_MULTIPART_H

#include "http/request.h"

enum { MULTIPART_PARTS = 16, MULTIPART_HEAD_MAX = 4096, MULTIPART_FIELD_MAX = 65536 };

struct part {
    struct slice name;      /* of the form field */
    struct slice file_name; /* SLICE_NONE when it is not a file */
    struct slice type;      /* Content-Type of the part, or SLICE_NONE */
    struct slice data;      /* whole content, in the arena */
};

struct multipart_limits {
    size_t max_file;  /* bytes of one file part; above it: 413 naming the limit */
    size_t max_field; /* bytes of one plain field */
    size_t max_parts;
    const char *too_large; /* sentence of that 413, NULL = a general one */
};

struct form {
    struct part part[MULTIPART_PARTS];
    size_t parts;
};

/* Reads the request's body as multipart/form-data. 415 when it is not of that type, 400 when it is
 * broken, 413 when a part is too large. */
enum err multipart_read(struct ctx *ctx, const struct request *req,
                        const struct multipart_limits *limits, struct form *out) MUST_USE;

const struct part *form_find(const struct form *form, const char *name); /* NULL = none */

#endif
