/*
 * pyread_value.h - what an expression of a Python file stands for, as far as that can be read.
 *
 * A value is a literal, a name that leads somewhere (a class, a module, a name of the SDK), or
 * PY_UNKNOWN with the reason why it cannot be read and the place where that became clear. Unknowns
 * travel inside lists and dicts like any value, so that one reading finds all of them. Values are
 * never changed once made; lists and dicts share their members.
 */
#ifndef LARDER_PACKAGE_PYREAD_VALUE_H
#define LARDER_PACKAGE_PYREAD_VALUE_H

#include "base/arena.h"
#include "base/str.h"

enum py_kind {
    PY_NONE,
    PY_BOOL,
    PY_INT,
    PY_FLOAT,
    PY_STR,
    PY_LIST,
    PY_TUPLE,
    PY_SET,
    PY_DICT,
    PY_UNKNOWN, /* text: the reason, "it calls os.getenv(...)" */
    /* names that lead somewhere */
    PY_CLASS,    /* ref: struct py_class */
    PY_FUNCTION, /* ref: struct py_binding */
    PY_MODULE,   /* a module or package of the archive; text: its path without ".py" */
    PY_SDK,      /* text: the name in the SDK, "BasePlugin" */
    PY_FOREIGN,  /* text: the dotted name, "os.getenv", "builtins.dict" */
    /* what calls make */
    PY_RECORD, /* PluginMetadata(...): items as in a dict; rest: why other fields are not known */
    PY_OBJECT  /* an instance; ref: struct py_class */
};

struct py_at {
    const char *file;
    int line, column; /* from 1; columns count characters */
};

struct py_value {
    enum py_kind kind;
    struct py_at at;
    size_t weight;  /* of all members, shared ones counted each time */
    unsigned depth; /* 0 = has no members */
    bool boolean;
    int64_t integer;
    double real;
    struct slice text;
    const struct py_value **items; /* of a dict: key, value, key, value */
    size_t count;                  /* members; of a dict: pairs */
    const void *ref;
    const struct py_value *rest;
};

enum {
    PY_WEIGHT_MAX = 20000, /* values in one literal, shared ones counted each time */
    PY_PAIRS_MAX = 1000,   /* keys of one dict: they are compared one by one */
    PY_DEPTH_MAX = 64,     /* of values, and of expressions within expressions */
    PY_TEXT_MAX = 262144   /* bytes of one string, and of one value written as JSON */
};

bool py_is_literal(const struct py_value *v); /* the kind only; members may be unknown */
const char *py_kind_shown(enum py_kind kind); /* for a sentence: "an int", "None" */

/* A literal whose members are literals all the way down. */
bool py_is_known(const struct py_value *v);

/* The first unknown inside v, v itself included; NULL when all of it is known. */
const struct py_value *py_unknown_in(const struct py_value *v);

/* Equal as Python's == sees literals, but that True is not 1. Names are equal when they lead to
 * the same place; unknowns never are. */
bool py_equal(const struct py_value *a, const struct py_value *b);

/* The value under a string key of a dict or record, or NULL. */
const struct py_value *py_get(const struct py_value *dict, const char *key);

/* Writes a literal as compact JSON; false when it holds something JSON has no word for. */
bool py_json(const struct py_value *v, struct buf *out);

/* A number as Python's repr() writes it: the shortest digits that read back the same. */
void py_float_repr(double v, struct buf *out);

#endif
