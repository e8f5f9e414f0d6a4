/*
 * stage_json.h - how the stages of validation look, in answers and in what `larder lint` prints.
 */
#ifndef LARDER_API_STAGE_JSON_H
#define LARDER_API_STAGE_JSON_H

#include "base/json_write.h"
#include "model/stage.h"

/* "passed", "failed" or "pending", as the worst of the stages. */
const char *stage_verdict(const struct stage_report *report);

const char *stage_level_name(enum stage_level level);

/* One finding as an object, with the name of its stage where one is given. */
void stage_finding_json(struct jw *j, const char *stage, const struct stage_finding *f);

/* The array of the four, each with its findings. */
void stage_json(struct jw *j, const struct stage_report *report);

#endif
