/*
 * db.c - statements: found in the cache, filled, stepped, read.
 *
 * A statement is prepared once per connection and kept; its struct sql's address is its name. A
 * failed bind is remembered and told by the next step, as is a statement that could not be had, so
 * that binding reads as a plain list. What SQLite's errors mean stands in conn_fault.c.
 */
#include "store/db.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/conn.h"

/* ---- the cache ---- */

static struct stmt **slot_of(struct conn *conn, const struct sql *sql)
{
    uintptr_t key = (uintptr_t)sql / sizeof *sql; /* neighbours in a table get neighbouring slots */
    return &conn->slots[key % CONN_SLOTS];
}

static struct stmt *prepare(struct ctx *ctx, struct conn *conn, const struct sql *sql)
{
    struct stmt *s = calloc(1, sizeof *s); /* freed by conn_close */
    if (s == NULL) {
        (void)ctx_no_memory(ctx);
        return NULL;
    }
    conn->names_rights = false;
    int rc = sqlite3_prepare_v3(conn->db, sql->text, -1, SQLITE_PREPARE_PERSISTENT, &s->handle,
                                NULL);
    if (rc != SQLITE_OK) {
        (void)conn_fail(ctx, conn, rc, sql->text);
        free(s);
        return NULL;
    }
    s->sql = sql;
    s->conn = conn;
    s->rights = conn->names_rights;
    struct stmt **slot = slot_of(conn, sql);
    s->next = *slot;
    *slot = s;
    return s;
}

struct stmt *db_stmt(struct ctx *ctx, struct conn *conn, const struct sql *sql)
{
    struct stmt *s = *slot_of(conn, sql);
    while (s && s->sql != sql)
        s = s->next;
    if (s == NULL)
        return prepare(ctx, conn, sql);
    if (s->open) { /* resetting it would pull the rows from under whoever reads them */
        (void)ctx_fail_cause(ctx, ERR_INTERNAL, "statement is in use: %s", sql->text);
        return NULL;
    }
    (void)sqlite3_clear_bindings(s->handle);
    s->bind_rc = SQLITE_OK;
    return s;
}

/* ---- values ---- */

static void bound(struct stmt *s, int rc)
{
    if (s->bind_rc == SQLITE_OK)
        s->bind_rc = rc;
}

void db_bind_text(struct stmt *s, int at, const char *text)
{
    db_bind_slice(s, at, slice_of(text));
}

void db_bind_slice(struct stmt *s, int at, struct slice text)
{
    if (s == NULL)
        return;
    bound(s, text.p == NULL ? sqlite3_bind_null(s->handle, at)
                            : sqlite3_bind_text64(s->handle, at, text.p, text.n, SQLITE_TRANSIENT,
                                                  SQLITE_UTF8));
}

void db_bind_int(struct stmt *s, int at, int64_t v)
{
    if (s == NULL)
        return;
    bound(s, sqlite3_bind_int64(s->handle, at, v));
}

void db_bind_blob(struct stmt *s, int at, const void *p, size_t n)
{
    if (s == NULL)
        return;
    if (n == 0) /* no pointer would mean NULL */
        bound(s, p == NULL ? sqlite3_bind_null(s->handle, at)
                           : sqlite3_bind_zeroblob(s->handle, at, 0));
    else
        bound(s, sqlite3_bind_blob64(s->handle, at, p, n, SQLITE_TRANSIENT));
}

void db_bind_time(struct stmt *s, int at, int64_t wall_ms)
{
    if (wall_ms == 0)
        db_bind_slice(s, at, SLICE_NONE);
    else
        db_bind_int(s, at, wall_ms);
}

/* ---- running ---- */

static void set_open(struct stmt *s, bool open)
{
    s->conn->open += (int)open - (int)s->open;
    s->open = open;
}

enum err db_step(struct ctx *ctx, struct stmt *s, bool *row)
{
    *row = false;
    if (s == NULL)
        return ctx->fault.err;
    int rc = s->bind_rc;
    if (rc == SQLITE_OK) {
        s->conn->deadline = 0;
        s->conn->rights |= s->rights;
        rc = sqlite3_step(s->handle);
    }
    if (rc == SQLITE_ROW) {
        *row = true;
        set_open(s, true);
        return OK;
    }
    enum err err = rc == SQLITE_DONE ? OK : conn_fail(ctx, s->conn, rc, s->sql->text);
    db_done(s);
    return err;
}

enum err db_run(struct ctx *ctx, struct conn *conn, struct stmt *s, int64_t *changes)
{
    bool row;
    int64_t before = sqlite3_total_changes64(conn->db);
    enum err err = db_step(ctx, s, &row);
    db_done(s);
    if (changes)
        *changes = err == OK && sqlite3_total_changes64(conn->db) != before
                       ? sqlite3_changes64(conn->db)
                       : 0;
    return err;
}

enum err db_find(struct ctx *ctx, struct stmt *s,
                 void (*read)(struct ctx *ctx, struct stmt *s, void *row), void *out, bool *found)
{
    bool well = ctx->fault.err == OK; /* an older fault was somebody's who went on */
    enum err err = db_step(ctx, s, found);
    if (err == OK && *found)
        read(ctx, s, out);
    db_done(s);
    return err == OK && well ? ctx->fault.err : err;
}

enum err db_any(struct ctx *ctx, struct stmt *s, bool *any)
{
    enum err err = db_step(ctx, s, any);
    db_done(s);
    return err;
}

enum err db_number(struct ctx *ctx, struct stmt *s, int64_t *out)
{
    bool row;
    enum err err = db_step(ctx, s, &row);
    *out = err == OK && row ? db_int(s, 0) : 0;
    db_done(s);
    return err;
}

enum err db_each_text(struct ctx *ctx, struct stmt *s,
                      enum err (*each)(void *arg, const char *text), void *arg)
{
    bool row;
    enum err err;
    while ((err = db_step(ctx, s, &row)) == OK && row)
        if ((err = each(arg, db_peek_text(s, 0))) != OK)
            break;
    db_done(s);
    return err;
}

void *db_list(struct ctx *ctx, struct stmt *s, size_t size, int limit,
              void (*read)(struct ctx *ctx, struct stmt *s, void *row), size_t *count)
{
    size_t n = 0, most = limit > 0 ? (size_t)limit : 1;
    char *rows = arena_array(ctx->arena, most, size);
    bool row = rows != NULL, well = ctx->fault.err == OK;
    enum err err = rows ? OK : ctx_no_memory(ctx);
    while (row && n < most && (err = db_step(ctx, s, &row)) == OK && row)
        read(ctx, s, rows + size * n++);
    db_done(s);
    bool whole = err == OK && (!well || ctx->fault.err == OK);
    *count = whole ? n : 0;
    return whole ? rows : NULL;
}

void db_done(struct stmt *s)
{
    if (s == NULL)
        return;
    (void)sqlite3_reset(s->handle); /* what it says was said by the step before */
    set_open(s, false);
}

/* ---- columns ---- */

/* Text asked for as a blob is the page's own bytes; asked for as text it is copied for its NUL. */
static struct slice peek(struct stmt *s, int column, bool ended)
{
    int type = sqlite3_column_type(s->handle, column);
    if (type == SQLITE_NULL)
        return SLICE_NONE;
    bool stored = type == SQLITE_BLOB || (type == SQLITE_TEXT && !ended);
    const char *p = stored ? sqlite3_column_blob(s->handle, column)
                           : (const char *)sqlite3_column_text(s->handle, column);
    if (p == NULL && !stored) {    /* a text is never without a pointer: no memory for it */
        s->bind_rc = SQLITE_NOMEM; /* the next step reports it */
        return SLICE_NONE;
    }
    size_t n = (size_t)sqlite3_column_bytes(s->handle, column);
    return (struct slice){p ? p : "", p ? n : 0}; /* an empty blob has no pointer */
}

struct slice db_peek_slice(struct stmt *s, int column)
{
    return peek(s, column, false);
}

const char *db_peek_text(struct stmt *s, int column)
{
    return peek(s, column, true).p;
}

struct slice db_slice(struct ctx *ctx, struct stmt *s, int column)
{
    struct slice seen = db_peek_slice(s, column);
    if (seen.p == NULL && s->bind_rc == SQLITE_NOMEM)
        (void)ctx_no_memory(ctx);
    if (seen.p == NULL)
        return SLICE_NONE;
    const char *copy = slice_dup(ctx->arena, seen);
    if (copy == NULL) {
        (void)ctx_no_memory(ctx);
        return SLICE_NONE;
    }
    return (struct slice){copy, seen.n};
}

const char *db_text(struct ctx *ctx, struct stmt *s, int column)
{
    return db_slice(ctx, s, column).p;
}

int64_t db_int(struct stmt *s, int column)
{
    return sqlite3_column_int64(s->handle, column);
}

bool db_bool(struct stmt *s, int column)
{
    return sqlite3_column_int64(s->handle, column) != 0;
}
