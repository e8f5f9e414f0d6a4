/*
 * publish.h - from uploaded bytes to a version in the catalog.
 *
 * read strictly -> metadata statically -> rules of the slice -> blob durable -> one transaction
 * (version, latest, audit, outbox) -> extracted tree -> answer. Whatever stops it before the
 * transaction leaves at most an unreferenced blob, which the next start sweeps. Nothing of the
 * package is ever run.
 */
#ifndef LARDER_DOMAIN_PUBLISH_H
#define LARDER_DOMAIN_PUBLISH_H

#include "base/ctx.h"
#include "model/identity.h"
#include "model/plugin.h"
#include "model/stage.h"

struct domain;

struct upload {
    const char *org_id;     /* NULL = the system layer */
    struct slice file_name; /* as the client named it: only its extension is looked at */
    struct slice bytes;
    bool dry_run;                 /* everything but the storing */
    bool org_to_come;             /* with dry_run: the organization is made before the real one */
    bool allow_backport;          /* a version below the highest one is wanted */
    struct slice idempotency_key; /* none = SLICE_NONE */
};

struct published {
    struct plugin plugin;
    bool unchanged; /* the same bytes were there already */
    bool dry_run;
    const struct fault_item *warnings; /* findings that do not decide */
    size_t warning_count;
    struct stage_report report; /* what the stages found; kept with a version that is new */
};

/* ERR_INVALID / ERR_TOO_LARGE / ERR_EXISTS / ERR_CONFLICT with all findings in the fault. */
enum err publish_upload(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        const struct upload *upload, struct published *out) MUST_USE;

#endif
