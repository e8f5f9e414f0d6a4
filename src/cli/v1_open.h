/*
 * v1_open.h - the v1 API without a token, on this machine only.
 */
#ifndef LARDER_CLI_V1_OPEN_H
#define LARDER_CLI_V1_OPEN_H

#include "base/config.h"
#include "http/router.h"

/* Before the server listens: the setting is refused where anybody else could reach it, and warned
 * of otherwise. */
enum err v1_open_check(struct ctx *ctx, const struct config *config,
                       size_t handed_sockets) MUST_USE;

/* Is this a request that the setting lets through? Sets call->who then. ERR_FORBIDDEN where a page
 * of another site sent it. */
enum err v1_open_judge(struct ctx *ctx, const struct config *config, struct call *call,
                       bool *open) MUST_USE;

#endif
