/*
 * inspect_fields.c - which value a field has, and whether it may have it.
 *
 * The source wins. The manifest fills what the source leaves open, repeats what it says, or is
 * refused: a catalog that shows something else than the plugin runs with helps nobody.
 */
#include "package/inspect_fields.h"

#include <string.h>

#include "package/manifest.h"
#include "package/pid.h"
#include "package/requirement.h"
#include "package/settings_rules.h"
#include "package/version.h"

#define WRITE_LITERAL                                                                              \
    "Write it as a literal or a constant, or give it in a file " MANIFEST_NAME " beside plugin.py"

enum { NAME_MAX_BYTES = 255, TAG_MAX_BYTES = 100, CAPABILITY_MAX_BYTES = 2000 };

/* ---- one field ----------------------------------------------------------------------------- */

static void report_unknown(struct field_reading *f, const char *name, const struct py_value *v)
{
    findings_at(&f->out->errors, "meta.not_literal", name, v->at, WRITE_LITERAL,
                "%s cannot be read without running the plugin: %s", name, py_reason(f->arena, v));
}

/* Every unknown inside a value, each with its own place. */
static void report_unknowns(struct field_reading *f, const char *name, const struct py_value *v)
{
    bool pairs = v->kind == PY_DICT;
    if (!py_is_literal(v)) {
        report_unknown(f, name, v);
        return;
    }
    for (size_t i = 0; i < (pairs ? v->count * 2 : v->count); i++)
        report_unknowns(f, name, v->items[i]);
}

/* Equal, or the same when written down: a tuple and a JSON array hold the same. */
static bool agrees(struct field_reading *f, const struct py_value *a, const struct py_value *b)
{
    struct buf x, y;
    buf_init(&x, f->arena, PY_TEXT_MAX);
    buf_init(&y, f->arena, PY_TEXT_MAX);
    bool same = py_equal(a, b) ||
                (py_json(a, &x) && py_json(b, &y) && slice_eq(buf_view(&x), buf_view(&y)));
    bool starved = (x.failed && !x.over) || (y.failed && !y.over);
    f->out->errors.no_memory = f->out->errors.no_memory || starved;
    return same;
}

static void report_conflict(struct field_reading *f, const char *name, struct py_at at)
{
    findings_at(&f->out->errors, "manifest.conflict", name, at,
                "Take the field out of " MANIFEST_NAME ", or make both say the same",
                "%s is one thing in the source and another in " MANIFEST_NAME, name);
}

/* What the source says: a value, an unknown, or NULL when it leaves the field out. */
static const struct py_value *source_value(const struct field_reading *f, const char *name)
{
    const struct py_value *record = f->plugin->metadata;
    if (record == NULL || record->kind == PY_UNKNOWN)
        return record;
    const struct py_value *v = py_get(record, name);
    return v ? v : record->rest;
}

/* Not one field but all, or all that are not named, are out of reach. That is one finding, and only
 * when a field is missing that must be there: a manifest with those stands in for the rest. */
static void report_unreadable(struct field_reading *f, const struct py_value *why)
{
    if (f->said_unreadable)
        return;
    f->said_unreadable = true;
    findings_at(
        &f->out->errors, "meta.not_literal", "get_metadata", why->at,
        "Let get_metadata return PluginMetadata(...) with literal values, or give pid, name, "
        "version and description in a file " MANIFEST_NAME " beside plugin.py",
        "get_metadata cannot be read without running the plugin: %s", py_reason(f->arena, why));
}

static const struct py_value *field_value(struct field_reading *f, const char *name, bool wanted)
{
    const struct py_value *source = source_value(f, name);
    const struct py_value *manifest = f->manifest ? py_get(f->manifest, name) : NULL;
    bool whole = source && (source == f->plugin->metadata || source == f->plugin->metadata->rest);
    if (source && py_is_known(source)) {
        if (manifest && !agrees(f, source, manifest))
            report_conflict(f, name, source->at);
        return source;
    }
    if (manifest || source == NULL)
        return manifest;
    if (!whole)
        report_unknowns(f, name, source);
    else if (wanted)
        report_unreadable(f, source);
    return NULL;
}

static void wrong_type(struct field_reading *f, const char *name, const struct py_value *v,
                       const char *wanted)
{
    findings_at(&f->out->errors, "meta.type", name, v->at, "Change the value",
                "%s is %s; it must be a %s", name, py_kind_shown(v->kind), wanted);
}

static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7F)
            return true;
    return false;
}

/* A text of one line and at most max bytes; NULL when there is none. max 0: any text. */
static const char *text_field(struct field_reading *f, const char *name, bool wanted, size_t max,
                              const struct py_value **at)
{
    size_t before = f->out->errors.count + f->out->errors.dropped;
    const struct py_value *v = field_value(f, name, wanted);
    bool reported = f->out->errors.count + f->out->errors.dropped > before || f->said_unreadable;
    *at = v;
    if (v && v->kind == PY_NONE && !wanted)
        return NULL;
    if (v && v->kind != PY_STR) {
        wrong_type(f, name, v, "str");
        return NULL;
    }
    if (v == NULL || v->text.n == 0) {
        if (wanted && !(v == NULL && reported))
            findings_at(&f->out->errors, "meta.missing", name, v ? v->at : f->at,
                        "Add it to PluginMetadata(...)", v ? "%s is empty" : "%s is missing", name);
        return NULL;
    }
    if (max && (v->text.n > max || has_control(v->text))) {
        findings_at(&f->out->errors, "meta.text", name, v->at, "Shorten it to one line",
                    "%s must be one line of at most %zu bytes", name, max);
        return NULL;
    }
    const char *text = slice_dup(f->arena, v->text);
    f->out->errors.no_memory = f->out->errors.no_memory || text == NULL;
    return text;
}

/* ---- lists --------------------------------------------------------------------------------- */

static bool is_sequence(const struct py_value *v)
{
    return v->kind == PY_LIST || v->kind == PY_TUPLE || v->kind == PY_SET;
}

static const char **strings(struct field_reading *f, const char *name, size_t most, size_t max,
                            size_t *count, const struct py_value **where)
{
    const struct py_value *v = field_value(f, name, false);
    *count = 0;
    *where = v;
    if (v == NULL)
        return NULL;
    if (!is_sequence(v)) {
        wrong_type(f, name, v, "list of strings");
        return NULL;
    }
    if (v->count > most) {
        findings_at(&f->out->errors, "meta.count", name, v->at, "Shorten the list",
                    "%s has more than %zu entries", name, most);
        return NULL;
    }
    const char **out = arena_array(f->arena, v->count + 1, sizeof *out);
    for (size_t i = 0; out && i < v->count; i++) {
        if (v->items[i]->kind != PY_STR || v->items[i]->text.n > max) {
            findings_at(&f->out->errors, "meta.type", name, v->items[i]->at, "Change the entry",
                        "An entry of %s is %s; it must be a str of at most %zu bytes", name,
                        py_kind_shown(v->items[i]->kind), max);
            continue;
        }
        if ((out[*count] = slice_dup(f->arena, v->items[i]->text)) == NULL)
            f->out->errors.no_memory = true;
        else
            ++*count;
    }
    if (out == NULL)
        f->out->errors.no_memory = true;
    return out;
}

/* A list the source leaves out is empty when the plugin runs: the manifest cannot say otherwise. */
static void check_default(struct field_reading *f, const char *name, bool is_default)
{
    const struct py_value *manifest = f->manifest ? py_get(f->manifest, name) : NULL;
    if (f->plugin->metadata && f->plugin->metadata->kind == PY_RECORD && manifest &&
        source_value(f, name) == NULL && !is_default)
        findings_at(&f->out->errors, "manifest.conflict", name, manifest->at,
                    "Give it to PluginMetadata(...) instead",
                    "%s is left at its default in the source and is another in " MANIFEST_NAME,
                    name);
}

static void read_dependencies(struct field_reading *f)
{
    const struct py_value *v;
    struct plugin_meta *meta = &f->out->meta;
    meta->dependencies = strings(f, "dependencies", DEPENDENCIES_MAX, REQUIREMENT_TEXT,
                                 &meta->dependency_count, &v);
    check_default(f, "dependencies", meta->dependency_count == 0);
    for (size_t i = 0; v && is_sequence(v) && i < v->count; i++) {
        struct requirement requirement;
        struct requirement_fault why = {0};
        if (v->items[i]->kind != PY_STR)
            continue;
        enum err err = requirement_parse(f->arena, v->items[i]->text, &requirement, &why);
        if (err == ERR_NO_MEMORY)
            f->out->errors.no_memory = true;
        else if (err)
            findings_at(&f->out->errors, why.rule, "dependencies", v->items[i]->at, why.remedy,
                        "%.*s: %s", (int)(v->items[i]->text.n < 100 ? v->items[i]->text.n : 100),
                        v->items[i]->text.p, why.sentence);
    }
}

/* ---- fields with a rule -------------------------------------------------------------------- */

static void read_pid(struct field_reading *f)
{
    const struct py_value *v;
    bool wanted = f->out->meta.generation == PLUGIN_V2;
    f->out->meta.pid = text_field(f, "pid", wanted, 0, &v);
    const char *problem = f->out->meta.pid ? pid_problem(v->text) : NULL;
    if (problem)
        findings_at(&f->out->errors, "meta.pid", "pid", v->at,
                    "Use a reverse domain name, as in com.example.my_plugin",
                    "The pid \"%.60s\" cannot be used: %s", f->out->meta.pid, problem);
}

static void read_version(struct field_reading *f)
{
    const struct py_value *v;
    struct version parsed;
    struct plugin_meta *meta = &f->out->meta;
    meta->version = text_field(f, "version", true, VERSION_PEP440_TEXT, &v);
    if (meta->version == NULL)
        return;
    if (!version_parse(VERSION_PEP440, v->text, &parsed))
        findings_at(&f->out->errors, "meta.version", "version", v->at,
                    "Use a version as in 1.2.3 or 1.2.3rc1",
                    "The version \"%s\" is not one that Python packages use", meta->version);
    else if (meta->generation == PLUGIN_V2 && !version_fits_sdk(v->text))
        findings_at(&f->out->errors, "meta.version", "version", v->at,
                    "Write MAJOR.MINOR or MAJOR.MINOR.PATCH",
                    "The version \"%s\" does not have two or three parts", meta->version);
}

static bool bool_field(struct field_reading *f, const char *name, bool standard)
{
    const struct py_value *v = field_value(f, name, false);
    if (v && v->kind == PY_BOOL)
        return v->boolean;
    if (v)
        wrong_type(f, name, v, "bool");
    return standard;
}

static bool fits_generation(const char *type, enum plugin_generation generation)
{
    return strcmp(type, "specialized") == 0 || strcmp(type, "general") == 0 ||
           strcmp(type, "scoped") == 0 || (generation == PLUGIN_V1 && strcmp(type, "utility") == 0);
}

static void read_agent_type(struct field_reading *f)
{
    const struct py_value *v;
    const char *type = text_field(f, "agent_type", false, TAG_MAX_BYTES, &v);
    if (type && !fits_generation(type, f->out->meta.generation)) {
        findings_at(&f->out->warnings, "meta.agent_type", "agent_type", v->at,
                    "Use specialized, general or scoped",
                    "The agent type \"%s\" does not exist; it is taken from the agent's class",
                    type);
        type = NULL;
    }
    f->out->meta.agent_type = type;
}

/* Which model a v1 plugin would like; only shown, so what cannot be read is left out. */
static void read_llm_requirements(struct field_reading *f)
{
    const struct py_value *v = source_value(f, "llm_requirements");
    struct buf json;
    buf_init(&json, f->arena, PY_TEXT_MAX);
    if (v == NULL || !py_is_known(v))
        v = f->manifest ? py_get(f->manifest, "llm_requirements") : NULL;
    if (f->out->meta.generation == PLUGIN_V1 && v && v->kind == PY_DICT && py_json(v, &json))
        f->out->meta.llm_requirements = buf_view(&json);
    f->out->errors.no_memory = f->out->errors.no_memory || (json.failed && !json.over);
}

/* A keyword the dataclass does not have: the plugin would fail when it is loaded. */
static void check_names(struct field_reading *f)
{
    static const char *const known[] = {
        "pid",
        "name",
        "version",
        "description",
        "capabilities",
        "stateless",
        "tag",
        "sdk_version",
        "dependencies",
        "agent_type",
        "llm_requirements",
        "response_schema",
        "response_suggestion",
    };
    const struct py_value *record = f->plugin->metadata;
    for (size_t i = 0; record && record->kind == PY_RECORD && i < record->count; i++) {
        const struct py_value *key = record->items[2 * i];
        bool found = key->kind != PY_STR;
        for (size_t k = 0; k < sizeof known / sizeof *known && !found; k++)
            found = slice_is(key->text, known[k]);
        if (!found)
            findings_at(&f->out->errors, "meta.field", slice_dup(f->arena, key->text), key->at,
                        "Take it out", "PluginMetadata has no field %.*s",
                        (int)(key->text.n < 80 ? key->text.n : 80), key->text.p);
    }
}

/* What the manifest says of the settings is compared with the whole the source gives. */
static bool settings_differ(struct field_reading *f, const struct py_value *const parts[2],
                            const struct py_value *manifest)
{
    if (parts[0] && parts[1])
        return true;
    const struct py_value *all = parts[0] ? parts[0] : parts[1];
    return all == NULL ? manifest->kind != PY_LIST || manifest->count > 0
                       : !agrees(f, all, manifest);
}

/* One of the lists, without extras; NULL when there is none. */
static const struct py_value *settings_part(struct field_reading *f, const struct py_value *list)
{
    const struct py_value *pruned = list ? settings_pruned(f->arena, list) : NULL;
    f->out->errors.no_memory = f->out->errors.no_memory || (list && pruned == NULL);
    return pruned;
}

static void read_settings(struct field_reading *f)
{
    const struct py_value *parts[2] = {settings_part(f, f->plugin->decorator),
                                       settings_part(f, f->plugin->method)};
    const struct py_value *manifest = settings_part(f, f->manifest ? py_get(f->manifest, "settings")
                                                                   : NULL);
    struct plugin_meta *meta = &f->out->meta;
    struct setting *settings;
    bool known = true;
    for (int i = 0; i < 2; i++)
        known = known && (parts[i] == NULL || py_is_known(parts[i]));
    if (known && manifest && settings_differ(f, parts, manifest))
        report_conflict(f, "settings", parts[0] ? parts[0]->at : manifest->at);
    for (int i = 0; !known && manifest == NULL && i < 2; i++)
        if (parts[i])
            report_unknowns(f, "settings", parts[i]);
    if (!known && manifest)
        parts[0] = manifest, parts[1] = NULL;
    settings_read(&f->out->errors, &f->out->warnings, parts[0], parts[1], &settings,
                  &meta->setting_count);
    meta->settings = settings;
}

void fields_read(struct field_reading *f)
{
    const struct py_value *v;
    struct plugin_meta *meta = &f->out->meta;
    read_pid(f);
    meta->name = text_field(f, "name", true, NAME_MAX_BYTES, &v);
    read_version(f);
    meta->description = text_field(f, "description", true, 0, &v);
    meta->tag = text_field(f, "tag", false, TAG_MAX_BYTES, &v);
    meta->capabilities = strings(f, "capabilities", CAPABILITIES_MAX, CAPABILITY_MAX_BYTES,
                                 &meta->capability_count, &v);
    check_default(f, "capabilities", meta->capability_count == 0);
    read_dependencies(f);
    meta->sdk_version = text_field(f, "sdk_version", false, NAME_MAX_BYTES, &v);
    if (meta->sdk_version == NULL)
        meta->sdk_version = meta->generation == PLUGIN_V1 ? ">=1.0.1,<2.0.0" : ">=2.0.0,<3.0.0";
    meta->stateless = bool_field(f, "stateless", true);
    check_default(f, "stateless", meta->stateless);
    read_agent_type(f);
    read_llm_requirements(f);
    check_names(f);
    read_settings(f);
}
