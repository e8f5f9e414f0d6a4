/*
 * pyread_tree.c - files of the package, parsed when somebody asks for them.
 *
 * The parser is third-party code that reads what strangers send. It only ever sees text that passed
 * pyread_text.c, under a time limit. A file that does not parse is kept as broken, with the place
 * and the reason; whoever needs a name of it passes that reason on.
 */
#include "package/pyread_tree.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "package/pyread_lex.h"
#include "package/pyread_symbols.h"
#include "package/pyread_text.h"

const TSLanguage *tree_sitter_python(void); /* the grammar's own header is not installed */

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

static void learn_kinds(struct py_reader *r)
{
    const TSLanguage *lang = tree_sitter_python();
    uint32_t count = ts_language_symbol_count(lang);
    for (uint32_t s = 0; s < count && s < sizeof r->kinds; s++) {
        if (ts_language_symbol_type(lang, (TSSymbol)s) != TSSymbolTypeRegular)
            continue;
        const char *name = ts_language_symbol_name(lang, (TSSymbol)s);
        for (int k = 1; k < NODE_COUNT; k++)
            if (strcmp(name, node_names[k]) == 0)
                r->kinds[s] = (unsigned char)k;
    }
}

static int by_path(const void *a, const void *b)
{
    const struct py_file *x = a, *y = b;
    size_t n = x->path.n < y->path.n ? x->path.n : y->path.n;
    int c = memcmp(x->path.p, y->path.p, n);
    return c ? c : (x->path.n > y->path.n) - (x->path.n < y->path.n);
}

static enum err list_files(struct py_reader *r)
{
    const struct package_source *source = r->source;
    r->files = arena_array(r->ctx->arena, source->count + 1, sizeof *r->files);
    if (r->files == NULL)
        return ctx_no_memory(r->ctx);
    for (size_t i = 0; i < source->count; i++) {
        struct slice name = source->name(source->arg, i);
        if (name.n <= r->root.n || !slice_eq(slice_sub(name, 0, r->root.n), r->root))
            continue;
        struct slice path = slice_sub(name, r->root.n, name.n);
        if (slice_ends(path, ".py"))
            r->files[r->file_count++] = (struct py_file){.path = path, .index = i};
    }
    qsort(r->files, r->file_count, sizeof *r->files, by_path);
    return OK;
}

enum err py_open(struct ctx *ctx, const struct package_source *source, struct slice root,
                 struct py_reader **out)
{
    struct py_reader *r = arena_alloc(ctx->arena, sizeof *r);
    if (r == NULL)
        return ctx_no_memory(ctx);
    *r = (struct py_reader){.ctx = ctx, .source = source, .root = root};
    enum err err = list_files(r);
    if (err)
        return err;
    r->parser = ts_parser_new(); /* given back by py_close */
    if (!ts_parser_set_language(r->parser, tree_sitter_python())) {
        py_close(r);
        return ctx_fail_cause(ctx, ERR_INTERNAL, "the Python grammar does not fit the parser");
    }
    ts_parser_set_timeout_micros(r->parser, PY_PARSE_MICROS);
    learn_kinds(r);
    *out = r;
    return OK;
}

void py_close(struct py_reader *r)
{
    for (size_t i = 0; i < r->file_count; i++)
        if (r->files[i].module && r->files[i].module->tree)
            ts_tree_delete(r->files[i].module->tree);
    if (r->has_cursor)
        ts_tree_cursor_delete(&r->cursor);
    ts_parser_delete(r->parser);
    r->file_count = 0;
}

enum err py_status(struct py_reader *r)
{
    if (r->failed)
        return r->failed;
    return r->no_memory ? ctx_no_memory(r->ctx) : OK;
}

bool py_spend(struct py_reader *r, size_t n)
{
    if (r->steps + n > PY_STEPS_MAX)
        return false;
    r->steps += n;
    return true;
}

const struct py_value *py_unknown(struct py_reader *r, struct py_at at, const char *fmt, ...)
{
    static const struct py_value without_reason = {
        .kind = PY_UNKNOWN, .at = {"", 0, 0}, .text = {"there was no memory to say why", 30}};
    struct buf reason;
    buf_init(&reason, r->ctx->arena, 1000);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&reason, fmt, args);
    va_end(args);
    struct py_value *v = arena_alloc(r->ctx->arena, sizeof *v);
    if (v == NULL || buf_text(&reason) == NULL) {
        r->no_memory = true;
        return &without_reason;
    }
    v->kind = PY_UNKNOWN;
    v->at = at;
    v->text = buf_view(&reason);
    return v;
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
    const char *shown = str_printf(r->ctx->arena, "%.*s%s", (int)n, line.p, n < text.n ? "..." : "");
    return shown ? shown : "";
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

static bool find_lines(struct py_reader *r, struct py_module *m)
{
    size_t count = 1;
    for (size_t i = 0; i < m->text.n; i++)
        count += m->text.p[i] == '\n';
    m->lines = arena_array(r->ctx->arena, count, sizeof *m->lines);
    if (m->lines == NULL) {
        r->no_memory = true;
        return false;
    }
    m->line_count = 1;
    for (size_t i = 0; i < m->text.n; i++)
        if (m->text.p[i] == '\n')
            m->lines[m->line_count++] = (uint32_t)i + 1;
    return true;
}

TSNode py_node_field(TSNode node, const char *field)
{
    return ts_node_child_by_field_name(node, field, (uint32_t)strlen(field));
}

/* The cursor for one walk; there is one, so no two walks may overlap. */
static TSTreeCursor *cursor_at(struct py_reader *r, TSNode node)
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
    uint32_t most = ts_node_named_child_count(node);
    if (most == 0 || !py_spend(r, most))
        return none;
    struct py_nodes nodes = {arena_array(r->ctx->arena, most, sizeof(TSNode)), 0};
    if (nodes.at == NULL) {
        r->no_memory = true;
        return none;
    }
    TSTreeCursor *cursor = cursor_at(r, node);
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

/* The place to show for a syntax error: the innermost node that did not fit; of a large one, its
 * first loose token, where the construct begins that never ended. */
static TSNode error_place(struct py_reader *r, TSNode node)
{
    TSTreeCursor *cursor = cursor_at(r, node);
    for (;;) {
        TSNode loose = node;
        bool found = false, has_loose = false;
        bool more = ts_tree_cursor_goto_first_child(cursor);
        while (more && !found) {
            TSNode child = ts_tree_cursor_current_node(cursor);
            found = ts_node_has_error(child) || ts_node_is_missing(child);
            if (found)
                node = child;
            else if (!has_loose && !ts_node_is_named(child))
                loose = child, has_loose = true;
            more = found || ts_tree_cursor_goto_next_sibling(cursor);
        }
        if (!found)
            return strcmp(ts_node_type(node), "ERROR") == 0 ? loose : node;
    }
}

static TSTree *parse_text(struct py_reader *r, struct slice text)
{
    TSTree *tree = ts_parser_parse_string(r->parser, NULL, text.p, (uint32_t)text.n);
    if (tree == NULL)
        ts_parser_reset(r->parser); /* out of time: forget where it was */
    return tree;
}

/* What does not parse gets a second chance as flattened text, see pyread_lex.h. */
static void parse_again(struct py_reader *r, struct py_module *m)
{
    struct slice flat;
    struct py_lex_fault why;
    if (!py_flatten(r->ctx->arena, m->text, &flat, &why)) {
        if (why.reason)
            m->broken = py_unknown(r, py_byte_at(m, why.at), "%s", why.reason);
        return;
    }
    TSTree *tree = parse_text(r, flat);
    if (tree == NULL || ts_node_has_error(ts_tree_root_node(tree))) {
        if (tree)
            ts_tree_delete(tree);
        return;
    }
    ts_tree_delete(m->tree);
    m->tree = tree;
}

static void parse(struct py_reader *r, struct py_module *m)
{
    struct py_at start = {m->file, 0, 0};
    if (!find_lines(r, m) || (m->tree = parse_text(r, m->text)) == NULL) {
        m->broken = py_unknown(r, start, "the file takes too long to parse");
        return;
    }
    if (ts_node_has_error(ts_tree_root_node(m->tree)))
        parse_again(r, m);
    TSNode root = ts_tree_root_node(m->tree);
    if (m->broken == NULL && ts_node_has_error(root)) {
        TSNode at = error_place(r, root);
        m->broken = py_unknown(r, py_node_at(m, at), "the file has a syntax error near \"%s\"",
                               py_node_shown(r, m, at));
    }
    if (m->broken)
        return;
    m->symbols = py_symbols_read(r, m);
    if (m->symbols == NULL)
        m->broken = py_unknown(r, start, "the package is larger than Larder reads");
}

static void load(struct py_reader *r, struct py_module *m, size_t index)
{
    struct py_at start = {m->file, 0, 0};
    struct slice bytes;
    const struct package_source *source = r->source;
    if (source->size(source->arg, index) > PY_FILE_MAX) {
        m->broken = py_unknown(r, start, "the file is larger than %d bytes", PY_FILE_MAX);
        return;
    }
    enum err err = source->read(r->ctx, source->arg, index, PY_FILE_MAX, &bytes);
    if (err) {
        r->failed = r->failed ? r->failed : err;
        m->broken = py_unknown(r, start, "the file could not be read");
        return;
    }
    struct py_text_fault why = {0};
    err = py_text_read(r->ctx->arena, bytes, &m->text, &why);
    if (err == ERR_NO_MEMORY)
        r->no_memory = true;
    start.line = why.line;
    if (err)
        m->broken = py_unknown(r, start, "%s", why.sentence ? why.sentence : "there was no memory");
    else if (++r->module_count > PY_MODULES_MAX)
        m->broken = py_unknown(r, start, "the package has more files than Larder reads");
    else
        parse(r, m);
}

struct py_module *py_module_of(struct py_reader *r, struct py_file *file)
{
    if (file->module)
        return file->module;
    struct py_module *m = arena_alloc(r->ctx->arena, sizeof *m);
    const char *shown = slice_dup(r->ctx->arena, r->source->name(r->source->arg, file->index));
    if (m == NULL || shown == NULL) {
        r->no_memory = true;
        return NULL;
    }
    m->file = shown;
    m->path = slice_sub(file->path, 0, file->path.n - 3);
    size_t slash = m->path.n;
    while (slash > 0 && m->path.p[slash - 1] != '/')
        slash--;
    m->folder = slice_sub(m->path, 0, slash ? slash - 1 : 0);
    if (slice_is(slice_sub(m->path, slash, m->path.n), "__init__"))
        m->path = m->folder;
    file->module = m;
    load(r, m, file->index);
    return m;
}

static struct py_file *find_file(const struct py_reader *r, struct slice stem, const char *ending)
{
    char name[512];
    size_t n = strlen(ending);
    if (stem.n + n >= sizeof name)
        return NULL;
    if (stem.n)
        memcpy(name, stem.p, stem.n);
    memcpy(name + stem.n, ending, n);
    struct py_file key = {.path = {name, stem.n + n}};
    return bsearch(&key, r->files, r->file_count, sizeof *r->files, by_path);
}

struct py_module *py_module_at(struct py_reader *r, struct slice path)
{
    /* a package wins over a module of the same name, as in Python */
    struct py_file *file = find_file(r, path, path.n ? "/__init__.py" : "__init__.py");
    if (file == NULL && path.n)
        file = find_file(r, path, ".py");
    return file ? py_module_of(r, file) : NULL;
}

struct py_module *py_module_of_plugin(struct py_reader *r)
{
    struct py_file *file = find_file(r, SLICE("plugin"), ".py");
    return file ? py_module_of(r, file) : NULL;
}

bool py_is_folder(const struct py_reader *r, struct slice path)
{
    for (size_t i = 0; i < r->file_count; i++)
        if (r->files[i].path.n > path.n && r->files[i].path.p[path.n] == '/' &&
            slice_eq(slice_sub(r->files[i].path, 0, path.n), path))
            return true;
    return false;
}
