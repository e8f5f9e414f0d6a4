/*
 * pyread_make.c - the only place where values come into being.
 *
 * A list is made whole even when a member is unknown, so that every unknown is reported; it is
 * unknown as a whole only when it is not even clear how many members it has.
 */
#include "package/pyread_make.h"

#include <stdlib.h>
#include <string.h>

static const struct py_value without_memory = {
    .kind = PY_UNKNOWN, .at = {"", 0, 0}, .text = {"there was no memory to read it", 30}};

static struct py_value *make(struct py_reader *r, struct py_at at, enum py_kind kind)
{
    struct py_value *v = arena_alloc(r->ctx->arena, sizeof *v);
    if (v == NULL) {
        r->no_memory = true;
        return NULL;
    }
    v->kind = kind;
    v->at = at;
    v->weight = 1;
    return v;
}

const struct py_value *py_make_plain(struct py_reader *r, struct py_at at, enum py_kind kind)
{
    const struct py_value *v = make(r, at, kind);
    return v ? v : &without_memory;
}

const struct py_value *py_make_bool(struct py_reader *r, struct py_at at, bool b)
{
    struct py_value *v = make(r, at, PY_BOOL);
    if (v)
        v->boolean = b;
    return v ? v : &without_memory;
}

const struct py_value *py_make_int(struct py_reader *r, struct py_at at, int64_t i)
{
    struct py_value *v = make(r, at, PY_INT);
    if (v)
        v->integer = i;
    return v ? v : &without_memory;
}

const struct py_value *py_make_float(struct py_reader *r, struct py_at at, double d)
{
    struct py_value *v = make(r, at, PY_FLOAT);
    if (v)
        v->real = d;
    return v ? v : &without_memory;
}

const struct py_value *py_make_text(struct py_reader *r, struct py_at at, enum py_kind kind,
                                    struct slice text, const void *ref)
{
    struct py_value *v = make(r, at, kind);
    if (v == NULL)
        return &without_memory;
    v->text = text;
    v->ref = ref;
    return v;
}

const struct py_value *py_make_ref(struct py_reader *r, struct py_at at, enum py_kind kind,
                                   const void *ref)
{
    return py_make_text(r, at, kind, SLICE_NONE, ref);
}

const struct py_value *py_make_str(struct py_reader *r, struct py_at at, struct buf *text)
{
    if (buf_text(text) == NULL && !text->over) {
        r->no_memory = true;
        return &without_memory;
    }
    r->produced += text->n;
    if (text->over || r->produced > 4 * (size_t)PY_TEXT_MAX)
        return py_unknown(r, at, "the text is longer than %d bytes", PY_TEXT_MAX);
    return py_make_text(r, at, PY_STR, buf_view(text), NULL);
}

void py_list_start(struct py_list *l, struct py_reader *r)
{
    *l = (struct py_list){.r = r, .weight = 1};
}

static bool has_room(struct py_list *l)
{
    if (l->count < l->cap)
        return true;
    size_t cap = l->cap ? l->cap * 2 : 8;
    const struct py_value **items = arena_array(l->r->ctx->arena, cap, sizeof *items);
    if (items == NULL) {
        l->r->no_memory = true;
        l->rest = &without_memory;
        return false;
    }
    if (l->count)
        memcpy(items, l->items, l->count * sizeof *items);
    l->items = items;
    l->cap = cap;
    return true;
}

static void add(struct py_list *l, const struct py_value *v)
{
    if (l->weight > PY_WEIGHT_MAX || !has_room(l))
        return;
    l->items[l->count++] = v;
    l->weight += v->weight;
    if (v->depth + 1 > l->depth)
        l->depth = v->depth + 1;
}

void py_list_add(struct py_list *l, const struct py_value *v)
{
    add(l, v);
}

static void lost(struct py_list *l, const struct py_value *why)
{
    if (l->rest == NULL)
        l->rest = why;
}

void py_list_splat(struct py_list *l, const struct py_value *v)
{
    if (v->kind == PY_UNKNOWN)
        lost(l, v);
    else if (v->kind != PY_LIST && v->kind != PY_TUPLE && v->kind != PY_SET)
        lost(l, py_unknown(l->r, v->at, "* unpacks %s here, not a list", py_kind_shown(v->kind)));
    else
        for (size_t i = 0; i < v->count; i++)
            add(l, v->items[i]);
}

/* Sets have no order in Python; kept sorted by their text, they are the same each time. */
static int by_text(const void *a, const void *b)
{
    const struct py_value *x = *(const struct py_value *const *)a;
    const struct py_value *y = *(const struct py_value *const *)b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->kind == PY_INT)
        return (x->integer > y->integer) - (x->integer < y->integer);
    size_t n = x->text.n < y->text.n ? x->text.n : y->text.n;
    int c = n ? memcmp(x->text.p, y->text.p, n) : 0;
    return c ? c : (x->text.n > y->text.n) - (x->text.n < y->text.n);
}

/* Equal as keys are: True is 1 and False is 0. */
static bool same_key(const struct py_value *a, const struct py_value *b)
{
    struct py_value x = *a, y = *b;
    if (x.kind == PY_BOOL)
        x = (struct py_value){.kind = PY_INT, .integer = a->boolean};
    if (y.kind == PY_BOOL)
        y = (struct py_value){.kind = PY_INT, .integer = b->boolean};
    return py_equal(&x, &y);
}

/* Of equal members the first stays. */
static void drop_repeated(struct py_list *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        bool again = false;
        for (size_t k = 0; k < kept && !again; k++)
            again = same_key(l->items[k], l->items[i]);
        if (!again)
            l->items[kept++] = l->items[i];
    }
    l->count = kept;
}

static const struct py_value *finish(struct py_list *l, struct py_at at, enum py_kind kind,
                                     size_t count)
{
    if (l->weight > PY_WEIGHT_MAX)
        return py_unknown(l->r, at, "it has more than %d values", PY_WEIGHT_MAX);
    if (l->depth > PY_DEPTH_MAX)
        return py_unknown(l->r, at, "it is nested deeper than %d levels", PY_DEPTH_MAX);
    struct py_value *v = make(l->r, at, kind);
    if (v == NULL)
        return &without_memory;
    v->items = l->items;
    v->count = count;
    v->weight = l->weight;
    v->depth = l->depth;
    if (kind == PY_RECORD)
        v->rest = l->rest;
    return v;
}

/* A list, dict or set inside v: Python has no place for it in a set or as a key. */
static bool is_hashable(const struct py_value *v)
{
    if (v->kind == PY_LIST || v->kind == PY_DICT || v->kind == PY_SET)
        return false;
    for (size_t i = 0; v->kind == PY_TUPLE && i < v->count; i++)
        if (!is_hashable(v->items[i]))
            return false;
    return true;
}

/* NULL, or why the members cannot be a set. */
static const struct py_value *set_problem(struct py_list *l, struct py_at at)
{
    if (l->count > PY_PAIRS_MAX)
        return py_unknown(l->r, at, "it is a set of more than %d values", PY_PAIRS_MAX);
    for (size_t i = 0; i < l->count; i++) {
        const struct py_value *unknown = py_unknown_in(l->items[i]);
        if (unknown)
            return unknown;
        if (!is_hashable(l->items[i]))
            return py_unknown(l->r, l->items[i]->at, "%s cannot stand in a set",
                              py_kind_shown(l->items[i]->kind));
    }
    return NULL;
}

const struct py_value *py_list_end(struct py_list *l, struct py_at at, enum py_kind kind)
{
    if (l->rest)
        return l->rest;
    if (kind == PY_SET) {
        const struct py_value *problem = set_problem(l, at);
        if (problem)
            return problem;
        drop_repeated(l);
        if (l->count > 1)
            qsort(l->items, l->count, sizeof *l->items, by_text);
    }
    return finish(l, at, kind, l->count);
}

void py_dict_put(struct py_list *d, const struct py_value *key, const struct py_value *v)
{
    if (key->kind == PY_UNKNOWN) {
        lost(d, key);
        return;
    }
    if (!is_hashable(key)) {
        lost(d, py_unknown(d->r, key->at, "%s cannot be a key", py_kind_shown(key->kind)));
        return;
    }
    for (size_t i = 0; i < d->count; i += 2)
        if (same_key(d->items[i], key)) {
            d->items[i + 1] = v;
            d->weight += v->weight;
            d->depth = v->depth + 1 > d->depth ? v->depth + 1 : d->depth;
            return;
        }
    if (d->count == 2 * PY_PAIRS_MAX) {
        lost(d, py_unknown(d->r, key->at, "it has more than %d keys", PY_PAIRS_MAX));
        return;
    }
    size_t before = d->count;
    add(d, key);
    add(d, v);
    if (d->count == before + 1)
        d->count = before; /* no key without its value */
}

void py_dict_splat(struct py_list *d, const struct py_value *v)
{
    if (v->kind == PY_UNKNOWN)
        lost(d, v);
    else if (v->kind != PY_DICT)
        lost(d, py_unknown(d->r, v->at, "** unpacks %s here, not a dict", py_kind_shown(v->kind)));
    else
        for (size_t i = 0; i < v->count; i++)
            py_dict_put(d, v->items[2 * i], v->items[2 * i + 1]);
}

const struct py_value *py_dict_end(struct py_list *d, struct py_at at, enum py_kind kind)
{
    if (kind == PY_DICT && d->rest)
        return d->rest;
    return finish(d, at, kind, d->count / 2);
}
