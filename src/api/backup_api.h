/*
 * backup_api.h - what the routes of backups are handed by the wiring.
 *
 * Files, archives and the end of the server are no business of this room: struct backup_keeper is
 * filled by cli/shelf.c. The command line has none, and these routes then answer that a running
 * server is needed.
 */
#ifndef LARDER_API_BACKUP_API_H
#define LARDER_API_BACKUP_API_H

#include "base/ctx.h"

struct actor;

struct backup_entry {
    const char *name; /* "larder-20261121T093300Z.tar" */
    int64_t bytes;
    int64_t made_at;
    int64_t verified_at; /* when every byte of it was read again, 0 = never */
};

struct backup_figures {
    int64_t orgs, users, plugins, versions;
};

/* A backup that was unpacked and checked, beside what is there now. */
struct backup_preview {
    const char *token; /* names the unpacked copy */
    const char *version;
    int64_t created_at;
    int64_t files, bytes;
    bool with_key;
    struct backup_figures now, then;
};

/* Where the bytes of an upload come from; *got == 0 is the end. */
struct backup_source {
    enum err (*read)(struct ctx *ctx, void *arg, void *p, size_t n, size_t *got);
    void *arg;
    int64_t size;
};

struct backup_keeper {
    void *arg;
    /* Newest first. */
    enum err (*list)(struct ctx *ctx, void *arg, struct backup_entry **out, size_t *count);
    enum err (*queue)(struct ctx *ctx, void *arg, const struct actor *actor, const char **job_id,
                      const char **name);
    enum err (*open)(struct ctx *ctx, void *arg, const char *name, int *fd, int64_t *size);
    enum err (*remove)(struct ctx *ctx, void *arg, const struct actor *actor, const char *name);
    /* Of what is uploaded, or (source NULL) of a backup that is here. */
    enum err (*preview)(struct ctx *ctx, void *arg, const char *name,
                        const struct backup_source *source, struct backup_preview *out);
    /* Decides it, so that not even a power cut can undo it, and has the server start anew. */
    enum err (*restore)(struct ctx *ctx, void *arg, const struct actor *actor, const char *token);
};

#endif
