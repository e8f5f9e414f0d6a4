/*
 * lint_health.h - `larder lint --health`: the fourth stage, on this machine and without a server.
 *
 * The package is run in the sandbox like a server would (domain/health_run.h), but with nothing
 * installed for it: what lacks only for that leaves it unchecked.
 */
#ifndef LARDER_CLI_LINT_HEALTH_H
#define LARDER_CLI_LINT_HEALTH_H

#include "cli/command.h"
#include "model/plugin.h"
#include "model/stage.h"

struct sandbox;

/* By the settings, which are loaded; ended with the arena of cli->ctx. */
enum err lint_health_open(struct cli *cli, struct sandbox **out) MUST_USE;
/* Fills the stage: passed, failed, or skipped with a warning that says why. */
enum err lint_health(struct cli *cli, const struct sandbox *sandbox, struct slice zip,
                     const struct plugin_meta *meta, struct stage *out) MUST_USE;

#endif
