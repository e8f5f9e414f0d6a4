/*
 * line_diff.h - which lines of two texts differ, as few as can be found in bounded time.
 *
 * The answer is a list of stretches that are equal, removed or added, in order. Texts that differ
 * in more places than the ceiling allows are told as one removal and one addition between what they
 * begin and end with in common, so that no pair of texts costs more than a fixed amount of work.
 */
#ifndef LARDER_BASE_LINE_DIFF_H
#define LARDER_BASE_LINE_DIFF_H

#include "base/str.h"

enum { LINE_DIFF_EDITS = 1000, LINE_DIFF_LINES = 100000 };

struct lines {
    struct slice *line; /* without its end of line */
    size_t count;
};

enum line_op { LINES_EQUAL, LINES_REMOVED, LINES_ADDED };

struct stretch {
    enum line_op op;
    size_t from; /* first line in the old text, from 0; of an addition: where it goes */
    size_t to;   /* the same in the new text */
    size_t count;
};

/* Splits at LF and CR LF; a last line without an end counts. False: no memory, or too many lines. */
bool lines_split(struct arena *arena, struct slice text, struct lines *out);

/* All memory is the arena's; false when there is none. */
bool line_diff(struct arena *arena, const struct lines *a, const struct lines *b,
               struct stretch **out, size_t *count);

#endif
