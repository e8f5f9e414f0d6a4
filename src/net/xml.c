/*
 * xml.c - one token after another, without looking back.
 */
#include "net/xml.h"

#include <string.h>

static enum xml_kind wrong(struct xml *x)
{
    x->wrong = true;
    return XML_WRONG;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct xml *x)
{
    while (x->rest.n && is_space(*x->rest.p))
        x->rest = slice_sub(x->rest, 1, x->rest.n);
}

static bool take(struct xml *x, const char *text)
{
    if (!slice_starts(x->rest, text))
        return false;
    x->rest = slice_sub(x->rest, strlen(text), x->rest.n);
    return true;
}

static bool is_name_letter(char c, bool first)
{
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    return letter || (!first && ((c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':'));
}

static bool take_name(struct xml *x, struct slice *name)
{
    size_t n = 0;
    while (n < x->rest.n && is_name_letter(x->rest.p[n], n == 0))
        n++;
    *name = slice_sub(x->rest, 0, n);
    x->rest = slice_sub(x->rest, n, x->rest.n);
    return n > 0 && n <= XML_NAME;
}

static struct slice without_prefix(struct slice name)
{
    size_t colon = slice_find(name, ':');
    return colon < name.n ? slice_sub(name, colon + 1, name.n) : name;
}

/* name = "value", which nobody needs; but it must be one. */
static bool skip_attributes(struct xml *x)
{
    for (;;) {
        size_t before = x->rest.n;
        struct slice name;
        skip_space(x);
        if (x->rest.n == 0 || *x->rest.p == '>' || *x->rest.p == '/')
            return true;
        if (x->rest.n == before || !take_name(x, &name))
            return false;
        skip_space(x);
        if (!take(x, "="))
            return false;
        skip_space(x);
        char quote = x->rest.n ? *x->rest.p : '\0';
        if (quote != '"' && quote != '\'')
            return false;
        x->rest = slice_sub(x->rest, 1, x->rest.n);
        size_t end = slice_find(x->rest, quote);
        if (end == x->rest.n || slice_find(x->rest, '<') < end)
            return false;
        x->rest = slice_sub(x->rest, end + 1, x->rest.n);
    }
}

static void put_utf8(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_char(b, (char)c);
        return;
    }
    if (c < 0x800) {
        buf_char(b, (char)(0xC0 | (c >> 6)));
    } else if (c < 0x10000) {
        buf_char(b, (char)(0xE0 | (c >> 12)));
        buf_char(b, (char)(0x80 | ((c >> 6) & 0x3F)));
    } else {
        buf_char(b, (char)(0xF0 | (c >> 18)));
        buf_char(b, (char)(0x80 | ((c >> 12) & 0x3F)));
        buf_char(b, (char)(0x80 | ((c >> 6) & 0x3F)));
    }
    buf_char(b, (char)(0x80 | (c & 0x3F)));
}

/* "#38" or "#x26": what stands between & and ; */
static bool put_numbered(struct buf *b, struct slice digits)
{
    uint32_t c = 0, base = 10;
    if (slice_starts(digits, "x")) {
        base = 16;
        digits = slice_sub(digits, 1, digits.n);
    }
    if (digits.n == 0 || digits.n > 7)
        return false;
    for (size_t i = 0; i < digits.n; i++) {
        char d = digits.p[i];
        uint32_t v = d >= '0' && d <= '9'   ? (uint32_t)(d - '0')
                     : d >= 'a' && d <= 'f' ? (uint32_t)(d - 'a') + 10
                     : d >= 'A' && d <= 'F' ? (uint32_t)(d - 'A') + 10
                                            : 99;
        if (v >= base)
            return false;
        c = c * base + v;
    }
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return false;
    put_utf8(b, c);
    return true;
}

static bool put_entity(struct buf *b, struct slice name)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    if (slice_starts(name, "#"))
        return put_numbered(b, slice_sub(name, 1, name.n));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_is(name, known[i].name)) {
            buf_char(b, known[i].c);
            return true;
        }
    return false;
}

/* What stands before the next '<', unescaped. False where it cannot be, or for want of memory. */
static bool take_text(struct xml *x, struct slice *text)
{
    size_t end = slice_find(x->rest, '<');
    struct slice raw = slice_sub(x->rest, 0, end), part;
    x->rest = slice_sub(x->rest, end, x->rest.n);
    *text = raw;
    if (slice_find(raw, '&') == raw.n)
        return true;
    struct buf b;
    buf_init(&b, x->arena, raw.n + 1); /* an entity is never shorter than what it stands for */
    while (raw.n > 0) {
        size_t and = slice_find(raw, '&');
        buf_slice(&b, slice_sub(raw, 0, and));
        if (and == raw.n)
            break;
        part = slice_sub(raw, and+1, raw.n);
        size_t semicolon = slice_find(part, ';');
        if (semicolon == part.n || !put_entity(&b, slice_sub(part, 0, semicolon)))
            return false;
        raw = slice_sub(part, semicolon + 1, part.n);
    }
    *text = buf_view(&b);
    return !buf_failed(&b);
}

static enum xml_kind take_open(struct xml *x)
{
    struct slice name;
    if (x->depth == XML_DEPTH || !take_name(x, &name) || !skip_attributes(x))
        return wrong(x);
    x->closing = take(x, "/");
    if (!take(x, ">"))
        return wrong(x);
    x->open[x->depth++] = name;
    x->name = without_prefix(name);
    x->leaf = true;
    return XML_OPEN;
}

static enum xml_kind take_close(struct xml *x)
{
    struct slice name = x->open[x->depth - 1];
    if (!x->closing) {
        struct slice got;
        if (!take_name(x, &got) || !slice_eq(got, name))
            return wrong(x);
        skip_space(x);
        if (!take(x, ">"))
            return wrong(x);
    }
    x->closing = false;
    x->depth--;
    x->name = without_prefix(name);
    return XML_CLOSE;
}

/* The first line says version and encoding; the bytes are UTF-8 whatever it says. */
static bool take_first_line(struct xml *x)
{
    (void)take(x, "\xEF\xBB\xBF");
    if (take(x, "<?xml")) {
        size_t end = slice_find(x->rest, '>');
        if (end == x->rest.n || end == 0 || x->rest.p[end - 1] != '?' || !is_space(*x->rest.p))
            return false;
        x->rest = slice_sub(x->rest, end + 1, x->rest.n);
    }
    skip_space(x);
    return take(x, "<");
}

void xml_start(struct xml *x, struct arena *arena, struct slice document)
{
    *x = (struct xml){.arena = arena, .rest = document};
    x->wrong = !slice_is_utf8(document) || slice_find(document, '\0') < document.n;
}

static bool is_blank(struct slice text)
{
    size_t n = 0;
    while (n < text.n && is_space(text.p[n]))
        n++;
    return n == text.n;
}

enum xml_kind xml_next(struct xml *x)
{
    if (x->wrong)
        return XML_WRONG;
    if (!x->begun) {
        x->begun = true;
        return take_first_line(x) ? take_open(x) : wrong(x);
    }
    if (x->closing)
        return take_close(x);
    if (x->depth == 0) {
        skip_space(x);
        return x->rest.n ? wrong(x) : XML_END;
    }
    if (!take_text(x, &x->text) || x->rest.n == 0)
        return wrong(x);
    /* Blanks are content where they are all that an element has: a key may be one blank. */
    bool content = !is_blank(x->text) || (x->text.n && x->leaf && slice_starts(x->rest, "</"));
    x->leaf = false;
    if (content)
        return XML_TEXT;
    if (take(x, "</"))
        return take_close(x);
    return take(x, "<") ? take_open(x) : wrong(x);
}
