/*
 * pyread.h - reading Python packages without running them.
 *
 * The source is parsed with tree-sitter and only what is literal is followed: constants, imports
 * between files of the package, string and list arithmetic, base classes. Everything else becomes
 * an unknown with its reason and place (pyread_value.h). Nothing is executed, nothing outside the
 * package is looked at, and depth, steps, sizes and time have ceilings.
 *
 * Which fields a plugin needs, and what may stand in them, is not known here: see inspect.c.
 */
#ifndef LARDER_PACKAGE_PYREAD_H
#define LARDER_PACKAGE_PYREAD_H

#include "base/ctx.h"
#include "package/pyread_value.h"
#include "package/source.h"

struct py_reader;

/* root: the folder of the package in the source with its '/', or empty. */
enum err py_open(struct ctx *ctx, const struct package_source *source, struct slice root,
                 struct py_reader **out) MUST_USE;
/* Gives the trees back; values stay, they are the arena's. */
void py_close(struct py_reader *r);
/* OK, or what went wrong with us (memory, the source) since py_open. */
enum err py_status(struct py_reader *r) MUST_USE;

/* What the plugin class says. Values may be or hold unknowns. */
struct py_plugin {
    const struct py_value *broken; /* plugin.py cannot be read at all: nothing below is set */
    const char *class_name;        /* NULL when there is none; then `reason` may tell why */
    struct py_at at;
    const struct py_value *reason;
    const char **others; /* further plugin classes, in the order Cadence would take them */
    size_t other_count;
    const struct py_value *metadata; /* PY_RECORD or unknown; NULL: no get_metadata */
    struct py_at metadata_at;
    const struct py_value *decorator;         /* settings of plugin_settings, a list; NULL: none */
    const struct py_value *method;            /* settings of get_settings_schema; NULL: none */
    const struct py_value *foreign_decorator; /* one we know nothing of, or NULL */
    bool has_create_agent;
    const char *agent_class; /* NULL when it was not found */
    bool is_specialized, is_scoped;
    bool registers; /* __init__.py or plugin.py calls register_plugin */
};
void py_read_plugin(struct py_reader *r, struct py_plugin *out);

struct py_tool {
    const char *name, *description, *file;
    int line;
};
/* Functions decorated as tools, plugin.py first, then by file and line. *is_cut: there may be more,
 * in files beyond what is read. */
void py_read_tools(struct py_reader *r, struct py_tool **out, size_t *count, bool *is_cut);

#endif
