/*
 * environment_folder.h - an environment as files: measuring, tidying, removing.
 *
 * It knows no requirement and runs nothing. Links are never followed.
 */
#ifndef LARDER_DOMAIN_ENVIRONMENT_FOLDER_H
#define LARDER_DOMAIN_ENVIRONMENT_FOLDER_H

#include <stdbool.h>

#include "base/ctx.h"
#include "base/json_write.h"

struct folder_size {
    int64_t bytes, files;
};

/* What lies below now, while others may still write there; stops counting beyond the limits. */
void folder_measure(const char *path, int64_t max_bytes, int64_t max_files,
                    struct folder_size *out);

/* Everything below becomes ours, readable by all and writable by us; ERR_INVALID where something
 * is neither file nor folder. */
enum err folder_settle(struct ctx *ctx, const char *path) MUST_USE;

/* Removes the folder with everything below; what is not there is fine. */
enum err folder_remove(struct ctx *ctx, const char *path) MUST_USE;

/* {name, version} of every package that was installed below, into an open array. */
enum err folder_packages(struct ctx *ctx, const char *path, struct jw *j) MUST_USE;

#endif
