/*
 * directory.h - plugins that are dropped into the plugin store instead of being uploaded.
 *
 * With the setting directory-plugins, a folder or a ZIP named {name}-{version} that somebody puts
 * into the store of v1 plugins becomes a version like any v1 upload, once nothing in it has changed
 * for a second. A folder is packed, always into the same bytes, so that it has a blob, a hash and
 * an archive; it stays where it is and is never written to. When it changes, its version is
 * replaced; when it goes, its version is disabled, and enabled again when it comes back. What is
 * broken is listed as failed with its reason, and the version that was there before goes on.
 *
 * Trees that carry our marker are not dropped ones. A version that was uploaded is never replaced
 * by a folder of the same name. The thread that watches the store stands in cli/watch.c.
 */
#ifndef LARDER_DOMAIN_DIRECTORY_H
#define LARDER_DOMAIN_DIRECTORY_H

#include "base/ctx.h"
#include "store/directory_store.h"

struct directory;
struct domain;

enum { DIRECTORY_QUIET_MS = 1000 };

struct directory_options {
    const char *root;    /* the store of v1 plugins */
    int64_t max_package; /* bytes of a ZIP, and of a packed folder */
    int64_t wait_ms;     /* for dependencies to be installed */
};

/* After legacy_open, once the database is open. Fills d->directory and d->dropped; heap, ended by directory_close. */
enum err directory_open(struct ctx *ctx, struct domain *d,
                        const struct directory_options *options) MUST_USE;
void directory_close(struct domain *d);

struct directory_scan {
    bool retry;                                 /* judge again what failed before */
    void (*watch)(void *arg, const char *path); /* folders as they are met; may be NULL */
    void *watch_arg;
    size_t judged; /* out: how many */
    bool unquiet;  /* out: something is still being written: look again in a second */
};
/* One pass over the store. Does nothing where d->directory is NULL. */
enum err directory_scan(struct ctx *ctx, struct domain *d, struct directory_scan *scan) MUST_USE;

/* All that was ever seen, by name. */
enum err directory_list(struct ctx *ctx, struct domain *d, struct directory_row **out,
                        size_t *count) MUST_USE;
/* What failed and has no other version to be listed instead. */
enum err directory_failed(struct ctx *ctx, struct domain *d, struct directory_row **out,
                          size_t *count) MUST_USE;

#endif
