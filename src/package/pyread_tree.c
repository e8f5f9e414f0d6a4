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

#include "base/clock.h"
#include "package/pyread_lex.h"
#include "package/pyread_symbols.h"
#include "package/pyread_text.h"

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
    if (!ts_parser_set_language(r->parser, py_language())) {
        py_close(r);
        return ctx_fail_cause(ctx, ERR_INTERNAL, "the Python grammar does not fit the parser");
    }
    py_node_kinds(r);
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

/* The place to show for a syntax error: the innermost node that did not fit; of a large one, its
 * first loose token, where the construct begins that never ended. */
static TSNode error_place(struct py_reader *r, TSNode node)
{
    TSTreeCursor *cursor = py_node_cursor(r, node);
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
    int64_t left = PY_PARSE_MICROS - r->parse_micros, start = clock_mono_us();
    if (left <= 0)
        return NULL;
    ts_parser_set_timeout_micros(r->parser, (uint64_t)left);
    TSTree *tree = ts_parser_parse_string(r->parser, NULL, text.p, (uint32_t)text.n);
    r->parse_micros += clock_mono_us() - start;
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
        if (py_need(r, why.reason)) /* no reason: no memory */
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
        r->cut = true;
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
    if (m->symbols != NULL)
        return;
    r->cut = true;
    m->broken = py_unknown(r, start, "the package is larger than Larder reads");
}

static void load(struct py_reader *r, struct py_module *m, size_t index)
{
    struct py_at start = {m->file, 0, 0};
    struct slice bytes;
    const struct package_source *source = r->source;
    if (source->size(source->arg, index) > PY_FILE_MAX) {
        r->cut = true;
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
    if (err) {
        r->cut = r->cut || (why.rule && strcmp(why.rule, "python.size") == 0);
        m->broken = py_unknown(r, start, "%s", why.sentence ? why.sentence : "there was no memory");
        return;
    }
    r->tokens += py_text_tokens(m->text);
    r->cut = r->cut || ++r->module_count > PY_MODULES_MAX || r->tokens > PY_TOKENS_ALL;
    if (r->module_count > PY_MODULES_MAX || r->tokens > PY_TOKENS_ALL)
        m->broken = py_unknown(r, start, "the package has more Python code than Larder reads");
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
