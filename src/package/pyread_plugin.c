/*
 * pyread_plugin.c - which class of plugin.py is the plugin, and what it says.
 *
 * Cadence imports plugin.py, goes through dir(module) and takes the first subclass of BasePlugin:
 * the alphabetical order of all names, imported ones included, decides. The same is done here on
 * what the names stand for.
 */
#include <stdlib.h>
#include <string.h>

#include "package/pyread_body.h"
#include "package/pyread_class.h"
#include "package/pyread_eval.h"
#include "package/pyread_make.h"

/* ---- the classes of a module --------------------------------------------------------------- */

struct found {
    struct slice name;
    const struct py_value *cls;
};

struct finding_list {
    struct found items[64];
    size_t count;
    const struct py_value *reason; /* why a class that may be one is not known to be */
};

/* A base that cannot be known, in a class that would otherwise be looked at. */
static const struct py_value *open_base(struct py_reader *r, const struct py_value *cls)
{
    size_t count;
    const struct py_value **mro = py_class_mro(r, cls, &count);
    for (size_t i = 0; i < count; i++) {
        if (mro[i]->kind == PY_UNKNOWN)
            return mro[i];
        if (mro[i]->kind == PY_FOREIGN && slice_ends(mro[i]->text, "Plugin"))
            return py_unknown(r, mro[i]->at,
                              "%.*s inherits from %.*s, which is outside of the "
                              "package",
                              SLICE_ARGS(py_class_name(cls)), SLICE_ARGS(mro[i]->text));
    }
    return NULL;
}

static void consider(struct py_reader *r, struct finding_list *list, struct slice name,
                     const struct py_value *v, const char *const *bases)
{
    if (v->kind != PY_CLASS)
        return;
    bool fits = false;
    for (size_t i = 0; bases[i] && !fits; i++)
        fits = py_class_is(r, v, bases[i]);
    if (!fits) {
        const struct py_value *open = open_base(r, v);
        if (open && list->reason == NULL)
            list->reason = open;
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        if (slice_eq(list->items[i].name, name))
            return;
    if (list->count < sizeof list->items / sizeof *list->items)
        list->items[list->count++] = (struct found){name, v};
}

static bool may_be_class(const struct py_binding *b)
{
    return b->scope == 0 &&
           (b->kind == BIND_CLASS || b->kind == BIND_FROM || b->kind == BIND_VALUE);
}

/* Names that reach `m` by way of star imports, also of the modules it imports them from. */
static void consider_stars(struct py_reader *r, struct py_module *m, struct py_module *from,
                           struct finding_list *list, const char *const *bases, int depth)
{
    enum { STARS_MAX = 16, STAR_DEPTH = 4 };
    size_t count;
    struct py_binding *stars = py_symbols_named(from->symbols, SLICE("*"), &count);
    for (size_t i = 0; i < count && i < STARS_MAX && depth < STAR_DEPTH; i++) {
        struct py_module *other = py_star_module(r, &stars[i]);
        if (other == NULL || other->symbols == NULL || !py_spend(r, other->symbols->count))
            continue;
        struct py_at at = py_node_at(from, stars[i].node);
        for (size_t k = 0; k < other->symbols->count; k++) {
            const struct py_binding *b = &other->symbols->bindings[k];
            if (may_be_class(b))
                consider(r, list, b->name, py_name_in_module(r, m, b->name, at), bases);
        }
        consider_stars(r, m, other, list, bases, depth + 1);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int c = memcmp(x->name.p, y->name.p, n);
    return c ? c : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

/* The classes with one of these bases that the module has a name for, in order of name. */
static void find_classes(struct py_reader *r, struct py_module *m, const char *const *bases,
                         struct finding_list *list)
{
    for (size_t i = 0; i < m->symbols->count; i++) {
        const struct py_binding *b = &m->symbols->bindings[i];
        const struct py_value *v = may_be_class(b) ? py_name_in_scope(r, m, 0, b->name) : NULL;
        if (v)
            consider(r, list, b->name, v, bases);
    }
    consider_stars(r, m, m, list, bases, 0);
    qsort(list->items, list->count, sizeof *list->items, by_name);
}

/* ---- settings ------------------------------------------------------------------------------ */

static const struct py_value *settings_argument(struct py_reader *r, struct py_module *m,
                                                TSNode call)
{
    struct py_frame frame = {.module = m};
    struct py_nodes arguments = py_node_children(r, py_node_field(call, "arguments"));
    if (arguments.count != 1)
        return py_unknown(r, py_node_at(m, call), "plugin_settings takes one list");
    TSNode node = arguments.at[0];
    if (py_node(r, node) == NODE_KEYWORD_ARGUMENT)
        node = py_node_field(node, "value");
    return py_eval(r, &frame, node);
}

static const struct py_value *joined(struct py_reader *r, const struct py_value *a,
                                     const struct py_value *b)
{
    return a == NULL ? b : py_eval_sum(r, b->at, a, b);
}

/* The lists of all plugin_settings decorators of one class, the outermost first. */
static const struct py_value *decorated_settings(struct py_reader *r, const struct py_class *c,
                                                 struct py_plugin *out)
{
    struct py_frame frame = {.module = c->module, .scope = c->binding->scope};
    struct py_nodes decorators = py_decorators(r, c->binding);
    const struct py_value *all = NULL;
    for (size_t i = 0; i < decorators.count; i++) {
        TSNode node = decorators.at[i];
        bool is_call = py_node(r, node) == NODE_CALL;
        const struct py_value *v = py_eval(r, &frame,
                                           is_call ? py_node_field(node, "function") : node);
        bool is_sdk = v->kind == PY_SDK;
        if (is_call && is_sdk && slice_is(v->text, "plugin_settings"))
            all = joined(r, all, settings_argument(r, c->module, node));
        else if (!is_sdk && out->foreign_decorator == NULL)
            out->foreign_decorator = py_unknown(r, py_node_at(c->module, node), "@%s",
                                                py_node_shown(r, c->module, node));
    }
    return all;
}

/* Each class adds the lists of its decorators; the first that has the method itself ends the row. */
static void read_settings(struct py_reader *r, const struct py_value *cls, struct py_plugin *out)
{
    size_t count;
    const struct py_value **mro = py_class_mro(r, cls, &count);
    for (size_t i = 0; i < count && mro[i]->kind == PY_CLASS; i++) {
        const struct py_class *c = mro[i]->ref;
        const struct py_value *all = decorated_settings(r, c, out);
        if (all)
            out->decorator = joined(r, out->decorator, all);
        const struct py_value *method = py_name_in_scope(r, c->module, c->binding->body_scope,
                                                         SLICE("get_settings_schema"));
        if (method == NULL)
            continue;
        out->method = method->kind == PY_FUNCTION ? py_run(r, method, cls) : method;
        return;
    }
}

/* ---- the agent ----------------------------------------------------------------------------- */

static const char *const agent_bases[] = {"BaseAgent", "BaseSpecializedAgent", "BaseScopedAgent",
                                          NULL};

static const struct py_value *only_agent_of(struct py_reader *r, struct py_module *m)
{
    struct finding_list list = {.count = 0};
    if (m && m->symbols)
        find_classes(r, m, agent_bases, &list);
    return list.count ? list.items[0].cls : NULL;
}

/* A base from outside of the package may be an agent; nobody here knows. */
static bool has_open_base(struct py_reader *r, const struct py_value *cls)
{
    size_t count;
    const struct py_value **mro = py_class_mro(r, cls, &count);
    for (size_t i = 0; i < count; i++)
        if (mro[i]->kind == PY_UNKNOWN ||
            (mro[i]->kind == PY_FOREIGN && !slice_starts(mro[i]->text, "builtins.")))
            return true;
    return false;
}

static void read_agent(struct py_reader *r, struct py_module *m, const struct py_value *cls,
                       struct py_plugin *out)
{
    const struct py_value *create = py_class_attribute(r, cls, SLICE("create_agent"), out->at);
    const struct py_value *agent = NULL;
    out->has_create_agent = create != NULL;
    if (create && create->kind == PY_FUNCTION)
        agent = py_returned_class(r, create, cls);
    if (agent == NULL)
        agent = only_agent_of(r, m);
    if (agent == NULL)
        agent = only_agent_of(r, py_module_at(r, SLICE("agent")));
    if (agent == NULL)
        return;
    out->agent_class = py_need(r, slice_dup(r->ctx->arena, py_class_name(agent)));
    out->is_specialized = py_class_is(r, agent, "BaseSpecializedAgent");
    out->is_scoped = py_class_is(r, agent, "BaseScopedAgent");
    out->is_agent = out->is_specialized || out->is_scoped || py_class_is(r, agent, "BaseAgent");
    out->is_open = has_open_base(r, agent);
}

/* ---- registration -------------------------------------------------------------------------- */

static bool calls_register(struct py_reader *r, struct py_module *m, TSNode node, int depth)
{
    if (depth > 8)
        return false;
    if (py_node(r, node) == NODE_CALL) {
        struct py_frame frame = {.module = m};
        const struct py_value *v = py_eval(r, &frame, py_node_field(node, "function"));
        if (v->kind == PY_SDK && slice_is(v->text, "register_plugin"))
            return true;
    }
    struct py_nodes children = py_node_children(r, node);
    for (size_t i = 0; i < children.count; i++)
        if (calls_register(r, m, children.at[i], depth + 1))
            return true;
    return false;
}

static bool registers(struct py_reader *r, struct py_module *m)
{
    return m && m->symbols && calls_register(r, m, ts_tree_root_node(m->tree), 0);
}

bool py_registers(struct py_reader *r)
{
    return registers(r, py_module_at(r, SLICE_NONE)) || registers(r, py_module_of_plugin(r));
}

/* ---- all of it ----------------------------------------------------------------------------- */

static void read_metadata(struct py_reader *r, const struct py_value *cls, struct py_plugin *out)
{
    const struct py_value *method = py_class_attribute(r, cls, SLICE("get_metadata"), out->at);
    if (method == NULL)
        return;
    out->metadata_at = method->at;
    out->metadata = method->kind == PY_FUNCTION ? py_run(r, method, cls) : method;
    if (out->metadata->kind != PY_RECORD && out->metadata->kind != PY_UNKNOWN)
        out->metadata = py_unknown(r, out->metadata->at, "get_metadata() returns %s",
                                   py_kind_shown(out->metadata->kind));
}

static void name_others(struct py_reader *r, const struct finding_list *list, struct py_plugin *out)
{
    if (list->count < 2)
        return;
    out->others = arena_array(r->ctx->arena, list->count, sizeof *out->others);
    (void)py_need(r, out->others);
    for (size_t i = 1; out->others && i < list->count; i++) {
        const char *name = py_need(r, slice_dup(r->ctx->arena, list->items[i].name));
        if (name && list->items[i].cls->ref != list->items[0].cls->ref)
            out->others[out->other_count++] = name;
    }
}

void py_read_plugin(struct py_reader *r, struct py_plugin *out)
{
    static const char *const plugin_bases[] = {"BasePlugin", NULL};
    memset(out, 0, sizeof *out);
    struct py_module *m = py_module_of_plugin(r);
    if (m == NULL) {
        r->no_memory = true; /* inspect.c only comes here when there is a plugin.py */
        return;
    }
    if (m->broken) {
        out->broken = m->broken;
        return;
    }
    struct finding_list list = {.count = 0};
    find_classes(r, m, plugin_bases, &list);
    out->reason = list.reason;
    out->at = (struct py_at){m->file, 0, 0};
    if (list.count == 0)
        return;
    const struct py_value *cls = list.items[0].cls;
    out->class_name = py_need(r, slice_dup(r->ctx->arena, py_class_name(cls)));
    out->at = cls->at;
    name_others(r, &list, out);
    read_metadata(r, cls, out);
    read_settings(r, cls, out);
    read_agent(r, m, cls, out);
}
