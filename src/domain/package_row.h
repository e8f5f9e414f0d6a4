/*
 * package_row.h - from what a package says of itself to the columns of its row.
 */
#ifndef LARDER_DOMAIN_PACKAGE_ROW_H
#define LARDER_DOMAIN_PACKAGE_ROW_H

#include "base/ctx.h"
#include "model/plugin.h"

/*
 * Fills what depends on the package alone: texts, flags, and the JSON columns in their canonical
 * form. The default of a sensitive setting is left out: it would be a secret in every list.
 */
enum err package_row(struct ctx *ctx, const struct plugin_meta *meta, struct plugin *out) MUST_USE;

#endif
