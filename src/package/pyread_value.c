/*
 * pyread_value.c - comparing values and writing them as JSON.
 *
 * Members are shared, so a short file can describe a huge value (a = [b, b], b = [c, c], ...).
 * Every value knows its weight and depth, and none above PY_WEIGHT_MAX and PY_DEPTH_MAX is ever
 * made (pyread_make.c), which bounds each walk here.
 */
#include "package/pyread_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"

bool py_is_literal(const struct py_value *v)
{
    return v->kind <= PY_DICT;
}

const char *py_kind_shown(enum py_kind kind)
{
    static const char *const names[] = {
        [PY_NONE] = "None",
        [PY_BOOL] = "a bool",
        [PY_INT] = "an int",
        [PY_FLOAT] = "a float",
        [PY_STR] = "a str",
        [PY_LIST] = "a list",
        [PY_TUPLE] = "a tuple",
        [PY_SET] = "a set",
        [PY_DICT] = "a dict",
        [PY_UNKNOWN] = "unknown",
        [PY_CLASS] = "a class",
        [PY_FUNCTION] = "a function",
        [PY_MODULE] = "a module",
        [PY_SDK] = "a name of the SDK",
        [PY_FOREIGN] = "an imported name",
        [PY_RECORD] = "a PluginMetadata",
        [PY_OBJECT] = "an object",
    };
    return names[kind];
}

static size_t member_count(const struct py_value *v)
{
    bool pairs = v->kind == PY_DICT || v->kind == PY_RECORD;
    return pairs ? v->count * 2 : v->count;
}

bool py_is_known(const struct py_value *v)
{
    if (!py_is_literal(v))
        return false;
    for (size_t i = 0; i < member_count(v); i++)
        if (!py_is_known(v->items[i]))
            return false;
    return true;
}

const struct py_value *py_unknown_in(const struct py_value *v)
{
    if (v->kind == PY_UNKNOWN)
        return v;
    for (size_t i = 0; i < member_count(v); i++) {
        const struct py_value *found = py_unknown_in(v->items[i]);
        if (found)
            return found;
    }
    return v->rest;
}

static bool same_pairs(const struct py_value *a, const struct py_value *b)
{
    for (size_t i = 0; i < a->count; i++) {
        bool found = false;
        for (size_t k = 0; k < b->count && !found; k++)
            found = py_equal(a->items[2 * i], b->items[2 * k]) &&
                    py_equal(a->items[2 * i + 1], b->items[2 * k + 1]);
        if (!found)
            return false;
    }
    return true;
}

static bool same_members(const struct py_value *a, const struct py_value *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!py_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

bool py_equal(const struct py_value *a, const struct py_value *b)
{
    if (a->kind != b->kind)
        return (a->kind == PY_INT && b->kind == PY_FLOAT && (double)a->integer == b->real) ||
               (a->kind == PY_FLOAT && b->kind == PY_INT && (double)b->integer == a->real);
    switch (a->kind) {
    case PY_NONE: return true;
    case PY_BOOL: return a->boolean == b->boolean;
    case PY_INT: return a->integer == b->integer;
    case PY_FLOAT: return a->real == b->real;
    case PY_STR:
    case PY_MODULE:
    case PY_SDK:
    case PY_FOREIGN: return slice_eq(a->text, b->text);
    case PY_LIST:
    case PY_TUPLE:
    case PY_SET: /* sets are kept sorted */ return a->count == b->count && same_members(a, b);
    case PY_DICT: return a->count == b->count && same_pairs(a, b);
    case PY_CLASS:
    case PY_FUNCTION: return a->ref == b->ref;
    case PY_UNKNOWN:
    case PY_RECORD:
    case PY_OBJECT: return false;
    }
    return false;
}

const struct py_value *py_get(const struct py_value *dict, const char *key)
{
    for (size_t i = 0; i < dict->count; i++) {
        const struct py_value *k = dict->items[2 * i];
        if (k->kind == PY_STR && slice_is(k->text, key))
            return dict->items[2 * i + 1];
    }
    return NULL;
}

/* The fewest digits that read back as v, as "d.ddde+xx" in text. */
static void shortest(double v, char *text, size_t n)
{
    for (int digits = 0; digits <= 16; digits++) {
        (void)snprintf(text, n, "%.*e", digits, v);
        if (strtod(text, NULL) == v)
            return;
    }
}

/* Python writes fixed notation from 1e-4 up to below 1e16 and adds ".0" to what looks whole. */
void py_float_repr(double v, struct buf *out)
{
    char text[40];
    shortest(v, text, sizeof text);
    char *e = strchr(text, 'e');
    if (e == NULL) {
        buf_str(out, text); /* inf or nan, which no literal can be */
        return;
    }
    int64_t exponent = 0;
    (void)slice_to_i64(slice_of(e[1] == '+' ? e + 2 : e + 1), &exponent);
    *e = '\0';
    if (exponent < -4 || exponent >= 16) {
        buf_printf(out, "%se%c%02d", text, exponent < 0 ? '-' : '+', abs((int)exponent));
        return;
    }
    int digits = (int)strlen(text) - (text[0] == '-') - (strchr(text, '.') != NULL);
    int decimals = digits - 1 - (int)exponent;
    buf_printf(out, "%.*f", decimals > 1 ? decimals : 1, v);
}

/* json.dumps turns keys that are scalars into strings; other keys have no place in JSON. */
static bool write_key(struct jw *j, const struct py_value *key)
{
    char text[32];
    switch (key->kind) {
    case PY_STR: jw_key_slice(j, key->text); return true;
    case PY_NONE: jw_key(j, "null"); return true;
    case PY_BOOL: jw_key(j, key->boolean ? "true" : "false"); return true;
    case PY_INT:
        (void)snprintf(text, sizeof text, "%lld", (long long)key->integer);
        jw_key(j, text);
        return true;
    default: return false;
    }
}

static bool write_value(struct jw *j, const struct py_value *v);

static bool write_members(struct jw *j, const struct py_value *v)
{
    bool is_dict = v->kind == PY_DICT;
    if (is_dict)
        jw_object(j);
    else
        jw_array(j);
    for (size_t i = 0; i < v->count; i++) {
        if (is_dict && !write_key(j, v->items[2 * i]))
            return false;
        if (!write_value(j, v->items[is_dict ? 2 * i + 1 : i]))
            return false;
    }
    jw_end(j);
    return true;
}

static bool write_value(struct jw *j, const struct py_value *v)
{
    if (j->depth + 1 >= JW_DEPTH || buf_failed(j->buf))
        return false;
    switch (v->kind) {
    case PY_NONE: jw_null(j); return true;
    case PY_BOOL: jw_bool(j, v->boolean); return true;
    case PY_INT: jw_int(j, v->integer); return true;
    case PY_FLOAT: {
        char room[48];
        struct buf b = {.p = room, .cap = sizeof room, .max = sizeof room - 1};
        if (!isfinite(v->real))
            return false;
        py_float_repr(v->real, &b);
        jw_raw(j, buf_view(&b));
        return true;
    }
    case PY_STR: jw_text(j, v->text); return true;
    case PY_LIST:
    case PY_TUPLE:
    case PY_SET:
    case PY_DICT: return write_members(j, v);
    default: return false;
    }
}

bool py_json(const struct py_value *v, struct buf *out)
{
    struct jw j;
    jw_start(&j, out);
    return write_value(&j, v) && jw_done(&j);
}
