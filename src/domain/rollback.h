/*
 * rollback.h - back to the version before.
 */
#ifndef LARDER_DOMAIN_ROLLBACK_H
#define LARDER_DOMAIN_ROLLBACK_H

#include "base/ctx.h"
#include "model/identity.h"
#include "model/plugin.h"

struct domain;

/*
 * Disables the newest enabled version of the plugin that the row `id` belongs to, in the slice of
 * the org (NULL = system), so that the next one is the latest: *out. ERR_CONFLICT where there is no
 * other enabled version, ERR_NOT_FOUND where the org does not own such a row.
 */
enum err rollback_plugin(struct ctx *ctx, struct domain *d, const struct actor *actor,
                         const char *org_id, const char *id, struct plugin *out) MUST_USE;

#endif
