/*
 * lint_health.c - see lint_health.h.
 */
#include "cli/lint_health.h"

#include <string.h>

#include "domain/health_run.h"
#include "domain/package_row.h"
#include "sandbox/sandbox.h"

static void close_sandbox(void *sandbox)
{
    sandbox_close(sandbox);
}

enum err lint_health_open(struct cli *cli, struct sandbox **out)
{
    const struct sandbox_options options = {.bwrap = config_text(cli->config, "bwrap"),
                                            .python = config_text(cli->config, "python"),
                                            .hidden = config_text(cli->config, "data")};
    enum err err = sandbox_open(cli->ctx, &options, out);
    if (err == OK && arena_defer(cli->ctx->arena, close_sandbox, *out) != 0)
        return ctx_no_memory(cli->ctx);
    return err;
}

static enum err skip(struct ctx *ctx, const char *why, struct stage *out)
{
    struct stage_finding *f = arena_alloc(ctx->arena, sizeof *f);
    if (f == NULL)
        return ctx_no_memory(ctx);
    *f = (struct stage_finding){.level = LEVEL_WARNING,
                                .item = {.rule = "health.unchecked", .sentence = why}};
    out->result = "skipped";
    out->findings = f;
    out->count = 1;
    return OK;
}

static enum err run(struct cli *cli, const struct sandbox *sandbox, struct slice zip,
                    const struct plugin_meta *meta, struct health_outcome *outcome,
                    struct health_findings *findings)
{
    struct plugin row = {0};
    enum err err = package_row(cli->ctx, meta, &row);
    const struct health_subject subject = {
        .zip = zip,
        .name = meta->name,
        .settings = row.settings_schema,
        .may_lack = meta->dependency_count > 0,
        .timeout_ms = config_int(cli->config, "health-timeout"),
        .memory = config_int(cli->config, "health-memory"),
    };
    return err == OK ? health_run(cli->ctx, sandbox, &subject, outcome, findings) : err;
}

enum err lint_health(struct cli *cli, const struct sandbox *sandbox, struct slice zip,
                     const struct plugin_meta *meta, struct stage *out)
{
    struct health_outcome outcome;
    struct health_findings findings;
    const char *reason = sandbox_reason(sandbox);
    if (reason)
        return skip(cli->ctx, reason, out);
    enum err err = run(cli, sandbox, zip, meta, &outcome, &findings);
    if (err != OK)
        return err;
    if (strcmp(outcome.result, HEALTH_UNCHECKED) == 0)
        return skip(cli->ctx, outcome.reason, out);
    out->result = strcmp(outcome.result, HEALTH_HEALTHY) == 0 ? "passed" : "failed";
    out->duration_us = outcome.duration_ms * 1000;
    out->findings = findings.list;
    out->count = findings.count;
    return OK;
}
