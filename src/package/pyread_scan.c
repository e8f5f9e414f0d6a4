/*
 * pyread_scan.c - every file of the package gone through once more: imports, calls, text.
 *
 * The trees and the lists of names are there already where py_read_tools has been before. Names of
 * functions are told by the imports of their file, in whatever scope they stand; what a variable
 * holds is not followed.
 */
#include <stdlib.h>
#include <string.h>

#include "package/pyread_stdlib.h"
#include "package/pyread_symbols.h"

enum { IMPORTS_MAX = 4096, CALLS_MAX = 2000, CALL_TEXT_MAX = 2000, CALL_DEPTH = 8 };

struct scanning {
    struct py_reader *r;
    struct py_scan *out;
    size_t import_cap, call_cap;
};

/* ---- which modules the package has ----------------------------------------------------------- */

static bool has_file(const struct py_reader *r, struct slice path)
{
    for (size_t i = 0; i < r->file_count; i++) {
        struct slice file = r->files[i].path;
        if (file.n == path.n + 3 && slice_eq(slice_sub(file, 0, path.n), path))
            return true;
    }
    return false;
}

/* "fast.cpython-312-x86_64-linux-gnu.so": a module that was compiled. */
static bool has_compiled(const struct py_reader *r, struct slice path)
{
    const struct package_source *source = r->source;
    for (size_t i = 0; i < source->count; i++) {
        struct slice name = source->name(source->arg, i);
        name = slice_sub(name, r->root.n, name.n);
        if (name.n > path.n && name.p[path.n] == '.' &&
            slice_eq(slice_sub(name, 0, path.n), path) &&
            (slice_ends(name, ".so") || slice_ends(name, ".pyd")))
            return true;
    }
    return false;
}

static bool has_module(struct py_reader *r, struct slice path)
{
    if (path.n == 0 || has_file(r, path) || py_is_folder(r, path))
        return true;
    return py_spend(r, r->source->count) && has_compiled(r, path);
}

/* "a/b" and "c.d" are "a/b/c/d". */
static struct slice joined(struct py_reader *r, struct slice folder, struct slice dotted)
{
    struct buf b;
    buf_init(&b, r->ctx->arena, folder.n + dotted.n + 1);
    buf_slice(&b, folder);
    if (folder.n && dotted.n)
        buf_char(&b, '/');
    for (size_t i = 0; i < dotted.n; i++)
        buf_char(&b, dotted.p[i] == '.' ? '/' : dotted.p[i]);
    (void)py_need(r, buf_text(&b));
    return buf_view(&b);
}

/* from .. import: true when the dots do not lead out of the package and the module is there. */
static bool has_relative(struct py_reader *r, const struct py_module *m, const struct py_import *im)
{
    struct slice folder = m->folder;
    for (size_t i = 1; i < im->level; i++) {
        if (folder.n == 0)
            return false;
        size_t n = folder.n;
        while (n > 0 && folder.p[n - 1] != '/')
            n--;
        folder = slice_sub(folder, 0, n ? n - 1 : 0);
    }
    if (im->module.n)
        return has_module(r, joined(r, folder, im->module));
    /* from . import name: a module, or anything that __init__.py defines */
    return has_file(r, joined(r, folder, SLICE("__init__"))) ||
           has_module(r, joined(r, folder, im->name));
}

/* The package by its own name, as the folder it is packed in: "import search_agent.tools". */
static bool is_wrapper(const struct py_reader *r, struct slice top)
{
    return r->root.n == top.n + 1 && slice_eq(slice_sub(r->root, 0, top.n), top);
}

static bool is_in_package(struct py_reader *r, const struct py_module *m,
                          const struct py_import *im)
{
    if (im->level > 0)
        return has_relative(r, m, im);
    struct slice top = slice_sub(im->module, 0, slice_find(im->module, '.'));
    if (slice_is(top, "cadence_sdk") || py_is_stdlib(top))
        return false;
    return has_module(r, top) || is_wrapper(r, top);
}

/* ---- imports ----------------------------------------------------------------------------------- */

static void *more(struct scanning *s, void *old, size_t count, size_t *cap, size_t most,
                  size_t size)
{
    if (count < *cap)
        return old;
    size_t wanted = *cap ? *cap * 2 : 64;
    void *p = wanted > most ? NULL : arena_array(s->r->ctx->arena, wanted, size);
    if (p == NULL) {
        s->r->no_memory = s->r->no_memory || wanted <= most;
        s->out->is_cut = true;
        return NULL;
    }
    if (count)
        memcpy(p, old, count * size);
    *cap = wanted;
    return p;
}

static void add_import(struct scanning *s, const struct py_module *m, const struct py_binding *b,
                       bool in_test)
{
    struct py_scan *out = s->out;
    void *all = more(s, out->imports, out->import_count, &s->import_cap, IMPORTS_MAX,
                     sizeof *out->imports);
    if (all == NULL)
        return;
    out->imports = all;
    struct py_import *im = &out->imports[out->import_count++];
    *im = (struct py_import){.module = b->kind == BIND_IMPORT ? b->original : b->module,
                             .level = b->level,
                             .name = b->module.n ? SLICE_NONE : b->original,
                             .at = py_byte_at(m, b->statement),
                             .guard = b->guard,
                             .in_test = in_test};
    im->in_package = is_in_package(s->r, m, im);
}

static int by_place(const void *a, const void *b)
{
    const struct py_import *x = a, *y = b;
    int c = (x->at.line > y->at.line) - (x->at.line < y->at.line);
    return c ? c : (x->at.column > y->at.column) - (x->at.column < y->at.column);
}

static bool is_same(const struct py_import *a, const struct py_import *b)
{
    return a->level == b->level && a->at.line == b->at.line && a->at.column == b->at.column &&
           slice_eq(a->module, b->module) && slice_eq(a->name, b->name);
}

/* "from a import b, c" was noted once for each name. */
static void drop_repeated(struct py_scan *out, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < out->import_count; i++)
        if (kept == from || !is_same(&out->imports[kept - 1], &out->imports[i]))
            out->imports[kept++] = out->imports[i];
    out->import_count = kept;
}

static void read_imports(struct scanning *s, const struct py_module *m, bool in_test)
{
    size_t from = s->out->import_count;
    for (size_t i = 0; i < m->symbols->count; i++) {
        const struct py_binding *b = &m->symbols->bindings[i];
        if (b->kind == BIND_IMPORT || b->kind == BIND_FROM || b->kind == BIND_STAR)
            add_import(s, m, b, in_test);
    }
    if (s->out->import_count > from)
        qsort(s->out->imports + from, s->out->import_count - from, sizeof *s->out->imports,
              by_place);
    drop_repeated(s->out, from);
}

/* ---- calls ------------------------------------------------------------------------------------- */

/* What a bare name stands for: "os" of "import os", "subprocess.run" of "from subprocess import
 * run", the name itself when it is Python's own; none when the file gives it another meaning. */
static struct slice meaning(struct py_reader *r, const struct py_module *m, struct slice name,
                            bool *imported)
{
    size_t count;
    const struct py_binding *b = py_symbols_named(m->symbols, name, &count);
    *imported = false;
    for (size_t i = 0; i < count; i++) {
        if (b[i].kind == BIND_CHANGE || b[i].kind == BIND_GLOBAL)
            continue;
        *imported = b[i].level == 0 && (b[i].kind == BIND_IMPORT || b[i].kind == BIND_FROM);
        if (!*imported)
            return SLICE_NONE;
        if (b[i].kind == BIND_IMPORT)
            return b[i].module;
        return slice_of(py_need(r, str_printf(r->ctx->arena, "%.*s.%.*s", SLICE_ARGS(b[i].module),
                                              SLICE_ARGS(b[i].original))));
    }
    return name;
}

/* "os.path" behind "import os"; none when the chain does not begin at an import. */
static struct slice chain(struct py_reader *r, const struct py_module *m, TSNode node, int depth)
{
    bool imported;
    if (py_node(r, node) == NODE_IDENTIFIER) {
        struct slice name = meaning(r, m, py_node_text(m, node), &imported);
        return imported ? name : SLICE_NONE;
    }
    if (py_node(r, node) != NODE_ATTRIBUTE || depth == CALL_DEPTH)
        return SLICE_NONE;
    struct slice base = chain(r, m, py_node_field(node, "object"), depth + 1);
    if (base.n == 0)
        return SLICE_NONE;
    struct slice last = py_node_text(m, py_node_field(node, "attribute"));
    return slice_of(
        py_need(r, str_printf(r->ctx->arena, "%.*s.%.*s", SLICE_ARGS(base), SLICE_ARGS(last))));
}

static struct slice name_of_call(struct py_reader *r, const struct py_module *m, TSNode function)
{
    bool imported;
    if (py_node(r, function) == NODE_IDENTIFIER)
        return meaning(r, m, py_node_text(m, function), &imported);
    struct slice whole = chain(r, m, function, 0);
    if (whole.n)
        return whole;
    struct slice last = py_node_text(m, py_node_field(function, "attribute"));
    return slice_of(py_need(r, str_printf(r->ctx->arena, ".%.*s", SLICE_ARGS(last))));
}

static void read_calls(struct scanning *s, const struct py_module *m)
{
    struct py_scan *out = s->out;
    for (size_t i = 0; i < m->symbols->call_count; i++) {
        TSNode node = m->symbols->calls[i];
        struct slice name = name_of_call(s->r, m, py_node_field(node, "function"));
        if (name.n == 0)
            continue;
        void *all = more(s, out->calls, out->call_count, &s->call_cap, CALLS_MAX,
                         sizeof *out->calls);
        if (all == NULL)
            return;
        out->calls = all;
        out->calls[out->call_count++] = (struct py_call){
            name, slice_sub(py_node_text(m, node), 0, CALL_TEXT_MAX), py_node_at(m, node)};
    }
}

/* ---- all files --------------------------------------------------------------------------------- */

static bool is_set_up(struct slice path)
{
    return py_is_test(path) || slice_is(path, "setup.py");
}

void py_read_scan(struct py_reader *r, struct py_scan *out)
{
    struct scanning s = {.r = r, .out = out};
    memset(out, 0, sizeof *out);
    out->sources = arena_array(r->ctx->arena, r->file_count + 1, sizeof *out->sources);
    if (py_need(r, out->sources) == NULL)
        return;
    for (size_t i = 0; i < r->file_count; i++) {
        struct py_module *m = py_module_of(r, &r->files[i]);
        if (m == NULL)
            return;
        out->sources[out->source_count++] = (struct py_source){m->file, m->text, m->broken};
        if (m->symbols == NULL)
            continue;
        read_imports(&s, m, is_set_up(r->files[i].path));
        read_calls(&s, m);
    }
    out->is_cut = out->is_cut || r->cut;
}
