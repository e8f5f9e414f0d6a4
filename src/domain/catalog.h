/*
 * catalog.h - looking things up in the catalog, and the life of a version after its upload.
 *
 * The catalog has two layers: system plugins, which every org sees, and each org's own. One row is
 * one version; versions are immutable, and `latest` is always the highest enabled one, recomputed
 * in the transaction that changed anything. Uploads stand in publish.h.
 */
#ifndef LARDER_DOMAIN_CATALOG_H
#define LARDER_DOMAIN_CATALOG_H

#include "base/ctx.h"
#include "model/identity.h"
#include "model/plugin.h"

struct domain;

/* Which rows a list shows. */
struct catalog_query {
    const char *org_id;         /* NULL = the system layer alone */
    bool with_system;           /* an org's list: merge both layers */
    bool system_only, org_only; /* ?source= */
    const char *tag;            /* NULL = any */
    bool include_disabled;      /* the newest row of each plugin even when none is enabled */
    bool all_versions;          /* every version instead of one row per plugin */
    int limit;                  /* 0 = everything */
    /* the row after which to go on: both NULL at the start */
    enum plugin_source after_source;
    const char *after_pid;
    int64_t after_seq; /* within one pid, for all_versions */
    /* Asked before each row, with seq, stamp, source and pid only; true = the caller holds that row,
     * and row() is not called for it. NULL = rows are always read. */
    bool (*knows)(void *arg, const struct plugin *plugin);
};

/*
 * Calls row(arg, plugin) for each row in the order (system before org, pid, newest first), while
 * the statement runs: the plugin's strings live until the call returns. More than `limit` rows are
 * never handed over; *more tells whether there are.
 */
enum err catalog_list(struct ctx *ctx, struct domain *d, const struct catalog_query *query,
                      enum err (*row)(void *arg, const struct plugin *plugin), void *arg,
                      bool *more) MUST_USE;

/* Newest first, disabled ones too. ERR_NOT_FOUND (PL-0002) when there is no such pid. */
enum err catalog_versions(struct ctx *ctx, struct domain *d, const struct catalog_query *query,
                          const char *pid, enum err (*row)(void *arg, const struct plugin *plugin),
                          void *arg) MUST_USE;

/* The row of that id if it belongs to the org (NULL = system); ERR_NOT_FOUND otherwise. */
enum err catalog_get(struct ctx *ctx, struct domain *d, const char *org_id, const char *id,
                     struct plugin *out) MUST_USE;

/* The row of that id as far as the org (NULL = the system) can see it: its own or a system row.
 * ERR_NOT_FOUND otherwise. */
enum err catalog_get_visible(struct ctx *ctx, struct domain *d, const char *org_id, const char *id,
                             struct plugin *out) MUST_USE;

/* The settings schema (canonical JSON array) of the newest enabled version, org before system, or
 * of the version and source asked for. */
enum err catalog_settings(struct ctx *ctx, struct domain *d, const char *org_id, const char *pid,
                          const char *version, const char *source, struct slice *out) MUST_USE;

struct catalog_change {
    const bool *enabled; /* NULL = leave */
    /* true: disabled for safety, on all nodes, until somebody says false; NULL = leave */
    const bool *quarantined;
    bool set_tag;
    const char *tag; /* with set_tag: NULL = none */
};

/* One transaction: the change, latest recomputed, audit and outbox rows. Unchanged = no audit. */
enum err catalog_change(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        const char *org_id, const char *id, const struct catalog_change *change,
                        struct plugin *out) MUST_USE;

/* Opens the stored bytes for sending; their hash is checked before the first time. */
enum err catalog_open(struct ctx *ctx, struct domain *d, const struct plugin *plugin,
                      int *fd) MUST_USE;

/* Changes with every commit that an answer about this org (NULL = system) could depend on. */
uint64_t catalog_generation(const struct domain *d, const char *org_id);
/* For whoever changed the rows of that slice: after the commit, before the caller is told. */
void catalog_changed(struct domain *d, const char *org_id);

#endif
