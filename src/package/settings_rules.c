/*
 * settings_rules.c - the decorator's checks, one after the other, and the settings they let through.
 */
#include "package/settings_rules.h"

#include <stdio.h>
#include <string.h>

struct reading {
    struct findings *errors, *warnings;
    struct arena *arena;
    struct setting *settings;
    size_t count;
    bool is_method; /* entries the SDK does not check */
};

/* ---- findings about values ----------------------------------------------------------------- */

const char *py_reason(struct arena *arena, const struct py_value *v)
{
    const char *text = NULL;
    switch (v->kind) {
    case PY_UNKNOWN: text = slice_dup(arena, v->text); break;
    case PY_FOREIGN:
        text = slice_starts(v->text, "builtins.")
                   ? str_printf(arena, "it is Python's own %.*s",
                                SLICE_ARGS(slice_sub(v->text, 9, v->text.n)))
                   : str_printf(arena, "it is %.*s, which is outside of the package",
                                SLICE_ARGS(v->text));
        break;
    case PY_SDK: text = str_printf(arena, "it is %.*s of the SDK", SLICE_ARGS(v->text)); break;
    default: text = str_printf(arena, "it is %s", py_kind_shown(v->kind)); break;
    }
    return text ? text : "";
}

void findings_at(struct findings *f, const char *rule, const char *field, struct py_at at,
                 const char *remedy, const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    /* 4 less than there is room for: what was cut may have been cut in a character */
    const char *sentence = slice_dup(f->ctx->arena, findings_clip(slice_of(text), sizeof text - 4));
    if (sentence == NULL)
        f->no_memory = true;
    else
        findings_add(f, &(struct fault_item){.rule = rule,
                                             .field = field,
                                             .file = at.file,
                                             .line = at.line,
                                             .column = at.column,
                                             .sentence = sentence,
                                             .remedy = remedy});
}

/* ---- extras ---------------------------------------------------------------------------------- */

static bool is_field(const struct py_value *key)
{
    static const char *const fields[] = {"key",     "name",     "type",     "description",
                                         "default", "required", "sensitive"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (key->kind == PY_STR && slice_is(key->text, fields[i]))
            return true;
    return false;
}

static const struct py_value *pruned_entry(struct arena *arena, const struct py_value *entry)
{
    if (entry->kind != PY_DICT)
        return entry;
    struct py_value *copy = arena_alloc(arena, sizeof *copy);
    if (copy == NULL)
        return NULL;
    *copy = *entry;
    copy->count = 0;
    copy->items = arena_array(arena, entry->count * 2 + 1, sizeof *copy->items);
    if (copy->items == NULL)
        return NULL;
    for (size_t i = 0; i < entry->count; i++)
        if (is_field(entry->items[2 * i])) {
            copy->items[2 * copy->count] = entry->items[2 * i];
            copy->items[2 * copy->count++ + 1] = entry->items[2 * i + 1];
        }
    return copy;
}

const struct py_value *settings_pruned(struct arena *arena, const struct py_value *list)
{
    if (list->kind != PY_LIST)
        return list;
    struct py_value *copy = arena_alloc(arena, sizeof *copy);
    if (copy == NULL)
        return NULL;
    *copy = *list;
    copy->items = arena_array(arena, list->count + 1, sizeof *copy->items);
    if (copy->items == NULL)
        return NULL;
    for (size_t i = 0; i < list->count; i++)
        if ((copy->items[i] = pruned_entry(arena, list->items[i])) == NULL)
            return NULL;
    return copy;
}

/* ---- the rules ----------------------------------------------------------------------------- */

static const char *const type_names[] = {
    [SETTING_STR] = "str",   [SETTING_INT] = "int",   [SETTING_FLOAT] = "float",
    [SETTING_BOOL] = "bool", [SETTING_LIST] = "list", [SETTING_DICT] = "dict",
};

static bool find_type(struct slice name, enum setting_type *out)
{
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++)
        if (slice_is(name, type_names[i])) {
            *out = (enum setting_type)i;
            return true;
        }
    return false;
}

/* isinstance(value, type), None aside. */
static bool is_instance(const struct py_value *v, enum setting_type type)
{
    switch (type) {
    case SETTING_STR: return v->kind == PY_STR;
    case SETTING_INT: return v->kind == PY_INT || v->kind == PY_BOOL;
    case SETTING_FLOAT: return v->kind == PY_FLOAT;
    case SETTING_BOOL: return v->kind == PY_BOOL;
    case SETTING_LIST: return v->kind == PY_LIST;
    case SETTING_DICT: return v->kind == PY_DICT;
    }
    return false;
}

/* A text field of an entry; NULL when it is not there or is no text, which is then reported. */
static const char *text_field(struct reading *s, const struct py_value *entry, const char *field,
                              const char *key, size_t index, bool wanted)
{
    const struct py_value *v = py_get(entry, field);
    if (v == NULL && wanted)
        findings_at(s->errors, "settings.missing", "settings", entry->at,
                    "Give each setting a key, a type and a description",
                    "Setting %zu%s%s has no \"%s\"", index + 1, key ? ", " : "", key ? key : "",
                    field);
    if (v == NULL || !py_is_known(v) || (v->kind == PY_NONE && !wanted))
        return NULL;
    if (v->kind == PY_STR) {
        const char *text = slice_dup(s->arena, v->text);
        s->errors->no_memory = s->errors->no_memory || text == NULL;
        return text;
    }
    findings_at(s->errors, "settings.text", "settings", v->at, "Write it as a string",
                "Setting %zu: \"%s\" is %s; it must be a str", index + 1, field,
                py_kind_shown(v->kind));
    return NULL;
}

/* required and sensitive: real bools where the decorator checks, truthiness is not guessed. */
static bool flag_field(struct reading *s, const struct py_value *entry, const char *field,
                       const char *key)
{
    const struct py_value *v = py_get(entry, field);
    if (v == NULL || !py_is_known(v) || (s->is_method && v->kind == PY_NONE))
        return false;
    if (v->kind == PY_BOOL)
        return v->boolean;
    findings_at(s->errors, "settings.flag", "settings", v->at, "Write True or False",
                "Setting %s: \"%s\" is %s; it must be a bool", key, field, py_kind_shown(v->kind));
    return false;
}

static struct slice default_json(struct reading *s, const struct py_value *v, const char *key)
{
    if (v == NULL || v->kind == PY_NONE)
        return SLICE("null");
    struct buf json;
    buf_init(&json, s->arena, PY_TEXT_MAX);
    if (py_json(v, &json))
        return buf_view(&json);
    s->errors->no_memory = s->errors->no_memory || (json.failed && !json.over);
    findings_at(s->errors, "settings.default", "settings", v->at,
                "Use strings as keys, and keep it shorter and flatter",
                "Setting %s: the default cannot be written as JSON", key);
    return SLICE("null");
}

static void check_default(struct reading *s, const struct py_value *v, enum setting_type type,
                          const char *key)
{
    if (v == NULL || v->kind == PY_NONE || is_instance(v, type))
        return;
    struct findings *where = s->is_method ? s->warnings : s->errors;
    findings_at(where, "settings.default", "settings", v->at,
                type == SETTING_FLOAT && v->kind == PY_INT
                    ? "Write the number with a decimal point, as in 1.0"
                    : "Change the default or the type",
                "Setting %s: the default is %s, but its type is \"%s\"", key,
                py_kind_shown(v->kind), type_names[type]);
}

static void check_key(struct reading *s, const struct py_value *entry, const char *key)
{
    bool again = false;
    for (size_t i = 0; i < s->count && !again; i++)
        again = strcmp(s->settings[i].key, key) == 0;
    if (!again)
        return;
    const struct py_value *v = py_get(entry, "key");
    findings_at(s->is_method ? s->warnings : s->errors, "settings.duplicate", "settings",
                v ? v->at : entry->at, "Give each setting a key of its own",
                "The setting %s is declared more than once", key);
}

static void read_entry(struct reading *s, const struct py_value *entry, size_t index)
{
    struct setting out = {.default_json = SLICE("null")};
    if (!py_is_literal(entry))
        return;
    if (entry->kind != PY_DICT) {
        findings_at(s->errors, "settings.entry", "settings", entry->at,
                    "Write each setting as a dict", "Setting %zu is %s; it must be a dict",
                    index + 1, py_kind_shown(entry->kind));
        return;
    }
    out.key = text_field(s, entry, "key", NULL, index, true);
    const char *type = text_field(s, entry, "type", out.key, index, true);
    out.description = text_field(s, entry, "description", out.key, index, !s->is_method);
    out.name = text_field(s, entry, "name", out.key, index, false);
    if (out.key == NULL || type == NULL)
        return;
    check_key(s, entry, out.key);
    out.required = flag_field(s, entry, "required", out.key);
    out.sensitive = flag_field(s, entry, "sensitive", out.key);
    const struct py_value *standard = py_get(entry, "default");
    if (standard && !py_is_known(standard))
        standard = NULL;
    if (!find_type(slice_of(type), &out.type)) {
        findings_at(s->errors, "settings.type", "settings", py_get(entry, "type")->at,
                    "Use one of str, int, float, bool, list, dict",
                    "Setting %s has the type \"%.60s\", which does not exist", out.key, type);
        return;
    }
    check_default(s, standard, out.type, out.key);
    out.default_json = default_json(s, standard, out.key);
    bool is_empty = slice_is(out.default_json, "null") || slice_is(out.default_json, "\"\"");
    if (standard && out.sensitive && !is_empty)
        findings_at(
            s->warnings, "settings.sensitive_default", "settings", standard->at,
            "Leave the default of a sensitive setting out; whoever sets up the plugin "
            "gives the value",
            "The sensitive setting %s has a default, which everybody with the file can read",
            out.key);
    if (out.name == NULL)
        out.name = out.key;
    if (out.description == NULL)
        out.description = "";
    s->settings[s->count++] = out;
}

static void read_list(struct reading *s, const struct py_value *list, bool is_method)
{
    if (list == NULL || !py_is_literal(list) || (is_method && list->kind == PY_NONE))
        return;
    if (list->kind != PY_LIST) {
        findings_at(s->errors, "settings.list", "settings", list->at,
                    "Write the settings as a list", "The settings are %s; they must be a list",
                    py_kind_shown(list->kind));
        return;
    }
    s->is_method = is_method;
    for (size_t i = 0; i < list->count; i++) {
        if (s->count == SETTINGS_MAX) {
            findings_at(s->errors, "settings.count", "settings", list->items[i]->at, NULL,
                        "The plugin has more than %d settings", SETTINGS_MAX);
            return;
        }
        read_entry(s, list->items[i], i);
    }
}

void settings_read(struct findings *errors, struct findings *warnings,
                   const struct py_value *decorator, const struct py_value *method,
                   struct setting **out, size_t *count)
{
    struct reading s = {.errors = errors, .warnings = warnings, .arena = errors->ctx->arena};
    *out = NULL;
    *count = 0;
    s.settings = arena_array(s.arena, SETTINGS_MAX, sizeof *s.settings);
    if (s.settings == NULL) {
        errors->no_memory = true;
        return;
    }
    read_list(&s, decorator, false);
    read_list(&s, method, true);
    *out = s.settings;
    *count = s.count;
}
