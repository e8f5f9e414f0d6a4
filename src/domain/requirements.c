/*
 * requirements.c - spelling, sorting, and reading who pip blames.
 */
#include "domain/requirements.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "package/requirement.h"

enum { LINE_MAX_BYTES = 2 * REQUIREMENT_TEXT };

static int by_text(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    size_t n = x->n < y->n ? x->n : y->n;
    int order = memcmp(x->p, y->p, n);
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static int by_line(const void *a, const void *b)
{
    return strcmp(((const struct need *)a)->line, ((const struct need *)b)->line);
}

/* Conditions and extras in one order; the marker as it was written. */
static const char *spell(struct ctx *ctx, const struct requirement *r)
{
    struct slice *parts = arena_array(ctx->arena, r->extra_count + r->spec_count + 1,
                                      sizeof *parts);
    struct buf b;
    buf_init(&b, ctx->arena, LINE_MAX_BYTES);
    if (parts == NULL)
        return NULL;
    for (size_t i = 0; i < r->extra_count; i++)
        parts[i] = r->extras[i];
    qsort(parts, r->extra_count, sizeof *parts, by_text);
    buf_slice(&b, r->key);
    for (size_t i = 0; i < r->extra_count; i++) {
        buf_char(&b, i ? ',' : '[');
        buf_slice(&b, parts[i]);
    }
    buf_str(&b, r->extra_count ? "]" : "");
    struct slice *specs = parts + r->extra_count;
    for (size_t i = 0; i < r->spec_count; i++) {
        const char *text = str_printf(ctx->arena, "%.*s%.*s", SLICE_ARGS(r->specs[i].op),
                                      SLICE_ARGS(r->specs[i].version));
        if (text == NULL)
            return NULL;
        specs[i] = slice_of(text);
    }
    qsort(specs, r->spec_count, sizeof *specs, by_text);
    for (size_t i = 0; i < r->spec_count; i++) {
        buf_str(&b, i ? "," : "");
        buf_slice(&b, specs[i]);
    }
    if (r->marker.n) {
        buf_str(&b, " ; ");
        buf_slice(&b, slice_trim(r->marker));
    }
    return buf_text(&b);
}

static enum err read_one(struct ctx *ctx, const char *text, struct need *out)
{
    struct requirement r;
    struct requirement_fault why;
    enum err err = requirement_parse(ctx->arena, slice_of(text), &r, &why);
    if (err == ERR_INVALID)
        return ctx_fail_field(ctx, ERR_INVALID, "dependencies", "Dependency '%.200s': %s; %s", text,
                              why.sentence, why.remedy);
    if (err != OK)
        return ctx_no_memory(ctx);
    *out = (struct need){.text = text, .line = spell(ctx, &r), .key = r.key};
    return out->line ? OK : ctx_no_memory(ctx);
}

enum err requirements_read(struct ctx *ctx, const char *const *texts, size_t count,
                           struct needs *out)
{
    *out = (struct needs){.list = arena_array(ctx->arena, count + 1, sizeof *out->list)};
    if (out->list == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < count; i++) {
        enum err err = read_one(ctx, texts[i], &out->list[i]);
        if (err != OK)
            return err;
    }
    qsort(out->list, count, sizeof *out->list, by_line);
    for (size_t i = 0; i < count; i++)
        if (out->count == 0 || strcmp(out->list[out->count - 1].line, out->list[i].line) != 0)
            out->list[out->count++] = out->list[i];
    return OK;
}

bool requirements_leave_sdk(struct needs *needs)
{
    size_t kept = 0, count = needs->count;
    for (size_t i = 0; i < count; i++)
        if (!slice_is(needs->list[i].key, "cadence-sdk"))
            needs->list[kept++] = needs->list[i];
    needs->count = kept;
    return kept < count;
}

/* ------------------------------------------------------------------ who is blamed */

static bool is_name_letter(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* Does the text begin with the package's name, in any spelling? */
static bool names(struct slice text, struct slice key)
{
    size_t at = 0;
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] == '-') {
            size_t from = at;
            while (at < text.n && (text.p[at] == '-' || text.p[at] == '_' || text.p[at] == '.'))
                at++;
            if (at == from)
                return false;
        } else if (at >= text.n || tolower((unsigned char)text.p[at++]) != key.p[i]) {
            return false;
        }
    }
    return at == text.n || !is_name_letter(text.p[at]);
}

static const struct need *named(const struct needs *needs, struct slice text)
{
    for (size_t i = 0; i < needs->count; i++)
        if (names(text, needs->list[i].key))
            return &needs->list[i];
    return NULL;
}

static struct slice after(struct slice line, const char *words)
{
    const char *at = line.n ? memmem(line.p, line.n, words, strlen(words)) : NULL;
    return at ? slice_sub(line, (size_t)(at - line.p) + strlen(words), line.n) : SLICE_NONE;
}

/* "... that satisfies the requirement a>=1 (from b==2->c) (from versions: none)" */
static const struct need *blamed_in(const struct needs *needs, struct slice line)
{
    static const char *const before[] = {"satisfies the requirement ",
                                         "No matching distribution found for ", "Cannot install ",
                                         "Invalid requirement: '"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        struct slice rest = after(line, before[i]);
        const struct need *n = rest.n ? named(needs, rest) : NULL;
        struct slice parent = after(rest, "(from ");
        if (n == NULL && parent.n)
            n = named(needs, parent);
        if (n)
            return n;
    }
    return NULL;
}

const struct need *requirements_blamed(const struct needs *needs, struct slice output)
{
    struct slice line;
    while (slice_split(&output, '\n', &line)) {
        const struct need *n = blamed_in(needs, line);
        if (n)
            return n;
    }
    return needs->count == 1 ? &needs->list[0] : NULL;
}
