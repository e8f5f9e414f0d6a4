/*
 * pyread_symbols.c - the walk that notes bindings.
 *
 * It goes through the tree with a cursor, not by recursion, since strangers choose the depth. What
 * it does not understand it notes as BIND_OTHER: a name is rather refused than read wrongly.
 */
#include "package/pyread_symbols.h"

#include <stdlib.h>
#include <string.h>

#include "package/pyread_guard.h"
#include "package/scan_calls.h"

enum { FRAMES_MAX = 200, LIST_MAX = 16384, TARGET_DEPTH = 16, ALIASES_MAX = 16 };

struct frame {
    size_t depth; /* of the node that opened it */
    int scope;
    bool conditional;
    enum py_guard guard;
};

struct walk {
    struct py_reader *r;
    struct py_module *m;
    struct py_symbols *s;
    size_t scope_cap, cap, call_cap;
    struct slice aliases[ALIASES_MAX]; /* "run" of "from os import system as run" */
    size_t alias_count;
    struct frame frames[FRAMES_MAX];
    size_t frame_count;
    TSNode decorated; /* the last one seen; its definition follows */
    bool failed;
};

static void *grown(struct walk *w, void *old, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return old;
    size_t more = *cap ? *cap * 2 : 64;
    void *p = more > LIST_MAX ? NULL : arena_array(w->r->ctx->arena, more, size);
    if (p == NULL) {
        w->failed = true;
        w->r->no_memory = w->r->no_memory || more <= LIST_MAX;
        return NULL;
    }
    if (count)
        memcpy(p, old, count * size);
    *cap = more;
    return p;
}

static struct frame *top(struct walk *w)
{
    return &w->frames[w->frame_count - 1];
}

static void push(struct walk *w, struct frame frame)
{
    if (w->frame_count == FRAMES_MAX) {
        w->failed = true;
        return;
    }
    w->frames[w->frame_count++] = frame;
}

/* Below a statement that may not run, or whose imports may fail. */
static void push_guard(struct walk *w, size_t depth, enum py_guard guard, bool conditional)
{
    struct frame f = *top(w);
    f.depth = depth;
    f.conditional = f.conditional || conditional;
    f.guard = guard > f.guard ? guard : f.guard;
    push(w, f);
}

static int open_scope(struct walk *w, size_t depth, enum py_scope_kind kind)
{
    struct py_symbols *s = w->s;
    void *scopes = grown(w, s->scopes, s->scope_count, &w->scope_cap, sizeof *s->scopes);
    if (scopes == NULL)
        return 0;
    s->scopes = scopes;
    int index = (int)s->scope_count++;
    struct frame f = {depth, index, false, w->frame_count ? top(w)->guard : PY_ALWAYS};
    s->scopes[index] = (struct py_scope){kind, w->frame_count ? top(w)->scope : -1};
    push(w, f);
    return index;
}

/* Adds a binding in the scope we are in. */
static void bind(struct walk *w, struct py_binding b)
{
    struct py_symbols *s = w->s;
    void *all = w->failed ? NULL : grown(w, s->bindings, s->count, &w->cap, sizeof *s->bindings);
    if (all == NULL)
        return;
    b.scope = top(w)->scope;
    /* := binds outside of the comprehension it stands in */
    while (b.kind == BIND_OTHER && s->scopes[b.scope].kind == SCOPE_COMPREHENSION)
        b.scope = s->scopes[b.scope].parent;
    b.conditional = top(w)->conditional;
    b.guard = top(w)->guard;
    b.home = w->m;
    s->bindings = all;
    s->bindings[s->count++] = b;
}

static void bind_other(struct walk *w, TSNode name, const char *how)
{
    bind(w, (struct py_binding){
                .name = py_node_text(w->m, name), .kind = BIND_OTHER, .node = name, .how = how});
}

/* The name at the bottom of a.b[0].c, and the attribute that stands right after it. */
static bool base_of(struct walk *w, TSNode node, struct slice *name, struct slice *attr)
{
    *attr = SLICE_NONE;
    for (int i = 0; i < TARGET_DEPTH; i++) {
        enum py_node kind = py_node(w->r, node);
        if (kind == NODE_IDENTIFIER) {
            *name = py_node_text(w->m, node);
            return true;
        }
        if (kind == NODE_ATTRIBUTE) {
            *attr = py_node_text(w->m, py_node_field(node, "attribute"));
            node = py_node_field(node, "object");
        } else if (kind == NODE_SUBSCRIPT) {
            *attr = SLICE_NONE;
            node = py_node_field(node, "value");
        } else {
            return false;
        }
    }
    return false;
}

static void bind_change(struct walk *w, TSNode thing, TSNode at, const char *how)
{
    struct py_binding b = {.kind = BIND_CHANGE, .node = at, .how = how};
    if (base_of(w, thing, &b.name, &b.attr))
        bind(w, b);
}

static void bind_target(struct walk *w, TSNode target, TSNode value, const char *how, int depth)
{
    enum py_node kind = py_node(w->r, target);
    if (kind == NODE_IDENTIFIER && how == NULL) {
        bind(w, (struct py_binding){
                    .name = py_node_text(w->m, target), .kind = BIND_VALUE, .node = value});
    } else if (kind == NODE_IDENTIFIER) {
        bind_other(w, target, how);
    } else if (kind == NODE_ATTRIBUTE || kind == NODE_SUBSCRIPT) {
        bind_change(w, target, target, "it is assigned to");
    } else if (depth == TARGET_DEPTH) {
        w->failed = true;
    } else {
        uint32_t count = py_node_count(target);
        for (uint32_t i = 0; i < count && i < 256; i++)
            bind_target(w, py_node_child(target, i), value,
                        how ? how : "it is unpacked from a sequence", depth + 1);
    }
}

static void see_assignment(struct walk *w, TSNode node)
{
    TSNode value = py_node_field(node, "right");
    while (py_node(w->r, value) == NODE_ASSIGNMENT)
        value = py_node_field(value, "right"); /* a = b = 1; b is seen on its own */
    if (!ts_node_is_null(value))
        bind_target(w, py_node_field(node, "left"), value, NULL, 0);
}

static void see_parameters(struct walk *w, TSNode parameters)
{
    uint32_t count = py_node_count(parameters);
    for (uint32_t i = 0; i < count && i < 256; i++) {
        TSNode p = py_node_child(parameters, i);
        for (int depth = 0; depth < 3 && py_node(w->r, p) != NODE_IDENTIFIER; depth++) {
            TSNode name = py_node_field(p, "name");
            p = ts_node_is_null(name) ? py_node_child(p, 0) : name;
        }
        if (py_node(w->r, p) == NODE_IDENTIFIER)
            bind(w, (struct py_binding){
                        .name = py_node_text(w->m, p), .kind = BIND_PARAMETER, .node = p});
    }
}

static void see_definition(struct walk *w, TSNode node, size_t depth, bool is_class)
{
    struct py_binding b = {.name = py_node_text(w->m, py_node_field(node, "name")),
                           .kind = is_class ? BIND_CLASS : BIND_FUNCTION,
                           .node = node};
    if (!ts_node_is_null(w->decorated) && ts_node_end_byte(w->decorated) == ts_node_end_byte(node))
        b.decorated = w->decorated;
    w->decorated = (TSNode){.id = NULL};
    b.body_scope = (int)w->s->scope_count; /* the one opened next */
    bind(w, b);
    (void)open_scope(w, depth, is_class ? SCOPE_CLASS : SCOPE_FUNCTION);
    if (!is_class && !w->failed)
        see_parameters(w, py_node_field(node, "parameters"));
}

/* The dotted text of a module without blanks around its dots; "a . b" is legal and rare. */
static struct slice dotted(struct walk *w, TSNode node)
{
    struct slice text = py_node_text(w->m, node);
    struct buf b;
    buf_init(&b, w->r->ctx->arena, text.n);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != ' ' && text.p[i] != '\t' && text.p[i] != '\\' && text.p[i] != '\n')
            buf_char(&b, text.p[i]);
    w->failed = w->failed || py_need(w->r, buf_text(&b)) == NULL;
    return buf_view(&b);
}

static void see_import(struct walk *w, TSNode node)
{
    struct py_nodes names = py_node_children(w->r, node);
    for (size_t i = 0; i < names.count; i++) {
        struct py_binding b = {
            .kind = BIND_IMPORT, .node = names.at[i], .statement = ts_node_start_byte(names.at[i])};
        if (py_node(w->r, names.at[i]) == NODE_ALIASED_IMPORT) {
            b.original = b.module = dotted(w, py_node_field(names.at[i], "name"));
            b.name = py_node_text(w->m, py_node_field(names.at[i], "alias"));
        } else {
            b.original = b.module = dotted(w, names.at[i]);
            b.module = slice_sub(b.module, 0, slice_find(b.module, '.'));
            b.name = b.module; /* import a.b binds a */
        }
        bind(w, b);
    }
}

static void see_import_from(struct walk *w, TSNode node)
{
    struct py_nodes names = py_node_children(w->r, node);
    if (names.count == 0)
        return;
    struct slice module = dotted(w, names.at[0]);
    size_t level = 0;
    while (level < module.n && module.p[level] == '.')
        level++;
    module = slice_sub(module, level, module.n);
    for (size_t i = 1; i < names.count; i++) {
        struct py_binding b = {.kind = BIND_FROM,
                               .node = names.at[i],
                               .module = module,
                               .level = level,
                               .statement = ts_node_start_byte(node)};
        enum py_node kind = py_node(w->r, names.at[i]);
        if (kind == NODE_WILDCARD_IMPORT) {
            b.kind = BIND_STAR;
            b.name = SLICE("*");
        } else if (kind == NODE_ALIASED_IMPORT) {
            b.original = py_node_text(w->m, py_node_field(names.at[i], "name"));
            b.name = py_node_text(w->m, py_node_field(names.at[i], "alias"));
            if (scan_call_is_wanted(b.original) && w->alias_count < ALIASES_MAX)
                w->aliases[w->alias_count++] = b.name;
        } else {
            b.original = b.name = py_node_text(w->m, names.at[i]);
        }
        bind(w, b);
    }
}

static bool is_mutator(struct slice name)
{
    static const char *const names[] = {"append", "extend",     "insert",  "pop",        "remove",
                                        "clear",  "update",     "popitem", "sort",       "reverse",
                                        "add",    "setdefault", "discard", "__setitem__"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_is(name, names[i]))
            return true;
    return false;
}

static bool is_alias(const struct walk *w, struct slice name)
{
    for (size_t i = 0; i < w->alias_count; i++)
        if (slice_eq(w->aliases[i], name))
            return true;
    return false;
}

static void note_call(struct walk *w, TSNode node)
{
    struct py_symbols *s = w->s;
    void *all = grown(w, s->calls, s->call_count, &w->call_cap, sizeof *s->calls);
    if (all == NULL)
        return;
    s->calls = all;
    s->calls[s->call_count++] = node;
}

static void see_call(struct walk *w, TSNode node)
{
    TSNode function = py_node_field(node, "function");
    enum py_node kind = py_node(w->r, function);
    bool is_method = kind == NODE_ATTRIBUTE;
    if (!is_method && kind != NODE_IDENTIFIER)
        return;
    struct slice name = py_node_text(w->m,
                                     is_method ? py_node_field(function, "attribute") : function);
    if (scan_call_is_wanted(name) || (!is_method && is_alias(w, name)))
        note_call(w, node);
    if (is_method && is_mutator(name))
        bind_change(w, py_node_field(function, "object"), node, "a method changes it");
    if (is_method)
        return;
    TSNode arguments = py_node_field(node, "arguments");
    if (!slice_is(name, "setattr") && !slice_is(name, "delattr"))
        return;
    struct py_binding b = {.kind = BIND_CHANGE, .node = node, .how = "setattr changes it"};
    if (py_node_count(arguments) > 0 && base_of(w, py_node_child(arguments, 0), &b.name, &b.attr)) {
        b.attr = SLICE("*");
        bind(w, b);
    }
}

static void see_names(struct walk *w, TSNode node, enum py_bind kind)
{
    uint32_t count = py_node_count(node);
    for (uint32_t i = 0; i < count && i < 256; i++) {
        TSNode name = py_node_child(node, i);
        if (kind == BIND_GLOBAL)
            bind(w,
                 (struct py_binding){.name = py_node_text(w->m, name), .kind = kind, .node = name});
        else
            bind_target(w, name, name, "it is deleted", 0);
    }
}

static void see_alias(struct walk *w, TSNode node)
{
    uint32_t count = py_node_count(node);
    if (count == 0)
        return;
    TSNode target = py_node_child(node, count - 1);
    if (py_node(w->r, target) == NODE_AS_PATTERN_TARGET)
        target = py_node_child(target, 0);
    bind_target(w, target, target, "a with, except or case sets it", 0);
}

/* Statements that bind names. False when there is nothing more to see below the node. */
static bool see_statement(struct walk *w, TSNode node, enum py_node kind)
{
    switch (kind) {
    case NODE_ASSIGNMENT: see_assignment(w, node); return true;
    case NODE_AUGMENTED_ASSIGNMENT:
        bind_target(w, py_node_field(node, "left"), node, "an operator such as += changes it", 0);
        return true;
    case NODE_NAMED_EXPRESSION:
        bind_other(w, py_node_field(node, "name"), "it is assigned inside an expression");
        return true;
    case NODE_DELETE_STATEMENT: see_names(w, node, BIND_OTHER); return true;
    case NODE_GLOBAL_STATEMENT: see_names(w, node, BIND_GLOBAL); return false;
    case NODE_AS_PATTERN: see_alias(w, node); return true;
    case NODE_DOTTED_NAME: /* outside of imports: a name that a case captures */
        bind_other(w, node, "a case sets it");
        return false;
    case NODE_IMPORT_STATEMENT: see_import(w, node); return false;
    case NODE_IMPORT_FROM_STATEMENT: see_import_from(w, node); return false;
    case NODE_FUTURE_IMPORT_STATEMENT: return false;
    case NODE_CALL: see_call(w, node); return true;
    default: return true;
    }
}

static bool see(struct walk *w, TSNode node, size_t depth)
{
    enum py_node kind = py_node(w->r, node);
    switch (kind) {
    case NODE_DECORATED_DEFINITION: w->decorated = node; return true;
    case NODE_CLASS_DEFINITION:
    case NODE_FUNCTION_DEFINITION:
        see_definition(w, node, depth, kind == NODE_CLASS_DEFINITION);
        return true;
    case NODE_LAMBDA:
        (void)open_scope(w, depth, SCOPE_FUNCTION);
        if (!w->failed)
            see_parameters(w, py_node_field(node, "parameters"));
        return true;
    case NODE_LIST_COMPREHENSION:
    case NODE_SET_COMPREHENSION:
    case NODE_DICTIONARY_COMPREHENSION:
    case NODE_GENERATOR_EXPRESSION: (void)open_scope(w, depth, SCOPE_COMPREHENSION); return true;
    case NODE_FOR_STATEMENT:
        bind_target(w, py_node_field(node, "left"), node, "a loop sets it", 0);
        push_guard(w, depth, PY_IF, true);
        return true;
    case NODE_IF_STATEMENT:
    case NODE_WHILE_STATEMENT:
    case NODE_TRY_STATEMENT:
    case NODE_MATCH_STATEMENT:
        push_guard(w, depth, py_guard_of(w->r, w->m, node), true);
        return true;
    case NODE_WITH_STATEMENT:
        push_guard(w, depth, py_guard_of(w->r, w->m, node), false);
        return true;
    default: return see_statement(w, node, kind);
    }
}

static void walk_tree(struct walk *w, TSTreeCursor *cursor)
{
    for (size_t depth = 1;;) {
        if (w->failed || !py_spend(w->r, 1)) {
            w->failed = true;
            return;
        }
        bool down = see(w, ts_tree_cursor_current_node(cursor), depth);
        if (down && ts_tree_cursor_goto_first_child(cursor)) {
            depth++;
            continue;
        }
        while (!ts_tree_cursor_goto_next_sibling(cursor)) {
            if (!ts_tree_cursor_goto_parent(cursor))
                return;
            depth--;
        }
        while (w->frame_count > 1 && top(w)->depth >= depth)
            w->frame_count--;
    }
}

static int by_name(const void *a, const void *b)
{
    const struct py_binding *x = a, *y = b;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int c = n ? memcmp(x->name.p, y->name.p, n) : 0;
    if (c == 0)
        c = (x->name.n > y->name.n) - (x->name.n < y->name.n);
    if (c == 0)
        c = (x->scope > y->scope) - (x->scope < y->scope);
    uint32_t from = ts_node_start_byte(x->node), to = ts_node_start_byte(y->node);
    return c ? c : (from > to) - (from < to);
}

struct py_symbols *py_symbols_read(struct py_reader *r, struct py_module *m)
{
    struct walk w = {.r = r, .m = m, .s = arena_alloc(r->ctx->arena, sizeof(struct py_symbols))};
    if (w.s == NULL) {
        r->no_memory = true;
        return NULL;
    }
    (void)open_scope(&w, 0, SCOPE_MODULE);
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(m->tree)); /* deleted below */
    if (!w.failed)
        walk_tree(&w, &cursor);
    ts_tree_cursor_delete(&cursor);
    if (w.failed)
        return NULL;
    if (w.s->count)
        qsort(w.s->bindings, w.s->count, sizeof *w.s->bindings, by_name);
    return w.s;
}

struct py_binding *py_symbols_named(const struct py_symbols *s, struct slice name, size_t *count)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct py_binding *b = &s->bindings[mid];
        size_t n = b->name.n < name.n ? b->name.n : name.n;
        int c = n ? memcmp(b->name.p, name.p, n) : 0;
        if (c < 0 || (c == 0 && b->name.n < name.n))
            low = mid + 1;
        else
            high = mid;
    }
    *count = 0;
    while (low + *count < s->count && slice_eq(s->bindings[low + *count].name, name))
        ++*count;
    return *count ? &s->bindings[low] : NULL;
}
