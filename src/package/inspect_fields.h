/*
 * inspect_fields.h - the fields of PluginMetadata, from the source or the manifest.
 */
#ifndef LARDER_PACKAGE_INSPECT_FIELDS_H
#define LARDER_PACKAGE_INSPECT_FIELDS_H

#include "package/inspect.h"
#include "package/pyread.h"

struct field_reading {
    struct inspection *out;
    struct arena *arena;
    const struct py_plugin *plugin;
    const struct py_value *manifest; /* a dict, or NULL */
    struct py_at at;                 /* of get_metadata, for what is missing */
    bool said_unreadable;            /* get_metadata as a whole has been reported */
};

/* Everything but the agent, settings included: into out->meta. */
void fields_read(struct field_reading *f);

#endif
