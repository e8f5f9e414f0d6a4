/*
 * stores.c - where blobs and trees lie, from the settings.
 */
#include "cli/stores.h"

#include <string.h>

#include <stdio.h>

#include "blob/blob.h"
#include "blob/tree.h"
#include "cli/settings_check.h"
#include "domain/directory.h"
#include "domain/legacy.h"
#include "domain/reconcile.h"
#include "package/scan.h"

/* The configured root, or the one in the data folder. */
static enum err open_trees(struct ctx *ctx, const struct config *config, const char *key,
                           const char *data, const char *below, struct trees **out)
{
    const char *root = config_text(config, key);
    if (root == NULL)
        root = str_printf(ctx->arena, "%s/plugins/%s", data, below);
    return root ? settings_blame(ctx, trees_open(ctx, root, out), key) : ctx_no_memory(ctx);
}

/* Relative ones lie in the data folder; a server may be started from anywhere. */
static const char *below_data(struct ctx *ctx, const char *data, const char *path)
{
    if (path[0] == '/')
        return path;
    return str_printf(ctx->arena, "%s/%s", data,
                      slice_starts(slice_of(path), "./") ? path + 2 : path);
}

static enum err open_legacy(struct ctx *ctx, const struct config *config, const char *data,
                            struct domain *d)
{
    const struct legacy_paths paths = {
        .plugins = below_data(ctx, data, config_text(config, "store-plugin")),
        .archives = below_data(ctx, data, config_text(config, "store-archived")),
        .shown = config_text(config, "store-plugin"),
    };
    if (paths.plugins == NULL || paths.archives == NULL)
        return ctx_no_memory(ctx);
    if (strcmp(paths.plugins, paths.archives) == 0)
        return ctx_fail_field(ctx, ERR_INVALID, "store-archived",
                              "store-plugin and store-archived both name %s; each needs a folder "
                              "of its own, or archives are taken for plugins that were dropped",
                              paths.plugins);
    enum err err = settings_blame(ctx, legacy_open(ctx, d, &paths), "store-plugin, store-archived");
    if (err != OK || !config_bool(config, "directory-plugins"))
        return err;
    const struct directory_options options = {
        .root = paths.plugins,
        .max_package = config_int(config, "max-upload"),
        .wait_ms = config_int(config, "install-wait"),
    };
    return directory_open(ctx, d, &options);
}

const char *stores_plugin_root(struct ctx *ctx, const struct config *config, const char *data)
{
    return below_data(ctx, data, config_text(config, "store-plugin"));
}

/* Which findings refuse an upload. */
static enum err read_findings_block(struct ctx *ctx, const struct config *config, struct domain *d)
{
    struct slice list = slice_of(config_text(config, "findings-block")), bad;
    if (scan_families(list, &d->limits.findings_block, &bad))
        return OK;
    return ctx_fail_field(ctx, ERR_INVALID, "findings-block",
                          "Setting findings-block knows network, process, files, dynamic, "
                          "obfuscation and secret, not '%.*s'",
                          SLICE_ARGS(slice_sub(bad, 0, 40)));
}

enum err stores_open(struct ctx *ctx, const struct config *config, const char *data,
                     struct domain *d)
{
    enum err err = read_findings_block(ctx, config, d);
    if (err == OK)
        err = blobs_open(ctx, data, &d->blobs);
    if (err == OK)
        err = open_trees(ctx, config, "system-plugins", data, "system", &d->system_trees);
    if (err == OK)
        err = open_trees(ctx, config, "tenant-plugins", data, "tenants", &d->tenant_trees);
    return err == OK ? open_legacy(ctx, config, data, d) : err;
}

void stores_close(struct domain *d)
{
    blobs_close(d->blobs);
    trees_close(d->system_trees);
    trees_close(d->tenant_trees);
    directory_close(d);
    legacy_close(d);
    d->blobs = NULL;
    d->system_trees = d->tenant_trees = NULL;
}

static void log_report(struct log *log, const struct reconcile_report *r)
{
    char text[8][24];
    const int64_t figures[8] = {r->versions,    r->missing,     r->returned,    r->blobs_swept,
                                r->bytes_swept, r->trees_swept, r->trees_built, r->temp_files};
    for (size_t i = 0; i < 8; i++)
        (void)snprintf(text[i], sizeof text[i], "%lld", (long long)figures[i]);
    log_line(log, r->missing ? LOG_WARN : LOG_INFO, NULL, "catalog.reconciled", "versions", text[0],
             "missing", text[1], "returned", text[2], "blobs_swept", text[3], "bytes_swept",
             text[4], "trees_swept", text[5], "trees_built", text[6], "temp_files", text[7], NULL);
}

enum err stores_reconcile(struct ctx *ctx, struct domain *d)
{
    struct reconcile_report report;
    enum err err = reconcile_run(ctx, d, &report);
    if (err == OK)
        log_report(ctx->log, &report);
    return err;
}

void stores_stopped(struct ctx *ctx, struct domain *d)
{
    if (reconcile_ended(ctx, d) != OK)
        log_line(ctx->log, LOG_WARN, NULL, "stop.unsure", "why", ctx_sentence(ctx), "cause",
                 ctx->fault.cause, NULL);
}
