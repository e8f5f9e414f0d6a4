/*
 * pyread_guard.h - whether an import may fail, or may not run, without harm.
 */
#ifndef LARDER_PACKAGE_PYREAD_GUARD_H
#define LARDER_PACKAGE_PYREAD_GUARD_H

#include "package/pyread_tree.h"

/* What imports below this statement stand under: an if, a loop, a try, a match or a with. */
enum py_guard py_guard_of(struct py_reader *r, const struct py_module *m, TSNode node);

#endif
