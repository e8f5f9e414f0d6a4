/*
 * dependencies_state.h - what the dependencies*.c files share; nobody else looks inside.
 */
#ifndef LARDER_DOMAIN_DEPENDENCIES_STATE_H
#define LARDER_DOMAIN_DEPENDENCIES_STATE_H

#include <pthread.h>

#include "domain/dependencies.h"
#include "domain/requirements.h"

enum { DEPENDENCIES_TAG_MAX = 128 };

struct dependencies {
    struct dependencies_options o;
    pthread_mutex_t lock;
    char tag[DEPENDENCIES_TAG_MAX]; /* what Python there is, once it was found out; under lock */
};

/* What Python there is, tried once. *reason is set and *tag NULL where nothing can be installed. */
enum err dependencies_python(struct ctx *ctx, struct dependencies *deps, const char **tag,
                             const char **reason) MUST_USE;

/* The name of the environment of these requirements, in the arena; NULL = no memory. */
const char *dependencies_key(struct arena *arena, const struct dependencies_options *o,
                             const char *tag, const struct needs *needs);

#endif
