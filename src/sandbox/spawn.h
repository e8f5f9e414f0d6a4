/*
 * spawn.h - starting bubblewrap from a process with many threads.
 *
 * Between fork and exec only calls are made that POSIX allows there: everything that needs memory
 * was prepared before. The child has no variable and no descriptor but those it is given.
 */
#ifndef LARDER_SANDBOX_SPAWN_H
#define LARDER_SANDBOX_SPAWN_H

#include <sys/types.h>

#include "sandbox/sandbox.h"

enum { SPAWN_FDS = 32 };

struct spawn {
    const char *program;
    const char **argv;
    int fd[SPAWN_FDS]; /* what the child has as 0, 1, 2, ...; -1 = nothing there */
    int fds;
    const struct sandbox_limits *limits;
};

/* The id of the child, which is to be waited for. ERR_IO. */
enum err spawn_start(struct ctx *ctx, const struct spawn *spawn, pid_t *out) MUST_USE;

/* A sealed file in memory that holds the bytes, to be closed by the caller. */
enum err spawn_bytes(struct ctx *ctx, struct slice bytes, int *fd) MUST_USE;

#endif
