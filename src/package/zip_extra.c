/*
 * zip_extra.c - extra fields: a list of (kind, length, content) that must end exactly.
 *
 * ZIP64 by the book holds only the values that do not fit the record, in a fixed order. Some honest
 * writers put all of them there in any case; that is legal here as long as every value is true.
 */
#include "package/zip_extra.h"

#include <string.h>
#include <zlib.h>

#include "package/zip_format.h"

bool zip_extra_read(struct findings *f, struct slice member, struct slice raw,
                    struct zip_extra *out)
{
    *out = (struct zip_extra){0};
    while (raw.n > 0) {
        size_t len = raw.n >= 4 ? zip_u16(raw.p + 2) : 0;
        if (raw.n < 4 || raw.n - 4 < len) {
            zip_broken(f, ZIP_EXTRA, member, "the extra fields do not end where they say");
            return false;
        }
        uint16_t kind = zip_u16(raw.p);
        struct slice *slot = kind == ZIP_EXTRA_ZIP64          ? &out->zip64
                             : kind == ZIP_EXTRA_UNICODE_PATH ? &out->unicode_path
                                                              : NULL;
        if (slot && slot->p) {
            zip_broken(f, ZIP_EXTRA, member, "extra field 0x%04x stands twice", kind);
            return false;
        }
        if (slot)
            *slot = slice_sub(raw, 4, 4 + len);
        raw = slice_sub(raw, 4 + len, raw.n);
    }
    return true;
}

void zip_extra_check_path(struct findings *f, struct slice member, const struct zip_extra *extra)
{
    struct slice path = extra->unicode_path;
    if (path.p == NULL)
        return;
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)member.p, (uInt)member.n);
    if (path.n < 5 || path.p[0] != 1 || zip_u32(path.p + 1) != crc ||
        !slice_eq(slice_sub(path, 5, path.n), member))
        zip_broken(f, ZIP_UNICODE_PATH, member, "the Unicode path field gives another name");
}

struct cursor {
    struct slice rest;
    bool ok;
};

static uint64_t take(struct cursor *c, size_t n)
{
    if (c->rest.n < n) {
        c->ok = false;
        return 0;
    }
    uint64_t v = n == 8 ? zip_u64(c->rest.p) : zip_u32(c->rest.p);
    c->rest = slice_sub(c->rest, n, c->rest.n);
    return v;
}

/* All values in order, as many as there are: 16 bytes, 24 or 28. */
static bool says_all(struct slice field, const struct zip_wide *v)
{
    bool known = field.n == 16 || (v->has_offset && (field.n == 24 || field.n == 28));
    if (!known || zip_u64(field.p) != v->size || zip_u64(field.p + 8) != v->packed)
        return false;
    return (field.n < 24 || zip_u64(field.p + 16) == v->offset) &&
           (field.n < 28 || zip_u32(field.p + 24) == v->disk);
}

bool zip_extra_widen(struct findings *f, struct slice member, const struct zip_extra *extra,
                     struct zip_wide *v)
{
    struct cursor c = {extra->zip64, true};
    if (v->size == ZIP_FULL32)
        v->size = take(&c, 8);
    if (v->packed == ZIP_FULL32)
        v->packed = take(&c, 8);
    if (v->has_offset && v->offset == ZIP_FULL32)
        v->offset = take(&c, 8);
    if (v->has_offset && v->disk == ZIP_FULL16)
        v->disk = (uint32_t)take(&c, 4);
    if (c.ok && (c.rest.n == 0 || says_all(extra->zip64, v)))
        return true;
    zip_broken(f, ZIP_ZIP64, member, "the ZIP64 field is missing, too short or not true");
    return false;
}
