/*
 * pyread_body.c - a function read line by line.
 *
 * Each statement either changes what the local names stand for, or it changes nothing that could
 * matter, or it ends the reading. There is no fourth kind: what is not understood ends it.
 */
#include "package/pyread_body.h"

#include <string.h>

#include "package/pyread_class.h"
#include "package/pyread_eval.h"
#include "package/pyread_make.h"

struct run {
    struct py_reader *r;
    struct py_frame frame;
    const struct py_value *result; /* set when the function has returned or cannot be followed */
};

static void set_local(struct run *run, struct slice name, const struct py_value *v)
{
    struct py_frame *f = &run->frame;
    for (size_t i = 0; i < f->local_count; i++)
        if (slice_eq(f->locals[i].name, name)) {
            f->locals[i].value = v;
            return;
        }
    if (f->local_count == f->local_cap) {
        size_t cap = f->local_cap ? f->local_cap * 2 : 16;
        struct py_local *grown = arena_array(run->r->ctx->arena, cap, sizeof *grown);
        if (grown == NULL) {
            run->r->no_memory = true;
            return;
        }
        if (f->local_count)
            memcpy(grown, f->locals, f->local_count * sizeof *grown);
        f->locals = grown;
        f->local_cap = cap;
    }
    f->locals[f->local_count++] = (struct py_local){name, v};
}

static void give_up(struct run *run, TSNode node, const char *why)
{
    run->result = py_unknown(run->r, py_node_at(run->frame.module, node), "%s", why);
}

/* ---- parameters ---------------------------------------------------------------------------- */

/* A function that hangs from a class is called on it: the first parameter is the class, or an
 * instance that stands for it. */
static void set_parameters(struct run *run, TSNode definition, const struct py_value *self)
{
    struct py_reader *r = run->r;
    const struct py_module *m = run->frame.module;
    TSNode list = py_node_field(definition, "parameters");
    struct py_nodes parameters = {NULL, 0};
    if (!ts_node_is_null(list))
        parameters = py_node_children(r, list);
    struct py_frame outer = {.module = run->frame.module};
    for (size_t i = 0; i < parameters.count; i++) {
        TSNode p = parameters.at[i];
        TSNode value = py_node_field(p, "value"), name = py_node_field(p, "name");
        if (ts_node_is_null(name))
            name = py_node(r, p) == NODE_IDENTIFIER ? p : py_node_child(p, 0);
        struct py_at at = py_node_at(m, p);
        struct slice text = py_node_text(m, name);
        if (i == 0 && self)
            set_local(run, text, self);
        else if (!ts_node_is_null(value))
            set_local(run, text, py_eval(r, &outer, value));
        else
            set_local(run, text, py_unknown(r, at, "%.*s is a parameter", SLICE_ARGS(text)));
    }
}

/* ---- statements ---------------------------------------------------------------------------- */

/* record.field = value: every name that leads to the record sees the change. */
static bool set_field(struct run *run, TSNode target, const struct py_value *v)
{
    struct py_reader *r = run->r;
    const struct py_module *m = run->frame.module;
    TSNode object = py_node_field(target, "object"), attribute = py_node_field(target, "attribute");
    if (py_node(r, target) != NODE_ATTRIBUTE || py_node(r, object) != NODE_IDENTIFIER)
        return false;
    const struct py_value *old = py_eval(r, &run->frame, object);
    if (old->kind != PY_RECORD)
        return false;
    struct py_list record;
    py_list_start(&record, r);
    for (size_t i = 0; i < old->count; i++)
        py_dict_put(&record, old->items[2 * i], old->items[2 * i + 1]);
    record.rest = old->rest;
    struct py_at at = py_node_at(m, attribute);
    py_dict_put(&record, py_make_text(r, at, PY_STR, py_node_text(m, attribute), NULL), v);
    const struct py_value *changed = py_dict_end(&record, old->at, PY_RECORD);
    bool any = false;
    for (size_t i = 0; i < run->frame.local_count; i++)
        if (run->frame.locals[i].value == old) {
            run->frame.locals[i].value = changed;
            any = true;
        }
    return any; /* a record of the module must not change */
}

static void assign(struct run *run, TSNode node)
{
    TSNode value = node;
    while (py_node(run->r, value) == NODE_ASSIGNMENT)
        value = py_node_field(value, "right");
    if (ts_node_is_null(value))
        return; /* only an annotation */
    const struct py_value *v = py_eval(run->r, &run->frame, value);
    for (TSNode a = node; py_node(run->r, a) == NODE_ASSIGNMENT; a = py_node_field(a, "right")) {
        TSNode target = py_node_field(a, "left");
        if (py_node(run->r, target) == NODE_IDENTIFIER)
            set_local(run, py_node_text(run->frame.module, target), v);
        else if (!set_field(run, target, v)) {
            give_up(run, target, "the function assigns to something that is not followed");
            return;
        }
    }
}

static void augment(struct run *run, TSNode node)
{
    struct py_at at = py_node_at(run->frame.module, node);
    TSNode target = py_node_field(node, "left");
    struct slice op = py_node_text(run->frame.module, py_node_field(node, "operator"));
    if (py_node(run->r, target) != NODE_IDENTIFIER || !slice_is(op, "+=")) {
        give_up(run, node, "the function changes a value with an operator");
        return;
    }
    const struct py_value *a = py_eval(run->r, &run->frame, target);
    const struct py_value *b = py_eval(run->r, &run->frame, py_node_field(node, "right"));
    if (a->kind == PY_LIST) {
        /* += changes the list itself, which other names may share */
        give_up(run, node, "the function changes a list in place");
        return;
    }
    set_local(run, py_node_text(run->frame.module, target), py_eval_sum(run->r, at, a, b));
}

/* True when a local name stands anywhere below the node. */
static bool touches_locals(struct run *run, TSNode node, int depth)
{
    if (depth > 32)
        return true;
    if (py_node(run->r, node) == NODE_IDENTIFIER) {
        struct slice name = py_node_text(run->frame.module, node);
        for (size_t i = 0; i < run->frame.local_count; i++)
            if (slice_eq(run->frame.locals[i].name, name))
                return true;
    }
    struct py_nodes children = py_node_children(run->r, node);
    for (size_t i = 0; i < children.count; i++)
        if (touches_locals(run, children.at[i], depth + 1))
            return true;
    return false;
}

static void expression(struct run *run, TSNode statement)
{
    struct py_nodes parts = py_node_children(run->r, statement);
    TSNode node = parts.count ? parts.at[0] : statement;
    switch (py_node(run->r, node)) {
    case NODE_STRING:
    case NODE_CONCATENATED_STRING:
    case NODE_ELLIPSIS: return;
    case NODE_ASSIGNMENT: assign(run, node); return;
    case NODE_AUGMENTED_ASSIGNMENT: augment(run, node); return;
    case NODE_CALL: /* logging and the like, as long as it cannot reach what is returned */
        if (touches_locals(run, node, 0))
            give_up(run, node, "the function calls something that may change its values");
        return;
    default: give_up(run, node, "the function does something that is not followed");
    }
}

/* Names that a statement binds and the symbols know: imports, nested classes and functions. */
static void bind_known(struct run *run, TSNode node)
{
    const struct py_symbols *s = run->frame.module->symbols;
    if (!py_spend(run->r, s->count))
        return; /* the names stay unset, and unset names are unknown */
    for (size_t i = 0; i < s->count; i++) {
        struct py_binding *b = &s->bindings[i];
        if (b->scope != run->frame.scope || b->kind == BIND_CHANGE || b->kind == BIND_GLOBAL)
            continue;
        uint32_t at = ts_node_start_byte(b->node);
        if (at >= ts_node_start_byte(node) && at < ts_node_end_byte(node))
            set_local(run, b->name, py_binding_value(run->r, b));
    }
}

static void statement(struct run *run, TSNode node)
{
    struct py_nodes parts;
    switch (py_node(run->r, node)) {
    case NODE_EXPRESSION_STATEMENT: expression(run, node); return;
    case NODE_RETURN_STATEMENT:
        parts = py_node_children(run->r, node);
        run->result = parts.count
                          ? py_eval(run->r, &run->frame, parts.at[0])
                          : py_make_plain(run->r, py_node_at(run->frame.module, node), PY_NONE);
        return;
    case NODE_IMPORT_STATEMENT:
    case NODE_IMPORT_FROM_STATEMENT:
    case NODE_CLASS_DEFINITION:
    case NODE_FUNCTION_DEFINITION:
    case NODE_DECORATED_DEFINITION: bind_known(run, node); return;
    case NODE_PASS_STATEMENT:
    case NODE_ASSERT_STATEMENT: return;
    case NODE_IF_STATEMENT:
    case NODE_MATCH_STATEMENT: give_up(run, node, "the function decides when it runs"); return;
    case NODE_FOR_STATEMENT:
    case NODE_WHILE_STATEMENT: give_up(run, node, "the function runs a loop"); return;
    case NODE_TRY_STATEMENT:
        give_up(run, node, "the function depends on what fails when it runs");
        return;
    case NODE_WITH_STATEMENT:
        give_up(run, node, "the function opens something when it runs");
        return;
    default: give_up(run, node, "the function does something that is not followed");
    }
}

/* ---- the function -------------------------------------------------------------------------- */

/* What decorates a method may replace it; these do not. */
static const struct py_value *decorator_problem(struct py_reader *r, const struct py_binding *b,
                                                bool *is_static)
{
    static const char *const harmless[] = {"builtins.classmethod", "abc.abstractmethod",
                                           "typing.override",      "typing_extensions.override",
                                           "functools.cache",      "functools.lru_cache"};
    struct py_nodes decorators = py_decorators(r, b);
    struct py_frame frame = {.module = b->home};
    for (size_t i = 0; i < decorators.count; i++) {
        TSNode node = decorators.at[i];
        struct slice text = py_node_text(b->home, node);
        if (slice_is(text, "staticmethod")) {
            *is_static = true;
            continue;
        }
        if (py_node(r, node) == NODE_CALL)
            node = py_node_field(node, "function");
        bool known = slice_is(text, "classmethod");
        const struct py_value *v = known ? NULL : py_eval(r, &frame, node);
        for (size_t k = 0; v && k < sizeof harmless / sizeof *harmless; k++)
            known = known || (v->kind == PY_FOREIGN && slice_is(v->text, harmless[k]));
        if (!known)
            return py_unknown(r, py_node_at(b->home, decorators.at[i]),
                              "the function is decorated with @%s",
                              py_node_shown(r, b->home, decorators.at[i]));
    }
    return NULL;
}

static bool start(struct run *run, struct py_reader *r, const struct py_value *function,
                  const struct py_value *cls)
{
    struct py_binding *b = (struct py_binding *)(uintptr_t)function->ref;
    *run = (struct run){.r = r};
    run->frame = (struct py_frame){.module = b->home, .scope = b->body_scope, .in_body = true};
    bool is_static = false;
    run->result = decorator_problem(r, b, &is_static);
    if (run->result == NULL && r->depth >= PY_DEPTH_MAX)
        give_up(run, b->node, "it is nested deeper than Larder follows");
    if (run->result)
        return false;
    set_parameters(run, b->node, is_static ? NULL : cls);
    return true;
}

const struct py_value *py_run(struct py_reader *r, const struct py_value *function,
                              const struct py_value *cls)
{
    struct run run;
    if (!start(&run, r, function, cls))
        return run.result;
    const struct py_binding *b = function->ref;
    struct py_nodes lines = py_node_children(r, py_node_field(b->node, "body"));
    r->depth++;
    for (size_t i = 0; i < lines.count && run.result == NULL; i++)
        statement(&run, lines.at[i]);
    r->depth--;
    return run.result ? run.result : py_make_plain(r, py_node_at(b->home, b->node), PY_NONE);
}

/* Return statements below a branch, with the names as they are known by then. */
static const struct py_value *search_returns(struct run *run, TSNode node, int depth)
{
    struct py_nodes children = {NULL, 0};
    if (depth < 16)
        children = py_node_children(run->r, node);
    for (size_t i = 0; i < children.count; i++) {
        enum py_node kind = py_node(run->r, children.at[i]);
        const struct py_value *found = NULL;
        if (kind == NODE_FUNCTION_DEFINITION || kind == NODE_LAMBDA)
            continue;
        run->result = NULL;
        if (kind == NODE_IMPORT_STATEMENT || kind == NODE_IMPORT_FROM_STATEMENT ||
            kind == NODE_EXPRESSION_STATEMENT || kind == NODE_RETURN_STATEMENT)
            statement(run, children.at[i]);
        else
            found = search_returns(run, children.at[i], depth + 1);
        if (found == NULL && run->result && run->result->kind == PY_OBJECT)
            found = run->result;
        if (found)
            return found;
    }
    return NULL;
}

const struct py_value *py_returned_class(struct py_reader *r, const struct py_value *function,
                                         const struct py_value *cls)
{
    const struct py_value *v = py_run(r, function, cls);
    if (v->kind != PY_OBJECT) {
        struct run run;
        const struct py_binding *b = function->ref;
        v = start(&run, r, function, cls) ? search_returns(&run, py_node_field(b->node, "body"), 0)
                                          : NULL;
    }
    return v ? py_make_ref(r, v->at, PY_CLASS, v->ref) : NULL;
}
