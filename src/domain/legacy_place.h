/*
 * legacy_place.h - what the files of the v1 API share: the stores.
 *
 * Only legacy*.c includes this.
 */
#ifndef LARDER_DOMAIN_LEGACY_PLACE_H
#define LARDER_DOMAIN_LEGACY_PLACE_H

#include <pthread.h>

#include "blob/archive.h"
#include "blob/tree.h"
#include "domain/legacy.h"

struct legacy {
    struct trees *trees;
    struct archives *archives;
    const char *shown;
    /* Held from the transaction that changes a version until its files say the same, so that two
     * overwrites never leave the row of one with the files of the other. */
    pthread_mutex_t lock;
    char text[]; /* of shown */
};

/* Where the tree stands, as the setting writes it (in the arena). */
const char *legacy_directory(struct arena *arena, const struct domain *d, const char *name,
                             const char *version);

/* Both files of a version: staged before its transaction, published or abandoned after it. */
struct legacy_files {
    struct tree *tree; /* NULL = stands already */
    struct archive *archive;
};
struct zip;
enum err legacy_stage(struct ctx *ctx, struct domain *d, const struct zip *zip, struct slice bytes,
                      struct legacy_files *out) MUST_USE;
/* The archive alone: the tree stands already. */
enum err legacy_stage_archive(struct ctx *ctx, struct domain *d, struct slice bytes,
                              struct legacy_files *out) MUST_USE;
enum err legacy_put(struct ctx *ctx, struct legacy_files *files, const char *folder,
                    const char *sha256) MUST_USE;
void legacy_abandon(struct ctx *ctx, struct legacy_files *files);
/* Removes both. */
enum err legacy_drop(struct ctx *ctx, struct domain *d, const char *folder) MUST_USE;
/* Something that no row stands for is in the way; the folder itself is not, where it is the
 * plugin. */
enum err legacy_is_foreign(struct ctx *ctx, struct domain *d, const char *folder, bool in_place,
                           bool *foreign) MUST_USE;

#endif
