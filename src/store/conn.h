/*
 * conn.h - one hardened connection to SQLite and the statements prepared on it.
 *
 * For the files of this room that deal in connections: store.c (the pool), commit.c (the writer),
 * migrate.c and snapshot.c. The *_store files see only db.h. A connection is used by one thread at
 * a time; whoever lends it sees to that.
 */
#ifndef LARDER_STORE_CONN_H
#define LARDER_STORE_CONN_H

#include <sqlite3.h>

#include "store/db.h"

enum conn_kind {
    CONN_WRITER,   /* reads and writes; the file is there already */
    CONN_CREATOR,  /* the same, and makes the file */
    CONN_READER,   /* reads only, each answer within CONN_READ_MS */
    CONN_COPIER,   /* reads only, takes its time: for backups */
    CONN_STRANGER, /* somebody else's file: only read, no triggers, no views */
    CONN_MEMORY    /* an empty database in memory */
};

enum {
    CONN_READ_MS = 500,        /* longest search for the next row of a reader */
    CONN_WRITE_MS = 10000,     /* the same of the writer: everybody waits behind it */
    CONN_STRANGER_MS = 600000, /* a file that takes longer to check is refused */
    CONN_BUSY_MS = 5000        /* how long another process may hold the write lock */
};

struct stmt {
    struct stmt *next; /* in the same slot of the cache */
    const struct sql *sql;
    sqlite3_stmt *handle;
    struct conn *conn;
    int bind_rc; /* first failed bind, reported by the next step */
    bool open;   /* stands on a row */
    bool rights; /* writes what rights may come from */
};

enum { CONN_SLOTS = 256 }; /* of the cache; the house has fewer statements */

struct conn {
    sqlite3 *db;
    const struct clock *clock;
    int64_t patience_ms; /* 0 = no limit */
    int64_t deadline;    /* of the step under way; 0 = not yet looked at the clock */
    int open;            /* statements that stand on a row */
    bool rights;       /* of a writer: such a statement has run; for commit.c, which sets it back */
    bool names_rights; /* the statement being prepared is one */
    struct stmt *slots[CONN_SLOTS];
};

/* Heap; ended by conn_close. The fault names the path. */
enum err conn_open(struct ctx *ctx, enum conn_kind kind, const char *path,
                   struct conn **out) MUST_USE;
void conn_close(struct conn *conn); /* NULL does nothing */

/* Steps a statement without values to its end, rows ignored: BEGIN, PRAGMA x = y and the like. */
enum err conn_exec(struct ctx *ctx, struct conn *conn, const struct sql *sql) MUST_USE;
/* Runs a whole script: the schema, a migration. */
enum err conn_script(struct ctx *ctx, struct conn *conn, const char *text) MUST_USE;
/* The first column of the first row; 0 where there is none. */
enum err conn_number(struct ctx *ctx, struct conn *conn, const struct sql *sql,
                     int64_t *out) MUST_USE;

/* Resets whatever a work function left open, so that no read lock outlives its lease. */
void conn_settle(struct conn *conn);

void conn_rollback(struct conn *conn); /* where a transaction is open; never fails */

/* conn_fault.c: turns a result of SQLite into the house's error, with the cause for the log. */
enum err conn_fail(struct ctx *ctx, struct conn *conn, int rc, const char *what);

#endif
