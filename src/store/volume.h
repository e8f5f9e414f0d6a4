/*
 * volume.h - may a database live in this folder?
 */
#ifndef LARDER_STORE_VOLUME_H
#define LARDER_STORE_VOLUME_H

#include "base/ctx.h"

/* The name of the network file system of that magic number (statfs), or NULL. */
const char *volume_network_name(unsigned long magic);

/* ERR_CONFLICT where the folder of path is on a network file system: its locks and shared memory
 * are not those of one machine, and SQLite's WAL would be corrupted there. */
enum err volume_check(struct ctx *ctx, const char *path) MUST_USE;

#endif
