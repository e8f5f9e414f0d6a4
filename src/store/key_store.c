/*
 * key_store.c - statements over `api_key` and `setup_token`.
 *
 * Scopes are one JSON array of names, in one column: they are only ever read together.
 */
#include "store/key_store.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "store/db.h"
#include "store/statements.h"

/* The order of the columns is that of `read_row`. */
#define COLUMNS "id,user_id,org_id,name,prefix,scopes,created_at,expires_at,last_used_at,revoked_at"

enum { SCOPES_TEXT_MAX = 16384 };
enum {
    INSERT,
    FIND,
    LIST_USER,
    LIST_ALL,
    REVOKE,
    REVOKE_USER,
    COUNT,
    TOUCH,
    SETUP_CLEAR,
    SETUP_INSERT,
    SETUP_FIND
};

static const struct sql sql[] = {
    [INSERT] = {"INSERT INTO api_key (id, user_id, org_id, name, prefix, scopes, created_at,"
                " expires_at, key_hash) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
                NULL},
    [FIND] = {"SELECT " COLUMNS " FROM api_key WHERE id = ?1", NULL},
    [LIST_USER] = {"SELECT " COLUMNS " FROM api_key WHERE user_id = ?1"
                   " AND (?2 OR revoked_at IS NULL) ORDER BY seq DESC LIMIT ?3",
                   NULL},
    [LIST_ALL] = {"SELECT " COLUMNS " FROM api_key WHERE ?1 IS NULL"
                  " AND (?2 OR revoked_at IS NULL) ORDER BY seq DESC LIMIT ?3",
                  "the newest keys of everybody, walked backwards up to the limit"},
    [REVOKE] = {"UPDATE api_key SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL", NULL},
    [REVOKE_USER] = {"UPDATE api_key SET revoked_at = ?2 WHERE user_id = ?1"
                     " AND revoked_at IS NULL AND (?3 IS NULL OR org_id = ?3)",
                     NULL},
    [COUNT] = {"SELECT count(*) FROM api_key WHERE user_id = ?1 AND revoked_at IS NULL", NULL},
    [TOUCH] = {"UPDATE api_key SET last_used_at = ?2 WHERE id = ?1", NULL},
    [SETUP_CLEAR] = {"DELETE FROM setup_token", "at most one row"},
    [SETUP_INSERT] = {"INSERT INTO setup_token (token_hash, created_at, expires_at)"
                      " VALUES (?1,?2,?3)",
                      NULL},
    [SETUP_FIND] = {"SELECT 1 FROM setup_token WHERE token_hash = ?1 AND expires_at > ?2", NULL},
};

const struct sql_list key_store_sql = {"key_store.c", sql, sizeof sql / sizeof *sql};

static enum err write_scopes(struct ctx *ctx, const struct api_key *k, struct buf *b)
{
    struct jw j;
    buf_init(b, ctx->arena, SCOPES_TEXT_MAX);
    jw_start(&j, b);
    jw_array(&j);
    for (size_t i = 0; i < k->scope_count; i++)
        jw_str(&j, k->scopes[i]);
    jw_end(&j);
    return jw_done(&j) ? OK : ctx_no_memory(ctx);
}

enum err key_store_insert(struct ctx *ctx, struct conn *conn, const struct api_key *k,
                          const unsigned char hash[SHA256_BYTES])
{
    struct buf scopes;
    enum err err = write_scopes(ctx, k, &scopes);
    struct stmt *s = err == OK ? db_stmt(ctx, conn, &sql[INSERT]) : NULL;
    db_bind_text(s, 1, k->id);
    db_bind_text(s, 2, k->user_id);
    db_bind_text(s, 3, k->org_id);
    db_bind_text(s, 4, k->name);
    db_bind_text(s, 5, k->prefix);
    db_bind_slice(s, 6, buf_view(&scopes));
    db_bind_int(s, 7, k->created_at);
    db_bind_time(s, 8, k->expires_at);
    db_bind_blob(s, 9, hash, SHA256_BYTES);
    return db_run(ctx, conn, s, NULL);
}

static enum err read_scopes(struct ctx *ctx, struct slice text, struct api_key *k)
{
    const struct jr *list;
    enum err err = jr_parse(ctx, text, &list);
    if (err != OK)
        return err;
    k->scope_count = jr_count(list);
    k->scopes = arena_array(ctx->arena, k->scope_count ? k->scope_count : 1, sizeof *k->scopes);
    if (k->scopes == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < k->scope_count; i++) {
        struct slice name = jr_str(jr_item(list, i));
        k->scopes[i] = name.p ? slice_dup(ctx->arena, name) : "";
        if (k->scopes[i] == NULL)
            return ctx_no_memory(ctx);
    }
    return OK;
}

static void read_row(struct ctx *ctx, struct stmt *s, void *row)
{
    struct api_key *k = row;
    *k = (struct api_key){.id = db_text(ctx, s, 0),
                          .user_id = db_text(ctx, s, 1),
                          .org_id = db_text(ctx, s, 2),
                          .name = db_text(ctx, s, 3),
                          .prefix = db_text(ctx, s, 4),
                          .created_at = db_int(s, 6),
                          .expires_at = db_int(s, 7),
                          .last_used_at = db_int(s, 8),
                          .revoked_at = db_int(s, 9)};
    (void)read_scopes(ctx, db_slice(ctx, s, 5), k); /* whoever reads rows looks at the fault */
}

enum err key_store_find(struct ctx *ctx, struct conn *conn, const char *id, struct api_key *out,
                        bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIND]);
    db_bind_text(s, 1, id);
    return db_find(ctx, s, read_row, out, found);
}

enum err key_store_list(struct ctx *ctx, struct conn *conn, const char *user_id,
                        bool include_revoked, int limit, struct api_key **out, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[user_id ? LIST_USER : LIST_ALL]);
    db_bind_text(s, 1, user_id);
    db_bind_int(s, 2, include_revoked);
    db_bind_int(s, 3, limit);
    *out = db_list(ctx, s, sizeof **out, limit, read_row, count);
    return *out ? OK : ctx->fault.err;
}

/* Runs a statement whose first two values are an id and a time. */
static enum err stamp(struct ctx *ctx, struct conn *conn, int which, const char *id, int64_t at)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    db_bind_text(s, 1, id);
    db_bind_int(s, 2, at);
    return db_run(ctx, conn, s, NULL);
}

enum err key_store_revoke(struct ctx *ctx, struct conn *conn, const char *id)
{
    return stamp(ctx, conn, REVOKE, id, ctx->now);
}

enum err key_store_touch(struct ctx *ctx, struct conn *conn, const char *id, int64_t at)
{
    return stamp(ctx, conn, TOUCH, id, at);
}

enum err key_store_revoke_user(struct ctx *ctx, struct conn *conn, const char *user_id,
                               const char *org_id, int64_t *ended)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[REVOKE_USER]);
    db_bind_text(s, 1, user_id);
    db_bind_int(s, 2, ctx->now);
    db_bind_text(s, 3, org_id);
    return db_run(ctx, conn, s, ended);
}

enum err key_store_count(struct ctx *ctx, struct conn *conn, const char *user_id, int64_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[COUNT]);
    db_bind_text(s, 1, user_id);
    return db_number(ctx, s, count);
}

enum err setup_store_clear(struct ctx *ctx, struct conn *conn)
{
    return db_run(ctx, conn, db_stmt(ctx, conn, &sql[SETUP_CLEAR]), NULL);
}

enum err setup_store_put(struct ctx *ctx, struct conn *conn, const unsigned char hash[SHA256_BYTES],
                         int64_t expires_at)
{
    enum err err = setup_store_clear(ctx, conn);
    struct stmt *s = err == OK ? db_stmt(ctx, conn, &sql[SETUP_INSERT]) : NULL;
    db_bind_blob(s, 1, hash, SHA256_BYTES);
    db_bind_int(s, 2, ctx->now);
    db_bind_int(s, 3, expires_at);
    return db_run(ctx, conn, s, NULL);
}

enum err setup_store_find(struct ctx *ctx, struct conn *conn,
                          const unsigned char hash[SHA256_BYTES], bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[SETUP_FIND]);
    db_bind_blob(s, 1, hash, SHA256_BYTES);
    db_bind_int(s, 2, ctx->now);
    return db_any(ctx, s, found);
}
