/*
 * finding.h - one finding in a shell: where, how bad, what is wrong, which rule, and the way out.
 *
 * `larder lint` and `larder upload` show the same thing of a package, whoever judged it; so it is
 * written in one place. Nothing here judges (domain/stages.h does).
 */
#ifndef LARDER_CLI_FINDING_H
#define LARDER_CLI_FINDING_H

#include <stdio.h>

#include "base/json_read.h"
#include "base/json_write.h"
#include "model/stage.h"

/* "PATH/plugin.py:3:5: error: sentence [rule]", and the remedy in a line of its own. */
void finding_print(FILE *out, const char *path, const struct stage_finding *f);

/* The findings that came with a refusal, as lint's JSON has them. */
void finding_faults_json(struct jw *w, const struct fault *fault);
void finding_faults_print(FILE *out, const char *path, const struct fault *fault);

/* Puts the findings that an error body lists (api/surface.c writes it) into the fault. */
enum err finding_read(struct ctx *ctx, const struct jr *errors) MUST_USE;

#endif
