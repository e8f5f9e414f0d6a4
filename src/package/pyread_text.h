/*
 * pyread_text.h - the bytes of a Python file as the text Python would see.
 *
 * Byte order mark, coding cookie (PEP 263) and line ends are dealt with here; what comes out is
 * UTF-8 with '\n'. It also judges whether the parser can be trusted with the text.
 */
#ifndef LARDER_PACKAGE_PYREAD_TEXT_H
#define LARDER_PACKAGE_PYREAD_TEXT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    PY_FILE_MAX = 1 << 20, /* bytes of one file that is read as Python */
    PY_TOKENS_MAX = 60000  /* see py_text_tokens */
};

struct py_text_fault {
    const char *rule;     /* "python.encoding", "python.size" */
    const char *sentence; /* what is wrong; static text */
    const char *remedy;
    int line;
};

/* ERR_INVALID fills *why. */
enum err py_text_read(struct arena *arena, struct slice bytes, struct slice *out,
                      struct py_text_fault *why) MUST_USE;

/*
 * At least as many as the tokens any lexer could find in the text. tree-sitter 0.20 counts the
 * children of a node in 16 bits and corrupts its heap where a syntax error gathers more; no node
 * has more children than the text has tokens.
 */
size_t py_text_tokens(struct slice text);

#endif
