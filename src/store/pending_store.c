/*
 * pending_store.c - statements over `pending_upload`.
 */
#include "store/pending_store.h"

#include "store/db.h"
#include "store/statements.h"

/* The order of the columns is that of `read_row`. */
#define COLUMNS                                                                                    \
    "id,name,version,file_name,sha256,needs,detail,state,report,message,details,plugin_id,"        \
    "actor_id,actor_name,actor_via,address,created_at,updated_at"

#define ON_ITS_WAY "state IN ('pending', 'installing')"

enum { INSERT, FIND, BEGIN, REPORT, END, BLOBS, NEEDS, NEEDS_OF_PLUGINS, SWEEP };

static const struct sql sql[] = {
    [INSERT] = {"INSERT INTO pending_upload (id, name, version, file_name, sha256, needs, detail,"
                " state, actor_id, actor_name, actor_via, address, created_at, updated_at)"
                " VALUES (?1,?2,?3,?4,?5,?6,?7,'pending',?8,?9,?10,?11,?12,?12)",
                NULL},
    [FIND] = {"SELECT " COLUMNS " FROM pending_upload WHERE id = ?1", NULL},
    [BEGIN] = {"UPDATE pending_upload SET state = 'installing', updated_at = ?2"
               " WHERE id = ?1 AND " ON_ITS_WAY,
               NULL},
    [REPORT] = {"UPDATE pending_upload SET report = ?2, updated_at = ?3 WHERE id = ?1", NULL},
    [END] = {"UPDATE pending_upload SET state = iif(?2 IS NULL, 'failed', 'checked'),"
             " plugin_id = ?2, message = ?3, details = ?4, updated_at = ?5"
             " WHERE id = ?1 AND " ON_ITS_WAY,
             NULL},
    [BLOBS] = {"SELECT sha256 FROM pending_upload INDEXED BY pending_upload_blob"
               " WHERE " ON_ITS_WAY,
               "the index holds the few uploads on their way"},
    [NEEDS] = {"SELECT needs FROM pending_upload INDEXED BY pending_upload_once"
               " WHERE " ON_ITS_WAY,
               "the index holds the few uploads on their way"},
    [NEEDS_OF_PLUGINS] = {"SELECT dependencies FROM plugin", "a daily job that looks at all rows"},
    [SWEEP] = {"DELETE FROM pending_upload WHERE state IN ('checked', 'failed')"
               " AND updated_at < ?1",
               NULL},
};

const struct sql_list pending_store_sql = {"pending_store.c", sql, sizeof sql / sizeof *sql};

static void read_row(struct ctx *ctx, struct stmt *s, void *row)
{
    *(struct pending_row *)row = (struct pending_row){
        .id = db_text(ctx, s, 0),
        .name = db_text(ctx, s, 1),
        .version = db_text(ctx, s, 2),
        .file_name = db_text(ctx, s, 3),
        .sha256 = db_text(ctx, s, 4),
        .needs = db_slice(ctx, s, 5),
        .detail = db_slice(ctx, s, 6),
        .state = db_text(ctx, s, 7),
        .report = db_slice(ctx, s, 8),
        .message = db_text(ctx, s, 9),
        .details = db_text(ctx, s, 10),
        .plugin_id = db_text(ctx, s, 11),
        .actor_id = db_text(ctx, s, 12),
        .actor_name = db_text(ctx, s, 13),
        .actor_via = db_text(ctx, s, 14),
        .address = db_text(ctx, s, 15),
        .created_at = db_int(s, 16),
        .updated_at = db_int(s, 17),
    };
}

enum err pending_store_insert(struct ctx *ctx, struct conn *conn, const struct pending_row *p)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[INSERT]);
    db_bind_text(s, 1, p->id);
    db_bind_text(s, 2, p->name);
    db_bind_text(s, 3, p->version);
    db_bind_text(s, 4, p->file_name);
    db_bind_text(s, 5, p->sha256);
    db_bind_slice(s, 6, p->needs);
    db_bind_slice(s, 7, p->detail);
    db_bind_text(s, 8, p->actor_id);
    db_bind_text(s, 9, p->actor_name);
    db_bind_text(s, 10, p->actor_via);
    db_bind_text(s, 11, p->address);
    db_bind_int(s, 12, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

enum err pending_store_find(struct ctx *ctx, struct conn *conn, const char *id,
                            struct pending_row *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIND]);
    db_bind_text(s, 1, id);
    return db_find(ctx, s, read_row, out, found);
}

enum err pending_store_begin(struct ctx *ctx, struct conn *conn, const char *id)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[BEGIN]);
    db_bind_text(s, 1, id);
    db_bind_int(s, 2, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

enum err pending_store_report(struct ctx *ctx, struct conn *conn, const char *id,
                              struct slice report)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[REPORT]);
    db_bind_text(s, 1, id);
    db_bind_slice(s, 2, report);
    db_bind_int(s, 3, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

enum err pending_store_end(struct ctx *ctx, struct conn *conn, const char *id,
                           const char *plugin_id, const char *message, const char *details)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[END]);
    db_bind_text(s, 1, id);
    db_bind_text(s, 2, plugin_id);
    db_bind_text(s, 3, message);
    db_bind_text(s, 4, details);
    db_bind_int(s, 5, clock_wall_ms(ctx->clock));
    return db_run(ctx, conn, s, NULL);
}

enum err pending_store_blobs(struct ctx *ctx, struct conn *conn,
                             enum err (*each)(void *arg, const char *sha256), void *arg)
{
    return db_each_text(ctx, db_stmt(ctx, conn, &sql[BLOBS]), each, arg);
}

static enum err each_need(struct ctx *ctx, struct conn *conn, const struct sql *which,
                          enum err (*each)(struct ctx *ctx, void *arg, struct slice json),
                          void *arg)
{
    bool row;
    enum err err;
    struct stmt *s = db_stmt(ctx, conn, which);
    while ((err = db_step(ctx, s, &row)) == OK && row)
        if ((err = each(ctx, arg, db_peek_slice(s, 0))) != OK)
            break;
    db_done(s);
    return err;
}

enum err pending_store_needs(struct ctx *ctx, struct conn *conn,
                             enum err (*each)(struct ctx *ctx, void *arg, struct slice json),
                             void *arg)
{
    enum err err = each_need(ctx, conn, &sql[NEEDS], each, arg);
    return err == OK ? each_need(ctx, conn, &sql[NEEDS_OF_PLUGINS], each, arg) : err;
}

enum err pending_store_sweep(struct ctx *ctx, struct conn *conn, int64_t before)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[SWEEP]);
    db_bind_int(s, 1, before);
    return db_run(ctx, conn, s, NULL);
}
