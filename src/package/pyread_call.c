/*
 * pyread_call.c - the few calls that are read instead of refused.
 *
 * PluginMetadata(...) and from_dict(...) become a record, a class of the package becomes an object,
 * dict(), list(), tuple(), set(), textwrap.dedent() and .strip() of literals become what they
 * would. Every other call is a reason, never a value: nothing is ever run.
 */
#include <string.h>

#include "package/pyread_class.h"
#include "package/pyread_eval.h"
#include "package/pyread_make.h"
#include "package/pyread_names.h"
#include "package/pyread_string.h"

struct call {
    struct py_reader *r;
    struct py_frame *frame;
    TSNode node;
    struct py_at at;
    struct py_nodes arguments;
};

static const struct py_value *it_calls(const struct call *c)
{
    TSNode function = py_node_field(c->node, "function");
    return py_unknown(c->r, c->at, "it calls %s(...)",
                      py_node_shown(c->r, c->frame->module, function));
}

static const struct py_value *keyword_name(const struct call *c, TSNode keyword)
{
    TSNode name = py_node_field(keyword, "name");
    return py_make_text(c->r, py_node_at(c->frame->module, name), PY_STR,
                        py_node_text(c->frame->module, name), NULL);
}

/* keyword=value and **dict. */
static void put_keyword(const struct call *c, TSNode argument, struct py_list *out)
{
    if (py_node(c->r, argument) == NODE_DICTIONARY_SPLAT) {
        py_dict_splat(out, py_eval(c->r, c->frame, py_node_child(argument, 0)));
        return;
    }
    const struct py_value *key = keyword_name(c, argument);
    const struct py_value *v = py_eval(c->r, c->frame, py_node_field(argument, "value"));
    for (size_t i = 0; i < out->count; i += 2)
        if (py_equal(out->items[i], key))
            v = py_unknown(c->r, key->at, "it is given twice");
    py_dict_put(out, key, v);
}

static bool is_keyword(const struct call *c, TSNode argument)
{
    enum py_node kind = py_node(c->r, argument);
    return kind == NODE_KEYWORD_ARGUMENT || kind == NODE_DICTIONARY_SPLAT;
}

/* Positional arguments of PluginMetadata, in the order of its fields. */
static void put_positional(const struct call *c, const struct py_value *v, size_t *position,
                           struct py_list *out)
{
    static const char *const fields[] = {"pid",         "name",         "version",
                                         "description", "capabilities", "dependencies",
                                         "sdk_version", "stateless"};
    if (*position == sizeof fields / sizeof *fields) {
        out->rest = py_unknown(c->r, v->at, "PluginMetadata takes fewer positional arguments");
        return;
    }
    struct slice name = slice_of(fields[(*position)++]);
    py_dict_put(out, py_make_text(c->r, v->at, PY_STR, name, NULL), v);
}

static const struct py_value *metadata(const struct call *c)
{
    struct py_list record;
    py_list_start(&record, c->r);
    size_t position = 0;
    for (size_t i = 0; i < c->arguments.count; i++) {
        TSNode argument = c->arguments.at[i];
        if (is_keyword(c, argument)) {
            put_keyword(c, argument, &record);
        } else if (py_node(c->r, argument) != NODE_LIST_SPLAT) {
            put_positional(c, py_eval(c->r, c->frame, argument), &position, &record);
        } else {
            const struct py_value *all = py_eval(c->r, c->frame, py_node_child(argument, 0));
            if (all->kind != PY_LIST && all->kind != PY_TUPLE)
                py_list_splat(&record, all); /* which notes why */
            else
                for (size_t k = 0; k < all->count; k++)
                    put_positional(c, all->items[k], &position, &record);
        }
    }
    return py_dict_end(&record, c->at, PY_RECORD);
}

/* from_dict takes the fields it knows and drops the rest without a word. */
static const struct py_value *metadata_from_dict(const struct call *c)
{
    static const char *const fields[] = {
        "pid",          "name",        "version",   "description", "capabilities",
        "dependencies", "sdk_version", "stateless", "agent_type",  "tag"};
    if (c->arguments.count != 1 || is_keyword(c, c->arguments.at[0]))
        return it_calls(c);
    const struct py_value *dict = py_eval(c->r, c->frame, c->arguments.at[0]);
    if (dict->kind == PY_UNKNOWN)
        return dict;
    if (dict->kind != PY_DICT)
        return py_unknown(c->r, c->at, "from_dict is given %s", py_kind_shown(dict->kind));
    struct py_list record;
    py_list_start(&record, c->r);
    for (size_t i = 0; i < dict->count; i++)
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
            if (dict->items[2 * i]->kind == PY_STR && slice_is(dict->items[2 * i]->text, fields[k]))
                py_dict_put(&record, dict->items[2 * i], dict->items[2 * i + 1]);
    return py_dict_end(&record, c->at, PY_RECORD);
}

static const struct py_value *make_dict(const struct call *c)
{
    struct py_list dict;
    py_list_start(&dict, c->r);
    for (size_t i = 0; i < c->arguments.count; i++) {
        if (is_keyword(c, c->arguments.at[i]))
            put_keyword(c, c->arguments.at[i], &dict);
        else if (i == 0)
            py_dict_splat(&dict, py_eval(c->r, c->frame, c->arguments.at[0]));
        else
            return it_calls(c);
    }
    return py_dict_end(&dict, c->at, PY_DICT);
}

static const struct py_value *make_sequence(const struct call *c, enum py_kind kind)
{
    struct py_list list;
    py_list_start(&list, c->r);
    if (c->arguments.count > 1 || (c->arguments.count == 1 && is_keyword(c, c->arguments.at[0])))
        return it_calls(c);
    if (c->arguments.count == 1) {
        const struct py_value *v = py_eval(c->r, c->frame, c->arguments.at[0]);
        if (v->kind == PY_SET && kind != PY_SET)
            return py_unknown(c->r, c->at, "the order of a set is not known");
        if (v->kind != PY_UNKNOWN && v->kind != PY_LIST && v->kind != PY_TUPLE && v->kind != PY_SET)
            return it_calls(c);
        py_list_splat(&list, v);
    }
    return py_list_end(&list, c->at, kind);
}

static const struct py_value *dedent(const struct call *c)
{
    if (c->arguments.count != 1 || is_keyword(c, c->arguments.at[0]))
        return it_calls(c);
    const struct py_value *v = py_eval(c->r, c->frame, c->arguments.at[0]);
    if (v->kind == PY_UNKNOWN)
        return v;
    if (v->kind != PY_STR)
        return it_calls(c);
    struct buf text;
    buf_init(&text, c->r->ctx->arena, PY_TEXT_MAX);
    py_dedent(v->text, &text);
    return py_make_str(c->r, c->at, &text);
}

static const struct py_value *call_foreign(const struct call *c, struct slice name)
{
    if (slice_is(name, "builtins.dict"))
        return make_dict(c);
    if (slice_is(name, "builtins.list"))
        return make_sequence(c, PY_LIST);
    if (slice_is(name, "builtins.tuple"))
        return make_sequence(c, PY_TUPLE);
    if (slice_is(name, "builtins.set") || slice_is(name, "builtins.frozenset"))
        return make_sequence(c, PY_SET);
    if (slice_is(name, "textwrap.dedent"))
        return dedent(c);
    return it_calls(c);
}

/* "text".strip(): NULL when the call is another one. */
static const struct py_value *strip(const struct call *c, TSNode function)
{
    const struct py_module *m = c->frame->module;
    if (py_node(c->r, function) != NODE_ATTRIBUTE || c->arguments.count != 0 ||
        !slice_is(py_node_text(m, py_node_field(function, "attribute")), "strip"))
        return NULL;
    const struct py_value *v = py_eval(c->r, c->frame, py_node_field(function, "object"));
    if (v->kind == PY_UNKNOWN)
        return v;
    return v->kind == PY_STR ? py_make_text(c->r, c->at, PY_STR, py_strip(v->text), NULL) : NULL;
}

const struct py_value *py_eval_call(struct py_reader *r, struct py_frame *frame, TSNode node)
{
    struct call c = {.r = r, .frame = frame, .node = node, .at = py_node_at(frame->module, node)};
    TSNode function = py_node_field(node, "function");
    TSNode arguments = py_node_field(node, "arguments");
    if (py_node(r, arguments) != NODE_ARGUMENT_LIST)
        return it_calls(&c);
    c.arguments = py_node_children(r, arguments);
    const struct py_value *stripped = strip(&c, function);
    if (stripped)
        return stripped;
    const struct py_value *callee = py_eval(r, frame, function);
    switch (callee->kind) {
    case PY_UNKNOWN: return py_node(r, function) == NODE_IDENTIFIER ? callee : it_calls(&c);
    case PY_SDK:
        return slice_is(callee->text, "PluginMetadata") ? metadata(&c)
               : slice_is(callee->text, "from_dict")    ? metadata_from_dict(&c)
                                                        : it_calls(&c);
    case PY_CLASS: return py_make_ref(r, c.at, PY_OBJECT, callee->ref);
    case PY_FOREIGN: return call_foreign(&c, callee->text);
    default: return it_calls(&c);
    }
}
