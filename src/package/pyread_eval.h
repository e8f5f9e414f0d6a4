/*
 * pyread_eval.h - what an expression stands for.
 */
#ifndef LARDER_PACKAGE_PYREAD_EVAL_H
#define LARDER_PACKAGE_PYREAD_EVAL_H

#include "package/pyread_tree.h"

struct py_local {
    struct slice name;
    const struct py_value *value;
};

/* Where an expression stands, and so what its names mean. */
struct py_frame {
    struct py_module *module;
    int scope;
    bool in_body; /* a function is being followed; its names so far are in locals */
    struct py_local *locals;
    size_t local_count, local_cap;
};

/* Never NULL: an unknown says why. */
const struct py_value *py_eval(struct py_reader *r, struct py_frame *frame, TSNode node);

/* A call expression; of pyread_call.c. */
const struct py_value *py_eval_call(struct py_reader *r, struct py_frame *frame, TSNode node);

/* a + b for two values that are known already. */
const struct py_value *py_eval_sum(struct py_reader *r, struct py_at at, const struct py_value *a,
                                   const struct py_value *b);

/* A string, f-string or row of strings; of pyread_eval_string.c. */
const struct py_value *py_eval_string(struct py_reader *r, struct py_frame *frame, TSNode node);

#endif
