/*
 * reconcile.h - ensure_all_catalog_plugins_local: files and rows agree again after any stop.
 *
 * Runs once at start, under the process lock and before the server reports ready. Rows are the
 * truth: temp files, blobs and trees that no row names go; trees that are missing are built from
 * their blob; rows whose blob is gone are marked and shown.
 */
#ifndef LARDER_DOMAIN_RECONCILE_H
#define LARDER_DOMAIN_RECONCILE_H

#include "base/ctx.h"

struct domain;

struct reconcile_report {
    int64_t versions; /* rows looked at */
    int64_t missing;  /* rows whose blob is not here */
    int64_t returned; /* rows that were marked and whose blob is here again */
    int64_t blobs_swept, bytes_swept, temp_files;
    int64_t trees_swept, trees_built;
};

/*
 * The whole of it; notes that a run has begun. Trees that were made in a run that ended badly are
 * built again even where they stand: they may not have reached the disk.
 */
enum err reconcile_run(struct ctx *ctx, struct domain *d, struct reconcile_report *out) MUST_USE;

/* At the end of a run that ends well: flushes the trees, and notes it. Where the disk takes longer
 * than a second nothing is noted, and the next start builds what this run made again. */
enum err reconcile_ended(struct ctx *ctx, struct domain *d) MUST_USE;

#endif
