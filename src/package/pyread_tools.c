/*
 * pyread_tools.c - the functions a package offers as tools.
 *
 * Found by their decorator, wherever they are defined: most are closures inside the methods of the
 * agent. A file that cannot be read has no tools here; only plugin.py must be readable.
 */
#include <stdlib.h>
#include <string.h>

#include "package/pyread_class.h"
#include "package/pyread_eval.h"
#include "package/pyread_string.h"

enum { TOOLS_MAX = 200 };

struct tools {
    struct py_reader *r;
    struct py_tool *items;
    size_t count;
};

static bool is_tool_name(struct slice name)
{
    return slice_is(name, "uvtool") || slice_is(name, "tool");
}

/* @tool, @uvtool(...), @sdk.uvtool, and the decorators of that name other packages have. */
static bool is_tool_decorator(struct py_reader *r, struct py_module *m, TSNode node)
{
    if (py_node(r, node) == NODE_CALL)
        node = py_node_field(node, "function");
    struct py_frame frame = {.module = m};
    const struct py_value *v = py_eval(r, &frame, node);
    if (v->kind == PY_SDK)
        return is_tool_name(v->text);
    if (v->kind == PY_FOREIGN) {
        size_t n = v->text.n;
        while (n > 0 && v->text.p[n - 1] != '.')
            n--;
        return is_tool_name(slice_sub(v->text, n, v->text.n));
    }
    return v->kind == PY_UNKNOWN && is_tool_name(py_node_text(m, node));
}

static struct slice keyword_text(struct py_reader *r, struct py_module *m, TSNode call,
                                 const char *key)
{
    if (py_node(r, call) != NODE_CALL)
        return SLICE_NONE;
    struct py_frame frame = {.module = m};
    struct py_nodes arguments = py_node_children(r, py_node_field(call, "arguments"));
    for (size_t i = 0; i < arguments.count; i++) {
        TSNode name = py_node_field(arguments.at[i], "name");
        if (py_node(r, arguments.at[i]) != NODE_KEYWORD_ARGUMENT ||
            !slice_is(py_node_text(m, name), key))
            continue;
        const struct py_value *v = py_eval(r, &frame, py_node_field(arguments.at[i], "value"));
        return v->kind == PY_STR ? v->text : SLICE_NONE;
    }
    return SLICE_NONE;
}

static struct slice first_line(struct slice text)
{
    text = py_strip(text);
    return py_strip(slice_sub(text, 0, slice_find(text, '\n')));
}

static struct slice docstring(struct py_reader *r, struct py_module *m, TSNode definition)
{
    struct py_nodes body = py_node_children(r, py_node_field(definition, "body"));
    if (body.count == 0 || py_node(r, body.at[0]) != NODE_EXPRESSION_STATEMENT)
        return SLICE_NONE;
    struct py_nodes parts = py_node_children(r, body.at[0]);
    enum py_node kind = parts.count ? py_node(r, parts.at[0]) : NODE_OTHER;
    if (kind != NODE_STRING && kind != NODE_CONCATENATED_STRING)
        return SLICE_NONE;
    struct py_frame frame = {.module = m};
    const struct py_value *v = py_eval(r, &frame, parts.at[0]);
    return v->kind == PY_STR ? v->text : SLICE_NONE;
}

static void add_tool(struct tools *tools, struct py_module *m, const struct py_binding *b,
                     TSNode decorator)
{
    struct py_reader *r = tools->r;
    struct arena *arena = r->ctx->arena;
    struct slice name = keyword_text(r, m, decorator, "name");
    struct slice description = first_line(keyword_text(r, m, decorator, "description"));
    if (name.n == 0)
        name = b->name;
    if (description.n == 0)
        description = first_line(docstring(r, m, b->node));
    tools->items[tools->count++] = (struct py_tool){
        .name = py_need(r, slice_dup(arena, name)),
        .description = description.n ? py_need(r, slice_dup(arena, description)) : NULL,
        .file = m->file,
        .line = py_node_at(m, b->node).line,
    };
}

static int by_line(const void *a, const void *b)
{
    const struct py_tool *x = a, *y = b;
    return (x->line > y->line) - (x->line < y->line);
}

static void read_module(struct tools *tools, struct py_module *m)
{
    if (m == NULL || m->symbols == NULL)
        return;
    size_t from = tools->count;
    for (size_t i = 0; i < m->symbols->count && tools->count < TOOLS_MAX; i++) {
        const struct py_binding *b = &m->symbols->bindings[i];
        if (b->kind != BIND_FUNCTION)
            continue;
        struct py_nodes decorators = py_decorators(tools->r, b);
        for (size_t k = 0; k < decorators.count; k++)
            if (is_tool_decorator(tools->r, m, decorators.at[k])) {
                add_tool(tools, m, b, decorators.at[k]);
                break;
            }
    }
    if (tools->count - from > 1)
        qsort(tools->items + from, tools->count - from, sizeof *tools->items, by_line);
}

bool py_is_test(struct slice path)
{
    size_t n = path.n;
    while (n > 0 && path.p[n - 1] != '/')
        n--;
    struct slice base = slice_sub(path, n, path.n);
    return slice_starts(path, "tests/") || slice_starts(base, "test_") ||
           slice_is(base, "conftest.py");
}

void py_read_tools(struct py_reader *r, struct py_tool **out, size_t *count, bool *is_cut)
{
    struct tools tools = {.r = r};
    *count = 0;
    *is_cut = false;
    *out = tools.items = arena_array(r->ctx->arena, TOOLS_MAX, sizeof *tools.items);
    if (tools.items == NULL) {
        r->no_memory = true;
        return;
    }
    read_module(&tools, py_module_of_plugin(r));
    for (size_t i = 0; i < r->file_count; i++) {
        if (!slice_is(r->files[i].path, "plugin.py") && !py_is_test(r->files[i].path))
            read_module(&tools, py_module_of(r, &r->files[i]));
    }
    *count = tools.count;
    *is_cut = r->cut || tools.count == TOOLS_MAX;
}
