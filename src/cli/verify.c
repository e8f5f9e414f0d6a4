/*
 * verify.c - `larder verify [--deep]`: is what is stored still what was stored?
 *
 * The database is copied at one moment and the copy is checked, so that a server may go on working;
 * the audit chain is walked; every package that a row names must be there. With --deep every
 * package is read and hashed. Nothing is repaired here: what is damaged is named.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blob/blob.h"
#include "cli/chain.h"
#include "cli/local.h"
#include "cli/verbs.h"
#include "cli/workroom.h"
#include "store/plugin_store.h"
#include "store/snapshot.h"

enum { LISTED_MAX = 1000 }; /* damaged packages that are named; more are only counted */

struct names {
    const char **list;
    size_t count; /* may be more than are listed */
};

struct verify {
    struct cli *cli;
    struct local local;
    struct blobs *blobs;
    const char *database_problem; /* NULL = it is sound */
    struct audit_walk chain;
    int64_t checked; /* packages */
    struct names damaged, missing;
};

static enum err add_name(struct ctx *ctx, struct names *names, const char *sha256)
{
    if (names->list == NULL)
        names->list = arena_array(ctx->arena, LISTED_MAX, sizeof *names->list);
    const char *name = str_printf(ctx->arena, "blobs/%.2s/%s", sha256, sha256);
    if (names->list == NULL || name == NULL)
        return ctx_no_memory(ctx);
    if (names->count < LISTED_MAX)
        names->list[names->count] = name;
    names->count++;
    return OK;
}

/* Turns the failure of a check into what it found. */
static enum err as_problem(struct verify *v, enum err err)
{
    struct ctx *ctx = v->cli->ctx;
    if (err != ERR_INVALID && err != ERR_CORRUPT)
        return err;
    v->database_problem = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
    ctx_forgive(ctx);
    return v->database_problem ? OK : ctx_no_memory(ctx);
}

static enum err check_database(struct verify *v)
{
    struct ctx *ctx = v->cli->ctx;
    struct workroom room;
    const char *from = str_printf(ctx->arena, "%s/larder.db", v->local.data);
    if (from == NULL)
        return ctx_no_memory(ctx);
    enum err err = workroom_open(ctx, v->local.data, &room);
    if (err == OK)
        err = snapshot_make(ctx, from, room.copy);
    if (err == OK)
        err = snapshot_check(ctx, room.copy);
    workroom_close(&room);
    return as_problem(v, err);
}

/* A row names this package: is it there, with that size? */
static enum err check_named(void *arg, const struct artifact *a)
{
    struct verify *v = arg;
    if (blob_is_there(v->blobs, a->sha256, a->size_bytes))
        return OK;
    return add_name(v->cli->ctx, &v->missing, a->sha256);
}

static enum err check_rows(struct ctx *ctx, struct conn *conn, void *arg)
{
    return plugin_store_artifacts(ctx, conn, check_named, arg);
}

static enum err check_one(struct verify *v, const char *sha256)
{
    struct ctx *ctx = v->cli->ctx;
    v->checked++;
    enum err err = blob_verify(ctx, v->blobs, sha256);
    if (err == ERR_NOT_FOUND) { /* removed since it was listed */
        ctx_forgive(ctx);
        return OK;
    }
    if (err != ERR_CORRUPT)
        return err;
    ctx_forgive(ctx);
    return add_name(ctx, &v->damaged, sha256);
}

static enum err check_folder(struct verify *v, unsigned folder)
{
    struct ctx *ctx = v->cli->ctx;
    const char *path = str_printf(ctx->arena, "%s/blobs/%02x", v->local.data, folder);
    DIR *dir = path ? opendir(path) : NULL;
    if (dir == NULL)
        return path == NULL      ? ctx_no_memory(ctx)
               : errno == ENOENT ? OK
                                 : ctx_fail_errno(ctx, errno, path);
    enum err err = OK;
    for (const struct dirent *e; err == OK && (e = readdir(dir)) != NULL;)
        if (strlen(e->d_name) == SHA256_HEX - 1)
            err = check_one(v, e->d_name);
    (void)closedir(dir);
    return err;
}

static enum err check_packages(struct verify *v)
{
    struct ctx *ctx = v->cli->ctx;
    enum err err = blobs_open(ctx, v->local.data, &v->blobs);
    if (err == OK)
        err = store_read(ctx, v->local.store, check_rows, v);
    for (unsigned i = 0; i < 256 && err == OK && cli_has(v->cli, "deep"); i++)
        err = check_folder(v, i);
    return err;
}

static bool all_well(const struct verify *v)
{
    return v->database_problem == NULL && v->chain.broken_at == 0 && v->damaged.count == 0 &&
           v->missing.count == 0;
}

static void put_names(struct jw *j, const char *key, const struct names *names)
{
    jw_key(j, key);
    jw_array(j);
    for (size_t i = 0; i < names->count && i < LISTED_MAX; i++)
        jw_str(j, names->list[i]);
    jw_end(j);
}

static enum err report_json(struct verify *v)
{
    struct buf b;
    struct jw j;
    cli_json(v->cli, &b, &j);
    jw_object(&j);
    jw_put_bool(&j, "ok", all_well(v));
    jw_put_bool(&j, "deep", cli_has(v->cli, "deep"));
    jw_put_bool(&j, "database_ok", v->database_problem == NULL);
    jw_put_str(&j, "database_problem", v->database_problem);
    jw_put_bool(&j, "audit_ok", v->chain.broken_at == 0);
    jw_put_int(&j, "audit_rows", v->chain.seq);
    jw_put_int(&j, "packages_hashed", v->checked);
    put_names(&j, "damaged", &v->damaged);
    put_names(&j, "missing", &v->missing);
    jw_end(&j);
    return cli_json_done(v->cli, &b, &j);
}

static void list_names(FILE *out, const char *what, const struct names *names)
{
    for (size_t i = 0; i < names->count && i < LISTED_MAX; i++)
        (void)fprintf(out, "%s %s\n", what, names->list[i]);
    if (names->count > LISTED_MAX)
        (void)fprintf(out, "%s %zu more\n", what, names->count - LISTED_MAX);
}

static enum err report(struct verify *v)
{
    FILE *out = v->cli->out;
    if (v->cli->json)
        return report_json(v);
    (void)fprintf(out, "database  %s\n", v->database_problem ? v->database_problem : "sound");
    if (v->chain.broken_at)
        (void)fprintf(out, "audit     broken at row %" PRId64 ": %s\n", v->chain.broken_at,
                      v->chain.why);
    else
        (void)fprintf(out, "audit     whole, %" PRId64 " rows\n", v->chain.seq);
    if (cli_has(v->cli, "deep"))
        (void)fprintf(out, "packages  %" PRId64 " hashed\n", v->checked);
    list_names(out, "damaged  ", &v->damaged);
    list_names(out, "missing  ", &v->missing);
    return OK;
}

static enum err exec(struct cli *cli)
{
    struct verify v = {.cli = cli};
    enum err err = local_open(cli, &v.local);
    if (err == OK)
        err = check_database(&v);
    if (err == OK)
        err = chain_walk(cli->ctx, v.local.store, &v.chain);
    if (err == OK)
        err = check_packages(&v);
    blobs_close(v.blobs);
    local_close(&v.local);
    if (err == OK)
        err = report(&v);
    if (err == OK && !all_well(&v))
        return ctx_fail(cli->ctx, ERR_CORRUPT, "Something is damaged; restore it from a backup");
    return err;
}

static const struct cli_flag flags[] = {{"deep", NULL, "read and hash every package too"},
                                        {NULL, NULL, NULL}};

const struct command command_verify = {
    .name = "verify",
    .words = "",
    .summary = "Check the database, the audit record and the packages",
    .help = "It may run beside a server. With --deep every package is read, which takes its time.",
    .flags = flags,
    .exec = exec,
};
