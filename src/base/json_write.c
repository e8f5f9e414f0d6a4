/*
 * json_write.c - the push writer.
 *
 * Strings are escaped so that the output may also stand inside an HTML page: `<` and `>` are
 * written as \u escapes, and so are the two line separators that older scripts trip over.
 */
#include "base/json_write.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const uint64_t LANES = 0x0101010101010101; /* a one in each byte */

void jw_start(struct jw *j, struct buf *buf)
{
    memset(j, 0, sizeof *j);
    j->buf = buf;
}

/* Everything that has to happen before a value: the comma, and the check that one may stand here. */
static bool before_value(struct jw *j)
{
    if (j->depth == 0) {
        if (j->scope[0].any)
            j->wrong = true; /* a second document */
        j->scope[0].any = true;
        return !j->wrong;
    }
    if (j->scope[j->depth].object) {
        if (!j->after_key)
            j->wrong = true;
        j->after_key = false;
        return !j->wrong;
    }
    if (j->scope[j->depth].any)
        buf_char(j->buf, ',');
    j->scope[j->depth].any = true;
    return !j->wrong;
}

static void open_scope(struct jw *j, bool object)
{
    if (!before_value(j))
        return;
    if (j->depth == JW_DEPTH) {
        j->wrong = true;
        return;
    }
    j->depth++;
    j->scope[j->depth].object = object;
    j->scope[j->depth].any = false;
    buf_char(j->buf, object ? '{' : '[');
}

void jw_object(struct jw *j)
{
    open_scope(j, true);
}

void jw_array(struct jw *j)
{
    open_scope(j, false);
}

void jw_end(struct jw *j)
{
    if (j->wrong || j->depth == 0 || j->after_key) {
        j->wrong = true;
        return;
    }
    buf_char(j->buf, j->scope[j->depth].object ? '}' : ']');
    j->depth--;
}

static void escape(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"': buf_add(b, "\\\"", 2); return;
    case '\\': buf_add(b, "\\\\", 2); return;
    case '\n': buf_add(b, "\\n", 2); return;
    case '\r': buf_add(b, "\\r", 2); return;
    case '\t': buf_add(b, "\\t", 2); return;
    default: break;
    }
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    buf_add(b, text, sizeof text);
}

/* Length of the UTF-8 sequence that starts at p, or 0 when it is not one. */
static size_t sequence(const char *p, size_t n)
{
    unsigned char c = (unsigned char)*p;
    size_t len = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    return len <= n && slice_is_utf8((struct slice){p, len}) ? len : 0;
}

/* Lanes of x that equal c have their highest bit set, and perhaps lanes above such a one. */
static uint64_t equal_lanes(uint64_t x, unsigned char c)
{
    uint64_t zero = x ^ LANES * c;
    return (zero - LANES) & ~zero;
}

/* Does one of the eight bytes need care? */
static bool is_odd(uint64_t x)
{
    uint64_t odd = x | (((x - LANES * 0x20) & ~x)) | equal_lanes(x, '"') | equal_lanes(x, '\\') |
                   equal_lanes(x | LANES * 2, '>') | equal_lanes(x, 0x7F);
    return (odd & LANES * 0x80) != 0;
}

/* How many bytes at the start stand for themselves; eight at a time, since nearly all do. */
static size_t plain_bytes(const char *p, size_t n)
{
    size_t at = 0;
    uint64_t x;
    for (; n - at >= sizeof x; at += sizeof x) {
        memcpy(&x, p + at, sizeof x);
        if (is_odd(x))
            return at;
    }
    x = LANES * 'a'; /* the end, made up to eight with something plain */
    if (n > at)
        memcpy(&x, p + at, n - at);
    return is_odd(x) ? at : n;
}

/* What is inside the quotes from the first byte on that may need care. */
static void write_escaped(struct buf *b, struct slice s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != 0x7F) {
            i++;
            continue;
        }
        size_t len = c < 0x80 ? 1 : sequence(s.p + i, s.n - i);
        bool separator = len == 3 && c == 0xE2 && s.p[i + 1] == '\x80' &&
                         ((unsigned char)s.p[i + 2] & 0xFE) == 0xA8;
        if (len > 1 && !separator) {
            i += len;
            continue;
        }
        buf_add(b, s.p + from, i - from);
        if (len == 1)
            escape(b, c);
        else if (separator)
            buf_str(b, (unsigned char)s.p[i + 2] == 0xA8 ? "\\u2028" : "\\u2029");
        else
            buf_str(b, "\\ufffd");
        i += len ? len : 1;
        from = i;
    }
    buf_add(b, s.p + from, s.n - from);
}

static void write_text(struct buf *b, struct slice s)
{
    size_t plain = plain_bytes(s.p, s.n);
    bool all = plain == s.n;
    char *room = buf_room(b, plain + 2);
    if (room == NULL)
        return;
    room[0] = '"';
    if (plain)
        memcpy(room + 1, s.p, plain);
    room[plain + 1] = '"'; /* stays where the text ends here */
    buf_grown(b, plain + 1 + all);
    if (all)
        return;
    write_escaped(b, slice_sub(s, plain, s.n));
    buf_char(b, '"');
}

void jw_key_slice(struct jw *j, struct slice key)
{
    if (j->wrong || j->depth == 0 || !j->scope[j->depth].object || j->after_key) {
        j->wrong = true;
        return;
    }
    if (j->scope[j->depth].any)
        buf_char(j->buf, ',');
    j->scope[j->depth].any = true;
    j->after_key = true;
    write_text(j->buf, key);
    buf_char(j->buf, ':');
}

void jw_key(struct jw *j, const char *key)
{
    jw_key_slice(j, slice_of(key));
}

void jw_text(struct jw *j, struct slice text)
{
    if (before_value(j))
        write_text(j->buf, text);
}

void jw_str(struct jw *j, const char *text)
{
    if (text)
        jw_text(j, slice_of(text));
    else
        jw_null(j);
}

void jw_int(struct jw *j, int64_t v)
{
    if (before_value(j))
        buf_i64(j->buf, v);
}

void jw_bool(struct jw *j, bool v)
{
    if (before_value(j))
        buf_str(j->buf, v ? "true" : "false");
}

void jw_null(struct jw *j)
{
    if (before_value(j))
        buf_str(j->buf, "null");
}

/* The shortest of 15 to 17 digits that reads back as the same number. */
void jw_double(struct jw *j, double v)
{
    if (!before_value(j))
        return;
    if (!isfinite(v)) {
        buf_str(j->buf, "null");
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, v);
        double back = strtod(text, NULL);
        if (!(back < v) && !(back > v))
            break;
    }
    buf_str(j->buf, text);
    if (strpbrk(text, ".eE") == NULL)
        buf_str(j->buf, ".0");
}

void jw_raw(struct jw *j, struct slice json)
{
    if (before_value(j))
        buf_slice(j->buf, json);
}

/* RFC 3339; 0 = null */
static void write_time(struct jw *j, int64_t wall_ms)
{
    char text[CLOCK_TEXT];
    jw_str(j, wall_ms ? clock_format(wall_ms, text) : NULL);
}

void jw_put_str(struct jw *j, const char *key, const char *text)
{
    jw_key(j, key);
    jw_str(j, text);
}

void jw_put_text(struct jw *j, const char *key, struct slice text)
{
    jw_key(j, key);
    jw_text(j, text);
}

void jw_put_int(struct jw *j, const char *key, int64_t v)
{
    jw_key(j, key);
    jw_int(j, v);
}

void jw_put_bool(struct jw *j, const char *key, bool v)
{
    jw_key(j, key);
    jw_bool(j, v);
}

void jw_put_time(struct jw *j, const char *key, int64_t wall_ms)
{
    jw_key(j, key);
    write_time(j, wall_ms);
}

void jw_put_raw(struct jw *j, const char *key, struct slice json)
{
    jw_key(j, key);
    jw_raw(j, json);
}

bool jw_done(const struct jw *j)
{
    return !j->wrong && j->depth == 0 && j->scope[0].any && !buf_failed(j->buf);
}
