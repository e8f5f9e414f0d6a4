/*
 * zip_rules.h - the rules an archive must keep, each with its name and the way out.
 *
 * Names are stable: clients, tests and the documentation refer to them. The sentence is written
 * where the rule is applied, since it tells what was found.
 */
#ifndef LARDER_PACKAGE_ZIP_RULES_H
#define LARDER_PACKAGE_ZIP_RULES_H

#include "package/findings.h"

enum zip_rule {
    ZIP_FINE, /* no rule is broken */
    ZIP_MAGIC,
    ZIP_END_RECORD,
    ZIP_DISKS,
    ZIP_ZIP64,
    ZIP_DIRECTORY,
    ZIP_MEMBERS,
    ZIP_UNPACKED,
    ZIP_RECORD,
    ZIP_MISMATCH,
    ZIP_OVERLAP,
    ZIP_GAP,
    ZIP_DESCRIPTOR,
    ZIP_EXTRA,
    ZIP_UNICODE_PATH,
    ZIP_VERSION,
    ZIP_METHOD,
    ZIP_ENCRYPTED,
    ZIP_FLAGS,
    ZIP_STORED_SIZE,
    ZIP_MEMBER_SIZE,
    ZIP_RATIO,
    ZIP_LINK,
    ZIP_FILE_TYPE,
    ZIP_FOLDER_DATA,
    ZIP_NAME_EMPTY,
    ZIP_NAME_LENGTH,
    ZIP_NAME_DEPTH,
    ZIP_NAME_ENCODING,
    ZIP_NAME_CONTROL,
    ZIP_NAME_BACKSLASH,
    ZIP_NAME_COLON,
    ZIP_NAME_ABSOLUTE,
    ZIP_NAME_SEGMENT,
    ZIP_DUPLICATE,
    ZIP_COLLISION,
    ZIP_FILE_AND_FOLDER,
    ZIP_DEFLATE,
    ZIP_SIZE,
    ZIP_CRC,
    ZIP_RULE_COUNT
};

/* Notes that a rule is broken; member is its name as in the archive, or SLICE_NONE. */
void zip_broken(struct findings *f, enum zip_rule rule, struct slice member, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
