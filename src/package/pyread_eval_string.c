/*
 * pyread_eval_string.c - strings, rows of strings and f-strings.
 *
 * The pieces between interpolations are decoded from the text of the file itself; what the grammar
 * says of escapes is not needed. An f-string is read where every part is, and says so otherwise.
 */
#include "package/pyread_eval.h"
#include "package/pyread_make.h"
#include "package/pyread_string.h"

/* What str() makes of a value. False when that is not worth following. */
static bool append_str(const struct py_value *v, struct buf *out)
{
    switch (v->kind) {
    case PY_STR: buf_slice(out, v->text); return true;
    case PY_INT: buf_i64(out, v->integer); return true;
    case PY_FLOAT: py_float_repr(v->real, out); return true;
    case PY_BOOL: buf_str(out, v->boolean ? "True" : "False"); return true;
    case PY_NONE: buf_str(out, "None"); return true;
    default: return false;
    }
}

static bool is_plain(const struct py_module *m, TSNode node)
{
    TSNode conversion = py_node_field(node, "type_conversion");
    if (!ts_node_is_null(py_node_field(node, "format_specifier")))
        return false;
    if (!ts_node_is_null(conversion) && !slice_is(py_node_text(m, conversion), "!s"))
        return false;
    uint32_t count = ts_node_child_count(node);
    for (uint32_t i = 0; i < count && i < 16; i++)
        if (slice_is(py_node_text(m, ts_node_child(node, i)), "="))
            return false; /* {name=} shows its own text */
    return true;
}

static const struct py_value *append_part(struct py_reader *r, struct py_frame *frame, TSNode node,
                                          struct buf *out)
{
    struct py_at at = py_node_at(frame->module, node);
    if (!is_plain(frame->module, node))
        return py_unknown(r, at, "it formats a value with a conversion or a format");
    const struct py_value *v = py_eval(r, frame, py_node_field(node, "expression"));
    if (v->kind == PY_UNKNOWN)
        return v;
    if (!append_str(v, out))
        return py_unknown(r, at, "it formats %s", py_kind_shown(v->kind));
    return NULL;
}

/* Where the text before this part ends. The grammar counts backslashes of a raw string to its closing
 * quotes when there is nothing else in it; so those are measured, not asked for. */
static size_t part_start(const struct py_module *m, TSNode start, TSNode part, bool is_end)
{
    struct slice quotes = py_node_text(m, start);
    size_t n = 0;
    while (n < quotes.n && quotes.p[quotes.n - 1 - n] == quotes.p[quotes.n - 1])
        n++;
    size_t end = ts_node_end_byte(part);
    return is_end && end >= n ? end - n : ts_node_start_byte(part);
}

/* Appends one string; NULL, or why it cannot be read. */
static const struct py_value *append_string(struct py_reader *r, struct py_frame *frame,
                                            TSNode node, struct buf *out)
{
    struct py_nodes parts = py_node_children(r, node);
    struct py_at at = py_node_at(frame->module, node);
    if (parts.count < 2 || py_node(r, parts.at[0]) != NODE_STRING_START)
        return py_unknown(r, at, "the string is not written as Python allows");
    struct py_prefix prefix = py_string_prefix(py_node_text(frame->module, parts.at[0]));
    if (!prefix.valid)
        return py_unknown(r, at, "the string has a prefix Python does not know");
    if (prefix.bytes)
        return py_unknown(r, at, "it is bytes, not text");
    size_t from = ts_node_end_byte(parts.at[0]), stopped;
    for (size_t i = 1; i < parts.count; i++) {
        enum py_node kind = py_node(r, parts.at[i]);
        if (kind != NODE_INTERPOLATION && kind != NODE_STRING_END)
            continue;
        bool is_end = kind == NODE_STRING_END;
        size_t to = part_start(frame->module, parts.at[0], parts.at[i], is_end);
        struct slice body = slice_sub(frame->module->text, from, to);
        const char *why = py_string_decode(body, prefix, out, &stopped);
        if (why)
            return py_unknown(r, at, "%s", why);
        const struct py_value *unknown = is_end ? NULL : append_part(r, frame, parts.at[i], out);
        if (unknown)
            return unknown;
        from = ts_node_end_byte(parts.at[i]);
    }
    return NULL;
}

const struct py_value *py_eval_string(struct py_reader *r, struct py_frame *frame, TSNode node)
{
    struct buf text;
    buf_init(&text, r->ctx->arena, PY_TEXT_MAX);
    const struct py_value *unknown = NULL;
    if (py_node(r, node) == NODE_STRING) {
        unknown = append_string(r, frame, node, &text);
    } else {
        struct py_nodes row = py_node_children(r, node);
        for (size_t i = 0; i < row.count && unknown == NULL; i++)
            unknown = append_string(r, frame, row.at[i], &text);
    }
    return unknown ? unknown : py_make_str(r, py_node_at(frame->module, node), &text);
}
