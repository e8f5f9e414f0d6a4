/*
 * conn_fault.c - what SQLite's answers mean in this house.
 *
 * A disk that is full, a rule that was broken, another process that is writing: each has an error of
 * its own. Whatever else goes wrong is our fault, with its cause for the log.
 */
#include <errno.h>

#include "store/conn.h"

static bool is_full_errno(int errnum)
{
    return errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG || errnum == EROFS;
}

/* The system's reason that one of the files remembers: the database, or its WAL. */
static int file_errno(sqlite3 *db, int which)
{
    sqlite3_file *file = NULL;
    int errnum = 0;
    if (sqlite3_file_control(db, "main", which, &file) != SQLITE_OK || file == NULL ||
        file->pMethods == NULL ||
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &errnum) != SQLITE_OK)
        return 0;
    return errnum;
}

/* sqlite3_system_errno knows of opening only; where a write failed, the file does. */
static int system_reason(struct conn *conn, int rc, int errnum)
{
    if (conn == NULL || conn->db == NULL)
        return errnum;
    int reason = sqlite3_system_errno(conn->db);
    if (reason == 0 && rc == SQLITE_IOERR_WRITE) {
        reason = file_errno(conn->db, SQLITE_FCNTL_JOURNAL_POINTER);
        if (!is_full_errno(reason))
            reason = file_errno(conn->db, SQLITE_FCNTL_FILE_POINTER);
    }
    return reason ? reason : errnum;
}

static bool is_full(int rc, int errnum)
{
    int kind = rc & 0xff;
    if (kind == SQLITE_FULL || kind == SQLITE_READONLY)
        return true;
    bool wrote = rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_FSYNC ||
                 rc == SQLITE_IOERR_TRUNCATE || rc == SQLITE_IOERR_SHMSIZE ||
                 rc == SQLITE_IOERR_SHMOPEN || kind == SQLITE_CANTOPEN;
    return wrote && is_full_errno(errnum);
}

static enum err fail_constraint(struct ctx *ctx, int rc, const char *text)
{
    switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID: return ctx_fail_cause(ctx, ERR_EXISTS, "%s", text);
    case SQLITE_CONSTRAINT_FOREIGNKEY: return ctx_fail_cause(ctx, ERR_CONFLICT, "%s", text);
    default: /* a CHECK, NOT NULL, type or trigger: the edge let something through */
        return ctx_fail_cause(ctx, ERR_INTERNAL, "%s", text);
    }
}

static enum err fail_busy(struct ctx *ctx, const char *sentence)
{
    bool first = ctx->fault.err == OK;
    enum err err = ctx_fail(ctx, ERR_BUSY, "%s", sentence);
    if (first)
        ctx->fault.retry_after = 1;
    return err;
}

enum err conn_fail(struct ctx *ctx, struct conn *conn, int rc, const char *what)
{
    int errnum = system_reason(conn, rc, errno);
    const char *text = conn && conn->db ? sqlite3_errmsg(conn->db) : sqlite3_errstr(rc);
    if (is_full(rc, errnum))
        return ctx_fail_cause(ctx, ERR_NO_SPACE, "%s: %s (%d, errno %d)", what, text, rc, errnum);
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT: return fail_constraint(ctx, rc, text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return fail_busy(ctx, "Another process is writing to the database");
    case SQLITE_INTERRUPT:
        return fail_busy(ctx, "The database took too long to find the answer; ask for less");
    case SQLITE_NOMEM: return ctx_no_memory(ctx);
    case SQLITE_TOOBIG: return ctx_fail(ctx, ERR_TOO_LARGE, "A value is too large to be stored");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ctx_fail_cause(ctx, ERR_CORRUPT, "%s: %s (%d)", what, text, rc);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return ctx_fail_cause(ctx, ERR_IO, "%s: %s (%d, errno %d)", what, text, rc, errnum);
    default: return ctx_fail_cause(ctx, ERR_INTERNAL, "%s: %s (%d)", what, text, rc);
    }
}
