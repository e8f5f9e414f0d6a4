/*
 * conn.c - opening connections the careful way.
 *
 * Every connection is defensive: no schema tricks, no extensions, no attached files (but the one
 * that VACUUM INTO wants), small limits on SQL, a handler that stops what runs too long. The
 * database is data, whoever wrote the file. What is done with connections: store.c.
 */
#include "store/conn.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/statements.h"
#include "store/wal_file.h"

enum {
    PROGRESS_OPS = 1000
}; /* steps of the virtual machine between two looks at the clock: ~50 us */

enum {
    FOREIGN_KEYS,
    CELL_SIZE_CHECK,
    TEMP_STORE,
    MMAP,
    SECURE_DELETE,
    SYNCHRONOUS,
    CACHE,
    WAL_LIMIT,
    QUERY_ONLY,
    ROLLBACK
};

static const struct sql sql[] = {
    [FOREIGN_KEYS] = {"PRAGMA foreign_keys = ON", NULL},
    [CELL_SIZE_CHECK] = {"PRAGMA cell_size_check = ON", NULL},
    [TEMP_STORE] = {"PRAGMA temp_store = MEMORY", NULL},
    [MMAP] = {"PRAGMA mmap_size = 0", NULL},
    [SECURE_DELETE] = {"PRAGMA secure_delete = FAST", NULL},
    [SYNCHRONOUS] = {"PRAGMA synchronous = FULL", NULL},
    [CACHE] = {"PRAGMA cache_size = -4000", NULL}, /* KiB; taken as it is needed */
    [WAL_LIMIT] = {"PRAGMA journal_size_limit = 16777216", NULL},
    [QUERY_ONLY] = {"PRAGMA query_only = ON", NULL},
    [ROLLBACK] = {"ROLLBACK", NULL},
};

const struct sql_list conn_sql = {"conn.c", sql, sizeof sql / sizeof *sql};

/* ---- opening ---- */

/* Non-zero stops the statement. The clock is read only by steps that last. */
static int too_long(void *arg)
{
    struct conn *conn = arg;
    if (conn->patience_ms == 0)
        return 0;
    int64_t now = clock_mono_ms(conn->clock);
    if (conn->deadline == 0)
        conn->deadline = now + conn->patience_ms;
    return now > conn->deadline;
}

/*
 * Tables no right comes from, of those that busy requests write. Whatever else is written voids what
 * is remembered of callers: a table that is forgotten here costs time, never a right too many.
 */
static const char *const without_rights[] = {"audit",        "blob",        "download", "finding",
                                             "health_check", "idempotency", "job",      "outbox",
                                             "plugin",       "validation"};

/* Asked while a statement is prepared, for every table it will touch. */
static int note_rights(void *arg, int action, const char *table, const char *column,
                       const char *database, const char *by)
{
    struct conn *conn = arg;
    (void)column, (void)database, (void)by;
    bool reads = action == SQLITE_READ || action == SQLITE_SELECT || action == SQLITE_FUNCTION ||
                 action == SQLITE_RECURSIVE || action == SQLITE_TRANSACTION ||
                 action == SQLITE_SAVEPOINT || action == SQLITE_PRAGMA;
    bool row = action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE;
    bool known = false;
    for (size_t i = 0; row && i < sizeof without_rights / sizeof *without_rights; i++)
        known = known || strcmp(table, without_rights[i]) == 0;
    conn->names_rights = conn->names_rights || !(reads || known);
    return SQLITE_OK;
}

static void set_limits(sqlite3 *db, enum conn_kind kind)
{
    static const struct {
        int id, value;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, 16 << 20},  {SQLITE_LIMIT_SQL_LENGTH, 100000},
        {SQLITE_LIMIT_EXPR_DEPTH, 100},   {SQLITE_LIMIT_COMPOUND_SELECT, 10},
        {SQLITE_LIMIT_VDBE_OP, 25000},    {SQLITE_LIMIT_VARIABLE_NUMBER, 250},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 5},  {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 64},
        {SQLITE_LIMIT_FUNCTION_ARG, 16},  {SQLITE_LIMIT_COLUMN, 200},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        (void)sqlite3_limit(db, limits[i].id, limits[i].value);
    bool writes = kind == CONN_WRITER || kind == CONN_CREATOR;
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, writes ? 1 : 0);
}

static int set_defences(sqlite3 *db, enum conn_kind kind)
{
    bool stranger = kind == CONN_STRANGER;
    const struct {
        int id, on;
    } switches[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},       {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},         {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},     {SQLITE_DBCONFIG_ENABLE_TRIGGER, !stranger},
    };
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        int rc = sqlite3_db_config(db, switches[i].id, switches[i].on, NULL);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

static enum err set_pragmas(struct ctx *ctx, struct conn *conn, enum conn_kind kind)
{
    bool writes = kind == CONN_WRITER || kind == CONN_CREATOR;
    for (int i = 0; i <= QUERY_ONLY; i++) {
        if ((i == QUERY_ONLY && (writes || kind == CONN_MEMORY)) || (i == WAL_LIMIT && !writes))
            continue;
        enum err err = conn_exec(ctx, conn, &sql[i]);
        if (err != OK)
            return err;
    }
    return OK;
}

static int open_handle(enum conn_kind kind, const char *path, sqlite3 **db)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
    switch (kind) {
    case CONN_CREATOR: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE; break;
    case CONN_MEMORY: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY; break;
    case CONN_READER: flags |= SQLITE_OPEN_READONLY; break;
    /* A copier may be the only one: with write access it leaves no WAL behind. In a stranger's
     * file the CHECK rules are read, and so can be checked, only by a connection that may write. */
    case CONN_WRITER:
    case CONN_COPIER:
    case CONN_STRANGER: flags |= SQLITE_OPEN_READWRITE; break;
    }
    bool writes = kind == CONN_WRITER || kind == CONN_CREATOR;
    return sqlite3_open_v2(path, db, flags, writes ? wal_file_system() : NULL);
}

static int64_t patience(enum conn_kind kind)
{
    switch (kind) {
    case CONN_READER: return CONN_READ_MS;
    case CONN_WRITER: return CONN_WRITE_MS;
    case CONN_STRANGER: return CONN_STRANGER_MS;
    default: return 0;
    }
}

enum err conn_open(struct ctx *ctx, enum conn_kind kind, const char *path, struct conn **out)
{
    struct conn *conn = calloc(1, sizeof *conn); /* freed by conn_close */
    if (conn == NULL)
        return ctx_no_memory(ctx);
    conn->clock = ctx->clock;
    int rc = open_handle(kind, path, &conn->db);
    if (rc == SQLITE_OK)
        rc = set_defences(conn->db, kind);
    if (rc != SQLITE_OK) {
        enum err err = conn_fail(ctx, conn, rc, path);
        conn_close(conn);
        return err;
    }
    set_limits(conn->db, kind);
    (void)sqlite3_busy_timeout(conn->db, CONN_BUSY_MS);
    enum err err = set_pragmas(ctx, conn, kind);
    if (err != OK) {
        conn_close(conn);
        return err;
    }
    if (kind == CONN_WRITER || kind == CONN_CREATOR)
        (void)sqlite3_set_authorizer(conn->db, note_rights, conn); /* which cannot fail */
    conn->patience_ms = patience(kind);
    sqlite3_progress_handler(conn->db, PROGRESS_OPS, too_long, conn);
    *out = conn;
    return OK;
}

void conn_close(struct conn *conn)
{
    if (conn == NULL)
        return;
    for (size_t i = 0; i < CONN_SLOTS; i++) {
        while (conn->slots[i]) {
            struct stmt *s = conn->slots[i];
            conn->slots[i] = s->next;
            (void)sqlite3_finalize(s->handle);
            free(s);
        }
    }
    (void)sqlite3_close(conn->db); /* nothing is left that could keep it open */
    free(conn);
}

/* ---- small runs ---- */

enum err conn_exec(struct ctx *ctx, struct conn *conn, const struct sql *statement)
{
    int64_t ignored;
    return conn_number(ctx, conn, statement, &ignored);
}

enum err conn_script(struct ctx *ctx, struct conn *conn, const char *text)
{
    conn->deadline = 0;
    int rc = sqlite3_exec(conn->db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? OK : conn_fail(ctx, conn, rc, "script");
}

enum err conn_number(struct ctx *ctx, struct conn *conn, const struct sql *statement, int64_t *out)
{
    bool row = false, any = false;
    *out = 0;
    struct stmt *s = db_stmt(ctx, conn, statement);
    if (s == NULL)
        return ctx->fault.err;
    enum err err;
    while ((err = db_step(ctx, s, &row)) == OK && row) {
        if (!any)
            *out = db_int(s, 0);
        any = true;
    }
    db_done(s);
    return err;
}

void conn_settle(struct conn *conn)
{
    for (size_t i = 0; conn->open > 0 && i < CONN_SLOTS; i++) {
        for (struct stmt *s = conn->slots[i]; s; s = s->next) {
            if (s->open)
                db_done(s);
        }
    }
}

void conn_rollback(struct conn *conn)
{
    conn_settle(conn);
    if (sqlite3_get_autocommit(conn->db) ==
        0) /* what it says is of no use: closing does the same */
        (void)sqlite3_exec(conn->db, sql[ROLLBACK].text, NULL, NULL, NULL);
}
