/*
 * run.h - running something before it is known whether the sandbox works: for probe.c alone.
 */
#ifndef LARDER_SANDBOX_RUN_H
#define LARDER_SANDBOX_RUN_H

#include "sandbox/sandbox.h"

/* As sandbox_run, without asking sandbox_reason first. */
enum err run_unjudged(struct ctx *ctx, const struct sandbox *sandbox, const struct sandbox_run *run,
                      struct sandbox_result *out) MUST_USE;

#endif
