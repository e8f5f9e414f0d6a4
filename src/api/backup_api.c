/*
 * backup_api.c - backups of the whole appliance, and putting one in the place of what is there.
 *
 * A backup is made by a job and then stands in a list to be downloaded. A restore takes two steps:
 * a preview reads and checks every byte and says what would change; the restore itself names what
 * the preview left, wants the password once more and a typed word. How it is done: cli/shelf.c.
 */
#include "api/backup_api.h"

#include "api/api.h"
#include "auth/confirm.h"
#include "http/body.h"

enum { PASSWORD_FIELD_MAX = 1024, TOKEN_MAX = 64, WORD_MAX = 32 };

static enum err make(struct ctx *ctx, struct call *call);
static enum err list(struct ctx *ctx, struct call *call);
static enum err download(struct ctx *ctx, struct call *call);
static enum err remove_one(struct ctx *ctx, struct call *call);
static enum err preview_kept(struct ctx *ctx, struct call *call);
static enum err preview_sent(struct ctx *ctx, struct call *call);
static enum err restore(struct ctx *ctx, struct call *call);

#define READ "cadence:system:backup:read"
#define WRITE "cadence:system:backup:write"

// clang-format off
static const struct route routes[] = {
    {METHOD_POST,   "/api/admin/backups",                READ,  BODY_NONE,   0, make,         "Make a backup of everything, as a job"},
    {METHOD_GET,    "/api/admin/backups",                READ,  BODY_NONE,   0, list,         "Backups that are kept here, newest first"},
    {METHOD_GET,    "/api/admin/backups/{name}",         READ,  BODY_NONE,   0, download,     "One backup, a tar file"},
    {METHOD_DELETE, "/api/admin/backups/{name}",         WRITE, BODY_NONE,   0, remove_one,   "Delete a backup"},
    {METHOD_POST,   "/api/admin/backups/{name}/preview", WRITE, BODY_NONE,   0, preview_kept, "Check a backup that is kept here, and say what a restore of it would change"},
    {METHOD_POST,   "/api/admin/restore/preview",        WRITE, BODY_UPLOAD, 0, preview_sent, "Check a backup that is sent along, and say what a restore of it would change"},
    {METHOD_POST,   "/api/admin/restore",                WRITE, BODY_JSON,   0, restore,      "Put a checked backup in the place of everything, and start anew"},
};
// clang-format on

const struct route_table backup_api_table = {"backup_api", routes, sizeof routes / sizeof *routes};

static enum err keeper_of(struct ctx *ctx, const struct call *call,
                          const struct backup_keeper **out)
{
    *out = api_of(call)->backups;
    return *out ? OK : ctx_fail(ctx, ERR_BUSY, "Backups are kept by a running server only");
}

static enum err make(struct ctx *ctx, struct call *call)
{
    const struct backup_keeper *keeper;
    const char *job_id, *name;
    struct jw j;
    enum err err = keeper_of(ctx, call, &keeper);
    if (err == OK)
        err = keeper->queue(ctx, keeper->arg, api_actor(call), &job_id, &name);
    if (err != OK)
        return err;
    reply_status(call->reply, 202);
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "message", "The backup is queued");
    jw_put_str(&j, "name", name);
    jw_put_str(&j, "job_id", job_id);
    jw_end(&j);
    return OK;
}

static enum err list(struct ctx *ctx, struct call *call)
{
    const struct backup_keeper *keeper;
    struct backup_entry *entries;
    size_t count;
    struct jw j;
    enum err err = keeper_of(ctx, call, &keeper);
    if (err == OK)
        err = keeper->list(ctx, keeper->arg, &entries, &count);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++) {
        jw_object(&j);
        jw_put_str(&j, "name", entries[i].name);
        jw_put_int(&j, "bytes", entries[i].bytes);
        jw_put_time(&j, "made_at", entries[i].made_at);
        jw_put_time(&j, "verified_at", entries[i].verified_at);
        jw_end(&j);
    }
    jw_end(&j);
    return OK;
}

static enum err download(struct ctx *ctx, struct call *call)
{
    const struct backup_keeper *keeper;
    const char *name;
    int64_t size;
    int fd;
    enum err err = keeper_of(ctx, call, &keeper);
    if (err == OK)
        err = api_param(ctx, call, "name", &name);
    if (err == OK)
        err = keeper->open(ctx, keeper->arg, name, &fd, &size);
    if (err != OK)
        return err;
    const char *as = str_printf(ctx->arena, "attachment; filename=\"%s\"", name);
    if (as)
        reply_field(call->reply, "Content-Disposition", as);
    reply_no_store(call->reply);
    reply_file(call->reply, "application/x-tar", fd, 0, (off_t)size);
    return as ? OK : ctx_no_memory(ctx);
}

static enum err remove_one(struct ctx *ctx, struct call *call)
{
    const struct backup_keeper *keeper;
    const char *name;
    enum err err = keeper_of(ctx, call, &keeper);
    if (err == OK)
        err = api_param(ctx, call, "name", &name);
    if (err == OK)
        err = keeper->remove(ctx, keeper->arg, api_actor(call), name);
    if (err == OK)
        reply_empty(call->reply, 204);
    return err;
}

/* ------------------------------------------------------------------ preview */

static void write_figures(struct jw *j, const char *key, const struct backup_figures *f)
{
    jw_key(j, key);
    jw_object(j);
    jw_put_int(j, "orgs", f->orgs);
    jw_put_int(j, "users", f->users);
    jw_put_int(j, "plugins", f->plugins);
    jw_put_int(j, "versions", f->versions);
    jw_end(j);
}

static enum err answer_preview(struct ctx *ctx, struct call *call, const char *name,
                               const struct backup_source *source)
{
    const struct backup_keeper *keeper;
    struct backup_preview p;
    struct jw j;
    enum err err = keeper_of(ctx, call, &keeper);
    if (err == OK)
        err = keeper->preview(ctx, keeper->arg, name, source, &p);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "token", p.token);
    jw_put_time(&j, "created_at", p.created_at);
    jw_put_str(&j, "version", p.version);
    jw_put_int(&j, "files", p.files);
    jw_put_int(&j, "bytes", p.bytes);
    jw_put_bool(&j, "key", p.with_key);
    write_figures(&j, "now", &p.now);
    write_figures(&j, "backup", &p.then);
    jw_end(&j);
    return OK;
}

static enum err preview_kept(struct ctx *ctx, struct call *call)
{
    const char *name;
    enum err err = api_param(ctx, call, "name", &name);
    return err == OK ? answer_preview(ctx, call, name, NULL) : err;
}

static enum err read_piece(struct ctx *ctx, void *arg, void *p, size_t n, size_t *got)
{
    const struct call *call = arg;
    return body_read(ctx, call->req, p, n, got);
}

/* The bare file and no form, so that it streams to the disk and never stands in memory. */
static enum err preview_sent(struct ctx *ctx, struct call *call)
{
    const struct backup_source source = {read_piece, call, call->req->content_length};
    struct slice type = request_header(call->req, "Content-Type");
    if (!slice_is_nocase(type, "application/x-tar") &&
        !slice_is_nocase(type, "application/octet-stream"))
        return ctx_fail(ctx, ERR_MEDIA,
                        "Send the backup itself with Content-Type: application/x-tar");
    return answer_preview(ctx, call, NULL, &source);
}

/* ------------------------------------------------------------------ restore */

static enum err restore(struct ctx *ctx, struct call *call)
{
    const struct backup_keeper *keeper;
    const struct jr *body;
    struct slice token, password, word;
    struct jw j;
    enum err err = keeper_of(ctx, call, &keeper);
    if (err == OK)
        err = api_body(ctx, call, &body);
    if (err == OK)
        err = jr_get_str(ctx, body, "token", true, TOKEN_MAX, &token);
    if (err == OK)
        err = jr_get_str(ctx, body, "password", true, PASSWORD_FIELD_MAX, &password);
    if (err == OK)
        err = jr_get_str(ctx, body, "confirm", true, WORD_MAX, &word);
    if (err != OK)
        return err;
    if (!slice_is(word, "RESTORE"))
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "confirm",
                              "Field 'confirm' must be the word RESTORE");
    err = auth_confirm(ctx, api_auth(call), api_actor(call), password);
    const char *name = err == OK ? slice_dup(ctx->arena, token) : NULL;
    if (err == OK && name == NULL)
        err = ctx_no_memory(ctx);
    if (err == OK)
        err = keeper->restore(ctx, keeper->arg, api_actor(call), name);
    if (err != OK)
        return err;
    reply_status(call->reply, 202);
    reply_no_store(call->reply);
    call->reply->close = true;
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_str(&j, "message", "The backup is put in place; the appliance answers again at once");
    jw_end(&j);
    return OK;
}
