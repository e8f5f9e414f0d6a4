/*
 * lint.c - `larder lint PATH...`: what an upload would say, without a server.
 *
 * The same reading as an upload's (package/inspect.c), on ZIPs and on folders as they lie. Rules
 * that need to know the catalog (which versions exist, whose domain it is) are not asked.
 */
#include "cli/pack.h"
#include "cli/verbs.h"
#include "package/inspect.h"
#include "package/zip_source.h"

struct judged {
    const char *path;
    enum err err;
    const struct fault_item *error, *warning;
    size_t errors, warnings;
    const struct plugin_meta *meta;
};

static enum err judge(struct cli *cli, const char *path, struct judged *out)
{
    struct ctx *ctx = cli->ctx;
    struct inspection *found = arena_alloc(ctx->arena, sizeof *found);
    struct package_source source;
    struct slice bytes;
    struct zip *zip;
    const char *name;
    if (found == NULL)
        return ctx_no_memory(ctx);
    enum err err = pack_read(cli, path, &bytes, &name);
    if (err == OK)
        err = zip_open(ctx, bytes, &zip_limits_cadence, &zip);
    if (err == OK)
        err = zip_verify(ctx, zip);
    if (err == OK)
        err = zip_source(ctx, zip, &source);
    if (err == OK) {
        err = inspect_package(ctx, &source, found);
        out->meta = &found->meta;
        out->warning = found->warnings.items;
        out->warnings = found->warnings.count;
    }
    out->error = ctx->fault.items;
    out->errors = ctx->fault.item_count;
    return err;
}

static void print_items(struct cli *cli, const char *path, const char *level,
                        const struct fault_item *item, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct fault_item *it = &item[i];
        (void)fprintf(cli->out, "%s%s%s:", path, it->file ? "/" : "", it->file ? it->file : "");
        if (it->line)
            (void)fprintf(cli->out, "%d:%d:", it->line, it->column);
        (void)fprintf(cli->out, " %s: %s [%s]\n", level, it->sentence, it->rule);
        if (it->remedy)
            (void)fprintf(cli->out, "    %s\n", it->remedy);
    }
}

static void print_judged(struct cli *cli, const struct judged *j)
{
    if (j->err != OK && j->errors == 0)
        (void)fprintf(cli->out, "%s: error: %s\n", j->path, ctx_sentence(cli->ctx));
    print_items(cli, j->path, "error", j->error, j->errors);
    print_items(cli, j->path, "warning", j->warning, j->warnings);
    if (j->err == OK)
        (void)fprintf(cli->out, "%s: ok: %s %s\n", j->path,
                      j->meta->pid ? j->meta->pid : j->meta->name, j->meta->version);
}

static void put_items(struct jw *w, const char *level, const struct fault_item *item, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        jw_object(w);
        jw_put_str(w, "level", level);
        jw_put_str(w, "rule", item[i].rule);
        jw_put_str(w, "field", item[i].field);
        jw_put_str(w, "file", item[i].file);
        jw_put_int(w, "line", item[i].line);
        jw_put_int(w, "column", item[i].column);
        jw_put_str(w, "message", item[i].sentence);
        jw_put_str(w, "remedy", item[i].remedy);
        jw_end(w);
    }
}

static void put_judged(struct cli *cli, struct jw *w, const struct judged *j)
{
    jw_object(w);
    jw_put_str(w, "path", j->path);
    jw_put_bool(w, "ok", j->err == OK);
    jw_put_str(w, "pid", j->meta ? j->meta->pid : NULL);
    jw_put_str(w, "version", j->meta ? j->meta->version : NULL);
    jw_put_str(w, "message", j->err == OK ? NULL : ctx_sentence(cli->ctx));
    jw_key(w, "findings");
    jw_array(w);
    put_items(w, "error", j->error, j->errors);
    put_items(w, "warning", j->warning, j->warnings);
    jw_end(w);
    jw_end(w);
}

static enum err exec(struct cli *cli)
{
    struct pack_list list = {0};
    size_t bad = 0;
    struct buf b;
    struct jw w;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < cli->words; i++)
        err = pack_find(cli, cli->word[i], &list);
    if (err != OK)
        return err;
    cli_json(cli, &b, &w);
    jw_array(&w);
    for (size_t i = 0; i < list.count; i++) {
        struct judged j = {.path = list.path[i]};
        j.err = judge(cli, list.path[i], &j);
        bad += j.err != OK;
        if (cli->json)
            put_judged(cli, &w, &j);
        else
            print_judged(cli, &j);
        ctx_forgive(cli->ctx);
    }
    jw_end(&w);
    if (cli->json && (err = cli_json_done(cli, &b, &w)) != OK)
        return err;
    if (bad)
        return ctx_fail(cli->ctx, ERR_INVALID, "%zu of %zu packages have errors", bad, list.count);
    return OK;
}

const struct command command_lint = {
    .name = "lint",
    .words = "PATH...",
    .summary = "Check ZIPs or plugin folders as an upload would, offline",
    .help = "Prints file, line, rule, sentence and remedy of every finding. Exit status 1 when a\n"
            "package has errors; warnings do not count.",
    .min_words = 1,
    .max_words = CLI_WORDS,
    .exec = exec,
};
