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

/* The value of a field: the source's, else the manifest's, else NULL. Unknowns that no manifest
 * helps with and contradictions are reported, and give NULL. */
const struct py_value *field_value(struct field_reading *f, const char *name);

/* The settings of the source, or those of the manifest in their place. */
void fields_read_settings(struct field_reading *f);

/* Everything but the agent: into out->meta. */
void fields_read(struct field_reading *f);

#endif
