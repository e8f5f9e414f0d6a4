/*
 * streams.c - one thread, one epoll, rounds.
 *
 * In a round each member is checked and then fed. Rounds come when somebody wakes the thread, and
 * five times a second while a stream is open, since rights end without waking anybody. A round
 * costs something for each member, so the next one waits four times as long as the last one took,
 * but never so long that an end comes a second late. All writes are non-blocking: what a socket does
 * not take is kept, once, and for as long as it is kept nothing else is rendered for that member.
 */
#include "http/streams.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    BEAT_MS = 15000,
    PATIENCE_MS = 10000,
    TICK_MS = 200,      /* between rounds that nobody asked for */
    PAUSE_MS = 10,      /* between rounds that somebody asked for, at least */
    PAUSE_MAX_MS = 600, /* and at most */
    READY_MAX = 64,
    PIECE = 16384,
    SEND_BUFFER = 65536 /* in the kernel, per stream: a slow reader costs no more than this */
};

static const char beat[] = ": beat\n\n";

struct stream {
    int fd;
    void *member;
    char *left; /* bytes the socket did not take yet; heap, freed when they are out or it ends */
    size_t left_at, left_n;
    int64_t sent_at; /* when the last byte was taken */
    bool ended;      /* to be swept, with the reason: */
    bool slow;       /* its client did not keep up */
    struct stream *next;
};

struct streams {
    struct streams_options options;
    struct stream_hooks hooks;
    int epoll, wake;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* guards what follows */
    struct stream *fresh; /* adopted, not yet seen by the thread */
    int open;             /* reserved or open */
    uint64_t dropped;
    bool stopping;
    /* of the thread alone */
    struct stream *all;
    bool asked;
    int64_t round_at, pause_ms;
    char piece[PIECE];
};

/* ---- sending ------------------------------------------------------------------------------------ */

static void end_stream(struct stream *one, bool slow)
{
    one->slow = slow && !one->ended;
    one->ended = true;
}

static void want_writable(const struct streams *s, struct stream *one, bool wanted)
{
    struct epoll_event e = {.events = EPOLLRDHUP | (wanted ? (uint32_t)EPOLLOUT : 0),
                            .data = {.ptr = one}};
    if (epoll_ctl(s->epoll, EPOLL_CTL_MOD, one->fd, &e) != 0)
        end_stream(one, false);
}

/* How much of it the socket took. */
static size_t push(struct stream *one, const char *p, size_t n, int64_t now)
{
    size_t done = 0;
    while (done < n) {
        ssize_t sent = send(one->fd, p + done, n - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            end_stream(one, false);
        if (sent <= 0)
            break;
        done += (size_t)sent;
        one->sent_at = now;
    }
    return done;
}

static void send_bytes(struct streams *s, struct stream *one, const char *p, size_t n, int64_t now)
{
    size_t done = push(one, p, n, now);
    if (done == n || one->ended)
        return;
    one->left = malloc(n - done); /* freed by send_left or sweep */
    if (one->left == NULL) {
        end_stream(one, true);
        return;
    }
    memcpy(one->left, p + done, n - done);
    one->left_at = 0;
    one->left_n = n - done;
    want_writable(s, one, true);
}

static void send_left(struct streams *s, struct stream *one, int64_t now)
{
    if (one->left == NULL)
        return;
    one->left_at += push(one, one->left + one->left_at, one->left_n - one->left_at, now);
    if (one->ended || one->left_at < one->left_n)
        return;
    free(one->left);
    one->left = NULL;
    want_writable(s, one, false);
    s->asked = true; /* there may be more for it */
}

/* ---- rounds ------------------------------------------------------------------------------------- */

static void take_state(struct stream *one, enum stream_state state)
{
    if (state != STREAM_GOES_ON)
        end_stream(one, state == STREAM_SLOW);
}

static void feed_stream(struct streams *s, struct stream *one, int64_t now)
{
    struct buf out = {.p = s->piece, .cap = sizeof s->piece, .max = sizeof s->piece - 1};
    take_state(one, s->hooks.check(s->hooks.arg, one->member));
    while (!one->ended && one->left == NULL) {
        out.n = 0;
        take_state(one, s->hooks.feed(s->hooks.arg, one->member, &out));
        if (out.n == 0)
            break;
        send_bytes(s, one, out.p, out.n, now);
    }
    if (one->ended)
        return;
    if (one->left && now - one->sent_at >= s->options.patience_ms)
        end_stream(one, true);
    else if (one->left == NULL && now - one->sent_at >= s->options.beat_ms)
        send_bytes(s, one, beat, sizeof beat - 1, now);
}

static void run_round(struct streams *s)
{
    int64_t begun = clock_mono_ms(&clock_system);
    s->asked = false;
    s->hooks.round(s->hooks.arg);
    for (struct stream *one = s->all; one; one = one->next)
        if (!one->ended)
            feed_stream(s, one, begun);
    s->round_at = clock_mono_ms(&clock_system);
    int64_t pause = 4 * (s->round_at - begun);
    s->pause_ms = pause < PAUSE_MS ? PAUSE_MS : pause > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause;
}

/* Milliseconds until the next round; -1 = when somebody asks. */
static int until_round(const struct streams *s)
{
    if (s->all == NULL)
        return -1;
    int64_t due = s->round_at + (s->asked || s->pause_ms > TICK_MS ? s->pause_ms : TICK_MS);
    int64_t left = due - clock_mono_ms(&clock_system);
    return left > 0 ? (int)left : 0;
}

/* ---- coming and going --------------------------------------------------------------------------- */

static void end_one(struct streams *s, struct stream *one)
{
    (void)close(one->fd); /* leaves the epoll with it; the client sees the end */
    s->hooks.gone(s->hooks.arg, one->member);
    (void)pthread_mutex_lock(&s->lock);
    s->open--;
    s->dropped += one->slow;
    (void)pthread_mutex_unlock(&s->lock);
    free(one->left);
    free(one);
}

static void sweep(struct streams *s, bool everything)
{
    for (struct stream **at = &s->all; *at;) {
        struct stream *one = *at;
        if (!one->ended && !everything) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        end_one(s, one);
    }
}

/* Takes over what was adopted; true when the streams are to stop. */
static bool take_fresh(struct streams *s)
{
    (void)pthread_mutex_lock(&s->lock);
    struct stream *fresh = s->fresh;
    bool stopping = s->stopping;
    s->fresh = NULL;
    (void)pthread_mutex_unlock(&s->lock);
    while (fresh) {
        struct stream *one = fresh;
        struct epoll_event e = {.events = EPOLLRDHUP, .data = {.ptr = one}};
        fresh = one->next;
        one->next = s->all;
        s->all = one;
        one->sent_at = clock_mono_ms(&clock_system);
        if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, one->fd, &e) != 0)
            end_stream(one, false);
        s->asked = true;
    }
    return stopping;
}

static void take_ready(struct streams *s, const struct epoll_event *e)
{
    struct stream *one = e->data.ptr;
    uint64_t count;
    if (one == NULL) {
        s->asked = true;
        if (read(s->wake, &count, sizeof count) < 0) /* taken already: no harm */
            return;
    } else if (e->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        end_stream(one, false);
    } else {
        send_left(s, one, clock_mono_ms(&clock_system));
    }
}

static void *run(void *arg)
{
    struct streams *s = arg;
    struct epoll_event ready[READY_MAX];
    while (!take_fresh(s)) {
        int left = until_round(s);
        if (left == 0)
            run_round(s);
        sweep(s, false);
        int n = epoll_wait(s->epoll, ready, READY_MAX, left == 0 ? until_round(s) : left);
        for (int i = 0; i < n; i++)
            take_ready(s, &ready[i]);
    }
    sweep(s, true);
    return NULL;
}

/* ---- from other threads ------------------------------------------------------------------------- */

void streams_wake(struct streams *s)
{
    const uint64_t one = 1;
    (void)pthread_mutex_lock(&s->lock);
    bool anybody = s->open > 0 || s->stopping; /* who comes later asks by himself */
    (void)pthread_mutex_unlock(&s->lock);
    if (!anybody)
        return;
    if (write(s->wake, &one, sizeof one) < 0) /* only where it is awake for 2^64 reasons already */
        return;
}

bool streams_reserve(struct streams *s)
{
    (void)pthread_mutex_lock(&s->lock);
    bool room = !s->stopping && s->open < s->options.max;
    s->open += room;
    (void)pthread_mutex_unlock(&s->lock);
    return room;
}

void streams_release(struct streams *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->open--;
    (void)pthread_mutex_unlock(&s->lock);
}

static bool enlist(struct streams *s, struct stream *one)
{
    (void)pthread_mutex_lock(&s->lock);
    bool room = !s->stopping;
    if (room) {
        one->next = s->fresh;
        s->fresh = one;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return room;
}

void streams_adopt(struct streams *s, void *member, int fd)
{
    const int size = SEND_BUFFER;
    struct stream *one = fd < 0 ? NULL : calloc(1, sizeof *one); /* freed by end_one */
    if (one) {
        one->fd = fd;
        one->member = member;
        /* a smaller one only makes a slow client slow sooner */
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        if (enlist(s, one)) {
            streams_wake(s);
            return;
        }
    }
    free(one);
    if (fd >= 0)
        (void)close(fd); /* only written to, and nothing yet */
    s->hooks.gone(s->hooks.arg, member);
    streams_release(s);
}

void streams_stats(struct streams *s, struct streams_stats *out)
{
    (void)pthread_mutex_lock(&s->lock);
    *out = (struct streams_stats){s->open, s->dropped};
    (void)pthread_mutex_unlock(&s->lock);
}

/* ---- beginning and end -------------------------------------------------------------------------- */

static enum err prepare(struct ctx *ctx, struct streams *s)
{
    struct epoll_event e = {.events = EPOLLIN, .data = {.ptr = NULL}};
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->epoll < 0 || s->wake < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->wake, &e) != 0)
        return ctx_fail_errno(ctx, errno, "open the event streams");
    int failed = pthread_create(&s->thread, NULL, run, s);
    if (failed != 0)
        return ctx_fail_errno(ctx, failed, "start the thread of the event streams");
    s->running = true;
    return OK;
}

enum err streams_open(struct ctx *ctx, const struct streams_options *options,
                      const struct stream_hooks *hooks, struct streams **out)
{
    struct streams *s = calloc(1, sizeof *s); /* freed by streams_close */
    if (s == NULL)
        return ctx_no_memory(ctx);
    s->options = *options;
    if (s->options.beat_ms == 0)
        s->options.beat_ms = BEAT_MS;
    if (s->options.patience_ms == 0)
        s->options.patience_ms = PATIENCE_MS;
    s->hooks = *hooks;
    s->epoll = s->wake = -1;
    (void)pthread_mutex_init(&s->lock, NULL); /* cannot fail on Linux */
    enum err err = prepare(ctx, s);
    if (err != OK)
        streams_close(s);
    else
        *out = s;
    return err;
}

void streams_stop(struct streams *s)
{
    if (s == NULL || !s->running)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)pthread_mutex_unlock(&s->lock);
    streams_wake(s);
    (void)pthread_join(s->thread, NULL); /* ours, and joined once */
    s->running = false;
}

void streams_close(struct streams *s)
{
    if (s == NULL)
        return;
    if (s->epoll >= 0)
        (void)close(s->epoll);
    if (s->wake >= 0)
        (void)close(s->wake);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}
