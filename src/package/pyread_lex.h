/*
 * pyread_lex.h - brackets and strings, for files the grammar stumbles over.
 *
 * The grammar takes a line inside brackets that is indented less than its block for the end of the
 * block. Python does not. So where a parse fails, the text is flattened, its line ends inside
 * brackets made blanks, and parsed again; places stay the same byte for byte.
 */
#ifndef LARDER_PACKAGE_PYREAD_LEX_H
#define LARDER_PACKAGE_PYREAD_LEX_H

#include "base/arena.h"
#include "base/str.h"

struct py_lex_fault {
    const char *reason; /* "the bracket '(' is never closed" */
    size_t at;          /* byte of the text */
};

/* False when brackets or strings do not close; *why then says which. No memory gives false and no
 * reason. */
bool py_flatten(struct arena *arena, struct slice text, struct slice *flat,
                struct py_lex_fault *why);

#endif
