/*
 * zip_layout.h - the structure of an archive: end records, directory, local records.
 *
 * Three steps that zip.c takes one after the other. Each notes what it finds; the first two answer
 * false when there is nothing left to read.
 */
#ifndef LARDER_PACKAGE_ZIP_LAYOUT_H
#define LARDER_PACKAGE_ZIP_LAYOUT_H

#include "package/zip.h"
#include "package/zip_rules.h"

struct zip_end {
    uint64_t members;
    uint64_t directory;      /* where it begins */
    uint64_t directory_size; /* it ends where the end records begin */
};

struct zip_entry {
    struct zip_member member;
    uint64_t offset; /* of the local record */
    uint16_t flags;
    uint8_t needs; /* version needed to extract, times ten */
    uint32_t attributes;
};

bool zip_layout_end(struct findings *f, struct slice bytes, struct zip_end *out);

/* Fills entries[end->members]. */
bool zip_layout_directory(struct findings *f, struct slice bytes, const struct zip_end *end,
                          struct zip_entry *entries);

/* Sorts the entries by offset, compares each with its local record and sets member.data. */
void zip_layout_records(struct findings *f, struct slice bytes, const struct zip_end *end,
                        struct zip_entry *entries);

#endif
