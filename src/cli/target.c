/*
 * target.c - one request to the catalog, over HTTP or straight into its handlers.
 *
 * Locally the request is built as the edge would have built it (path split and decoded by
 * http/check.c, row found by the router), the guard is left out, since whoever can read the folder
 * may do everything, and the body comes from memory.
 */
#include "cli/target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/admission.h"
#include "api/answer_cache.h"
#include "api/api.h"
#include "api/row_cache.h"
#include "base/crypto.h"
#include "base/file.h"
#include "cli/finding.h"
#include "cli/folder.h"
#include "cli/local.h"
#include "cli/replicate.h"
#include "cli/settings.h"
#include "cli/stores.h"
#include "http/body.h"
#include "http/check.h"
#include "http/wire.h"
#include "net/fetch.h"

enum { ANSWER_MAX = 64 << 20, CACHE_BYTES = 1 << 20, PIECE = 256 << 10, FORM_FRAMING = 8192 };

struct target {
    const char *url, *token; /* of a server */
    bool is_open;            /* local and router are in use */
    struct local local;
    struct router *router;
    struct api api;
    int lock;
};

/* ------------------------------------------------------------------ opening */

/* Nobody has to stop a server for this: it does it too. */
static enum err take_lock(struct ctx *ctx, struct target *t)
{
    char why[sizeof ctx->fault.sentence];
    enum err err = folder_lock(ctx, t->local.data, &t->lock);
    if (err != ERR_CONFLICT)
        return err;
    str_set(why, sizeof why, slice_of(ctx_sentence(ctx)));
    ctx_forgive(ctx);
    return ctx_fail(ctx, err, "%s, or have it done by the server: --url or LARDER_URL names it",
                    why);
}

static enum err open_folder(struct cli *cli, struct target *t, bool writes)
{
    t->is_open = true;
    enum err err = local_open(cli, &t->local);
    if (err == OK && writes)
        err = take_lock(cli->ctx, t);
    if (err == OK)
        err = stores_open(cli->ctx, cli->config, t->local.data, &t->local.domain);
    if (err == OK)
        err = router_new(cli->ctx, api_tables, api_table_count, &t->router);
    if (err != OK)
        return err;
    size_t max = (size_t)config_int(cli->config, "max-upload");
    t->api = (struct api){.domain = &t->local.domain,
                          .config = cli->config,
                          .router = t->router,
                          .answers = answer_cache_new(CACHE_BYTES),
                          .rows = row_cache_new(CACHE_BYTES),
                          .uploads = admission_new(max, 0),
                          .max_upload = max,
                          .version = LARDER_VERSION};
    return t->api.answers && t->api.rows && t->api.uploads ? OK : ctx_no_memory(cli->ctx);
}

enum err target_open(struct cli *cli, bool writes, struct target **out)
{
    struct target *t = arena_alloc(cli->ctx->arena, sizeof *t);
    if (t == NULL)
        return ctx_no_memory(cli->ctx);
    t->lock = -1;
    *out = t;
    enum err err = settings_load(cli);
    if (err != OK)
        return err;
    t->url = config_text(cli->config, "url");
    t->token = config_text(cli->config, "token");
    if (t->url == NULL)
        return open_folder(cli, t, writes);
    if (t->token == NULL)
        return cli_usage(cli, "A server at --url wants to know who asks: set LARDER_TOKEN or "
                              "LARDER_TOKEN_FILE to an API key (`larder token create`)");
    return fetch_open();
}

void target_close(struct target *t)
{
    if (t && t->url && t->token)
        fetch_close();
    if (t == NULL || !t->is_open)
        return;
    replicate_close(&t->local.domain);
    row_cache_free(t->api.rows);
    answer_cache_free(t->api.answers);
    admission_free(t->api.uploads);
    router_free(t->router);
    stores_close(&t->local.domain);
    local_close(&t->local);
    folder_unlock(t->lock);
}

enum err target_replicate(struct cli *cli, struct target *t, bool work)
{
    if (t->url)
        return OK;
    return work ? replicate_open(cli, &t->local.domain) : replicate_look(cli, &t->local.domain);
}

/* ------------------------------------------------------------------ answers */

static enum err err_of_status(int status)
{
    for (int e = ERR_INVALID; e < ERR_COUNT; e++)
        if (err_info((enum err)e)->http == status)
            return (enum err)e;
    return status >= 500 ? ERR_INTERNAL : ERR_INVALID;
}

/* The sentence and the findings of an error body, whichever surface wrote it; v1 has no findings and
 * tells what exactly beside its sentence. */
static enum err refuse(struct ctx *ctx, int status, struct slice body, struct slice request_id)
{
    const struct jr *v, *errors = NULL;
    struct slice sentence = SLICE_NONE, details = SLICE_NONE, code = SLICE_NONE;
    if (jr_parse(ctx, body, &v) == OK && jr_kind(v) == JR_OBJECT) {
        static const char *const names[] = {"message", "detail", "error_description"};
        for (size_t i = 0; i < 3 && sentence.p == NULL; i++)
            sentence = jr_str(jr_member(v, names[i]));
        details = jr_str(jr_member(v, "details"));
        errors = jr_member(v, "errors");
        code = jr_str(jr_member(v, "code"));
    }
    ctx_forgive(ctx);
    if (sentence.p == NULL)
        return ctx_fail(ctx, err_of_status(status), "The server answered %d (request %.*s)", status,
                        SLICE_ARGS(request_id));
    if (status >= 500)
        return ctx_fail(ctx, err_of_status(status), "%.*s (request %.*s)", SLICE_ARGS(sentence),
                        SLICE_ARGS(request_id));
    enum err err = ctx_fail(ctx, err_of_status(status), "%.*s%s%.*s", SLICE_ARGS(sentence),
                            details.n ? ": " : "", SLICE_ARGS(details));
    if (code.n < sizeof ctx->fault.code)
        str_set(ctx->fault.code, sizeof ctx->fault.code, code);
    enum err read = finding_read(ctx, errors);
    return read == OK ? err : read;
}

static enum err write_out(struct ctx *ctx, int fd, struct slice bytes)
{
    return file_write(fd, bytes) == 0 ? OK : ctx_fail_errno(ctx, errno, "write the output");
}

/* ------------------------------------------------------------------ over HTTP */

static const char *type_of(const struct target_request *req)
{
    return req->type ? req->type : "application/zip";
}

/* Which server it was stands in a setting, and may come from a shell that was set up long ago. */
static enum err unreachable(struct ctx *ctx, enum err err, const char *url)
{
    char why[sizeof ctx->fault.sentence];
    str_set(why, sizeof why, slice_of(ctx_sentence(ctx)));
    ctx_forgive(ctx);
    return ctx_fail_field(ctx, err, "url", "%s; --url or LARDER_URL names the server, now %s", why,
                          url);
}

/* The body of an error is wanted in memory, whatever was asked for; both are bounded. */
static enum err run_remote(struct cli *cli, struct target *t, const struct target_request *req,
                           struct target_answer *out)
{
    struct ctx *ctx = cli->ctx;
    struct fetch_answer answer;
    struct fetch_request fetch = {.method = req->method,
                                  .url = str_printf(ctx->arena, "%s%s", t->url, req->path),
                                  .answer_max = ANSWER_MAX,
                                  .progress = req->progress,
                                  .progress_arg = req->progress_arg,
                                  .timeout_ms = 600000};
    bool is_key = strncmp(t->token, "cdk_", 4) == 0;
    const char *credential = is_key ? t->token : str_printf(ctx->arena, "Bearer %s", t->token);
    if (fetch.url == NULL || credential == NULL)
        return ctx_no_memory(ctx);
    bool good = fetch_add(&fetch, is_key ? "X-API-KEY" : "Authorization", slice_of(credential));
    if (req->json.p) {
        fetch.body = req->json;
        fetch.has_body = true;
        good = good && fetch_add(&fetch, "Content-Type", SLICE("application/json"));
    }
    if (req->file.p) {
        fetch.body = req->file;
        fetch.has_body = true;
        good = good && fetch_add(&fetch, "Content-Type", slice_of(type_of(req)));
        good = good && fetch_add(&fetch, "X-Filename", slice_of(req->file_name));
    }
    if (!good)
        return cli_usage(cli, "The token or the file name has letters that no header can carry");
    enum err err = fetch_run(ctx, &fetch, &answer);
    if (err == ERR_IO || err == ERR_TIMEOUT)
        return unreachable(ctx, err, t->url);
    if (err != OK)
        return err;
    out->status = answer.status;
    out->body = answer.body;
    if (answer.status < 200 || answer.status > 299)
        return refuse(ctx, answer.status, answer.body, fetch_header(&answer, "X-Request-ID"));
    return req->out >= 0 ? write_out(ctx, req->out, answer.body) : OK;
}

/* ------------------------------------------------------------------ into the handlers */

struct memory_wire {
    struct wire wire;
    struct slice left;
};

static int read_memory(struct wire *w, void *p, size_t n, int64_t patience_ms)
{
    struct memory_wire *m = w->conn;
    (void)patience_ms;
    if (n > m->left.n)
        n = m->left.n;
    if (n)
        memcpy(p, m->left.p, n);
    m->left = slice_sub(m->left, n, m->left.n);
    return (int)n;
}

static bool write_nowhere(struct wire *w, const void *p, size_t n, int64_t patience_ms)
{
    (void)w, (void)p, (void)n, (void)patience_ms;
    return true;
}

static enum err make_request(struct ctx *ctx, const struct target_request *in, struct request *req)
{
    struct slice path = slice_of(in->path);
    size_t mark = slice_find(path, '?');
    if (!method_of(slice_of(in->method), &req->method))
        return ctx_fail_cause(ctx, ERR_INTERNAL, "no such method");
    req->path = slice_sub(path, 0, mark);
    req->query = slice_sub(path, mark + 1, path.n);
    req->remote = "local";
    req->content_length = in->file.p ? (int64_t)in->file.n : -1;
    if (in->file.p) {
        req->header[0] = (struct header){SLICE("Content-Type"), slice_of(type_of(in))};
        req->header[1] = (struct header){SLICE("X-Filename"), slice_of(in->file_name)};
        req->headers = 2;
    }
    return check_path(ctx, req);
}

static enum err send_file(struct ctx *ctx, const struct reply *r, int out)
{
    char *piece = arena_alloc_raw(ctx->arena, PIECE);
    if (piece == NULL)
        return ctx_no_memory(ctx);
    for (off_t at = 0; at < r->file_size;) {
        ssize_t n = pread(r->file, piece, PIECE, r->file_from + at);
        if (n <= 0)
            return ctx_fail_errno(ctx, n < 0 ? errno : EIO, "read the artifact");
        enum err err = write_out(ctx, out, (struct slice){piece, (size_t)n});
        if (err != OK)
            return err;
        at += n;
    }
    return OK;
}

static enum err run_local(struct cli *cli, struct target *t, const struct target_request *in,
                          struct target_answer *out)
{
    struct ctx *ctx = cli->ctx;
    struct request *req = arena_alloc(ctx->arena, sizeof *req);
    struct reply *reply = arena_alloc(ctx->arena, sizeof *reply);
    unsigned allow;
    if (req == NULL || reply == NULL)
        return ctx_no_memory(ctx);
    struct memory_wire wire = {
        .wire = {.read = read_memory, .write = write_nowhere, .clock = ctx->clock},
        .left = in->file};
    wire.wire.conn = &wire;
    struct body body = {.wire = &wire.wire, .left = (int64_t)in->file.n};
    struct call call = {
        .req = req, .reply = reply, .body = in->json, .app = &t->api, .who = &t->local.actor};
    reply_init(reply, ctx->arena);
    enum err err = make_request(ctx, in, req);
    req->body = &body;
    if (err == OK)
        err = router_find(ctx, t->router, req, &call, &allow);
    if (err == OK)
        err = call.route->handle(ctx, &call);
    if (err != OK)
        return err;
    out->status = reply->status ? reply->status : 200;
    out->body = reply->still.n ? reply->still : buf_view(&reply->body);
    if (out->status >= 400) /* a surface that renders its refusals itself */
        return refuse(ctx, out->status, out->body, SLICE_NONE);
    if (reply->file >= 0)
        err = send_file(ctx, reply, in->out);
    else if (in->out >= 0)
        err = write_out(ctx, in->out, out->body);
    if (reply->file >= 0)
        (void)close(reply->file);
    return err;
}

enum err target_run(struct cli *cli, struct target *t, const struct target_request *req,
                    struct target_answer *out)
{
    *out = (struct target_answer){0};
    if (t->url == NULL)
        return run_local(cli, t, req, out);
    return run_remote(cli, t, req, out);
}

/* ------------------------------------------------------------------ in words of the verbs */

enum err target_form(struct cli *cli, struct target_request *req, const char *field,
                     const char *value)
{
    unsigned char random[16];
    char boundary[2 * sizeof random + 1];
    struct buf b;
    crypto_random(random, sizeof random); /* so no package can hold it */
    crypto_hex(random, sizeof random, boundary);
    buf_init(&b, cli->ctx->arena, req->file.n + FORM_FRAMING);
    buf_printf(&b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", boundary,
               field, value);
    buf_printf(&b, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n",
               boundary, req->file_name);
    buf_str(&b, "Content-Type: application/zip\r\n\r\n");
    buf_slice(&b, req->file);
    buf_printf(&b, "\r\n--%s--\r\n", boundary);
    req->type = str_printf(cli->ctx->arena, "multipart/form-data; boundary=%s", boundary);
    if (buf_failed(&b) || req->type == NULL)
        return ctx_no_memory(cli->ctx);
    req->file = buf_view(&b);
    return OK;
}

enum err target_get(struct cli *cli, struct target *t, const char *path, const struct jr **out,
                    struct slice *text)
{
    const struct target_request req = {.method = "GET", .path = path, .out = -1};
    struct target_answer answer;
    if (path == NULL)
        return ctx_no_memory(cli->ctx);
    enum err err = target_run(cli, t, &req, &answer);
    if (err == OK)
        err = jr_parse(cli->ctx, answer.body, out);
    *text = answer.body;
    return err;
}

static bool is_org(const struct jr *org, const char *name)
{
    return slice_is(jr_str(jr_member(org, "org_id")), name) ||
           slice_is_nocase(jr_str(jr_member(org, "domain")), name) ||
           slice_is_nocase(jr_str(jr_member(org, "name")), name);
}

enum err target_plugins(struct cli *cli, struct target *t, const char **path)
{
    const char *name = cli_value(cli, "org");
    const struct jr *orgs;
    struct slice text;
    *path = "/api/admin/plugins";
    if (name == NULL)
        return OK;
    enum err err = target_get(cli, t, "/api/orgs", &orgs, &text);
    if (err != OK)
        return err;
    for (size_t i = 0; i < jr_count(orgs); i++) {
        const struct jr *org = jr_item(orgs, i);
        if (!is_org(org, name))
            continue;
        struct slice id = jr_str(jr_member(org, "org_id"));
        *path = str_printf(cli->ctx->arena, "/api/orgs/%.*s/plugins", SLICE_ARGS(id));
        return *path ? OK : ctx_no_memory(cli->ctx);
    }
    return ctx_fail(cli->ctx, ERR_NOT_FOUND,
                    "There is no organization '%s'; --org takes an id, a domain or a name", name);
}

/* The row that is meant among all versions, newest first. */
static const struct jr *choose(const struct jr *rows, struct slice version)
{
    for (size_t i = 0; i < jr_count(rows); i++) {
        const struct jr *row = jr_item(rows, i);
        if (version.n ? slice_eq(jr_str(jr_member(row, "version")), version)
                      : jr_bool(jr_member(row, "is_latest")))
            return row;
    }
    return version.n || jr_count(rows) == 0 ? NULL : jr_item(rows, 0);
}

enum err target_find(struct cli *cli, struct target *t, const char *name, const char **path)
{
    struct ctx *ctx = cli->ctx;
    struct slice all = slice_of(name), pid = slice_sub(all, 0, slice_find(all, '@'));
    struct slice version = slice_sub(all, pid.n + 1, all.n), text;
    const struct jr *rows = NULL, *row;
    const char *base;
    enum err err = target_plugins(cli, t, &base);
    if (err != OK)
        return err;
    if (crypto_is_uuid(all)) {
        *path = str_printf(ctx->arena, "%s/%s", base, name);
        return *path ? OK : ctx_no_memory(ctx);
    }
    const char *escaped = target_escape(cli, pid);
    const char *list = escaped ? str_printf(ctx->arena, "%s/%s/versions", base, escaped) : NULL;
    if ((err = target_get(cli, t, list, &rows, &text)) != OK)
        return err;
    if ((row = choose(rows, version)) == NULL)
        return ctx_fail(ctx, ERR_NOT_FOUND, "%.*s has no version '%.*s'", SLICE_ARGS(pid),
                        SLICE_ARGS(version));
    struct slice id = jr_str(jr_member(row, "id"));
    *path = str_printf(ctx->arena, "%s/%.*s", base, SLICE_ARGS(id));
    return *path ? OK : ctx_no_memory(ctx);
}

const char *target_escape(struct cli *cli, struct slice text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    struct buf b;
    buf_init(&b, cli->ctx->arena, 3 * text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] && strchr(plain, text.p[i]))
            buf_char(&b, text.p[i]);
        else
            buf_printf(&b, "%%%02X", (unsigned char)text.p[i]);
    }
    return buf_text(&b);
}
