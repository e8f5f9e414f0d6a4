/*
 * plugin_json.c - one row as JSON.
 *
 * The JSON columns are canonical since they were validated at upload, so they are copied as they
 * are. A default of a sensitive setting never stands in them: the store's writer left it out.
 */
#include "api/plugin_json.h"

#include <string.h>

static const char *source_name(enum plugin_source source)
{
    return source == SOURCE_SYSTEM ? "system" : "org";
}

static void put_json(struct jw *j, const char *key, struct slice json, const char *otherwise)
{
    jw_put_raw(j, key, json.n ? json : slice_of(otherwise));
}

/* "local", "pending", "replicated", "conflict", "missing". */
static const char *replication_name(const struct plugin *p)
{
    if (p->artifact && strcmp(p->artifact, "missing") == 0)
        return "missing";
    return p->replication ? p->replication : "local";
}

void plugin_json(struct jw *j, const struct plugin *p)
{
    jw_object(j);
    jw_put_str(j, "id", p->id);
    jw_put_str(j, "pid", p->pid);
    jw_put_str(j, "name", p->name);
    jw_put_str(j, "version", p->version);
    jw_put_str(j, "description", p->description ? p->description : "");
    put_json(j, "capabilities", p->capabilities, "[]");
    jw_put_bool(j, "is_specialized", p->is_specialized);
    jw_put_bool(j, "is_scoped", p->is_scoped);
    jw_put_str(j, "agent_type", p->agent_type);
    jw_put_bool(j, "stateless", p->stateless);
    jw_put_str(j, "source", source_name(p->source));
    put_json(j, "default_settings", p->default_settings, "{}");
    put_json(j, "settings_schema", p->settings_schema, "[]");
    jw_key(j, "logo_image");
    if (p->logo_image.n)
        jw_text(j, p->logo_image);
    else
        jw_null(j);
    jw_put_str(j, "tag", p->tag);
    jw_put_bool(j, "is_latest", p->is_latest);
    jw_put_bool(j, "enabled", p->enabled);
    jw_put_str(j, "s3_path", p->s3_path);
    /* beyond what Cadence names */
    jw_put_str(j, "org_id", p->org_id);
    jw_put_str(j, "sha256", p->sha256);
    jw_put_int(j, "size_bytes", p->size_bytes);
    put_json(j, "dependencies", p->dependencies, "[]");
    put_json(j, "tools", p->tools, "[]");
    jw_put_str(j, "sdk_version", p->sdk_version);
    jw_put_str(j, "created_by", p->created_by);
    jw_put_time(j, "created_at", p->created_at);
    jw_put_str(j, "artifact", p->artifact);
    jw_put_str(j, "health", p->health);
    jw_put_bool(j, "quarantined", p->quarantined);
    jw_put_str(j, "replication", replication_name(p));
    jw_put_time(j, "updated_at", p->updated_at);
    jw_end(j);
}
