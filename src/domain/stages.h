/*
 * stages.h - the four stages a package is judged in, and what each of them found.
 *
 * structure: is it a plugin at all, and what does its code touch; metadata: does it say what it must;
 * dependencies: is everything it imports declared; health: does it run. The first three are static
 * and are made here from what package/inspect.h read; the fourth is the sandbox's, later. For an org
 * or the system they report and decide nothing beyond what inspect.h decides, unless a setting
 * blocks a family of static findings; for the v1 API an error of the first three refuses the upload.
 * Nothing here touches the disk or runs anything of the package.
 */
#ifndef LARDER_DOMAIN_STAGES_H
#define LARDER_DOMAIN_STAGES_H

#include "base/ctx.h"
#include "model/stage.h"
#include "package/inspect.h"
#include "package/zip.h"
#include "store/validation_store.h"

struct domain; /* domain/domain.h */

enum stage_surface { STAGE_FOR_SYSTEM, STAGE_FOR_ORG, STAGE_FOR_V1 };

struct stage_input {
    enum stage_surface surface;
    const struct zip *zip;          /* NULL: it could not be opened and the fault of ctx says why */
    const struct inspection *found; /* of inspect_package or inspect_package_v1, errors and all;
                                       NULL: it was not reached */
    int64_t archive_us;             /* what zip_open and zip_verify took */
    unsigned block;                 /* bits of enum scan_family: findings that are errors here */
};

/*
 * The report on one package. The fault of ctx is read where `zip` or `found` is NULL and never
 * changed, so it does not matter whether inspecting succeeded.
 */
enum err stages_judge(struct ctx *ctx, const struct stage_input *in,
                      struct stage_report *out) MUST_USE;

/*
 * OK, or ERR_INVALID (PL-0003) with every finding that refuses the upload. For v1 the sentence is
 * that of the first error, as the seed prints it: "Missing required file: plugin.py".
 */
enum err stages_decide(struct ctx *ctx, const struct stage_report *report) MUST_USE;

/* Inside the transaction that writes the version; replaces an earlier report of the same row. */
enum err stages_keep(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                     const struct stage_report *report) MUST_USE;

/* Replaces the last stage, later: result is "passed", "failed", "skipped" or "pending". */
enum err stages_health(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                       const char *result, int64_t duration_us,
                       const struct stage_finding *findings, size_t count) MUST_USE;

/* What is kept of a version, and the newest run of its health check. */
enum err stages_read(struct ctx *ctx, struct domain *d, const char *plugin_id,
                     struct stage_report *out, struct health_run *newest) MUST_USE;

/* The stage that a rule belongs to: STAGE_METADATA for "meta.version". */
enum stage_id stages_of_rule(const char *rule);
const char *stages_name(enum stage_id which);

#endif
