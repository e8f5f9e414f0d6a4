/*
 * assets.c - one answer from two sources.
 *
 * The binary's table holds each file once, packed where that is smaller, with its tag; a client that
 * accepts gzip gets the packed bytes from where they stand, the rare other one has them unpacked. A folder is read with openat, one path segment after the
 * other and never through a link, so that nothing outside of it can be named.
 */
#include "http/assets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/crypto.h"
#include "base/embedded.h"

enum { FILE_MAX = 8 << 20, PATH_TEXT = 512 };

struct assets {
    int folder; /* -1 = the binary */
    char prefix[64];
};

enum err assets_open(struct ctx *ctx, const char *folder, struct assets **out)
{
    struct assets *assets = calloc(1, sizeof *assets); /* freed by assets_close */
    if (assets == NULL)
        return ctx_no_memory(ctx);
    assets->folder = -1;
    if (folder) {
        assets->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (assets->folder < 0) {
            int why = errno;
            free(assets);
            return ctx_fail_field(ctx, ERR_INVALID, "web-dir", "Cannot open the folder %s: %s",
                                  folder, strerrordesc_np(why));
        }
    }
    (void)snprintf(assets->prefix, sizeof assets->prefix, "/a/%s",
                   folder ? "dev" : embedded_fingerprint());
    *out = assets;
    return OK;
}

void assets_close(struct assets *assets)
{
    if (assets == NULL)
        return;
    if (assets->folder >= 0)
        (void)close(assets->folder); /* it was only read from */
    free(assets);
}

const char *assets_prefix(const struct assets *assets)
{
    return assets->prefix;
}

/* ---- from the binary ---------------------------------------------------------------------------- */

/* "q=0", "q=0.0" and so on: not acceptable at all. */
static bool is_refused(struct slice q)
{
    if (!slice_starts(q, "q=0"))
        return false;
    for (size_t i = 3; i < q.n; i++)
        if (q.p[i] != '.' && q.p[i] != '0')
            return false;
    return true;
}

/* Named, or covered by "*", and not refused. */
static bool accepts_gzip(const struct request *req)
{
    struct slice rest = request_header(req, "Accept-Encoding"), one;
    bool star = false;
    while (slice_split(&rest, ',', &one)) {
        size_t at = slice_find(one, ';');
        struct slice coding = slice_trim(slice_sub(one, 0, at));
        bool fine = !is_refused(slice_trim(slice_sub(one, at + 1, one.n)));
        if (slice_is_nocase(coding, "gzip"))
            return fine;
        if (slice_is(coding, "*"))
            star = fine;
    }
    return star;
}

enum err assets_plain(struct ctx *ctx, const struct embedded *e, struct slice *out)
{
    if (e->plain) {
        *out = (struct slice){(const char *)e->plain, e->plain_size};
        return OK;
    }
    char *text = arena_alloc_raw(ctx->arena, e->plain_size + 1);
    z_stream z = {.zalloc = NULL};
    if (text == NULL || inflateInit2(&z, 15 + 16) != Z_OK)
        return ctx_no_memory(ctx);
    memcpy(&z.next_in, &e->gzip, sizeof z.next_in); /* only read, but the type does not say so */
    z.avail_in = (uInt)e->gzip_size;
    z.next_out = (unsigned char *)text;
    z.avail_out = (uInt)e->plain_size;
    bool whole = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0;
    (void)inflateEnd(&z);
    *out = (struct slice){text, e->plain_size};
    return whole ? OK : ctx_fail_cause(ctx, ERR_INTERNAL, "%s does not unpack", e->path);
}

static enum err answer_embedded(struct ctx *ctx, const struct request *req, struct reply *reply,
                                struct slice path)
{
    char name[PATH_TEXT];
    int n = snprintf(name, sizeof name, "web/%.*s", SLICE_ARGS(path));
    const struct embedded *e = n > 0 && (size_t)n < sizeof name ? embedded_find(name, (size_t)n)
                                                                : NULL;
    if (e == NULL || memchr(path.p, '\0', path.n) != NULL)
        return ctx_fail(ctx, ERR_NOT_FOUND, "There is nothing at this address");
    bool packed = e->gzip != NULL && accepts_gzip(req);
    struct slice plain;
    char tag[96];
    size_t len = strlen(e->etag);
    /* the packed bytes are another representation, so they have another tag */
    (void)snprintf(tag, sizeof tag, packed ? "%.*s-gz\"" : "%.*s\"", (int)(len - 1), e->etag);
    if (e->gzip)
        reply_field(reply, "Vary", "Accept-Encoding");
    if (reply_etag(reply, req, tag))
        return OK;
    if (packed) {
        reply_field(reply, "Content-Encoding", "gzip");
        reply_still(reply, e->type, (struct slice){(const char *)e->gzip, e->gzip_size});
        return OK;
    }
    enum err err = assets_plain(ctx, e, &plain);
    if (err == OK)
        reply_still(reply, e->type, plain);
    return err;
}

/* ---- from a folder -------------------------------------------------------------------------------- */

static const struct {
    const char *suffix, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
};

static const char *type_of(struct slice path)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (slice_ends(path, types[i].suffix))
            return types[i].type;
    return "application/octet-stream";
}

/* Opens a file below the folder; links are not followed, neither on the way nor at its end. */
static int open_below(int folder, struct slice path)
{
    struct slice part;
    int at = folder;
    while (slice_split(&path, '/', &part)) {
        char name[256];
        bool last = path.p == NULL;
        int next = -1;
        if (part.n > 0 && part.n < sizeof name && part.p[0] != '.' &&
            memchr(part.p, '\0', part.n) == NULL) {
            memcpy(name, part.p, part.n);
            name[part.n] = '\0';
            next = openat(at, name,
                          O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
                              (last ? 0 : O_DIRECTORY));
        }
        if (at != folder)
            (void)close(at); /* it was only read from */
        at = next;
        if (at < 0)
            return -1;
    }
    return at;
}

static bool read_file(int fd, struct buf *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
        return false;
    size_t size = (size_t)st.st_size;
    char *room = buf_room(out, size);
    for (size_t have = 0; room && have < size;) {
        ssize_t got = read(fd, room + have, size - have);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    buf_grown(out, size);
    return room != NULL;
}

/* A page names its assets by a token; everything else is sent as it is. */
static void fill_token(struct buf *out, struct slice text, const char *prefix)
{
    static const char token[] = "{{assets}}";
    const char *at;
    while ((at = memmem(text.p, text.n, token, sizeof token - 1)) != NULL) {
        size_t before = (size_t)(at - text.p);
        buf_add(out, text.p, before);
        buf_str(out, prefix);
        text = slice_sub(text, before + sizeof token - 1, text.n);
    }
    buf_slice(out, text);
}

static enum err answer_folder(struct ctx *ctx, const struct assets *assets,
                              const struct request *req, struct reply *reply, struct slice path)
{
    struct buf raw, text;
    unsigned char hash[SHA256_BYTES];
    char tag[SHA256_HEX + 2];
    buf_init(&raw, ctx->arena, FILE_MAX + 1);
    buf_init(&text, ctx->arena, 2 * FILE_MAX);
    int fd = open_below(assets->folder, path);
    bool good = fd >= 0 && read_file(fd, &raw);
    if (fd >= 0)
        (void)close(fd); /* it was only read from */
    if (!good)
        return ctx_fail(ctx, ERR_NOT_FOUND, "There is nothing at this address");
    if (slice_ends(path, ".html"))
        fill_token(&text, buf_view(&raw), assets->prefix);
    else
        text = raw;
    if (buf_failed(&text))
        return ctx_no_memory(ctx);
    crypto_sha256(buf_view(&text), hash);
    tag[0] = '"';
    crypto_hex(hash, 16, tag + 1);
    (void)snprintf(tag + 33, 2, "\"");
    if (!reply_etag(reply, req, tag))
        reply_still(reply, type_of(path), text.n ? buf_view(&text) : SLICE(""));
    return OK;
}

/* ---- both ------------------------------------------------------------------------------------------ */

static enum err answer(struct ctx *ctx, const struct assets *assets, const struct request *req,
                       struct reply *reply, struct slice path)
{
    return assets->folder >= 0 ? answer_folder(ctx, assets, req, reply, path)
                               : answer_embedded(ctx, req, reply, path);
}

enum err assets_page(struct ctx *ctx, const struct assets *assets, const struct request *req,
                     struct reply *reply, const char *path)
{
    reply_field(reply, "Cache-Control", "no-cache");
    return answer(ctx, assets, req, reply, slice_of(path));
}

enum err assets_file(struct ctx *ctx, const struct assets *assets, const struct request *req,
                     struct reply *reply, struct slice fingerprint, struct slice path)
{
    bool mine = assets->folder < 0 && slice_is(fingerprint, assets->prefix + 3);
    if (slice_ends(path, ".html")) /* pages have their own addresses, and are never kept */
        return ctx_fail(ctx, ERR_NOT_FOUND, "There is nothing at this address");
    reply_field(reply, "Cache-Control", mine ? "public, max-age=31536000, immutable" : "no-cache");
    return answer(ctx, assets, req, reply, path);
}
