/*
 * pyread_node.c - what the rest of the reader asks of a node.
 *
 * tree-sitter finds a child by its index by walking to it, so children are listed with a cursor;
 * and it names kinds by strings, so they are looked up once per reader.
 */
#include "package/pyread_node.h"

#include <string.h>

#include "package/pyread_tree.h"

const TSLanguage *tree_sitter_python(void); /* the grammar's own header is not installed */

const TSLanguage *py_language(void)
{
    return tree_sitter_python();
}

/* In the order of the names, as the enum is too: they are searched by halves. */
static const char *const node_names[NODE_COUNT] = {
    [NODE_ALIASED_IMPORT] = "aliased_import",
    [NODE_ARGUMENT_LIST] = "argument_list",
    [NODE_AS_PATTERN] = "as_pattern",
    [NODE_AS_PATTERN_TARGET] = "as_pattern_target",
    [NODE_ASSERT_STATEMENT] = "assert_statement",
    [NODE_ASSIGNMENT] = "assignment",
    [NODE_ATTRIBUTE] = "attribute",
    [NODE_AUGMENTED_ASSIGNMENT] = "augmented_assignment",
    [NODE_AWAIT] = "await",
    [NODE_BINARY_OPERATOR] = "binary_operator",
    [NODE_BLOCK] = "block",
    [NODE_BOOLEAN_OPERATOR] = "boolean_operator",
    [NODE_CALL] = "call",
    [NODE_CASE_CLAUSE] = "case_clause",
    [NODE_CLASS_DEFINITION] = "class_definition",
    [NODE_COMMENT] = "comment",
    [NODE_COMPARISON_OPERATOR] = "comparison_operator",
    [NODE_CONCATENATED_STRING] = "concatenated_string",
    [NODE_CONDITIONAL_EXPRESSION] = "conditional_expression",
    [NODE_DECORATED_DEFINITION] = "decorated_definition",
    [NODE_DECORATOR] = "decorator",
    [NODE_DEFAULT_PARAMETER] = "default_parameter",
    [NODE_DELETE_STATEMENT] = "delete_statement",
    [NODE_DICTIONARY] = "dictionary",
    [NODE_DICTIONARY_COMPREHENSION] = "dictionary_comprehension",
    [NODE_DICTIONARY_SPLAT] = "dictionary_splat",
    [NODE_DICTIONARY_SPLAT_PATTERN] = "dictionary_splat_pattern",
    [NODE_DOTTED_NAME] = "dotted_name",
    [NODE_ELLIPSIS] = "ellipsis",
    [NODE_EXPRESSION_LIST] = "expression_list",
    [NODE_EXPRESSION_STATEMENT] = "expression_statement",
    [NODE_FALSE] = "false",
    [NODE_FLOAT] = "float",
    [NODE_FOR_IN_CLAUSE] = "for_in_clause",
    [NODE_FOR_STATEMENT] = "for_statement",
    [NODE_FUNCTION_DEFINITION] = "function_definition",
    [NODE_FUTURE_IMPORT_STATEMENT] = "future_import_statement",
    [NODE_GENERATOR_EXPRESSION] = "generator_expression",
    [NODE_GLOBAL_STATEMENT] = "global_statement",
    [NODE_IDENTIFIER] = "identifier",
    [NODE_IF_STATEMENT] = "if_statement",
    [NODE_IMPORT_FROM_STATEMENT] = "import_from_statement",
    [NODE_IMPORT_PREFIX] = "import_prefix",
    [NODE_IMPORT_STATEMENT] = "import_statement",
    [NODE_INTEGER] = "integer",
    [NODE_INTERPOLATION] = "interpolation",
    [NODE_KEYWORD_ARGUMENT] = "keyword_argument",
    [NODE_LAMBDA] = "lambda",
    [NODE_LINE_CONTINUATION] = "line_continuation",
    [NODE_LIST] = "list",
    [NODE_LIST_COMPREHENSION] = "list_comprehension",
    [NODE_LIST_PATTERN] = "list_pattern",
    [NODE_LIST_SPLAT] = "list_splat",
    [NODE_LIST_SPLAT_PATTERN] = "list_splat_pattern",
    [NODE_MATCH_STATEMENT] = "match_statement",
    [NODE_MODULE] = "module",
    [NODE_NAMED_EXPRESSION] = "named_expression",
    [NODE_NONE] = "none",
    [NODE_NONLOCAL_STATEMENT] = "nonlocal_statement",
    [NODE_NOT_OPERATOR] = "not_operator",
    [NODE_PAIR] = "pair",
    [NODE_PARENTHESIZED_EXPRESSION] = "parenthesized_expression",
    [NODE_PASS_STATEMENT] = "pass_statement",
    [NODE_PATTERN_LIST] = "pattern_list",
    [NODE_RELATIVE_IMPORT] = "relative_import",
    [NODE_RETURN_STATEMENT] = "return_statement",
    [NODE_SET] = "set",
    [NODE_SET_COMPREHENSION] = "set_comprehension",
    [NODE_STRING] = "string",
    [NODE_STRING_END] = "string_end",
    [NODE_STRING_START] = "string_start",
    [NODE_SUBSCRIPT] = "subscript",
    [NODE_TRUE] = "true",
    [NODE_TRY_STATEMENT] = "try_statement",
    [NODE_TUPLE] = "tuple",
    [NODE_TUPLE_PATTERN] = "tuple_pattern",
    [NODE_TYPED_DEFAULT_PARAMETER] = "typed_default_parameter",
    [NODE_TYPED_PARAMETER] = "typed_parameter",
    [NODE_UNARY_OPERATOR] = "unary_operator",
    [NODE_WHILE_STATEMENT] = "while_statement",
    [NODE_WILDCARD_IMPORT] = "wildcard_import",
    [NODE_WITH_STATEMENT] = "with_statement",
    [NODE_YIELD] = "yield",
};

static enum py_node kind_of(const char *name)
{
    int low = 1, high = NODE_COUNT;
    while (low < high) {
        int middle = (low + high) / 2, order = strcmp(name, node_names[middle]);
        if (order == 0)
            return (enum py_node)middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NODE_OTHER;
}

void py_node_kinds(struct py_reader *r)
{
    const TSLanguage *lang = py_language();
    uint32_t count = ts_language_symbol_count(lang);
    for (uint32_t s = 0; s < count && s < sizeof r->kinds; s++) {
        if (ts_language_symbol_type(lang, (TSSymbol)s) != TSSymbolTypeRegular)
            continue;
        r->kinds[s] = (unsigned char)kind_of(ts_language_symbol_name(lang, (TSSymbol)s));
    }
}

enum py_node py_node(const struct py_reader *r, TSNode node)
{
    if (ts_node_is_null(node))
        return NODE_OTHER;
    TSSymbol symbol = ts_node_symbol(node);
    return symbol < sizeof r->kinds ? (enum py_node)r->kinds[symbol] : NODE_OTHER;
}

struct slice py_node_text(const struct py_module *m, TSNode node)
{
    if (ts_node_is_null(node))
        return SLICE_NONE;
    return slice_sub(m->text, ts_node_start_byte(node), ts_node_end_byte(node));
}

const char *py_node_shown(struct py_reader *r, const struct py_module *m, TSNode node)
{
    enum { SHOWN = 60 };
    struct slice text = py_node_text(m, node);
    struct slice line = slice_sub(text, 0, slice_find(text, '\n'));
    size_t n = line.n < SHOWN ? line.n : SHOWN;
    while (n < line.n && n > 0 && ((unsigned char)line.p[n] & 0xC0) == 0x80)
        n--; /* never half a character */
    const char *shown = str_printf(r->ctx->arena, "%.*s%s", (int)n, line.p,
                                   n < text.n ? "..." : "");
    return py_need(r, shown) ? shown : "";
}

/* Places come from our own table of lines: the tree may be that of a flattened text. */
struct py_at py_byte_at(const struct py_module *m, size_t byte)
{
    size_t low = 0, high = m->line_count;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (m->lines[mid] <= byte)
            low = mid;
        else
            high = mid;
    }
    int column = 1;
    for (size_t i = m->lines[low]; i < byte && i < m->text.n; i++)
        column += ((unsigned char)m->text.p[i] & 0xC0) != 0x80;
    return (struct py_at){m->file, (int)low + 1, column};
}

struct py_at py_node_at(const struct py_module *m, TSNode node)
{
    return py_byte_at(m, ts_node_start_byte(node));
}

TSNode py_node_field(TSNode node, const char *field)
{
    if (ts_node_is_null(node))
        return node;
    return ts_node_child_by_field_name(node, field, (uint32_t)strlen(field));
}

uint32_t py_node_count(TSNode node)
{
    return ts_node_is_null(node) ? 0 : ts_node_named_child_count(node);
}

TSNode py_node_child(TSNode node, uint32_t i)
{
    return ts_node_is_null(node) ? node : ts_node_named_child(node, i);
}

TSTreeCursor *py_node_cursor(struct py_reader *r, TSNode node)
{
    if (r->has_cursor)
        ts_tree_cursor_reset(&r->cursor, node);
    else
        r->cursor = ts_tree_cursor_new(node); /* given back by py_close */
    r->has_cursor = true;
    return &r->cursor;
}

/* Children by index cost a walk each in tree-sitter; a cursor goes from one to the next. */
struct py_nodes py_node_children(struct py_reader *r, TSNode node)
{
    struct py_nodes none = {NULL, 0};
    uint32_t most = py_node_count(node);
    if (most == 0 || !py_spend(r, most))
        return none;
    struct py_nodes nodes = {arena_array(r->ctx->arena, most, sizeof(TSNode)), 0};
    if (nodes.at == NULL) {
        r->no_memory = true;
        return none;
    }
    TSTreeCursor *cursor = py_node_cursor(r, node);
    bool more = ts_tree_cursor_goto_first_child(cursor);
    while (more && nodes.count < most) {
        TSNode child = ts_tree_cursor_current_node(cursor);
        enum py_node kind = py_node(r, child);
        if (ts_node_is_named(child) && kind != NODE_COMMENT && kind != NODE_LINE_CONTINUATION)
            nodes.at[nodes.count++] = child;
        more = ts_tree_cursor_goto_next_sibling(cursor);
    }
    return nodes;
}
