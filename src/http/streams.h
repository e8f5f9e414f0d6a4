/*
 * streams.h - connections that stay open and are written to as things happen, in one thread.
 *
 * A worker answers the head and hands the connection on (reply_stream); from then on it costs a
 * descriptor and a few hundred bytes, not a thread. What is written, to whom, and when it must end
 * is decided by hooks; this room knows no event. A client that does not read is let go: nobody
 * waits for it. The other end of a handed-on connection may be a worker that encrypts
 * (http/exchange.c), which makes no difference here.
 */
#ifndef LARDER_HTTP_STREAMS_H
#define LARDER_HTTP_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct streams;

enum stream_state {
    STREAM_GOES_ON,
    STREAM_ENDS,
    STREAM_SLOW, /* ends because its client fell behind: counted as dropped */
};

/* Called by the thread of the streams only, but for `gone`. */
struct stream_hooks {
    void *arg;
    /* A round begins: the time to look at what all members share. */
    void (*round)(void *arg);
    /* In each round, for each member: may it go on? */
    enum stream_state (*check)(void *arg, void *member);
    /* Adds what the member is to be sent next, at most out->max bytes. Asked again until nothing
     * was added; not asked while earlier bytes wait for the client. */
    enum stream_state (*feed)(void *arg, void *member, struct buf *out);
    /* The stream is over; also called by streams_adopt where it never began. */
    void (*gone)(void *arg, void *member);
};

struct streams_options {
    int max;         /* open at once */
    int beat_ms;     /* after this much silence a comment is sent; 0 = 15 s */
    int patience_ms; /* for a client that takes nothing; 0 = 10 s */
};

/* Heap, with a thread of its own; ended by streams_close. */
enum err streams_open(struct ctx *ctx, const struct streams_options *options,
                      const struct stream_hooks *hooks, struct streams **out) MUST_USE;

/* A place for one more, to be asked for before the head is sent. False: full, or stopped. */
bool streams_reserve(struct streams *s);
void streams_release(struct streams *s); /* the place is not needed after all */
/* Fills the place: the descriptor is the streams' from now on; -1 gives the place back. */
void streams_adopt(struct streams *s, void *member, int fd);

/* There is something new to send. Never blocks; from any thread. */
void streams_wake(struct streams *s);

/* Ends all, at once, and lets no other one begin. */
void streams_stop(struct streams *s);
void streams_close(struct streams *s); /* after streams_stop, when nobody can call any more */

struct streams_stats {
    int open;
    uint64_t dropped; /* since start: clients that did not keep up */
};
void streams_stats(struct streams *s, struct streams_stats *out);

#endif
