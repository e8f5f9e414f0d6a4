/*
 * health.c - `larder health`: what the sandbox found out about plugins, and having one checked.
 *
 * A check is a job of the running server, so --check and --wait need one; the results can be read
 * straight from the folder too. The exit status is 1 when what is shown has failed.
 */
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "cli/target.h"
#include "cli/verbs.h"

enum { POLL_MS = 200, WAIT_MS = 600000 };

static const struct cli_flag flags[] = {
    {"org", "ORG", "of this org (id, domain or name); without it the system catalog"},
    {"check", NULL, "have the plugin checked; the result comes later"},
    {"wait", NULL, "have the plugin checked and wait for the result"},
    {NULL, NULL, NULL}};

static enum err say_failed(struct cli *cli, size_t failed)
{
    return failed ? ctx_fail(cli->ctx, ERR_INVALID, "%zu plugin%s failed the health check", failed,
                             failed == 1 ? "" : "s")
                  : OK;
}

/* ---- all of them -------------------------------------------------------------------------------- */

static enum err show_all(struct cli *cli, struct target *t, const char *base)
{
    const struct jr *rows;
    struct slice text;
    size_t failed = 0;
    enum err err = target_get(cli, t, base, &rows, &text);
    if (err != OK)
        return err;
    if (cli->json)
        (void)fprintf(cli->out, "%.*s\n", SLICE_ARGS(text));
    else
        (void)fprintf(cli->out, "%-10s %s\n", "HEALTH", "PLUGIN");
    for (size_t i = 0; i < jr_count(rows); i++) {
        const struct jr *row = jr_item(rows, i);
        struct slice health = jr_str(jr_member(row, "health"));
        struct slice pid = jr_str(jr_member(row, "pid"));
        struct slice version = jr_str(jr_member(row, "version"));
        failed += slice_is(health, "failed");
        if (!cli->json)
            (void)fprintf(cli->out, "%-10.*s %.*s@%.*s\n", SLICE_ARGS(health), SLICE_ARGS(pid),
                          SLICE_ARGS(version));
    }
    return say_failed(cli, failed);
}

/* ---- one ---------------------------------------------------------------------------------------- */

static enum err show_one(struct cli *cli, struct target *t, const char *path)
{
    const struct jr *checks;
    struct slice text;
    enum err err = target_get(cli, t, str_printf(cli->ctx->arena, "%s/health?limit=1", path),
                              &checks, &text);
    if (err != OK)
        return err;
    const struct jr *newest = jr_item(checks, 0);
    struct slice health = jr_str(jr_member(newest, "health"));
    struct slice reason = jr_str(jr_member(newest, "reason")), at = jr_str(jr_member(newest, "at"));
    if (cli->json)
        (void)fprintf(cli->out, "%.*s\n", SLICE_ARGS(text));
    else if (jr_count(checks) == 0)
        (void)fprintf(cli->out, "unchecked  (never checked; --wait has it checked)\n");
    else
        (void)fprintf(cli->out, "%.*s  %.*s%s%.*s\n", SLICE_ARGS(health), SLICE_ARGS(at),
                      reason.n ? "  " : "", SLICE_ARGS(reason));
    return say_failed(cli, slice_is(health, "failed"));
}

static enum err ask(struct cli *cli, struct target *t, const char *path, struct slice *job_id)
{
    const struct target_request req = {
        .method = "POST", .path = str_printf(cli->ctx->arena, "%s/health", path), .out = -1};
    struct target_answer answer;
    const struct jr *v;
    if (req.path == NULL)
        return ctx_no_memory(cli->ctx);
    enum err err = target_run(cli, t, &req, &answer);
    if (err == OK)
        err = jr_parse(cli->ctx, answer.body, &v);
    if (err == OK)
        *job_id = jr_str(jr_member(v, "job_id"));
    return err;
}

/* Jobs stand beside the plugins: ".../plugins" and ".../jobs". */
static enum err wait_for(struct cli *cli, struct target *t, const char *base, struct slice job_id)
{
    struct arena *all = cli->ctx->arena, scratch;
    size_t n = strlen(base) - strlen("plugins");
    const char *path = str_printf(all, "%.*sjobs/%.*s", (int)n, base, SLICE_ARGS(job_id));
    int64_t end = clock_mono_ms(cli->ctx->clock) + WAIT_MS;
    bool over = false;
    enum err err = path ? OK : ctx_no_memory(cli->ctx);
    arena_init(&scratch, 1 << 20);
    while (err == OK && !over) {
        const struct jr *job;
        struct slice text;
        cli->ctx->arena = &scratch; /* each question is forgotten before the next */
        err = target_get(cli, t, path, &job, &text);
        struct slice state = err == OK ? jr_str(jr_member(job, "state")) : SLICE_NONE;
        over = slice_is(state, "done") || slice_is(state, "failed");
        cli->ctx->arena = all;
        arena_reset(&scratch);
        if (err == OK && !over && clock_mono_ms(cli->ctx->clock) > end)
            err = ctx_fail(cli->ctx, ERR_TIMEOUT, "The check is still not done after %d minutes",
                           WAIT_MS / 60000);
        if (err == OK && !over)
            (void)poll(NULL, 0, POLL_MS);
    }
    arena_free(&scratch);
    return err;
}

static enum err check_one(struct cli *cli, struct target *t, const char *base, const char *path)
{
    struct slice job_id = SLICE_NONE;
    enum err err = ask(cli, t, path, &job_id);
    if (err != OK)
        return err;
    if (!cli_has(cli, "wait")) {
        (void)fprintf(cli->out, cli->json ? "{\"job_id\":\"%.*s\"}\n" : "queued  %.*s\n",
                      SLICE_ARGS(job_id));
        return OK;
    }
    err = wait_for(cli, t, base, job_id);
    return err == OK ? show_one(cli, t, path) : err;
}

static enum err exec(struct cli *cli)
{
    struct target *t = NULL;
    const char *base, *path;
    bool asks = cli_has(cli, "check") || cli_has(cli, "wait");
    if (asks && cli->words == 0)
        return cli_usage(cli, "--check and --wait want to know which plugin");
    enum err err = target_open(cli, asks, &t);
    if (err == OK)
        err = target_plugins(cli, t, &base);
    if (err == OK && cli->words == 0)
        err = show_all(cli, t, base);
    else if (err == OK && (err = target_find(cli, t, cli->word[0], &path)) == OK)
        err = asks ? check_one(cli, t, base, path) : show_one(cli, t, path);
    target_close(t);
    return err;
}

const struct command command_health = {
    .name = "health",
    .words = "[PLUGIN]",
    .summary = "Show what health checks found, or have a plugin checked",
    .help = "PLUGIN is an id, a PID or PID@VERSION. Without one the newest version of each is\n"
            "listed. The exit status is 1 when something that is shown has failed.",
    .flags = flags,
    .max_words = 1,
    .exec = exec,
};
