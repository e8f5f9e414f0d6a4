/*
 * pump.c - who holds which end: the stream's owner one, the client or its worker the other.
 */
#include "http/pump.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 4096, TICK_MS = 500 /* within which the end of the server is noticed */ };

/* From fd to the wire until either ends. */
static void pump(struct wire *wire, int fd, const bool *stopping)
{
    char piece[PIECE];
    struct pollfd from = {.fd = fd, .events = POLLIN};
    while (!__atomic_load_n(stopping, __ATOMIC_ACQUIRE)) {
        int ready = poll(&from, 1, TICK_MS);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        ssize_t n = ready < 0 ? -1 : read(fd, piece, sizeof piece);
        if (n <= 0 || !wire->write(wire, piece, (size_t)n, wire_patience((size_t)n)))
            break;
    }
    (void)close(fd); /* which whoever writes to the pair sees */
}

void pump_hand_over(struct wire *wire, struct reply *r, bool sent, const bool *stopping)
{
    void (*adopt)(void *arg, int fd) = r->adopt;
    int pair[2] = {-1, -1};
    r->adopt = NULL;
    if (sent && wire->take)
        pair[0] = wire->take(wire);
    else if (sent && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        pair[0] = pair[1] = -1;
    adopt(r->adopt_arg, pair[0]);
    if (pair[1] >= 0)
        pump(wire, pair[1], stopping);
}
