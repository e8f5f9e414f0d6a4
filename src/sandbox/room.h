/*
 * room.h - what the sandbox looks like from inside, as arguments for bubblewrap.
 *
 * Also the one struct that the files of this folder share. Nothing is mounted or run here.
 */
#ifndef LARDER_SANDBOX_ROOM_H
#define LARDER_SANDBOX_ROOM_H

#include <pthread.h>
#include <sys/types.h>

#include "sandbox/sandbox.h"
#include "sandbox/user.h"

enum { REASON_MAX = 400 };

struct sandbox {
    char *bwrap, *python;    /* NULL = not found */
    char *python_home;       /* to be mounted beside /usr; NULL where it lies below it */
    char *hidden;            /* covered where a mounted folder contains it; may be NULL */
    bool as_root;            /* we are root: the program then runs as a user of nobody else */
    struct user_range users; /* of whom that one is */
    struct probe *probe;     /* of probe.c */
};

/* Where the descriptors stand that bubblewrap is told of. */
enum { ROOM_ARGS = 3, ROOM_FILTER, ROOM_STATUS, ROOM_GATE, ROOM_FILES };
enum { ROOM_FILES_MAX = 16 };

/*
 * NUL-separated, for `bwrap --args`, the command itself not among them. `filter` says
 * whether there is a program at ROOM_FILTER.
 */
enum err room_arguments(struct ctx *ctx, const struct sandbox *sandbox,
                        const struct sandbox_run *run, bool filter, struct slice *out) MUST_USE;

/* The command behind the arguments: where we are root, what drops to `user` comes first. */
enum err room_command(struct ctx *ctx, const struct sandbox *sandbox, const struct sandbox_run *run,
                      uid_t user, const char ***out) MUST_USE;

#endif
