/*
 * snapshot_check.c - is this foreign file a sound database of ours?
 *
 * The file is only read, with triggers and views switched off and every limit set. Order:
 * header, schema against the known one row by row, then all pages, types, rules and indexes, the
 * foreign keys, and the audit chain. A sentence tells which of them failed; what was there before
 * stays in use.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/audit_store.h"
#include "store/conn.h"
#include "store/migrate.h"
#include "store/snapshot.h"
#include "store/statements.h"

enum { HEADER = 100, SMALLEST = 512, AUDIT_PIECE = 10000 };

enum { APPLICATION, VERSION, ENCODING, SCHEMA, INTEGRITY, FOREIGN_KEYS };

static const struct sql sql[] = {
    [APPLICATION] = {"PRAGMA application_id", NULL},
    [VERSION] = {"PRAGMA user_version", NULL},
    [ENCODING] = {"PRAGMA encoding", NULL},
    [SCHEMA] = {"SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema"
                " ORDER BY type, name, tbl_name, sql, rootpage",
                "a few dozen rows, once a restore"},
    [INTEGRITY] = {"PRAGMA integrity_check(1)", NULL},
    [FOREIGN_KEYS] = {"SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1",
                      "every reference is looked at, once a restore"},
};

const struct sql_list snapshot_check_sql = {"snapshot_check.c", sql, sizeof sql / sizeof *sql};

#define REFUSED "The database of the backup is refused: "

/* Whatever SQLite stumbles over in such a file is the file's fault, not ours. */
static enum err blame_file(struct ctx *ctx, enum err err)
{
    if (err != ERR_CORRUPT && err != ERR_INTERNAL && err != ERR_BUSY && err != ERR_TOO_LARGE)
        return err;
    if (ctx->fault.sentence[0] != '\0' && err != ERR_BUSY && err != ERR_TOO_LARGE)
        return err;
    struct fault was = ctx->fault;
    ctx_forgive(ctx);
    err = ctx_fail(ctx, ERR_INVALID, REFUSED "it is damaged or was tampered with");
    (void)memcpy(ctx->fault.cause, was.cause, sizeof was.cause);
    return err;
}

/* ---- the header, before SQLite sees the file ---- */

static enum err check_header(struct ctx *ctx, const char *path)
{
    unsigned char head[HEADER];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return ctx_fail_errno(ctx, errno, path);
    bool plain = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    ssize_t n = plain ? read(fd, head, sizeof head) : 0;
    (void)close(fd);
    if (!plain || n < 0)
        return ctx_fail(ctx, ERR_INVALID, REFUSED "it cannot be read as a plain file");
    if (st.st_size < SMALLEST || n < HEADER || memcmp(head, "SQLite format 3", 16) != 0)
        return ctx_fail(ctx, ERR_INVALID, REFUSED "it is not a SQLite file");
    uint64_t page = (uint64_t)head[16] << 8 | head[17];
    uint64_t pages = (uint64_t)head[28] << 24 | (uint64_t)head[29] << 16 | (uint64_t)head[30] << 8 |
                     head[31];
    if (pages * (page == 1 ? 65536 : page) != (uint64_t)st.st_size)
        return ctx_fail(ctx, ERR_INVALID,
                        REFUSED "it is not as long as it says; it may have been cut");
    if (head[18] != 1 || head[19] != 1)
        return ctx_fail(ctx, ERR_INVALID,
                        REFUSED "it needs a WAL beside it; copies made by "
                                "`larder backup` do not");
    return OK;
}

/* A journal beside it would be played into the file as soon as SQLite opens it. */
static enum err check_company(struct ctx *ctx, const char *path)
{
    static const char *const tails[] = {"-journal", "-wal"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        const char *beside = str_printf(ctx->arena, "%s%s", path, tails[i]);
        if (beside == NULL)
            return ctx_no_memory(ctx);
        if (access(beside, F_OK) == 0)
            return ctx_fail(ctx, ERR_INVALID, REFUSED "there is a journal beside it (%s)",
                            tails[i]);
    }
    return OK;
}

static enum err check_numbers(struct ctx *ctx, struct conn *conn, const struct migrate_plan *plan)
{
    int64_t application, version;
    bool row;
    enum err err = conn_number(ctx, conn, &sql[APPLICATION], &application);
    if (err == OK)
        err = conn_number(ctx, conn, &sql[VERSION], &version);
    if (err != OK)
        return err;
    if (application != MIGRATE_APPLICATION)
        return ctx_fail(ctx, ERR_INVALID, REFUSED "it is not one of Larder");
    if (version > plan->version)
        return ctx_fail(ctx, ERR_INVALID,
                        REFUSED "it has schema %lld, and this program knows none "
                                "above %d; restore it with the larder that made it",
                        (long long)version, plan->version);
    if (version != plan->version)
        return ctx_fail(ctx, ERR_INVALID, REFUSED "no release ever had schema %lld",
                        (long long)version);
    struct stmt *s = db_stmt(ctx, conn, &sql[ENCODING]);
    err = db_step(ctx, s, &row);
    if (err == OK && (!row || !slice_is(db_peek_slice(s, 0), "UTF-8")))
        err = ctx_fail(ctx, ERR_INVALID, REFUSED "its text is not UTF-8");
    db_done(s);
    return err;
}

/* ---- the schema ---- */

/* By type and name first, as the rows are sorted. */
static int order(struct stmt *a, struct stmt *b)
{
    for (int i = 0; i < 4; i++) {
        struct slice x = db_peek_slice(a, i), y = db_peek_slice(b, i);
        int c = memcmp(x.p ? x.p : "", y.p ? y.p : "", x.n < y.n ? x.n : y.n);
        if (c != 0 || x.n != y.n)
            return c != 0 ? c : x.n < y.n ? -1 : 1;
    }
    return 0;
}

static bool same_name(struct stmt *a, struct stmt *b)
{
    return slice_eq(db_peek_slice(a, 0), db_peek_slice(b, 0)) &&
           slice_eq(db_peek_slice(a, 1), db_peek_slice(b, 1));
}

static enum err differs(struct ctx *ctx, struct stmt *s, const char *how)
{
    struct slice type = slice_sub(db_peek_slice(s, 0), 0, 20);
    struct slice name = slice_sub(db_peek_slice(s, 1), 0, 60);
    return ctx_fail(ctx, ERR_INVALID, REFUSED "%s (%.*s %.*s)", how, SLICE_ARGS(type),
                    SLICE_ARGS(name));
}

/* Both in the same order; the first difference is named. */
static enum err compare(struct ctx *ctx, struct stmt *theirs, struct stmt *ours)
{
    for (;;) {
        bool they = false, we = false;
        enum err err = db_step(ctx, theirs, &they);
        if (err == OK)
            err = db_step(ctx, ours, &we);
        if (err != OK || (!they && !we))
            return err;
        int c = !they ? 1 : !we ? -1 : order(theirs, ours);
        if (c == 0)
            continue;
        if (they && we && same_name(theirs, ours))
            return differs(ctx, theirs, "its schema was changed");
        return c < 0 ? differs(ctx, theirs, "its schema has something more")
                     : differs(ctx, ours, "its schema lacks something");
    }
}

static enum err check_schema(struct ctx *ctx, struct conn *conn, const struct migrate_plan *plan)
{
    struct conn *known = NULL;
    enum err err = conn_open(ctx, CONN_MEMORY, ":memory:", &known);
    if (err == OK)
        err = conn_script(ctx, known, plan->schema);
    struct stmt *theirs = err == OK ? db_stmt(ctx, conn, &sql[SCHEMA]) : NULL;
    struct stmt *ours = theirs ? db_stmt(ctx, known, &sql[SCHEMA]) : NULL;
    if (err == OK)
        err = ours ? compare(ctx, theirs, ours) : ctx->fault.err;
    if (theirs)
        db_done(theirs);
    conn_close(known);
    return err;
}

/* ---- the content ---- */

static enum err check_pages(struct ctx *ctx, struct conn *conn)
{
    bool row;
    struct stmt *s = db_stmt(ctx, conn, &sql[INTEGRITY]);
    enum err err = db_step(ctx, s, &row);
    if (err == OK && (!row || !slice_is(db_peek_slice(s, 0), "ok")))
        err = ctx_fail(ctx, ERR_INVALID, REFUSED "%.200s", row ? db_peek_text(s, 0) : "no answer");
    db_done(s);
    if (err != OK)
        return err;
    s = db_stmt(ctx, conn, &sql[FOREIGN_KEYS]);
    err = db_step(ctx, s, &row);
    if (err == OK && row)
        err = ctx_fail(ctx, ERR_INVALID, REFUSED "rows of %.60s name what does not exist",
                       db_peek_text(s, 0));
    db_done(s);
    return err;
}

static enum err check_audit(struct ctx *ctx, struct conn *conn)
{
    struct audit_walk walk = {0};
    while (!walk.done) {
        enum err err = audit_verify(ctx, conn, &walk, AUDIT_PIECE);
        if (err != OK)
            return err;
    }
    if (walk.broken_at)
        return ctx_fail(ctx, ERR_INVALID, REFUSED "its audit is broken at line %lld: %s",
                        (long long)walk.broken_at, walk.why);
    return OK;
}

enum err snapshot_check(struct ctx *ctx, const char *path)
{
    struct migrate_plan plan;
    struct conn *conn = NULL;
    enum err err = check_header(ctx, path);
    if (err == OK)
        err = check_company(ctx, path);
    if (err == OK)
        err = migrate_plan(ctx, &plan);
    if (err == OK)
        err = conn_open(ctx, CONN_STRANGER, path, &conn);
    if (err == OK && sqlite3_db_readonly(conn->db, "main"))
        err = ctx_fail(ctx, ERR_IO, "%s cannot be checked: this program may not write to it", path);
    if (err == OK)
        err = check_numbers(ctx, conn, &plan);
    if (err == OK)
        err = check_schema(ctx, conn, &plan);
    if (err == OK)
        err = check_pages(ctx, conn);
    if (err == OK)
        err = check_audit(ctx, conn);
    conn_close(conn);
    return err == OK ? OK : blame_file(ctx, err);
}
