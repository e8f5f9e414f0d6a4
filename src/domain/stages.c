/*
 * stages.c - keeping and answering what the stages found.
 *
 * How they are judged stands in stages_judge.c.
 */
#include "domain/stages.h"

#include <string.h>

#include "domain/domain.h"

static const struct {
    const char *prefix;
    enum stage_id stage;
} homes[] = {
    {"zip.", STAGE_STRUCTURE},
    {"package.", STAGE_STRUCTURE},
    {"python.", STAGE_STRUCTURE},
    {"structure.", STAGE_STRUCTURE},
    {"code.", STAGE_STRUCTURE},
    {"agent.", STAGE_STRUCTURE},
    {"meta.no_class", STAGE_STRUCTURE},
    {"meta.no_create_agent", STAGE_STRUCTURE},
    {"meta.several_classes", STAGE_STRUCTURE},
    {"meta.decorator", STAGE_STRUCTURE},
    {"dependency.", STAGE_DEPENDENCIES},
    {"health.", STAGE_HEALTH},
};

enum stage_id stages_of_rule(const char *rule)
{
    for (size_t i = 0; rule && i < sizeof homes / sizeof *homes; i++)
        if (strncmp(rule, homes[i].prefix, strlen(homes[i].prefix)) == 0)
            return homes[i].stage;
    return STAGE_METADATA;
}

const char *stages_name(enum stage_id which)
{
    return validation_stage_name(which);
}

enum err stages_keep(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                     const struct stage_report *report)
{
    return validation_put_all(ctx, conn, plugin_id, report);
}

enum err stages_health(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                       const char *result, int64_t duration_us,
                       const struct stage_finding *findings, size_t count)
{
    const struct stage stage = {.result = result,
                                .at = ctx->now,
                                .duration_us = duration_us,
                                .findings = findings,
                                .count = count};
    return validation_put(ctx, conn, plugin_id, STAGE_HEALTH, &stage);
}

struct reading {
    const char *plugin_id;
    struct stage_report *report;
    struct health_run *newest;
};

static enum err read_kept(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct reading *r = arg;
    enum err err = validation_read(ctx, conn, r->plugin_id, r->report);
    return err == OK ? validation_newest_health(ctx, conn, r->plugin_id, r->newest) : err;
}

enum err stages_read(struct ctx *ctx, struct domain *d, const char *plugin_id,
                     struct stage_report *out, struct health_run *newest)
{
    struct reading r = {plugin_id, out, newest};
    return store_read(ctx, d->store, read_kept, &r);
}
