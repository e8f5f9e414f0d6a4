/*
 * inspect.c - from the list of files to everything the catalog keeps about a plugin.
 *
 * The order is the author's: find plugin.py, find the class, read its fields, its settings, its
 * agent, its tools, its pictures. What is wrong is noted and the reading goes on, so that one answer
 * names it all. Fields are judged in inspect_fields.c, settings in settings_rules.c.
 */
#include "package/inspect.h"

#include <string.h>

#include "base/clock.h"
#include "package/inspect_fields.h"
#include "package/manifest.h"
#include "package/pyread.h"
#include "package/pyread_memory.h"
#include "package/settings_rules.h"

/* ---- where the package lies ---------------------------------------------------------------- */

static struct slice base_name(struct slice name)
{
    size_t n = name.n;
    while (n > 0 && name.p[n - 1] != '/')
        n--;
    return slice_sub(name, n, name.n);
}

static size_t depth_of(struct slice name)
{
    size_t depth = 0;
    for (size_t i = 0; i < name.n; i++)
        depth += name.p[i] == '/';
    return depth;
}

static void refuse_layout(struct inspection *out, const char *rule, const char *sentence,
                          const char *remedy)
{
    findings_add(&out->errors,
                 &(struct fault_item){
                     .rule = rule, .field = "plugin.py", .sentence = sentence, .remedy = remedy});
}

/* The plugin.py nearest to the top; more than one at that depth, or none near enough, is refused. */
static bool find_root(const struct package_source *source, struct inspection *out)
{
    size_t best = SIZE_MAX, depth = SIZE_MAX, rivals = 0;
    for (size_t i = 0; i < source->count; i++) {
        struct slice name = source->name(source->arg, i);
        if (!slice_is(base_name(name), "plugin.py") || depth_of(name) > depth)
            continue;
        rivals = depth_of(name) == depth ? rivals + 1 : 0;
        depth = depth_of(name);
        best = i;
    }
    if (best == SIZE_MAX)
        refuse_layout(out, "package.no_plugin", "The package has no plugin.py",
                      "Put plugin.py at the top of the archive or into one folder");
    else if (depth > 1)
        refuse_layout(out, "package.too_deep", "plugin.py lies deeper than one folder",
                      "Put plugin.py at the top of the archive or into one folder");
    else if (rivals > 0)
        refuse_layout(out, "package.several_plugins",
                      "There is more than one plugin.py at the same depth",
                      "Pack each plugin into an archive of its own");
    if (out->errors.count > 0)
        return false;
    struct slice name = source->name(source->arg, best);
    out->root = slice_sub(name, 0, name.n - strlen("plugin.py"));
    return true;
}

static size_t find_member(const struct package_source *source, struct slice root, const char *base)
{
    for (size_t i = 0; i < source->count; i++) {
        struct slice name = source->name(source->arg, i);
        if (name.n == root.n + strlen(base) && slice_eq(slice_sub(name, 0, root.n), root) &&
            slice_is_nocase(slice_sub(name, root.n, name.n), base))
            return i;
    }
    return SIZE_MAX;
}

/* ---- files beside plugin.py ---------------------------------------------------------------- */

static void warn_file(struct inspection *out, const char *rule, const char *file,
                      const char *sentence, const char *remedy)
{
    findings_add(
        &out->warnings,
        &(struct fault_item){.rule = rule, .file = file, .sentence = sentence, .remedy = remedy});
}

static uint32_t big_endian(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

/* Signature, then the IHDR chunk with width and height. */
static const char *png_problem(struct slice bytes)
{
    enum { PIXELS_MAX = 4096 };
    static const char signature[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    if (bytes.n < 33 || memcmp(bytes.p, signature, sizeof signature - 1) != 0)
        return "The logo is not a PNG image and is left out";
    uint32_t width = big_endian(bytes.p + 16), height = big_endian(bytes.p + 20);
    if (width == 0 || height == 0 || width > PIXELS_MAX || height > PIXELS_MAX)
        return "The logo is larger than 4096 x 4096 pixels and is left out";
    return NULL;
}

static enum err read_logo(struct ctx *ctx, const struct package_source *source,
                          struct inspection *out)
{
    size_t i = find_member(source, out->root, "logo.png");
    if (i == SIZE_MAX)
        return OK;
    if (source->size(source->arg, i) > LOGO_MAX) {
        warn_file(out, "logo.size", "logo.png", "The logo is larger than 256 KiB and is left out",
                  "Use a smaller picture; 128 x 128 pixels are shown");
        return OK;
    }
    struct slice bytes;
    enum err err = source->read(ctx, source->arg, i, LOGO_MAX, &bytes);
    if (err)
        return err;
    const char *problem = png_problem(bytes);
    if (problem)
        warn_file(out, "logo.image", "logo.png", problem, "Save the logo as a PNG image");
    else
        out->meta.logo = bytes;
    return OK;
}

static enum err read_readme(struct ctx *ctx, const struct package_source *source,
                            struct inspection *out)
{
    size_t i = find_member(source, out->root, "README.md");
    if (i == SIZE_MAX)
        return OK;
    if (source->size(source->arg, i) > README_MAX) {
        warn_file(out, "readme.size", "README.md",
                  "README.md is larger than 512 KiB and is left out", "Shorten it");
        return OK;
    }
    struct slice bytes;
    enum err err = source->read(ctx, source->arg, i, README_MAX, &bytes);
    if (err)
        return err;
    if (!slice_is_utf8(bytes) || slice_find(bytes, '\0') < bytes.n)
        warn_file(out, "readme.encoding", "README.md", "README.md is not UTF-8 and is left out",
                  "Save it as UTF-8");
    else
        out->meta.readme = bytes;
    return OK;
}

/* Beside plugin.py, or above the wrapper folder where some tools put it. */
static enum err read_manifest(struct ctx *ctx, const struct package_source *source,
                              struct inspection *out, const struct py_value **manifest)
{
    *manifest = NULL;
    size_t i = find_member(source, out->root, MANIFEST_NAME);
    if (i == SIZE_MAX)
        i = find_member(source, SLICE_NONE, MANIFEST_NAME);
    if (i == SIZE_MAX)
        return OK;
    const char *file = slice_dup(ctx->arena, source->name(source->arg, i));
    if (file == NULL)
        return ctx_no_memory(ctx);
    if (source->size(source->arg, i) > MANIFEST_MAX) {
        findings_add(&out->errors, &(struct fault_item){.rule = "manifest.size",
                                                        .file = file,
                                                        .sentence = "The manifest is too large",
                                                        .remedy = "Keep it below 256 KiB"});
        return OK;
    }
    struct slice text;
    enum err err = source->read(ctx, source->arg, i, MANIFEST_MAX, &text);
    return err ? err : manifest_read(ctx, file, text, &out->errors, manifest);
}

/* ---- the plugin ---------------------------------------------------------------------------- */

static bool says_v1(const struct py_value *record)
{
    static const char *const fields[] = {"llm_requirements", "response_schema",
                                         "response_suggestion"};
    if (record == NULL || record->kind != PY_RECORD)
        return false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (py_get(record, fields[i]))
            return true;
    const struct py_value *sdk = py_get(record, "sdk_version");
    return sdk && sdk->kind == PY_STR &&
           (slice_starts(sdk->text, ">=1") || slice_starts(sdk->text, "~=1") ||
            slice_starts(sdk->text, "==1"));
}

/* A pid is what v2 has and v1 has not; without one, the fields and the files of v1 tell. */
static enum plugin_generation generation_of(struct py_reader *reader, const struct inspection *out,
                                            const struct py_plugin *plugin,
                                            const struct py_value *manifest)
{
    const struct py_value *record = plugin->metadata;
    bool is_record = record && record->kind == PY_RECORD;
    if (out->is_v1)
        return PLUGIN_V1;
    if ((manifest && py_get(manifest, "pid")) || (is_record && py_get(record, "pid")))
        return PLUGIN_V2;
    bool has_layout = out->has_agent_file && out->has_tools_file && py_registers(reader);
    return says_v1(record) || has_layout ? PLUGIN_V1 : PLUGIN_V2;
}

static void read_class(struct ctx *ctx, struct inspection *out, const struct py_plugin *plugin)
{
    out->meta.plugin_class = plugin->class_name;
    struct py_at at = plugin->at;
    if (plugin->class_name == NULL) {
        findings_at(&out->errors, "meta.no_class", "plugin.py",
                    plugin->reason ? plugin->reason->at : at,
                    "Define a class that inherits from BasePlugin of cadence_sdk",
                    "plugin.py defines no plugin class%s%s", plugin->reason ? ": " : "",
                    plugin->reason ? py_reason(ctx->arena, plugin->reason) : "");
        return;
    }
    if (plugin->other_count > 0)
        findings_at(&out->warnings, "meta.several_classes", "plugin.py", at,
                    "Keep one class that inherits from BasePlugin",
                    "plugin.py has several plugin classes; %s is taken, the first by name (%s is "
                    "another)",
                    plugin->class_name, plugin->others[0]);
    if (plugin->foreign_decorator)
        findings_at(&out->warnings, "meta.decorator", "plugin.py", plugin->foreign_decorator->at,
                    NULL, "The decorator %.*s is not read; what it changes is not seen",
                    SLICE_ARGS(plugin->foreign_decorator->text));
    if (plugin->metadata == NULL)
        findings_at(&out->errors, "meta.no_metadata", "get_metadata", at,
                    "Add a static method get_metadata that returns PluginMetadata(...)",
                    "The class %s has no get_metadata", plugin->class_name);
    if (!plugin->has_create_agent)
        findings_at(&out->errors, "meta.no_create_agent", "create_agent", at,
                    "Add a static method create_agent that returns the agent",
                    "The class %s has no create_agent", plugin->class_name);
}

/* A flag of the agent that only the manifest may say, and only where the source is silent. */
static bool flag(struct field_reading *f, const char *name, bool from_class)
{
    const struct py_value *v = f->manifest ? py_get(f->manifest, name) : NULL;
    if (v == NULL)
        return from_class;
    if (v->kind != PY_BOOL)
        findings_at(&f->out->errors, "meta.type", name, v->at, "Write true or false",
                    "%s must be a bool", name);
    else if (f->plugin->agent_class && v->boolean != from_class)
        findings_at(&f->out->errors, "manifest.conflict", name, v->at,
                    "Take the field out of the manifest", "%s is not what the bases of %s say",
                    name, f->plugin->agent_class);
    return v->kind == PY_BOOL ? v->boolean : from_class;
}

static void read_agent(struct field_reading *f)
{
    struct plugin_meta *meta = &f->out->meta;
    const struct py_plugin *plugin = f->plugin;
    meta->agent_class = plugin->agent_class;
    f->out->is_agent = plugin->is_agent;
    f->out->is_open = plugin->is_open;
    if (plugin->agent_class == NULL && plugin->class_name)
        findings_at(&f->out->warnings, "agent.not_found", "create_agent", plugin->at,
                    "Let create_agent return an object of a class in the package",
                    "The class of the agent was not found; it counts as specialized");
    bool specialized = plugin->is_specialized || !plugin->is_scoped;
    meta->is_scoped = flag(f, "is_scoped", plugin->is_scoped);
    meta->is_specialized = flag(f, "is_specialized", specialized);
    if (meta->agent_type == NULL)
        meta->agent_type = meta->is_scoped && !meta->is_specialized ? "scoped" : "specialized";
}

static void read_tools(struct ctx *ctx, struct py_reader *reader, struct inspection *out)
{
    struct py_tool *found;
    size_t count;
    bool is_cut;
    py_read_tools(reader, &found, &count, &is_cut);
    if (is_cut)
        warn_file(
            out, "python.size", NULL,
            "The package has more Python code than Larder reads; some tools may not be listed",
            "Keep generated code and data out of the .py files");
    struct tool *tools = arena_array(ctx->arena, count + 1, sizeof *tools);
    for (size_t i = 0; tools && i < count; i++)
        tools[i] = (struct tool){found[i].name, found[i].description, found[i].file, found[i].line};
    out->meta.tools = tools;
    out->meta.tool_count = tools ? count : 0;
    out->errors.no_memory = out->errors.no_memory || tools == NULL;
}

static void read_source(struct ctx *ctx, struct py_reader *reader, const struct py_value *manifest,
                        struct inspection *out)
{
    struct py_plugin plugin;
    py_read_plugin(reader, &plugin);
    if (plugin.broken) {
        findings_at(&out->errors, "python.unreadable", "plugin.py", plugin.broken->at,
                    "Mend plugin.py; it is read, never run", "plugin.py cannot be read: %s",
                    py_reason(ctx->arena, plugin.broken));
        return;
    }
    read_class(ctx, out, &plugin);
    out->meta.generation = generation_of(reader, out, &plugin, manifest);
    out->registers = out->meta.generation == PLUGIN_V1 && py_registers(reader);
    if (plugin.class_name == NULL || plugin.metadata == NULL)
        return; /* every field would be missing: that is one finding, not ten */
    struct field_reading fields = {.out = out,
                                   .arena = ctx->arena,
                                   .plugin = &plugin,
                                   .manifest = manifest,
                                   .at = plugin.metadata->at};
    fields_read(&fields);
    read_agent(&fields);
    read_tools(ctx, reader, out);
}

/* ---- the code ------------------------------------------------------------------------------ */

static void tell_unread(struct ctx *ctx, const struct py_scan *scan, struct inspection *out)
{
    for (size_t i = 0; i < scan->source_count; i++)
        if (scan->sources[i].broken)
            findings_at(&out->unread, "python.unreadable", NULL, scan->sources[i].broken->at,
                        "Mend the file; it is read, never run",
                        "The file cannot be read, so nothing is known of its imports and calls: %s",
                        py_reason(ctx->arena, scan->sources[i].broken));
    if (scan->is_cut)
        findings_add(&out->unread, &(struct fault_item){
                                       .rule = "code.cut",
                                       .sentence = "The package has more Python code than Larder "
                                                   "reads; some imports and calls were not seen",
                                       .remedy = "Keep generated code and data out of the .py "
                                                 "files"});
}

static void read_code(struct ctx *ctx, struct py_reader *reader, struct inspection *out)
{
    struct py_scan scan;
    int64_t start = clock_mono_us();
    py_read_scan(reader, &scan);
    scan_code(&scan, out->code);
    tell_unread(ctx, &scan, out);
    int64_t scanned = clock_mono_us();
    imports_judge(&scan, &out->meta, &out->imports);
    out->code_us = scanned - start;
    out->imports_us = clock_mono_us() - scanned;
    bool starved = out->imports.missing.no_memory || out->imports.doubtful.no_memory ||
                   out->imports.remarks.no_memory || out->unread.no_memory;
    for (size_t i = 0; i < SCAN_FAMILIES; i++)
        starved = starved || out->code[i].no_memory;
    out->errors.no_memory = out->errors.no_memory || starved;
}

static enum err read_python(struct ctx *ctx, const struct package_source *source,
                            const struct py_value *manifest, struct inspection *out)
{
    struct py_reader *reader;
    enum err err = py_open(ctx, source, out->root, &reader);
    if (err)
        return err;
    int64_t start = clock_mono_us();
    read_source(ctx, reader, manifest, out);
    out->metadata_us = clock_mono_us() - start;
    read_code(ctx, reader, out);
    err = py_status(reader);
    py_close(reader);
    return err;
}

struct inspecting {
    const struct package_source *source;
    struct inspection *out;
};

/* Runs where the syntax tree library may be used: see pyread_memory.h. */
static enum err inspect(struct ctx *ctx, void *arg)
{
    const struct package_source *source = ((struct inspecting *)arg)->source;
    struct inspection *out = ((struct inspecting *)arg)->out;
    out->has_init = find_member(source, out->root, "__init__.py") != SIZE_MAX;
    out->has_agent_file = find_member(source, out->root, "agent.py") != SIZE_MAX;
    out->has_tools_file = find_member(source, out->root, "tools.py") != SIZE_MAX;
    const struct py_value *manifest;
    enum err err = read_manifest(ctx, source, out, &manifest);
    if (err == OK)
        err = read_python(ctx, source, manifest, out);
    if (err == OK)
        err = read_logo(ctx, source, out);
    if (err == OK)
        err = read_readme(ctx, source, out);
    return err ? err : findings_end(&out->errors);
}

static void init_findings(struct ctx *ctx, struct inspection *out)
{
    findings_init(&out->errors, ctx);
    findings_init(&out->warnings, ctx);
    findings_init(&out->imports.missing, ctx);
    findings_init(&out->imports.doubtful, ctx);
    findings_init(&out->imports.remarks, ctx);
    findings_init(&out->unread, ctx);
    for (size_t i = 0; i < SCAN_FAMILIES; i++)
        findings_init(&out->code[i], ctx);
}

static enum err inspect_as(struct ctx *ctx, const struct package_source *source, bool is_v1,
                           struct inspection *out)
{
    struct inspecting what = {source, out};
    memset(out, 0, sizeof *out);
    out->is_v1 = is_v1;
    out->meta.generation = is_v1 ? PLUGIN_V1 : PLUGIN_V2;
    init_findings(ctx, out);
    if (!find_root(source, out))
        return findings_end(&out->errors);
    return py_memory_run(ctx, inspect, &what);
}

enum err inspect_package(struct ctx *ctx, const struct package_source *source,
                         struct inspection *out)
{
    return inspect_as(ctx, source, false, out);
}

enum err inspect_package_v1(struct ctx *ctx, const struct package_source *source,
                            struct inspection *out)
{
    return inspect_as(ctx, source, true, out);
}
