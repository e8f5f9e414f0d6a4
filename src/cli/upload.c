/*
 * upload.c - `larder upload PATH...`: packages into the catalog, one after the other.
 *
 * One that is refused does not stop the rest; its findings are printed under it, and the exit
 * status says that something was refused. Sending the same bytes again changes nothing, so a batch
 * that was broken off can simply be started again; --resume spares it the way to the server too
 * (journal.h). A bar is drawn only on a terminal.
 */
#include <string.h>
#include <unistd.h>

#include "cli/finding.h"
#include "cli/journal.h"
#include "cli/pack.h"
#include "cli/target.h"
#include "cli/verbs.h"

enum { BAR = 24 };

static const struct cli_flag flags[] = {
    {"org", "ORG", "into this org's catalog (id, domain or name); without it the system catalog"},
    {"dry-run", NULL, "check everything, store nothing"},
    {"allow-backport", NULL, "accept a version below the highest one; latest does not move"},
    {"v1", NULL,
     "over the v1 API, as {name}-{version}.zip: system plugins that stand in both stores"},
    {"force", NULL, "with --v1: replace a version that exists"},
    {"resume", "FILE", "note in FILE what is done, and skip what it notes"},
    {NULL, NULL, NULL}};

/* What all packages of one call share. */
struct batch {
    struct cli *cli;
    struct target *target;
    const char *path;        /* with the query */
    struct journal *journal; /* NULL = none */
    size_t number, count;
    size_t stored, unchanged, waiting, failed, skipped;
};

struct progress {
    const struct batch *batch;
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
    FILE *err = p->batch->cli->err;
    (void)fprintf(err, "\r%zu/%zu %-36.36s [%.*s%*s] %3d%%", p->batch->number, p->batch->count,
                  p->name, filled > BAR ? BAR : filled, "########################", BAR - filled,
                  "", (int)(sent * 100 / p->size));
    (void)fflush(err);
    return true;
}

/* What the answer calls the plugin: the v1 API has names of its own. */
static struct slice either(const struct jr *v, const char *key, const char *v1_key)
{
    struct slice text = jr_str(jr_member(v, key));
    return text.p ? text : jr_str(jr_member(v, v1_key));
}

/* One line for a person, or one JSON object, for each package. */
static void report_done(struct batch *b, const struct target_answer *answer)
{
    struct cli *cli = b->cli;
    const struct jr *v;
    if (jr_parse(cli->ctx, answer->body, &v) != OK) {
        ctx_forgive(cli->ctx);
        return;
    }
    bool unchanged = jr_bool(jr_member(v, "unchanged")), waits = answer->status == 202;
    b->unchanged += unchanged;
    b->waiting += waits;
    b->stored += !unchanged && !waits;
    if (cli->json) {
        (void)fprintf(cli->out, "%.*s\n", SLICE_ARGS(answer->body));
        return;
    }
    struct slice pid = either(v, "pid", "plugin_name");
    struct slice version = either(v, "version", "plugin_version");
    (void)fprintf(cli->out, "%s  %.*s %.*s%s\n",
                  unchanged                          ? "same  "
                  : waits                            ? "waits "
                  : jr_bool(jr_member(v, "dry_run")) ? "valid "
                                                     : "stored",
                  SLICE_ARGS(pid), SLICE_ARGS(version),
                  jr_bool(jr_member(v, "is_latest")) ? "  (latest)" : "");
}

static void report_failed(struct batch *b, const char *path)
{
    struct cli *cli = b->cli;
    const struct fault *f = &cli->ctx->fault;
    b->failed++;
    if (cli->json) {
        struct buf text;
        struct jw j;
        cli_json(cli, &text, &j);
        jw_object(&j);
        jw_put_str(&j, "file", path);
        jw_put_str(&j, "error", err_info(f->err)->name);
        jw_put_str(&j, "code", ctx_code(cli->ctx));
        jw_put_str(&j, "message", ctx_sentence(cli->ctx));
        jw_key(&j, "findings");
        finding_faults_json(&j, f);
        jw_end(&j);
        if (jw_done(&j))
            (void)fprintf(cli->out, "%.*s\n", (int)text.n, text.p);
    } else {
        (void)fprintf(cli->out, "failed  %s: %s\n", path, ctx_sentence(cli->ctx));
        finding_faults_print(cli->out, path, f);
        if (cli_has(cli, "v1") && f->err == ERR_INVALID && f->item_count == 0)
            (void)fprintf(cli->out, "    `larder lint --v1 %s` shows all that its code has\n",
                          path);
    }
    ctx_forgive(cli->ctx);
}

static enum err send_package(struct batch *b, struct slice bytes, const char *name,
                             struct target_answer *answer)
{
    struct cli *cli = b->cli;
    struct progress progress = {b, name, (int64_t)bytes.n, isatty(STDERR_FILENO) == 1};
    struct target_request req = {.method = "POST",
                                 .path = b->path,
                                 .file = bytes,
                                 .file_name = name,
                                 .progress = draw,
                                 .progress_arg = &progress,
                                 .out = -1};
    enum err err = OK;
    if (cli_has(cli, "v1"))
        err = target_form(cli, &req, "force_overwrite", cli_has(cli, "force") ? "true" : "false");
    if (err == OK)
        err = target_run(cli, b->target, &req, answer);
    if (progress.tty)
        (void)fprintf(cli->err, "\r%*s\r", 80, "");
    return err;
}

static enum err upload_one(struct batch *b, const char *path, struct target_answer *answer,
                           bool *skip)
{
    char sha256[SHA256_HEX];
    unsigned char hash[SHA256_BYTES];
    struct slice bytes;
    const char *name;
    enum err err = pack_read(b->cli, path, &bytes, &name);
    *skip = false;
    if (err != OK)
        return err;
    crypto_sha256(bytes, hash);
    crypto_hex(hash, sizeof hash, sha256);
    *skip = b->journal && journal_has(b->journal, sha256);
    if (*skip)
        return OK;
    err = send_package(b, bytes, name, answer);
    return err == OK && b->journal ? journal_add(b->cli, b->journal, sha256) : err;
}

/* Packages are large and many: each has an arena of its own. */
static void upload_and_report(struct batch *b, const char *path)
{
    struct ctx *ctx = b->cli->ctx;
    struct arena *all = ctx->arena, scratch;
    struct target_answer answer = {0};
    bool skip;
    arena_init(&scratch, 512u << 20);
    ctx->arena = &scratch;
    b->number++;
    if (upload_one(b, path, &answer, &skip) != OK)
        report_failed(b, path);
    else if (skip)
        b->skipped++;
    else
        report_done(b, &answer);
    ctx->arena = all;
    arena_free(&scratch);
}

static enum err check_flags(struct cli *cli)
{
    static const char *const not_v1[] = {"org", "dry-run", "allow-backport"};
    if (!cli_has(cli, "v1"))
        return cli_has(cli, "force") ? cli_usage(cli, "--force goes with --v1; other versions are "
                                                      "immutable")
                                     : OK;
    for (size_t i = 0; i < sizeof not_v1 / sizeof *not_v1; i++)
        if (cli_value(cli, not_v1[i]) || cli_has(cli, not_v1[i]))
            return cli_usage(cli, "--v1 knows no --%s", not_v1[i]);
    return OK;
}

/* Where packages go, with what is asked of all of them. */
static enum err find_path(struct batch *b)
{
    struct cli *cli = b->cli;
    const char *base;
    b->path = "/api/v1/plugins/upload";
    if (cli_has(cli, "v1"))
        return OK;
    enum err err = target_plugins(cli, b->target, &base);
    if (err != OK)
        return err;
    b->path = str_printf(cli->ctx->arena, "%s/upload?dry_run=%s&allow_backport=%s", base,
                         cli_has(cli, "dry-run") ? "true" : "false",
                         cli_has(cli, "allow-backport") ? "true" : "false");
    return b->path ? OK : ctx_no_memory(cli->ctx);
}

static void say_total(const struct batch *b)
{
    struct cli *cli = b->cli;
    if (cli->json)
        return;
    (void)fprintf(cli->err, "%zu %s, %zu unchanged, %zu failed", b->stored,
                  cli_has(cli, "dry-run") ? "valid" : "stored", b->unchanged, b->failed);
    if (b->waiting)
        (void)fprintf(cli->err, ", %zu waiting for dependencies", b->waiting);
    if (b->journal)
        (void)fprintf(cli->err, ", %zu done before", b->skipped);
    (void)fprintf(cli->err, "\n");
}

static enum err exec(struct cli *cli)
{
    struct batch b = {.cli = cli};
    struct pack_list list = {0};
    const char *resume = cli_value(cli, "resume");
    enum err err = check_flags(cli);
    for (size_t i = 0; err == OK && i < cli->words; i++)
        err = pack_find(cli, cli->word[i], &list);
    if (err == OK)
        err = target_open(cli, true, &b.target);
    if (err == OK)
        err = find_path(&b);
    if (err == OK && resume)
        err = journal_open(cli, resume, b.path, &b.journal);
    b.count = list.count;
    for (size_t i = 0; err == OK && i < list.count; i++)
        upload_and_report(&b, list.path[i]);
    journal_close(b.journal);
    target_close(b.target);
    if (err != OK)
        return err;
    say_total(&b);
    if (b.failed)
        return ctx_fail(cli->ctx, ERR_INVALID, "%zu of %zu packages were refused", b.failed,
                        list.count);
    return OK;
}

const struct command command_upload = {
    .name = "upload",
    .words = "PATH...",
    .summary = "Upload ZIPs, plugin folders, or folders of them",
    .help = "A folder with a plugin.py is packed; any other folder stands for the ZIPs and plugin\n"
            "folders in it. The exit status is 1 when any package was refused. A batch that was\n"
            "broken off can be started again: what is there already is left as it is. With\n"
            "--resume FILE it goes on behind the last package that FILE notes.",
    .flags = flags,
    .min_words = 1,
    .max_words = CLI_WORDS,
    .exec = exec,
};
