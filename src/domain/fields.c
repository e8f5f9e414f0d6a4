/*
 * fields.c - see fields.h. Checks are for what would do harm or confuse; nobody's name is judged.
 */
#include "domain/fields.h"

#include <string.h>

/* Control letters: C0 but for line breaks where those are allowed, DEL. */
static bool has_control(struct slice s, bool lines)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool line = c == '\n' || c == '\t' || c == '\r';
        if (c == 0x7F || (c < 0x20 && !(lines && line)))
            return true;
    }
    return false;
}

static bool is_email(struct slice s)
{
    size_t at = slice_find(s, '@');
    struct slice host = slice_sub(s, at + 1, s.n);
    return at > 0 && at + 1 < s.n && slice_find(host, '@') == host.n && slice_find(s, ' ') == s.n;
}

static bool is_url(struct slice s)
{
    bool http = slice_starts(s, "http://") && s.n > 7,
         https = slice_starts(s, "https://") && s.n > 8;
    return (http || https) && slice_find(s, ' ') == s.n;
}

static bool is_username(struct slice s)
{
    return slice_find(s, ' ') == s.n && slice_find(s, '@') == s.n;
}

/* At least two labels of letters, digits and inner dashes. */
static bool is_domain(struct slice s)
{
    struct slice rest = s, label;
    size_t labels = 0;
    while (slice_split(&rest, '.', &label)) {
        if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
            return false;
        for (size_t i = 0; i < label.n; i++) {
            char c = label.p[i];
            if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
                return false;
        }
        labels++;
    }
    return labels >= 2;
}

static void fold(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

static enum err judge(struct ctx *ctx, const char *name, enum field_kind kind, struct slice s)
{
    static const char *const rule[] = {
        [FIELD_EMAIL] = "an address like name@example.org",
        [FIELD_URL] = "an address that begins with http:// or https://",
        [FIELD_USERNAME] = "a name without blanks and '@'",
        [FIELD_DOMAIN] = "a domain name like acme.com",
        [FIELD_LINE] = "one line of text",
        [FIELD_NAME] = "one line of text",
        [FIELD_LINES] = "text without control characters",
    };
    bool good = slice_is_utf8(s) && !has_control(s, kind == FIELD_LINES);
    good = good && (kind != FIELD_EMAIL || is_email(s)) && (kind != FIELD_URL || is_url(s)) &&
           (kind != FIELD_USERNAME || is_username(s)) && (kind != FIELD_DOMAIN || is_domain(s));
    return good ? OK
                : ctx_fail_field(ctx, ERR_UNPROCESSABLE, name, "Field '%s' must be %s", name,
                                 rule[kind]);
}

enum err field_take(struct ctx *ctx, const char *name, enum field_kind kind, size_t max,
                    struct slice given, const char **out)
{
    struct slice s = slice_trim(given);
    *out = NULL;
    if (s.n > max)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, name,
                              "Field '%s' must have at most %zu bytes", name, max);
    if (s.n == 0) {
        bool wanted = kind == FIELD_NAME || kind == FIELD_USERNAME || kind == FIELD_DOMAIN;
        return wanted ? ctx_fail_field(ctx, ERR_UNPROCESSABLE, name, "Field '%s' must not be empty",
                                       name)
                      : OK;
    }
    char *copy = slice_dup(ctx->arena, s);
    if (copy == NULL)
        return ctx_no_memory(ctx);
    if (kind == FIELD_DOMAIN)
        fold(copy);
    *out = copy;
    return judge(ctx, name, kind, (struct slice){copy, s.n});
}

enum err fields_apply(struct ctx *ctx, const struct field *fields, size_t count, bool *changed)
{
    for (size_t i = 0; i < count; i++) {
        const struct field *f = &fields[i];
        const char *text;
        if (!f->change->given)
            continue;
        enum err err = field_take(ctx, f->name, f->kind, f->max, f->change->text, &text);
        if (err != OK)
            return err;
        bool same = (text == NULL && *f->column == NULL) ||
                    (text && *f->column && strcmp(text, *f->column) == 0);
        *changed |= !same;
        *f->column = text;
    }
    return OK;
}
