/*
 * pyread_stdlib.h - the names of Python's standard library.
 */
#ifndef LARDER_PACKAGE_PYREAD_STDLIB_H
#define LARDER_PACKAGE_PYREAD_STDLIB_H

#include "base/str.h"

/* True for a top-level module of Python 3.11's standard library. */
bool py_is_stdlib(struct slice name);

#endif
