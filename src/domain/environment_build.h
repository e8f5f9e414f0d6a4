/*
 * environment_build.h - one run of pip in the sandbox, into an empty folder.
 *
 * What is installed, where it goes to and what becomes of a failure is decided in dependencies.c.
 */
#ifndef LARDER_DOMAIN_ENVIRONMENT_BUILD_H
#define LARDER_DOMAIN_ENVIRONMENT_BUILD_H

#include "domain/dependencies.h"

enum build_end {
    BUILD_DONE,
    BUILD_REFUSED,   /* pip said no: `output` says why */
    BUILD_TIMED_OUT, /* and below: ended by us */
    BUILD_TOO_LARGE,
    BUILD_ENDED,      /* for another reason: `reason` */
    BUILD_UNAVAILABLE /* it could not be run at all: `reason` */
};

struct build {
    const struct dependencies_options *options;
    const char *const *requirements; /* judged already */
    size_t count;
    const char *staging; /* a folder that exists; site/ comes into being below it */
    const struct dependencies_watch *watch; /* may be NULL */
    /* out */
    enum build_end end;
    const char *reason;
    struct slice output; /* what pip wrote on stderr, or on stdout where that is empty */
    int64_t bytes, files, wall_ms;
};

/* ERR_BUSY: cancelled. */
enum err environment_build(struct ctx *ctx, struct build *build) MUST_USE;

/* "cpython-311 linux-x86_64", what decides which wheels fit; *reason is set where there is no
 * sandbox, no Python or no pip, and *tag is NULL then. */
enum err environment_python(struct ctx *ctx, const struct dependencies_options *options,
                            const char **tag, const char **reason) MUST_USE;

#endif
