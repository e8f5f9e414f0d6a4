/*
 * scan.h - what the code of a package touches, as findings for people.
 *
 * Six families: the network, other processes, files, code made at run time, code that hides itself,
 * secrets left in the source. Found statically in every .py file, so a finding says "this is
 * there", and none says "this is safe". Whether a family refuses an upload is a setting, not known
 * here.
 */
#ifndef LARDER_PACKAGE_SCAN_H
#define LARDER_PACKAGE_SCAN_H

#include "package/findings.h"

enum scan_family {
    SCAN_NETWORK,
    SCAN_PROCESS,
    SCAN_FILES,
    SCAN_DYNAMIC,
    SCAN_OBFUSCATION,
    SCAN_SECRET,
    SCAN_FAMILIES
};

struct py_scan; /* package/pyread.h */

/* The name of a family as rules ("code.network") and the setting write it. */
const char *scan_family_name(enum scan_family family);

/* "network,process": the bits of the families; "" and "off" are none. False for an unknown name,
 * then *bad is that name. */
bool scan_families(struct slice list, unsigned *bits, struct slice *bad);

/* Into found[family]: imports, calls and text of all files. */
void scan_code(const struct py_scan *scan, struct findings found[SCAN_FAMILIES]);

/* One file's text alone: what hides itself, and secrets. */
void scan_text(const char *file, struct slice text, struct findings found[SCAN_FAMILIES]);

#endif
