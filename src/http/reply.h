/*
 * reply.h - the answer being built: status, fields, and one of five kinds of content.
 *
 * Head and body are rendered into one buffer and sent with one write. Content that already stands
 * somewhere (an embedded asset, a cached answer, a file) is sent from there without a copy. A HEAD
 * request gets the same head and no content.
 */
#ifndef LARDER_HTTP_REPLY_H
#define LARDER_HTTP_REPLY_H

#include <sys/types.h>

#include "base/json_write.h"
#include "http/request.h"

enum { REPLY_BODY_MAX = 64 << 20, REPLY_FIELDS_MAX = 8192 };

struct reply {
    int status;         /* 0 until set; 200 when a handler leaves it */
    struct buf fields;  /* "Name: value\r\n"..., of the handler */
    struct buf lasting; /* the same, kept when an error is answered instead */
    struct buf body;    /* content rendered by the handler */
    const char *type;   /* Content-Type; NULL with an empty body */
    struct slice still; /* content that outlives the reply: asset, cache entry */
    int file;           /* or a file to send from, -1 = none; closed when sent */
    off_t file_from, file_size;
    bool close;                       /* end the connection after this answer */
    bool cacheable;                   /* the handler has set Cache-Control itself */
    void (*adopt)(void *arg, int fd); /* of a stream, see reply_stream */
    void *adopt_arg;
};

/* An empty answer whose buffers grow in the arena. */
void reply_init(struct reply *r, struct arena *arena);
/* Forgets what was built so far (an error is to be answered instead); closes an open file. */
void reply_reset(struct reply *r);
/* Whether the handler has set a field of this name. */
bool reply_has_field(const struct reply *r, const char *name);

void reply_status(struct reply *r, int status);
/* Refuses (drops and logs nothing, marks the buffer failed) CR, LF and NUL in either. */
void reply_field(struct reply *r, const char *name, const char *value);
void reply_field_slice(struct reply *r, const char *name, struct slice value);
/* The same for a field that also belongs to an error: WWW-Authenticate, a cookie that is ended. */
void reply_lasting(struct reply *r, const char *name, const char *value);

/* Starts a JSON document in the body: type application/json. */
void reply_json(struct reply *r, struct jw *j);
void reply_text(struct reply *r, const char *type, struct slice text);  /* copies into the body */
void reply_still(struct reply *r, const char *type, struct slice text); /* borrows */
void reply_file(struct reply *r, const char *type, int fd, off_t from, off_t size);
void reply_empty(struct reply *r, int status); /* 204, 304: no content */
/*
 * A stream without an end. Once the head is sent, adopt(arg, fd) is called with a descriptor that
 * is its own from then on, to write to and to close; or with -1 where nothing came of it: a HEAD
 * request, an error, a client that is gone. It is called exactly once.
 */
void reply_stream(struct reply *r, const char *type, void (*adopt)(void *arg, int fd), void *arg);
void reply_no_store(struct reply *r);
/* Sets ETag; true when If-None-Match (weak comparison, lists and *) matches: a 304 is then set. */
bool reply_etag(struct reply *r, const struct request *req, const char *etag);
/*
 * Range of a representation of `size` bytes: sets 206 and Content-Range, or 416; *from and *n are
 * what to send. Only a single range is honoured, several are answered with the whole (200).
 * If-Range is respected against etag.
 */
enum err reply_range(struct ctx *ctx, struct reply *r, const struct request *req, const char *etag,
                     off_t size, off_t *from, off_t *n) MUST_USE;
#endif
