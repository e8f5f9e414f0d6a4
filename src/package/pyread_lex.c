/*
 * pyread_lex.c - one pass over the text that knows strings, comments and brackets, and no more.
 *
 * f-strings are taken as plain strings; one that nests its own quotes (Python 3.12) only costs the
 * second chance this file gives.
 */
#include "package/pyread_lex.h"

#include <string.h>

enum { NESTING_MAX = 200 /* Python's own limit */ };

struct lex {
    struct slice in;
    char *out;
    size_t i;
    size_t open[NESTING_MAX]; /* where each open bracket stands */
    size_t depth;
    struct py_lex_fault *why;
};

static bool stop(struct lex *x, const char *reason, size_t at)
{
    *x->why = (struct py_lex_fault){reason, at};
    return false;
}

static char at(const struct lex *x, size_t i)
{
    return i < x->in.n ? x->in.p[i] : '\0';
}

static bool string(struct lex *x)
{
    size_t from = x->i;
    char quote = at(x, x->i);
    bool triple = at(x, x->i + 1) == quote && at(x, x->i + 2) == quote;
    x->i += triple ? 3 : 1;
    for (; x->i < x->in.n; x->i++) {
        char c = x->in.p[x->i];
        if (c == '\\') {
            x->i++;
        } else if (c == '\n' && !triple) {
            break;
        } else if (c == quote &&
                   (!triple || (at(x, x->i + 1) == quote && at(x, x->i + 2) == quote))) {
            x->i += triple ? 3 : 1;
            return true;
        }
    }
    return stop(x, "a string is never closed", from);
}

static bool bracket(struct lex *x, char c)
{
    static const char opening[] = "([{", closing[] = ")]}";
    if (strchr(opening, c)) {
        if (x->depth == NESTING_MAX)
            return stop(x, "brackets are nested deeper than 200 levels", x->i);
        x->open[x->depth++] = x->i++;
        return true;
    }
    if (x->depth == 0)
        return stop(x, "a bracket is closed that was never opened", x->i);
    char before = x->in.p[x->open[--x->depth]];
    if (strchr(opening, before) - opening != strchr(closing, c) - closing)
        return stop(x, "a bracket is closed by one of another kind", x->i);
    x->i++;
    return true;
}

static void comment(struct lex *x)
{
    while (x->i < x->in.n && x->in.p[x->i] != '\n') {
        if (x->depth > 0)
            x->out[x->i] = ' ';
        x->i++;
    }
}

static bool step(struct lex *x)
{
    char c = x->in.p[x->i];
    switch (c) {
    case '"':
    case '\'': return string(x);
    case '#': comment(x); return true;
    case '(':
    case '[':
    case '{':
    case ')':
    case ']':
    case '}': return bracket(x, c);
    case '\n':
        if (x->depth > 0)
            x->out[x->i] = ' ';
        break;
    case '\\':
        if (x->depth > 0 && at(x, x->i + 1) == '\n')
            x->out[x->i] = ' ';
        break;
    default: break;
    }
    x->i++;
    return true;
}

bool py_flatten(struct arena *arena, struct slice text, struct slice *flat,
                struct py_lex_fault *why)
{
    struct lex x = {.in = text, .why = why, .out = arena_alloc_raw(arena, text.n + 1)};
    *why = (struct py_lex_fault){NULL, 0};
    if (x.out == NULL)
        return false;
    if (text.n)
        memcpy(x.out, text.p, text.n);
    while (x.i < text.n)
        if (!step(&x))
            return false;
    if (x.depth > 0)
        return stop(&x, "a bracket is never closed", x.open[x.depth - 1]);
    *flat = (struct slice){x.out, text.n};
    return true;
}
