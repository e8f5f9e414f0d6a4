/*
 * inspect.h - what an uploaded package says of itself.
 *
 * Finds plugin.py, reads it statically (pyread.h), completes it from plugin_manifest.json, applies
 * the SDK's rules and collects everything that is wrong in one answer. The other .py files are gone
 * through in the same reading, for what they import and touch; that is told and refuses nothing
 * here. Nothing is executed and nothing is decided about who may upload: that is the domain's.
 */
#ifndef LARDER_PACKAGE_INSPECT_H
#define LARDER_PACKAGE_INSPECT_H

#include "model/plugin.h"
#include "package/findings.h"
#include "package/imports.h"
#include "package/scan.h"
#include "package/source.h"

enum {
    LOGO_MAX = 262144,   /* bytes of logo.png */
    README_MAX = 524288, /* bytes of README.md */
    CAPABILITIES_MAX = 200,
    DEPENDENCIES_MAX = 100
};

struct inspection {
    struct plugin_meta meta; /* as far as it could be read, also when there are errors */
    struct slice root;       /* the wrapper folder with its '/', or empty */
    struct findings errors;
    struct findings warnings; /* do not hinder an upload */
    bool is_v1;               /* was asked for: the rules of generation 1 hold */
    bool registers;           /* calls register_plugin; looked for in generation 1 only */
    bool has_init, has_agent_file, has_tools_file;
    bool is_agent, is_open;         /* of py_plugin: what the agent inherits from */
    struct import_findings imports; /* none of these is among errors or warnings */
    struct findings code[SCAN_FAMILIES];
    struct findings unread; /* files, or parts of the package, that were not looked at */
    int64_t metadata_us, imports_us, code_us; /* what the parts of the reading took */
};

/* OK, or ERR_INVALID with one item per finding, or a failure of ours. */
enum err inspect_package(struct ctx *ctx, const struct package_source *source,
                         struct inspection *out) MUST_USE;

/* The same for the v1 API: the rules of generation 1 hold, whatever the package looks like. */
enum err inspect_package_v1(struct ctx *ctx, const struct package_source *source,
                            struct inspection *out) MUST_USE;

#endif
