/*
 * upload.c - `larder upload PATH...`: packages into the catalog, one after the other.
 *
 * One that is refused does not stop the rest; its findings are printed under it, and the exit
 * status says that something was refused. A bar is drawn only on a terminal.
 */
#include <string.h>
#include <unistd.h>

#include "cli/pack.h"
#include "cli/target.h"
#include "cli/verbs.h"

enum { BAR = 24 };

static const struct cli_flag flags[] = {
    {"org", "ORG", "into this org's catalog (id, domain or name); without it the system catalog"},
    {"dry-run", NULL, "check everything, store nothing"},
    {"allow-backport", NULL, "accept a version below the highest one; latest does not move"},
    {NULL, NULL, NULL}};

struct progress {
    struct cli *cli;
    const char *name;
    int64_t size;
    bool tty;
};

static bool draw(void *arg, int64_t sent, int64_t received)
{
    struct progress *p = arg;
    (void)received;
    if (!p->tty || p->size == 0)
        return true;
    int filled = (int)(sent * BAR / p->size);
    (void)fprintf(p->cli->err, "\r%-40.40s [%.*s%*s] %3d%%", p->name, filled > BAR ? BAR : filled,
                  "########################", BAR - filled, "", (int)(sent * 100 / p->size));
    (void)fflush(p->cli->err);
    return true;
}

struct tally {
    size_t stored, unchanged, failed;
};

/* One line for a person, or one JSON object, for each package. */
static void report_done(struct cli *cli, const char *path, struct slice body, struct tally *tally)
{
    const struct jr *v;
    if (jr_parse(cli->ctx, body, &v) != OK) {
        ctx_forgive(cli->ctx);
        return;
    }
    bool unchanged = jr_bool(jr_member(v, "unchanged"));
    tally->unchanged += unchanged;
    tally->stored += !unchanged;
    if (cli->json) {
        (void)fprintf(cli->out, "%.*s\n", SLICE_ARGS(body));
        return;
    }
    struct slice pid = jr_str(jr_member(v, "pid")), version = jr_str(jr_member(v, "version"));
    (void)fprintf(cli->out, "%s  %.*s %.*s%s\n",
                  unchanged                          ? "same  "
                  : jr_bool(jr_member(v, "dry_run")) ? "valid "
                                                     : "stored",
                  SLICE_ARGS(pid), SLICE_ARGS(version),
                  jr_bool(jr_member(v, "is_latest")) ? "  (latest)" : "");
    (void)path;
}

static void report_failed(struct cli *cli, const char *path, struct tally *tally)
{
    const struct fault *f = &cli->ctx->fault;
    tally->failed++;
    if (cli->json) {
        struct buf b;
        struct jw j;
        cli_json(cli, &b, &j);
        jw_object(&j);
        jw_put_str(&j, "file", path);
        jw_put_str(&j, "error", err_info(f->err)->name);
        jw_put_str(&j, "message", ctx_sentence(cli->ctx));
        jw_end(&j);
        if (jw_done(&j))
            (void)fprintf(cli->out, "%.*s\n", (int)b.n, b.p);
    } else {
        (void)fprintf(cli->out, "failed  %s: %s\n", path, ctx_sentence(cli->ctx));
        for (size_t i = 0; i < f->item_count; i++) {
            const struct fault_item *it = &f->items[i];
            (void)fprintf(cli->out, "          %s", it->file ? it->file : "");
            if (it->line)
                (void)fprintf(cli->out, ":%d", it->line);
            (void)fprintf(cli->out, " %s\n", it->sentence);
        }
    }
    ctx_forgive(cli->ctx);
}

static enum err upload_one(struct cli *cli, struct target *t, const char *base, const char *path,
                           struct target_answer *answer)
{
    struct slice bytes;
    const char *name;
    enum err err = pack_read(cli, path, &bytes, &name);
    if (err != OK)
        return err;
    struct progress progress = {cli, name, (int64_t)bytes.n, isatty(STDERR_FILENO) == 1};
    const struct target_request req = {
        .method = "POST",
        .path = str_printf(cli->ctx->arena, "%s/upload?dry_run=%s&allow_backport=%s", base,
                           cli_has(cli, "dry-run") ? "true" : "false",
                           cli_has(cli, "allow-backport") ? "true" : "false"),
        .file = bytes,
        .file_name = name,
        .progress = draw,
        .progress_arg = &progress,
        .out = -1};
    if (req.path == NULL)
        return ctx_no_memory(cli->ctx);
    err = target_run(cli, t, &req, answer);
    if (progress.tty)
        (void)fprintf(cli->err, "\r%*s\r", 80, "");
    return err;
}

/* Packages are large and many: each has an arena of its own. */
static void upload_and_report(struct cli *cli, struct target *t, const char *base, const char *path,
                              struct tally *tally)
{
    struct arena *all = cli->ctx->arena, scratch;
    struct target_answer answer = {0};
    arena_init(&scratch, 512u << 20);
    cli->ctx->arena = &scratch;
    if (upload_one(cli, t, base, path, &answer) == OK)
        report_done(cli, path, answer.body, tally);
    else
        report_failed(cli, path, tally);
    cli->ctx->arena = all;
    arena_free(&scratch);
}

static enum err exec(struct cli *cli)
{
    struct target *t = NULL;
    struct pack_list list = {0};
    struct tally tally = {0};
    const char *base = NULL;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < cli->words; i++)
        err = pack_find(cli, cli->word[i], &list);
    if (err == OK)
        err = target_open(cli, true, &t);
    if (err == OK)
        err = target_plugins(cli, t, &base);
    for (size_t i = 0; err == OK && i < list.count; i++)
        upload_and_report(cli, t, base, list.path[i], &tally);
    target_close(t);
    if (err != OK)
        return err;
    if (!cli->json)
        (void)fprintf(cli->err, "%zu %s, %zu unchanged, %zu failed\n", tally.stored,
                      cli_has(cli, "dry-run") ? "valid" : "stored", tally.unchanged, tally.failed);
    if (tally.failed)
        return ctx_fail(cli->ctx, ERR_INVALID, "%zu of %zu packages were refused", tally.failed,
                        list.count);
    return OK;
}

const struct command command_upload = {
    .name = "upload",
    .words = "PATH...",
    .summary = "Upload ZIPs, plugin folders, or folders of them",
    .help = "A folder with a plugin.py is packed; any other folder stands for the ZIPs and plugin\n"
            "folders in it. The exit status is 1 when any package was refused.",
    .flags = flags,
    .min_words = 1,
    .max_words = CLI_WORDS,
    .exec = exec,
};
