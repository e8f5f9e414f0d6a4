/*
 * zip_extra.h - the extra fields of a record: ZIP64 sizes and the Unicode path.
 *
 * Only these two can change how an archive is read, so only these are looked into; each may stand
 * once in a record and must say what the record says.
 */
#ifndef LARDER_PACKAGE_ZIP_EXTRA_H
#define LARDER_PACKAGE_ZIP_EXTRA_H

#include "package/zip_rules.h"

struct zip_extra {
    struct slice zip64; /* content of the field, p NULL = none */
    struct slice unicode_path;
};

/* Walks the fields of one record; notes what is malformed or doubled and answers false. */
bool zip_extra_read(struct findings *f, struct slice member, struct slice raw,
                    struct zip_extra *out);

/* Notes a Unicode path that is not the name. */
void zip_extra_check_path(struct findings *f, struct slice member, const struct zip_extra *extra);

/* The values of a record that may stand in the ZIP64 field instead, in the field's order. */
struct zip_wide {
    uint64_t size, packed, offset;
    uint32_t disk;
    bool has_offset; /* false in local records, which have neither offset nor disk */
};

/*
 * Puts the true values where the record only says "full". Answers false, and notes it, where one is
 * missing, or where the field says more than is asked and does not agree.
 */
bool zip_extra_widen(struct findings *f, struct slice member, const struct zip_extra *extra,
                     struct zip_wide *values);

#endif
