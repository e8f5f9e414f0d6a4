/*
 * zip.c - opening an archive: structure first (zip_layout.c), then each member, then all names.
 *
 * Findings are gathered over the whole archive; only what makes reading on impossible (no end
 * record, a directory that is none, too many members) ends the search early.
 */
#include "package/zip.h"

#include <stdlib.h>
#include <string.h>

#include "package/zip_format.h"
#include "package/zip_layout.h"
#include "package/zip_names.h"
#include "package/zip_read.h"

const struct zip_limits zip_limits_cadence = {
    .members = 2000,
    .unpacked = 50u << 20,
    .member = 20u << 20,
    .ratio = 200,
    .ratio_from = 1u << 20,
    .name = 255,
    .depth = 20,
};

/* APPNOTE 4.4.3: nothing that stored and deflate need is newer than ZIP64 (4.5); Python reads up to
 * 6.3 and refuses what asks for more. */
enum { VERSION_MAX = 63 };

enum {
    TYPE_MASK = 0xF000, /* st_mode, in the upper half of the attributes */
    TYPE_REGULAR = 0x8000,
    TYPE_FOLDER = 0x4000,
    TYPE_LINK = 0xA000,
    DOS_FOLDER = 0x0010,
    DOS_REPARSE = 0x0400 /* how Windows tools store a link */
};

bool zip_has_extension(struct slice file_name)
{
    return file_name.n >= 4 &&
           slice_is_nocase(slice_sub(file_name, file_name.n - 4, file_name.n), ".zip");
}

bool zip_has_magic(struct slice bytes)
{
    return bytes.n >= 4 && zip_u32(bytes.p) == ZIP_LOCAL_MARK;
}

static void check_packing(struct findings *f, const struct zip_entry *e)
{
    const struct zip_member *m = &e->member;
    const unsigned legal = ZIP_FLAG_LEVEL | ZIP_FLAG_DESCRIPTOR | ZIP_FLAG_UTF8;
    if (e->flags & ZIP_FLAG_ENCRYPTED)
        zip_broken(f, ZIP_ENCRYPTED, m->name, "the member is encrypted");
    else if (e->flags & ~legal)
        zip_broken(f, ZIP_FLAGS, m->name, "the member has flags 0x%04x that are not understood",
                   e->flags & ~legal);
    if (m->method != ZIP_STORED && m->method != ZIP_DEFLATED)
        zip_broken(f, ZIP_METHOD, m->name, "the member is packed with method %u; 0 and 8 are read",
                   m->method);
    else if (m->method == ZIP_STORED && m->size != m->packed)
        zip_broken(f, ZIP_STORED_SIZE, m->name, "the member is stored, yet has two sizes");
    if (e->needs > VERSION_MAX)
        zip_broken(f, ZIP_VERSION, m->name, "the member asks for ZIP version %u.%u", e->needs / 10,
                   e->needs % 10);
}

static void check_size(struct findings *f, const struct zip_member *m,
                       const struct zip_limits *limits)
{
    if (m->size > limits->member)
        zip_broken(f, ZIP_MEMBER_SIZE, m->name,
                   "the member has %llu bytes unpacked, more than %llu",
                   (unsigned long long)m->size, (unsigned long long)limits->member);
    /* Divided, not multiplied: a product could overflow. */
    else if (m->size > limits->ratio_from && m->size / limits->ratio >= m->packed &&
             m->size > m->packed * limits->ratio)
        zip_broken(f, ZIP_RATIO, m->name, "the member unpacks to more than %llu times its size",
                   (unsigned long long)limits->ratio);
}

static void check_type(struct findings *f, const struct zip_entry *e)
{
    const struct zip_member *m = &e->member;
    unsigned type = (e->attributes >> 16) & TYPE_MASK;
    bool says_folder = type == TYPE_FOLDER || (e->attributes & DOS_FOLDER);
    if (type == TYPE_LINK || (e->attributes & DOS_REPARSE))
        zip_broken(f, ZIP_LINK, m->name, "the member is a link");
    else if (type != 0 && type != TYPE_REGULAR && type != TYPE_FOLDER)
        zip_broken(f, ZIP_FILE_TYPE, m->name, "the member is neither a file nor a folder");
    else if (m->is_folder ? type == TYPE_REGULAR : says_folder)
        zip_broken(f, ZIP_FILE_TYPE, m->name,
                   "the member's name and its type disagree about whether it is a folder");
    else if (m->is_folder && m->size > 0)
        zip_broken(f, ZIP_FOLDER_DATA, m->name, "a folder holds bytes of its own");
}

static void check_entries(struct findings *f, const struct zip_entry *entries, size_t count,
                          const struct zip_limits *limits)
{
    uint64_t unpacked = 0;
    for (size_t i = 0; i < count; i++) {
        const struct zip_entry *e = &entries[i];
        check_packing(f, e);
        check_size(f, &e->member, limits);
        check_type(f, e);
        zip_name_check(f, e->member.name, (e->flags & ZIP_FLAG_UTF8) != 0, limits);
        if (__builtin_add_overflow(unpacked, e->member.size, &unpacked))
            unpacked = UINT64_MAX;
    }
    if (unpacked > limits->unpacked)
        zip_broken(f, ZIP_UNPACKED, SLICE_NONE, "the archive unpacks to %llu bytes, more than %llu",
                   (unsigned long long)unpacked, (unsigned long long)limits->unpacked);
}

static int compare_names(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static int by_name(const void *left, const void *right)
{
    const struct zip_member *a = left, *b = right;
    return compare_names(a->name, b->name);
}

/* The one folder above everything that counts, with its '/'; empty when there is none. */
static struct slice wrapper(const struct zip_member *members, size_t count)
{
    struct slice root = SLICE("");
    for (size_t i = 0; i < count; i++) {
        if (members[i].is_ignored)
            continue;
        struct slice name = members[i].name;
        size_t slash = slice_find(name, '/');
        if (slash == name.n)
            return SLICE("");
        struct slice top = slice_sub(name, 0, slash + 1);
        if (root.n > 0 && !slice_eq(root, top))
            return SLICE("");
        root = top;
    }
    return root;
}

static enum err build(struct ctx *ctx, struct slice bytes, const struct zip_entry *entries,
                      size_t count, struct findings *f, struct zip **out)
{
    struct zip *zip = arena_alloc(ctx->arena, sizeof *zip);
    struct zip_member *members = arena_array(ctx->arena, count, sizeof *members);
    if (zip == NULL || members == NULL)
        return ctx_no_memory(ctx);
    *zip = (struct zip){.bytes = bytes, .members = members, .count = count};
    zip->inflater = zip_inflater_new(ctx->arena);
    if (zip->inflater == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < count; i++) {
        members[i] = entries[i].member;
        members[i].is_ignored = zip_name_is_ignored(members[i].name);
        zip->unpacked += members[i].size;
    }
    qsort(members, count, sizeof *members, by_name);
    zip_names_collide(f, members, count);
    zip->root = wrapper(members, count);
    *out = zip;
    return findings_end(f);
}

enum err zip_open(struct ctx *ctx, struct slice bytes, const struct zip_limits *limits,
                  struct zip **out)
{
    struct findings f;
    struct zip_end end;
    findings_init(&f, ctx);
    if (!zip_has_magic(bytes)) {
        zip_broken(&f, ZIP_MAGIC, SLICE_NONE,
                   "the file does not begin as a ZIP archive with a member");
        return findings_end(&f);
    }
    if (!zip_layout_end(&f, bytes, &end))
        return findings_end(&f);
    if (end.members == 0 || end.members > limits->members) {
        zip_broken(&f, ZIP_MEMBERS, SLICE_NONE, "the archive has %llu members; 1 to %zu are read",
                   (unsigned long long)end.members, limits->members);
        return findings_end(&f);
    }
    struct zip_entry *entries = arena_array(ctx->arena, end.members, sizeof *entries);
    if (entries == NULL)
        return ctx_no_memory(ctx);
    if (!zip_layout_directory(&f, bytes, &end, entries))
        return findings_end(&f);
    zip_layout_records(&f, bytes, &end, entries);
    check_entries(&f, entries, end.members, limits);
    return build(ctx, bytes, entries, end.members, &f, out);
}

/* Where `prefix` + `name` stands among the sorted members, or NULL. */
static const struct zip_member *find(const struct zip *zip, struct slice prefix, struct slice name)
{
    size_t low = 0, high = zip->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        struct slice have = zip->members[mid].name;
        int c = compare_names(slice_sub(have, 0, prefix.n), prefix);
        if (c == 0)
            c = compare_names(slice_sub(have, prefix.n, have.n), name);
        if (c == 0)
            return &zip->members[mid];
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const struct zip_member *zip_find(const struct zip *zip, struct slice name)
{
    return find(zip, SLICE(""), name);
}

const struct zip_member *zip_find_below_root(const struct zip *zip, struct slice name)
{
    return find(zip, zip->root, name);
}

struct slice zip_name_below_root(const struct zip *zip, const struct zip_member *member)
{
    bool below = member->name.n >= zip->root.n && zip->root.n > 0 &&
                 memcmp(member->name.p, zip->root.p, zip->root.n) == 0;
    return below ? slice_sub(member->name, zip->root.n, member->name.n) : member->name;
}
