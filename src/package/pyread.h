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

/* What an import stands under, the more forgiving the higher. */
enum py_guard {
    PY_ALWAYS,
    PY_IF,    /* a branch or a loop */
    PY_TRY,   /* a try whose except catches a failing import */
    PY_TYPING /* if TYPE_CHECKING: never run */
};

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
    bool is_agent; /* inherits from BaseAgent or one of its two kinds */
    bool is_open;  /* has a base that is not known, so it may */
};
void py_read_plugin(struct py_reader *r, struct py_plugin *out);
/* Whether __init__.py or plugin.py calls register_plugin: every call in them is looked at. */
bool py_registers(struct py_reader *r);

struct py_tool {
    const char *name, *description, *file;
    int line;
};
/* Functions decorated as tools, plugin.py first, then by file and line. *is_cut: there may be more,
 * in files beyond what is read. */
void py_read_tools(struct py_reader *r, struct py_tool **out, size_t *count, bool *is_cut);

/* One import statement for one module; "import a, b" are two, "from a import b, c" is one. */
struct py_import {
    struct slice module; /* "google.cloud.storage" */
    size_t level;        /* leading dots */
    struct slice name;   /* of "from . import name", where module is empty; else none */
    struct py_at at;
    enum py_guard guard;
    bool in_test;    /* the file belongs to the package's tests or its set-up */
    bool in_package; /* the module is a file or folder of the package */
};

/* A call of a function that scan_calls.c has in its table. */
struct py_call {
    struct slice name; /* as far as imports tell: "os.system"; ".write_text" of some object */
    struct slice text; /* the call itself, at most 2,000 bytes of it */
    struct py_at at;
};

/* One file of the package, as text. */
struct py_source {
    const char *file;
    struct slice text;             /* empty when it could not be decoded */
    const struct py_value *broken; /* why it could not be parsed, or NULL */
};

/* All .py files of the package, in order of path. */
struct py_scan {
    struct py_import *imports;
    size_t import_count;
    struct py_call *calls;
    size_t call_count;
    struct py_source *sources;
    size_t source_count;
    bool is_cut; /* there is code that was not looked at */
};
void py_read_scan(struct py_reader *r, struct py_scan *out);

#endif
