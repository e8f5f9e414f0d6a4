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
    int64_t versions;      /* rows looked at */
    int64_t missing;       /* rows whose blob is not here */
    int64_t returned;      /* rows that were marked and whose blob is here again */
    int64_t blobs_swept, bytes_swept, temp_files;
    int64_t trees_swept, trees_built;
};

/* Trees of versions made at or after `unsure_since` are built again even where they stand: the last
 * run ended badly, and they may not have reached the disk. INT64_MAX = it ended well. */
enum err reconcile_run(struct ctx *ctx, struct domain *d, int64_t unsure_since,
                       struct reconcile_report *out) MUST_USE;

#endif
