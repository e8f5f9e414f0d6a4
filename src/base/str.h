/*
 * str.h - bytes with their length: slices to read, buffers to write.
 *
 * A slice borrows; it is never freed and need not end in NUL. A buffer grows up to a ceiling it was
 * made with and has a sticky error: after the first append that does not fit (or finds no memory)
 * every later one does nothing, so a writer checks `buf_failed` once, at the end.
 */
#ifndef LARDER_BASE_STR_H
#define LARDER_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

struct arena;

struct slice {
    const char *p;
    size_t n;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
#define SLICE_NONE ((struct slice){NULL, 0})
#define SLICE_ARGS(s) (int)(s).n, (s).p /* for "%.*s" */

/* Here, so that the length of a literal is known where it is compared: every request does it often. */
#ifdef __clang_analyzer__ /* which would take the question for a doubt about every text there is */
struct slice slice_of(const char *text);
#else
static inline struct slice slice_of(const char *text) /* NULL gives SLICE_NONE */
{
    return text ? (struct slice){text, strlen(text)} : SLICE_NONE;
}
#endif

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_is(struct slice a, const char *text)
{
    return slice_eq(a, slice_of(text));
}

static inline bool slice_is_nocase(struct slice a, const char *text) /* ASCII only */
{
    return a.n == strlen(text) && (a.n == 0 || strncasecmp(a.p, text, a.n) == 0);
}

bool slice_starts(struct slice a, const char *prefix);
bool slice_ends(struct slice a, const char *suffix);
struct slice slice_sub(struct slice a, size_t from, size_t to); /* clamps both ends */
struct slice slice_trim(struct slice a);                        /* blanks and tabs at both ends */
size_t slice_find(struct slice a, char c);                      /* a.n where there is none */

/* Takes the part before `sep` off the front of *rest; false when nothing is left to take. */
bool slice_split(struct slice *rest, char sep, struct slice *part);

/* Strict decimal: digits only (one leading '-' for the signed one), no blanks, no overflow. */
bool slice_to_u64(struct slice a, uint64_t *out);
bool slice_to_i64(struct slice a, int64_t *out);

/* True when the bytes are UTF-8 in shortest form without surrogates. */
bool slice_is_utf8(struct slice a);

/* A NUL-terminated copy in the arena, for foreign APIs. NULL when there is no memory. */
char *slice_dup(struct arena *arena, struct slice a);
char *str_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* As much of it as fits into the room, NUL-terminated. */
void str_set(char *out, size_t room, struct slice from);

struct buf {
    char *p;
    size_t n;
    size_t cap;
    size_t max;          /* the ceiling, in bytes */
    struct arena *arena; /* where it grows; NULL = the heap, then buf_free ends it */
    bool failed;
    bool over; /* failed because of the ceiling, not for want of memory */
};

void buf_init(struct buf *b, struct arena *arena, size_t max);
void buf_free(struct buf *b);  /* heap buffers only; safe on both */
void buf_clear(struct buf *b); /* keeps the memory, drops content and error */
void buf_str(struct buf *b, const char *text);
void buf_slice(struct buf *b, struct slice s);
void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
char *buf_more(struct buf *b, size_t n); /* buf_room, where the buffer must grow or has failed */
struct slice buf_view(const struct buf *b);
/* Ends the text with a NUL that is not counted; NULL when the buffer has failed. */
const char *buf_text(struct buf *b);
static inline bool buf_failed(const struct buf *b)
{
    return b->failed;
}

/* What every writer calls for every few bytes stands here, to be part of its caller. */

/* Room for n more bytes at the end, to be filled by the caller and counted by buf_grown. */
static inline char *buf_room(struct buf *b, size_t n)
{
    bool fits = !b->failed && n < b->cap - b->n && n <= b->max - b->n;
    return fits ? b->p + b->n : buf_more(b, n);
}

static inline void buf_grown(struct buf *b, size_t n)
{
    b->n += n;
}

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
    char *room = buf_room(b, n);
    if (room == NULL || n == 0)
        return;
    memcpy(room, p, n);
    b->n += n;
}

static inline void buf_char(struct buf *b, char c)
{
    char *room = buf_room(b, 1);
    if (room == NULL)
        return;
    *room = c;
    b->n++;
}

#endif
