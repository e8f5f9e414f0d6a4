/*
 * backup_list.h - manifest.json of a backup: what is in it, with sizes and hashes.
 *
 * It is the first member of the archive, so a restore knows what must come before it comes. The
 * database stands first, then the key where it was asked for, then the blobs by name; nothing else
 * is in a backup, and a list that says otherwise is refused.
 */
#ifndef LARDER_CLI_BACKUP_LIST_H
#define LARDER_CLI_BACKUP_LIST_H

#include "base/crypto.h"
#include "base/ctx.h"

enum { BACKUP_FILES_MAX = 1000000, BACKUP_LIST_MAX = 160 << 20, BACKUP_NAME = 80 };

#define BACKUP_LIST_NAME "manifest.json"

struct backup_file {
    char name[BACKUP_NAME]; /* "larder.db", "key", "blobs/ab/ab12..." */
    int64_t size;
    char sha256[SHA256_HEX];
};

struct backup_list {
    const char *version; /* of the program that made it */
    int64_t created_at;
    struct backup_file *files;
    size_t count;
};

/* Is this the name of a blob? Then its last part is the hash of its content. */
bool backup_is_blob(struct slice name);

void backup_list_write(const struct backup_list *list, struct buf *out);
/* ERR_CORRUPT with a sentence where it is not such a list. */
enum err backup_list_read(struct ctx *ctx, struct slice text, struct backup_list *out) MUST_USE;

#endif
