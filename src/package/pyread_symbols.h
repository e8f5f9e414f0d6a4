/*
 * pyread_symbols.h - which names a module gives a meaning, where, and how often.
 *
 * One walk over the tree notes every place that binds or changes a name, in every scope. Whether a
 * name can be trusted depends on all of them: a constant that some function changes is none. The
 * same walk notes the calls that somebody wants to know of (scan_calls.h), so that a file is gone
 * through once.
 */
#ifndef LARDER_PACKAGE_PYREAD_SYMBOLS_H
#define LARDER_PACKAGE_PYREAD_SYMBOLS_H

#include "package/pyread_tree.h"

enum py_scope_kind { SCOPE_MODULE, SCOPE_CLASS, SCOPE_FUNCTION, SCOPE_COMPREHENSION };

struct py_scope {
    enum py_scope_kind kind;
    int parent; /* -1 above the module */
};

enum py_bind {
    BIND_VALUE,     /* name = node */
    BIND_CLASS,     /* class name */
    BIND_FUNCTION,  /* def name */
    BIND_PARAMETER, /* of a function */
    BIND_IMPORT,    /* import module [as name] */
    BIND_FROM,      /* from module import original [as name] */
    BIND_STAR,      /* from module import *; the name is "*" */
    BIND_OTHER,     /* in a way that is not followed; `how` says which */
    BIND_CHANGE,    /* binds nothing: name.attr = ..., name.append(...), name[...] = ... */
    BIND_GLOBAL     /* binds nothing: global name */
};

struct py_binding {
    struct slice name;
    enum py_bind kind;
    int scope;           /* where the name is bound, an index into scopes */
    bool conditional;    /* below an if, a loop, a try or a match */
    enum py_guard guard; /* what an import stands under */
    struct py_module *home;
    TSNode node;
    TSNode decorated;      /* the definition with its decorators; null when it has none */
    int body_scope;        /* of a class or function: the scope it opens */
    struct slice module;   /* of an import: "services.search" */
    size_t level;          /* of an import: leading dots */
    uint32_t statement;    /* of an import: the byte where it begins */
    struct slice original; /* BIND_FROM: the name over there; BIND_IMPORT: the whole "a.b.c" */
    struct slice attr;     /* BIND_CHANGE: the attribute, or none for the thing itself */
    const char *how;
    /* filled by pyread_names.c */
    const struct py_value *value;
    bool busy;
};

struct py_symbols {
    struct py_scope *scopes; /* the module's is 0 */
    size_t scope_count;
    struct py_binding *bindings; /* sorted by name, scope, place */
    size_t count;
    TSNode *calls; /* of functions that scan_calls.h asks for, in the order of the text */
    size_t call_count;
};

/* NULL when there is no memory or the budget is spent. */
struct py_symbols *py_symbols_read(struct py_reader *r, struct py_module *m);

/* All bindings of a name, in every scope; *count of them, NULL when there are none. */
struct py_binding *py_symbols_named(const struct py_symbols *s, struct slice name, size_t *count);

#endif
