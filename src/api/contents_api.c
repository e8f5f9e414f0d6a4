/*
 * contents_api.c - what stands inside a version: its files, what another version has otherwise, and
 * how often it was downloaded.
 *
 * Every answer is of bytes that never change, so all but the counts may be kept by a browser for
 * good. A file is never sent as something a browser would run: text is plain text, an image is one
 * only when it begins as a PNG does, and all of it is sandboxed. Look next at domain/contents.h.
 */
#include <string.h>

#include "api/subject.h"
#include "base/crypto.h"
#include "domain/contents.h"
#include "domain/downloads.h"

enum { NAME_MAX_BYTES = 1024, CONTEXT_LINES = 3 };

static enum err files(struct ctx *ctx, struct call *call);
static enum err file(struct ctx *ctx, struct call *call);
static enum err difference(struct ctx *ctx, struct call *call);
static enum err downloads(struct ctx *ctx, struct call *call);

#define ORG_READ "cadence:org:plugins:read"
#define SYS_READ "cadence:system:plugins:read"

// clang-format off
static const struct route routes[] = {
    {METHOD_GET, "/api/orgs/{org_id}/plugins/{plugin_id}/files",           ORG_READ, BODY_NONE, 0, files,      "The files of a version, with their sizes"},
    {METHOD_GET, "/api/orgs/{org_id}/plugins/{plugin_id}/files/{path...}", ORG_READ, BODY_NONE, 0, file,       "One file of a version"},
    {METHOD_GET, "/api/orgs/{org_id}/plugins/{plugin_id}/diff",            ORG_READ, BODY_NONE, 0, difference, "What another version has otherwise: files, lines, settings, dependencies"},
    {METHOD_GET, "/api/orgs/{org_id}/plugins/{plugin_id}/downloads",       ORG_READ, BODY_NONE, 0, downloads,  "How often a version was downloaded, by day"},
    {METHOD_GET, "/api/admin/plugins/{plugin_id}/files",                   SYS_READ, BODY_NONE, 0, files,      "The files of a system version, with their sizes"},
    {METHOD_GET, "/api/admin/plugins/{plugin_id}/files/{path...}",         SYS_READ, BODY_NONE, 0, file,       "One file of a system version"},
    {METHOD_GET, "/api/admin/plugins/{plugin_id}/diff",                    SYS_READ, BODY_NONE, 0, difference, "What another system version has otherwise"},
    {METHOD_GET, "/api/admin/plugins/{plugin_id}/downloads",               SYS_READ, BODY_NONE, 0, downloads,  "How often a system version was downloaded, by day"},
};
// clang-format on

const struct route_table contents_api_table = {"contents_api", routes,
                                               sizeof routes / sizeof *routes};

/* True when the client has the answer already; it is the same for ever. */
static bool is_known(struct ctx *ctx, struct call *call, const char *etag)
{
    if (etag == NULL) {
        (void)ctx_no_memory(ctx);
        return false;
    }
    reply_field(call->reply, "Cache-Control", "private, max-age=31536000, immutable");
    call->reply->cacheable = true;
    return reply_etag(call->reply, call->req, etag);
}

/* ------------------------------------------------------------------ files */

static enum err files(struct ctx *ctx, struct call *call)
{
    struct plugin p;
    struct content_file *list;
    size_t count;
    struct jw j;
    enum err err = subject_visible(ctx, call, &p);
    if (err != OK || is_known(ctx, call, str_printf(ctx->arena, "\"%s-files\"", p.sha256)))
        return err;
    if ((err = contents_files(ctx, api_domain(call), &p, &list, &count)) != OK)
        return err;
    uint64_t total = 0;
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "id", p.id);
    jw_put_str(&j, "version", p.version);
    jw_key(&j, "files");
    jw_array(&j);
    for (size_t i = 0; i < count; i++) {
        total += list[i].size;
        jw_object(&j);
        jw_put_text(&j, "name", list[i].name);
        jw_put_int(&j, "size", (int64_t)list[i].size);
        jw_end(&j);
    }
    jw_end(&j);
    jw_put_int(&j, "total_bytes", (int64_t)total);
    jw_end(&j);
    return OK;
}

static const char *type_of(struct slice content)
{
    if (slice_starts(content, "\x89PNG\r\n\x1a\n"))
        return "image/png";
    bool is_text = slice_is_utf8(content) && (!content.n || !memchr(content.p, '\0', content.n));
    return is_text ? "text/plain; charset=utf-8" : "application/octet-stream";
}

static enum err file(struct ctx *ctx, struct call *call)
{
    struct plugin p;
    struct slice name = call_param(call, "path"), content;
    unsigned char sum[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    enum err err = subject_visible(ctx, call, &p);
    if (err == OK && name.n > NAME_MAX_BYTES)
        err = ctx_fail_field(ctx, ERR_UNPROCESSABLE, "path", "The path is longer than %d bytes",
                             NAME_MAX_BYTES);
    if (err != OK)
        return err;
    crypto_sha256(name, sum);
    crypto_hex(sum, 8, hex);
    if ((err = contents_file(ctx, api_domain(call), &p, name, &content)) != OK)
        return err; /* before the ETag: "*" does not make a file that is not there */
    if (is_known(ctx, call, str_printf(ctx->arena, "\"%s-%s\"", p.sha256, hex)))
        return OK;
    reply_field(call->reply, "Content-Security-Policy", "default-src 'none'; sandbox");
    reply_still(call->reply, type_of(content), content); /* stands in the arena until it is sent */
    return ctx->fault.err;
}

/* ------------------------------------------------------------------ two versions */

static void write_side(struct jw *j, const char *key, const struct plugin *p)
{
    jw_key(j, key);
    jw_object(j);
    jw_put_str(j, "id", p->id);
    jw_put_str(j, "version", p->version);
    jw_put_str(j, "sha256", p->sha256);
    jw_end(j);
}

/* Is the value, as canonical JSON, an item of the array? */
static bool has_item(const struct jr *array, const struct jr *value, struct buf *a, struct buf *b)
{
    buf_clear(a);
    jr_copy(value, a);
    for (size_t i = 0; i < jr_count(array); i++) {
        buf_clear(b);
        jr_copy(jr_item(array, i), b);
        struct slice x = buf_view(a), y = buf_view(b);
        if (x.n == y.n && memcmp(x.p, y.p, x.n) == 0)
            return true;
    }
    return false;
}

/* Items of `list` that `other` has not, as an array. */
static void write_missing(struct jw *j, const char *key, const struct jr *list,
                          const struct jr *other, struct buf *a, struct buf *b)
{
    jw_key(j, key);
    jw_array(j);
    for (size_t i = 0; i < jr_count(list); i++)
        if (!has_item(other, jr_item(list, i), a, b))
            jw_raw(j, buf_view(a));
    jw_end(j);
}

/* {"removed": [...], "added": [...]} of two JSON arrays; one that changed stands in both. */
static enum err write_items(struct ctx *ctx, struct jw *j, const char *key, struct slice from,
                            struct slice to)
{
    const struct jr *old, *new;
    struct buf a, b;
    enum err err = jr_parse(ctx, from.n ? from : SLICE("[]"), &old);
    if (err == OK)
        err = jr_parse(ctx, to.n ? to : SLICE("[]"), &new);
    if (err != OK)
        return err;
    buf_init(&a, ctx->arena, 1 << 20);
    buf_init(&b, ctx->arena, 1 << 20);
    jw_key(j, key);
    jw_object(j);
    write_missing(j, "removed", old, new, &a, &b);
    write_missing(j, "added", new, old, &a, &b);
    jw_end(j);
    return buf_failed(&a) || buf_failed(&b) ? ctx_no_memory(ctx) : OK;
}

static void write_lines(struct jw *j, const struct content_difference *f, const struct stretch *s,
                        size_t from, size_t count)
{
    static const char *const sign[] = {
        [LINES_EQUAL] = " ", [LINES_REMOVED] = "-", [LINES_ADDED] = "+"};
    bool is_new = s->op == LINES_ADDED;
    for (size_t i = from; i < from + count; i++) {
        size_t old_line = s->from + i, new_line = s->to + i;
        jw_array(j);
        jw_str(j, sign[s->op]);
        if (s->op == LINES_ADDED)
            jw_null(j);
        else
            jw_int(j, (int64_t)old_line + 1);
        if (s->op == LINES_REMOVED)
            jw_null(j);
        else
            jw_int(j, (int64_t)new_line + 1);
        jw_text(j, is_new ? f->new_lines.line[new_line] : f->old_lines.line[old_line]);
        jw_end(j);
    }
}

/* Lines as [sign, old number, new number, text]; of what is equal only what stands next to a change,
 * and null for what is left out between. */
static void write_text(struct jw *j, const struct content_difference *f)
{
    jw_key(j, "lines");
    jw_array(j);
    for (size_t i = 0; i < f->stretch_count; i++) {
        const struct stretch *s = &f->stretches[i];
        size_t head = i ? CONTEXT_LINES : 0, tail = i + 1 < f->stretch_count ? CONTEXT_LINES : 0;
        if (s->op != LINES_EQUAL || s->count <= head + tail) {
            write_lines(j, f, s, 0, s->count);
            continue;
        }
        write_lines(j, f, s, 0, head);
        jw_null(j);
        write_lines(j, f, s, s->count - tail, tail);
    }
    jw_end(j);
}

static void write_files(struct jw *j, const struct content_difference *list, size_t count)
{
    static const char *const word[] = {
        [CONTENT_ADDED] = "added", [CONTENT_REMOVED] = "removed", [CONTENT_CHANGED] = "changed"};
    jw_key(j, "files");
    jw_array(j);
    for (size_t i = 0; i < count; i++) {
        const struct content_difference *f = &list[i];
        jw_object(j);
        jw_put_text(j, "name", f->name);
        jw_put_str(j, "change", word[f->change]);
        jw_put_int(j, "old_size", (int64_t)f->old_size);
        jw_put_int(j, "new_size", (int64_t)f->new_size);
        if (f->has_text)
            write_text(j, f);
        else
            jw_put_str(j, "lines", NULL);
        jw_end(j);
    }
    jw_end(j);
}

/* ?with= names the version to compare with: what it has is "new", what the path names is "old". */
static enum err find_both(struct ctx *ctx, const struct call *call, struct plugin *from,
                          struct plugin *to)
{
    struct slice with = SLICE_NONE;
    struct subject s;
    enum err err = subject_read(ctx, call, &s);
    if (err == OK)
        err = catalog_get_visible(ctx, api_domain(call), s.org_id, s.plugin_id, from);
    if (err != OK)
        return err;
    if (!request_query(ctx, call->req, "with", &with) || with.n == 0)
        return ctx->fault.err != OK ? ctx->fault.err
                                    : ctx_fail_field(ctx, ERR_UNPROCESSABLE, "with",
                                                     "Parameter 'with' is missing: the id of the "
                                                     "version to compare with");
    const char *id = slice_dup(ctx->arena, with);
    if (id == NULL)
        return ctx_no_memory(ctx);
    return catalog_get_visible(ctx, api_domain(call), s.org_id, id, to);
}

static enum err difference(struct ctx *ctx, struct call *call)
{
    struct plugin from, to;
    struct content_difference *list;
    size_t count;
    struct jw j;
    enum err err = find_both(ctx, call, &from, &to);
    if (err != OK)
        return err;
    if (is_known(ctx, call, str_printf(ctx->arena, "\"%.32s-%.32s\"", from.sha256, to.sha256)))
        return OK;
    if ((err = contents_compare(ctx, api_domain(call), &from, &to, &list, &count)) != OK)
        return err;
    reply_json(call->reply, &j);
    jw_object(&j);
    write_side(&j, "old", &from);
    write_side(&j, "new", &to);
    write_files(&j, list, count);
    err = write_items(ctx, &j, "settings", from.settings_schema, to.settings_schema);
    if (err == OK)
        err = write_items(ctx, &j, "dependencies", from.dependencies, to.dependencies);
    if (err == OK)
        err = write_items(ctx, &j, "capabilities", from.capabilities, to.capabilities);
    if (err == OK)
        err = write_items(ctx, &j, "tools", from.tools, to.tools);
    jw_end(&j);
    return err;
}

/* ------------------------------------------------------------------ downloads */

static enum err downloads(struct ctx *ctx, struct call *call)
{
    struct plugin p;
    struct jw j;
    int64_t days = 30, *counts, total;
    enum err err = subject_visible(ctx, call, &p);
    if (err == OK)
        err = request_query_int(ctx, call->req, "days", 1, DOWNLOAD_DAYS, &days);
    if (err == OK)
        err = downloads_by_day(ctx, api_domain(call), p.id, (size_t)days, &counts, &total);
    if (err != OK)
        return err;
    const int64_t day_ms = 24LL * 3600 * 1000;
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_int(&j, "total", total);
    jw_key(&j, "days");
    jw_array(&j);
    for (int64_t i = 0; i < days; i++) {
        jw_object(&j);
        jw_put_time(&j, "day", (ctx->now / day_ms - days + 1 + i) * day_ms);
        jw_put_int(&j, "count", counts[i]);
        jw_end(&j);
    }
    jw_end(&j);
    jw_end(&j);
    return OK;
}
