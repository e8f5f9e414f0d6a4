/*
 * log.h - one line per event, to stderr, in logfmt.
 *
 * A line carries time, level, event, request id and pairs the caller adds; control letters and
 * quotes in values are escaped, so that a stranger's text cannot forge a line. No secret is ever
 * passed to it. The last lines are also kept in memory, for the admin who has no shell at hand.
 */
#ifndef LARDER_BASE_LOG_H
#define LARDER_BASE_LOG_H

#include <stdint.h>

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log;

/* Heap; ended by log_close. fd is written, never closed. NULL when there is no memory. */
struct log *log_open(int fd, enum log_level level);
void log_close(struct log *log);
void log_set_level(struct log *log, enum log_level level);
bool log_level_of(const char *name, enum log_level *out); /* "debug" "info" "warn" "error" */

/*
 * log_line(log, LOG_WARN, request_id, "login.refused", "user", name, "why", text, NULL);
 * Values are text; numbers are formatted by the caller. A NULL log or a level below the set one
 * does nothing. request_id may be NULL.
 */
void log_line(struct log *log, enum log_level level, const char *request_id, const char *event, ...)
    __attribute__((sentinel));

struct log_record {
    uint64_t seq; /* counts from 1, never reused */
    enum log_level level;
    const char *line;
};

/* The kept lines with seq > after and level >= least, oldest first, at most max; in the arena. */
size_t log_tail(struct log *log, struct arena *arena, uint64_t after, enum log_level least,
                size_t max, struct log_record **out);

#endif
