/*
 * spawn.h - starting bubblewrap from a process with many threads, and its keeper, who ends it.
 *
 * bubblewrap asks the kernel to die with its parent, but not from its first moment on, and what it
 * starts asks later still: who dies in between leaves a process behind that waits for ever. So we are
 * not its parent. The keeper is, a fork of ours that does nothing but wait for the end of a pipe
 * whose other end is in this process alone. It ends when we close it, and when we are killed; then
 * the keeper kills and buries whatever was started, and ends itself.
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
    int claim; /* held by the keeper too, until all is dead; -1 = none */
};

struct spawned {
    pid_t keeper;
    int lifeline; /* closing it kills all; -1 = closed */
};

/* Ended by spawn_end. ERR_IO. */
enum err spawn_start(struct ctx *ctx, const struct spawn *spawn, struct spawned *out) MUST_USE;

/* Begins to kill what is still there; may be called again. */
void spawn_kill(struct spawned *spawned);

/* Kills, and comes back when all is dead, or after some seconds when the kernel holds one of them:
 * that one ends without having run another step. */
void spawn_end(struct spawned *spawned);

/* A sealed file in memory that holds the bytes, to be closed by the caller. */
enum err spawn_bytes(struct ctx *ctx, struct slice bytes, int *fd) MUST_USE;

#endif
