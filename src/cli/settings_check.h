/*
 * settings_check.h - what is wrong with a setting although its type is right.
 */
#ifndef LARDER_CLI_SETTINGS_CHECK_H
#define LARDER_CLI_SETTINGS_CHECK_H

#include "base/config.h"

/* Before a server opens anything. ERR_INVALID names the setting, what stands there, and the shape
 * it must have: each of these would be obeyed in silence, and help nobody. */
enum err settings_check(struct ctx *ctx, const struct config *config) MUST_USE;

/* What went wrong while a setting was followed, with the setting's name before it; OK stays OK. */
enum err settings_blame(struct ctx *ctx, enum err err, const char *key) MUST_USE;

#endif
