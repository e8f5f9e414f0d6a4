/*
 * legacy.h - plugins of the v1 API: their names, their two stores, and what can be done with them.
 *
 * A v1 plugin is a system row of generation 1 whose pid is "legacy.<name>". Beside its blob it
 * stands extracted in <plugins>/<name>-<version>/ and archived in <archives>/<name>-<version>.zip,
 * where orchestrators of that generation look. The rows are the truth: whatever lacks is built from
 * the blob at start and at a reload, and what carries our mark without a row goes at start. What
 * somebody else put there is never touched, unless a row stands for it.
 *
 * Which version serves: the row of a plugin that says latest is its highest enabled version whose
 * health has not failed, and the highest enabled one where all have (store/plugin_store.c). A list
 * of the v1 API shows the newest enabled version with its own status. So a new version that fails
 * is listed as failed, and everything that asks for the latest goes on getting the old one.
 *
 * Look next at legacy_publish.c for uploads, legacy_life.c for lists, deletion and reload, legacy.c
 * for the stores, and legacy_names.c for what things are called.
 */
#ifndef LARDER_DOMAIN_LEGACY_H
#define LARDER_DOMAIN_LEGACY_H

#include <stdbool.h>

#include "base/ctx.h"
#include "model/identity.h"
#include "model/plugin.h"

struct domain;
struct environment; /* domain/dependencies.h */
struct legacy;
struct pending; /* domain/pending.h */

/* Codes of the fault of a refused upload; the surface has a message for each (api/v1_json.c), and
 * the sentence is its detail. */
#define LEGACY_BAD_ZIP "V1-0001"
#define LEGACY_BAD_PLUGIN "V1-0002"
#define LEGACY_BAD_DEPENDENCY "V1-0003"
#define LEGACY_EXISTS "V1-0004"

/* ---- the stores ---- */

struct legacy_paths {
    const char *plugins, *archives; /* folders; made where they lack */
    const char *shown;              /* the first one as it was configured: what answers show */
};

/* Fills d->legacy. Heap; ended by legacy_close. */
enum err legacy_open(struct ctx *ctx, struct domain *d, const struct legacy_paths *paths) MUST_USE;
void legacy_close(struct domain *d);

/* ---- uploads ---- */

struct legacy_upload {
    struct slice file_name; /* "math_plugin-1.0.0.zip" */
    struct slice bytes;
    bool force;      /* a version that exists is replaced */
    bool in_place;   /* its tree stands already and is not ours: a dropped folder (directory.h) */
    int64_t wait_ms; /* how long to wait for dependencies to be installed */
};

struct legacy_done {
    const char *name, *version; /* as far as they are known, also of a refused upload */
    const char *directory;      /* as configured: "./store_plugin/math_plugin-1.0.0" */
    const char *const *installed;
    size_t installed_count;
    const char *pending_id; /* accepted, its dependencies are still being installed; NULL = done */
    const char *pending_state;
    struct slice pending_report; /* JSON object, or none */
};

/* ERR_INVALID, ERR_EXISTS or ERR_TOO_LARGE with one of the codes above, or a failure of ours. */
enum err legacy_upload(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       const struct legacy_upload *upload, struct legacy_done *out) MUST_USE;

/* struct pending_publisher's: what waited for its dependencies becomes a version. */
enum err legacy_publish_pending(struct ctx *ctx, struct domain *d, const struct pending *upload,
                                struct slice bytes, const struct environment *environment) MUST_USE;

/* ---- the rest of their life ---- */

struct legacy_plugin {
    const char *name, *version, *description;
    const char *directory;
    struct slice capabilities; /* JSON array of text */
    const char *status;        /* "healthy", "failed", "unchecked" */
};

/* One call for each name, by name: the newest enabled version. Strings live in the arena. */
enum err legacy_list(struct ctx *ctx, struct domain *d,
                     enum err (*each)(void *arg, const struct legacy_plugin *p),
                     void *arg) MUST_USE;
enum err legacy_find(struct ctx *ctx, struct domain *d, const char *name, struct legacy_plugin *out,
                     bool *found) MUST_USE;
/* Every version that stands in the stores, disabled ones too. */
enum err legacy_uploaded(struct ctx *ctx, struct domain *d,
                         enum err (*each)(void *arg, const struct legacy_plugin *p),
                         void *arg) MUST_USE;

/* Names by what is known of them; all lists come from one moment. */
struct legacy_summary {
    const char **loaded;  /* some version serves */
    const char **healthy; /* the newest enabled version passed its check */
    const char **failed;  /* the newest enabled version failed it, or its bytes are gone */
    size_t loaded_count, healthy_count, failed_count;
};
enum err legacy_status(struct ctx *ctx, struct domain *d, struct legacy_summary *out) MUST_USE;
/* Builds whatever lacks in the stores while everything goes on being served. Audited. */
enum err legacy_reload(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       struct legacy_summary *out) MUST_USE;

/* The version with everything that belongs to it; its number is free again. ERR_NOT_FOUND. */
enum err legacy_delete(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       const char *name, const char *version) MUST_USE;

/* ---- for the start-up walk ---- */

/* Builds tree and archive of a stored version, as far as they lack. `unsure`: what stands may not
 * have reached the disk, so it is built anew. *built tells whether anything was. */
enum err legacy_restore(struct ctx *ctx, struct domain *d, const char *folder, const char *sha256,
                        int64_t size, bool unsure, bool *built) MUST_USE;
/* Removes trees and archives of ours that are not wanted, and all staging. Before requests come. */
enum err legacy_sweep(struct ctx *ctx, struct domain *d,
                      bool (*is_wanted)(void *arg, const char *folder), void *arg,
                      int64_t *removed) MUST_USE;
/* After the other trees were flushed. */
enum err legacy_flush(struct ctx *ctx, struct domain *d) MUST_USE;
/* Its files go: another node removed the version. */
enum err legacy_forget(struct ctx *ctx, struct domain *d, const char *folder) MUST_USE;

#endif
