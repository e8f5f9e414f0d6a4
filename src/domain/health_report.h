/*
 * health_report.h - what came out of the sandbox, read as what it is: words of a stranger.
 *
 * The plugin ran in the same process as the runner, so every byte here may be forged. It is bounded,
 * parsed, and written anew field by field; nothing of it is copied as it stands. From it come one
 * word (healthy, failed, unchecked), one sentence, the detail that is kept and the findings of the
 * stage. Nothing here touches the disk or the database.
 */
#ifndef LARDER_DOMAIN_HEALTH_REPORT_H
#define LARDER_DOMAIN_HEALTH_REPORT_H

#include "base/ctx.h"
#include "model/health.h"
#include "model/stage.h"
#include "sandbox/sandbox.h"

enum { HEALTH_DETAIL_MAX = 64 << 10 };

struct health_reading {
    const struct sandbox_result *ran;
    const struct sandbox_limits *limits;
    const char *nonce;
    /* Modules may lack that it has declared, since nothing was installed: then a missing one says
     * nothing about the plugin. */
    bool may_lack;
};

struct health_findings {
    struct stage_finding *list;
    size_t count;
};

/* ERR_NO_MEMORY alone; whatever the bytes are, *out and *findings are filled. */
enum err health_report_read(struct ctx *ctx, const struct health_reading *in,
                            struct health_outcome *out, struct health_findings *findings) MUST_USE;

#endif
