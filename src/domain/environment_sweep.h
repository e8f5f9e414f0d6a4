/*
 * environment_sweep.h - which environments stand, and removing those that nobody wants.
 *
 * Who wants one is decided in dependencies.c.
 */
#ifndef LARDER_DOMAIN_ENVIRONMENT_SWEEP_H
#define LARDER_DOMAIN_ENVIRONMENT_SWEEP_H

#include <stdbool.h>

#include "base/ctx.h"

#define ENVIRONMENT_STAGING ".new-" /* begins the name of a folder that is being built */

/* What a process that died was building. Before any is built. */
enum err environment_sweep_staging(struct ctx *ctx, const char *folder) MUST_USE;

struct standing {
    const char *key;
    bool wanted;
};

/* Those that nobody used since `before`, sorted by key. */
enum err environment_standing(struct ctx *ctx, const char *folder, int64_t before_ms,
                              struct standing **out, size_t *count) MUST_USE;
void environment_want(struct standing *list, size_t count, const char *key);
/* Removes what is not wanted. */
enum err environment_sweep(struct ctx *ctx, const char *folder, const struct standing *list,
                           size_t count, int64_t *removed) MUST_USE;

#endif
