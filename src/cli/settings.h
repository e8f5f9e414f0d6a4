/*
 * settings.h - the settings of Larder: one table, and reading them for a verb.
 */
#ifndef LARDER_CLI_SETTINGS_H
#define LARDER_CLI_SETTINGS_H

#include "cli/command.h"

extern const struct config_row settings_rows[];
extern const size_t settings_count;

/*
 * Gathers the settings for this command line into cli->config (it ends with the arena). The file is
 * that of --config or LARDER_CONFIG, else larder.conf in the data folder where there is one. What
 * is wrong is a failure of usage.
 */
enum err settings_load(struct cli *cli) MUST_USE;

/* The same places once more, for a running server. See config_reload. */
enum err settings_reload(struct ctx *ctx, struct cli *cli,
                         void (*changed)(void *arg, const struct config_row *row, bool applied),
                         void *arg) MUST_USE;

#endif
