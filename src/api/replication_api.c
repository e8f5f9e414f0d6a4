/*
 * replication_api.c - how this node stands to the others over one bucket, and what it lost to them.
 *
 * Everything is read from memory or with a few small queries; nothing here waits for the object
 * store but the two decisions of an operator. Conflicts carry what was wanted here and what stands
 * instead, as the log has them. The figures for Prometheus stand in cli/gauges.c.
 */
#include <string.h>

#include "api/api.h"
#include "api/page.h"
#include "domain/conflicts.h"
#include "domain/domain.h"
#include "domain/replica.h"

static enum err show(struct ctx *ctx, struct call *call);
static enum err sync_now(struct ctx *ctx, struct call *call);
static enum err become_writer(struct ctx *ctx, struct call *call);
static enum err accept_bucket(struct ctx *ctx, struct call *call);
static enum err list_conflicts(struct ctx *ctx, struct call *call);
static enum err show_conflict(struct ctx *ctx, struct call *call);
static enum err resolve_conflict(struct ctx *ctx, struct call *call);
static enum err download_conflict(struct ctx *ctx, struct call *call);

#define READ "cadence:system:storage:read"
#define WRITE "cadence:system:storage:write"
#define CONFLICTS "/api/admin/replication/conflicts"

// clang-format off
static const struct route routes[] = {
    {METHOD_GET,  "/api/admin/replication",                READ,  BODY_NONE, 0, show,              "State, backlog, position in the log, other nodes, packages to fetch"},
    {METHOD_POST, "/api/admin/replication/sync",           WRITE, BODY_NONE, 0, sync_now,          "Send and fetch now, and compare the bucket with the catalog"},
    {METHOD_POST, "/api/admin/replication/writer",         WRITE, BODY_NONE, 0, become_writer,     "Make this node the one that may publish, where the object store cannot keep writers apart"},
    {METHOD_POST, "/api/admin/replication/bucket",         WRITE, BODY_NONE, 0, accept_bucket,     "Accept that the bucket is another one than before, and begin anew with it"},
    {METHOD_GET,  CONFLICTS,                               READ,  BODY_NONE, 0, list_conflicts,    "What was wanted here and lost to another node's change, newest first"},
    {METHOD_GET,  CONFLICTS "/{conflict_id}",              READ,  BODY_NONE, 0, show_conflict,     "One conflict"},
    {METHOD_GET,  CONFLICTS "/{conflict_id}/download",     READ,  BODY_NONE, 0, download_conflict, "The package that lost, byte for byte"},
    {METHOD_POST, CONFLICTS "/{conflict_id}/resolve",      WRITE, BODY_NONE, 0, resolve_conflict,  "Settle a conflict; the package that lost is not kept any longer"},
};
// clang-format on

const struct route_table replication_api_table = {"replication_api", routes,
                                                  sizeof routes / sizeof *routes};

/* ------------------------------------------------------------------ state */

static void put_text(struct jw *j, const char *key, const char *text)
{
    jw_put_str(j, key, *text ? text : NULL);
}

static void write_backlog(struct jw *j, const struct ctx *ctx, const struct replica_view *v)
{
    const struct outbox_figures *b = &v->backlog;
    jw_key(j, "backlog");
    jw_object(j);
    jw_put_int(j, "changes", b->rows);
    jw_put_int(j, "bytes", b->bytes);
    jw_put_time(j, "oldest_at", b->oldest_at);
    jw_put_int(j, "oldest_age_seconds",
               b->oldest_at && ctx->now > b->oldest_at ? (ctx->now - b->oldest_at) / 1000 : 0);
    jw_end(j);
}

static void write_log(struct jw *j, const struct replica_view *v)
{
    jw_key(j, "log");
    jw_object(j);
    jw_put_int(j, "applied", v->applied_seq);
    jw_put_int(j, "head", v->head_seq);
    jw_put_int(j, "lag", v->head_seq > v->applied_seq ? v->head_seq - v->applied_seq : 0);
    jw_put_str(j, "state_hash", v->state_hash);
    jw_put_int(j, "snapshot", v->snap_seq);
    jw_end(j);
}

static void write_packages(struct jw *j, const struct replica_view *v)
{
    jw_key(j, "packages");
    jw_object(j);
    jw_put_int(j, "missing", v->missing);
    jw_put_int(j, "fetched", v->fetch_done);
    jw_put_int(j, "total", v->fetch_total);
    jw_put_int(j, "bytes", v->fetch_bytes);
    jw_end(j);
}

static void write_nodes(struct jw *j, const struct replica_view *v)
{
    jw_key(j, "nodes");
    jw_array(j);
    for (size_t i = 0; i < v->node_count; i++) {
        const struct replica_node *n = &v->nodes[i];
        jw_object(j);
        jw_put_str(j, "node", n->node);
        jw_put_str(j, "name", n->name);
        jw_put_str(j, "version", n->version);
        jw_put_int(j, "applied", n->applied_seq);
        jw_put_str(j, "state_hash", n->state_hash);
        jw_put_time(j, "seen_at", n->at);
        jw_put_bool(j, "is_this", strcmp(n->node, v->node) == 0);
        jw_end(j);
    }
    jw_end(j);
}

static void write_view(struct jw *j, const struct ctx *ctx, const struct replica_view *v)
{
    jw_object(j);
    jw_put_str(j, "state", v->state_name);
    put_text(j, "reason", v->reason);
    put_text(j, "store", v->store);
    put_text(j, "node", v->node);
    put_text(j, "name", v->name);
    jw_put_str(j, "capability", v->capability);
    put_text(j, "writer", v->writer);
    jw_put_str(j, "mode", v->sync ? "sync" : "async");
    jw_put_bool(j, "cadence_layout", v->cadence_layout);
    write_backlog(j, ctx, v);
    write_log(j, v);
    write_packages(j, v);
    jw_put_int(j, "conflicts", v->conflicts);
    jw_put_time(j, "last_success_at", v->last_success);
    jw_put_time(j, "last_error_at", v->last_error_at);
    put_text(j, "last_error", v->last_error);
    jw_put_time(j, "behind_since", v->behind_since);
    jw_put_int(j, "clock_offset_ms", v->clock_offset);
    jw_put_int(j, "requests", v->requests);
    jw_put_int(j, "failed_requests", v->failures);
    jw_put_int(j, "sent", v->pushed);
    jw_put_int(j, "taken", v->pulled);
    write_nodes(j, v);
    jw_end(j);
}

static enum err reply_view(struct ctx *ctx, struct call *call, int status)
{
    struct replica *r = api_domain(call)->replica;
    struct replica_view *v = arena_alloc(ctx->arena, sizeof *v);
    struct jw j;
    if (v == NULL)
        return ctx_no_memory(ctx);
    v->state_name = replica_state_name(REPLICA_DISABLED);
    enum err err = r ? replica_view(ctx, r, v) : OK;
    if (err != OK)
        return err;
    reply_status(call->reply, status);
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    write_view(&j, ctx, v);
    return OK;
}

static enum err show(struct ctx *ctx, struct call *call)
{
    return reply_view(ctx, call, 200);
}

static enum err sync_now(struct ctx *ctx, struct call *call)
{
    replica_hurry(api_domain(call)->replica);
    return reply_view(ctx, call, 202);
}

static enum err become_writer(struct ctx *ctx, struct call *call)
{
    enum err err = replica_become_writer(ctx, api_actor(call), api_domain(call)->replica);
    return err == OK ? reply_view(ctx, call, 202) : err;
}

static enum err accept_bucket(struct ctx *ctx, struct call *call)
{
    enum err err = replica_accept_bucket(ctx, api_actor(call), api_domain(call)->replica);
    return err == OK ? reply_view(ctx, call, 202) : err;
}

/* ------------------------------------------------------------------ conflicts */

static void write_conflict(struct jw *j, const struct repl_conflict *c)
{
    jw_object(j);
    jw_put_str(j, "id", c->id);
    jw_put_str(j, "kind", c->kind);
    jw_put_str(j, "org_id", c->org_id);
    jw_put_str(j, "pid", c->pid);
    jw_put_str(j, "version", c->version);
    jw_put_str(j, "sha256", c->sha256);
    jw_put_raw(j, "mine", c->mine);
    jw_put_raw(j, "theirs", c->theirs);
    jw_put_time(j, "seen_at", c->seen_at);
    jw_put_time(j, "resolved_at", c->resolved_at);
    jw_end(j);
}

static enum err list_conflicts(struct ctx *ctx, struct call *call)
{
    struct conflict_query query = {0};
    struct repl_conflict *rows;
    struct page page;
    size_t count;
    bool more;
    struct jw j;
    enum err err = page_read_seq(ctx, call->req, CONFLICTS_MAX, &page, &query.before);
    query.limit = page.limit;
    if (err == OK)
        err = request_query_bool(ctx, call->req, "resolved", &query.resolved_too);
    if (err == OK)
        err = conflicts_list(ctx, api_domain(call), &query, &rows, &count, &more);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++)
        write_conflict(&j, &rows[i]);
    jw_end(&j);
    return more && count ? page_more_seq(ctx, call, rows[count - 1].seq) : OK;
}

static enum err reply_conflict(struct ctx *ctx, struct call *call, const char *id)
{
    struct repl_conflict c;
    struct jw j;
    enum err err = conflicts_get(ctx, api_domain(call), id, &c);
    if (err != OK)
        return err;
    reply_no_store(call->reply);
    reply_json(call->reply, &j);
    write_conflict(&j, &c);
    return OK;
}

static enum err show_conflict(struct ctx *ctx, struct call *call)
{
    const char *id;
    enum err err = api_param(ctx, call, "conflict_id", &id);
    return err == OK ? reply_conflict(ctx, call, id) : err;
}

static enum err resolve_conflict(struct ctx *ctx, struct call *call)
{
    const char *id;
    enum err err = api_param(ctx, call, "conflict_id", &id);
    if (err == OK)
        err = conflicts_resolve(ctx, api_domain(call), api_actor(call), id);
    return err == OK ? reply_conflict(ctx, call, id) : err;
}

static enum err download_conflict(struct ctx *ctx, struct call *call)
{
    struct repl_conflict c;
    const char *id, *name;
    int64_t size;
    int fd;
    enum err err = api_param(ctx, call, "conflict_id", &id);
    if (err == OK)
        err = conflicts_open(ctx, api_domain(call), id, &c, &size, &fd);
    if (err != OK)
        return err;
    name = str_printf(ctx->arena, "attachment; filename=\"%s-%s-lost.zip\"", c.pid ? c.pid : "x",
                      c.version ? c.version : "0");
    if (name)
        reply_field(call->reply, "Content-Disposition", name);
    reply_no_store(call->reply);
    reply_file(call->reply, "application/zip", fd, 0, (off_t)size);
    return name ? OK : ctx_no_memory(ctx);
}
