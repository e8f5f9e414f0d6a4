/*
 * arrival.h - packages that come from another node instead of an upload.
 *
 * What comes out of a shared bucket is a stranger's: it goes through the same archive reader, the
 * same limits and the same reading of what it says of itself as an upload, and that must be what
 * its record said, before a tree is made of it or anybody is given it.
 */
#ifndef LARDER_DOMAIN_ARRIVAL_H
#define LARDER_DOMAIN_ARRIVAL_H

#include "base/ctx.h"
#include "model/plugin.h"

struct domain;

/*
 * Bytes whose hash is right, for all rows that name it: judged, stored, unpacked to where workers
 * look, and from then on served. ERR_CORRUPT where they are not what a row says; all that name them
 * are marked then.
 */
enum err arrival_take(struct ctx *ctx, struct domain *d, const char *sha256,
                      struct slice bytes) MUST_USE;

/* The row has just taken its place, and its bytes may have been here all along: unpacks them where
 * they are not yet. */
enum err arrival_settle(struct ctx *ctx, struct domain *d, const char *id) MUST_USE;
/* What was unpacked of such a version goes; `keep`: unless it is of these bytes already. */
enum err arrival_forget(struct ctx *ctx, struct domain *d, const char *org_id, const char *pid,
                        const char *version, const char *keep) MUST_USE;

#endif
