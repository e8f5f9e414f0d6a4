/*
 * requirements.h - a list of dependencies, judged and in one order.
 *
 * Two plugins that ask for the same in other words ("NumPy >= 1.20" and "numpy>=1.20") have the
 * same list here, so that they share an environment. Options, addresses and paths never get past
 * this file, whatever the policy.
 */
#ifndef LARDER_DOMAIN_REQUIREMENTS_H
#define LARDER_DOMAIN_REQUIREMENTS_H

#include <stdbool.h>

#include "base/ctx.h"

struct need {
    const char *text; /* as it was declared */
    const char *line; /* the same in one spelling */
    struct slice key; /* of the package: "ruamel-yaml" */
};

struct needs {
    struct need *list; /* by line, each once */
    size_t count;
};

/* ERR_INVALID names the first that may not be installed. */
enum err requirements_read(struct ctx *ctx, const char *const *texts, size_t count,
                           struct needs *out) MUST_USE;

/* Leaves out the SDK's own packages: "cadence_sdk" in any spelling. True where there was one. */
bool requirements_leave_sdk(struct needs *needs);

/*
 * The requirement that pip's complaint is about: the one it names, or the one whose dependency it
 * names. NULL where that cannot be told.
 */
const struct need *requirements_blamed(const struct needs *needs, struct slice output);

#endif
