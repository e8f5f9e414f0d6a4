/*
 * health_store.c - statements over `health_check`, `network_grant` and the state of a version.
 */
#include "store/health_store.h"

#include "store/db.h"
#include "store/statements.h"

enum { ADD, STATE, FORGET_DETAIL, FORGET, LIST, DUE, GRANTED, GRANT, REVOKE };

static const struct sql sql[] = {
    [ADD] =
        {"INSERT INTO health_check (plugin_id, at, result, reason, duration_ms, network, detail)"
         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
         NULL},
    [STATE] = {"UPDATE plugin SET health = ?2 WHERE id = ?1 AND health <> ?2", NULL},
    [FORGET_DETAIL] = {"UPDATE health_check SET detail = NULL WHERE seq = (SELECT seq FROM"
                       " health_check WHERE plugin_id = ?1 ORDER BY at DESC, seq DESC"
                       " LIMIT 1 OFFSET 20)",
                       NULL},
    [FORGET] = {"DELETE FROM health_check WHERE seq = (SELECT seq FROM health_check WHERE"
                " plugin_id = ?1 ORDER BY at DESC, seq DESC LIMIT 1 OFFSET 200)",
                NULL},
    [LIST] = {"SELECT seq, at, result, reason, duration_ms, network, detail FROM health_check"
              " WHERE plugin_id = ?1 AND (?2 = 0 OR seq < ?2) ORDER BY at DESC, seq DESC LIMIT ?3",
              NULL},
    [DUE] = {"SELECT p.id FROM (SELECT plugin_id, max(at) AS newest FROM health_check"
             " GROUP BY plugin_id HAVING max(at) < ?1) h JOIN plugin p ON p.id = h.plugin_id"
             " WHERE p.is_latest = 1 ORDER BY h.newest LIMIT ?2",
             "all that was ever checked, for the schedule alone"},
    [GRANTED] = {"SELECT 1 FROM network_grant WHERE slice = ifnull(?1, 'system') AND pid = ?2",
                 NULL},
    [GRANT] = {"INSERT INTO network_grant (slice, pid, granted_by, granted_at)"
               " VALUES (ifnull(?1, 'system'), ?2, ?3, ?4) ON CONFLICT DO NOTHING",
               NULL},
    [REVOKE] = {"DELETE FROM network_grant WHERE slice = ifnull(?1, 'system') AND pid = ?2", NULL},
};

const struct sql_list health_store_sql = {"health_store.c", sql, sizeof sql / sizeof *sql};

static enum err of_plugin(struct ctx *ctx, struct conn *conn, int which, const char *plugin_id)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    db_bind_text(s, 1, plugin_id);
    return db_run(ctx, conn, s, NULL);
}

static enum err add(struct ctx *ctx, struct conn *conn, const struct health_check *run)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[ADD]);
    db_bind_text(s, 1, run->plugin_id);
    db_bind_int(s, 2, run->at);
    db_bind_text(s, 3, run->outcome.result);
    db_bind_text(s, 4, run->outcome.reason);
    db_bind_int(s, 5, run->outcome.duration_ms);
    db_bind_int(s, 6, run->outcome.network);
    db_bind_slice(s, 7, run->outcome.detail);
    return db_run(ctx, conn, s, NULL);
}

static enum err set_state(struct ctx *ctx, struct conn *conn, const struct health_check *run,
                          bool *changed)
{
    int64_t rows = 0;
    struct stmt *s = db_stmt(ctx, conn, &sql[STATE]);
    db_bind_text(s, 1, run->plugin_id);
    db_bind_text(s, 2, run->outcome.result);
    enum err err = db_run(ctx, conn, s, &rows);
    *changed = rows > 0;
    return err;
}

enum err health_store_add(struct ctx *ctx, struct conn *conn, const struct health_check *run,
                          bool *changed)
{
    enum err err = add(ctx, conn, run);
    if (err == OK)
        err = set_state(ctx, conn, run, changed);
    if (err == OK)
        err = of_plugin(ctx, conn, FORGET_DETAIL, run->plugin_id);
    return err == OK ? of_plugin(ctx, conn, FORGET, run->plugin_id) : err;
}

enum err health_store_list(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                           int64_t before_seq, int limit, struct health_check *out, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[LIST]);
    bool row = false;
    enum err err;
    *count = 0;
    db_bind_text(s, 1, plugin_id);
    db_bind_int(s, 2, before_seq);
    db_bind_int(s, 3, limit);
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        struct health_check *h = &out[(*count)++];
        *h = (struct health_check){.seq = db_int(s, 0), .at = db_int(s, 1)};
        h->plugin_id = plugin_id;
        h->outcome.result = db_text(ctx, s, 2);
        h->outcome.reason = db_text(ctx, s, 3);
        h->outcome.duration_ms = db_int(s, 4);
        h->outcome.network = db_bool(s, 5);
        h->outcome.detail = db_slice(ctx, s, 6);
    }
    db_done(s);
    return err == OK && ctx->fault.err != OK ? ctx->fault.err : err;
}

enum err health_store_due(struct ctx *ctx, struct conn *conn, int64_t before, int limit,
                          enum err (*each)(void *arg, const char *plugin_id), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[DUE]);
    db_bind_int(s, 1, before);
    db_bind_int(s, 2, limit);
    return db_each_text(ctx, s, each, arg);
}

enum err health_store_network(struct ctx *ctx, struct conn *conn, const char *org_id,
                              const char *pid, bool *allowed)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[GRANTED]);
    db_bind_text(s, 1, org_id);
    db_bind_text(s, 2, pid);
    return db_any(ctx, s, allowed);
}

enum err health_store_set_network(struct ctx *ctx, struct conn *conn, const char *org_id,
                                  const char *pid, bool allow, const char *by)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[allow ? GRANT : REVOKE]);
    db_bind_text(s, 1, org_id);
    db_bind_text(s, 2, pid);
    if (allow) {
        db_bind_text(s, 3, by);
        db_bind_int(s, 4, ctx->now);
    }
    return db_run(ctx, conn, s, NULL);
}
