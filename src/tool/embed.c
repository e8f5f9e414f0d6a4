/*
 * embed.c - build time: turns files into the table behind `base/embedded.h`.
 *
 *   embed LIST OUTPUT      each line of LIST is "<name in the table>=<file>"
 *
 * The output depends on the names and the bytes only, never on dates, folders or the order of the
 * list, so that two builds are the same. In .html files "{{assets}}" becomes "/a/<fingerprint>";
 * the fingerprint is taken before, over all files below web/. It runs once per build on trusted
 * files: on any trouble it says so and ends, and it leaves its memory to the system.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/crypto.h"
#include "base/str.h"

enum { FILES_MAX = 512, FILE_BYTES_MAX = 16 << 20, FINGERPRINT = 12, ETAG = 32 };

struct file {
    struct slice name;
    struct slice path;
    struct slice plain;
    struct slice gzip;
    char hash[SHA256_HEX];
};

static const struct {
    const char *ending;
    const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".webmanifest", "application/manifest+json"},
    {".sql", "text/plain; charset=utf-8"},
    {".py", "text/plain; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".md", "text/markdown; charset=utf-8"},
};

static void die(const char *what, struct slice name)
{
    fprintf(stderr, "embed: %s: %.*s\n", what, SLICE_ARGS(name));
    exit(1);
}

static const char *type_of(struct slice name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (slice_ends(name, types[i].ending))
            return types[i].type;
    die("no media type is known for this ending (add it in src/tool/embed.c)", name);
    return NULL;
}

static struct slice read_file(struct slice path)
{
    char name[4096];
    if (path.n >= sizeof name)
        die("path is too long", path);
    memcpy(name, path.p, path.n);
    name[path.n] = '\0';
    FILE *f = fopen(name, "rb");
    if (f == NULL)
        die(strerror(errno), path);
    struct buf b;
    buf_init(&b, NULL, FILE_BYTES_MAX);
    char piece[65536];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(&b, piece, n);
    if (ferror(f) || buf_failed(&b))
        die("cannot be read, or is over 16 MiB", path);
    fclose(f);
    return buf_view(&b);
}

static size_t read_list(struct slice list, struct file *files)
{
    size_t count = 0;
    struct slice line;
    while (slice_split(&list, '\n', &line)) {
        if (line.n == 0)
            continue;
        if (count == FILES_MAX)
            die("more files than this tool has room for", line);
        struct file *f = &files[count++];
        if (!slice_split(&line, '=', &f->name) || line.n == 0)
            die("not a <name>=<file> row", line);
        f->path = line;
        f->plain = read_file(f->path);
    }
    return count;
}

static int by_name(const void *a, const void *b)
{
    struct slice x = ((const struct file *)a)->name;
    struct slice y = ((const struct file *)b)->name;
    int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return order != 0 ? order : (x.n > y.n) - (x.n < y.n);
}

/* Every part goes in with its length, so that no two sets of files read alike. */
static void hash_part(struct crypto_hash *h, struct slice s)
{
    unsigned char n[8];
    for (size_t i = 0; i < sizeof n; i++)
        n[i] = (unsigned char)(s.n >> (8 * i));
    crypto_hash_add(h, n, sizeof n);
    crypto_hash_add(h, s.p, s.n);
}

static void take_fingerprint(const struct file *files, size_t count, char out[SHA256_HEX])
{
    unsigned char sum[SHA256_BYTES];
    struct crypto_hash *h = crypto_hash_new();
    if (h == NULL)
        die("out of memory", SLICE_NONE);
    for (size_t i = 0; i < count; i++) {
        if (!slice_starts(files[i].name, "web/"))
            continue;
        hash_part(h, files[i].name);
        hash_part(h, files[i].plain);
    }
    crypto_hash_end(h, sum);
    crypto_hex(sum, sizeof sum, out);
    out[FINGERPRINT] = '\0';
}

static void name_assets(struct file *f, const char *fingerprint)
{
    static const char token[] = "{{assets}}";
    struct buf b;
    buf_init(&b, NULL, FILE_BYTES_MAX);
    struct slice rest = f->plain;
    while (rest.n > 0) {
        const char *at = memmem(rest.p, rest.n, token, sizeof token - 1);
        size_t before = at == NULL ? rest.n : (size_t)(at - rest.p);
        buf_add(&b, rest.p, before);
        rest = slice_sub(rest, before, rest.n);
        if (at != NULL) {
            buf_str(&b, "/a/");
            buf_str(&b, fingerprint);
            rest = slice_sub(rest, sizeof token - 1, rest.n);
        }
    }
    if (buf_failed(&b))
        die("too large once its assets are named", f->name);
    f->plain = buf_view(&b);
}

/* One gzip member with no name and mtime 0; left out where it would not be smaller, and for what
 * the program itself reads. */
static void pack(struct file *f)
{
    if (!slice_starts(f->name, "web/") || slice_ends(f->name, ".png") ||
        slice_ends(f->name, ".woff2"))
        return;
    z_stream z = {0};
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        die("zlib does not start", f->name);
    uLong room = deflateBound(&z, (uLong)f->plain.n);
    unsigned char *out = malloc(room);
    if (out == NULL)
        die("out of memory", f->name);
    /* zlib only reads through next_in, but its type does not say so. */
    memcpy(&z.next_in, &f->plain.p, sizeof z.next_in);
    z.avail_in = (uInt)f->plain.n;
    z.next_out = out;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        die("zlib does not finish", f->name);
    size_t n = room - z.avail_out;
    deflateEnd(&z);
    if (n < f->plain.n)
        f->gzip = (struct slice){(const char *)out, n};
    else
        free(out);
}

static void prepare(struct file *f, const char *fingerprint)
{
    unsigned char sum[SHA256_BYTES];
    if (slice_ends(f->name, ".html"))
        name_assets(f, fingerprint);
    crypto_sha256(f->plain, sum);
    crypto_hex(sum, sizeof sum, f->hash);
    f->hash[ETAG] = '\0';
    pack(f);
}

/* String literals compile many times faster than lists of numbers. */
static void write_bytes(struct buf *out, const char *kind, size_t i, struct slice s)
{
    buf_printf(out, "static const unsigned char %s_%zu[%zu] =\n\"", kind, i, s.n + 1);
    for (size_t k = 0; k < s.n; k++) {
        unsigned char c = (unsigned char)s.p[k];
        if (k > 0 && k % 64 == 0)
            buf_str(out, "\"\n\"");
        if (c < 32 || c > 126 || c == '"' || c == '\\' || c == '?')
            buf_printf(out, "\\%03o", c);
        else
            buf_char(out, (char)c);
    }
    buf_str(out, "\";\n");
}

static void write_table(struct buf *out, const struct file *files, size_t count,
                        const char *fingerprint)
{
    buf_str(out,
            "/* Written by src/tool/embed.c at build time. */\n#include \"base/embedded.h\"\n\n"
            "extern const struct embedded embedded_table[];\n"
            "extern const size_t embedded_table_count;\n"
            "extern const char embedded_table_fingerprint[];\n\n");
    for (size_t i = 0; i < count; i++) {
        bool packed = files[i].gzip.n > 0;
        write_bytes(out, packed ? "gzip" : "plain", i, packed ? files[i].gzip : files[i].plain);
    }
    buf_str(out, "const struct embedded embedded_table[] = {\n");
    for (size_t i = 0; i < count; i++) {
        const struct file *f = &files[i];
        buf_printf(out, "{\"%.*s\", \"%s\", \"\\\"%s\\\"\", ", SLICE_ARGS(f->name),
                   type_of(f->name), f->hash);
        if (f->gzip.n > 0)
            buf_printf(out, "gzip_%zu, %zu, NULL, %zu},\n", i, f->gzip.n, f->plain.n);
        else
            buf_printf(out, "NULL, 0, plain_%zu, %zu},\n", i, f->plain.n);
    }
    /* A closing row keeps the table legal C when there is no file at all; it is not counted. */
    buf_printf(out,
               "{NULL, NULL, NULL, NULL, 0, NULL, 0}};\n"
               "const size_t embedded_table_count = %zu;\n"
               "const char embedded_table_fingerprint[] = \"%s\";\n",
               count, fingerprint);
}

static void write_file(const char *path, const struct buf *b)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0)
        die(strerror(errno), slice_of(path));
}

int main(int argc, char **argv)
{
    static struct file files[FILES_MAX];
    char fingerprint[SHA256_HEX];
    struct buf out;
    if (argc != 3 || crypto_open() != OK)
        die("usage: embed LIST OUTPUT", SLICE_NONE);
    size_t count = read_list(read_file(slice_of(argv[1])), files);
    qsort(files, count, sizeof *files, by_name);
    for (size_t i = 1; i < count; i++)
        if (slice_eq(files[i].name, files[i - 1].name))
            die("two files have the same name in the table", files[i].name);
    take_fingerprint(files, count, fingerprint);
    for (size_t i = 0; i < count; i++)
        prepare(&files[i], fingerprint);
    buf_init(&out, NULL, (size_t)FILES_MAX * FILE_BYTES_MAX);
    write_table(&out, files, count, fingerprint);
    if (buf_failed(&out))
        die("out of memory", SLICE_NONE);
    write_file(argv[2], &out);
    return 0;
}
