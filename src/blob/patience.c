/*
 * patience.c - a fork, and a wait with an end.
 */
#include "blob/patience.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* True when the child has ended in time. */
static bool wait_for(pid_t child, int wait_ms)
{
    struct pollfd p = {.fd = pidfd_open(child, 0), .events = POLLIN};
    int got;
    if (p.fd < 0)
        return false;
    do
        got = poll(&p, 1, wait_ms);
    while (got < 0 && errno == EINTR);
    (void)close(p.fd);
    return got > 0;
}

enum err patience_run(struct ctx *ctx, enum err (*work)(struct ctx *ctx, void *arg), void *arg,
                      int wait_ms)
{
    int status = 0;
    pid_t child = fork();
    if (child < 0)
        return ctx_fail_errno(ctx, errno, "begin a process for a flush");
    if (child == 0)
        _exit(work(ctx, arg) == OK ? 0 : 1);
    if (!wait_for(child, wait_ms)) {
        (void)kill(child, SIGKILL); /* it ends with the call it is in */
        return ctx_fail(ctx, ERR_TIMEOUT, "The disk takes long to write what it was given");
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? OK
               : ctx_fail(ctx, ERR_IO, "The disk refused to write what it was given");
}
