/*
 * tar.c - heads of 512 bytes, content padded to 512, two blocks of zeros at the end.
 *
 * The layout is POSIX ustar. What the reader refuses is a failure of the archive, ERR_CORRUPT, with
 * the member named.
 */
#include "cli/tar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* POSIX.1-1988 ustar; all numbers are octal text. */
struct head {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
    char link[100], magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155];
    char pad[12];
};
_Static_assert(sizeof(struct head) == TAR_BLOCK, "a head is one block");

enum { TAIL_MAX = 1 << 20 }; /* zeros behind the end: tar programs pad to their block size */

static enum err put(struct ctx *ctx, const struct tar_writer *w, const void *p, size_t n)
{
    const char *at = p;
    if (w->sink)
        return n ? w->sink(ctx, w->arg, (struct slice){p, n}) : OK;
    while (n > 0) {
        ssize_t done = write(w->fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return ctx_fail_errno(ctx, errno, "writing the archive");
        at += done;
        n -= (size_t)done;
    }
    return OK;
}

/* Reads n bytes, or fewer at the end of the file. */
static enum err get(struct ctx *ctx, int fd, void *p, size_t n, size_t *got)
{
    char *at = p;
    *got = 0;
    while (*got < n) {
        ssize_t done = read(fd, at + *got, n - *got);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return ctx_fail_errno(ctx, errno, "reading the archive");
        if (done == 0)
            break;
        *got += (size_t)done;
    }
    return OK;
}

static size_t padding(int64_t size)
{
    return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

/* The sum of all bytes of the head, its own field read as blanks. */
static unsigned checksum(const struct head *h)
{
    unsigned char bytes[TAR_BLOCK];
    unsigned sum = 0;
    memcpy(bytes, h, sizeof bytes);
    memset(bytes + offsetof(struct head, checksum), ' ', sizeof h->checksum);
    for (size_t i = 0; i < sizeof bytes; i++)
        sum += bytes[i];
    return sum;
}

static void octal(char *field, size_t size, uint64_t value)
{
    field[--size] = '\0';
    while (size > 0) {
        field[--size] = (char)('0' + (value & 7));
        value >>= 3;
    }
}

/* Digits to a NUL or blank; the whole field is looked at. */
static bool from_octal(const char *field, size_t size, int64_t *out)
{
    size_t i = 0;
    *out = 0;
    for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
        *out = *out * 8 + (field[i] - '0');
    if (i == 0 || i == size)
        return false;
    for (; i < size; i++)
        if (field[i] != '\0' && field[i] != ' ')
            return false;
    return true;
}

void tar_writer_init(struct tar_writer *w, int fd)
{
    *w = (struct tar_writer){.fd = fd};
}

static enum err close_member(struct ctx *ctx, struct tar_writer *w)
{
    static const char zeros[TAR_BLOCK];
    if (w->left != 0)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "a member of the archive was not written whole");
    size_t pad = padding(w->size);
    w->size = 0;
    return put(ctx, w, zeros, pad);
}

enum err tar_member(struct ctx *ctx, struct tar_writer *w, const char *name, int64_t size,
                    int64_t mtime_s)
{
    struct head h = {.type = '0', .magic = "ustar"};
    size_t n = strlen(name);
    if (n == 0 || n >= sizeof h.name)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "the name %s does not fit an archive", name);
    if (size < 0 || size > TAR_SIZE_MAX)
        return ctx_fail(ctx, ERR_TOO_LARGE, "%s is larger than the 8 GiB that an archive can hold",
                        name);
    enum err err = close_member(ctx, w);
    if (err != OK)
        return err;
    memcpy(h.name, name, n);
    memcpy(h.version, "00", 2);
    octal(h.mode, sizeof h.mode, 0600);
    octal(h.uid, sizeof h.uid, 0);
    octal(h.gid, sizeof h.gid, 0);
    octal(h.size, sizeof h.size, (uint64_t)size);
    octal(h.mtime, sizeof h.mtime, mtime_s > 0 && mtime_s <= TAR_SIZE_MAX ? (uint64_t)mtime_s : 0);
    octal(h.major, sizeof h.major, 0);
    octal(h.minor, sizeof h.minor, 0);
    octal(h.checksum, 7, checksum(&h)); /* six digits, NUL, blank: as everybody writes it */
    h.checksum[7] = ' ';
    w->size = w->left = size;
    return put(ctx, w, &h, sizeof h);
}

enum err tar_write(struct ctx *ctx, struct tar_writer *w, struct slice bytes)
{
    if ((int64_t)bytes.n > w->left)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "a member grew while it was archived");
    w->left -= (int64_t)bytes.n;
    return put(ctx, w, bytes.p, bytes.n);
}

enum err tar_finish(struct ctx *ctx, struct tar_writer *w)
{
    static const char zeros[2 * TAR_BLOCK];
    enum err err = close_member(ctx, w);
    return err == OK ? put(ctx, w, zeros, sizeof zeros) : err;
}

void tar_reader_init(struct tar_reader *r, int fd)
{
    *r = (struct tar_reader){.fd = fd};
}

static bool all_zero(const void *p, size_t n)
{
    const char *at = p;
    for (size_t i = 0; i < n; i++)
        if (at[i])
            return false;
    return true;
}

static enum err skip(struct ctx *ctx, struct tar_reader *r)
{
    char block[8192];
    size_t got = 1;
    while (r->left > 0 && got > 0) {
        enum err err = tar_read(ctx, r, block, sizeof block, &got);
        if (err != OK)
            return err;
    }
    size_t pad = padding(r->size);
    enum err err = get(ctx, r->fd, block, pad, &got);
    if (err != OK)
        return err;
    if (got != pad || !all_zero(block, got))
        return ctx_fail(ctx, ERR_CORRUPT, "The archive is damaged behind %s", r->name);
    return OK;
}

static enum err check_end(struct ctx *ctx, struct tar_reader *r)
{
    char block[TAR_BLOCK];
    size_t got = 1, seen = 0;
    for (; got > 0 && seen <= TAIL_MAX; seen += got) {
        enum err err = get(ctx, r->fd, block, sizeof block, &got);
        if (err != OK)
            return err;
        if (!all_zero(block, got))
            return ctx_fail(ctx, ERR_CORRUPT, "The archive goes on behind its end");
    }
    if (seen < TAR_BLOCK || seen > TAIL_MAX)
        return ctx_fail(ctx, ERR_CORRUPT, "The archive does not end as an archive ends");
    return OK;
}

/* NULL when the head is one that our writer could have made, else what is wrong with it. */
static const char *wrong_head(const struct head *h, int64_t *size)
{
    int64_t sum;
    size_t n = strnlen(h->name, sizeof h->name);
    if (memcmp(h->magic, "ustar", 6) != 0 || memcmp(h->version, "00", 2) != 0)
        return "is not a ustar archive";
    if (!from_octal(h->checksum, sizeof h->checksum, &sum) || sum != (int64_t)checksum(h))
        return "has a head with a wrong checksum";
    if (h->type != '0')
        return "holds something that is not a regular file";
    if (n == 0 || n == sizeof h->name || !all_zero(h->name + n, sizeof h->name - n))
        return "holds a member whose name is not well formed";
    if (!all_zero(h->prefix, sizeof h->prefix) || !all_zero(h->link, sizeof h->link))
        return "holds a member with a second name";
    if (!from_octal(h->size, sizeof h->size, size))
        return "holds a member whose size is not a number";
    return NULL;
}

enum err tar_next(struct ctx *ctx, struct tar_reader *r, bool *end)
{
    struct head h;
    size_t got;
    *end = false;
    enum err err = skip(ctx, r);
    if (err == OK)
        err = get(ctx, r->fd, &h, sizeof h, &got);
    if (err != OK)
        return err;
    if (got != sizeof h)
        return ctx_fail(ctx, ERR_CORRUPT, "The archive is cut short");
    if (all_zero(&h, sizeof h)) {
        *end = true;
        r->size = r->left = 0;
        return check_end(ctx, r);
    }
    int64_t size = 0;
    const char *wrong = wrong_head(&h, &size);
    if (wrong)
        return ctx_fail(ctx, ERR_CORRUPT, "The archive %s", wrong);
    memcpy(r->name, h.name, sizeof h.name);
    r->name[TAR_NAME - 1] = '\0';
    r->size = r->left = size;
    return OK;
}

enum err tar_read(struct ctx *ctx, struct tar_reader *r, void *p, size_t n, size_t *got)
{
    if ((int64_t)n > r->left)
        n = (size_t)r->left;
    enum err err = get(ctx, r->fd, p, n, got);
    if (err != OK)
        return err;
    if (*got != n)
        return ctx_fail(ctx, ERR_CORRUPT, "The archive is cut short in %s", r->name);
    r->left -= (int64_t)n;
    return OK;
}
