/*
 * session_store.c - statements over `session`.
 */
#include "store/session_store.h"

#include "store/db.h"
#include "store/statements.h"

/* The order of the columns is that of `read_row`. */
#define COLUMNS                                                                                    \
    "id,user_id,family,client_id,address,user_agent,created_at,expires_at,refresh_expires_at,"     \
    "last_used_at,refresh_used_at,revoked_at"

enum {
    INSERT,
    FIND,
    FIND_REFRESH,
    EXCHANGE,
    REVOKE,
    REVOKE_FAMILY,
    REVOKE_USER,
    LIST,
    TOUCH,
    EXPIRED,
    SWEEP
};

static const struct sql sql[] = {
    [INSERT] = {"INSERT INTO session (id, user_id, family, client_id, address, user_agent,"
                " created_at, expires_at, refresh_expires_at, refresh_hash)"
                " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
                NULL},
    [FIND] = {"SELECT " COLUMNS " FROM session WHERE id = ?1", NULL},
    [FIND_REFRESH] = {"SELECT " COLUMNS " FROM session WHERE refresh_hash = ?1", NULL},
    [EXCHANGE] = {"UPDATE session SET refresh_used_at = ?2, revoked_at = ifnull(revoked_at, ?2)"
                  " WHERE id = ?1",
                  NULL},
    [REVOKE] = {"UPDATE session SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL", NULL},
    [REVOKE_FAMILY] = {"UPDATE session SET revoked_at = ?2 WHERE family = ?1"
                       " AND revoked_at IS NULL",
                       NULL},
    [REVOKE_USER] = {"UPDATE session SET revoked_at = ?2 WHERE user_id = ?1"
                     " AND revoked_at IS NULL AND id IS NOT ?3",
                     NULL},
    [LIST] = {"SELECT " COLUMNS " FROM session WHERE user_id = ?1 AND revoked_at IS NULL"
              " AND (expires_at > ?2 OR refresh_expires_at > ?2) ORDER BY seq DESC LIMIT ?3",
              NULL},
    [TOUCH] = {"UPDATE session SET last_used_at = ?2 WHERE id = ?1", NULL},
    [SWEEP] = {"DELETE FROM session WHERE seq IN (SELECT seq FROM session"
               " WHERE ifnull(refresh_expires_at, expires_at) < ?1 LIMIT ?2)",
               NULL},
    [EXPIRED] = {"SELECT 1 FROM session WHERE ifnull(refresh_expires_at, expires_at) < ?1 LIMIT 1",
                 NULL},
};

const struct sql_list session_store_sql = {"session_store.c", sql, sizeof sql / sizeof *sql};

static void read_row(struct ctx *ctx, struct stmt *s, void *row)
{
    struct session_row *r = row;
    r->session.id = db_text(ctx, s, 0);
    r->session.user_id = db_text(ctx, s, 1);
    r->family = db_text(ctx, s, 2);
    r->session.client_id = db_text(ctx, s, 3);
    r->session.address = db_text(ctx, s, 4);
    r->session.user_agent = db_text(ctx, s, 5);
    r->session.created_at = db_int(s, 6);
    r->session.expires_at = db_int(s, 7);
    r->session.refresh_expires_at = db_int(s, 8);
    r->session.last_used_at = db_int(s, 9);
    r->refresh_used_at = db_int(s, 10);
    r->revoked_at = db_int(s, 11);
}

enum err session_store_insert(struct ctx *ctx, struct conn *conn, const struct session_row *r,
                              const unsigned char refresh_hash[SHA256_BYTES])
{
    struct stmt *s = db_stmt(ctx, conn, &sql[INSERT]);
    db_bind_text(s, 1, r->session.id);
    db_bind_text(s, 2, r->session.user_id);
    db_bind_text(s, 3, r->family);
    db_bind_text(s, 4, r->session.client_id);
    db_bind_text(s, 5, r->session.address);
    db_bind_text(s, 6, r->session.user_agent);
    db_bind_int(s, 7, r->session.created_at);
    db_bind_int(s, 8, r->session.expires_at);
    db_bind_int(s, 9, r->session.refresh_expires_at);
    db_bind_blob(s, 10, refresh_hash, SHA256_BYTES);
    return db_run(ctx, conn, s, NULL);
}

enum err session_store_find(struct ctx *ctx, struct conn *conn, const char *id,
                            struct session_row *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIND]);
    db_bind_text(s, 1, id);
    return db_find(ctx, s, read_row, out, found);
}

enum err session_store_find_refresh(struct ctx *ctx, struct conn *conn,
                                    const unsigned char refresh_hash[SHA256_BYTES],
                                    struct session_row *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIND_REFRESH]);
    db_bind_blob(s, 1, refresh_hash, SHA256_BYTES);
    return db_find(ctx, s, read_row, out, found);
}

/* Runs a statement whose first two values are a key and the present time. */
static enum err stamp(struct ctx *ctx, struct conn *conn, int which, const char *key, int64_t at,
                      int64_t *changes)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    db_bind_text(s, 1, key);
    db_bind_int(s, 2, at);
    return db_run(ctx, conn, s, changes);
}

enum err session_store_exchange(struct ctx *ctx, struct conn *conn, const char *id)
{
    return stamp(ctx, conn, EXCHANGE, id, ctx->now, NULL);
}

enum err session_store_revoke(struct ctx *ctx, struct conn *conn, const char *id, int64_t *ended)
{
    return stamp(ctx, conn, REVOKE, id, ctx->now, ended);
}

enum err session_store_revoke_family(struct ctx *ctx, struct conn *conn, const char *family,
                                     int64_t *ended)
{
    return stamp(ctx, conn, REVOKE_FAMILY, family, ctx->now, ended);
}

enum err session_store_touch(struct ctx *ctx, struct conn *conn, const char *id, int64_t at)
{
    return stamp(ctx, conn, TOUCH, id, at, NULL);
}

enum err session_store_revoke_user(struct ctx *ctx, struct conn *conn, const char *user_id,
                                   const char *except_id, int64_t *ended)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[REVOKE_USER]);
    db_bind_text(s, 1, user_id);
    db_bind_int(s, 2, ctx->now);
    db_bind_text(s, 3, except_id);
    return db_run(ctx, conn, s, ended);
}

static void read_listed(struct ctx *ctx, struct stmt *s, void *row)
{
    struct session_row r;
    read_row(ctx, s, &r);
    *(struct session *)row = r.session;
}

enum err session_store_list(struct ctx *ctx, struct conn *conn, const char *user_id, int limit,
                            struct session **out, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[LIST]);
    db_bind_text(s, 1, user_id);
    db_bind_int(s, 2, ctx->now);
    db_bind_int(s, 3, limit);
    *out = db_list(ctx, s, sizeof **out, limit, read_listed, count);
    return *out ? OK : ctx->fault.err;
}

enum err session_store_sweep(struct ctx *ctx, struct conn *conn, int64_t before, int limit,
                             int64_t *swept)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[SWEEP]);
    db_bind_int(s, 1, before);
    db_bind_int(s, 2, limit);
    return db_run(ctx, conn, s, swept);
}

enum err session_store_any_expired(struct ctx *ctx, struct conn *conn, int64_t before, bool *any)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[EXPIRED]);
    db_bind_int(s, 1, before);
    return db_any(ctx, s, any);
}
