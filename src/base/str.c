/*
 * str.c - slices and growable buffers.
 *
 * Nothing here knows what the bytes mean, but for decimal numbers and the shape of UTF-8.
 */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"

bool slice_starts(struct slice a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

bool slice_ends(struct slice a, const char *suffix)
{
    size_t n = strlen(suffix);
    return a.n >= n && memcmp(a.p + a.n - n, suffix, n) == 0;
}

struct slice slice_sub(struct slice a, size_t from, size_t to)
{
    if (to > a.n)
        to = a.n;
    if (from > to)
        from = to;
    return a.p ? (struct slice){a.p + from, to - from} : SLICE_NONE;
}

struct slice slice_trim(struct slice a)
{
    while (a.n > 0 && (a.p[0] == ' ' || a.p[0] == '\t')) {
        a.p++;
        a.n--;
    }
    while (a.n > 0 && (a.p[a.n - 1] == ' ' || a.p[a.n - 1] == '\t'))
        a.n--;
    return a;
}

size_t slice_find(struct slice a, char c)
{
    const char *at = a.n ? memchr(a.p, c, a.n) : NULL;
    return at ? (size_t)(at - a.p) : a.n;
}

bool slice_split(struct slice *rest, char sep, struct slice *part)
{
    if (rest->p == NULL)
        return false;
    size_t at = slice_find(*rest, sep);
    *part = slice_sub(*rest, 0, at);
    *rest = at == rest->n ? SLICE_NONE : slice_sub(*rest, at + 1, rest->n);
    return true;
}

bool slice_to_u64(struct slice a, uint64_t *out)
{
    uint64_t v = 0;
    if (a.n == 0 || a.n > 20)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (a.p[i] < '0' || a.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(a.p[i] - '0'), &v))
            return false;
    }
    *out = v;
    return true;
}

bool slice_to_i64(struct slice a, int64_t *out)
{
    bool negative = a.n > 0 && a.p[0] == '-';
    uint64_t v;
    if (!slice_to_u64(negative ? slice_sub(a, 1, a.n) : a, &v))
        return false;
    if (v > (uint64_t)INT64_MAX)
        return false; /* the one value lost, INT64_MIN, has no use here */
    *out = negative ? -(int64_t)v : (int64_t)v;
    return true;
}

/* Length of the well-formed sequence at p, 0 when there is none (Unicode table 3-7). */
static size_t utf8_step(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xC2 && p[0] <= 0xDF   ? 2
                 : (p[0] & 0xF0) == 0xE0        ? 3
                 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4
                                                : 0;
    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
        (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return len;
}

bool slice_is_utf8(struct slice a)
{
    const unsigned char *p = (const unsigned char *)a.p;
    for (size_t i = 0; i < a.n;) {
        size_t step = utf8_step(p + i, a.n - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

char *slice_dup(struct arena *arena, struct slice a)
{
    char *copy = arena_alloc(arena, a.n + 1);
    if (copy && a.n)
        memcpy(copy, a.p, a.n);
    return copy; /* arena memory is zeroed, so the NUL is there */
}

void str_set(char *out, size_t room, struct slice from)
{
    size_t n = from.n < room ? from.n : room - 1;
    if (n > 0)
        memcpy(out, from.p, n);
    out[n] = '\0';
}

char *str_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *text = n < 0 ? NULL : arena_alloc(arena, (size_t)n + 1);
    if (text)
        (void)vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}

void buf_init(struct buf *b, struct arena *arena, size_t max)
{
    *b = (struct buf){.max = max, .arena = arena};
}

void buf_free(struct buf *b)
{
    if (b->arena == NULL)
        free(b->p);
    *b = (struct buf){.max = b->max, .arena = b->arena};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = b->over = false;
}

/* Doubles, at least to `want`; a heap buffer moves, an arena buffer leaves its old bytes behind. */
static bool grow(struct buf *b, size_t want)
{
    size_t cap = b->cap ? b->cap : 256;
    while (cap < want)
        cap *= 2;
    char *p = b->arena ? arena_alloc_raw(b->arena, cap) : realloc(b->p, cap);
    if (p == NULL)
        return false;
    if (b->arena && b->n)
        memcpy(p, b->p, b->n);
    b->p = p;
    b->cap = cap;
    return true;
}

char *buf_more(struct buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (n > b->max || b->n > b->max - n) {
        b->failed = b->over = true;
        return NULL;
    }
    /* one byte more than asked, so that buf_text never has to grow */
    if (b->n + n + 1 > b->cap && !grow(b, b->n + n + 1)) {
        b->failed = true;
        return NULL;
    }
    return b->p + b->n;
}

void buf_str(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_slice(struct buf *b, struct slice s)
{
    buf_add(b, s.p, s.n);
}

void buf_u64(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    buf_add(b, digits + at, sizeof digits - at);
}

void buf_i64(struct buf *b, int64_t v)
{
    if (v < 0)
        buf_char(b, '-');
    buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *room = n < 0 ? NULL : buf_room(b, (size_t)n);
    if (room)
        b->n += (size_t)vsnprintf(room, (size_t)n + 1, fmt, again);
    va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_vprintf(b, fmt, args);
    va_end(args);
}

struct slice buf_view(const struct buf *b)
{
    return (struct slice){b->p, b->n};
}

const char *buf_text(struct buf *b)
{
    if (buf_room(b, 0) == NULL)
        return NULL;
    b->p[b->n] = '\0';
    return b->p;
}
