/*
 * pyread_class.c - base classes, followed through the files of the package.
 *
 * The order of bases is Python's for the shapes people write: each base's own order, one after the
 * other, of repeated classes the last. Where a base is not known, what it may define is not known
 * either, and a lookup that gets that far says so.
 */
#include "package/pyread_class.h"

#include <string.h>

#include "package/pyread_eval.h"
#include "package/pyread_make.h"

enum { MRO_MAX = 64 };

static struct py_class *class_of(const struct py_value *cls)
{
    return (struct py_class *)(uintptr_t)cls->ref; /* stored as const only for py_value's sake */
}

struct slice py_class_name(const struct py_value *cls)
{
    return class_of(cls)->binding->name;
}

struct py_nodes py_decorators(struct py_reader *r, const struct py_binding *b)
{
    struct py_nodes all = {NULL, 0};
    if (ts_node_is_null(b->decorated))
        return all;
    all = py_node_children(r, b->decorated);
    size_t kept = 0;
    for (size_t i = 0; i < all.count; i++)
        if (py_node(r, all.at[i]) == NODE_DECORATOR)
            all.at[kept++] = py_node_child(all.at[i], 0);
    all.count = kept;
    return all;
}

struct mro {
    const struct py_value *items[MRO_MAX];
    size_t count;
    bool full;
};

static void mro_add(struct mro *mro, const struct py_value *v)
{
    if (mro->count == MRO_MAX) {
        mro->full = true;
        return;
    }
    mro->items[mro->count++] = v;
}

static void add_base(struct py_reader *r, struct mro *mro, const struct py_value *base)
{
    if (base->kind != PY_CLASS) {
        mro_add(mro, base);
        return;
    }
    size_t count;
    const struct py_value **items = py_class_mro(r, base, &count);
    for (size_t i = 0; i < count; i++)
        mro_add(mro, items[i]);
}

static const struct py_value *metaclass_problem(struct py_reader *r, struct py_frame *frame,
                                                TSNode keyword)
{
    TSNode node = py_node_field(keyword, "value");
    const struct py_value *v = py_eval(r, frame, node);
    bool harmless = v->kind == PY_FOREIGN &&
                    (slice_is(v->text, "abc.ABCMeta") || slice_is(v->text, "builtins.type"));
    return harmless ? NULL
                    : py_unknown(r, py_node_at(frame->module, keyword),
                                 "the class is made by a metaclass or class argument");
}

static void add_bases(struct py_reader *r, struct mro *mro, const struct py_class *c)
{
    struct py_frame frame = {.module = c->module, .scope = c->binding->scope};
    TSNode list = py_node_field(c->binding->node, "superclasses");
    if (ts_node_is_null(list))
        return;
    struct py_nodes bases = py_node_children(r, list);
    for (size_t i = 0; i < bases.count; i++) {
        TSNode node = bases.at[i];
        enum py_node kind = py_node(r, node);
        if (kind == NODE_KEYWORD_ARGUMENT) {
            const struct py_value *problem = metaclass_problem(r, &frame, node);
            if (problem)
                mro_add(mro, problem);
            continue;
        }
        if (kind == NODE_SUBSCRIPT)
            node = py_node_field(node, "value"); /* Generic[T] inherits from Generic */
        add_base(r, mro, py_eval(r, &frame, node));
    }
}

/* Of what stands there twice the last stays: a shared base comes after all that inherit from it. */
static void keep_last(struct mro *mro)
{
    size_t kept = 0;
    for (size_t i = 0; i < mro->count; i++) {
        bool again = false;
        for (size_t k = i + 1; k < mro->count && !again; k++)
            again = py_equal(mro->items[i], mro->items[k]);
        if (!again)
            mro->items[kept++] = mro->items[i];
    }
    mro->count = kept;
}

const struct py_value **py_class_mro(struct py_reader *r, const struct py_value *cls, size_t *count)
{
    struct py_class *c = class_of(cls);
    if (c->mro == NULL) {
        struct mro mro = {.count = 0};
        c->mro = arena_array(r->ctx->arena, MRO_MAX + 1, sizeof *c->mro);
        if (c->mro == NULL) {
            r->no_memory = true;
            *count = 0;
            return NULL;
        }
        c->mro[0] = cls;
        c->mro_count = 1; /* what a class that inherits from itself sees */
        mro_add(&mro, cls);
        if (r->depth < PY_DEPTH_MAX) {
            r->depth++;
            add_bases(r, &mro, c);
            r->depth--;
        } else {
            mro.full = true;
        }
        keep_last(&mro);
        memcpy(c->mro, mro.items, mro.count * sizeof *mro.items);
        if (mro.full)
            c->mro[mro.count++] = py_unknown(r, cls->at,
                                             "the class has more bases than Larder follows");
        c->mro_count = mro.count;
    }
    *count = c->mro_count;
    return c->mro;
}

bool py_class_is(struct py_reader *r, const struct py_value *cls, const char *sdk_name)
{
    size_t count;
    const struct py_value **mro = py_class_mro(r, cls, &count);
    for (size_t i = 0; i < count; i++)
        if (mro[i]->kind == PY_SDK && slice_is(mro[i]->text, sdk_name))
            return true;
    return false;
}

/* Bases that are known to define nothing a plugin could be asked for. */
static bool is_empty_base(const struct py_value *base)
{
    static const char *const names[] = {"abc.ABC", "builtins.object", "typing.Generic",
                                        "typing.Protocol"};
    if (base->kind == PY_SDK)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (base->kind == PY_FOREIGN && slice_is(base->text, names[i]))
            return true;
    return false;
}

/* A class attribute that some line of its file sets again is none to rely on. */
static const struct py_value *if_constant(struct py_reader *r, const struct py_class *c,
                                          struct slice name, const struct py_value *v)
{
    if (!py_is_literal(v))
        return v;
    const struct py_binding *change = py_change_of(c->module, c->binding->name, name, -1);
    if (change == NULL)
        change = py_change_of(c->module, SLICE("cls"), name, -1);
    return change ? py_unknown(r, py_node_at(c->module, change->node), "%.*s is no constant: %s",
                               SLICE_ARGS(name), change->how)
                  : v;
}

const struct py_value *py_class_attribute(struct py_reader *r, const struct py_value *cls,
                                          struct slice name, struct py_at at)
{
    size_t count;
    const struct py_value **mro = py_class_mro(r, cls, &count);
    for (size_t i = 0; i < count; i++) {
        if (mro[i]->kind == PY_CLASS) {
            const struct py_class *c = class_of(mro[i]);
            const struct py_value *v = py_name_in_scope(r, c->module, c->binding->body_scope, name);
            if (v)
                return if_constant(r, c, name, v);
        } else if (mro[i]->kind == PY_UNKNOWN) {
            return mro[i];
        } else if (!is_empty_base(mro[i])) {
            return py_unknown(r, at,
                              "%.*s may come from the base class %.*s, which is outside of "
                              "the package",
                              SLICE_ARGS(name), SLICE_ARGS(mro[i]->text));
        }
    }
    return NULL;
}
