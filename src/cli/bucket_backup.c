/*
 * bucket_backup.c - parts out, parts back.
 *
 * A part is 16 MiB at most and is all that is in memory; nothing of the archive touches the disk
 * on the way out. A part that was not answered is put again, which is the same as once.
 */
#include "cli/bucket_backup.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/archive.h"
#include "cli/sealed.h"

enum {
    PART_MEMORY = 64 << 20,
    PARTS_MAX = 100000,  /* 1.6 TB */
    LIST_MAX = 16 << 20, /* of backup.json */
    STAMP_TEXT = 20,     /* with NUL */
    TRIES = 6,
    WAIT_MAX_MS = 30000,
    SLICE_MS = 100
};

struct part {
    int64_t size;
    char sha256[SHA256_HEX];
};

struct parts {
    struct part *at;
    size_t count;
};

bool bucket_backup_key(const char *text, unsigned char key[SEAL_KEY])
{
    return crypto_unhex(slice_of(text), key, SEAL_KEY);
}

static enum err refused(struct ctx *ctx, const struct s3_answer *a)
{
    enum err err = a->end == S3_ABSENT                           ? ERR_NOT_FOUND
                   : a->end == S3_BAD_KEY || a->end == S3_DENIED ? ERR_FORBIDDEN
                   : a->end == S3_DAMAGED                        ? ERR_CORRUPT
                   : a->end == S3_BUSY || a->end == S3_UNKNOWN   ? ERR_BUSY
                                                                 : ERR_IO;
    return ctx_fail(ctx, err, "The object store: %s", a->message);
}

static const char *key_of(struct ctx *ctx, const char *node, const char *stamp, const char *name)
{
    return str_printf(ctx->arena, "backup/%s/%s/%s", node, stamp, name);
}

static const char *part_key(struct ctx *ctx, const char *node, const char *stamp, size_t number)
{
    return str_printf(ctx->arena, "backup/%s/%s/part-%05zu", node, stamp, number);
}

/* ---- out ---- */

struct upload {
    const struct bucket_backup_options *o;
    char stamp[STAMP_TEXT];
    struct parts parts;
    struct arena *arena; /* of the list of parts */
    struct sealed_writer *sealed;
};

static bool cancelled(const struct upload *u)
{
    return u->o->cancel && atomic_load(u->o->cancel);
}

/* A random share of the wait that doubles each time, or what the server asks for. */
static void wait_a_while(const struct upload *u, int tries, int retry_after)
{
    uint32_t dice;
    crypto_random(&dice, sizeof dice);
    int ms = (int)(dice % (500U << tries)) + retry_after * 1000;
    for (int left = ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS; left > 0 && !cancelled(u);
         left -= SLICE_MS)
        (void)poll(NULL, 0, left < SLICE_MS ? left : SLICE_MS);
}

static enum err put_object(struct ctx *ctx, const struct upload *u, const char *key,
                           struct slice bytes)
{
    struct s3_answer a;
    for (int tries = 0;; tries++) {
        enum err err = s3_put(ctx, u->o->s3, key, bytes, false, &a);
        if (err != OK || a.end == S3_OK)
            return err;
        bool again = a.end == S3_BUSY || a.end == S3_UNKNOWN || a.end == S3_DAMAGED;
        if (!again || tries + 1 == TRIES || cancelled(u))
            return refused(ctx, &a);
        wait_a_while(u, tries, a.retry_after);
    }
}

static enum err note_part(struct ctx *ctx, struct upload *u, struct slice bytes)
{
    unsigned char sum[SHA256_BYTES];
    if (u->parts.count == PARTS_MAX)
        return ctx_fail(ctx, ERR_TOO_LARGE, "The backup has more than %d parts", PARTS_MAX);
    if ((u->parts.count & (u->parts.count - 1)) == 0) { /* full at every power of two */
        size_t room = u->parts.count ? 2 * u->parts.count : 1;
        struct part *more = arena_array(u->arena, room, sizeof *more);
        if (more == NULL)
            return ctx_no_memory(ctx);
        if (u->parts.count)
            memcpy(more, u->parts.at, u->parts.count * sizeof *more);
        u->parts.at = more;
    }
    struct part *part = &u->parts.at[u->parts.count++];
    part->size = (int64_t)bytes.n;
    crypto_sha256(bytes, sum);
    crypto_hex(sum, sizeof sum, part->sha256);
    return OK;
}

/* A part has memory of its own for the time it takes: there may be thousands. */
static enum err send_part(struct ctx *ctx, void *arg, struct slice bytes)
{
    struct upload *u = arg;
    struct arena arena;
    struct ctx own = *ctx;
    enum err err = note_part(ctx, u, bytes);
    if (err != OK)
        return err;
    arena_init(&arena, PART_MEMORY);
    own.arena = &arena;
    const char *key = part_key(&own, u->o->node, u->stamp, u->parts.count);
    err = key ? put_object(&own, u, key, bytes) : ctx_no_memory(&own);
    ctx->fault = own.fault;
    arena_free(&arena);
    return err;
}

static enum err seal_bytes(struct ctx *ctx, void *arg, struct slice bytes)
{
    struct upload *u = arg;
    return sealed_write(ctx, u->sealed, bytes);
}

static enum err send_archive(struct ctx *ctx, struct upload *u, struct archive *a)
{
    struct tar_writer w;
    enum err err = sealed_writer_new(ctx, u->o->key, send_part, u, &u->sealed);
    if (err != OK)
        return err;
    tar_writer_init(&w, -1);
    w.sink = seal_bytes;
    w.arg = u;
    err = archive_write(a, &w);
    if (err == OK)
        err = sealed_finish(ctx, u->sealed);
    sealed_writer_free(u->sealed);
    return err;
}

static enum err send_list(struct ctx *ctx, const struct upload *u, const struct archive *a)
{
    struct buf b;
    struct jw j;
    buf_init(&b, ctx->arena, LIST_MAX);
    jw_start(&j, &b);
    jw_object(&j);
    jw_put_int(&j, "format", 1);
    jw_put_str(&j, "program", LARDER_VERSION);
    jw_put_time(&j, "created_at", a->list.created_at);
    jw_put_int(&j, "files", (int64_t)a->list.count);
    jw_put_int(&j, "bytes", a->bytes);
    jw_put_bool(&j, "sealed", u->o->key != NULL);
    jw_key(&j, "parts");
    jw_array(&j);
    for (size_t i = 0; i < u->parts.count; i++) {
        jw_object(&j);
        jw_put_int(&j, "size", u->parts.at[i].size);
        jw_put_str(&j, "sha256", u->parts.at[i].sha256);
        jw_end(&j);
    }
    jw_end(&j);
    jw_end(&j);
    const char *key = key_of(ctx, u->o->node, u->stamp, "backup.json");
    if (!jw_done(&j) || key == NULL)
        return ctx_no_memory(ctx);
    return put_object(ctx, u, key, buf_view(&b));
}

/* ---- what is there ---- */

/* "20261121T084124123Z": sorts by time. */
static void write_stamp(int64_t wall_ms, char stamp[STAMP_TEXT])
{
    char text[CLOCK_TEXT];
    const char *t = clock_format(wall_ms, text);
    (void)snprintf(stamp, STAMP_TEXT, "%.4s%.2s%.2sT%.2s%.2s%.2s%.3sZ", t, t + 5, t + 8, t + 11,
                   t + 14, t + 17, t + 20);
}

static bool is_stamp(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (i == 8 ? s.p[i] != 'T' : i == 18 ? s.p[i] != 'Z' : s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n == STAMP_TEXT - 1;
}

/* "backup/<node>/<stamp>/<name>" */
static bool split_key(const char *key, struct slice *node, struct slice *stamp, struct slice *name)
{
    struct slice rest = slice_of(key), first;
    return slice_split(&rest, '/', &first) && slice_is(first, "backup") &&
           slice_split(&rest, '/', node) && crypto_is_uuid(*node) &&
           slice_split(&rest, '/', stamp) && is_stamp(*stamp) && slice_split(&rest, '/', name) &&
           rest.n == 0;
}

/* Keys below one prefix, in the arena. */
struct found {
    struct ctx *ctx;
    const char **keys;
    size_t count, room;
};

static enum err keep_key(void *arg, const struct s3_object *object)
{
    struct found *f = arg;
    struct slice node, stamp, name;
    if (!split_key(object->key, &node, &stamp, &name))
        return OK; /* somebody else's, such as Litestream's */
    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : 64;
        const char **more = arena_array(f->ctx->arena, f->room, sizeof *more);
        if (more == NULL)
            return ctx_no_memory(f->ctx);
        if (f->count)
            memcpy(more, f->keys, f->count * sizeof *more);
        f->keys = more;
    }
    f->keys[f->count] = slice_dup(f->ctx->arena, slice_of(object->key));
    return f->keys[f->count++] ? OK : ctx_no_memory(f->ctx);
}

static enum err find_keys(struct ctx *ctx, struct s3 *s3, const char *prefix, struct found *out)
{
    struct s3_answer a;
    bool more;
    *out = (struct found){.ctx = ctx};
    enum err err = s3_list(ctx, s3, prefix, NULL, 0, keep_key, out, &more, &a);
    return err == OK && a.end != S3_OK ? refused(ctx, &a) : err;
}

/* Deletes what is older than the newest `keep` that are whole; halves of older ones go with them. */
static enum err thin_out(struct ctx *ctx, const struct bucket_backup_options *o, int *removed)
{
    struct found f;
    struct slice node, stamp, name, oldest = SLICE_NONE;
    const char *prefix = str_printf(ctx->arena, "backup/%s/", o->node);
    enum err err = prefix ? find_keys(ctx, o->s3, prefix, &f) : ctx_no_memory(ctx);
    int whole = 0;
    *removed = 0;
    for (size_t i = err == OK ? f.count : 0; i > 0 && whole < o->keep; i--)
        if (split_key(f.keys[i - 1], &node, &stamp, &name) && slice_is(name, "backup.json")) {
            oldest = stamp;
            whole++;
        }
    for (size_t i = 0; err == OK && oldest.p && whole == o->keep && i < f.count; i++) {
        struct s3_answer a;
        if (!split_key(f.keys[i], &node, &stamp, &name) || memcmp(stamp.p, oldest.p, oldest.n) >= 0)
            break;
        err = s3_delete(ctx, o->s3, f.keys[i], &a);
        if (err == OK && a.end != S3_OK)
            return OK; /* the key may lack the right to delete; the next one tries again */
        *removed += slice_is(name, "backup.json");
    }
    return err;
}

enum err bucket_backup_put(struct ctx *ctx, const struct bucket_backup_options *options,
                           struct bucket_backup *out, int *removed)
{
    struct upload u = {.o = options, .arena = ctx->arena};
    struct archive a;
    write_stamp(clock_wall_ms(ctx->clock), u.stamp);
    enum err err = archive_open(ctx, options->data, options->with_key, &a);
    if (err == OK)
        err = send_archive(ctx, &u, &a);
    if (err == OK)
        err = send_list(ctx, &u, &a);
    archive_close(&a);
    if (err != OK)
        return err;
    *out = (struct bucket_backup){.node = options->node,
                                  .stamp = slice_dup(ctx->arena, slice_of(u.stamp)),
                                  .created_at = a.list.created_at,
                                  .files = (int64_t)a.list.count,
                                  .bytes = a.bytes,
                                  .sealed = options->key != NULL,
                                  .parts = u.parts.count};
    return out->stamp ? thin_out(ctx, options, removed) : ctx_no_memory(ctx);
}

/* ---- back ---- */

static enum err read_part(struct ctx *ctx, const struct jr *v, struct part *out)
{
    struct slice sha256;
    unsigned char sum[SHA256_BYTES];
    enum err err = jr_get_int(ctx, v, "size", true, 1, SEALED_PART, &out->size);
    if (err == OK)
        err = jr_get_str(ctx, v, "sha256", true, SHA256_HEX - 1, &sha256);
    if (err != OK)
        return err;
    if (!crypto_unhex(sha256, sum, sizeof sum))
        return ctx_fail(ctx, ERR_CORRUPT, "sha256 is no hash");
    crypto_hex(sum, sizeof sum, out->sha256);
    return OK;
}

/* What stands in backup.json; `parts` may be NULL. Whoever may write the bucket may have made it. */
static enum err read_list(struct ctx *ctx, struct slice text, struct bucket_backup *out,
                          struct parts *parts)
{
    const struct jr *root;
    struct slice created = SLICE_NONE;
    int64_t version = 0;
    enum err err = jr_parse_object(ctx, text, &root);
    if (err == OK)
        err = jr_get_int(ctx, root, "format", true, 1, 1, &version);
    if (err == OK)
        err = jr_get_str(ctx, root, "created_at", true, CLOCK_TEXT, &created);
    if (err == OK)
        err = jr_get_int(ctx, root, "files", true, 1, BACKUP_FILES_MAX, &out->files);
    if (err == OK)
        err = jr_get_int(ctx, root, "bytes", true, 0, INT64_MAX, &out->bytes);
    if (err == OK)
        err = jr_get_bool(ctx, root, "sealed", true, &out->sealed);
    const struct jr *list = err == OK ? jr_member(root, "parts") : NULL;
    out->parts = jr_count(list);
    if (err != OK)
        return err;
    if (list == NULL || jr_kind(list) != JR_ARRAY || out->parts == 0 || out->parts > PARTS_MAX ||
        !clock_parse(created, &out->created_at))
        return ctx_fail(ctx, ERR_CORRUPT, "it names no parts, or no time");
    if (parts == NULL)
        return OK;
    *parts = (struct parts){arena_array(ctx->arena, out->parts, sizeof *parts->at), out->parts};
    if (parts->at == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < parts->count && err == OK; i++)
        err = read_part(ctx, jr_item(list, i), &parts->at[i]);
    return err;
}

static enum err get_list(struct ctx *ctx, struct s3 *s3, const char *node, const char *stamp,
                         struct bucket_backup *out, struct parts *parts)
{
    const char *key = key_of(ctx, node, stamp, "backup.json");
    struct s3_answer a;
    struct slice text;
    *out = (struct bucket_backup){.node = node, .stamp = stamp};
    enum err err = key ? s3_get(ctx, s3, key, LIST_MAX, &text, &a) : ctx_no_memory(ctx);
    if (err == OK && a.end == S3_ABSENT)
        return ctx_fail(ctx, ERR_NOT_FOUND, "There is no backup %s/%s in the bucket", node, stamp);
    if (err == OK && a.end != S3_OK)
        return refused(ctx, &a);
    if (err == OK)
        err = read_list(ctx, text, out, parts);
    if (err == ERR_INVALID || err == ERR_UNPROCESSABLE || err == ERR_CORRUPT) {
        ctx_forgive(ctx);
        return ctx_fail(ctx, ERR_CORRUPT, "%s is not the list of a backup", key);
    }
    return err;
}

enum err bucket_backup_list(struct ctx *ctx, struct s3 *s3, struct bucket_backup **out,
                            size_t *count)
{
    struct found f;
    enum err err = find_keys(ctx, s3, "backup/", &f);
    if (err != OK)
        return err;
    *count = 0;
    *out = arena_array(ctx->arena, f.count + 1, sizeof **out);
    if (*out == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < f.count && err == OK; i++) {
        struct slice node, stamp, name;
        if (!split_key(f.keys[i], &node, &stamp, &name) || !slice_is(name, "backup.json"))
            continue;
        const char *n = slice_dup(ctx->arena, node), *s = slice_dup(ctx->arena, stamp);
        err = n && s ? get_list(ctx, s3, n, s, &(*out)[*count], NULL) : ctx_no_memory(ctx);
        *count += 1;
    }
    return err;
}

static enum err write_bytes(struct ctx *ctx, void *arg, struct slice bytes)
{
    const int *fd = arg;
    return file_write(*fd, bytes) == 0 ? OK : ctx_fail_errno(ctx, errno, "the fetched backup");
}

/* One part through the reader, in memory of its own. */
static enum err fetch_part(struct ctx *ctx, struct s3 *s3, const char *key, const struct part *part,
                           struct sealed_reader *reader)
{
    struct arena arena;
    struct ctx own = *ctx;
    struct s3_answer a;
    struct slice bytes;
    unsigned char sum[SHA256_BYTES];
    char hex[SHA256_HEX];
    arena_init(&arena, PART_MEMORY);
    own.arena = &arena;
    enum err err = s3_get(&own, s3, key, SEALED_PART, &bytes, &a);
    if (err == OK && a.end != S3_OK)
        err = refused(&own, &a);
    if (err == OK) {
        crypto_sha256(bytes, sum);
        crypto_hex(sum, sizeof sum, hex);
        if ((int64_t)bytes.n != part->size || strcmp(hex, part->sha256) != 0)
            err = ctx_fail(&own, ERR_CORRUPT, "%s is damaged or was changed", key);
    }
    if (err == OK)
        err = sealed_read(&own, reader, bytes);
    ctx->fault = own.fault;
    arena_free(&arena);
    return err;
}

enum err bucket_backup_fetch(struct ctx *ctx, struct s3 *s3, const char *node, const char *stamp,
                             const unsigned char *key, int fd)
{
    struct bucket_backup b;
    struct parts parts;
    struct sealed_reader *reader = NULL;
    enum err err = get_list(ctx, s3, node, stamp, &b, &parts);
    if (err == OK && b.sealed && key == NULL)
        return ctx_fail(ctx, ERR_INVALID,
                        "The backup is sealed: backup-s3-key-file must name the "
                        "file with its key");
    if (err == OK && !b.sealed && key)
        return ctx_fail(ctx, ERR_INVALID,
                        "The backup is not sealed, though a key is set: anybody who "
                        "may write the bucket can have made it. --unsealed takes "
                        "it all the same");
    if (err == OK)
        err = sealed_reader_new(ctx, key, write_bytes, &fd, &reader);
    for (size_t i = 0; err == OK && i < parts.count; i++) {
        const char *name = part_key(ctx, node, stamp, i + 1);
        err = name ? fetch_part(ctx, s3, name, &parts.at[i], reader) : ctx_no_memory(ctx);
    }
    if (err == OK)
        err = sealed_end(ctx, reader);
    sealed_reader_free(reader);
    return err;
}
