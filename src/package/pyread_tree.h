/*
 * pyread_tree.h - Python files as syntax trees, and the package they belong to.
 *
 * Only files named pyread_*.c include this header: it is the one that brings tree-sitter in. The
 * reader holds every module of one package, each parsed at most once, and the budget all reading
 * has to keep to. It never leaves the files it was given.
 */
#ifndef LARDER_PACKAGE_PYREAD_TREE_H
#define LARDER_PACKAGE_PYREAD_TREE_H

#include <tree_sitter/api.h>

#include "package/pyread.h"
#include "package/pyread_value.h"

enum {
    PY_STEPS_MAX = 3000000, /* nodes looked at, over all files of a package */
    PY_MODULES_MAX = 300,   /* files parsed */
    PY_PARSE_MICROS = 4000000
};

/* The kinds of nodes that somebody asks for; all others are NODE_OTHER. */
enum py_node {
    NODE_OTHER,
    NODE_ALIASED_IMPORT,
    NODE_ARGUMENT_LIST,
    NODE_AS_PATTERN,
    NODE_AS_PATTERN_TARGET,
    NODE_ASSERT_STATEMENT,
    NODE_ASSIGNMENT,
    NODE_ATTRIBUTE,
    NODE_AUGMENTED_ASSIGNMENT,
    NODE_AWAIT,
    NODE_BINARY_OPERATOR,
    NODE_BLOCK,
    NODE_BOOLEAN_OPERATOR,
    NODE_CALL,
    NODE_CASE_CLAUSE,
    NODE_CLASS_DEFINITION,
    NODE_COMMENT,
    NODE_COMPARISON_OPERATOR,
    NODE_CONCATENATED_STRING,
    NODE_CONDITIONAL_EXPRESSION,
    NODE_DECORATED_DEFINITION,
    NODE_DECORATOR,
    NODE_DEFAULT_PARAMETER,
    NODE_DELETE_STATEMENT,
    NODE_DICTIONARY,
    NODE_DICTIONARY_COMPREHENSION,
    NODE_DICTIONARY_SPLAT,
    NODE_DICTIONARY_SPLAT_PATTERN,
    NODE_DOTTED_NAME,
    NODE_ELLIPSIS,
    NODE_EXPRESSION_LIST,
    NODE_EXPRESSION_STATEMENT,
    NODE_FALSE,
    NODE_FLOAT,
    NODE_FOR_IN_CLAUSE,
    NODE_FOR_STATEMENT,
    NODE_FUNCTION_DEFINITION,
    NODE_FUTURE_IMPORT_STATEMENT,
    NODE_GENERATOR_EXPRESSION,
    NODE_GLOBAL_STATEMENT,
    NODE_IDENTIFIER,
    NODE_IF_STATEMENT,
    NODE_IMPORT_FROM_STATEMENT,
    NODE_IMPORT_PREFIX,
    NODE_IMPORT_STATEMENT,
    NODE_INTEGER,
    NODE_INTERPOLATION,
    NODE_KEYWORD_ARGUMENT,
    NODE_LAMBDA,
    NODE_LINE_CONTINUATION,
    NODE_LIST,
    NODE_LIST_COMPREHENSION,
    NODE_LIST_PATTERN,
    NODE_LIST_SPLAT,
    NODE_LIST_SPLAT_PATTERN,
    NODE_MATCH_STATEMENT,
    NODE_MODULE,
    NODE_NAMED_EXPRESSION,
    NODE_NONE,
    NODE_NONLOCAL_STATEMENT,
    NODE_NOT_OPERATOR,
    NODE_PAIR,
    NODE_PARENTHESIZED_EXPRESSION,
    NODE_PASS_STATEMENT,
    NODE_PATTERN_LIST,
    NODE_RELATIVE_IMPORT,
    NODE_RETURN_STATEMENT,
    NODE_SET,
    NODE_SET_COMPREHENSION,
    NODE_STRING,
    NODE_STRING_END,
    NODE_STRING_START,
    NODE_SUBSCRIPT,
    NODE_TRUE,
    NODE_TRY_STATEMENT,
    NODE_TUPLE,
    NODE_TUPLE_PATTERN,
    NODE_TYPED_DEFAULT_PARAMETER,
    NODE_TYPED_PARAMETER,
    NODE_UNARY_OPERATOR,
    NODE_WHILE_STATEMENT,
    NODE_WILDCARD_IMPORT,
    NODE_WITH_STATEMENT,
    NODE_YIELD,
    NODE_COUNT
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
    struct slice path; /* below the package: "services/search.py" */
    size_t index;      /* in the source */
    struct py_module *module; /* once asked for */
};

struct py_reader {
    struct ctx *ctx;
    const struct package_source *source;
    struct slice root; /* "web_search/" or empty: what file paths begin with in the source */
    struct py_file *files; /* sorted by path */
    size_t file_count;
    size_t module_count;
    size_t steps;
    size_t produced; /* bytes of values made */
    unsigned depth;
    bool no_memory;
    enum err failed; /* the source could not be read: our fault, not the package's */
    TSParser *parser;
    TSTreeCursor cursor;
    bool has_cursor;
    unsigned char kinds[512]; /* symbol of the grammar to enum py_node */
};

struct py_nodes {
    TSNode *at;
    size_t count;
};

/* The module of this path, parsed and with its symbols; NULL when the package has no such file. */
struct py_module *py_module_at(struct py_reader *r, struct slice path);
/* plugin.py itself, whatever else is called plugin; NULL when there is none. */
struct py_module *py_module_of_plugin(struct py_reader *r);
/* The module of one file; never NULL but for want of memory. */
struct py_module *py_module_of(struct py_reader *r, struct py_file *file);
/* True when some file lies below this folder. */
bool py_is_folder(const struct py_reader *r, struct slice path);

enum py_node py_node(const struct py_reader *r, TSNode node);
struct slice py_node_text(const struct py_module *m, TSNode node);
/* The text on one line and short enough for a sentence; in the arena. */
const char *py_node_shown(struct py_reader *r, const struct py_module *m, TSNode node);
struct py_at py_node_at(const struct py_module *m, TSNode node);
struct py_at py_byte_at(const struct py_module *m, size_t byte);
/* All named children but comments. */
struct py_nodes py_node_children(struct py_reader *r, TSNode node);
TSNode py_node_field(TSNode node, const char *field);

/* Takes n steps off the budget; false when it is spent. */
bool py_spend(struct py_reader *r, size_t n);

/* An unknown value with its reason. */
const struct py_value *py_unknown(struct py_reader *r, struct py_at at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
