/*
 * bucket_backup.h - backups of one node in the bucket: putting, listing, fetching, thinning out.
 *
 *   backup/<node>/<20261121T084124123Z>/part-00001   what cli/sealed.h makes of the archive
 *   backup/<node>/<20261121T084124123Z>/backup.json  sizes and hashes of the parts; comes last
 *
 * A backup without its backup.json is none. Replication never reads these keys. An archive that
 * was fetched is the same as one of `larder backup FILE`, and `larder restore` takes it.
 */
#ifndef LARDER_CLI_BUCKET_BACKUP_H
#define LARDER_CLI_BUCKET_BACKUP_H

#include "base/crypto.h"
#include "net/s3.h"

struct bucket_backup {
    const char *node, *stamp;
    int64_t created_at;
    int64_t files, bytes; /* of the archive's members */
    bool sealed;
    size_t parts;
};

struct bucket_backup_options {
    struct s3 *s3;
    const char *data;           /* folder */
    const char *node;           /* id of this one */
    const unsigned char *key;   /* NULL = not sealed */
    bool with_key;              /* the key that signs tokens goes along */
    int keep;                   /* backups of this node; older ones are deleted afterwards */
    const _Atomic bool *cancel; /* NULL = none */
};

/* *removed: older backups that were deleted. Not being allowed to delete is no failure. */
enum err bucket_backup_put(struct ctx *ctx, const struct bucket_backup_options *options,
                           struct bucket_backup *out, int *removed) MUST_USE;

/* Of all nodes; of each node from the oldest to the newest. In the arena. */
enum err bucket_backup_list(struct ctx *ctx, struct s3 *s3, struct bucket_backup **out,
                            size_t *count) MUST_USE;

/* The archive, opened, to fd. */
enum err bucket_backup_fetch(struct ctx *ctx, struct s3 *s3, const char *node, const char *stamp,
                             const unsigned char *key, int fd) MUST_USE;

/* 64 hex digits, as `larder backup s3 --new-key` writes them. */
bool bucket_backup_key(const char *text, unsigned char key[SEAL_KEY]);

#endif
