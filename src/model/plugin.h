/*
 * plugin.h - what a package says of itself, and the row the catalog keeps of it.
 *
 * One row is one version of one plugin in one slice (system, or one org). Strings live in the
 * arena of whoever read them.
 */
#ifndef LARDER_MODEL_PLUGIN_H
#define LARDER_MODEL_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum plugin_source { SOURCE_SYSTEM, SOURCE_ORG };

enum setting_type {
    SETTING_STR,
    SETTING_INT,
    SETTING_FLOAT,
    SETTING_BOOL,
    SETTING_LIST,
    SETTING_DICT
};

struct setting {
    const char *key;
    const char *name; /* the key where the author gave none */
    enum setting_type type;
    const char *description;
    struct slice default_json; /* canonical JSON, "null" where there is none */
    bool required, sensitive;
};

struct tool {
    const char *name;
    const char *description; /* first line of the docstring, or NULL */
    const char *file;
    int line;
};

enum plugin_generation { PLUGIN_V1 = 1, PLUGIN_V2 = 2 };

/* What reading a package statically gives. */
struct plugin_meta {
    enum plugin_generation generation;
    const char *pid; /* NULL in v1 packages */
    const char *name, *version, *description;
    const char *tag; /* NULL = none */
    const char *sdk_version;
    const char *agent_type; /* "specialized", "general", "scoped" (v1 also "utility") */
    const char **capabilities;
    size_t capability_count;
    const char **dependencies; /* PEP 508 */
    size_t dependency_count;
    const struct setting *settings;
    size_t setting_count;
    const struct tool *tools;
    size_t tool_count;
    bool stateless, is_specialized, is_scoped;
    struct slice llm_requirements; /* v1: canonical JSON object, or none */
    struct slice logo;             /* bytes of logo.png, or none */
    struct slice readme;           /* bytes of README.md, or none */
    const char *plugin_class, *agent_class;
};

/* A row of the catalog. JSON columns are canonical and copied as they are. */
struct plugin {
    int64_t seq;
    int64_t stamp; /* with seq: one state of the row, for ever */
    const char *id;
    enum plugin_source source;
    const char *org_id; /* NULL for system */
    const char *pid, *version, *name, *description;
    const char *scheme;     /* "pep440", "semver": how order_key was made */
    struct slice order_key; /* compares as bytes the way the versions compare */
    const char *tag;
    const char *agent_type, *sdk_version;
    struct slice capabilities, dependencies, default_settings, settings_schema, tools,
        llm_requirements;
    struct slice logo_image; /* bare base64 of a PNG, or none */
    bool enabled, is_latest, stateless, is_specialized, is_scoped, has_readme;
    int generation;     /* enum plugin_generation */
    const char *sha256; /* hex of the uploaded bytes */
    int64_t size_bytes;
    const char *s3_path;
    const char *artifact;    /* "present", "missing", "corrupt" */
    const char *health;      /* "unchecked", "healthy", "failed" */
    const char *replication; /* "local", "pending", "replicated", "conflict" */
    bool quarantined;        /* disabled for safety: lifting that is a decision of its own */
    const char *created_by, *updated_by;
    int64_t created_at, updated_at;
};

#endif
