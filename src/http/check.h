/*
 * check.h - is this header block one that every server on the way would read the same?
 *
 * civetweb is lenient: it takes bare line feeds, drops folded fields and whatever follows them,
 * reads "+4" as a length and lets chunked win over Content-Length. Each of these lets two servers
 * see two different requests in the same bytes. So the block is walked a second time here, and what
 * does not add up is refused. Pure functions over bytes, so that the fuzzer can drive them.
 *
 * The block arrives as civetweb leaves it, with the separators overwritten by NUL: one for a blank
 * or a colon, two for CR LF, and "CR NUL" for the empty line at the end. That loses nothing: where
 * a separator was anything else, the count of NULs is wrong.
 */
#ifndef LARDER_HTTP_CHECK_H
#define LARDER_HTTP_CHECK_H

#include "http/request.h"

/* What the header says about the exchange, beside the request itself. */
struct check {
    bool http10;
    bool keep_alive; /* the client wants, and the library agrees, that the connection goes on */
    bool expects;    /* Expect: 100-continue */
};

/* A field as the library found it. */
struct check_seen {
    const char *name, *value;
};

/* The block, and what the library says it found in it. */
struct check_input {
    const char *block;
    size_t n;          /* so many bytes may be read from it, whatever it holds */
    const char *query; /* behind the '?' that was overwritten; NULL = there was none */
    size_t fields;
    const struct check_seen *seen; /* that many; NULL = not compared */
};

/*
 * Walks the block. Fills path, query, method (METHOD_COUNT where we know none of that name), host,
 * length and the fields of `req`; the fault says what is wrong: ERR_INVALID, ERR_URI, ERR_HEADERS,
 * ERR_LENGTH, ERR_TOO_LARGE, ERR_EXPECTATION.
 */
enum err check_block(struct ctx *ctx, const struct check_input *in, struct request *req,
                     struct check *out) MUST_USE;

/* Splits req->path into segments, each decoded once; refuses dot segments, empty ones, NUL. */
enum err check_path(struct ctx *ctx, struct request *req) MUST_USE;

#endif
