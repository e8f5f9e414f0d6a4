/*
 * stage.h - the four stages of validation, and a remark of one of them.
 *
 * Strings live in the arena of whoever made or read them.
 */
#ifndef LARDER_MODEL_STAGE_H
#define LARDER_MODEL_STAGE_H

#include "base/ctx.h"

enum stage_id { STAGE_STRUCTURE, STAGE_METADATA, STAGE_DEPENDENCIES, STAGE_HEALTH, STAGE_COUNT };

enum stage_level { LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR };

struct stage_finding {
    enum stage_level level;
    struct fault_item item;
    bool decides; /* refuses the upload it was found in */
};

struct stage {
    const char *name;   /* "structure", "metadata", "dependencies", "health" */
    const char *result; /* "passed", "failed", "skipped", "pending" */
    int64_t at;         /* when it ended; 0 = never */
    int64_t duration_us;
    const struct stage_finding *findings;
    size_t count;
};

struct stage_report {
    struct stage stage[STAGE_COUNT];
    bool is_v1; /* made for the v1 API */
};

#endif
