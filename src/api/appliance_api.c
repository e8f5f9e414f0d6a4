/*
 * appliance_api.c - the machine room of one appliance: settings, log, disk, and what waits for a
 * person.
 *
 * Nothing here belongs to an org. Secrets are masked where the settings are read, and log lines
 * never held any. Look next at domain/storage.h and domain/attention.h.
 */
#include "api/api.h"
#include "base/config.h"
#include "base/log.h"
#include "domain/attention.h"
#include "domain/storage.h"

enum { LOG_LINES = 500, LOG_STANDARD = 200 };

static enum err settings(struct ctx *ctx, struct call *call);
static enum err log_lines(struct ctx *ctx, struct call *call);
static enum err storage(struct ctx *ctx, struct call *call);
static enum err sweep(struct ctx *ctx, struct call *call);
static enum err attention(struct ctx *ctx, struct call *call);

// clang-format off
static const struct route routes[] = {
    {METHOD_GET,  "/api/admin/config",        "cadence:system:metrics:read",  BODY_NONE, 0, settings,  "Effective settings with their origin, secrets masked"},
    {METHOD_GET,  "/api/admin/logs",          "cadence:system:logs:read",     BODY_NONE, 0, log_lines, "The last lines of the log"},
    {METHOD_GET,  "/api/admin/storage",       "cadence:system:storage:read",  BODY_NONE, 0, storage,   "What is on the disk, and what a sweep would remove"},
    {METHOD_POST, "/api/admin/storage/sweep", "cadence:system:storage:write", BODY_NONE, 0, sweep,     "Remove blobs that no version names"},
    {METHOD_GET,  "/api/admin/attention",     "cadence:system:metrics:read",  BODY_NONE, 0, attention, "What waits for a person"},
};
// clang-format on

const struct route_table appliance_api_table = {"appliance_api", routes,
                                                sizeof routes / sizeof *routes};

static enum err settings(struct ctx *ctx, struct call *call)
{
    static const char *const origin[] = {[CONFIG_DEFAULT] = "default",
                                         [CONFIG_FILE] = "file",
                                         [CONFIG_ENV] = "environment",
                                         [CONFIG_FLAG] = "flag"};
    const struct config *config = api_of(call)->config;
    struct config_value v;
    struct jw j;
    (void)ctx;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < config_count(config); i++) {
        config_at(config, i, &v);
        jw_object(&j);
        jw_put_str(&j, "key", v.row->key);
        jw_put_str(&j, "variable", v.row->env);
        jw_put_str(&j, "value", v.text);
        jw_put_str(&j, "origin", origin[v.origin]);
        jw_put_str(&j, "where", v.where);
        jw_put_bool(&j, "live", v.row->live);
        jw_put_str(&j, "help", v.row->help);
        jw_end(&j);
    }
    jw_end(&j);
    return OK;
}

/* ?level= the least one shown, ?after= the number of the last line seen, ?limit= */
static enum err read_log_query(struct ctx *ctx, const struct request *req, enum log_level *least,
                               int64_t *after, int64_t *limit)
{
    struct slice level = SLICE_NONE;
    enum err err = request_query_int(ctx, req, "after", 0, INT64_MAX, after);
    if (err == OK)
        err = request_query_int(ctx, req, "limit", 1, LOG_LINES, limit);
    if (err != OK)
        return err;
    *least = LOG_DEBUG;
    if (!request_query(ctx, req, "level", &level))
        return ctx->fault.err;
    const char *name = slice_dup(ctx->arena, level);
    if (name == NULL)
        return ctx_no_memory(ctx);
    if (level.n && !log_level_of(name, least))
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "level",
                              "Parameter 'level' must be debug, info, warn or error");
    return OK;
}

static enum err log_lines(struct ctx *ctx, struct call *call)
{
    static const char *const word[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
    enum log_level least;
    int64_t after = 0, limit = LOG_STANDARD;
    struct log_record *list;
    struct jw j;
    enum err err = read_log_query(ctx, call->req, &least, &after, &limit);
    if (err != OK)
        return err;
    /* the newest of what is kept: log_tail gives the oldest first */
    size_t all = log_tail(api_of(call)->log, ctx->arena, (uint64_t)after, least, 4 * LOG_LINES,
                          &list);
    if (list == NULL)
        return ctx_no_memory(ctx);
    size_t from = all > (size_t)limit ? all - (size_t)limit : 0;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_int(&j, "last", all ? (int64_t)list[all - 1].seq : after);
    jw_key(&j, "lines");
    jw_array(&j);
    for (size_t i = from; i < all; i++) {
        jw_object(&j);
        jw_put_int(&j, "seq", (int64_t)list[i].seq);
        jw_put_str(&j, "level", word[list[i].level]);
        jw_put_str(&j, "line", list[i].line);
        jw_end(&j);
    }
    jw_end(&j);
    jw_end(&j);
    return OK;
}

static enum err storage(struct ctx *ctx, struct call *call)
{
    struct storage_report r;
    struct jw j;
    enum err err = storage_look(ctx, api_domain(call), &r);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_int(&j, "plugins", r.stored.plugins);
    jw_put_int(&j, "versions", r.stored.versions);
    jw_put_int(&j, "blobs", r.stored.blobs);
    jw_put_int(&j, "blob_bytes", r.stored.blob_bytes);
    jw_put_int(&j, "missing", r.stored.missing);
    jw_put_int(&j, "corrupt", r.stored.corrupt);
    jw_put_int(&j, "kept_for_undo", r.stored.kept);
    jw_put_int(&j, "kept_for_undo_bytes", r.stored.kept_bytes);
    jw_put_int(&j, "orphans", r.orphans);
    jw_put_int(&j, "orphan_bytes", r.orphan_bytes);
    jw_put_int(&j, "temp_files", r.temp_files);
    jw_put_int(&j, "database_bytes", r.database_bytes);
    jw_put_int(&j, "wal_bytes", r.wal_bytes);
    jw_put_int(&j, "disk_free", r.disk_free);
    jw_put_int(&j, "disk_total", r.disk_total);
    jw_end(&j);
    return OK;
}

static enum err sweep(struct ctx *ctx, struct call *call)
{
    struct storage_report r;
    struct jw j;
    enum err err = storage_sweep(ctx, api_domain(call), api_actor(call), &r);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    jw_object(&j);
    jw_put_int(&j, "removed", r.orphans);
    jw_put_int(&j, "removed_bytes", r.orphan_bytes);
    jw_put_int(&j, "temp_files", r.temp_files);
    jw_end(&j);
    return OK;
}

static enum err write_item(void *arg, const struct attention *a)
{
    struct jw *j = arg;
    jw_object(j);
    jw_put_str(j, "kind", a->kind);
    jw_put_str(j, "id", a->id);
    jw_put_str(j, "org_id", a->org_id);
    jw_put_str(j, "name", a->name);
    jw_put_str(j, "version", a->version);
    jw_put_str(j, "reason", a->reason);
    jw_put_time(j, "at", a->at);
    jw_end(j);
    return OK;
}

static enum err attention(struct ctx *ctx, struct call *call)
{
    struct jw j;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_array(&j);
    enum err err = attention_all(ctx, api_domain(call), write_item, &j);
    jw_end(&j);
    return err;
}
