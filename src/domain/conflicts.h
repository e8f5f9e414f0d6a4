/*
 * conflicts.h - what was wanted on this node and lost to what another had published before.
 *
 * A conflict keeps the bytes that lost until somebody resolves it: they can be downloaded, and
 * uploaded again under another version. Resolving is audited and throws nothing else away.
 */
#ifndef LARDER_DOMAIN_CONFLICTS_H
#define LARDER_DOMAIN_CONFLICTS_H

#include "base/ctx.h"
#include "model/conflict.h"
#include "model/identity.h"

struct domain;

enum { CONFLICTS_MAX = 200 };

struct conflict_query {
    bool resolved_too;
    int64_t before; /* number of the last one seen; 0 = from the newest */
    int limit;      /* 1..CONFLICTS_MAX */
};
/* Newest first; at most limit, and *more tells whether there are others. */
enum err conflicts_list(struct ctx *ctx, struct domain *d, const struct conflict_query *query,
                        struct repl_conflict **out, size_t *count, bool *more) MUST_USE;
enum err conflicts_get(struct ctx *ctx, struct domain *d, const char *id,
                       struct repl_conflict *out) MUST_USE;
/* ERR_NOT_FOUND where it is resolved already. */
enum err conflicts_resolve(struct ctx *ctx, struct domain *d, const struct actor *actor,
                           const char *id) MUST_USE;
/* The bytes that lost. ERR_NOT_FOUND where there are none. */
enum err conflicts_open(struct ctx *ctx, struct domain *d, const char *id,
                        struct repl_conflict *out, int64_t *size, int *fd) MUST_USE;

#endif
