/*
 * manifest.h - plugin_manifest.json, the way out for what cannot be read from the source.
 *
 * A JSON object with the fields of PluginMetadata and the settings. It never overrules the source:
 * inspect.c uses a field only where the source leaves it open, and refuses a contradiction.
 */
#ifndef LARDER_PACKAGE_MANIFEST_H
#define LARDER_PACKAGE_MANIFEST_H

#include "package/findings.h"
#include "package/pyread_value.h"

#define MANIFEST_NAME "plugin_manifest.json"

enum { MANIFEST_MAX = 262144 }; /* bytes */

/*
 * *out is a PY_DICT of the fields, or NULL when the text is no manifest; then a finding says why.
 * An error means that we failed, not the author.
 */
enum err manifest_read(struct ctx *ctx, const char *file, struct slice text,
                       struct findings *findings, const struct py_value **out) MUST_USE;

#endif
