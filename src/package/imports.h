/*
 * imports.h - whether everything that a package imports will be there when it runs.
 *
 * A module is there when it belongs to the standard library, to the package itself, to the SDK, or
 * to something that PluginMetadata.dependencies names. Distributions are told by the name of the
 * import, through the table of imports_names.c where the two differ. Nothing is looked up anywhere,
 * so a doubt is a warning and not an error.
 */
#ifndef LARDER_PACKAGE_IMPORTS_H
#define LARDER_PACKAGE_IMPORTS_H

#include "model/plugin.h"
#include "package/findings.h"

struct py_scan; /* package/pyread.h */

struct import_findings {
    struct findings missing;  /* the plugin will fail */
    struct findings doubtful; /* it may, or hangs by what others happen to bring */
    struct findings remarks;
};

void imports_judge(const struct py_scan *scan, const struct plugin_meta *meta,
                   struct import_findings *out);

#endif
