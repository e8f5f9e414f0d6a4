/*
 * user.h - whom a program is run as where we are root: a user of nobody else on this machine.
 *
 * The kernel counts the processes of a user, not of a sandbox. Two programs that run as one user take
 * each other's room, so each gets a user for itself, claimed before other servers of this machine.
 */
#ifndef LARDER_SANDBOX_USER_H
#define LARDER_SANDBOX_USER_H

#include <sys/types.h>

#include "base/ctx.h"

struct user_range {
    uid_t first, count;
};

struct user {
    uid_t id;  /* and the id of its group */
    int claim; /* a descriptor: as long as anybody holds it, the user is taken; -1 = none */
};

#define USER_NONE ((struct user){.id = 0, .claim = -1})

/* The users that no system hands out, as far as this process can become one of them. */
struct user_range user_range(void);

/* Waits while all are taken, at most a minute: ERR_BUSY. OK and USER_NONE when it was cancelled.
 * Ended by user_release. */
enum err user_claim(struct ctx *ctx, const struct user_range *range, const _Atomic bool *cancel,
                    struct user *out) MUST_USE;
void user_release(struct user *user);

#endif
