/*
 * lint.c - `larder lint PATH...`: what an upload would say, without a server.
 *
 * The same reading and the same stages as an upload's (domain/stages.h), on ZIPs and on folders as
 * they lie. Rules that need to know the catalog (which versions exist, whose domain it is) are not
 * asked. Nothing of the package is run and the stage health is skipped, unless --health asks for it
 * (lint_health.h).
 */
#include "api/stage_json.h"
#include "cli/finding.h"
#include "cli/lint_health.h"
#include "cli/pack.h"
#include "cli/settings.h"
#include "cli/verbs.h"
#include "domain/stages.h"
#include "package/zip_source.h"

struct judged {
    const char *path;
    enum err err;       /* of the reading */
    const char *reason; /* where there is no report */
    const struct plugin_meta *meta;
    struct stage_report report;
    bool has_report, ok;
};

static size_t count_of(const struct judged *j, enum stage_level level)
{
    size_t n = 0;
    for (size_t s = 0; s < STAGE_COUNT; s++)
        for (size_t i = 0; i < j->report.stage[s].count; i++)
            n += j->report.stage[s].findings[i].level == level;
    return n;
}

static enum err check_size(struct cli *cli, size_t n)
{
    long long max = config_int(cli->config, "max-upload");
    if ((long long)n <= max)
        return OK;
    return ctx_fail_field(cli->ctx, ERR_TOO_LARGE, "file",
                          "The package has %zu bytes, and an upload may have %lld (max-upload)", n,
                          max);
}

/* The archive as a package, and what it says of itself; *zip stays NULL where it is none. */
static enum err read_package(struct cli *cli, const char *path, bool is_v1, struct zip **zip,
                             struct inspection **found)
{
    struct ctx *ctx = cli->ctx;
    struct package_source source;
    struct slice bytes;
    const char *name;
    struct zip *opened;
    enum err err = pack_read(cli, path, &bytes, &name);
    if (err == OK)
        err = check_size(cli, bytes.n);
    if (err == OK)
        err = zip_open(ctx, bytes, &zip_limits_cadence, &opened);
    if (err == OK)
        err = zip_verify(ctx, opened);
    if (err == OK)
        err = zip_source(ctx, opened, &source);
    if (err != OK)
        return err;
    if ((*found = arena_alloc(ctx->arena, sizeof **found)) == NULL)
        return ctx_no_memory(ctx);
    *zip = opened;
    return is_v1 ? inspect_package_v1(ctx, &source, *found) : inspect_package(ctx, &source, *found);
}

/* A fault of the package becomes a report; one of ours stays what it is. The sandbox is NULL where
 * nothing is to be run; a package with errors is not worth running. */
static enum err judge(struct cli *cli, const char *path, const struct sandbox *sandbox,
                      struct judged *out)
{
    struct inspection *found = NULL;
    struct zip *zip = NULL;
    bool is_v1 = cli_has(cli, "v1");
    int64_t start = clock_mono_us();
    *out = (struct judged){.path = path};
    out->err = read_package(cli, path, is_v1, &zip, &found);
    if (out->err != OK && out->err != ERR_INVALID && out->err != ERR_TOO_LARGE) {
        out->reason = str_printf(cli->ctx->arena, "%s", ctx_sentence(cli->ctx));
        return out->reason ? OK : ctx_no_memory(cli->ctx);
    }
    int64_t took = clock_mono_us() - start;
    if (found) {
        out->meta = &found->meta;
        is_v1 = is_v1 || found->meta.generation == PLUGIN_V1;
        took -= found->metadata_us + found->code_us + found->imports_us;
    }
    const struct stage_input in = {.surface = is_v1 ? STAGE_FOR_V1 : STAGE_FOR_ORG,
                                   .zip = zip,
                                   .found = found,
                                   .archive_us = took};
    enum err err = stages_judge(cli->ctx, &in, &out->report);
    out->report.stage[STAGE_HEALTH].result = "skipped";
    out->has_report = err == OK;
    if (err == OK && sandbox && zip && found && count_of(out, LEVEL_ERROR) == 0)
        err = lint_health(cli, sandbox, zip->bytes, out->meta, &out->report.stage[STAGE_HEALTH]);
    out->ok = out->has_report && count_of(out, LEVEL_ERROR) == 0;
    return err;
}

/* ------------------------------------------------------------------ for people */

static void print_judged(struct cli *cli, const struct judged *j)
{
    if (!j->has_report) {
        (void)fprintf(cli->out, "%s: error: %s\n", j->path, j->reason);
        return;
    }
    for (int level = LEVEL_ERROR; level >= (cli_has(cli, "all") ? LEVEL_INFO : LEVEL_WARNING);
         level--)
        for (size_t s = 0; s < STAGE_COUNT; s++)
            for (size_t i = 0; i < j->report.stage[s].count; i++)
                if ((int)j->report.stage[s].findings[i].level == level)
                    finding_print(cli->out, j->path, &j->report.stage[s].findings[i]);
    (void)fprintf(cli->out, "%s: %s:", j->path, j->ok ? "ok" : "failed");
    if (j->meta && j->meta->version)
        (void)fprintf(cli->out, " %s %s",
                      j->meta->pid    ? j->meta->pid
                      : j->meta->name ? j->meta->name
                                      : "",
                      j->meta->version);
    for (size_t s = 0; s < STAGE_COUNT; s++)
        (void)fprintf(cli->out, "%s %s %s", s ? "," : " |", j->report.stage[s].name,
                      j->report.stage[s].result);
    (void)fprintf(cli->out, "\n");
}

/* ------------------------------------------------------------------ for programs */

/* All of them in one list, what is worst first; the stages say it in their order. */
static void put_findings(struct jw *w, const struct judged *j)
{
    jw_array(w);
    for (int level = LEVEL_ERROR; level >= LEVEL_INFO; level--)
        for (size_t s = 0; s < STAGE_COUNT; s++)
            for (size_t i = 0; i < j->report.stage[s].count; i++) {
                const struct stage_finding *f = &j->report.stage[s].findings[i];
                if ((int)f->level == level)
                    stage_finding_json(w, j->report.stage[s].name, f);
            }
    jw_end(w);
}

static void put_judged(struct jw *w, const struct judged *j)
{
    jw_object(w);
    jw_put_str(w, "path", j->path);
    jw_put_bool(w, "ok", j->ok);
    jw_put_str(w, "pid", j->meta ? j->meta->pid : NULL);
    jw_put_str(w, "name", j->meta ? j->meta->name : NULL);
    jw_put_str(w, "version", j->meta ? j->meta->version : NULL);
    jw_put_str(w, "message", j->reason);
    jw_key(w, "findings");
    put_findings(w, j);
    jw_key(w, "stages");
    stage_json(w, &j->report);
    jw_end(w);
}

static void put_unread(struct jw *w, const struct judged *j)
{
    jw_object(w);
    jw_put_str(w, "path", j->path);
    jw_put_bool(w, "ok", false);
    jw_put_str(w, "message", j->reason);
    jw_key(w, "findings");
    jw_array(w);
    jw_end(w);
    jw_end(w);
}

static enum err exec(struct cli *cli)
{
    struct judged *j = arena_alloc(cli->ctx->arena, sizeof *j);
    struct pack_list list = {0};
    struct sandbox *sandbox = NULL;
    size_t bad = 0;
    struct buf b;
    struct jw w;
    enum err err = settings_load(cli);
    if (j == NULL)
        return ctx_no_memory(cli->ctx);
    for (size_t i = 0; err == OK && i < cli->words; i++)
        err = pack_find(cli, cli->word[i], &list);
    if (err == OK && cli_has(cli, "health"))
        err = lint_health_open(cli, &sandbox);
    if (err != OK)
        return err;
    cli_json(cli, &b, &w);
    jw_array(&w);
    for (size_t i = 0; i < list.count; i++) {
        if ((err = judge(cli, list.path[i], sandbox, j)) != OK)
            return err;
        bad += !j->ok;
        if (cli->json && j->has_report)
            put_judged(&w, j);
        else if (cli->json)
            put_unread(&w, j);
        else
            print_judged(cli, j);
        ctx_forgive(cli->ctx);
    }
    jw_end(&w);
    if (cli->json && (err = cli_json_done(cli, &b, &w)) != OK)
        return err;
    if (bad)
        return ctx_fail(cli->ctx, ERR_INVALID, "%zu of %zu packages have errors", bad, list.count);
    return OK;
}

static const struct cli_flag flags[] = {
    {"v1", NULL, "judge as the v1 API does; the rule where a package looks like one"},
    {"health", NULL, "run it as well, in the sandbox, without what it depends on"},
    {"all", NULL, "print remarks too, not only errors and warnings"},
    {NULL, NULL, NULL},
};

const struct command command_lint = {
    .name = "lint",
    .words = "PATH...",
    .summary = "Check ZIPs or plugin folders as an upload would, offline",
    .help = "Prints file, line, rule, sentence and remedy of every finding, and how each stage\n"
            "ended. Exit status 1 when a package has errors; warnings do not count. Nothing of\n"
            "the package is run but by --health, which does it in the sandbox of health checks.",
    .flags = flags,
    .min_words = 1,
    .max_words = CLI_WORDS,
    .exec = exec,
};
