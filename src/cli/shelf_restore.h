/*
 * shelf_restore.h - the half of the shelf that puts backups back; see struct backup_keeper.
 */
#ifndef LARDER_CLI_SHELF_RESTORE_H
#define LARDER_CLI_SHELF_RESTORE_H

#include "api/backup_api.h"

/* `shelf` is a struct shelf. */
enum err shelf_preview(struct ctx *ctx, void *shelf, const char *name,
                       const struct backup_source *source, struct backup_preview *out) MUST_USE;
enum err shelf_restore(struct ctx *ctx, void *shelf, const struct actor *actor,
                       const char *token) MUST_USE;

#endif
