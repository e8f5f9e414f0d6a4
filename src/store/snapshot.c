/*
 * snapshot.c - copying a database that is in use.
 *
 * The source's read transaction stays open for the whole copy: all pages are of one moment, and no
 * writer can make the copy start over. Meanwhile the WAL grows, which is why it is done in one go.
 */
#include "store/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "store/conn.h"
#include "store/statements.h"

enum { COPY_PAGES = 1024 }; /* of one step */

enum { BEGIN, COUNT_OBJECTS, JOURNAL_OFF, JOURNAL_DELETE, SYNC_OFF };

static const struct sql sql[] = {
    [BEGIN] = {"BEGIN", NULL},
    [COUNT_OBJECTS] = {"SELECT count(*) FROM sqlite_schema", "a few dozen rows, once a copy"},
    /* a copy that fails is removed, and one that is done is synced as a whole */
    [JOURNAL_OFF] = {"PRAGMA journal_mode = OFF", NULL},
    [SYNC_OFF] = {"PRAGMA synchronous = OFF", NULL},
    /* the pages came from a database in WAL mode; this one shall stand alone */
    [JOURNAL_DELETE] = {"PRAGMA journal_mode = DELETE", NULL},
};

const struct sql_list snapshot_sql = {"snapshot.c", sql, sizeof sql / sizeof *sql};

static enum err copy_pages(struct ctx *ctx, struct conn *from, struct conn *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
    if (backup == NULL)
        return conn_fail(ctx, to, sqlite3_extended_errcode(to->db), "backup");
    int rc;
    do {
        rc = sqlite3_backup_step(backup, COPY_PAGES);
    } while (rc == SQLITE_OK);
    int end = sqlite3_backup_finish(backup);
    if (rc == SQLITE_DONE)
        rc = end;
    return rc == SQLITE_OK ? OK : conn_fail(ctx, to, rc, "backup");
}

static enum err fill(struct ctx *ctx, struct conn *from, struct conn *to)
{
    int64_t objects;
    enum err err = conn_exec(ctx, from, &sql[BEGIN]);
    if (err == OK) /* only a read opens the transaction really */
        err = conn_number(ctx, from, &sql[COUNT_OBJECTS], &objects);
    if (err == OK)
        err = conn_exec(ctx, to, &sql[JOURNAL_OFF]);
    if (err == OK)
        err = conn_exec(ctx, to, &sql[SYNC_OFF]);
    if (err == OK)
        err = copy_pages(ctx, from, to);
    conn_rollback(from);
    return err == OK ? conn_exec(ctx, to, &sql[JOURNAL_DELETE]) : err;
}

static enum err copy(struct ctx *ctx, const char *from, const char *to)
{
    struct conn *a = NULL, *b = NULL;
    enum err err = conn_open(ctx, CONN_COPIER, from, &a);
    if (err == OK)
        err = conn_open(ctx, CONN_CREATOR, to, &b);
    if (err == OK)
        err = fill(ctx, a, b);
    conn_close(b);
    conn_close(a);
    return err;
}

enum err snapshot_make(struct ctx *ctx, const char *from, const char *to)
{
    int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return ctx_fail_errno(ctx, errno, to);
    enum err err = copy(ctx, from, to);
    if (err == OK && fsync(fd) != 0)
        err = ctx_fail_errno(ctx, errno, to);
    (void)close(fd);
    if (err != OK)
        (void)unlink(to);
    return err;
}
