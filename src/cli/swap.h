/*
 * swap.h - a checked backup takes the place of the data folder's content, whatever happens meanwhile.
 *
 * The decision is one small file, written durably. Whoever starts next carries it out before
 * anything is opened: what is there goes to backups/before-restore-<token>, never away; what was
 * unpacked takes its place, the database last. Each step can be taken twice, so a process that is
 * killed anywhere in between is followed by one that ends the work. The way back is the same: what
 * was restored goes to backups/failed-restore-<token>, and what stood there before comes back. `larder restore` does its own
 * (restore.c), since it runs alone and in one go.
 */
#ifndef LARDER_CLI_SWAP_H
#define LARDER_CLI_SWAP_H

#include "base/ctx.h"

struct swap_done {
    const char *token; /* NULL = nothing was decided */
    const char *by;    /* the name of who decided it */
    const char *aside; /* where what is not in use now stands, below the data folder */
    const char *why;   /* NULL = what was restored is in place; else why it is not */
};

/* The folder of an unpacked copy; NULL = no memory. */
const char *swap_stage(struct ctx *ctx, const char *data, const char *token);
/* Is it there, and whole enough to hold a database? */
bool swap_is_staged(struct ctx *ctx, const char *data, const char *token);
/* Removes unpacked copies. Nobody may have decided for one. */
void swap_sweep(struct ctx *ctx, const char *data);

/* Decides it. */
enum err swap_plan(struct ctx *ctx, const char *data, const char *token, const char *by) MUST_USE;
/* Under the process lock, before the database is opened: does what was decided. */
enum err swap_resume(struct ctx *ctx, const char *data, struct swap_done *out) MUST_USE;
/* Decides that what was there before comes back. `why` is kept until that is in the record. */
enum err swap_take_back(struct ctx *ctx, const char *data, const struct swap_done *done,
                        const char *why) MUST_USE;
/* When it is in the record: the decision is forgotten. */
enum err swap_forget(struct ctx *ctx, const char *data, const struct swap_done *done) MUST_USE;

#endif
