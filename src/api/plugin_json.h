/*
 * plugin_json.h - how a catalog row looks in the org-scoped API (and its admin twin).
 *
 * The fields and their order are those Cadence's own web client reads; what is ours stands after
 * them. Other surfaces have shapes of their own and never use this one.
 */
#ifndef LARDER_API_PLUGIN_JSON_H
#define LARDER_API_PLUGIN_JSON_H

#include "base/json_write.h"
#include "model/plugin.h"

void plugin_json(struct jw *j, const struct plugin *p);

#endif
