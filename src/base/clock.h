/*
 * clock.h - the only source of time.
 *
 * Wall time is for people and records; monotonic time is for limits and waits, so that a clock
 * that jumps neither opens a throttle nor closes a session. A test hands in a clock of its own.
 */
#ifndef LARDER_BASE_CLOCK_H
#define LARDER_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/str.h"

struct clock {
    int64_t (*wall_ms)(void *arg); /* milliseconds since 1970-01-01 UTC */
    int64_t (*mono_ms)(void *arg); /* milliseconds since some start, never back */
    void *arg;
};

extern const struct clock clock_system;

int64_t clock_wall_ms(const struct clock *c);
int64_t clock_mono_ms(const struct clock *c);
int64_t clock_mono_us(void); /* of the machine, for measuring how long something took */

/* The moment `ms` from now on the real monotonic clock, as pthread_cond_timedwait wants it. */
struct timespec clock_deadline(int64_t ms);

enum { CLOCK_TEXT = 32 };

/* "2026-11-21T05:10:00.123Z" (RFC 3339, UTC). Returns text. */
const char *clock_format(int64_t wall_ms, char text[CLOCK_TEXT]);

/* Reads RFC 3339 with any offset and fraction, or a bare date; false when it is not one. */
bool clock_parse(struct slice text, int64_t *wall_ms);

#endif
