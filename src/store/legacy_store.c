/*
 * legacy_store.c - statements over rows of the v1 API, and over blobs that are kept for a time.
 */
#include "store/legacy_store.h"

#include "store/db.h"
#include "store/statements.h"

enum { LIST, LIST_ONE, KNOW_BLOB, REPLACE, REMOVE, KEEP, KEPT, FORGET };

#define COLUMNS                                                                                    \
    "id, pid, name, version, description, sha256, capabilities, artifact, health, size_bytes,"     \
    " enabled"

static const struct sql sql[] = {
    /* '/' follows '.': all pids that begin with "legacy." */
    [LIST] = {"SELECT " COLUMNS " FROM plugin WHERE slice = 'system' AND pid > 'legacy.'"
              " AND pid < 'legacy/' AND generation = 1 ORDER BY pid, order_key DESC",
              NULL},
    [LIST_ONE] = {"SELECT " COLUMNS " FROM plugin WHERE slice = 'system' AND pid = ?1"
                  " AND generation = 1 ORDER BY order_key DESC",
                  NULL},
    [KNOW_BLOB] = {"INSERT INTO blob (sha256, size, state, first_seen, verified_at)"
                   " VALUES (?1, ?2, 'present', ?3, ?3)"
                   " ON CONFLICT (sha256) DO UPDATE SET state = 'present', verified_at = ?3",
                   NULL},
    [REPLACE] = {"UPDATE plugin SET version = ?2, sha256 = ?3, size_bytes = ?4, stateless = ?5,"
                 " is_specialized = ?6, is_scoped = ?7, has_readme = ?8, agent_type = ?9,"
                 " sdk_version = ?10, name = ?11, capabilities = ?12, dependencies = ?13,"
                 " default_settings = ?14, settings_schema = ?15, tools = ?16,"
                 " llm_requirements = ?17, description = ?18, logo_image = ?19, updated_at = ?20,"
                 " updated_by = ?21, enabled = 1, artifact = 'present', health = 'unchecked'"
                 " WHERE id = ?1",
                 NULL},
    [REMOVE] = {"DELETE FROM plugin WHERE id = ?1", NULL},
    [KEEP] = {"UPDATE blob SET keep_until = max(ifnull(keep_until, 0), ?2) WHERE sha256 = ?1",
              NULL},
    [KEPT] = {"SELECT sha256 FROM blob WHERE keep_until > ?1", NULL},
    [FORGET] = {"DELETE FROM blob WHERE ifnull(keep_until, 0) <= ?1 AND NOT EXISTS"
                " (SELECT 1 FROM plugin p WHERE p.sha256 = blob.sha256)",
                "once, at start"},
};

const struct sql_list legacy_store_sql = {"legacy_store.c", sql, sizeof sql / sizeof *sql};

static void peek_row(struct stmt *s, struct legacy_row *r)
{
    int at = 0;
    r->id = db_peek_text(s, at++);
    r->pid = db_peek_text(s, at++);
    r->name = db_peek_text(s, at++);
    r->version = db_peek_text(s, at++);
    r->description = db_peek_text(s, at++);
    r->sha256 = db_peek_text(s, at++);
    r->capabilities = db_peek_slice(s, at++);
    r->artifact = db_peek_text(s, at++);
    r->health = db_peek_text(s, at++);
    r->size_bytes = db_int(s, at++);
    r->enabled = db_bool(s, at++);
}

enum err legacy_store_list(struct ctx *ctx, struct conn *conn, const char *pid,
                           enum err (*each)(void *arg, const struct legacy_row *row), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[pid ? LIST_ONE : LIST]);
    if (pid)
        db_bind_text(s, 1, pid);
    bool row = false;
    enum err err;
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        struct legacy_row r;
        peek_row(s, &r);
        if ((err = each(arg, &r)) != OK)
            break;
    }
    db_done(s);
    return err;
}

static enum err know_blob(struct ctx *ctx, struct conn *conn, const struct plugin *p)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[KNOW_BLOB]);
    db_bind_text(s, 1, p->sha256);
    db_bind_int(s, 2, p->size_bytes);
    db_bind_int(s, 3, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

enum err legacy_store_replace(struct ctx *ctx, struct conn *conn, const struct plugin *p)
{
    enum err err = know_blob(ctx, conn, p);
    struct stmt *s = err == OK ? db_stmt(ctx, conn, &sql[REPLACE]) : NULL;
    db_bind_text(s, 1, p->id);
    db_bind_text(s, 2, p->version);
    db_bind_text(s, 3, p->sha256);
    db_bind_int(s, 4, p->size_bytes);
    db_bind_int(s, 5, p->stateless);
    db_bind_int(s, 6, p->is_specialized);
    db_bind_int(s, 7, p->is_scoped);
    db_bind_int(s, 8, p->has_readme);
    db_bind_text(s, 9, p->agent_type);
    db_bind_text(s, 10, p->sdk_version);
    db_bind_text(s, 11, p->name);
    db_bind_slice(s, 12, p->capabilities);
    db_bind_slice(s, 13, p->dependencies);
    db_bind_slice(s, 14, p->default_settings);
    db_bind_slice(s, 15, p->settings_schema);
    db_bind_slice(s, 16, p->tools);
    db_bind_slice(s, 17, p->llm_requirements);
    db_bind_text(s, 18, p->description);
    db_bind_slice(s, 19, p->logo_image);
    db_bind_int(s, 20, ctx->now);
    db_bind_text(s, 21, p->updated_by);
    return db_run(ctx, conn, s, NULL);
}

enum err legacy_store_remove(struct ctx *ctx, struct conn *conn, const char *id)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[REMOVE]);
    db_bind_text(s, 1, id);
    return db_run(ctx, conn, s, NULL);
}

enum err blob_store_keep(struct ctx *ctx, struct conn *conn, const char *sha256, int64_t until)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[KEEP]);
    db_bind_text(s, 1, sha256);
    db_bind_int(s, 2, until);
    return db_run(ctx, conn, s, NULL);
}

enum err blob_store_kept(struct ctx *ctx, struct conn *conn, int64_t now,
                         enum err (*each)(void *arg, const char *sha256), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[KEPT]);
    db_bind_int(s, 1, now);
    return db_each_text(ctx, s, each, arg);
}

enum err blob_store_forget(struct ctx *ctx, struct conn *conn, int64_t now)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FORGET]);
    db_bind_int(s, 1, now);
    return db_run(ctx, conn, s, NULL);
}
