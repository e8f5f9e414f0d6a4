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

enum {
    MULTIPART_PARTS = 16,
    MULTIPART_HEAD_MAX = 4096, /* of one part's header */
    MULTIPART_FIELD_MAX = 65536,
    MULTIPART_PREAMBLE_MAX = 1024, /* before the first delimiter */
    MULTIPART_FRAMING = 65536,     /* a body may be so much larger than its file */
    MULTIPART_BOUNDARY_MAX = 70    /* RFC 2046, 5.1.1 */
};

struct part {
    struct slice name;      /* of the form field */
    struct slice file_name; /* SLICE_NONE when it is not a file */
    struct slice type;      /* Content-Type of the part, or SLICE_NONE */
    struct slice data;      /* whole content, in the arena */
};

struct multipart_limits {
    size_t max_file;       /* bytes of one file part; above it: 413 naming the limit */
    size_t max_field;      /* bytes of one plain field; 0 = MULTIPART_FIELD_MAX */
    size_t max_parts;      /* 0 = MULTIPART_PARTS */
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
/* The one file of that name. 422 where there is none, and where there are two: whoever sent them
 * would believe that both were taken. `what` it is goes into the sentence. */
enum err form_file(struct ctx *ctx, const struct form *form, const char *name, const char *what,
                   const struct part **out) MUST_USE;

/* ---- the machine below it ---- */

enum multipart_state {
    MULTIPART_PREAMBLE,
    MULTIPART_TAIL, /* behind a delimiter: CR LF, or "--" */
    MULTIPART_HEAD,
    MULTIPART_DATA,
    MULTIPART_DONE /* behind the last delimiter; the rest is ignored */
};

struct multipart {
    struct multipart_limits limits;
    struct form *form;
    enum multipart_state state;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX]; /* CR LF "--" boundary */
    size_t delimiter_n;
    size_t matched;  /* bytes of the delimiter, or of what follows it, seen so far */
    size_t preamble; /* bytes before the first delimiter */
    bool closing;    /* the tail began with '-' */
    size_t hint;     /* what the first file may need at most, 0 = unknown */
    struct buf head; /* of the present part */
    struct buf data;
};

/* The boundary out of a Content-Type. ERR_MEDIA when it is not multipart/form-data. */
enum err multipart_boundary(struct ctx *ctx, struct slice type, struct slice *boundary) MUST_USE;
void multipart_begin(struct multipart *m, struct slice boundary,
                     const struct multipart_limits *limits, size_t hint, struct form *form);
enum err multipart_feed(struct ctx *ctx, struct multipart *m, struct slice bytes) MUST_USE;
enum err multipart_end(struct ctx *ctx, struct multipart *m) MUST_USE;

#endif
