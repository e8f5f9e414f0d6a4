/*
 * import_bucket.c - `larder import-bucket`: takes over a bucket that Cadence has filled.
 *
 * system/{pid}/{version}/plugin.zip and tenants/{org}/{pid}/{version}/plugin.zip become versions of
 * this catalog, each judged as an upload is. The bucket is only read; running it again adds what is
 * new. An org that is not known here is made under its id, so that Cadence's workers find it again.
 */
#include <string.h>

#include "cli/folder.h"
#include "cli/local.h"
#include "cli/object_store.h"
#include "cli/stores.h"
#include "cli/verbs.h"
#include "domain/orgs.h"
#include "domain/publish.h"
#include "net/fetch.h"
#include "net/s3.h"

static const struct cli_flag flags[] = {{"dry-run", NULL, "judge everything and store nothing"},
                                        {NULL, NULL, NULL}};

struct importing {
    struct cli *cli;
    struct local local;
    struct s3 *s3;
    size_t max;
    int64_t added, unchanged, refused;
    struct jw json; /* of --json: an array of what was done */
    struct buf buf;
};

struct place {
    struct slice org, pid, version; /* org: none = system */
};

/* "system/<pid>/<version>/plugin.zip", "tenants/<org>/<pid>/<version>/plugin.zip" */
static bool read_place(struct slice key, struct place *out)
{
    struct slice part[6];
    size_t n = 0;
    while (n < 6 && slice_split(&key, '/', &part[n]))
        n++;
    bool system = n == 4 && slice_is(part[0], "system");
    bool tenant = n == 5 && slice_is(part[0], "tenants");
    if ((!system && !tenant) || !slice_is(part[n - 1], "plugin.zip"))
        return false;
    *out = (struct place){tenant ? part[1] : SLICE_NONE, part[n - 3], part[n - 2]};
    return true;
}

static void say(struct importing *i, const char *what, const char *key, const char *why)
{
    struct cli *cli = i->cli;
    if (!cli->json) {
        (void)fprintf(cli->out, "%-9s %s%s%s\n", what, key, why ? ": " : "", why ? why : "");
        return;
    }
    jw_object(&i->json);
    jw_put_str(&i->json, "key", key);
    jw_put_str(&i->json, "result", what);
    jw_put_str(&i->json, "why", why);
    jw_end(&i->json);
}

static enum err get(struct importing *i, const char *key, int64_t size, struct slice *bytes)
{
    struct ctx *ctx = i->cli->ctx;
    struct s3_answer a;
    if (size > (int64_t)i->max)
        return ctx_fail(ctx, ERR_TOO_LARGE, "It is larger than max-upload (%zu bytes)", i->max);
    enum err err = s3_get(ctx, i->s3, key, i->max, bytes, &a);
    if (err == OK && a.end != S3_OK)
        err = ctx_fail(ctx, ERR_IO, "%s", a.message);
    return err;
}

static enum err ensure_org(struct importing *i, struct upload *up)
{
    struct ctx *ctx = i->cli->ctx;
    struct org org;
    enum err err = orgs_get(ctx, &i->local.domain, up->org_id, true, &org);
    if (err != ERR_NOT_FOUND)
        return err;
    ctx_forgive(ctx);
    up->org_to_come = up->dry_run;
    return up->dry_run ? orgs_may_adopt(ctx, up->org_id)
                       : orgs_adopt(ctx, &i->local.domain, &i->local.actor, up->org_id, &org);
}

static enum err publish(struct importing *i, const struct place *place, const char *key,
                        int64_t size, struct published *done)
{
    struct ctx *ctx = i->cli->ctx;
    struct upload up = {.file_name = SLICE("plugin.zip"),
                        .allow_backport = true, /* the bucket is read by name, not by age */
                        .dry_run = cli_has(i->cli, "dry-run")};
    if (place->org.p && (up.org_id = slice_dup(ctx->arena, place->org)) == NULL)
        return ctx_no_memory(ctx);
    enum err err = get(i, key, size, &up.bytes);
    if (err == OK && up.org_id)
        err = ensure_org(i, &up);
    if (err == OK)
        err = publish_upload(ctx, &i->local.domain, &i->local.actor, &up, done);
    if (err == OK && (!slice_is(place->pid, done->plugin.pid) ||
                      !slice_is(place->version, done->plugin.version)))
        (void)fprintf(i->cli->err, "note: %s calls itself %s %s\n", key, done->plugin.pid,
                      done->plugin.version);
    return err;
}

/* What is the package's own fault is told and the rest goes on. */
static bool is_refusal(enum err err)
{
    int status = err_info(err)->http;
    return status >= 400 && status < 500;
}

static enum err take(void *arg, const struct s3_object *object)
{
    struct importing *i = arg;
    struct ctx *ctx = i->cli->ctx;
    struct arena *callers = ctx->arena, scratch;
    struct published done = {0};
    struct place place;
    if (!read_place(slice_of(object->key), &place))
        return OK;
    arena_init(&scratch, 512 << 20);
    ctx->arena = &scratch;
    enum err err = publish(i, &place, object->key, object->size, &done);
    bool refused = err != OK && is_refusal(err);
    i->refused += refused;
    i->added += err == OK && !done.unchanged;
    i->unchanged += err == OK && done.unchanged;
    if (err == OK || refused)
        say(i,
            refused          ? "refused"
            : done.unchanged ? "unchanged"
                             : "added",
            object->key, refused ? ctx_sentence(ctx) : NULL);
    if (refused) {
        ctx_forgive(ctx);
        err = OK;
    }
    ctx->arena = callers;
    arena_free(&scratch);
    return err;
}

static enum err walk(struct importing *i)
{
    static const char *const prefixes[] = {"system/", "tenants/"};
    struct s3_answer a;
    bool more;
    for (size_t n = 0; n < sizeof prefixes / sizeof *prefixes; n++) {
        enum err err = s3_list(i->cli->ctx, i->s3, prefixes[n], NULL, 0, take, i, &more, &a);
        if (err != OK)
            return err;
        if (a.end != S3_OK)
            return ctx_fail(i->cli->ctx, ERR_IO, "%s", a.message);
    }
    return OK;
}

static enum err sum_up(struct importing *i)
{
    struct cli *cli = i->cli;
    if (cli->json) {
        jw_end(&i->json);
        if (!jw_done(&i->json))
            return ctx_no_memory(cli->ctx);
        (void)fprintf(cli->out, "%.*s\n", SLICE_ARGS(buf_view(&i->buf)));
    } else {
        (void)fprintf(cli->out, "%lld added, %lld unchanged, %lld refused\n", (long long)i->added,
                      (long long)i->unchanged, (long long)i->refused);
    }
    return i->refused ? ctx_fail(cli->ctx, ERR_INVALID, "%lld packages were refused",
                                 (long long)i->refused)
                      : OK;
}

static enum err exec(struct cli *cli)
{
    struct importing *i = arena_alloc(cli->ctx->arena, sizeof *i);
    int lock = -1;
    if (i == NULL)
        return ctx_no_memory(cli->ctx);
    i->cli = cli;
    buf_init(&i->buf, cli->ctx->arena, 64 << 20);
    jw_start(&i->json, &i->buf);
    jw_array(&i->json);
    enum err err = local_open(cli, &i->local);
    bool fetching = err == OK && (err = fetch_open()) == OK;
    if (err == OK)
        err = folder_lock(cli->ctx, i->local.data, &lock);
    if (err == OK)
        err = stores_open(cli->ctx, cli->config, i->local.data, &i->local.domain);
    if (err == OK)
        err = object_store_need(cli, &i->s3);
    if (err == OK) {
        i->max = (size_t)config_int(cli->config, "max-upload");
        err = walk(i);
    }
    if (err == OK)
        err = sum_up(i);
    s3_close(i->s3);
    stores_close(&i->local.domain);
    local_close(&i->local);
    folder_unlock(lock);
    if (fetching)
        fetch_close();
    return err;
}

const struct command command_import_bucket = {
    .name = "import-bucket",
    .words = "",
    .summary = "Take over the plugins of a bucket that Cadence has filled",
    .help =
        "Reads system/{pid}/{version}/plugin.zip and tenants/{org}/{pid}/{version}/plugin.zip of\n"
        "the configured bucket into the data folder; no server may run on it. Nothing in the\n"
        "bucket is changed. The exit status is 1 when a package was refused.",
    .flags = flags,
    .exec = exec,
};
