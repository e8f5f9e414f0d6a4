/*
 * pyread_body.h - following a short function to what it returns.
 */
#ifndef LARDER_PACKAGE_PYREAD_BODY_H
#define LARDER_PACKAGE_PYREAD_BODY_H

#include "package/pyread_names.h"

/*
 * function: a PY_FUNCTION, called on the class. Straight lines only: assignments, imports, a return.
 * A branch or a loop makes the result unknown, with its line as the reason.
 */
const struct py_value *py_run(struct py_reader *r, const struct py_value *function,
                              const struct py_value *cls);

/* The class of the objects the function returns: by py_run, else by any of its return statements;
 * NULL when neither tells. */
const struct py_value *py_returned_class(struct py_reader *r, const struct py_value *function,
                                         const struct py_value *cls);

#endif
