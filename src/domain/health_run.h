/*
 * health_run.h - one check: the order for the runner, the sandbox, the reading of what came back.
 *
 * No database in here. The package travels through stdin and is unpacked inside the sandbox, so
 * nothing is written on this side and nothing has to be cleaned up after a crash.
 */
#ifndef LARDER_DOMAIN_HEALTH_RUN_H
#define LARDER_DOMAIN_HEALTH_RUN_H

#include <stdbool.h>

#include "domain/health_report.h"

struct health_subject {
    struct slice zip;        /* the stored bytes, hash checked */
    const char *name;        /* of the package where the archive has no folder of its own */
    struct slice settings;   /* JSON array: the settings schema */
    const char *environment; /* folder of installed dependencies; NULL = none */
    bool may_lack;           /* declared dependencies were not installed */
    bool network;
    int64_t timeout_ms, memory; /* 0 = 30 s, 512 MiB */
    const _Atomic bool *cancel; /* NULL = never */
};

/* ERR_BUSY: cancelled, nothing is known. Whatever is wrong with the plugin is in the outcome. */
enum err health_run(struct ctx *ctx, const struct sandbox *sandbox,
                    const struct health_subject *subject, struct health_outcome *out,
                    struct health_findings *findings) MUST_USE;

#endif
