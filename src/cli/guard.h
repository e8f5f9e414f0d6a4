/*
 * guard.h - the guard as the server calls it: the policy of auth/guard.h, once there is a database.
 */
#ifndef LARDER_CLI_GUARD_H
#define LARDER_CLI_GUARD_H

#include "http/router.h"

/* A hook of struct server_hooks; app is struct api. */
enum err guard_hook(struct ctx *ctx, void *app, struct call *call) MUST_USE;

#endif
