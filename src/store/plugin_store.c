/*
 * plugin_store.c - statements over `plugin`, and their rows.
 *
 * A list is read slice by slice along the partial index of latest rows, so a page costs what it
 * shows, however large the catalog is. Columns of a list row are handed over as SQLite holds them,
 * without a copy; single rows are copied into the arena.
 */
#include "store/plugin_store.h"

#include <string.h>

#include "base/crypto.h"
#include "store/db.h"
#include "store/statements.h"

/* What tells one state of a row from all others, for lists; the order is that of `read_mark`. */
#define MARK "p.seq,p.stamp,p.pid"
/* The whole row; the order is that of `read_row`. */
#define COLUMNS                                                                                    \
    "p.seq,p.stamp,p.id,p.org_id,p.pid,p.sha256,p.enabled,p.is_latest,p.artifact,p.health"         \
    ",p.tag,p.s3_path,p.updated_at,p.updated_by,p.replication,p.quarantined"                       \
    ",p.version,p.scheme,p.order_key,p.generation,p.stateless,p.is_specialized"                    \
    ",p.is_scoped,p.has_readme,p.size_bytes,p.created_at,p.created_by,p.agent_type"                \
    ",p.sdk_version,p.name,p.capabilities,p.dependencies,p.default_settings"                       \
    ",p.settings_schema,p.tools,p.llm_requirements,p.description,p.logo_image"

enum {
    LIST_LATEST,
    LIST_LATEST_TAG,
    LIST_ANY,
    LIST_VERSIONS,
    VERSIONS,
    ROW,
    FIND,
    FIND_VERSION,
    FIND_LATEST,
    FIND_HIGHEST,
    FIND_NEWEST,
    INSERT_BLOB,
    INSERT,
    SET_ENABLED,
    SET_TAG,
    DEMOTE,
    PROMOTE,
    ARTIFACTS,
    SET_BLOB_STATE,
    SET_ARTIFACT
};

static const struct sql sql[] = {
    [LIST_LATEST] = {"SELECT " MARK
                     " FROM plugin p INDEXED BY plugin_listed WHERE p.slice = ifnull(?1, 'system')"
                     " AND p.is_latest = 1 AND p.pid > ?2 ORDER BY p.pid LIMIT ?3",
                     NULL},
    [LIST_LATEST_TAG] = {"SELECT " MARK " FROM plugin p WHERE p.slice = ifnull(?1, 'system')"
                         " AND p.is_latest = 1 AND p.tag = ?4 AND p.pid > ?2"
                         " ORDER BY p.pid LIMIT ?3",
                         NULL},
    /* the latest, or the newest of a plugin that has no enabled version */
    [LIST_ANY] = {"SELECT " MARK " FROM plugin p WHERE p.slice = ifnull(?1, 'system')"
                  " AND p.pid > ?2 AND (?4 IS NULL OR p.tag = ?4) AND (p.is_latest = 1 OR ("
                  " NOT EXISTS (SELECT 1 FROM plugin l WHERE l.slice = p.slice AND l.pid = p.pid"
                  " AND l.is_latest = 1) AND NOT EXISTS (SELECT 1 FROM plugin h"
                  " WHERE h.slice = p.slice AND h.pid = p.pid AND h.order_key > p.order_key)))"
                  " ORDER BY p.pid LIMIT ?3",
                  NULL},
    [LIST_VERSIONS] = {"SELECT " MARK " FROM plugin p WHERE p.slice = ifnull(?1, 'system')"
                       " AND p.pid >= ?2 AND (p.pid > ?2 OR p.order_key <"
                       " (SELECT c.order_key FROM plugin c WHERE c.seq = ?5))"
                       " AND (?4 IS NULL OR p.tag = ?4) AND (?6 OR p.enabled = 1)"
                       " ORDER BY p.pid, p.order_key DESC LIMIT ?3",
                       NULL},
    [VERSIONS] = {"SELECT " MARK " FROM plugin p WHERE p.slice = ifnull(?1, 'system')"
                  " AND p.pid = ?2 ORDER BY p.order_key DESC",
                  NULL},
    [ROW] = {"SELECT " COLUMNS " FROM plugin p WHERE p.seq = ?1", NULL},
    [FIND] = {"SELECT " COLUMNS " FROM plugin p WHERE p.id = ?1", NULL},
    [FIND_VERSION] = {"SELECT " COLUMNS " FROM plugin p WHERE p.slice = ifnull(?1, 'system')"
                      " AND p.pid = ?2 AND p.order_key = ?3",
                      NULL},
    [FIND_LATEST] = {"SELECT " COLUMNS " FROM plugin p WHERE p.slice = ifnull(?1, 'system')"
                     " AND p.pid = ?2 AND p.is_latest = 1",
                     NULL},
    [FIND_HIGHEST] = {"SELECT " COLUMNS " FROM plugin p WHERE p.slice = ifnull(?1, 'system')"
                      " AND p.pid = ?2 ORDER BY p.order_key DESC LIMIT 1",
                      NULL},
    [FIND_NEWEST] = {"SELECT " COLUMNS " FROM plugin p WHERE p.slice = ifnull(?1, 'system')"
                     " AND p.pid = ?2 AND p.enabled = 1 ORDER BY p.order_key DESC LIMIT 1",
                     NULL},
    [INSERT_BLOB] = {"INSERT INTO blob (sha256, size, state, first_seen, verified_at)"
                     " VALUES (?1, ?2, 'present', ?3, ?3)"
                     " ON CONFLICT (sha256) DO UPDATE SET state = 'present', verified_at = ?3",
                     NULL},
    [INSERT] = {"INSERT INTO plugin (id, org_id, pid, version, scheme, order_key, enabled,"
                " generation, stateless, is_specialized, is_scoped, has_readme, size_bytes,"
                " created_at, updated_at, created_by, updated_by, sha256, tag, agent_type,"
                " sdk_version, s3_path, name, capabilities, dependencies, default_settings,"
                " settings_schema, tools, llm_requirements, description, logo_image)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, ?15,"
                " ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)",
                NULL},
    [SET_ENABLED] = {"UPDATE plugin SET enabled = ?2, updated_at = ?3, updated_by = ?4"
                     " WHERE id = ?1",
                     NULL},
    [SET_TAG] = {"UPDATE plugin SET tag = ?2, updated_at = ?3, updated_by = ?4 WHERE id = ?1",
                 NULL},
    /* with the stamp, which plugin_stamped would set by writing the row once more */
    [DEMOTE] = {"UPDATE plugin SET is_latest = 0, stamp = random()"
                " WHERE slice = ifnull(?1, 'system') AND pid = ?2 AND is_latest = 1",
                NULL},
    /* a v1 version that failed its check leaves the one before it serving (domain/legacy.h) */
    [PROMOTE] =
        {"UPDATE plugin SET is_latest = 1, stamp = random() WHERE seq = (SELECT p.seq FROM plugin p"
         " WHERE p.slice = ifnull(?1, 'system') AND p.pid = ?2 AND p.enabled = 1"
         " ORDER BY p.generation = 1 AND p.health = 'failed', p.order_key DESC LIMIT 1)",
         NULL},
    [ARTIFACTS] = {"SELECT id, org_id, pid, version, sha256, size_bytes, generation = 1 AND"
                   " org_id IS NULL, CASE generation WHEN 1 THEN updated_at ELSE created_at END,"
                   " artifact FROM plugin",
                   "the start-up walk over all versions"},
    [SET_BLOB_STATE] = {"UPDATE blob SET state = ?2, verified_at = CASE WHEN ?2 = 'present'"
                        " THEN ?3 ELSE verified_at END WHERE sha256 = ?1",
                        NULL},
    [SET_ARTIFACT] = {"UPDATE plugin SET artifact = ?2 WHERE sha256 = ?1 AND artifact <> ?2", NULL},
};

const struct sql_list plugin_store_sql = {"plugin_store.c", sql, sizeof sql / sizeof *sql};

/* Reads the present row; with `copy` into the arena, else borrowed until the next step. */
struct reader {
    struct ctx *ctx;
    struct stmt *s;
    int at;
    bool copy;
};

static const char *text(struct reader *r)
{
    int column = r->at++;
    return r->copy ? db_text(r->ctx, r->s, column) : db_peek_text(r->s, column);
}

static struct slice bytes(struct reader *r)
{
    int column = r->at++;
    return r->copy ? db_slice(r->ctx, r->s, column) : db_peek_slice(r->s, column);
}

static int64_t number(struct reader *r)
{
    return db_int(r->s, r->at++);
}

static bool flag(struct reader *r)
{
    return db_bool(r->s, r->at++);
}

static void read_mark(struct reader *r, struct plugin *p)
{
    p->seq = number(r);
    p->stamp = number(r);
    p->pid = text(r);
}

static void read_row(struct reader *r, struct plugin *p)
{
    p->seq = number(r);
    p->stamp = number(r);
    p->id = text(r);
    p->org_id = text(r);
    p->source = p->org_id ? SOURCE_ORG : SOURCE_SYSTEM;
    p->pid = text(r);
    p->sha256 = text(r);
    p->enabled = flag(r);
    p->is_latest = flag(r);
    p->artifact = text(r);
    p->health = text(r);
    p->tag = text(r);
    p->s3_path = text(r);
    p->updated_at = number(r);
    p->updated_by = text(r);
    p->replication = text(r);
    p->quarantined = flag(r);
    p->version = text(r);
    p->scheme = text(r);
    p->order_key = bytes(r);
    p->generation = (int)number(r);
    p->stateless = flag(r);
    p->is_specialized = flag(r);
    p->is_scoped = flag(r);
    p->has_readme = flag(r);
    p->size_bytes = number(r);
    p->created_at = number(r);
    p->created_by = text(r);
    p->agent_type = text(r);
    p->sdk_version = text(r);
    p->name = text(r);
    p->capabilities = bytes(r);
    p->dependencies = bytes(r);
    p->default_settings = bytes(r);
    p->settings_schema = bytes(r);
    p->tools = bytes(r);
    p->llm_requirements = bytes(r);
    p->description = text(r);
    p->logo_image = bytes(r);
}

/* Reads a row that the caller does not hold, and hands it over. */
static enum err hand_over(struct ctx *ctx, struct conn *conn, const struct plugin_sink *sink,
                          int64_t seq)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[ROW]);
    struct plugin p = {0};
    struct reader r = {ctx, s, 0, false};
    bool row = false;
    db_bind_int(s, 1, seq);
    enum err err = db_step(ctx, s, &row);
    if (err == OK) { /* in one read transaction the row is there */
        read_row(&r, &p);
        err = sink->row(sink->arg, &p);
    }
    db_done(s);
    return err;
}

/* Steps to the end and hands over each row that is not held. */
static enum err each_row(struct ctx *ctx, struct conn *conn, struct stmt *s,
                         const struct plugin_sink *sink, enum plugin_source source, size_t *count)
{
    bool row = false;
    enum err err;
    *count = 0;
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        struct plugin mark = {.source = source};
        struct reader r = {ctx, s, 0, false};
        read_mark(&r, &mark);
        ++*count;
        if (sink->knows && sink->knows(sink->arg, &mark))
            continue;
        if ((err = hand_over(ctx, conn, sink, mark.seq)) != OK)
            break;
    }
    db_done(s);
    return err;
}

static enum plugin_source source_of(const char *org_id)
{
    return org_id ? SOURCE_ORG : SOURCE_SYSTEM;
}

enum err plugin_store_list(struct ctx *ctx, struct conn *conn, const struct plugin_page *page,
                           const struct plugin_sink *sink)
{
    int which = page->all_versions       ? LIST_VERSIONS
                : page->include_disabled ? LIST_ANY
                : page->tag              ? LIST_LATEST_TAG
                                         : LIST_LATEST;
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    db_bind_text(s, 1, page->org_id);
    db_bind_text(s, 2, page->after_pid ? page->after_pid : "");
    db_bind_int(s, 3, page->limit);
    if (which != LIST_LATEST)
        db_bind_text(s, 4, page->tag);
    if (which == LIST_VERSIONS) {
        db_bind_int(s, 5, page->after_seq);
        db_bind_int(s, 6, page->include_disabled);
    }
    size_t count;
    return each_row(ctx, conn, s, sink, source_of(page->org_id), &count);
}

enum err plugin_store_versions(struct ctx *ctx, struct conn *conn, const char *org_id,
                               const char *pid, const struct plugin_sink *sink, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[VERSIONS]);
    db_bind_text(s, 1, org_id);
    db_bind_text(s, 2, pid);
    return each_row(ctx, conn, s, sink, source_of(org_id), count);
}

/* At most one row, copied. */
static enum err one_row(struct ctx *ctx, struct stmt *s, struct plugin *out, bool *found)
{
    enum err err = db_step(ctx, s, found);
    struct reader r = {ctx, s, 0, true};
    if (err == OK && *found)
        read_row(&r, out);
    db_done(s);
    return err == OK && ctx->fault.err != OK ? ctx->fault.err : err;
}

enum err plugin_store_find(struct ctx *ctx, struct conn *conn, const char *id, struct plugin *out,
                           bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIND]);
    db_bind_text(s, 1, id);
    return one_row(ctx, s, out, found);
}

enum err plugin_store_find_version(struct ctx *ctx, struct conn *conn, const char *org_id,
                                   const char *pid, struct slice order_key, struct plugin *out,
                                   bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[FIND_VERSION]);
    db_bind_text(s, 1, org_id);
    db_bind_text(s, 2, pid);
    db_bind_blob(s, 3, order_key.p, order_key.n);
    return one_row(ctx, s, out, found);
}

static enum err find_by_pid(struct ctx *ctx, struct conn *conn, int which, const char *org_id,
                            const char *pid, struct plugin *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    db_bind_text(s, 1, org_id);
    db_bind_text(s, 2, pid);
    return one_row(ctx, s, out, found);
}

enum err plugin_store_latest(struct ctx *ctx, struct conn *conn, const char *org_id,
                             const char *pid, struct plugin *out, bool *found)
{
    return find_by_pid(ctx, conn, FIND_LATEST, org_id, pid, out, found);
}

enum err plugin_store_highest(struct ctx *ctx, struct conn *conn, const char *org_id,
                              const char *pid, struct plugin *out, bool *found)
{
    return find_by_pid(ctx, conn, FIND_HIGHEST, org_id, pid, out, found);
}

enum err plugin_store_newest(struct ctx *ctx, struct conn *conn, const char *org_id,
                             const char *pid, struct plugin *out, bool *found)
{
    return find_by_pid(ctx, conn, FIND_NEWEST, org_id, pid, out, found);
}

static enum err insert_blob(struct ctx *ctx, struct conn *conn, const struct plugin *p)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[INSERT_BLOB]);
    db_bind_text(s, 1, p->sha256);
    db_bind_int(s, 2, p->size_bytes);
    db_bind_int(s, 3, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

static void bind_version(struct stmt *s, const struct plugin *p)
{
    db_bind_text(s, 1, p->id);
    db_bind_text(s, 2, p->org_id);
    db_bind_text(s, 3, p->pid);
    db_bind_text(s, 4, p->version);
    db_bind_text(s, 5, p->scheme);
    db_bind_blob(s, 6, p->order_key.p, p->order_key.n);
    db_bind_int(s, 7, p->enabled);
    db_bind_int(s, 8, p->generation);
    db_bind_int(s, 9, p->stateless);
    db_bind_int(s, 10, p->is_specialized);
    db_bind_int(s, 11, p->is_scoped);
    db_bind_int(s, 12, p->has_readme);
    db_bind_int(s, 13, p->size_bytes);
    db_bind_int(s, 14, p->created_at);
    db_bind_text(s, 15, p->created_by);
    db_bind_text(s, 16, p->sha256);
    db_bind_text(s, 17, p->tag);
    db_bind_text(s, 18, p->agent_type);
    db_bind_text(s, 19, p->sdk_version);
    db_bind_text(s, 20, p->s3_path);
    db_bind_text(s, 21, p->name);
    db_bind_slice(s, 22, p->capabilities);
    db_bind_slice(s, 23, p->dependencies);
    db_bind_slice(s, 24, p->default_settings);
    db_bind_slice(s, 25, p->settings_schema);
    db_bind_slice(s, 26, p->tools);
    db_bind_slice(s, 27, p->llm_requirements);
    db_bind_text(s, 28, p->description);
    db_bind_slice(s, 29, p->logo_image);
}

enum err plugin_store_insert_row(struct ctx *ctx, struct conn *conn, const struct plugin *p)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[INSERT]);
    bind_version(s, p);
    return db_run(ctx, conn, s, NULL);
}

enum err plugin_store_insert(struct ctx *ctx, struct conn *conn, const struct plugin *p)
{
    enum err err = insert_blob(ctx, conn, p);
    return err == OK ? plugin_store_insert_row(ctx, conn, p) : err;
}

enum err plugin_store_set_enabled(struct ctx *ctx, struct conn *conn, const char *id, bool enabled,
                                  const char *by)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[SET_ENABLED]);
    db_bind_text(s, 1, id);
    db_bind_int(s, 2, enabled);
    db_bind_int(s, 3, ctx->now);
    db_bind_text(s, 4, by);
    return db_run(ctx, conn, s, NULL);
}

enum err plugin_store_set_tag(struct ctx *ctx, struct conn *conn, const char *id, const char *tag,
                              const char *by)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[SET_TAG]);
    db_bind_text(s, 1, id);
    db_bind_text(s, 2, tag);
    db_bind_int(s, 3, ctx->now);
    db_bind_text(s, 4, by);
    return db_run(ctx, conn, s, NULL);
}

/* Two steps, since the index allows one latest at any moment. */
enum err plugin_store_promote(struct ctx *ctx, struct conn *conn, const char *org_id,
                              const char *pid)
{
    static const int steps[] = {DEMOTE, PROMOTE};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct stmt *s = db_stmt(ctx, conn, &sql[steps[i]]);
        db_bind_text(s, 1, org_id);
        db_bind_text(s, 2, pid);
        enum err err = db_run(ctx, conn, s, NULL);
        if (err != OK)
            return err;
    }
    return OK;
}

enum err plugin_store_artifacts(struct ctx *ctx, struct conn *conn,
                                enum err (*each)(void *arg, const struct artifact *a), void *arg)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[ARTIFACTS]);
    bool row = false;
    enum err err;
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        struct artifact a = {db_peek_text(s, 0), db_peek_text(s, 1), db_peek_text(s, 2),
                             db_peek_text(s, 3), db_peek_text(s, 4), db_int(s, 5),
                             db_int(s, 7),       db_peek_text(s, 8), db_bool(s, 6)};
        if ((err = each(arg, &a)) != OK)
            break;
    }
    db_done(s);
    return err;
}

enum err plugin_store_set_artifact(struct ctx *ctx, struct conn *conn, const char *sha256,
                                   const char *state)
{
    static const int steps[] = {SET_BLOB_STATE, SET_ARTIFACT};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct stmt *s = db_stmt(ctx, conn, &sql[steps[i]]);
        db_bind_text(s, 1, sha256);
        db_bind_text(s, 2, state);
        if (steps[i] == SET_BLOB_STATE)
            db_bind_int(s, 3, ctx->now);
        enum err err = db_run(ctx, conn, s, NULL);
        if (err != OK)
            return err;
    }
    return OK;
}
