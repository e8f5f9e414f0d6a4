/*
 * throttle.h - too many wrong passwords.
 *
 * Tries are counted by account name and by address, each in a sliding window of monotonic time, in
 * a table of fixed size. A try counts when it begins and is taken back when it succeeds, so that a
 * thousand tries at one moment cannot all slip through.
 */
#ifndef LARDER_AUTH_THROTTLE_H
#define LARDER_AUTH_THROTTLE_H

#include "base/clock.h"
#include "base/str.h"

struct throttle;

struct throttle *throttle_new(int limit, int64_t window_ms); /* heap; NULL = no memory */
void throttle_free(struct throttle *t);

/* Counts a try. 0 = go on; else the seconds to wait, and nothing was counted. *first tells that
 * this refusal is the first since the door closed. */
int throttle_begin(struct throttle *t, const struct clock *clock, struct slice account,
                   struct slice address, bool *first);
/* The password was right: the account starts anew, this try of the address is taken back. */
void throttle_succeed(struct throttle *t, struct slice account, struct slice address);
/* The try came to no answer (we were busy): taken back. */
void throttle_cancel(struct throttle *t, struct slice account, struct slice address);

#endif
