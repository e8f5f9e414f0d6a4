/*
 * zip_names.h - which names a member may have, and when two names are one.
 *
 * The one home of libutf8proc. A name that passes is safe to show, safe below any folder and the
 * same on every file system; nothing here opens a file.
 */
#ifndef LARDER_PACKAGE_ZIP_NAMES_H
#define LARDER_PACKAGE_ZIP_NAMES_H

#include "package/zip.h"
#include "package/zip_rules.h"

/* Notes at most one broken rule of a name; is_utf8 tells whether the archive marks it as such. */
void zip_name_check(struct findings *f, struct slice name, bool is_utf8,
                    const struct zip_limits *limits);

/* True for what zip tools and Python leave behind: __MACOSX/, ._*, .DS_Store, __pycache__/, *.pyc */
bool zip_name_is_ignored(struct slice name);

/* Notes names that are equal, equal after case folding and NFC, or both file and folder. */
void zip_names_collide(struct findings *f, const struct zip_member *members, size_t count);

#endif
