/*
 * restored.h - how a restore that was decided ends: in the record, or taken back.
 *
 * A start that carried one out (swap.h) is the proof of it. Where the server does not come up on what
 * was restored, what was there before comes back, so that a backup which fits its own checks and not
 * this machine's settings costs nobody their catalog.
 */
#ifndef LARDER_CLI_RESTORED_H
#define LARDER_CLI_RESTORED_H

#include "cli/swap.h"
#include "store/store.h"

/* The database that is in place now says what happened, and the decision is forgotten. */
enum err restored_note(struct ctx *ctx, const char *data, struct store *store,
                       const struct swap_done *done) MUST_USE;

/* A start failed, and the fault of ctx says why: decides that the next one gives back what was
 * there. The fault is forgotten where that is decided, and is the caller's otherwise. */
enum err restored_take_back(struct ctx *ctx, const char *data,
                            const struct swap_done *done) MUST_USE;

#endif
