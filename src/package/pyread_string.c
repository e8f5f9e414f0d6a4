/*
 * pyread_string.c - strings and numbers as Python's own reader takes them.
 *
 * What Python would refuse is refused; what it reads and Larder cannot keep (a NUL, half a
 * surrogate pair, an integer beyond 64 bits) is refused with its own reason.
 */
#include "package/pyread_string.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct py_prefix py_string_prefix(struct slice start)
{
    struct py_prefix prefix = {.valid = true};
    bool unicode = false;
    for (size_t i = 0; i < start.n && start.p[i] != '"' && start.p[i] != '\''; i++) {
        char c = start.p[i];
        bool *flag = c == 'r' || c == 'R'   ? &prefix.raw
                     : c == 'b' || c == 'B' ? &prefix.bytes
                     : c == 'f' || c == 'F' ? &prefix.format
                     : c == 'u' || c == 'U' ? &unicode
                                            : NULL;
        if (flag == NULL || *flag)
            prefix.valid = false;
        else
            *flag = true;
    }
    int letters = prefix.raw + prefix.bytes + prefix.format + unicode;
    if (letters > 2 || (unicode && letters > 1) || (prefix.bytes && prefix.format))
        prefix.valid = false;
    return prefix;
}

static void put_utf8(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_char(out, (char)c);
    } else if (c < 0x800) {
        buf_char(out, (char)(0xC0 | c >> 6));
        buf_char(out, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buf_char(out, (char)(0xE0 | c >> 12));
        buf_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_char(out, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_char(out, (char)(0xF0 | c >> 18));
        buf_char(out, (char)(0x80 | (c >> 12 & 0x3F)));
        buf_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_char(out, (char)(0x80 | (c & 0x3F)));
    }
}

static const char *put_char(struct buf *out, uint32_t c)
{
    if (c == 0)
        return "it holds a NUL character";
    if (c > 0x10FFFF)
        return "an escape names a character beyond U+10FFFF";
    if (c >= 0xD800 && c <= 0xDFFF)
        return "an escape names a surrogate, which is no character";
    put_utf8(out, c);
    return NULL;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \xhh, \uhhhh, \Uhhhhhhhh: exactly that many digits. */
static const char *hex_escape(struct slice body, size_t *at, size_t digits, struct buf *out)
{
    uint32_t c = 0;
    for (size_t i = 0; i < digits; i++) {
        int v = *at + i < body.n ? hex_value(body.p[*at + i]) : -1;
        if (v < 0)
            return "an escape has too few hexadecimal digits";
        c = c << 4 | (uint32_t)v;
    }
    *at += digits;
    return put_char(out, c);
}

static const char *octal_escape(struct slice body, size_t *at, struct buf *out)
{
    uint32_t c = 0;
    for (int i = 0; i < 3 && *at < body.n && body.p[*at] >= '0' && body.p[*at] <= '7'; i++)
        c = c << 3 | (uint32_t)(body.p[(*at)++] - '0');
    return put_char(out, c);
}

/* The names people really write; the whole table of Unicode is not carried for the rest. */
static const char *named_escape(struct slice body, size_t *at, struct buf *out)
{
    static const struct {
        const char *name;
        uint32_t c;
    } known[] = {
        {"EM DASH", 0x2014},          {"EN DASH", 0x2013},
        {"BULLET", 0x2022},           {"HORIZONTAL ELLIPSIS", 0x2026},
        {"NO-BREAK SPACE", 0xA0},     {"COPYRIGHT SIGN", 0xA9},
        {"REGISTERED SIGN", 0xAE},    {"TRADE MARK SIGN", 0x2122},
        {"DEGREE SIGN", 0xB0},        {"EURO SIGN", 0x20AC},
        {"RIGHTWARDS ARROW", 0x2192}, {"LEFTWARDS ARROW", 0x2190},
        {"CHECK MARK", 0x2713},       {"MULTIPLICATION SIGN", 0xD7},
    };
    struct slice rest = slice_sub(body, *at, body.n);
    size_t end = slice_find(rest, '}');
    if (rest.n == 0 || rest.p[0] != '{' || end == rest.n)
        return "an escape \\N lacks its name in braces";
    struct slice name = slice_sub(rest, 1, end);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_is_nocase(name, known[i].name)) {
            *at += end + 1;
            return put_char(out, known[i].c);
        }
    return "an escape \\N{...} names a character by a name Larder does not know; write the "
           "character";
}

static const char *escape(struct slice body, size_t *at, struct buf *out)
{
    static const char simple[] = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v";
    if (*at == body.n)
        return "it ends in a backslash";
    char c = body.p[*at];
    if (c == '\n') {
        (*at)++;
        return NULL;
    }
    for (size_t i = 0; simple[i]; i += 2)
        if (simple[i] == c) {
            (*at)++;
            buf_char(out, simple[i + 1]);
            return NULL;
        }
    if (c >= '0' && c <= '7')
        return octal_escape(body, at, out);
    if (c == 'x' || c == 'u' || c == 'U') {
        (*at)++;
        return hex_escape(body, at, c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
    }
    if (c == 'N') {
        (*at)++;
        return named_escape(body, at, out);
    }
    buf_char(out, '\\'); /* an escape Python does not know stays as it is written */
    return NULL;
}

const char *py_string_decode(struct slice body, struct py_prefix prefix, struct buf *out,
                             size_t *at)
{
    for (*at = 0; *at < body.n;) {
        char c = body.p[*at];
        bool doubled = prefix.format && (c == '{' || c == '}') && *at + 1 < body.n &&
                       body.p[*at + 1] == c;
        (*at)++;
        if (c == '\\' && !prefix.raw) {
            const char *why = escape(body, at, out);
            if (why)
                return why;
            continue;
        }
        *at += doubled;
        buf_char(out, c);
    }
    return NULL;
}

/* Copies digits without their underscores; each must stand between two digits. */
static bool plain_digits(struct slice text, bool (*is_digit)(char), bool leading, char *out,
                         size_t max)
{
    size_t n = 0;
    bool after_digit = leading; /* 0x_ff is allowed, _1 is a name */
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '_') {
            if (!after_digit || i + 1 == text.n)
                return false;
            after_digit = false;
            continue;
        }
        if (!is_digit(text.p[i]) || n + 1 >= max)
            return false;
        out[n++] = text.p[i];
        after_digit = true;
    }
    out[n] = '\0';
    return n > 0 && after_digit;
}

static bool is_hex(char c)
{
    return hex_value(c) >= 0;
}

static bool is_decimal(char c)
{
    return c >= '0' && c <= '9';
}

const char *py_int_read(struct slice text, bool negative, int64_t *out)
{
    unsigned base = 10;
    char kind = text.n > 1 && text.p[0] == '0' ? (char)(text.p[1] | 0x20) : ' ';
    if (kind == 'x' || kind == 'o' || kind == 'b') {
        base = kind == 'x' ? 16 : kind == 'o' ? 8 : 2;
        text = slice_sub(text, 2, text.n);
    }
    char digits[128];
    if (!plain_digits(text, base == 16 ? is_hex : is_decimal, base != 10, digits, sizeof digits))
        return "the number is not written as Python allows, or is too long";
    if (base == 10 && digits[0] == '0' && digits[strspn(digits, "0")] != '\0')
        return "a decimal number may not begin with 0";
    uint64_t v = 0;
    for (const char *d = digits; *d; d++) {
        unsigned digit = (unsigned)hex_value(*d);
        if (digit >= base)
            return "the number has a digit its base does not have";
        if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
            __builtin_add_overflow(v, (uint64_t)digit, &v))
            return "the number does not fit into 64 bits";
    }
    if (v > (uint64_t)INT64_MAX)
        return "the number does not fit into 64 bits";
    *out = negative ? -(int64_t)v : (int64_t)v;
    return NULL;
}

const char *py_float_read(struct slice text, double *out)
{
    char plain[64];
    size_t n = 0;
    if (text.n == 0 || text.n >= sizeof plain)
        return "the number is too long";
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool between = i > 0 && i + 1 < text.n && is_decimal(text.p[i - 1]) &&
                       is_decimal(text.p[i + 1]);
        if (c == '_' && between)
            continue;
        if (!is_decimal(c) && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-')
            return c == 'j' || c == 'J' ? "it is a complex number"
                                        : "the number is not written as Python allows";
        plain[n++] = c;
    }
    plain[n] = '\0';
    char *end;
    *out = strtod(plain, &end);
    if (*end != '\0' || end == plain)
        return "the number is not written as Python allows";
    return isfinite(*out) ? NULL : "the number is too large for a float";
}

static bool is_margin(char c)
{
    return c == ' ' || c == '\t';
}

/* Lines of blanks only do not count for the margin and become empty, as textwrap does it. */
void py_dedent(struct slice text, struct buf *out)
{
    struct slice margin = SLICE_NONE, rest = text, line;
    bool any = false;
    while (slice_split(&rest, '\n', &line)) {
        size_t indent = 0;
        while (indent < line.n && is_margin(line.p[indent]))
            indent++;
        if (indent == line.n)
            continue;
        size_t same = 0;
        while (any && same < indent && same < margin.n && margin.p[same] == line.p[same])
            same++;
        margin = slice_sub(line, 0, any ? same : indent);
        any = true;
    }
    rest = text;
    for (bool first = true; slice_split(&rest, '\n', &line); first = false) {
        size_t indent = 0;
        while (indent < line.n && is_margin(line.p[indent]))
            indent++;
        if (!first)
            buf_char(out, '\n');
        if (indent < line.n)
            buf_slice(out, slice_sub(line, margin.n, line.n));
    }
}

/* Length of the blank that begins at p[0], by Python's idea of one; 0 = none. */
static size_t blank_at(const unsigned char *p, size_t n)
{
    if ((p[0] >= 0x09 && p[0] <= 0x0D) || (p[0] >= 0x1C && p[0] <= 0x20))
        return 1;
    if (n >= 2 && p[0] == 0xC2 && (p[1] == 0x85 || p[1] == 0xA0))
        return 2;
    if (n < 3)
        return 0;
    bool is_blank = (p[0] == 0xE1 && p[1] == 0x9A && p[2] == 0x80) ||
                    (p[0] == 0xE2 && p[1] == 0x80 &&
                     (p[2] <= 0x8A || p[2] == 0xA8 || p[2] == 0xA9 || p[2] == 0xAF)) ||
                    (p[0] == 0xE2 && p[1] == 0x81 && p[2] == 0x9F) ||
                    (p[0] == 0xE3 && p[1] == 0x80 && p[2] == 0x80);
    return is_blank ? 3 : 0;
}

struct slice py_strip(struct slice text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    size_t from = 0, to = text.n, step;
    while (from < to && (step = blank_at(p + from, to - from)) > 0)
        from += step;
    while (to > from) {
        size_t back = 1;
        while (back < 3 && to - back > from && (p[to - back] & 0xC0) == 0x80)
            back++;
        if (blank_at(p + to - back, back) != back)
            break;
        to -= back;
    }
    return slice_sub(text, from, to);
}
