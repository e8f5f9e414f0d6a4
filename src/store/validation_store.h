/*
 * validation_store.h - what the stages of validation found, version by version.
 */
#ifndef LARDER_STORE_VALIDATION_STORE_H
#define LARDER_STORE_VALIDATION_STORE_H

#include "model/stage.h"
#include "store/store.h"

/* The newest run of a version's health check. */
struct health_run {
    int64_t at;         /* 0 = there was none */
    const char *result; /* "unchecked", "healthy", "failed" */
    const char *reason; /* or NULL */
    int64_t duration_ms;
    struct slice detail; /* JSON object, or none */
};

/* "structure", "metadata", "dependencies", "health": as the schema spells them. */
const char *validation_stage_name(enum stage_id which);

/* Writes one stage and its findings in the place of what stood there. */
enum err validation_put(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                        enum stage_id which, const struct stage *stage) MUST_USE;

/* The same for all stages of a version. */
enum err validation_put_all(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                            const struct stage_report *report) MUST_USE;

/* All four in order; one that was never judged is "skipped" with at 0. */
enum err validation_read(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                         struct stage_report *out) MUST_USE;

enum err validation_newest_health(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                                  struct health_run *out) MUST_USE;

#endif
