/*
 * workroom.h - a folder of our own below backups/ for the copy that a backup is made from.
 *
 * A server that starts sweeps what dead processes left; so a room that is in use is locked, and one
 * that is not is fair game.
 */
#ifndef LARDER_CLI_WORKROOM_H
#define LARDER_CLI_WORKROOM_H

#include "base/ctx.h"

struct workroom {
    const char *path;
    const char *copy; /* where the copy of the database goes */
    int lock;
};

enum err workroom_open(struct ctx *ctx, const char *data, struct workroom *room) MUST_USE;
void workroom_close(struct workroom *room); /* removes it */

/* Removes the rooms that nobody holds. */
void workroom_sweep(struct ctx *ctx, const char *data);

#endif
