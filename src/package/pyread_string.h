/*
 * pyread_string.h - Python's literals, from their text to their value.
 *
 * Prefixes, escapes, numbers and textwrap.dedent. Nothing here knows the syntax tree.
 */
#ifndef LARDER_PACKAGE_PYREAD_STRING_H
#define LARDER_PACKAGE_PYREAD_STRING_H

#include "base/str.h"

struct py_prefix {
    bool raw, bytes, format, valid;
};

/* The letters and quotes a string begins with: `rb"""`. */
struct py_prefix py_string_prefix(struct slice start);

/*
 * Appends the text between the quotes, escapes resolved. In an f-string doubled braces are one.
 * NULL, or why it cannot be read; *at then tells how far it came.
 */
const char *py_string_decode(struct slice body, struct py_prefix prefix, struct buf *out,
                             size_t *at);

/* An integer of any base with underscores. NULL, or why not. */
const char *py_int_read(struct slice text, bool negative, int64_t *out);
const char *py_float_read(struct slice text, double *out);

/* textwrap.dedent: takes off the margin that all lines with text share. */
void py_dedent(struct slice text, struct buf *out);

/* str.strip() without arguments. */
struct slice py_strip(struct slice text);

#endif
