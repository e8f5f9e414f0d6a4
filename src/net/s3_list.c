/*
 * s3_list.c - the tokens of net/xml.h put together.
 *
 * Escapes of XML go first, then those of an address, and these only where the answer says that it
 * used them: `+` then is a blank. Fields nobody needs are passed over.
 */
#include "net/s3_list.h"

#include <string.h>

#include "base/crypto.h"
#include "net/xml.h"

enum { ERROR_TEXT_MAX = 200 };

static const char *const no_memory = "There is no memory for the listing";

struct listing {
    struct xml xml;
    struct arena *arena;
    struct s3_page *page;
    const char *why;
    bool told_truncated, encoded;
};

/* Passes over the element that was just opened. */
static bool skip(struct xml *x)
{
    for (size_t depth = x->depth; x->depth >= depth;) {
        enum xml_kind kind = xml_next(x);
        if (kind == XML_WRONG || kind == XML_END)
            return false;
    }
    return true;
}

/* The text of the element that was just opened, which has no elements in it. */
static bool read_text(struct xml *x, struct slice *text)
{
    *text = SLICE("");
    enum xml_kind kind = xml_next(x);
    if (kind == XML_TEXT) {
        *text = x->text;
        kind = xml_next(x);
    }
    return kind == XML_CLOSE;
}

static bool add_object(struct listing *l, const struct s3_object *object)
{
    struct s3_page *p = l->page;
    if (p->count == S3_PAGE_MAX) {
        l->why = "The listing has more objects than were asked for";
        return false;
    }
    if (p->object == NULL)
        p->object = arena_array(l->arena, S3_PAGE_MAX, sizeof *p->object);
    if (p->object == NULL) {
        l->why = no_memory;
        return false;
    }
    p->object[p->count++] = *object;
    return true;
}

static struct slice unquoted(struct slice etag)
{
    bool quoted = etag.n >= 2 && etag.p[0] == '"' && etag.p[etag.n - 1] == '"';
    return quoted ? slice_sub(etag, 1, etag.n - 1) : etag;
}

static bool read_object(struct listing *l)
{
    struct s3_object object = {.size = -1, .etag = ""};
    struct xml *x = &l->xml;
    enum xml_kind kind;
    while ((kind = xml_next(x)) == XML_OPEN) {
        struct slice text;
        uint64_t size;
        if (slice_is(x->name, "Key")) {
            if (object.key || !read_text(x, &text) || text.n == 0)
                return false;
            object.key = slice_dup(l->arena, text);
            if (object.key == NULL)
                return false;
        } else if (slice_is(x->name, "Size")) {
            if (!read_text(x, &text) || !slice_to_u64(text, &size) || size > INT64_MAX)
                return false;
            object.size = (int64_t)size;
        } else if (slice_is(x->name, "ETag")) {
            if (!read_text(x, &text))
                return false;
            object.etag = slice_dup(l->arena, unquoted(text));
        } else if (!skip(x)) {
            return false;
        }
    }
    return kind == XML_CLOSE && object.key && object.size >= 0 && object.etag &&
           add_object(l, &object);
}

static bool read_field(struct listing *l)
{
    struct xml *x = &l->xml;
    struct slice text;
    if (slice_is(x->name, "Contents"))
        return read_object(l);
    if (slice_is(x->name, "IsTruncated")) {
        if (!read_text(x, &text) || !(slice_is(text, "true") || slice_is(text, "false")))
            return false;
        l->told_truncated = true;
        l->page->truncated = slice_is(text, "true");
        return true;
    }
    if (slice_is(x->name, "EncodingType")) {
        if (!read_text(x, &text) || (text.n && !slice_is(text, "url")))
            return false;
        l->encoded = text.n > 0;
        return true;
    }
    return skip(x);
}

/* %XX and '+' as in an address. NULL where it cannot be one, or for want of memory. */
static const char *decoded(struct arena *arena, const char *text)
{
    size_t out = 0;
    char *key = slice_dup(arena, slice_of(text)); /* it only gets shorter */
    if (key == NULL)
        return NULL;
    for (size_t i = 0; key[i]; i++) {
        unsigned char byte = (unsigned char)key[i];
        if (byte == '+')
            byte = ' ';
        if (byte == '%') {
            if (!crypto_unhex((struct slice){key + i + 1, strnlen(key + i + 1, 2)}, &byte, 1) ||
                byte == '\0')
                return NULL;
            i += 2;
        }
        key[out++] = (char)byte;
    }
    key[out] = '\0';
    return slice_is_utf8((struct slice){key, out}) ? key : NULL;
}

static const char *judge(struct listing *l, const char *prefix, const char *after)
{
    for (size_t i = 0; i < l->page->count; i++) {
        struct s3_object *o = &l->page->object[i];
        if (l->encoded)
            o->key = decoded(l->arena, o->key);
        if (o->key == NULL)
            return "The listing has a key that cannot be decoded";
        if (strlen(o->key) > S3_KEY_MAX)
            return "The listing has a key that is longer than a key can be";
        if (!slice_starts(slice_of(o->key), prefix))
            return "The listing has a key that was not asked for";
        if (strcmp(o->key, after) <= 0)
            return "The listing is not in byte order";
        after = o->key;
    }
    if (l->page->truncated && l->page->count == 0)
        return "The listing is empty and says that it goes on";
    return NULL;
}

const char *s3_list_read(struct arena *arena, struct slice body, const char *prefix,
                         const char *after, struct s3_page *out)
{
    struct listing l = {.arena = arena, .page = out};
    *out = (struct s3_page){0};
    xml_start(&l.xml, arena, body);
    bool good = xml_next(&l.xml) == XML_OPEN && slice_is(l.xml.name, "ListBucketResult");
    while (good && l.xml.depth > 0) {
        enum xml_kind kind = xml_next(&l.xml);
        good = kind == XML_CLOSE || (kind == XML_OPEN && read_field(&l));
    }
    if (l.why)
        return l.why;
    if (!good || xml_next(&l.xml) != XML_END || !l.told_truncated)
        return "The listing is not a ListBucketResult as S3 writes it";
    return judge(&l, prefix, after);
}

/* Foreign text that may go into a log line: not long, no control letters. */
static const char *plain(struct arena *arena, struct slice text)
{
    char *copy = slice_dup(arena, slice_sub(text, 0, ERROR_TEXT_MAX));
    if (copy == NULL)
        return "";
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7F)
            *c = ' ';
    return copy;
}

void s3_error_read(struct arena *arena, struct slice body, struct s3_error *out)
{
    struct xml x;
    struct slice text;
    *out = (struct s3_error){"", "", ""};
    xml_start(&x, arena, body);
    if (xml_next(&x) != XML_OPEN || !slice_is(x.name, "Error"))
        return;
    while (xml_next(&x) == XML_OPEN) {
        const char **field = slice_is(x.name, "Code")      ? &out->code
                             : slice_is(x.name, "Message") ? &out->message
                             : slice_is(x.name, "Region")  ? &out->region
                                                           : NULL;
        if (field == NULL ? !skip(&x) : !read_text(&x, &text))
            return;
        if (field)
            *field = plain(arena, text);
    }
}
