/*
 * pyread_names.c - names, and the imports that carry them from file to file.
 *
 * A name is followed only when there is one meaning it can have. Bound twice, bound under a
 * condition or changed by a function: then it is unknown, and the reason says where.
 */
#include "package/pyread_names.h"

#include <string.h>

#include "package/pyread_eval.h"
#include "package/pyread_make.h"
#include "package/pyread_stdlib.h"

static bool is_real(const struct py_binding *b)
{
    return b->kind != BIND_CHANGE && b->kind != BIND_GLOBAL;
}

static bool says_global(const struct py_binding *all, size_t count, int scope)
{
    for (size_t i = 0; i < count; i++)
        if (all[i].kind == BIND_GLOBAL && all[i].scope == scope)
            return true;
    return false;
}

/* True when this binding gives the name its meaning in that scope. */
static bool binds(const struct py_binding *all, size_t count, size_t i, int scope)
{
    if (!is_real(&all[i]))
        return false;
    bool global = says_global(all, count, all[i].scope);
    return global ? scope == 0 : all[i].scope == scope;
}

/* The scope whose name a change concerns: the nearest one that binds it, classes seen only from
 * their own body. */
static int scope_of_change(const struct py_symbols *s, const struct py_binding *all, size_t count,
                           const struct py_binding *change)
{
    for (int scope = change->scope; scope > 0; scope = s->scopes[scope].parent) {
        if (says_global(all, count, scope))
            return 0;
        if (s->scopes[scope].kind == SCOPE_CLASS && scope != change->scope)
            continue;
        for (size_t i = 0; i < count; i++)
            if (is_real(&all[i]) && all[i].scope == scope)
                return scope;
    }
    return 0;
}

const struct py_binding *py_change_of(const struct py_module *m, struct slice name,
                                      struct slice attr, int scope)
{
    size_t count;
    const struct py_binding *all = py_symbols_named(m->symbols, name, &count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].kind != BIND_CHANGE)
            continue;
        bool same = slice_eq(all[i].attr, attr) || slice_is(all[i].attr, "*");
        if (same && (scope < 0 || scope_of_change(m->symbols, all, count, &all[i]) == scope))
            return &all[i];
    }
    return NULL;
}

/* ---- imports ------------------------------------------------------------------------------- */

static struct slice joined(struct py_reader *r, struct slice folder, struct slice dotted)
{
    struct buf b;
    buf_init(&b, r->ctx->arena, 512);
    buf_slice(&b, folder);
    if (folder.n && dotted.n)
        buf_char(&b, '/');
    for (size_t i = 0; i < dotted.n; i++)
        buf_char(&b, dotted.p[i] == '.' ? '/' : dotted.p[i]);
    if (!b.over) /* a path longer than any file has is not there, and is not found */
        (void)py_need(r, buf_text(&b));
    return buf_failed(&b) ? SLICE("?") : buf_view(&b);
}

/* A file or folder of the package under this path, or NULL. */
static const struct py_value *module_value(struct py_reader *r, struct slice path, struct py_at at)
{
    struct py_module *m = py_module_at(r, path);
    if (m == NULL && path.n && !py_is_folder(r, path))
        return NULL;
    return py_make_text(r, at, PY_MODULE, path, m);
}

static const struct py_value *relative_module(struct py_reader *r, const struct py_binding *b,
                                              struct py_at at)
{
    struct slice folder = b->home->folder;
    for (size_t i = 1; i < b->level; i++) {
        if (folder.n == 0)
            return py_unknown(r, at, "the import leaves the package with %zu dots", b->level);
        size_t n = folder.n;
        while (n > 0 && folder.p[n - 1] != '/')
            n--;
        folder = slice_sub(folder, 0, n ? n - 1 : 0);
    }
    const struct py_value *v = module_value(r, joined(r, folder, b->module), at);
    return v ? v
             : py_unknown(r, at, "it is imported from .%.*s, which is not in the package",
                          SLICE_ARGS(b->module));
}

static const struct py_value *imported_module(struct py_reader *r, const struct py_binding *b,
                                              struct py_at at)
{
    if (b->level > 0)
        return relative_module(r, b, at);
    struct slice first = slice_sub(b->module, 0, slice_find(b->module, '.'));
    if (slice_is(first, "cadence_sdk")) {
        size_t n = b->module.n;
        while (n > 0 && b->module.p[n - 1] != '.')
            n--;
        return py_make_text(r, at, PY_SDK, slice_sub(b->module, n, b->module.n), NULL);
    }
    const struct py_value *v = module_value(r, joined(r, SLICE_NONE, b->module), at);
    if (v && py_is_stdlib(first))
        return py_unknown(r, at,
                          "%.*s is a file of the package and a module of the standard library; "
                          "import it as .%.*s",
                          SLICE_ARGS(first), SLICE_ARGS(b->module));
    return v ? v : py_make_text(r, at, PY_FOREIGN, b->module, NULL);
}

static const struct py_value *foreign(struct py_reader *r, struct py_at at, struct slice module,
                                      struct slice name)
{
    const char *text = str_printf(r->ctx->arena, "%.*s.%.*s", SLICE_ARGS(module), SLICE_ARGS(name));
    (void)py_need(r, text);
    return py_make_text(r, at, PY_FOREIGN, text ? slice_of(text) : name, NULL);
}

static const struct py_value *imported_name(struct py_reader *r, const struct py_binding *b,
                                            struct py_at at)
{
    const struct py_value *module = imported_module(r, b, at);
    if (module->kind == PY_MODULE)
        return py_module_attribute(r, module, b->original, at);
    if (module->kind == PY_SDK)
        return py_make_text(r, at, PY_SDK, b->original, NULL);
    if (module->kind == PY_FOREIGN)
        return foreign(r, at, module->text, b->original);
    return module;
}

/* ---- one binding --------------------------------------------------------------------------- */

static const struct py_value *class_value(struct py_reader *r, struct py_binding *b,
                                          struct py_at at)
{
    struct py_class *c = arena_alloc(r->ctx->arena, sizeof *c);
    if (c == NULL) {
        r->no_memory = true;
        return py_unknown(r, at, "there was no memory");
    }
    c->binding = b;
    c->module = b->home;
    return py_make_ref(r, at, PY_CLASS, c);
}

static const struct py_value *work_out(struct py_reader *r, struct py_binding *b, struct py_at at)
{
    switch (b->kind) {
    case BIND_VALUE: {
        struct py_frame frame = {.module = b->home, .scope = b->scope};
        return py_eval(r, &frame, b->node);
    }
    case BIND_CLASS: return class_value(r, b, at);
    case BIND_FUNCTION: return py_make_ref(r, at, PY_FUNCTION, b);
    case BIND_IMPORT: return imported_module(r, b, at);
    case BIND_FROM: return imported_name(r, b, at);
    case BIND_PARAMETER: return py_unknown(r, at, "%.*s is a parameter", SLICE_ARGS(b->name));
    default:
        return py_unknown(r, at, "%.*s is no constant: %s", SLICE_ARGS(b->name),
                          b->how ? b->how : "it changes");
    }
}

const struct py_value *py_binding_value(struct py_reader *r, struct py_binding *b)
{
    if (b->value)
        return b->value;
    struct py_at at = py_node_at(b->home, b->node);
    if (b->busy)
        return py_unknown(r, at, "%.*s is defined in terms of itself", SLICE_ARGS(b->name));
    if (r->depth >= PY_DEPTH_MAX)
        return py_unknown(r, at, "it is nested deeper than %d levels", PY_DEPTH_MAX);
    b->busy = true;
    r->depth++;
    b->value = work_out(r, b, at);
    r->depth--;
    b->busy = false;
    return b->value;
}

/* ---- one name ------------------------------------------------------------------------------ */

static bool is_container(const struct py_value *v)
{
    return v->kind == PY_LIST || v->kind == PY_DICT || v->kind == PY_SET || v->kind == PY_RECORD;
}

/* Two meanings are one when they are equal; and a name of the SDK wins over its replacement for
 * machines that lack the SDK. */
static const struct py_value *merged(struct py_reader *r, struct py_binding *a,
                                     struct py_binding *b)
{
    const struct py_value *x = py_binding_value(r, a), *y = py_binding_value(r, b);
    if (x->kind == PY_SDK || py_equal(x, y))
        return x;
    if (y->kind == PY_SDK)
        return y;
    struct py_at first = py_node_at(a->home, a->node), second = py_node_at(b->home, b->node);
    return py_unknown(r, second, "%.*s is given a meaning more than once (lines %d and %d)",
                      SLICE_ARGS(a->name), first.line, second.line);
}

const struct py_value *py_name_in_scope(struct py_reader *r, struct py_module *m, int scope,
                                        struct slice name)
{
    size_t count, bound = 0;
    if (m->symbols == NULL)
        return m->broken;
    struct py_binding *all = py_symbols_named(m->symbols, name, &count), *only = NULL;
    const struct py_value *v = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!binds(all, count, i, scope))
            continue;
        v = only == NULL ? py_binding_value(r, &all[i]) : merged(r, only, &all[i]);
        if (bound++ == 0 || v->kind == PY_SDK)
            only = &all[i];
        if (bound > 1 && v->kind == PY_UNKNOWN)
            return v;
    }
    if (v == NULL)
        return NULL;
    if (bound == 1 && only->conditional && only->kind == BIND_VALUE && py_is_literal(v))
        return py_unknown(r, py_node_at(m, only->node), "%.*s is set only under a condition",
                          SLICE_ARGS(name));
    const struct py_binding *change = is_container(v) ? py_change_of(m, name, SLICE_NONE, scope)
                                                      : NULL;
    if (change)
        return py_unknown(r, py_node_at(m, change->node), "%.*s is no constant: %s",
                          SLICE_ARGS(name), change->how);
    return v;
}

/* ---- star imports and builtins ------------------------------------------------------------- */

static bool is_sdk_name(struct slice name)
{
    static const char *const names[] = {
        "BaseAgent",      "BasePlugin",    "BaseScopedAgent", "BaseSpecializedAgent", "Loggable",
        "PluginMetadata", "UvTool",        "plugin_settings", "register_plugin",      "tool",
        "uvtool",         "object_schema", "list_schema",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_is(name, names[i]))
            return true;
    return false;
}

static bool is_exported(struct py_reader *r, struct py_module *m, struct slice name)
{
    const struct py_value *all = py_name_in_scope(r, m, 0, SLICE("__all__"));
    if (all == NULL)
        return name.n > 0 && name.p[0] != '_';
    if (all->kind != PY_LIST && all->kind != PY_TUPLE)
        return true; /* not known, so the name may come from there */
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i]->kind == PY_STR && slice_eq(all->items[i]->text, name))
            return true;
    return false;
}

struct py_module *py_star_module(struct py_reader *r, const struct py_binding *star)
{
    const struct py_value *v = star->kind == BIND_STAR
                                   ? imported_module(r, star, py_node_at(star->home, star->node))
                                   : NULL;
    return v && v->kind == PY_MODULE ? (struct py_module *)(uintptr_t)v->ref : NULL;
}

/* What one star import makes of the name; NULL when it does not bring it. */
static const struct py_value *from_star(struct py_reader *r, const struct py_binding *star,
                                        struct slice name)
{
    struct py_at at = py_node_at(star->home, star->node);
    const struct py_value *module = imported_module(r, star, at);
    if (module->kind == PY_SDK)
        return is_sdk_name(name) ? py_make_text(r, at, PY_SDK, name, NULL) : NULL;
    if (module->kind != PY_MODULE)
        return py_unknown(r, at, "%.*s may come from a star import", SLICE_ARGS(name));
    struct py_module *m = (struct py_module *)(uintptr_t)
                              module->ref; /* ours: only stored as const */
    if (m == NULL || m == star->home)
        return NULL;
    if (m->broken)
        return m->broken;
    return is_exported(r, m, name) ? py_name_in_scope(r, m, 0, name) : NULL;
}

/* The name as star imports after byte `after` bring it; the last one counts. */
static const struct py_value *from_stars(struct py_reader *r, struct py_module *m,
                                         struct slice name, size_t after)
{
    size_t count;
    struct py_binding *all = py_symbols_named(m->symbols, SLICE("*"), &count);
    const struct py_value *found = NULL;
    if (r->depth >= PY_DEPTH_MAX)
        return NULL;
    r->depth++;
    for (size_t i = count; i-- > 0 && found == NULL;)
        if (all[i].kind == BIND_STAR && ts_node_start_byte(all[i].node) >= after)
            found = from_star(r, &all[i], name);
    r->depth--;
    return found;
}

static bool is_builtin(struct slice name)
{
    static const char *const names[] = {
        "abs",        "all",       "any",        "bool",     "bytes",   "callable", "chr",
        "compile",    "dict",      "enumerate",  "eval",     "exec",    "filter",   "float",
        "format",     "frozenset", "getattr",    "globals",  "hasattr", "hash",     "id",
        "input",      "int",       "isinstance", "iter",     "len",     "list",     "locals",
        "map",        "max",       "min",        "next",     "object",  "open",     "ord",
        "print",      "range",     "repr",       "reversed", "round",   "set",      "sorted",
        "str",        "sum",       "super",      "tuple",    "type",    "vars",     "zip",
        "__import__",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_is(name, names[i]))
            return true;
    return false;
}

/* Where the module last binds the name itself: a star import after that would replace it. */
static size_t last_place(const struct py_module *m, struct slice name)
{
    size_t count, last = 0;
    const struct py_binding *all = py_symbols_named(m->symbols, name, &count);
    for (size_t i = 0; i < count; i++)
        if (is_real(&all[i]) && all[i].scope == 0 && ts_node_start_byte(all[i].node) > last)
            last = ts_node_start_byte(all[i].node);
    return last;
}

const struct py_value *py_name_in_module(struct py_reader *r, struct py_module *m,
                                         struct slice name, struct py_at at)
{
    if (m->broken)
        return m->broken;
    const struct py_value *own = py_name_in_scope(r, m, 0, name);
    const struct py_value *star = from_stars(r, m, name, own ? last_place(m, name) : 0);
    bool unlikely = own && star && !py_is_literal(own) && star->kind == PY_UNKNOWN;
    if (own && star && !unlikely && !py_equal(own, star))
        return py_unknown(r, star->at, "%.*s may be replaced by a star import", SLICE_ARGS(name));
    if (own || star)
        return own ? own : star;
    if (is_builtin(name))
        return foreign(r, at, SLICE("builtins"), name);
    return py_unknown(r, at, "the name %.*s is not defined in %s", SLICE_ARGS(name), m->file);
}

const struct py_value *py_module_attribute(struct py_reader *r, const struct py_value *module,
                                           struct slice name, struct py_at at)
{
    struct py_module *m = (struct py_module *)(uintptr_t)module->ref;
    if (m && m->broken)
        return m->broken;
    const struct py_value *v = m ? py_name_in_scope(r, m, 0, name) : NULL;
    if (v == NULL && m)
        v = from_stars(r, m, name, 0);
    if (v == NULL)
        v = module_value(r, joined(r, module->text, name), at);
    return v ? v
             : py_unknown(r, at, "%.*s defines no %.*s", module->text.n ? (int)module->text.n : 11,
                          module->text.n ? module->text.p : "__init__.py", SLICE_ARGS(name));
}
