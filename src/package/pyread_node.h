/*
 * pyread_node.h - nodes of a syntax tree: their kind, text, place and children.
 *
 * The one header that includes tree-sitter's own.
 */
#ifndef LARDER_PACKAGE_PYREAD_NODE_H
#define LARDER_PACKAGE_PYREAD_NODE_H

#include <tree_sitter/api.h>

#include "package/pyread_value.h"

struct py_reader;
struct py_module;

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

struct py_nodes {
    TSNode *at;
    size_t count;
};

const TSLanguage *py_language(void);
/* Fills the reader's table from the symbols of the grammar. */
void py_node_kinds(struct py_reader *r);

enum py_node py_node(const struct py_reader *r, TSNode node);
struct slice py_node_text(const struct py_module *m, TSNode node);
/* The text on one line and short enough for a sentence; in the arena. */
const char *py_node_shown(struct py_reader *r, const struct py_module *m, TSNode node);
struct py_at py_node_at(const struct py_module *m, TSNode node);
struct py_at py_byte_at(const struct py_module *m, size_t byte);
/* All named children but comments. */
struct py_nodes py_node_children(struct py_reader *r, TSNode node);
/* Of what is not there these give what is not there, where tree-sitter's own would read it: a "/"
 * among parameters has neither name nor children, and whoever asks on must not fall. */
TSNode py_node_field(TSNode node, const char *field);
TSNode py_node_child(TSNode node, uint32_t i); /* the i-th named one */
uint32_t py_node_count(TSNode node);           /* of named ones */

/* The cursor for one walk; there is one, so no two walks may overlap. */
TSTreeCursor *py_node_cursor(struct py_reader *r, TSNode node);

#endif
