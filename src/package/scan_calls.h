/*
 * scan_calls.h - the calls that say what a package touches.
 */
#ifndef LARDER_PACKAGE_SCAN_CALLS_H
#define LARDER_PACKAGE_SCAN_CALLS_H

#include "package/scan.h"

/* True when a call of something with this last name is worth a look. */
bool scan_call_is_wanted(struct slice last);

/* name: "os.system", "eval" of Python itself, ".write_text" of some object. False: nothing known. */
bool scan_call_family(struct slice name, enum scan_family *out);

#endif
