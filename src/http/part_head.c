/*
 * part_head.c - Content-Disposition and Content-Type of a part, read strictly.
 *
 * The name of a file is a label for people: it never becomes a path here or anywhere. "filename*"
 * is ignored, as RFC 7578 (4.2) tells senders not to use it; a transfer encoding that would have to
 * be undone is refused, since no form sender uses one and a reader that does would see other bytes.
 */
#include "http/part_head.h"

#include <string.h>

enum { VALUE_MAX = 512 };

static enum err broken(struct ctx *ctx, const char *why)
{
    return ctx_fail(ctx, ERR_INVALID, "The form is broken: %s", why);
}

static bool is_token(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static struct slice take_token(struct slice *rest)
{
    size_t n = 0;
    while (n < rest->n && is_token(rest->p[n]))
        n++;
    struct slice token = slice_sub(*rest, 0, n);
    *rest = slice_sub(*rest, n, rest->n);
    return token;
}

static void skip_blanks(struct slice *rest)
{
    while (rest->n > 0 && (rest->p[0] == ' ' || rest->p[0] == '\t'))
        *rest = slice_sub(*rest, 1, rest->n);
}

/* Behind the opening quote, up to the closing one. A backslash escapes a quote or a backslash;
 * before anything else it is itself, as browsers send it. */
static bool take_quoted(struct ctx *ctx, struct slice *rest, struct slice *value)
{
    struct buf b;
    size_t i = 0;
    buf_init(&b, ctx->arena, MULTIPART_HEAD_MAX);
    for (; i < rest->n && rest->p[i] != '"'; i++) {
        if (rest->p[i] == '\\' && i + 1 < rest->n &&
            (rest->p[i + 1] == '"' || rest->p[i + 1] == '\\'))
            i++;
        buf_char(&b, rest->p[i]);
    }
    if (i >= rest->n)
        return false;
    if (buf_failed(&b)) {
        (void)ctx_no_memory(ctx);
        return false;
    }
    *rest = slice_sub(*rest, i + 1, rest->n);
    *value = b.n ? buf_view(&b) : SLICE("");
    return true;
}

bool part_parameter(struct ctx *ctx, struct slice *rest, struct slice *name, struct slice *value)
{
    skip_blanks(rest);
    if (rest->n == 0 || rest->p[0] != ';')
        return false;
    *rest = slice_sub(*rest, 1, rest->n);
    skip_blanks(rest);
    *name = take_token(rest);
    if (name->n == 0 || rest->n == 0 || rest->p[0] != '=')
        return false;
    *rest = slice_sub(*rest, 1, rest->n);
    if (rest->n > 0 && rest->p[0] == '"') {
        *rest = slice_sub(*rest, 1, rest->n);
        if (!take_quoted(ctx, rest, value))
            return false;
    } else {
        *value = take_token(rest);
        if (value->n == 0)
            return false;
    }
    skip_blanks(rest);
    return true;
}

static bool is_value(struct slice v)
{
    for (size_t i = 0; i < v.n; i++)
        if ((unsigned char)v.p[i] < 0x20 || v.p[i] == 0x7F)
            return false;
    return v.n <= VALUE_MAX && slice_is_utf8(v);
}

/* form-data; name="..."; filename="..." */
static enum err read_disposition(struct ctx *ctx, struct slice value, struct part *out)
{
    struct slice rest = value, name, text;
    if (!slice_is_nocase(take_token(&rest), "form-data"))
        return broken(ctx, "the Content-Disposition of a part is not form-data");
    while (rest.n > 0) {
        if (!part_parameter(ctx, &rest, &name, &text))
            return ctx->fault.err
                       ? ctx->fault.err
                       : broken(ctx, "the Content-Disposition of a part is not well formed");
        bool is_name = slice_is_nocase(name, "name");
        if (!is_name && !slice_is_nocase(name, "filename"))
            continue;
        struct slice *to = is_name ? &out->name : &out->file_name;
        if (to->p != NULL)
            return broken(ctx, "a parameter of Content-Disposition stands twice");
        if (!is_value(text))
            return broken(ctx, "a name in it is too long, not UTF-8 or has control characters");
        *to = text;
    }
    return out->name.n > 0 ? OK : broken(ctx, "a part has no name");
}

static enum err read_line(struct ctx *ctx, struct slice line, struct part *out, bool *disposition)
{
    struct slice rest = line, name = take_token(&rest);
    if (name.n == 0 || rest.n == 0 || rest.p[0] != ':')
        return broken(ctx, "a header line of a part is not well formed");
    struct slice value = slice_trim(slice_sub(rest, 1, rest.n));
    if (slice_is_nocase(name, "Content-Disposition")) {
        if (*disposition)
            return broken(ctx, "a part has two Content-Dispositions");
        *disposition = true;
        return read_disposition(ctx, value, out);
    }
    if (slice_is_nocase(name, "Content-Type")) {
        if (out->type.p != NULL || !is_value(value))
            return broken(ctx, "the Content-Type of a part is not well formed");
        out->type = value;
    }
    if (slice_is_nocase(name, "Content-Transfer-Encoding") && !slice_is_nocase(value, "binary") &&
        !slice_is_nocase(value, "8bit") && !slice_is_nocase(value, "7bit"))
        return broken(ctx, "a part has a Content-Transfer-Encoding");
    return OK;
}

enum err part_head_read(struct ctx *ctx, struct slice head, struct part *out)
{
    bool disposition = false;
    struct slice line;
    while (slice_split(&head, '\n', &line)) {
        if (line.n == 0 || line.p[line.n - 1] != '\r')
            return broken(ctx, "a header line of a part does not end in CR LF");
        line.n--;
        if (line.n == 0)
            break; /* the empty line, which the machine has found to be the last */
        if (slice_find(line, '\r') < line.n || slice_find(line, '\0') < line.n)
            return broken(ctx, "a header line of a part has a control character");
        enum err err = read_line(ctx, line, out, &disposition);
        if (err)
            return err;
    }
    return disposition ? OK : broken(ctx, "a part has no Content-Disposition");
}
