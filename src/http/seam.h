/*
 * seam.h - three system calls of civetweb that go through us, and what it takes for which letter.
 *
 * The library offers no way to take a socket from the service manager, to let a connection go that
 * drips, or to close idle ones at once when the server stops. So it is compiled with
 *
 *     -DLARDER_SEAM_HOOKS -include src/http/seam.h
 *
 * which turns its calls of bind, listen and poll into ours. And since its parser swallows any run of
 * white space behind a word of the request line, so that a folded line or a bare line feed cannot be
 * seen afterwards, only the line feed is white space to it; the rest http/check.c refuses. Which
 * letters print is asked for every byte of every header: those of ASCII do, whatever the locale.
 *
 * Where the system's shared library is used instead nobody calls these, no socket can be handed
 * over, and the library's own, coarser limits hold. (LARDER_SOCKET_SEAM tells our own files which of
 * the two it is.)
 * (The headers come before the macros, so that fortified inline versions keep their names.)
 */
#ifndef LARDER_HTTP_SEAM_H
#define LARDER_HTTP_SEAM_H

#ifdef LARDER_SEAM_HOOKS
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#endif

#include <ctype.h>
#include <poll.h>
#include <sys/socket.h>

/* What civetweb calls. */
int larder_bind(int fd, const struct sockaddr *address, socklen_t n);
int larder_listen(int fd, int backlog);
int larder_poll(struct pollfd *fds, nfds_t n, int timeout_ms);

#ifdef LARDER_SEAM_HOOKS
#define bind larder_bind
#define listen larder_listen
#define poll larder_poll
#undef isspace
#undef isgraph
#undef isprint
#define isspace(c) ((c) == '\n')
#define isgraph(c) ((unsigned)(c)-0x21U < 0x5eU)
#define isprint(c) ((unsigned)(c)-0x20U < 0x5fU)
#else

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One thread of the library, as the seam sees it. */
struct seam {
    pthread_mutex_t lock; /* guards fd against being closed while seam_hang_up uses it */
    int fd;               /* the socket that is waited for between two requests, -1 = none */
    int last;             /* the socket last waited for on this connection, -1 = none yet */
    int wake;             /* of the accepting thread: readable when the server stops; else -1 */
    bool stopping;        /* atomic: no wait between requests any more */
    bool busy;            /* a request is being answered: do not hang up */
    bool late;            /* the last wait ended because its time was over */
    bool fresh;           /* no wait on this connection yet */
    bool (*admit)(struct seam *s, int fd); /* may a fresh connection stay? NULL = any may */
    void *owner;                           /* for admit */
    int64_t deadline; /* monotonic ms by which the present wait must end, 0 = none */
};

void seam_init(struct seam *s, int wake);
void seam_end(struct seam *s);
/* Makes s the seam of the calling thread; NULL = none. */
void seam_enter(struct seam *s);
/*
 * Takes the socket of the present connection away from the library, which is left with a dead one
 * under the same number, to shut down and close as it likes. -1 = not possible.
 */
int seam_take(struct seam *s);
/* From another thread: the connection, if it is idle, ends now; no other one begins. */
void seam_hang_up(struct seam *s);

/* The next sockets this thread binds and listens on are these instead (each is duplicated). */
void seam_adopt(const int *fds, size_t count);
size_t seam_adopted(void); /* how many of them were taken: none where there is no seam */

#endif
#endif
