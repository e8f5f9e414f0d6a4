/*
 * pyread_tree.h - Python files as syntax trees, and the package they belong to.
 *
 * Only files named pyread_*.c include this header, which brings tree-sitter along. The reader holds
 * every module of one package, each parsed at most once, and the budget all reading has to keep to.
 * It never leaves the files it was given.
 */
#ifndef LARDER_PACKAGE_PYREAD_TREE_H
#define LARDER_PACKAGE_PYREAD_TREE_H

#include "package/pyread.h"
#include "package/pyread_node.h"
#include "package/pyread_value.h"

enum {
    PY_STEPS_MAX = 3000000,   /* nodes looked at, over all files of a package */
    PY_MODULES_MAX = 300,     /* files parsed */
    PY_TOKENS_ALL = 120000,   /* over all files parsed; a token costs up to 300 bytes of tree */
    PY_PARSE_MICROS = 5000000 /* for all parsing of one package; usually a hundredth is needed */
};

struct py_symbols; /* pyread_symbols.h */

struct py_module {
    const char *file;    /* the member of the archive, as findings show it */
    struct slice path;   /* below the package, without ".py" and "/__init__": "services/search" */
    struct slice folder; /* that relative imports start from: "services" */
    struct slice text;
    uint32_t *lines; /* byte at which each line begins */
    size_t line_count;
    TSTree *tree;
    struct py_symbols *symbols;
    const struct py_value *broken; /* why it cannot be read, else NULL */
};

struct py_file {
    struct slice path;        /* below the package: "services/search.py" */
    size_t index;             /* in the source */
    struct py_module *module; /* once asked for */
};

struct py_reader {
    struct ctx *ctx;
    const struct package_source *source;
    struct slice root;     /* "web_search/" or empty: what file paths begin with in the source */
    struct py_file *files; /* sorted by path */
    size_t file_count;
    size_t module_count;
    size_t steps;
    size_t tokens;
    int64_t parse_micros; /* spent */
    bool cut;             /* some file was not looked at because a ceiling was reached */
    size_t produced;      /* bytes of values made */
    unsigned depth;
    bool no_memory;
    enum err failed; /* the source could not be read: our fault, not the package's */
    TSParser *parser;
    TSTreeCursor cursor;
    bool has_cursor;
    unsigned char kinds[512]; /* symbol of the grammar to enum py_node */
};

/* The module of this path, parsed and with its symbols; NULL when the package has no such file. */
struct py_module *py_module_at(struct py_reader *r, struct slice path);
/* plugin.py itself, whatever else is called plugin; NULL when there is none. */
struct py_module *py_module_of_plugin(struct py_reader *r);
/* The module of one file; never NULL but for want of memory. */
struct py_module *py_module_of(struct py_reader *r, struct py_file *file);
/* True for the path of a test: no part of what the package offers. */
bool py_is_test(struct slice path);
/* True when some file lies below this folder. */
bool py_is_folder(const struct py_reader *r, struct slice path);

/* Remembers that there was no memory when p is NULL; answers p. */
const void *py_need(struct py_reader *r, const void *p);

/* Takes n steps off the budget; false when it is spent. */
bool py_spend(struct py_reader *r, size_t n);

/* An unknown value with its reason. */
const struct py_value *py_unknown(struct py_reader *r, struct py_at at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
