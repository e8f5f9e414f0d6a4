/*
 * plugin_api.c - the org-scoped catalog and its admin twin, as Cadence's clients speak to it.
 *
 * One set of handlers serves both layers: a route that carries {org_id} speaks of that org, one
 * that does not speaks of the system layer. Lists are bare arrays; with `limit` the next cursor
 * travels in Link and X-Next-Cursor. Look next at plugin_upload.c for uploads, at plugin_json.c for
 * the fields of a row and at domain/catalog.h for what the words mean.
 */
#include "api/plugin_api.h"

#include <stdio.h>
#include <string.h>

#include "api/answer_cache.h"
#include "api/api.h"
#include "api/cursor.h"
#include "api/plugin_json.h"
#include "api/row_cache.h"
#include "base/crypto.h"
#include "base/json_read.h"
#include "domain/catalog.h"
#include "domain/rollback.h"

enum { PAGE_MAX = 200, TAG_MAX = 100, LIST_MAX = 64 << 20, PID_ROOM = 256 };

static enum err list_org(struct ctx *ctx, struct call *call);
static enum err list_system(struct ctx *ctx, struct call *call);
static enum err list_one_org(struct ctx *ctx, struct call *call);
static enum err versions(struct ctx *ctx, struct call *call);
static enum err settings_schema(struct ctx *ctx, struct call *call);
static enum err show(struct ctx *ctx, struct call *call);
static enum err change(struct ctx *ctx, struct call *call);
static enum err disable(struct ctx *ctx, struct call *call);
static enum err rollback(struct ctx *ctx, struct call *call);

#define ORG_READ "cadence:org:plugins:read"
#define ORG_WRITE "cadence:org:plugins:write"
#define SYS_READ "cadence:system:plugins:read"
#define SYS_WRITE "cadence:system:plugins:write"

// clang-format off
static const struct route routes[] = {
    {METHOD_GET,    "/api/orgs/{org_id}/plugins",                       ORG_READ,  BODY_NONE,   0, list_org,        "System and org plugins in one list, one row per source and pid"},
    {METHOD_POST,   "/api/orgs/{org_id}/plugins/upload",                ORG_WRITE, BODY_UPLOAD, 0, plugin_upload,   "Upload a plugin ZIP into the org's catalog"},
    {METHOD_GET,    "/api/orgs/{org_id}/plugins/{pid}/versions",        ORG_READ,  BODY_NONE,   0, versions,        "All versions of a plugin, newest first"},
    {METHOD_GET,    "/api/orgs/{org_id}/plugins/{pid}/settings-schema", ORG_READ,  BODY_NONE,   0, settings_schema, "The settings a plugin declares, for rendering a form"},
    {METHOD_GET,    "/api/orgs/{org_id}/plugins/{plugin_id}",           ORG_READ,  BODY_NONE,   0, show,            "One version of a plugin the org can see"},
    {METHOD_PATCH,  "/api/orgs/{org_id}/plugins/{plugin_id}",           ORG_WRITE, BODY_JSON,   0, change,          "Enable or disable a version, or set its tag"},
    {METHOD_DELETE, "/api/orgs/{org_id}/plugins/{plugin_id}",           ORG_WRITE, BODY_NONE,   0, disable,         "Disable a version (the row and its artifact stay)"},
    {METHOD_POST,   "/api/orgs/{org_id}/plugins/{plugin_id}/rollback",  ORG_WRITE, BODY_NONE,   0, rollback,        "Disable the newest enabled version, so that the one before it is the latest"},
    {METHOD_GET,    "/api/orgs/{org_id}/plugins/{plugin_id}/download",  ORG_READ,  BODY_NONE,   0, plugin_download, "The uploaded ZIP, byte for byte"},
    {METHOD_GET,    "/api/admin/plugins",                               SYS_READ,  BODY_NONE,   0, list_system,     "System plugins, disabled ones included unless told otherwise"},
    {METHOD_POST,   "/api/admin/plugins/upload",                        SYS_WRITE, BODY_UPLOAD, 0, plugin_upload,   "Upload a plugin ZIP into the system catalog"},
    {METHOD_GET,    "/api/admin/plugins/{pid}/versions",                SYS_READ,  BODY_NONE,   0, versions,        "All versions of a system plugin, newest first"},
    {METHOD_GET,    "/api/admin/plugins/{pid}/settings-schema",         SYS_READ,  BODY_NONE,   0, settings_schema, "The settings a system plugin declares"},
    {METHOD_GET,    "/api/admin/plugins/{plugin_id}",                   SYS_READ,  BODY_NONE,   0, show,            "One version of a system plugin"},
    {METHOD_PATCH,  "/api/admin/plugins/{plugin_id}",                   SYS_WRITE, BODY_JSON,   0, change,          "Enable or disable a system version, or set its tag"},
    {METHOD_DELETE, "/api/admin/plugins/{plugin_id}",                   SYS_WRITE, BODY_NONE,   0, disable,         "Disable a system version (the row and its artifact stay)"},
    {METHOD_POST,   "/api/admin/plugins/{plugin_id}/rollback",          SYS_WRITE, BODY_NONE,   0, rollback,        "Disable the newest enabled version of a system plugin, so that the one before it is the latest"},
    {METHOD_GET,    "/api/admin/plugins/{plugin_id}/download",          SYS_READ,  BODY_NONE,   0, plugin_download, "The uploaded ZIP of a system plugin, byte for byte"},
    {METHOD_GET,    "/api/admin/orgs/{org_id}/plugins",                 SYS_READ,  BODY_NONE,   0, list_one_org,    "The plugins one org owns, disabled ones included"},
    {METHOD_GET,    "/api/admin/orgs/{org_id}/plugins/{pid}/versions",  SYS_READ,  BODY_NONE,   0, versions,        "All versions of a plugin one org owns"},
};
// clang-format on

const struct route_table plugin_api_table = {"plugin_api", routes, sizeof routes / sizeof *routes};

/* The parameter as text in the arena; NULL where the route has none (or there is no memory). */
static const char *param(struct ctx *ctx, const struct call *call, const char *name)
{
    struct slice value = call_param(call, name);
    return value.p ? slice_dup(ctx->arena, value) : NULL;
}

/* Everything that one list answer depends on, besides the catalog itself. */
struct list {
    struct catalog_query query;
    struct cursor after;
    bool has_cursor;
    struct slice key; /* of the answer cache */
};

static enum err read_source(struct ctx *ctx, const struct request *req, struct catalog_query *q)
{
    struct slice source = SLICE_NONE;
    if (!request_query(ctx, req, "source", &source) || source.n == 0)
        return ctx->fault.err;
    q->system_only = slice_is(source, "system");
    q->org_only = slice_is(source, "org");
    if (!q->system_only && !q->org_only)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "source",
                              "Parameter 'source' must be 'system' or 'org'");
    return OK;
}

static enum err read_tag(struct ctx *ctx, const struct request *req, struct catalog_query *q)
{
    struct slice tag = SLICE_NONE;
    if (!request_query(ctx, req, "tag", &tag) || tag.n == 0) /* an empty one filters nothing */
        return ctx->fault.err;
    if (tag.n > TAG_MAX)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "tag",
                              "Parameter 'tag' is longer than %d bytes", TAG_MAX);
    q->tag = slice_dup(ctx->arena, tag);
    return q->tag ? OK : ctx_no_memory(ctx);
}

static enum err read_page(struct ctx *ctx, const struct request *req, struct list *list)
{
    int64_t limit = 0;
    struct slice text = SLICE_NONE;
    enum err err = request_query_int(ctx, req, "limit", 1, PAGE_MAX, &limit);
    if (err != OK)
        return err;
    list->query.limit = (int)limit;
    if (!request_query(ctx, req, "cursor", &text))
        return ctx->fault.err;
    if (limit == 0)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "cursor",
                              "Parameter 'cursor' needs 'limit' beside it");
    if ((err = cursor_read(ctx, text, &list->after)) != OK)
        return err;
    list->has_cursor = true;
    list->query.after_source = list->after.source;
    list->query.after_pid = list->after.pid;
    list->query.after_seq = list->query.all_versions ? list->after.seq : 0;
    return OK;
}

/* Texts of the client stand behind their length, so that no two lists share a key. The query as it
 * was sent belongs to a page, since its Link repeats it. */
static enum err write_key(struct ctx *ctx, const struct request *req, struct list *list)
{
    const struct catalog_query *q = &list->query;
    struct slice tag = slice_of(q->tag), pid = slice_of(q->after_pid);
    struct slice sent = q->limit ? req->query : SLICE_NONE;
    const bool yes[] = {q->with_system, q->system_only, q->org_only, q->include_disabled,
                        q->all_versions};
    const int64_t number[] = {q->limit, (int64_t)q->after_source, q->after_seq, (int64_t)tag.n,
                              (int64_t)pid.n};
    struct buf key;
    buf_init(&key, ctx->arena, 2 * REQUEST_URI_MAX);
    buf_slice(&key, slice_of(q->org_id));
    buf_char(&key, '|');
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        buf_char(&key, yes[i] ? '1' : '0');
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        buf_char(&key, '|');
        buf_i64(&key, number[i]);
    }
    buf_char(&key, '|');
    buf_slice(&key, tag);
    buf_slice(&key, pid);
    buf_slice(&key, sent);
    list->key = buf_view(&key);
    return buf_failed(&key) ? ctx_no_memory(ctx) : OK;
}

static enum err read_list(struct ctx *ctx, const struct call *call, struct list *list)
{
    struct catalog_query *q = &list->query;
    enum err err = read_tag(ctx, call->req, q);
    if (err == OK)
        err = read_source(ctx, call->req, q);
    if (err == OK)
        err = request_query_bool(ctx, call->req, "include_disabled", &q->include_disabled);
    if (err == OK)
        err = request_query_bool(ctx, call->req, "all_versions", &q->all_versions);
    if (err == OK)
        err = read_page(ctx, call->req, list);
    return err == OK ? write_key(ctx, call->req, list) : err;
}

/* The rows of a list on their way into JSON, and the place of the last one. */
struct writing {
    struct jw json;
    struct row_cache *rows; /* NULL = none is kept */
    struct buf *essence;    /* the hashes of the rows; likewise */
    struct cursor last;
    char last_pid[PID_ROOM]; /* what it points to */
};

static struct row_key key_of(const struct plugin *p)
{
    return (struct row_key){p->seq, p->stamp};
}

static void note_row(struct writing *w, const struct plugin *p, const unsigned char sum[ROW_SUM])
{
    size_t n = strnlen(p->pid, sizeof w->last_pid - 1);
    memcpy(w->last_pid, p->pid, n);
    w->last_pid[n] = '\0';
    w->last = (struct cursor){p->source, w->last_pid, p->seq};
    buf_add(w->essence, sum, ROW_SUM);
}

/* A row that is kept is written from memory, and the database is not asked for it. */
static bool held_row(void *arg, const struct plugin *p)
{
    struct writing *w = arg;
    unsigned char sum[ROW_SUM];
    bool held = row_cache_write(w->rows, key_of(p), &w->json, sum);
    if (held)
        note_row(w, p, sum);
    return held;
}

/* What was just written, without the comma in front of it. */
static struct slice written(const struct writing *w, size_t from)
{
    struct slice all = buf_view(w->json.buf);
    return slice_sub(all, from + (from < all.n && all.p[from] == ','), all.n);
}

static enum err write_row(void *arg, const struct plugin *p)
{
    struct writing *w = arg;
    unsigned char sum[SHA256_BYTES];
    size_t from = buf_view(w->json.buf).n;
    plugin_json(&w->json, p);
    if (w->rows == NULL || buf_failed(w->json.buf))
        return OK;
    struct slice row = written(w, from);
    crypto_sha256(row, sum);
    row_cache_keep(w->rows, key_of(p), row, sum);
    note_row(w, p, sum);
    return OK;
}

/* "Link: <path?query>; rel="next"" and the bare cursor, for clients that do not read Link. */
static const char *next_fields(struct ctx *ctx, const struct call *call, const struct list *list,
                               const struct cursor *last)
{
    struct buf b, cursor;
    buf_init(&b, ctx->arena, 8192);
    buf_init(&cursor, ctx->arena, 1024);
    cursor_write(&cursor, last);
    buf_str(&b, "Link: <");
    buf_slice(&b, call->req->path);
    buf_printf(&b, "?limit=%d", list->query.limit);
    struct slice rest = call->req->query, pair;
    while (slice_split(&rest, '&', &pair))
        if (pair.n && !slice_starts(pair, "cursor=") && !slice_starts(pair, "limit="))
            buf_printf(&b, "&%.*s", SLICE_ARGS(pair));
    buf_printf(&b, "&cursor=%.*s>; rel=\"next\"\r\nX-Next-Cursor: %.*s\r\n",
               SLICE_ARGS(buf_view(&cursor)), SLICE_ARGS(buf_view(&cursor)));
    return buf_failed(&cursor) ? NULL : buf_text(&b);
}

/* Renders the list as the reply's content, which goes out from where it stands, and hands a copy to
 * the cache. */
static enum err render_list(struct ctx *ctx, struct call *call, struct list *list,
                            uint64_t generation, struct answer *answer)
{
    const struct api *api = api_of(call);
    struct buf essence;
    struct writing w = {.rows = api->rows, .essence = &essence};
    bool more = false;
    buf_init(&essence, ctx->arena, LIST_MAX);
    list->query.knows = held_row;
    reply_json(call->reply, &w.json);
    jw_array(&w.json);
    enum err err = catalog_list(ctx, api_domain(call), &list->query, write_row, &w, &more);
    if (err != OK)
        return err;
    jw_end(&w.json);
    const char *fields = more ? next_fields(ctx, call, list, &w.last) : "";
    if (!jw_done(&w.json) || fields == NULL || buf_failed(&essence))
        return ctx_no_memory(ctx);
    return answer_cache_put(ctx, api->answers, list->key, generation, buf_view(&call->reply->body),
                            buf_view(&essence), fields, answer);
}

/* Below /api/admin an org's own rows are meant; below /api/orgs what the org can see. */
static bool is_admin_route(const struct call *call)
{
    return strncmp(call->route->pattern, "/api/admin/", sizeof "/api/admin/" - 1) == 0;
}

static enum err answer_list(struct ctx *ctx, struct call *call, struct list *list)
{
    const struct api *api = api_of(call);
    struct answer answer;
    enum err err = read_list(ctx, call, list);
    if (err != OK)
        return err;
    /* read before the query: a change that comes in between makes the entry stale, not wrong */
    uint64_t generation = catalog_generation(api->domain, list->query.org_id);
    bool kept = answer_cache_get(ctx, api->answers, list->key, generation, &answer);
    if (!kept && list->query.org_id)
        err = api_org_exists(ctx, call, list->query.org_id, is_admin_route(call));
    if (err == OK && !kept)
        err = render_list(ctx, call, list, generation, &answer);
    if (err != OK)
        return err;
    buf_str(&call->reply->fields, answer.fields);
    reply_field(call->reply, "Cache-Control", "private, no-cache");
    call->reply->cacheable = true;
    if (reply_etag(call->reply, call->req, answer.etag))
        return OK;
    if (kept)
        reply_still(call->reply, "application/json", answer.body);
    return OK;
}

static enum err list_org(struct ctx *ctx, struct call *call)
{
    struct list list = {.query = {.org_id = param(ctx, call, "org_id"), .with_system = true}};
    return list.query.org_id ? answer_list(ctx, call, &list) : ctx_no_memory(ctx);
}

static enum err list_system(struct ctx *ctx, struct call *call)
{
    struct list list = {.query = {.include_disabled = true}};
    return answer_list(ctx, call, &list);
}

static enum err list_one_org(struct ctx *ctx, struct call *call)
{
    struct list list = {.query = {.org_id = param(ctx, call, "org_id"), .include_disabled = true}};
    return list.query.org_id ? answer_list(ctx, call, &list) : ctx_no_memory(ctx);
}

static enum err versions(struct ctx *ctx, struct call *call)
{
    struct catalog_query q = {.org_id = param(ctx, call, "org_id")};
    const char *pid = param(ctx, call, "pid");
    if (pid == NULL)
        return ctx_no_memory(ctx);
    q.with_system = !is_admin_route(call);
    enum err err = read_source(ctx, call->req, &q);
    if (err != OK)
        return err;
    struct writing w = {0};
    reply_json(call->reply, &w.json);
    jw_array(&w.json);
    err = catalog_versions(ctx, api_domain(call), &q, pid, write_row, &w);
    jw_end(&w.json);
    return err;
}

static enum err settings_schema(struct ctx *ctx, struct call *call)
{
    struct slice version = SLICE_NONE, source = SLICE_NONE, schema;
    const char *org_id = param(ctx, call, "org_id"), *pid = param(ctx, call, "pid");
    struct catalog_query check = {0};
    enum err err = read_source(ctx, call->req, &check);
    if (err != OK)
        return err;
    (void)request_query(ctx, call->req, "source", &source);
    (void)request_query(ctx, call->req, "version", &version);
    if (ctx->fault.err != OK)
        return ctx->fault.err;
    const char *wanted = version.n ? slice_dup(ctx->arena, version) : NULL;
    if (pid == NULL || (version.n && wanted == NULL))
        return ctx_no_memory(ctx);
    const char *from = check.system_only ? "system" : check.org_only ? "org" : NULL;
    err = catalog_settings(ctx, api_domain(call), org_id, pid, wanted, from, &schema);
    if (err == OK)
        reply_text(call->reply, "application/json", schema);
    return err;
}

/* The row that {plugin_id} names, as far as the caller of this route can see it. */
static enum err find_row(struct ctx *ctx, const struct call *call, struct plugin *out)
{
    const char *org_id = param(ctx, call, "org_id"), *id = param(ctx, call, "plugin_id");
    if (id == NULL)
        return ctx_no_memory(ctx);
    return catalog_get_visible(ctx, api_domain(call), org_id, id, out);
}

static enum err show(struct ctx *ctx, struct call *call)
{
    struct plugin p;
    struct jw j;
    enum err err = find_row(ctx, call, &p);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    plugin_json(&j, &p);
    return OK;
}

/* {"enabled": bool}, {"tag": text or null} and {"quarantined": bool}; at least one of them. */
static enum err read_change(struct ctx *ctx, const struct call *call, bool *enabled,
                            bool *quarantined, struct catalog_change *out)
{
    const struct jr *body;
    struct slice tag = SLICE_NONE;
    enum err err = api_body(ctx, call, &body);
    if (err != OK)
        return err;
    const struct jr *has_tag = jr_member(body, "tag"), *has_enabled = jr_member(body, "enabled");
    if (jr_member(body, "quarantined")) {
        if ((err = jr_get_bool(ctx, body, "quarantined", true, quarantined)) != OK)
            return err;
        out->quarantined = quarantined;
    }
    if (has_enabled || (!has_tag && !out->quarantined)) {
        if ((err = jr_get_bool(ctx, body, "enabled", true, enabled)) != OK)
            return err;
        out->enabled = enabled;
    }
    out->set_tag = has_tag != NULL;
    if (has_tag && (err = jr_get_str(ctx, body, "tag", false, TAG_MAX, &tag)) != OK)
        return err;
    if (tag.n && (out->tag = slice_dup(ctx->arena, tag)) == NULL)
        return ctx_no_memory(ctx);
    return OK;
}

static enum err change(struct ctx *ctx, struct call *call)
{
    struct catalog_change change = {0};
    struct plugin p;
    struct jw j;
    bool enabled, quarantined;
    const char *org_id = param(ctx, call, "org_id"), *id = param(ctx, call, "plugin_id");
    enum err err = read_change(ctx, call, &enabled, &quarantined, &change);
    if (err != OK)
        return err;
    if (id == NULL)
        return ctx_no_memory(ctx);
    err = catalog_change(ctx, api_domain(call), api_actor(call), org_id, id, &change, &p);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    plugin_json(&j, &p);
    return OK;
}

static enum err disable(struct ctx *ctx, struct call *call)
{
    static const bool off = false;
    struct catalog_change change = {.enabled = &off};
    struct plugin p;
    const char *org_id = param(ctx, call, "org_id"), *id = param(ctx, call, "plugin_id");
    if (id == NULL)
        return ctx_no_memory(ctx);
    enum err err = catalog_change(ctx, api_domain(call), api_actor(call), org_id, id, &change, &p);
    if (err == OK)
        reply_empty(call->reply, 204);
    return err;
}

/* {plugin_id} is any version of the plugin; the answer is the version that is the latest now. */
static enum err rollback(struct ctx *ctx, struct call *call)
{
    struct plugin p;
    struct jw j;
    const char *org_id = param(ctx, call, "org_id"), *id = param(ctx, call, "plugin_id");
    if (id == NULL)
        return ctx_no_memory(ctx);
    enum err err = rollback_plugin(ctx, api_domain(call), api_actor(call), org_id, id, &p);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    plugin_json(&j, &p);
    return OK;
}
