/*
 * dependencies.h - the packages a plugin needs, put into a folder of their own.
 *
 * What a plugin declares is installed by pip inside the sandbox, never in this process, from a
 * folder of wheels or an index; built wheels only, so that nothing of theirs runs meanwhile. An
 * environment is named by what it was asked for, so versions that ask for the same share one. It is
 * built beside its place and moved there when it is whole; a failure leaves nothing. Uploads that
 * wait for one stand in pending.h; who runs code with one is health.h.
 */
#ifndef LARDER_DOMAIN_DEPENDENCIES_H
#define LARDER_DOMAIN_DEPENDENCIES_H

#include <stdbool.h>

#include "base/ctx.h"
#include "domain/jobs.h"

struct domain;
struct dependencies;
struct sandbox;

enum dependencies_policy {
    DEPENDENCIES_OFF,    /* only what is refused under every policy is refused */
    DEPENDENCIES_CHECK,  /* each is read, none is installed */
    DEPENDENCIES_INSTALL /* and put into an environment */
};

struct dependencies_options {
    enum dependencies_policy policy;
    const char *folder;     /* where environments lie; made when the first one is built */
    const char *wheelhouse; /* a folder of wheels: no network. NULL = none */
    const char
        *index_url; /* of a package index, where there is no wheelhouse; may hold a password */
    struct sandbox *sandbox;
    int64_t timeout_ms, max_bytes, max_files; /* of one environment, while it is built too */
};

/* Heap; ended by dependencies_close. The wiring hangs *out into d->dependencies. */
enum err dependencies_open(struct ctx *ctx, const struct dependencies_options *options,
                           struct dependencies **out) MUST_USE;
void dependencies_close(struct dependencies *deps); /* NULL does nothing */
enum dependencies_policy dependencies_policy(const struct dependencies *deps);

enum environment_state {
    ENVIRONMENT_CHECKED,    /* all is as it should be; path is set where something is installed */
    ENVIRONMENT_FAILED,     /* a dependency cannot be had: `spec` says which */
    ENVIRONMENT_UNAVAILABLE /* nothing could be installed here: `reason` says why (no pip, ...) */
};

struct environment {
    enum environment_state state;
    const char *path;   /* folder for PYTHONPATH, to be mounted read-only; NULL = none is needed */
    const char *reason; /* a sentence where the state is not CHECKED */
    const char *failed; /* where nothing came of it: "Failed to install: numpy>=1.20.0" */
    struct slice installed; /* JSON array of the requirements that stand in path, as declared */
    struct slice report;    /* JSON object {policy, state, requirements, installed, reason, ...} */
};

/* What a build says while it goes on. */
struct dependencies_watch {
    const _Atomic bool *cancel;
    void (*progress)(void *arg, struct slice json);
    void *arg;
};

/*
 * The environment of these requirements, found or built now: that may take minutes, so only a job
 * asks. ERR_INVALID names a requirement that is an option, an address, a path or no requirement at
 * all. ERR_BUSY: cancelled. `watch` may be NULL.
 */
enum err dependencies_prepare_watched(struct ctx *ctx, struct domain *d,
                                      const char *const *requirements, size_t count,
                                      const struct dependencies_watch *watch,
                                      struct environment *out) MUST_USE;
/* The first half alone: is each of them one that may be installed? No disk, no sandbox. */
enum err dependencies_check(struct ctx *ctx, const char *const *requirements,
                            size_t count) MUST_USE;

/* A kind of job, its subject "all": removes environments that no version asks for and nobody used
 * for a day, and queues itself for the next day. */
#define DEPENDENCIES_SWEEP "environments.sweep"
struct job_kind dependencies_job(struct domain *d);

#endif
