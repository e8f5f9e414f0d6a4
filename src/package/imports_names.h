/*
 * imports_names.h - which distributions a module may come from.
 */
#ifndef LARDER_PACKAGE_IMPORTS_NAMES_H
#define LARDER_PACKAGE_IMPORTS_NAMES_H

#include <stdbool.h>

#include "base/str.h"

/* True when the distribution `key` (as PEP 503 compares names) offers the module "google.cloud". */
bool import_comes_with(struct slice module, struct slice key);

/* True when installing `key` brings the module along by way of its own dependencies. */
bool import_is_brought_by(struct slice module, struct slice key);

/* The distribution to declare for a module, as a requirement names it; the module itself where
 * nothing else is known. */
struct slice import_distribution(struct slice module);

#endif
