/*
 * seam.c - bind, listen and poll as civetweb is made to call them.
 *
 * The library gives these calls no context of ours, hence the one thread-local pointer in the
 * house. A wait has a deadline: a worker that reads or writes for a request is given what the pace
 * allows (http/wire.h), one that waits for a header has five seconds in all. When the time is over
 * the socket is shut down, so that the library's retry fails instead of trying again.
 */
#include "http/seam.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { LISTENERS = 16, STOPPED_NAP_MS = 10 };

struct adoption {
    const int *fds;
    size_t count, bound, heard;
};

static _Thread_local struct seam *self;
static _Thread_local struct adoption adoption;

void seam_init(struct seam *s, int wake)
{
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->fd = s->last = -1;
    s->wake = wake;
}

void seam_end(struct seam *s)
{
    pthread_mutex_destroy(&s->lock);
}

void seam_enter(struct seam *s)
{
    self = s;
}

void seam_hang_up(struct seam *s)
{
    __atomic_store_n(&s->stopping, true, __ATOMIC_RELEASE);
    pthread_mutex_lock(&s->lock);
    if (s->fd >= 0)
        (void)shutdown(s->fd, SHUT_RD); /* an idle client's error is no news */
    pthread_mutex_unlock(&s->lock);
}

int seam_take(struct seam *s)
{
    int dead[2], taken = -1;
    if (s->last < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, dead) != 0)
        return -1;
    (void)close(dead[1]); /* never used: nobody is at the other end */
    taken = fcntl(s->last, F_DUPFD_CLOEXEC, 0);
    if (taken >= 0 && dup3(dead[0], s->last, O_CLOEXEC) < 0) {
        (void)close(taken); /* the library still has it */
        taken = -1;
    }
    (void)close(dead[0]); /* it lives on as s->last */
    s->last = -1;
    return taken;
}

void seam_adopt(const int *fds, size_t count)
{
    adoption = (struct adoption){fds, count, 0, 0};
}

size_t seam_adopted(void)
{
    return adoption.heard;
}

int larder_bind(int fd, const struct sockaddr *address, socklen_t n)
{
    if (adoption.bound == adoption.count)
        return bind(fd, address, n);
    return dup2(adoption.fds[adoption.bound++], fd) < 0 ? -1 : 0;
}

int larder_listen(int fd, int backlog)
{
    if (adoption.heard == adoption.count)
        return listen(fd, backlog);
    adoption.heard++;
    return 0; /* the service manager has called it */
}

/* The accepting thread waits for its sockets and for the end. */
static int poll_listeners(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    struct pollfd all[LISTENERS + 1];
    if (n > LISTENERS)
        return poll(fds, n, timeout_ms);
    if (__atomic_load_n(&self->stopping, __ATOMIC_ACQUIRE)) {
        (void)poll(NULL, 0, STOPPED_NAP_MS); /* until the library notices that it is to stop */
        return 0;
    }
    memcpy(all, fds, n * sizeof *fds);
    all[n] = (struct pollfd){.fd = self->wake, .events = POLLIN};
    int ready = poll(all, n + 1, timeout_ms);
    if (ready <= 0)
        return ready;
    memcpy(fds, all, n * sizeof *fds);
    return all[n].revents ? 0 : ready;
}

static int cut_off(struct pollfd *one)
{
    self->late = true;
    (void)shutdown(one->fd, SHUT_RD);
    if ((one->events & POLLOUT) == 0) {
        errno = ETIMEDOUT;
        return -1;
    }
    (void)shutdown(one->fd, SHUT_WR); /* the library writes once more, and that fails */
    one->revents = POLLOUT;
    return 1;
}

static void publish(int fd)
{
    pthread_mutex_lock(&self->lock);
    self->fd = fd;
    pthread_mutex_unlock(&self->lock);
}

/* Waits at most until the deadline. */
static int poll_until(struct pollfd *one, int timeout_ms)
{
    if (self->deadline == 0)
        return poll(one, 1, timeout_ms);
    int64_t left = self->deadline - clock_mono_ms(&clock_system);
    if (left <= 0)
        return cut_off(one);
    if (left < timeout_ms)
        timeout_ms = (int)left;
    int ready = poll(one, 1, timeout_ms);
    if (ready == 0 && clock_mono_ms(&clock_system) >= self->deadline)
        return cut_off(one);
    return ready;
}

int larder_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    if (self == NULL)
        return poll(fds, n, timeout_ms);
    if (self->wake >= 0)
        return poll_listeners(fds, n, timeout_ms);
    if (n != 1)
        return poll(fds, n, timeout_ms);
    self->last = fds->fd;
    if (self->busy)
        return poll_until(fds, timeout_ms);
    bool fresh = self->fresh;
    self->fresh = false;
    if (fresh && self->admit && !self->admit(self, fds->fd)) {
        errno = ECONNREFUSED;
        return -1;
    }
    publish(fds->fd);
    /* asked after publishing: whoever stops the server either sees the socket or is seen here */
    int ready = -1;
    if (!__atomic_load_n(&self->stopping, __ATOMIC_ACQUIRE))
        ready = poll_until(fds, timeout_ms);
    publish(-1);
    return ready;
}
