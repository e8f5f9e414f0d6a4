/*
 * replica_rows.c - conflicts, and rows of the catalog as the log has them.
 *
 * The second half of replica_store.h. A version is put in its place whatever stands there; one with
 * the same bytes only takes the other's id and dates, so that its checks and downloads stay.
 */
#include "base/crypto.h"
#include "store/db.h"
#include "store/plugin_store.h"
#include "store/replica_store.h"
#include "store/statements.h"

#define CONFLICT                                                                                   \
    "seq, id, op_id, entity, kind, org_id, pid, version, sha256, mine, theirs, seen_at, "          \
    "resolved_at"

enum {
    ADD,
    LIST_OPEN,
    LIST_ALL,
    FIND,
    RESOLVE,
    COUNT,
    COUNT_ENTITY,
    BLOBS,
    TWIN,
    DROP_PLACE,
    DROP,
    BLOB,
    ARTIFACT,
    FLAGS,
    STAGE,
    LOGO,
    IDS_OF,
    MISSING,
    MISSING_COUNT,
    BLOBS_WALK,
    UNSEND,
    UNSENT,
    UNSENT_ORGS,
    NAMED
};

static const struct sql sql[] = {
    [ADD] =
        {"INSERT INTO repl_conflict (id, op_id, entity, kind, org_id, pid, version, sha256, mine,"
         " theirs, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
         " ON CONFLICT DO NOTHING",
         NULL},
    [LIST_OPEN] = {"SELECT " CONFLICT " FROM repl_conflict WHERE resolved_at IS NULL AND seq < ?1"
                   " ORDER BY seq DESC LIMIT ?2",
                   NULL},
    [LIST_ALL] = {"SELECT " CONFLICT " FROM repl_conflict WHERE seq < ?1"
                  " ORDER BY seq DESC LIMIT ?2",
                  NULL},
    [FIND] = {"SELECT " CONFLICT " FROM repl_conflict WHERE id = ?1", NULL},
    [RESOLVE] = {"UPDATE repl_conflict SET resolved_at = ?2 WHERE id = ?1 AND resolved_at IS NULL",
                 NULL},
    [COUNT] = {"SELECT count(*) FROM repl_conflict WHERE resolved_at IS NULL",
               "open ones are few; their index is counted"},
    [COUNT_ENTITY] = {"SELECT count(*) FROM repl_conflict WHERE entity = ?1"
                      " AND resolved_at IS NULL",
                      NULL},
    [BLOBS] = {"SELECT DISTINCT sha256 FROM repl_conflict WHERE resolved_at IS NULL"
               " AND sha256 IS NOT NULL",
               NULL},
    [TWIN] = {"UPDATE plugin SET id = ?5, version = ?6, created_at = ?7, created_by = ?8"
              " WHERE slice = ifnull(?1, 'system') AND pid = ?2 AND order_key = ?3 AND sha256 = ?4",
              NULL},
    [DROP_PLACE] = {"DELETE FROM plugin WHERE slice = ifnull(?1, 'system') AND pid = ?2"
                    " AND order_key = ?3",
                    NULL},
    [DROP] = {"DELETE FROM plugin WHERE id = ?1", NULL},
    [BLOB] = {"INSERT INTO blob (sha256, size, state, first_seen) VALUES (?1, ?2, 'missing', ?3)"
              " ON CONFLICT DO NOTHING",
              NULL},
    [ARTIFACT] = {"UPDATE plugin SET artifact = (SELECT state FROM blob b WHERE b.sha256 ="
                  " plugin.sha256) WHERE id = ?1",
                  NULL},
    [FLAGS] = {"UPDATE plugin SET enabled = ?2, quarantined = ?3, tag = ?4, updated_at = ?5,"
               " updated_by = ?6 WHERE id = ?1",
               NULL},
    [STAGE] = {"UPDATE plugin SET replication = ?2 WHERE id = ?1 AND replication <> ?2", NULL},
    [LOGO] = {"UPDATE plugin SET logo_image = ?2 WHERE sha256 = ?1", NULL},
    [IDS_OF] = {"SELECT id FROM plugin WHERE sha256 = ?1 LIMIT ?2", NULL},
    [MISSING] = {"SELECT id, org_id, pid, version, sha256, size_bytes FROM plugin"
                 " WHERE artifact <> 'present' ORDER BY enabled DESC, created_at DESC"
                 " LIMIT ?2 OFFSET ?1",
                 NULL},
    [MISSING_COUNT] = {"SELECT count(*) FROM plugin WHERE artifact <> 'present'",
                       "only what is missing stands in the index that is counted"},
    [BLOBS_WALK] = {"SELECT sha256, max(size_bytes) FROM plugin WHERE sha256 > ?1"
                    " AND artifact = 'present' GROUP BY sha256 ORDER BY sha256 LIMIT ?2",
                    NULL},
    [UNSEND] = {"UPDATE plugin SET replication = 'local' WHERE replication <> 'pending'",
                "once, on an operator's word"},
    [UNSENT] = {"SELECT id FROM plugin p WHERE replication = 'local' AND NOT EXISTS (SELECT 1"
                " FROM outbox o WHERE o.entity = 'v/' || p.slice || '/' || p.pid || '/' ||"
                " lower(hex(p.order_key))) ORDER BY seq LIMIT ?1",
                NULL},
    [UNSENT_ORGS] = {"SELECT o.id FROM org o WHERE NOT EXISTS (SELECT 1 FROM entity_rev e"
                     " WHERE e.entity = 'o/' || o.id) AND NOT EXISTS (SELECT 1 FROM outbox x"
                     " WHERE x.entity = 'o/' || o.id) LIMIT ?1",
                     "once at start; orgs are few"},
    [NAMED] = {"SELECT 1 WHERE EXISTS (SELECT 1 FROM plugin WHERE sha256 = ?1)"
               " OR EXISTS (SELECT 1 FROM outbox WHERE sha256 = ?1)"
               " OR EXISTS (SELECT 1 FROM repl_conflict WHERE sha256 = ?1"
               " AND resolved_at IS NULL)",
               NULL},
};

const struct sql_list replica_rows_sql = {"replica_rows.c", sql, sizeof sql / sizeof *sql};

/* ------------------------------------------------------------------ conflicts */

enum err repl_conflict_add(struct ctx *ctx, struct conn *conn, const struct repl_conflict *c)
{
    char id[ID_TEXT];
    struct stmt *s = db_stmt(ctx, conn, &sql[ADD]);
    crypto_uuid7(ctx->now, id);
    db_bind_text(s, 1, id);
    db_bind_text(s, 2, c->op_id);
    db_bind_text(s, 3, c->entity);
    db_bind_text(s, 4, c->kind);
    db_bind_text(s, 5, c->org_id);
    db_bind_text(s, 6, c->pid);
    db_bind_text(s, 7, c->version);
    db_bind_text(s, 8, c->sha256);
    db_bind_slice(s, 9, c->mine);
    db_bind_slice(s, 10, c->theirs);
    db_bind_int(s, 11, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

static void read_conflict(struct ctx *ctx, struct stmt *s, void *row)
{
    *(struct repl_conflict *)row = (struct repl_conflict){
        .seq = db_int(s, 0),
        .id = db_text(ctx, s, 1),
        .op_id = db_text(ctx, s, 2),
        .entity = db_text(ctx, s, 3),
        .kind = db_text(ctx, s, 4),
        .org_id = db_text(ctx, s, 5),
        .pid = db_text(ctx, s, 6),
        .version = db_text(ctx, s, 7),
        .sha256 = db_text(ctx, s, 8),
        .mine = db_slice(ctx, s, 9),
        .theirs = db_slice(ctx, s, 10),
        .seen_at = db_int(s, 11),
        .resolved_at = db_int(s, 12),
    };
}

enum err repl_conflict_list(struct ctx *ctx, struct conn *conn, bool resolved_too,
                            int64_t before_seq, int limit,
                            enum err (*each)(void *arg, const struct repl_conflict *c), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[resolved_too ? LIST_ALL : LIST_OPEN]);
    struct repl_conflict c;
    bool row = false;
    enum err err;
    db_bind_int(s, 1, before_seq > 0 ? before_seq : INT64_MAX);
    db_bind_int(s, 2, limit);
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        read_conflict(ctx, s, &c);
        if ((err = ctx->fault.err) != OK || (err = each(arg, &c)) != OK)
            break;
    }
    db_done(s);
    return err;
}

enum err repl_conflict_find(struct ctx *ctx, struct conn *conn, const char *id,
                            struct repl_conflict *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIND]);
    db_bind_text(s, 1, id);
    return db_find(ctx, s, read_conflict, out, found);
}

enum err repl_conflict_resolve(struct ctx *ctx, struct conn *conn, const char *id)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[RESOLVE]);
    db_bind_text(s, 1, id);
    db_bind_int(s, 2, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

enum err repl_conflict_count(struct ctx *ctx, struct conn *conn, const char *entity, int64_t *out)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[entity ? COUNT_ENTITY : COUNT]);
    if (entity)
        db_bind_text(s, 1, entity);
    return db_number(ctx, s, out);
}

enum err repl_conflict_blobs(struct ctx *ctx, struct conn *conn,
                             enum err (*each)(void *arg, const char *sha256), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[BLOBS]);
    return db_each_text(ctx, s, each, arg);
}

/* ------------------------------------------------------------------ versions */

/* The statement with the place of the version bound to its first three values. */
static struct stmt *at_place(struct ctx *ctx, struct conn *conn, int which, const struct plugin *p)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    if (s) {
        db_bind_text(s, 1, p->org_id);
        db_bind_text(s, 2, p->pid);
        db_bind_blob(s, 3, p->order_key.p, p->order_key.n);
    }
    return s;
}

static enum err take_over(struct ctx *ctx, struct conn *conn, const struct plugin *p, bool *was)
{
    struct stmt *s = at_place(ctx, conn, TWIN, p);
    int64_t changes = 0;
    db_bind_text(s, 4, p->sha256);
    db_bind_text(s, 5, p->id);
    db_bind_text(s, 6, p->version);
    db_bind_int(s, 7, p->created_at);
    db_bind_text(s, 8, p->created_by);
    enum err err = db_run(ctx, conn, s, &changes);
    *was = changes > 0;
    return err;
}

static enum err put_blob_row(struct ctx *ctx, struct conn *conn, const struct plugin *p)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[BLOB]);
    db_bind_text(s, 1, p->sha256);
    db_bind_int(s, 2, p->size_bytes);
    db_bind_int(s, 3, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

static enum err with_id(struct ctx *ctx, struct conn *conn, int which, const char *id)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    db_bind_text(s, 1, id);
    return db_run(ctx, conn, s, NULL);
}

enum err replica_put_version(struct ctx *ctx, struct conn *conn, const struct plugin *p)
{
    bool was = false;
    enum err err = take_over(ctx, conn, p, &was);
    if (err != OK || was)
        return err;
    err = db_run(ctx, conn, at_place(ctx, conn, DROP_PLACE, p), NULL);
    if (err == OK)
        err = put_blob_row(ctx, conn, p);
    if (err == OK)
        err = plugin_store_insert_row(ctx, conn, p);
    return err == OK ? with_id(ctx, conn, ARTIFACT, p->id) : err;
}

enum err replica_drop_version(struct ctx *ctx, struct conn *conn, const char *id)
{
    return with_id(ctx, conn, DROP, id);
}

enum err replica_set_flags(struct ctx *ctx, struct conn *conn, const struct plugin *p)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FLAGS]);
    db_bind_text(s, 1, p->id);
    db_bind_int(s, 2, p->enabled);
    db_bind_int(s, 3, p->quarantined);
    db_bind_text(s, 4, p->tag);
    db_bind_int(s, 5, p->updated_at);
    db_bind_text(s, 6, p->updated_by);
    return db_run(ctx, conn, s, NULL);
}

enum err replica_set_stage(struct ctx *ctx, struct conn *conn, const char *id,
                           const char *replication)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[STAGE]);
    db_bind_text(s, 1, id);
    db_bind_text(s, 2, replication);
    return db_run(ctx, conn, s, NULL);
}

enum err replica_set_logo(struct ctx *ctx, struct conn *conn, const char *sha256, struct slice logo)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[LOGO]);
    db_bind_text(s, 1, sha256);
    db_bind_slice(s, 2, logo);
    return db_run(ctx, conn, s, NULL);
}

enum err replica_missing(struct ctx *ctx, struct conn *conn, int64_t offset, int limit,
                         enum err (*each)(void *arg, const struct missing *m), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[MISSING]);
    bool row = false;
    enum err err;
    db_bind_int(s, 1, offset);
    db_bind_int(s, 2, limit);
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        struct missing m = {db_peek_text(s, 0), db_peek_text(s, 1), db_peek_text(s, 2),
                            db_peek_text(s, 3), db_peek_text(s, 4), db_int(s, 5)};
        if ((err = each(arg, &m)) != OK)
            break;
    }
    db_done(s);
    return err;
}

enum err replica_missing_count(struct ctx *ctx, struct conn *conn, int64_t *out)
{
    return db_number(ctx, db_stmt(ctx, conn, &sql[MISSING_COUNT]), out);
}

static enum err some_ids(struct ctx *ctx, struct conn *conn, int which, int limit, const char **ids,
                         size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    bool row = false;
    enum err err = OK;
    *count = 0;
    db_bind_int(s, 1, limit);
    while (*count < (size_t)limit && (err = db_step(ctx, s, &row)) == OK && row)
        ids[(*count)++] = db_text(ctx, s, 0);
    db_done(s);
    return err == OK ? ctx->fault.err : err;
}

enum err replica_ids_of(struct ctx *ctx, struct conn *conn, const char *sha256, int limit,
                        const char **ids, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[IDS_OF]);
    bool row = false;
    enum err err = OK;
    *count = 0;
    db_bind_text(s, 1, sha256);
    db_bind_int(s, 2, limit);
    while (*count < (size_t)limit && (err = db_step(ctx, s, &row)) == OK && row)
        ids[(*count)++] = db_text(ctx, s, 0);
    db_done(s);
    return err == OK ? ctx->fault.err : err;
}

enum err replica_unsent(struct ctx *ctx, struct conn *conn, int limit, const char **ids,
                        size_t *count)
{
    return some_ids(ctx, conn, UNSENT, limit, ids, count);
}

enum err replica_blobs_walk(struct ctx *ctx, struct conn *conn, const char *after, int limit,
                            const char **hashes, int64_t *sizes, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[BLOBS_WALK]);
    bool row = false;
    enum err err = OK;
    *count = 0;
    db_bind_text(s, 1, after);
    db_bind_int(s, 2, limit);
    while (*count < (size_t)limit && (err = db_step(ctx, s, &row)) == OK && row) {
        hashes[*count] = db_text(ctx, s, 0);
        sizes[(*count)++] = db_int(s, 1);
    }
    db_done(s);
    return err == OK ? ctx->fault.err : err;
}

enum err replica_unsend(struct ctx *ctx, struct conn *conn)
{
    return db_run(ctx, conn, db_stmt(ctx, conn, &sql[UNSEND]), NULL);
}

enum err replica_unsent_orgs(struct ctx *ctx, struct conn *conn, int limit, const char **ids,
                             size_t *count)
{
    return some_ids(ctx, conn, UNSENT_ORGS, limit, ids, count);
}

enum err replica_blob_named(struct ctx *ctx, struct conn *conn, const char *sha256, bool *named)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[NAMED]);
    db_bind_text(s, 1, sha256);
    return db_any(ctx, s, named);
}
