/*
 * head.h - the status line and the fields every answer carries.
 *
 * A handler says what it knows (status, type, its own fields); the rest is the same for all and
 * stands here once: length, date, request id, connection, and the fields that tell a browser what
 * it must not do with the content.
 */
#ifndef LARDER_HTTP_HEAD_H
#define LARDER_HTTP_HEAD_H

#include "http/reply.h"

enum { HEAD_DATE = 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" with NUL */ };

struct head_facts {
    const char *date; /* of head_date */
    const char *request_id;
    struct slice origin; /* allowed to read the answer, or SLICE_NONE */
    int64_t length;      /* of the content; -1 = a stream, which ends with the connection */
    bool vary_origin;    /* CORS is on, so the answer depends on Origin */
    bool keep_alive;
    bool http10;
    bool tls;
};

/* Status line, all fields, empty line. */
void head_render(struct buf *out, const struct reply *r, const struct head_facts *facts);

/* The date of an answer (IMF-fixdate, RFC 9110 5.6.7). */
void head_date(int64_t wall_ms, char out[HEAD_DATE]);

#endif
