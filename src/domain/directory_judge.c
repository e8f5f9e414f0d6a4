/*
 * directory_judge.c - one dropped thing: packed, compared with what it was, published.
 *
 * The row of the thing is written after its version; after a crash in between the next pass finds
 * the version by its hash and takes it as its own.
 */
#include "domain/directory_judge.h"

#include <string.h>

#include "base/log.h"
#include "domain/actor.h"
#include "domain/catalog.h"
#include "domain/domain.h"
#include "domain/legacy_names.h"
#include "domain/legacy_place.h"
#include "package/version.h"
#include "package/zip_write.h"
#include "store/plugin_store.h"

struct judging {
    struct domain *d;
    const struct directory_task *task;
    struct directory_verdict *out;
    struct slice bytes;
    char sha256[SHA256_HEX];
    struct plugin row; /* of the version that the name speaks of, with `found` */
    bool found;
};

static enum err put_row(struct ctx *ctx, struct conn *conn, void *arg)
{
    return directory_store_put(ctx, conn, arg);
}

/* ---- packing ------------------------------------------------------------------------------------ */

struct packing {
    struct zip_writer writer;
    struct buf out;
    bool is_zip;
};

static enum err take(void *arg, struct slice name, struct slice bytes)
{
    struct packing *p = arg;
    if (!p->is_zip)
        return zip_write_add(&p->writer, name, bytes, ZIP_PACK_SMALLER);
    p->out.p = (char *)(uintptr_t)bytes.p; /* a ZIP is taken as it is, from where it was read to */
    p->out.n = bytes.n;
    return OK;
}

static enum err pack(struct ctx *ctx, struct judging *j)
{
    unsigned char hash[SHA256_BYTES];
    struct packing *p = arena_alloc(ctx->arena, sizeof *p);
    if (p == NULL)
        return ctx_no_memory(ctx);
    p->is_zip = j->task->item->is_zip;
    buf_init(&p->out, ctx->arena, (size_t)j->task->limits->zip_bytes);
    if (!p->is_zip)
        zip_write_begin(&p->writer, ctx, &p->out);
    enum err err = dropped_read(ctx, j->task->root, j->task->item->name, p->is_zip, j->task->limits,
                                take, p);
    if (err == OK && !p->is_zip)
        err = zip_write_end(&p->writer);
    if (err != OK)
        return err;
    j->bytes = buf_view(&p->out);
    crypto_sha256(j->bytes, hash);
    crypto_hex(hash, sizeof hash, j->sha256);
    return OK;
}

/* ---- judging ------------------------------------------------------------------------------------ */

static enum err find_version(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct judging *j = arg;
    struct slice whole = slice_of(j->task->item->name), name, text;
    struct version v;
    if (j->task->item->is_zip)
        whole.n -= 4;
    j->found = false;
    if (!legacy_cut(whole, &name, &text) || !version_parse(VERSION_PEP440, text, &v))
        return OK;
    const char *plugin = slice_dup(ctx->arena, name);
    const char *pid = plugin ? legacy_pid(ctx->arena, plugin) : NULL;
    if (pid == NULL)
        return ctx_no_memory(ctx);
    j->out->row.plugin = plugin;
    struct slice key = {(const char *)v.key, v.key_len};
    return plugin_store_find_version(ctx, conn, NULL, pid, key, &j->row, &j->found);
}

static bool is_refusal(enum err err)
{
    return err == ERR_INVALID || err == ERR_TOO_LARGE || err == ERR_EXISTS ||
           err == ERR_NOT_FOUND || err == ERR_CONFLICT;
}

static enum err say_failed(struct ctx *ctx, struct judging *j, const char *reason)
{
    j->out->row.state = "failed";
    j->out->row.reason = slice_dup(ctx->arena, slice_of(reason));
    ctx_forgive(ctx);
    return j->out->row.reason ? OK : ctx_no_memory(ctx);
}

/* The version that it became before: the one in the row, or, after a crash, one with its bytes
 * that no person uploaded. */
static bool is_its_own(const struct judging *j)
{
    const char *id = j->task->before ? j->task->before->plugin_id : NULL;
    return j->found && ((id && strcmp(id, j->row.id) == 0) ||
                        (j->row.created_by == NULL && strcmp(j->row.sha256, j->sha256) == 0));
}

static enum err publish(struct ctx *ctx, struct judging *j)
{
    const struct actor actor = actor_system();
    const char *file = j->task->item->is_zip
                           ? j->task->item->name
                           : str_printf(ctx->arena, "%s.zip", j->task->item->name);
    if (file == NULL)
        return ctx_no_memory(ctx);
    if (strchr(j->task->item->name, '-') ==
        NULL) /* before its bytes: people know a folder by its name */
        return say_failed(ctx, j,
                          "Its name must be {name}-{version}, as in math_plugin-1.0.0 or "
                          "math_plugin-1.0.0.zip");
    const struct legacy_upload up = {.file_name = slice_of(file),
                                     .bytes = j->bytes,
                                     .force = is_its_own(j),
                                     .in_place = !j->task->item->is_zip,
                                     .wait_ms = j->task->wait_ms};
    struct legacy_done done;
    enum err err = legacy_upload(ctx, j->d, &actor, &up, &done);
    if (err == ERR_EXISTS)
        return say_failed(ctx, j,
                          "That version was uploaded; delete it first, or raise the version");
    if (is_refusal(err))
        return say_failed(ctx, j, ctx_sentence(ctx));
    if (err != OK)
        return err;
    j->out->again = done.pending_id != NULL;
    if (j->out->again)
        return say_failed(ctx, j, "Its dependencies are still being installed");
    err = store_read(ctx, j->d->store, find_version, j);
    j->out->row.state = "listed";
    j->out->row.plugin_id = j->found ? j->row.id : NULL;
    return err;
}

/* It came back as it was when it went. */
static enum err bring_back(struct ctx *ctx, struct judging *j)
{
    const struct actor actor = actor_system();
    const bool on = true;
    const struct catalog_change change = {.enabled = &on};
    struct plugin out;
    j->out->row.state = "listed";
    j->out->row.plugin_id = j->row.id;
    return catalog_change(ctx, j->d, &actor, NULL, j->row.id, &change, &out);
}

static enum err decide(struct ctx *ctx, struct judging *j)
{
    bool same = j->task->before && strcmp(j->task->before->sha256, j->sha256) == 0;
    bool own = is_its_own(j) && strcmp(j->row.sha256, j->sha256) == 0;
    if (same && strcmp(j->task->before->state, "listed") == 0) {
        j->out->row = *j->task
                           ->before; /* whatever became of its version since is somebody's wish */
        j->out->same = true;
        return OK;
    }
    if (own && same && strcmp(j->task->before->state, "gone") == 0)
        return bring_back(ctx, j);
    if (own) {
        j->out->row.state = "listed"; /* after a crash, or after a wait for dependencies */
        j->out->row.plugin_id = j->row.id;
        return OK;
    }
    return publish(ctx, j);
}

static enum err run(struct ctx *ctx, struct judging *j)
{
    const char *problem = j->task->item->problem;
    enum err err = problem ? say_failed(ctx, j, problem) : pack(ctx, j);
    if (is_refusal(err))
        err = say_failed(ctx, j, ctx_sentence(ctx));
    if (err == OK)
        err = store_read(ctx, j->d->store, find_version, j);
    return err == OK && j->out->row.state == NULL ? decide(ctx, j) : err;
}

enum err directory_judge(struct ctx *ctx, struct domain *d, const struct directory_task *task,
                         struct directory_verdict *out)
{
    struct judging *j = arena_alloc(ctx->arena, sizeof *j);
    if (j == NULL)
        return ctx_no_memory(ctx);
    *out = (struct directory_verdict){.row = {.plugin = ""}};
    j->d = d;
    j->task = task;
    j->out = out;
    enum err err = run(ctx, j);
    if (err != OK || out->same)
        return err;
    out->row.name = task->item->name;
    out->row.sha256 = j->sha256;
    out->row.judged_at = ctx->now;
    /* what it became before stays its own while it is broken */
    if (out->row.plugin_id == NULL && task->before)
        out->row.plugin_id = task->before->plugin_id;
    return store_write(ctx, d->store, put_row, &out->row);
}

/* ---- what went ---------------------------------------------------------------------------------- */

enum err directory_let_go(struct ctx *ctx, struct domain *d, const struct directory_row *row)
{
    const struct actor actor = actor_system();
    const bool off = false;
    const struct catalog_change change = {.enabled = &off};
    struct directory_row after = *row;
    struct plugin out;
    enum err err = OK;
    if (row->plugin_id)
        err = catalog_change(ctx, d, &actor, NULL, row->plugin_id, &change, &out);
    if (err == ERR_NOT_FOUND) { /* deleted, and its folder with it */
        ctx_forgive(ctx);
        after.plugin_id = NULL;
        err = OK;
    }
    after.state = "gone";
    after.reason = NULL;
    after.judged_at = ctx->now;
    if (err == OK)
        err = store_write(ctx, d->store, put_row, &after);
    log_line(ctx->log, LOG_INFO, NULL, "directory.gone", "name", row->name, NULL);
    return err;
}
