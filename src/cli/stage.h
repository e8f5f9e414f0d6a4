/*
 * stage.h - reading a backup that a stranger may have written into a fresh folder.
 *
 * Only the members that its list announces are taken, in that order, with exactly those sizes and
 * hashes, and only below the staging folder. Nothing is put in place here; see restore.c.
 */
#ifndef LARDER_CLI_STAGE_H
#define LARDER_CLI_STAGE_H

#include "cli/backup_list.h"

/* Makes `stage` (it must not exist) and fills it from the archive. On failure call stage_drop. */
enum err stage_read(struct ctx *ctx, int archive, const char *stage,
                    struct backup_list *list) MUST_USE;

/* Reads a whole archive from where fd stands, and keeps nothing: is every byte what its list says? */
enum err stage_check(struct ctx *ctx, int archive) MUST_USE;

/* Removes the folder and everything below it that a stage can hold. */
void stage_drop(struct ctx *ctx, const char *stage, const struct backup_list *list);

#endif
