/*
 * plugin_store.h - the rows of the catalog: versions, and the blobs they name.
 *
 * A slice is the system's (org_id NULL) or one org's. Strings of rows handed to a callback live
 * until it returns; those of single rows live in the arena.
 */
#ifndef LARDER_STORE_PLUGIN_STORE_H
#define LARDER_STORE_PLUGIN_STORE_H

#include "model/plugin.h"
#include "store/store.h"

struct plugin_page {
    const char *org_id; /* the slice; NULL = system */
    const char *tag;    /* NULL = any */
    bool include_disabled, all_versions;
    const char *after_pid; /* "" = from the start */
    int64_t
        after_seq; /* all_versions: the row of after_pid to go on behind; 0 = behind all of it */
    int64_t limit; /* -1 = everything */
};

struct plugin_sink {
    enum err (*row)(void *arg, const struct plugin *plugin);
    void *arg;
    /* Asked first, with seq, stamp, source and pid only; true = the caller holds that row, which is
     * then neither read nor handed over. NULL = always read. */
    bool (*knows)(void *arg, const struct plugin *plugin);
};

/*
 * One slice in the order (pid, newest first). By default one row per plugin, its latest; with
 * include_disabled also the newest row of plugins that have no enabled one.
 */
enum err plugin_store_list(struct ctx *ctx, struct conn *conn, const struct plugin_page *page,
                           const struct plugin_sink *sink) MUST_USE;

/* All versions of one pid in one slice, newest first; *count tells how many there were. */
enum err plugin_store_versions(struct ctx *ctx, struct conn *conn, const char *org_id,
                               const char *pid, const struct plugin_sink *sink,
                               size_t *count) MUST_USE;

/* *found false where there is none. */
enum err plugin_store_find(struct ctx *ctx, struct conn *conn, const char *id, struct plugin *out,
                           bool *found) MUST_USE;
enum err plugin_store_find_version(struct ctx *ctx, struct conn *conn, const char *org_id,
                                   const char *pid, struct slice order_key, struct plugin *out,
                                   bool *found) MUST_USE;
enum err plugin_store_latest(struct ctx *ctx, struct conn *conn, const char *org_id,
                             const char *pid, struct plugin *out, bool *found) MUST_USE;
/* The highest enabled version, whatever its health: the latest but for some v1 plugins. */
enum err plugin_store_newest(struct ctx *ctx, struct conn *conn, const char *org_id,
                             const char *pid, struct plugin *out, bool *found) MUST_USE;
/* The highest version there is, disabled ones included. */
enum err plugin_store_highest(struct ctx *ctx, struct conn *conn, const char *org_id,
                              const char *pid, struct plugin *out, bool *found) MUST_USE;

/* Inserts the version and, where it is new, its blob. is_latest is not looked at: see promote. */
enum err plugin_store_insert(struct ctx *ctx, struct conn *conn, const struct plugin *p) MUST_USE;
/* The version alone: the row of its blob is there already, whatever its state. */
enum err plugin_store_insert_row(struct ctx *ctx, struct conn *conn,
                                 const struct plugin *p) MUST_USE;
enum err plugin_store_set_enabled(struct ctx *ctx, struct conn *conn, const char *id, bool enabled,
                                  const char *by) MUST_USE;
enum err plugin_store_set_tag(struct ctx *ctx, struct conn *conn, const char *id, const char *tag,
                              const char *by) MUST_USE;
/* Makes the highest enabled version of the plugin its latest, and no other; of a v1 plugin the
 * highest whose health has not failed, where there is one. */
enum err plugin_store_promote(struct ctx *ctx, struct conn *conn, const char *org_id,
                              const char *pid) MUST_USE;

/* What is known of each blob that a version names, in no order. */
struct artifact {
    const char *id, *org_id, *pid, *version, *sha256;
    int64_t size_bytes;
    int64_t changed_at; /* when its bytes came: v1 packages can be overwritten */
    const char *state;  /* of the row: "present", "missing", "corrupt" */
    bool is_v1;         /* a system row of generation 1 */
};
enum err plugin_store_artifacts(struct ctx *ctx, struct conn *conn,
                                enum err (*each)(void *arg, const struct artifact *a),
                                void *arg) MUST_USE;
/* Sets the state of a blob and of all versions that name it; stamps verified_at for "present". */
enum err plugin_store_set_artifact(struct ctx *ctx, struct conn *conn, const char *sha256,
                                   const char *state) MUST_USE;

#endif
