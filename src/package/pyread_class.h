/*
 * pyread_class.h - classes: what they inherit and what they define.
 */
#ifndef LARDER_PACKAGE_PYREAD_CLASS_H
#define LARDER_PACKAGE_PYREAD_CLASS_H

#include "package/pyread_names.h"

/* cls is a PY_CLASS value in all of these. */

struct slice py_class_name(const struct py_value *cls);

/* The class and its bases in the order in which attributes are looked for: PY_CLASS, PY_SDK,
 * PY_FOREIGN or unknowns. */
const struct py_value **py_class_mro(struct py_reader *r, const struct py_value *cls,
                                     size_t *count);

/* True when this name of the SDK is among its bases. */
bool py_class_is(struct py_reader *r, const struct py_value *cls, const char *sdk_name);

/* An attribute by way of the bases; NULL when there is none, an unknown when a base outside of the
 * package may define it. */
const struct py_value *py_class_attribute(struct py_reader *r, const struct py_value *cls,
                                          struct slice name, struct py_at at);

/* The nodes behind the @ of a decorated definition. */
struct py_nodes py_decorators(struct py_reader *r, const struct py_binding *b);

#endif
