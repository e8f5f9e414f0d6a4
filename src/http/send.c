/*
 * send.c - where the bytes of the content stand decides how they go out.
 *
 * The body that a handler renders stands in the pooled buffer right behind the room for the head:
 * the head is put in front of it and both are one piece. Content that stands elsewhere is copied
 * behind the head as far as the buffer goes; a copy of some kilobytes costs less than a second
 * system call. Every write has its own deadline (http/wire.h), so a client that reads too slowly
 * is let go.
 */
#include "http/send.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "http/buffers.h"
#include "http/wire.h"

enum { SLICE_MAX = 256 << 10, COPY_MAX = 64 << 10 };

static bool put(struct wire *wire, const char *p, size_t n)
{
    while (n > 0) {
        size_t piece = n < SLICE_MAX ? n : SLICE_MAX;
        if (!wire->write(wire, p, piece, wire_patience(piece)))
            return false;
        p += piece;
        n -= piece;
    }
    return true;
}

/* The head in front of `n` bytes that stand at buffer + BUFFER_HEAD. */
static bool put_joined(struct wire *wire, struct slice head, char *buffer, size_t n)
{
    if (head.n > BUFFER_HEAD)
        return put(wire, head.p, head.n) && put(wire, buffer + BUFFER_HEAD, n);
    char *start = buffer + BUFFER_HEAD - head.n;
    memcpy(start, head.p, head.n);
    return put(wire, start, head.n + n);
}

static bool put_content(struct wire *wire, struct slice head, char *buffer, struct slice content)
{
    if (content.p == buffer + BUFFER_HEAD)
        return put_joined(wire, head, buffer, content.n);
    size_t first = content.n <= BUFFER_BODY / 2 ? content.n : COPY_MAX;
    if (first > 0)
        memcpy(buffer + BUFFER_HEAD, content.p, first);
    return put_joined(wire, head, buffer, first) && put(wire, content.p + first, content.n - first);
}

/* Fewer bytes than announced mean that the file shrank; the connection must then end. */
static ssize_t read_piece(int fd, char *p, size_t n, off_t at)
{
    size_t have = 0;
    while (have < n) {
        ssize_t got = pread(fd, p + have, n - have, at + (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static bool put_file(struct wire *wire, const struct reply *r, struct slice head, char *buffer)
{
    off_t at = r->file_from, left = r->file_size;
    do {
        size_t n = left < BUFFER_BODY ? (size_t)left : BUFFER_BODY;
        if (n > 0 && read_piece(r->file, buffer + BUFFER_HEAD, n, at) < 0)
            return false; /* where it is the first piece nothing was sent: the client sees an end */
        if (!put_joined(wire, head, buffer, n))
            return false;
        head.n = 0;
        at += (off_t)n;
        left -= (off_t)n;
    } while (left > 0);
    return true;
}

bool send_reply(struct wire *wire, struct reply *r, struct slice head, char *buffer, bool content)
{
    bool sent;
    if (!content)
        sent = put(wire, head.p, head.n);
    else if (r->file >= 0)
        sent = put_file(wire, r, head, buffer);
    else
        sent = put_content(wire, head, buffer, r->still.p ? r->still : buf_view(&r->body));
    if (r->file >= 0)
        (void)close(r->file); /* it was only read from */
    r->file = -1;
    return sent;
}
