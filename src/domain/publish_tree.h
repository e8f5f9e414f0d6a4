/*
 * publish_tree.h - packages unpacked where a worker looks for them.
 *
 * An upload stages its tree before its transaction and publishes it after; the start and a replica
 * build one of a version that has none. Both go through here.
 */
#ifndef LARDER_DOMAIN_PUBLISH_TREE_H
#define LARDER_DOMAIN_PUBLISH_TREE_H

#include "base/ctx.h"
#include "blob/tree.h"

struct domain;
struct zip; /* package/zip.h */

/* Builds the extracted tree of a stored version from its verified bytes, unless it stands. */
enum err publish_tree(struct ctx *ctx, struct domain *d, const char *org_id, const char *pid,
                      const char *version, const char *sha256, struct slice bytes) MUST_USE;

/* Unpacks into a staging folder of that root, all but the marker and the move to its place. */
enum err publish_stage(struct ctx *ctx, struct trees *root, const struct zip *zip,
                       struct tree **out) MUST_USE;
/* The name is that of a tree's marker, which a package cannot bring. */
bool publish_is_reserved(struct slice name);

/* Where a version's tree stands; org_id NULL = the system's. */
struct trees *publish_root(const struct domain *d, const char *org_id);
struct tree_place publish_place(const char *org_id, const char *pid, const char *version);

#endif
