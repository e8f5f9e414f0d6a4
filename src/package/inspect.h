/*
 * inspect.h - what an uploaded package says of itself.
 *
 * Finds plugin.py, reads it statically (pyread.h), completes it from plugin_manifest.json, applies
 * the SDK's rules and collects everything that is wrong in one answer. Nothing is executed and
 * nothing is decided about who may upload: that is the domain's.
 */
#ifndef LARDER_PACKAGE_INSPECT_H
#define LARDER_PACKAGE_INSPECT_H

#include "model/plugin.h"
#include "package/findings.h"
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
    bool registers;           /* calls register_plugin */
    bool has_init, has_agent_file, has_tools_file;
};

/* OK, or ERR_INVALID with one item per finding, or a failure of ours. */
enum err inspect_package(struct ctx *ctx, const struct package_source *source,
                         struct inspection *out) MUST_USE;

/* The same for the v1 API: the rules of generation 1 hold, whatever the package looks like. */
enum err inspect_package_v1(struct ctx *ctx, const struct package_source *source,
                            struct inspection *out) MUST_USE;

#endif
