/*
 * pyread_eval.c - expressions, from the leaves up.
 *
 * What cannot be read is not an error here: it is a value that says so. Only the caller knows
 * whether anybody needed it. Names are looked up in pyread_names.c, strings are put together in
 * pyread_eval_string.c, calls are judged in pyread_call.c.
 */
#include "package/pyread_eval.h"

#include <string.h>

#include "package/pyread_class.h"
#include "package/pyread_make.h"
#include "package/pyread_names.h"
#include "package/pyread_string.h"

enum { OPERANDS_MAX = 512 };

/* ---- names --------------------------------------------------------------------------------- */

static const struct py_value *eval_name(struct py_reader *r, struct py_frame *frame, TSNode node)
{
    struct slice name = py_node_text(frame->module, node);
    struct py_at at = py_node_at(frame->module, node);
    for (size_t i = frame->local_count; i-- > 0;)
        if (slice_eq(frame->locals[i].name, name))
            return frame->locals[i].value;
    const struct py_symbols *symbols = frame->module->symbols;
    for (int s = frame->scope; s > 0; s = symbols->scopes[s].parent) {
        if (symbols->scopes[s].kind == SCOPE_CLASS && s != frame->scope)
            continue; /* methods do not see the names of their class */
        const struct py_value *v = py_name_in_scope(r, frame->module, s, name);
        if (v && frame->in_body && s == frame->scope)
            return py_unknown(r, at, "%.*s is not set before this place", SLICE_ARGS(name));
        if (v)
            return v;
    }
    return py_name_in_module(r, frame->module, name, at);
}

static const struct py_value *attribute_of(struct py_reader *r, const struct py_value *thing,
                                           struct slice name, struct py_at at)
{
    const struct py_value *v = NULL;
    switch (thing->kind) {
    case PY_UNKNOWN: return thing;
    case PY_MODULE: return py_module_attribute(r, thing, name, at);
    case PY_SDK: return py_make_text(r, at, PY_SDK, name, NULL);
    case PY_FOREIGN: {
        const char *text = str_printf(r->ctx->arena, "%.*s.%.*s", SLICE_ARGS(thing->text),
                                      SLICE_ARGS(name));
        (void)py_need(r, text);
        return py_make_text(r, at, PY_FOREIGN, text ? slice_of(text) : name, NULL);
    }
    case PY_CLASS:
        if (slice_is(name, "__class__"))
            return thing; /* of the instance that stands for its class here */
        if (slice_is(name, "__name__"))
            return py_make_text(r, at, PY_STR, py_class_name(thing), NULL);
        v = py_class_attribute(r, thing, name, at);
        break;
    case PY_RECORD:
        for (size_t i = 0; i < thing->count && v == NULL; i++)
            if (slice_eq(thing->items[2 * i]->text, name))
                v = thing->items[2 * i + 1];
        break;
    default: break;
    }
    return v ? v
             : py_unknown(r, at, "it uses .%.*s of %s", SLICE_ARGS(name),
                          py_kind_shown(thing->kind));
}

static const struct py_value *eval_attribute(struct py_reader *r, struct py_frame *frame,
                                             TSNode node)
{
    const struct py_value *thing = py_eval(r, frame, py_node_field(node, "object"));
    struct slice name = py_node_text(frame->module, py_node_field(node, "attribute"));
    return attribute_of(r, thing, name, py_node_at(frame->module, node));
}

static const struct py_value *eval_subscript(struct py_reader *r, struct py_frame *frame,
                                             TSNode node)
{
    struct py_at at = py_node_at(frame->module, node);
    const struct py_value *thing = py_eval(r, frame, py_node_field(node, "value"));
    const struct py_value *key = py_eval(r, frame, py_node_field(node, "subscript"));
    if (thing->kind == PY_UNKNOWN || key->kind == PY_UNKNOWN)
        return thing->kind == PY_UNKNOWN ? thing : key;
    if (thing->kind == PY_DICT)
        for (size_t i = 0; i < thing->count; i++)
            if (py_equal(thing->items[2 * i], key))
                return thing->items[2 * i + 1];
    int64_t index = key->integer;
    if ((thing->kind == PY_LIST || thing->kind == PY_TUPLE) && key->kind == PY_INT) {
        if (index < 0)
            index += (int64_t)thing->count;
        if (index >= 0 && index < (int64_t)thing->count)
            return thing->items[index];
    }
    return py_unknown(r, at, "it reads %s", py_node_shown(r, frame->module, node));
}

/* ---- numbers and operators ----------------------------------------------------------------- */

static const struct py_value *eval_number(struct py_reader *r, struct py_frame *frame, TSNode node,
                                          bool is_float)
{
    struct py_at at = py_node_at(frame->module, node);
    struct slice text = py_node_text(frame->module, node);
    int64_t i = 0;
    double d = 0;
    const char *why = is_float ? py_float_read(text, &d) : py_int_read(text, false, &i);
    if (why && !is_float && text.n && (text.p[text.n - 1] == 'j' || text.p[text.n - 1] == 'J'))
        why = "it is a complex number";
    if (why)
        return py_unknown(r, at, "%s", why);
    return is_float ? py_make_float(r, at, d) : py_make_int(r, at, i);
}

static double as_double(const struct py_value *v)
{
    return v->kind == PY_INT ? (double)v->integer : v->real;
}

static bool is_number(const struct py_value *v)
{
    return v->kind == PY_INT || v->kind == PY_FLOAT;
}

static const struct py_value *arithmetic(struct py_reader *r, struct py_at at, char op,
                                         const struct py_value *a, const struct py_value *b)
{
    if (a->kind == PY_INT && b->kind == PY_INT) {
        int64_t v;
        bool over = op == '+'   ? __builtin_add_overflow(a->integer, b->integer, &v)
                    : op == '-' ? __builtin_sub_overflow(a->integer, b->integer, &v)
                                : __builtin_mul_overflow(a->integer, b->integer, &v);
        return over ? py_unknown(r, at, "the number does not fit into 64 bits")
                    : py_make_int(r, at, v);
    }
    double x = as_double(a), y = as_double(b);
    double v = op == '+' ? x + y : op == '-' ? x - y : x * y;
    if (v - v != 0) /* not finite */
        return py_unknown(r, at, "the number is too large for a float");
    return py_make_float(r, at, v);
}

const struct py_value *py_eval_sum(struct py_reader *r, struct py_at at, const struct py_value *a,
                                   const struct py_value *b)
{
    if (a->kind == PY_UNKNOWN || b->kind == PY_UNKNOWN)
        return a->kind == PY_UNKNOWN ? a : b;
    if (is_number(a) && is_number(b))
        return arithmetic(r, at, '+', a, b);
    if (a->kind == PY_STR && b->kind == PY_STR) {
        struct buf text;
        buf_init(&text, r->ctx->arena, PY_TEXT_MAX);
        buf_slice(&text, a->text);
        buf_slice(&text, b->text);
        return py_make_str(r, at, &text);
    }
    if (a->kind == b->kind && (a->kind == PY_LIST || a->kind == PY_TUPLE)) {
        struct py_list list;
        py_list_start(&list, r);
        py_list_splat(&list, a);
        py_list_splat(&list, b);
        return py_list_end(&list, at, a->kind);
    }
    if (!py_is_literal(a) || !py_is_literal(b))
        return py_unknown(r, at, "it adds something that is no literal");
    return py_unknown(r, at, "it adds %s to %s", py_kind_shown(b->kind), py_kind_shown(a->kind));
}

static bool is_plus(struct py_reader *r, const struct py_module *m, TSNode node)
{
    return py_node(r, node) == NODE_BINARY_OPERATOR &&
           slice_is(py_node_text(m, py_node_field(node, "operator")), "+");
}

/* a + b + c + ... leans to the left as deep as it is long; it is walked, not recursed into, and
 * long texts are put together once. */
static const struct py_value *eval_plus(struct py_reader *r, struct py_frame *frame, TSNode node)
{
    struct py_at at = py_node_at(frame->module, node);
    size_t count = 1;
    TSNode left = node;
    for (; is_plus(r, frame->module, left) && count < OPERANDS_MAX; count++)
        left = py_node_field(left, "left");
    TSNode *operands = arena_array(r->ctx->arena, count, sizeof *operands);
    if (py_need(r, operands) == NULL || is_plus(r, frame->module, left))
        return py_unknown(r, at, "it adds more than %d parts", OPERANDS_MAX);
    left = node;
    for (size_t i = 0; i + 1 < count; i++, left = py_node_field(left, "left"))
        operands[i] = py_node_field(left, "right"); /* the last operand comes first */
    operands[count - 1] = left;
    const struct py_value *sum = py_eval(r, frame, operands[--count]);
    struct buf text;
    buf_init(&text, r->ctx->arena, PY_TEXT_MAX);
    if (sum->kind == PY_STR)
        buf_slice(&text, sum->text);
    while (count > 0) {
        const struct py_value *next = py_eval(r, frame, operands[--count]);
        if (sum->kind == PY_STR && next->kind == PY_STR)
            buf_slice(&text, next->text);
        else
            sum = py_eval_sum(r, at, sum, next);
        if (sum->kind == PY_UNKNOWN)
            return sum;
    }
    return sum->kind == PY_STR ? py_make_str(r, at, &text) : sum;
}

static const struct py_value *eval_binary(struct py_reader *r, struct py_frame *frame, TSNode node)
{
    struct slice op = py_node_text(frame->module, py_node_field(node, "operator"));
    struct py_at at = py_node_at(frame->module, node);
    if (slice_is(op, "+"))
        return eval_plus(r, frame, node);
    if (!slice_is(op, "-") && !slice_is(op, "*") && !slice_is(op, "|"))
        return py_unknown(r, at, "it uses the operator %.*s", SLICE_ARGS(op));
    const struct py_value *a = py_eval(r, frame, py_node_field(node, "left"));
    const struct py_value *b = py_eval(r, frame, py_node_field(node, "right"));
    if (a->kind == PY_UNKNOWN || b->kind == PY_UNKNOWN)
        return a->kind == PY_UNKNOWN ? a : b;
    if (is_number(a) && is_number(b) && op.p[0] != '|')
        return arithmetic(r, at, op.p[0], a, b);
    if (op.p[0] == '|' && a->kind == PY_DICT && b->kind == PY_DICT) {
        struct py_list dict;
        py_list_start(&dict, r);
        py_dict_splat(&dict, a);
        py_dict_splat(&dict, b);
        return py_dict_end(&dict, at, PY_DICT);
    }
    return py_unknown(r, at, "it uses the operator %.*s on %s", SLICE_ARGS(op),
                      py_kind_shown(a->kind));
}

static const struct py_value *eval_unary(struct py_reader *r, struct py_frame *frame, TSNode node)
{
    struct py_at at = py_node_at(frame->module, node);
    struct slice op = py_node_text(frame->module, py_node_field(node, "operator"));
    const struct py_value *v = py_eval(r, frame, py_node_field(node, "argument"));
    if (v->kind == PY_UNKNOWN)
        return v;
    if (!is_number(v) || slice_is(op, "~"))
        return py_unknown(r, at, "it uses the operator %.*s on %s", SLICE_ARGS(op),
                          py_kind_shown(v->kind));
    if (slice_is(op, "+"))
        return v;
    return v->kind == PY_INT ? arithmetic(r, at, '-', py_make_int(r, at, 0), v)
                             : py_make_float(r, at, -v->real);
}

/* ---- displays ------------------------------------------------------------------------------ */

static const struct py_value *eval_list(struct py_reader *r, struct py_frame *frame, TSNode node,
                                        enum py_kind kind)
{
    struct py_nodes members = py_node_children(r, node);
    struct py_list list;
    py_list_start(&list, r);
    for (size_t i = 0; i < members.count; i++) {
        if (py_node(r, members.at[i]) == NODE_LIST_SPLAT)
            py_list_splat(&list, py_eval(r, frame, py_node_child(members.at[i], 0)));
        else
            py_list_add(&list, py_eval(r, frame, members.at[i]));
    }
    return py_list_end(&list, py_node_at(frame->module, node), kind);
}

static const struct py_value *eval_dict(struct py_reader *r, struct py_frame *frame, TSNode node)
{
    struct py_nodes members = py_node_children(r, node);
    struct py_list dict;
    py_list_start(&dict, r);
    for (size_t i = 0; i < members.count; i++) {
        TSNode member = members.at[i];
        if (py_node(r, member) == NODE_DICTIONARY_SPLAT)
            py_dict_splat(&dict, py_eval(r, frame, py_node_child(member, 0)));
        else
            py_dict_put(&dict, py_eval(r, frame, py_node_field(member, "key")),
                        py_eval(r, frame, py_node_field(member, "value")));
    }
    return py_dict_end(&dict, py_node_at(frame->module, node), PY_DICT);
}

/* a if c else b is read where a and b are the same; c is never looked at. */
static const struct py_value *eval_conditional(struct py_reader *r, struct py_frame *frame,
                                               TSNode node)
{
    struct py_nodes parts = py_node_children(r, node);
    if (parts.count == 3) {
        const struct py_value *a = py_eval(r, frame, parts.at[0]);
        const struct py_value *b = py_eval(r, frame, parts.at[2]);
        if (py_equal(a, b))
            return a;
    }
    return py_unknown(r, py_node_at(frame->module, node), "it depends on a condition");
}

/* ---- all of them --------------------------------------------------------------------------- */

static const char *why_not(enum py_node kind)
{
    switch (kind) {
    case NODE_LIST_COMPREHENSION:
    case NODE_SET_COMPREHENSION:
    case NODE_DICTIONARY_COMPREHENSION:
    case NODE_GENERATOR_EXPRESSION: return "it is a comprehension";
    case NODE_LAMBDA: return "it is a lambda";
    case NODE_BOOLEAN_OPERATOR: return "it uses and/or";
    case NODE_NOT_OPERATOR:
    case NODE_COMPARISON_OPERATOR: return "it is a comparison";
    case NODE_AWAIT:
    case NODE_YIELD: return "it waits for another function";
    case NODE_NAMED_EXPRESSION: return "it assigns inside an expression";
    case NODE_ELLIPSIS: return "it is an ellipsis";
    default: return "it is an expression Larder does not follow";
    }
}

static const struct py_value *eval_kind(struct py_reader *r, struct py_frame *frame, TSNode node,
                                        enum py_node kind)
{
    struct py_at at = py_node_at(frame->module, node);
    switch (kind) {
    case NODE_NONE: return py_make_plain(r, at, PY_NONE);
    case NODE_TRUE:
    case NODE_FALSE: return py_make_bool(r, at, kind == NODE_TRUE);
    case NODE_INTEGER:
    case NODE_FLOAT: return eval_number(r, frame, node, kind == NODE_FLOAT);
    case NODE_STRING:
    case NODE_CONCATENATED_STRING: return py_eval_string(r, frame, node);
    case NODE_LIST: return eval_list(r, frame, node, PY_LIST);
    case NODE_TUPLE:
    case NODE_EXPRESSION_LIST: return eval_list(r, frame, node, PY_TUPLE);
    case NODE_SET: return eval_list(r, frame, node, PY_SET);
    case NODE_DICTIONARY: return eval_dict(r, frame, node);
    case NODE_IDENTIFIER: return eval_name(r, frame, node);
    case NODE_ATTRIBUTE: return eval_attribute(r, frame, node);
    case NODE_SUBSCRIPT: return eval_subscript(r, frame, node);
    case NODE_BINARY_OPERATOR: return eval_binary(r, frame, node);
    case NODE_UNARY_OPERATOR: return eval_unary(r, frame, node);
    case NODE_CONDITIONAL_EXPRESSION: return eval_conditional(r, frame, node);
    case NODE_CALL: return py_eval_call(r, frame, node);
    default: return py_unknown(r, at, "%s", why_not(kind));
    }
}

const struct py_value *py_eval(struct py_reader *r, struct py_frame *frame, TSNode node)
{
    enum py_node kind = py_node(r, node);
    while (kind == NODE_PARENTHESIZED_EXPRESSION) {
        struct py_nodes inner = py_node_children(r, node);
        if (inner.count != 1)
            break;
        node = inner.at[0];
        kind = py_node(r, node);
    }
    struct py_at at = ts_node_is_null(node) ? (struct py_at){frame->module->file, 0, 0}
                                            : py_node_at(frame->module, node);
    if (!py_spend(r, 1))
        return py_unknown(r, at, "the package is larger than Larder reads");
    if (r->depth >= PY_DEPTH_MAX)
        return py_unknown(r, at, "it is nested deeper than %d levels", PY_DEPTH_MAX);
    r->depth++;
    const struct py_value *v = eval_kind(r, frame, node, kind);
    r->depth--;
    return v;
}
