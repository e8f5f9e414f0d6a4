/*
 * err.h - the answers a function can give besides "it worked".
 *
 * Every function that can fail returns `enum err`. One table (err.c) maps each value to its HTTP
 * status, its exit status on the command line, its name and the code a client sees when the place
 * that failed named none. The sentence that explains a failure lives in the fault of `base/ctx.h`.
 */
#ifndef LARDER_BASE_ERR_H
#define LARDER_BASE_ERR_H

enum err {
    OK = 0,
    ERR_INVALID,        /* the request is malformed or its content is wrong        400 */
    ERR_UNKNOWN_CALLER, /* nobody is signed in, or the credential is not valid     401 */
    ERR_FORBIDDEN,      /* somebody is, and may not                                403 */
    ERR_NOT_FOUND,      /*                                                         404 */
    ERR_METHOD,         /* the path exists, the method does not                    405 */
    ERR_TIMEOUT,        /* the client was too slow                                 408 */
    ERR_EXISTS,         /* the thing to be made is there already                   409 */
    ERR_CONFLICT,       /* the change does not fit the present state               409 */
    ERR_LENGTH,         /* no Content-Length                                       411 */
    ERR_PRECONDITION,   /* If-Match and the like did not hold                      412 */
    ERR_TOO_LARGE,      /*                                                         413 */
    ERR_URI,            /*                                                         414 */
    ERR_MEDIA,          /* the body is of a kind the route does not read           415 */
    ERR_RANGE,          /*                                                         416 */
    ERR_EXPECTATION,    /* an Expect that is not 100-continue                      417 */
    ERR_MISDIRECTED,    /* the Host is none of ours                                421 */
    ERR_UNPROCESSABLE,  /* well formed, but a field is missing or of a wrong type  422 */
    ERR_THROTTLED,      /* too many tries; `retry_after` in the fault says when    429 */
    ERR_HEADERS,        /* header block too large or too many fields               431 */
    ERR_INTERNAL,       /* our fault                                               500 */
    ERR_CORRUPT,        /* stored bytes are not what was stored                    500 */
    ERR_IO,             /* the disk or the network failed                          500 */
    ERR_NO_MEMORY,      /*                                                         503 */
    ERR_BUSY,           /* come back later; `retry_after` says when                503 */
    ERR_NO_SPACE,       /* the disk is full                                        507 */
    ERR_COUNT
};

/* Exit statuses of the command line: a script may rely on them. */
enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_CONFLICT = 4,
    EXIT_DENIED = 5
};

struct err_info {
    int http;         /* HTTP status */
    int exit;         /* exit status of the command line */
    const char *name; /* for logs: "not_found" */
    const char *code; /* for clients where the fault names none: "SY-0404" */
    const char *text; /* the sentence where the fault has none */
};

/* Never NULL; an unknown value is answered as ERR_INTERNAL. */
const struct err_info *err_info(enum err err);

#define MUST_USE __attribute__((warn_unused_result))

#endif
