/*
 * zip_layout.c - one file, one reading.
 *
 * A reader may start at the end (most do), at the beginning (streaming ones), or trust either of
 * the two copies of each header. An archive passes only when all of these see the same members:
 * the records fill the file from the first byte to the directory without gap or overlap, the
 * directory ends where the end record begins, the end record ends the file, and the copies agree.
 *
 * All arithmetic is on 64-bit values that were compared with the file's length before.
 */
#include "package/zip_layout.h"

#include <stdlib.h>
#include <string.h>

#include "package/zip_extra.h"
#include "package/zip_format.h"

enum { COMMENT_MAX = 65535 };

/* True when an end record with a comment that reaches exactly the end of the file stands at `at`. */
static bool ends_here(struct slice bytes, size_t at)
{
    return bytes.n - at >= ZIP_END_SIZE && zip_u32(bytes.p + at) == ZIP_END_MARK &&
           zip_u16(bytes.p + at + 20) == bytes.n - at - ZIP_END_SIZE;
}

/* The end record: the last mark in the file, and the only one that could be an end. */
static bool find_end(struct findings *f, struct slice bytes, size_t *out)
{
    size_t from = bytes.n > ZIP_END_SIZE + COMMENT_MAX ? bytes.n - ZIP_END_SIZE - COMMENT_MAX : 0;
    static const char mark[] = "PK\5\6";
    size_t last = bytes.n, ends = 0;
    for (size_t at = from; at < bytes.n; at++) {
        const char *p = memchr(bytes.p + at, 'P', bytes.n - at);
        if (p == NULL)
            break;
        at = (size_t)(p - bytes.p);
        if (bytes.n - at < sizeof mark - 1 || memcmp(p, mark, sizeof mark - 1) != 0)
            continue;
        last = at;
        ends += ends_here(bytes, at);
    }
    if (ends > 1)
        zip_broken(f, ZIP_END_RECORD, SLICE_NONE, "the archive has two end records");
    else if (ends == 0)
        zip_broken(f, ZIP_END_RECORD, SLICE_NONE,
                   "the archive has no end record at its end: it is cut off, or bytes follow it");
    else if (!ends_here(bytes, last))
        zip_broken(f, ZIP_END_RECORD, SLICE_NONE,
                   "the archive's comment holds the mark of an end record");
    *out = last;
    return ends == 1 && ends_here(bytes, last);
}

struct end_values {
    uint64_t disk, directory_disk, members_here, members, size, offset;
};

static struct end_values read_end(const char *p)
{
    return (struct end_values){zip_u16(p + 4),  zip_u16(p + 6),  zip_u16(p + 8),
                               zip_u16(p + 10), zip_u32(p + 12), zip_u32(p + 16)};
}

/* A plain value is true when it equals the wide one or says "full". */
static bool agrees(uint64_t plain, uint64_t full, uint64_t wide)
{
    return plain == wide || plain == full;
}

/*
 * The ZIP64 end record and its locator, when the locator stands right before the end record.
 * *at moves to where the end records begin.
 */
static bool widen_end(struct findings *f, struct slice bytes, size_t *at, struct end_values *v)
{
    size_t end = *at;
    if (end < ZIP_LOCATOR_SIZE || zip_u32(bytes.p + end - ZIP_LOCATOR_SIZE) != ZIP_LOCATOR_MARK)
        return true;
    const char *locator = bytes.p + end - ZIP_LOCATOR_SIZE;
    size_t both = ZIP_LOCATOR_SIZE + ZIP_END64_SIZE;
    const char *p = end >= both ? bytes.p + end - both : NULL;
    bool framed = p && zip_u32(p) == ZIP_END64_MARK && zip_u64(p + 4) == ZIP_END64_SIZE - 12 &&
                  zip_u32(locator + 4) == 0 && zip_u64(locator + 8) == end - both &&
                  zip_u32(locator + 16) == 1;
    if (!framed) {
        zip_broken(f, ZIP_ZIP64, SLICE_NONE, "the ZIP64 end record is not where its locator says");
        return false;
    }
    struct end_values wide = {zip_u32(p + 16), zip_u32(p + 20), zip_u64(p + 24),
                              zip_u64(p + 32), zip_u64(p + 40), zip_u64(p + 48)};
    if (!agrees(v->disk, ZIP_FULL16, wide.disk) ||
        !agrees(v->directory_disk, ZIP_FULL16, wide.directory_disk) ||
        !agrees(v->members_here, ZIP_FULL16, wide.members_here) ||
        !agrees(v->members, ZIP_FULL16, wide.members) || !agrees(v->size, ZIP_FULL32, wide.size) ||
        !agrees(v->offset, ZIP_FULL32, wide.offset)) {
        zip_broken(f, ZIP_ZIP64, SLICE_NONE, "the ZIP64 end record and the plain one disagree");
        return false;
    }
    *v = wide;
    *at = end - both;
    return true;
}

bool zip_layout_end(struct findings *f, struct slice bytes, struct zip_end *out)
{
    size_t at;
    if (!find_end(f, bytes, &at))
        return false;
    struct end_values v = read_end(bytes.p + at);
    if (!widen_end(f, bytes, &at, &v))
        return false;
    if (v.disk != 0 || v.directory_disk != 0 || v.members_here != v.members) {
        zip_broken(f, ZIP_DISKS, SLICE_NONE, "the archive is one part of several");
        return false;
    }
    if (v.size > at || v.offset > at || v.offset + v.size != at) {
        zip_broken(f, v.offset + v.size < at ? ZIP_GAP : ZIP_DIRECTORY, SLICE_NONE,
                   "the directory does not lie right before the end record");
        return false;
    }
    if (v.members > v.size / ZIP_CENTRAL_SIZE) {
        zip_broken(f, ZIP_DIRECTORY, SLICE_NONE, "the directory is too short for its members");
        return false;
    }
    *out = (struct zip_end){v.members, v.offset, v.size};
    return true;
}

/* One entry of the directory at the front of *rest. */
static bool read_entry(struct findings *f, struct slice *rest, struct zip_entry *entry)
{
    const char *p = rest->p;
    size_t name_n = 0, extra_n = 0, comment_n = 0;
    bool whole = rest->n >= ZIP_CENTRAL_SIZE && zip_u32(p) == ZIP_CENTRAL_MARK;
    if (whole) {
        name_n = zip_u16(p + 28);
        extra_n = zip_u16(p + 30);
        comment_n = zip_u16(p + 32);
        whole = rest->n - ZIP_CENTRAL_SIZE >= name_n + extra_n + comment_n;
    }
    if (!whole) {
        zip_broken(f, ZIP_DIRECTORY, SLICE_NONE, "the directory holds something else than members");
        return false;
    }
    struct slice name = {p + ZIP_CENTRAL_SIZE, name_n};
    struct slice raw = {name.p + name_n, extra_n};
    struct zip_extra extra;
    struct zip_wide v = {zip_u32(p + 24), zip_u32(p + 20), zip_u32(p + 42), zip_u16(p + 34), true};
    if (!zip_extra_read(f, name, raw, &extra) || !zip_extra_widen(f, name, &extra, &v))
        return false;
    zip_extra_check_path(f, name, &extra);
    if (v.disk != 0)
        zip_broken(f, ZIP_DISKS, name, "the member lies in another part of the archive");
    entry->member = (struct zip_member){.name = name,
                                        .size = v.size,
                                        .packed = v.packed,
                                        .crc = zip_u32(p + 16),
                                        .method = zip_u16(p + 10),
                                        .is_folder = slice_ends(name, "/")};
    entry->offset = v.offset;
    entry->flags = zip_u16(p + 8);
    entry->needs = (uint8_t)p[6];
    entry->attributes = zip_u32(p + 38);
    *rest = slice_sub(*rest, ZIP_CENTRAL_SIZE + name_n + extra_n + comment_n, rest->n);
    return true;
}

bool zip_layout_directory(struct findings *f, struct slice bytes, const struct zip_end *end,
                          struct zip_entry *entries)
{
    struct slice rest = {bytes.p + end->directory, end->directory_size};
    for (uint64_t i = 0; i < end->members; i++)
        if (!read_entry(f, &rest, &entries[i]))
            return false;
    if (rest.n > 0)
        zip_broken(f, ZIP_DIRECTORY, SLICE_NONE,
                   "the directory holds more than the %llu members it counts",
                   (unsigned long long)end->members);
    return rest.n == 0;
}

/* What a local record says, its ZIP64 field applied. */
struct local {
    struct zip_wide v;
    uint32_t crc;
    uint16_t flags;
    bool is_wide; /* has a ZIP64 field, so its descriptor has 64-bit sizes */
    uint64_t data;
};

static bool read_local(struct findings *f, struct slice bytes, uint64_t limit,
                       const struct zip_entry *entry, struct local *out)
{
    struct slice name = entry->member.name;
    const char *p = bytes.p + entry->offset;
    uint64_t room = limit - entry->offset; /* the caller saw that offset < limit */
    if (room < ZIP_LOCAL_SIZE || zip_u32(p) != ZIP_LOCAL_MARK ||
        room - ZIP_LOCAL_SIZE < (uint64_t)zip_u16(p + 26) + zip_u16(p + 28)) {
        zip_broken(f, ZIP_RECORD, name, "there is no record where the directory says");
        return false;
    }
    struct slice local_name = {p + ZIP_LOCAL_SIZE, zip_u16(p + 26)};
    struct slice raw = {local_name.p + local_name.n, zip_u16(p + 28)};
    out->flags = zip_u16(p + 6);
    out->crc = zip_u32(p + 14);
    out->v = (struct zip_wide){.size = zip_u32(p + 22), .packed = zip_u32(p + 18)};
    out->data = entry->offset + ZIP_LOCAL_SIZE + local_name.n + raw.n;
    if (!slice_eq(local_name, name)) {
        zip_broken(f, ZIP_MISMATCH, name, "the record and the directory give different names");
        return false;
    }
    struct zip_extra extra;
    if (!zip_extra_read(f, name, raw, &extra) || !zip_extra_widen(f, name, &extra, &out->v))
        return false;
    zip_extra_check_path(f, name, &extra);
    out->is_wide = extra.zip64.p != NULL;
    if (zip_u16(p + 8) == entry->member.method &&
        (out->flags | ZIP_FLAG_DESCRIPTOR) == (entry->flags | ZIP_FLAG_DESCRIPTOR))
        return true;
    zip_broken(f, ZIP_MISMATCH, name,
               "the record and the directory give different methods or flags");
    return false;
}

/* Sizes and CRC: equal, or, where a descriptor follows, all left open. */
static bool sizes_agree(struct findings *f, const struct zip_entry *entry,
                        const struct local *local)
{
    const struct zip_member *m = &entry->member;
    bool equal = local->v.size == m->size && local->v.packed == m->packed && local->crc == m->crc;
    if (equal)
        return true;
    bool open = local->v.size == 0 && local->v.packed == 0 && local->crc == 0;
    if (!(local->flags & ZIP_FLAG_DESCRIPTOR) || !open) {
        zip_broken(f, ZIP_MISMATCH, m->name,
                   "the record and the directory give different sizes or checksums");
        return false;
    }
    if (m->method != ZIP_STORED)
        return true;
    /* Without a size in front, a streaming reader cannot tell where stored bytes end. */
    zip_broken(f, ZIP_DESCRIPTOR, m->name,
               "the member is stored without its size in front of it, so its end cannot be known");
    return false;
}

static bool descriptor_says(const char *p, bool is_wide, const struct zip_member *m)
{
    uint64_t packed = is_wide ? zip_u64(p + 4) : zip_u32(p + 4);
    uint64_t size = is_wide ? zip_u64(p + 12) : zip_u32(p + 8);
    return zip_u32(p) == m->crc && packed == m->packed && size == m->size;
}

/* The descriptor behind the data at `at`: its length, 0 when there is no true one. */
static uint64_t descriptor_size(struct slice bytes, uint64_t at, uint64_t limit, bool is_wide,
                                const struct zip_member *m)
{
    uint64_t n = is_wide ? 20 : 12;
    const char *p = bytes.p + at;
    uint64_t room = limit - at;
    if (room >= n + 4 && zip_u32(p) == ZIP_DESCRIPTOR_MARK && descriptor_says(p + 4, is_wide, m))
        return n + 4;
    /* The mark may be left out; a CRC that looks like the mark would then be read in two ways. */
    if (room >= n && m->crc != ZIP_DESCRIPTOR_MARK && descriptor_says(p, is_wide, m))
        return n;
    return 0;
}

/* Judges one record; answers where the next one must begin, 0 when that is not known. */
static uint64_t check_record(struct findings *f, struct slice bytes, uint64_t limit,
                             struct zip_entry *entry)
{
    struct zip_member *m = &entry->member;
    struct local local;
    if (!read_local(f, bytes, limit, entry, &local) || !sizes_agree(f, entry, &local))
        return 0;
    if (m->packed > limit - local.data) {
        zip_broken(f, ZIP_OVERLAP, m->name, "the member's data reach into the directory");
        return 0;
    }
    m->data = (struct slice){bytes.p + local.data, m->packed};
    uint64_t stop = local.data + m->packed;
    if (!(local.flags & ZIP_FLAG_DESCRIPTOR))
        return stop;
    uint64_t n = descriptor_size(bytes, stop, limit, local.is_wide, m);
    if (n > 0)
        return stop + n;
    zip_broken(f, ZIP_DESCRIPTOR, m->name, "no true descriptor follows the member's data");
    return 0;
}

static int by_offset(const void *left, const void *right)
{
    const struct zip_entry *a = left, *b = right;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

void zip_layout_records(struct findings *f, struct slice bytes, const struct zip_end *end,
                        struct zip_entry *entries)
{
    qsort(entries, end->members, sizeof *entries, by_offset);
    uint64_t next = 0;
    bool known = true;
    for (uint64_t i = 0; i < end->members; i++) {
        struct zip_entry *entry = &entries[i];
        struct slice name = entry->member.name;
        if (entry->offset >= end->directory) {
            zip_broken(f, ZIP_RECORD, name, "the record is said to lie beyond the directory");
            return;
        }
        if (known && entry->offset > next)
            zip_broken(f, ZIP_GAP, name, "unused bytes stand before the member");
        if (known && entry->offset < next)
            zip_broken(f, ZIP_OVERLAP, name, "the member lies over another one");
        next = check_record(f, bytes, end->directory, entry);
        known = next > 0;
    }
    if (known && next != end->directory)
        zip_broken(f, ZIP_GAP, SLICE_NONE, "unused bytes stand before the directory");
}
