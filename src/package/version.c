/*
 * version.c - the two grammars and their keys.
 *
 * A key is written so that memcmp needs no parsing. A number becomes one byte with its count of
 * digits, plus one, and the digits: of two numbers the one with fewer digits is smaller, and the
 * byte is never 0, so 0 can end a list and sorts before every longer one. Numbers are kept as text:
 * 50 digits are legal and fit no integer.
 *
 * PEP 440, in this order: epoch, release without zeros at its end, pre, post, dev, local. What is
 * absent has a place of its own in the order: see put_pre and below.
 */
#include "package/version.h"

#include <string.h>

struct keyed {
    struct version *v;
    struct slice rest; /* still to be read, lower case */
    size_t text_n;     /* of canonical */
};

/* ---- writing ---- */

static void put_key(struct keyed *k, const void *p, size_t n)
{
    if (n > VERSION_KEY - k->v->key_len) /* cannot be: VERSION_KEY holds the longest of both */
        return;
    memcpy(k->v->key + k->v->key_len, p, n);
    k->v->key_len += n;
}

static void put_mark(struct keyed *k, unsigned char mark)
{
    put_key(k, &mark, 1);
}

static void put_text(struct keyed *k, struct slice text)
{
    if (text.n >= sizeof k->v->canonical - k->text_n) /* cannot be, as above */
        return;
    if (text.n > 0)
        memcpy(k->v->canonical + k->text_n, text.p, text.n);
    k->text_n += text.n;
    k->v->canonical[k->text_n] = '\0';
}

/* The number without zeros at its front; "0" stays one digit. */
static struct slice trimmed(struct slice digits)
{
    while (digits.n > 1 && digits.p[0] == '0')
        digits = slice_sub(digits, 1, digits.n);
    return digits;
}

static void put_number(struct keyed *k, struct slice digits)
{
    struct slice number = digits.n ? trimmed(digits) : SLICE("0");
    if (slice_is(number, "0"))
        number.n = 0;
    put_mark(k, (unsigned char)(number.n + 1));
    put_key(k, number.p, number.n);
}

/* A part that is a word: 'a' sorts before 'ab', since 0 ends it. */
static void put_word(struct keyed *k, struct slice word)
{
    put_key(k, word.p, word.n);
    put_mark(k, 0);
}

/* ---- reading ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool all_digits(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]))
            return false;
    return s.n > 0;
}

static struct slice take_digits(struct slice *rest)
{
    size_t n = 0;
    while (n < rest->n && is_digit(rest->p[n]))
        n++;
    struct slice digits = slice_sub(*rest, 0, n);
    *rest = slice_sub(*rest, n, rest->n);
    return digits;
}

static bool take_text(struct slice *rest, const char *text)
{
    if (!slice_starts(*rest, text))
        return false;
    *rest = slice_sub(*rest, strlen(text), rest->n);
    return true;
}

static bool is_separator(char c)
{
    return c == '-' || c == '_' || c == '.';
}

static void skip_separator(struct slice *rest)
{
    if (rest->n > 0 && is_separator(rest->p[0]))
        *rest = slice_sub(*rest, 1, rest->n);
}

/* ---- PEP 440 ---- */

struct word {
    const char *text;
    const char *normal;
};

/* Longer words before their own beginnings. */
static const struct word pre_words[] = {
    {"alpha", "a"}, {"beta", "b"}, {"preview", "rc"}, {"pre", "rc"},
    {"rc", "rc"},   {"a", "a"},    {"b", "b"},        {"c", "rc"},
};
static const struct word post_words[] = {{"post", "post"}, {"rev", "post"}, {"r", "post"}};
static const struct word dev_words[] = {{"dev", "dev"}};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

struct tail {
    const char *word; /* normal form, NULL = absent */
    struct slice number;
};

/* [-_.]? word [-_.]? digits?, as the pattern of PEP 440's appendix takes it. */
static struct tail take_tail(struct slice *rest, const struct word *words, size_t count)
{
    struct slice at = *rest;
    skip_separator(&at);
    for (size_t i = 0; i < count; i++) {
        if (!take_text(&at, words[i].text))
            continue;
        skip_separator(&at);
        struct tail tail = {words[i].normal, take_digits(&at)};
        *rest = at;
        return tail;
    }
    return (struct tail){0};
}

static struct tail take_post(struct slice *rest)
{
    if (rest->n >= 2 && rest->p[0] == '-' && is_digit(rest->p[1])) {
        *rest = slice_sub(*rest, 1, rest->n);
        return (struct tail){"post", take_digits(rest)};
    }
    return take_tail(rest, post_words, COUNT(post_words));
}

static void put_tail_text(struct keyed *k, const char *before, const struct tail *tail)
{
    put_text(k, slice_of(before));
    put_text(k, slice_of(tail->word));
    put_text(k, tail->number.n ? trimmed(tail->number) : SLICE("0"));
}

static bool read_release(struct keyed *k)
{
    struct slice first = take_digits(&k->rest);
    if (first.n == 0)
        return false;
    struct slice epoch = SLICE_NONE;
    if (take_text(&k->rest, "!")) {
        epoch = trimmed(first);
        first = take_digits(&k->rest);
        if (first.n == 0)
            return false;
    }
    put_number(k, epoch);
    if (epoch.n > 0 && !slice_is(epoch, "0")) {
        put_text(k, epoch);
        put_text(k, SLICE("!"));
    }
    put_number(k, first);
    put_text(k, trimmed(first));
    /* Zeros at the end do not count: the key is cut back to its last part that is not 0. */
    size_t counts = slice_is(trimmed(first), "0") ? k->v->key_len - 1 : k->v->key_len;
    while (k->rest.n >= 2 && k->rest.p[0] == '.' && is_digit(k->rest.p[1])) {
        k->rest = slice_sub(k->rest, 1, k->rest.n);
        struct slice part = trimmed(take_digits(&k->rest));
        put_number(k, part);
        put_text(k, SLICE("."));
        put_text(k, part);
        if (!slice_is(part, "0"))
            counts = k->v->key_len;
    }
    k->v->key_len = counts;
    put_mark(k, 0);
    return true;
}

/* Before every pre-release stands a bare dev release; after them the release itself. */
static void put_pre(struct keyed *k, const struct tail *pre, const struct tail *post,
                    const struct tail *dev)
{
    if (pre->word == NULL) {
        put_mark(k, post->word == NULL && dev->word ? 0x00 : 0xFF);
        return;
    }
    put_mark(k, pre->word[0] == 'a' ? 1 : pre->word[0] == 'b' ? 2 : 3);
    put_number(k, pre->number);
    put_tail_text(k, "", pre);
}

static void put_post_and_dev(struct keyed *k, const struct tail *post, const struct tail *dev)
{
    put_mark(k, post->word ? 1 : 0); /* without post sorts first */
    if (post->word) {
        put_number(k, post->number);
        put_tail_text(k, ".", post);
    }
    put_mark(k, dev->word ? 1 : 0xFF); /* without dev sorts last */
    if (dev->word) {
        put_number(k, dev->number);
        put_tail_text(k, ".", dev);
    }
}

/* '+' and parts of letters and digits; words sort before numbers, fewer parts before more. */
static bool read_local(struct keyed *k)
{
    const char *before = "+";
    if (!take_text(&k->rest, "+")) {
        put_mark(k, 0);
        return true;
    }
    k->v->has_build = true;
    for (;;) {
        size_t n = 0;
        while (n < k->rest.n && (is_digit(k->rest.p[n]) || is_letter(k->rest.p[n])))
            n++;
        struct slice part = slice_sub(k->rest, 0, n);
        if (n == 0)
            return false;
        bool number = all_digits(part);
        put_mark(k, number ? 2 : 1);
        if (number)
            put_number(k, part);
        else
            put_word(k, part);
        put_text(k, slice_of(before));
        put_text(k, number ? trimmed(part) : part);
        before = ".";
        k->rest = slice_sub(k->rest, n, k->rest.n);
        if (k->rest.n == 0 || !is_separator(k->rest.p[0]))
            break;
        skip_separator(&k->rest);
    }
    put_mark(k, 0);
    return true;
}

static bool parse_pep440(struct keyed *k)
{
    (void)take_text(&k->rest, "v");
    if (!read_release(k))
        return false;
    struct tail pre = take_tail(&k->rest, pre_words, COUNT(pre_words));
    struct tail post = take_post(&k->rest);
    struct tail dev = take_tail(&k->rest, dev_words, COUNT(dev_words));
    put_pre(k, &pre, &post, &dev);
    put_post_and_dev(k, &post, &dev);
    k->v->is_prerelease = pre.word || dev.word;
    return read_local(k) && k->rest.n == 0;
}

/* ---- Semantic Versioning 2 ---- */

static bool read_core(struct keyed *k)
{
    for (int i = 0; i < 3; i++) {
        if (i > 0 && !take_text(&k->rest, "."))
            return false;
        struct slice digits = take_digits(&k->rest);
        if (digits.n == 0 || trimmed(digits).n != digits.n)
            return false;
        put_number(k, digits);
    }
    return true;
}

/* One identifier of letters, digits and dashes; a numeric one has no zero in front (clause 9). */
static bool take_identifier(struct slice *rest, bool zeros_may_lead, struct slice *out)
{
    size_t n = 0;
    while (n < rest->n && (is_digit(rest->p[n]) || is_letter(rest->p[n]) || rest->p[n] == '-'))
        n++;
    *out = slice_sub(*rest, 0, n);
    *rest = slice_sub(*rest, n, rest->n);
    if (n == 0)
        return false;
    return zeros_may_lead || !all_digits(*out) || trimmed(*out).n == out->n;
}

static bool parse_semver(struct keyed *k)
{
    put_text(k, k->rest); /* it has one spelling only */
    if (!read_core(k))
        return false;
    struct slice part;
    if (take_text(&k->rest, "-")) {
        k->v->is_prerelease = true;
        do {
            if (!take_identifier(&k->rest, false, &part))
                return false;
            put_mark(k, all_digits(part) ? 1 : 2); /* numbers before words (clause 11) */
            if (all_digits(part))
                put_number(k, part);
            else
                put_word(k, part);
        } while (take_text(&k->rest, "."));
        put_mark(k, 0);
    } else {
        put_mark(k, 0xFF); /* a release sorts after its pre-releases */
    }
    if (take_text(&k->rest, "+")) {
        k->v->has_build = true;
        do {
            if (!take_identifier(&k->rest, true, &part))
                return false;
        } while (take_text(&k->rest, "."));
    }
    return k->rest.n == 0;
}

/* ---- both ---- */

bool version_parse(enum version_scheme scheme, struct slice text, struct version *out)
{
    char lower[VERSION_TEXT];
    size_t max = scheme == VERSION_PEP440 ? VERSION_PEP440_TEXT : VERSION_TEXT;
    memset(out, 0, sizeof *out);
    out->scheme = scheme;
    if (text.n == 0 || text.n > max)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool upper = scheme == VERSION_PEP440 && c >= 'A' && c <= 'Z';
        lower[i] = upper ? (char)(c - 'A' + 'a') : c;
    }
    struct keyed k = {.v = out, .rest = {lower, text.n}};
    return scheme == VERSION_PEP440 ? parse_pep440(&k) : parse_semver(&k);
}

enum err version_read(struct ctx *ctx, enum version_scheme scheme, struct slice text,
                      struct version *out)
{
    if (version_parse(scheme, text, out))
        return OK;
    if (text.n == 0)
        return ctx_fail_field(ctx, ERR_INVALID, "version", "the version is empty");
    size_t max = scheme == VERSION_PEP440 ? VERSION_PEP440_TEXT : VERSION_TEXT;
    if (text.n > max)
        return ctx_fail_field(ctx, ERR_INVALID, "version",
                              "the version has %zu characters, more than %zu", text.n, max);
    return ctx_fail_field(ctx, ERR_INVALID, "version", "the version is not %s",
                          scheme == VERSION_PEP440
                              ? "a Python version (PEP 440), like 1.2.0 or 1.2.0rc1"
                              : "a semantic version, like 1.2.0 or 1.2.0-rc.1");
}

bool version_fits_sdk(struct slice text)
{
    size_t parts = 1;
    for (size_t i = 0; i < text.n; i++)
        parts += text.p[i] == '.';
    return parts == 2 || parts == 3;
}

int version_compare(const struct version *a, const struct version *b)
{
    size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
    int c = memcmp(a->key, b->key, n);
    return c ? c : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}
