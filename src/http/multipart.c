/*
 * multipart.c - the state machine, byte runs in, parts out.
 *
 * A delimiter begins with CR LF and no boundary holds a CR, so a match that fails can only begin
 * again at the byte that broke it: the search needs no going back and every byte is looked at once.
 * The header of a part is collected whole and read in http/part_head.c. Everything has a ceiling;
 * what is not exactly the grammar of RFC 2046 and 7578 is refused, since two readers of a sloppy
 * form can see two different files in it.
 */
#include "http/multipart.h"

#include <string.h>

#include "http/body.h"
#include "http/part_head.h"

enum { PIECE = 65536 };

static enum err broken(struct ctx *ctx, const char *why)
{
    return ctx_fail(ctx, ERR_INVALID, "The form is broken: %s", why);
}

/* ---- the boundary ---------------------------------------------------------------------------- */

static bool is_boundary(struct slice b)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "'()+_,-./:=? ";
    if (b.n == 0 || b.n > MULTIPART_BOUNDARY_MAX || b.p[b.n - 1] == ' ')
        return false;
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] == '\0' || strchr(letters, b.p[i]) == NULL)
            return false;
    return true;
}

enum err multipart_boundary(struct ctx *ctx, struct slice type, struct slice *boundary)
{
    size_t at = slice_find(type, ';');
    struct slice rest = slice_sub(type, at, type.n), name, value;
    size_t seen = 0;
    if (!slice_is_nocase(slice_trim(slice_sub(type, 0, at)), "multipart/form-data"))
        return ctx_fail(ctx, ERR_MEDIA,
                        "Send a form with Content-Type: multipart/form-data (curl -F file=@FILE)");
    while (rest.n > 0) {
        if (!part_parameter(ctx, &rest, &name, &value))
            return ctx->fault.err ? ctx->fault.err
                                  : broken(ctx, "its Content-Type is not well formed");
        if (slice_is_nocase(name, "boundary")) {
            *boundary = value;
            seen++;
        }
    }
    if (seen != 1 || !is_boundary(*boundary))
        return broken(ctx, "its Content-Type names no valid boundary");
    return OK;
}

/* ---- the machine ------------------------------------------------------------------------------- */

void multipart_begin(struct multipart *m, struct slice boundary,
                     const struct multipart_limits *limits, size_t hint, struct form *form)
{
    memset(m, 0, sizeof *m);
    memset(form, 0, sizeof *form);
    m->limits = *limits;
    if (m->limits.max_field == 0)
        m->limits.max_field = MULTIPART_FIELD_MAX;
    if (m->limits.max_parts == 0 || m->limits.max_parts > MULTIPART_PARTS)
        m->limits.max_parts = MULTIPART_PARTS;
    m->form = form;
    m->hint = hint;
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.p, boundary.n);
    m->delimiter_n = 4 + boundary.n;
    m->matched = 2; /* the start of the body counts as the start of a line */
}

static struct part *present(struct multipart *m)
{
    return &m->form->part[m->form->parts - 1];
}

static enum err too_large(struct ctx *ctx, const struct multipart *m, bool file)
{
    if (file && m->limits.too_large)
        return ctx_fail(ctx, ERR_TOO_LARGE, "%s", m->limits.too_large);
    return ctx_fail(ctx, ERR_TOO_LARGE, "A %s of the form is larger than %zu bytes",
                    file ? "file" : "field", file ? m->limits.max_file : m->limits.max_field);
}

/* Content bytes: of the part, or of the preamble, which is only counted. */
static enum err emit(struct ctx *ctx, struct multipart *m, const char *p, size_t n)
{
    if (n == 0)
        return OK;
    if (m->state == MULTIPART_PREAMBLE) {
        m->preamble += n;
        return m->preamble > MULTIPART_PREAMBLE_MAX
                   ? broken(ctx, "it does not begin with its boundary")
                   : OK;
    }
    buf_add(&m->data, p, n);
    if (!buf_failed(&m->data))
        return OK;
    return m->data.over ? too_large(ctx, m, present(m)->file_name.p != NULL) : ctx_no_memory(ctx);
}

static void begin_tail(struct multipart *m)
{
    if (m->state == MULTIPART_DATA)
        present(m)->data = m->data.n ? buf_view(&m->data) : SLICE("");
    m->state = MULTIPART_TAIL;
    m->matched = 0;
    m->closing = false;
}

/* Preamble or content up to the next delimiter; *at moves on. */
static enum err feed_content(struct ctx *ctx, struct multipart *m, struct slice bytes, size_t *at)
{
    enum err err = OK;
    while (*at < bytes.n && err == OK) {
        if (m->matched == 0) { /* nothing begun: all up to the next CR is content */
            struct slice rest = slice_sub(bytes, *at, bytes.n);
            size_t run = slice_find(rest, '\r');
            err = emit(ctx, m, rest.p, run);
            *at += run;
            if (run < rest.n) {
                m->matched = 1;
                ++*at;
            }
            continue;
        }
        if (bytes.p[*at] == m->delimiter[m->matched]) {
            ++*at;
            if (++m->matched == m->delimiter_n) {
                begin_tail(m);
                return OK;
            }
            continue;
        }
        /* what had matched was content; the byte that broke it is looked at anew */
        err = emit(ctx, m, m->delimiter, m->matched);
        m->matched = 0;
    }
    return err;
}

static enum err begin_part(struct ctx *ctx, struct multipart *m)
{
    if (m->form->parts == m->limits.max_parts)
        return ctx_fail(ctx, ERR_TOO_LARGE, "The form has more than %zu parts",
                        m->limits.max_parts);
    m->form->parts++;
    m->state = MULTIPART_HEAD;
    buf_init(&m->head, ctx->arena, MULTIPART_HEAD_MAX);
    return OK;
}

/* Directly behind a delimiter: CR LF begins a part, "--" ends the form, nothing else may stand. */
static enum err feed_tail(struct ctx *ctx, struct multipart *m, char c)
{
    if (m->matched == 0 && (c == '\r' || c == '-')) {
        m->matched = 1;
        m->closing = c == '-';
        return OK;
    }
    if (m->matched == 1 && c == (m->closing ? '-' : '\n')) {
        m->matched = 0;
        if (!m->closing)
            return begin_part(ctx, m);
        m->state = MULTIPART_DONE;
        return OK;
    }
    return broken(ctx, "a boundary is followed by something else than a line end");
}

static enum err begin_data(struct ctx *ctx, struct multipart *m)
{
    struct part *part = present(m);
    enum err err = part_head_read(ctx, buf_view(&m->head), part);
    if (err)
        return err;
    bool file = part->file_name.p != NULL;
    buf_init(&m->data, ctx->arena, file ? m->limits.max_file : m->limits.max_field);
    if (file && m->hint > 0) { /* once in its full size, instead of growing and copying */
        (void)buf_room(&m->data, m->hint < m->limits.max_file ? m->hint : m->limits.max_file);
        m->hint = 0;
    }
    m->state = MULTIPART_DATA;
    m->matched = 0;
    return buf_failed(&m->data) ? ctx_no_memory(ctx) : OK;
}

static enum err feed_head(struct ctx *ctx, struct multipart *m, char c)
{
    buf_char(&m->head, c);
    if (buf_failed(&m->head))
        return m->head.over ? broken(ctx, "the header of a part is too large") : ctx_no_memory(ctx);
    struct slice head = buf_view(&m->head);
    if (c == '\n' && (slice_is(head, "\r\n") || slice_ends(head, "\r\n\r\n")))
        return begin_data(ctx, m);
    return OK;
}

enum err multipart_feed(struct ctx *ctx, struct multipart *m, struct slice bytes)
{
    enum err err = OK;
    for (size_t at = 0; at < bytes.n && err == OK;)
        switch (m->state) {
        case MULTIPART_PREAMBLE:
        case MULTIPART_DATA: err = feed_content(ctx, m, bytes, &at); break;
        case MULTIPART_TAIL: err = feed_tail(ctx, m, bytes.p[at++]); break;
        case MULTIPART_HEAD: err = feed_head(ctx, m, bytes.p[at++]); break;
        case MULTIPART_DONE: return OK;
        }
    return err;
}

enum err multipart_end(struct ctx *ctx, struct multipart *m)
{
    return m->state == MULTIPART_DONE ? OK : broken(ctx, "it ends before its last boundary");
}

/* ---- over a request ------------------------------------------------------------------------------ */

enum err multipart_read(struct ctx *ctx, const struct request *req,
                        const struct multipart_limits *limits, struct form *out)
{
    struct multipart m;
    struct slice boundary = SLICE_NONE;
    enum err err = multipart_boundary(ctx, request_header(req, "Content-Type"), &boundary);
    if (err)
        return err;
    multipart_begin(&m, boundary, limits,
                    (size_t)(req->content_length > 0 ? req->content_length : 0), out);
    if (req->content_length > (int64_t)(limits->max_file + MULTIPART_FRAMING))
        return too_large(ctx, &m, true);
    char *piece = arena_alloc_raw(ctx->arena, PIECE);
    if (piece == NULL)
        return ctx_no_memory(ctx);
    for (size_t got = 1; got > 0;) {
        if ((err = body_read(ctx, req, piece, PIECE, &got)) != OK ||
            (err = multipart_feed(ctx, &m, (struct slice){piece, got})) != OK)
            return err;
    }
    return multipart_end(ctx, &m);
}

enum err form_file(struct ctx *ctx, const struct form *form, const char *name, const char *what,
                   const struct part **out)
{
    size_t count = 0;
    *out = NULL;
    for (size_t i = 0; i < form->parts; i++) {
        const struct part *p = &form->part[i];
        if (!slice_is(p->name, name) || p->file_name.p == NULL)
            continue;
        *out = p;
        count++;
    }
    if (count == 1)
        return OK;
    if (count == 0)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, name,
                              "Field '%s' is required: %s as a form file", name, what);
    return ctx_fail_field(ctx, ERR_UNPROCESSABLE, name,
                          "Field '%s' stands %zu times; send one file at a time", name, count);
}

const struct part *form_find(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->parts; i++)
        if (slice_is(form->part[i].name, name))
            return &form->part[i];
    return NULL;
}
