/*
 * subject.h - which plugin a path speaks of.
 *
 * Paths name an organization and an id, or an id alone, which is then the system's; those of v1 name
 * a plugin and mean one of its versions.
 */
#ifndef LARDER_API_SUBJECT_H
#define LARDER_API_SUBJECT_H

#include "api/api.h"
#include "domain/catalog.h"

struct subject {
    const char *org_id; /* NULL = the system's */
    const char *plugin_id;
};

enum err subject_read(struct ctx *ctx, const struct call *call, struct subject *out) MUST_USE;
/* Its row: as far as the organization can see it, the system's too; or only where it lives. */
enum err subject_visible(struct ctx *ctx, const struct call *call, struct plugin *out) MUST_USE;
enum err subject_owned(struct ctx *ctx, const struct call *call, struct plugin *out) MUST_USE;
/* v1: the id of the version asked for, else of the newest enabled one, else of the newest. */
enum err subject_v1(struct ctx *ctx, const struct call *call, const char **plugin_id) MUST_USE;

#endif
