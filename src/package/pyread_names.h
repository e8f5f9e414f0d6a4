/*
 * pyread_names.h - what a name means: constants, classes, imports within the package.
 */
#ifndef LARDER_PACKAGE_PYREAD_NAMES_H
#define LARDER_PACKAGE_PYREAD_NAMES_H

#include "package/pyread_symbols.h"

/* A class of the package. */
struct py_class {
    struct py_binding *binding;
    struct py_module *module;
    const struct py_value **mro; /* itself first; filled by pyread_class.c */
    size_t mro_count;
};

/* The value of a name as that very scope binds it; NULL when it does not. */
const struct py_value *py_name_in_scope(struct py_reader *r, struct py_module *m, int scope,
                                        struct slice name);

/* As a module sees it: its own names, star imports, builtins. Never NULL. */
const struct py_value *py_name_in_module(struct py_reader *r, struct py_module *m,
                                         struct slice name, struct py_at at);

/* module.name for a PY_MODULE: a name of the module, or a module below it. Never NULL. */
const struct py_value *py_module_attribute(struct py_reader *r, const struct py_value *module,
                                           struct slice name, struct py_at at);

/* The module of the package a star import takes its names from, or NULL. */
struct py_module *py_star_module(struct py_reader *r, const struct py_binding *star);

/* What one import statement binds; for imports inside functions. */
const struct py_value *py_binding_value(struct py_reader *r, struct py_binding *b);

/* The binding that would make class.name or module.name change at run time, or NULL. */
const struct py_binding *py_change_of(const struct py_module *m, struct slice name,
                                      struct slice attr, int scope);

#endif
