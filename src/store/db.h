/*
 * db.h - statements, for the files of this room only.
 *
 * Every statement is a `struct sql` in a constant table at the top of its file; its address is its
 * name in the per-connection cache, so each is prepared once per connection. All tables are listed
 * in store/statements.c, where a test prepares every one and reads its plan.
 */
#ifndef LARDER_STORE_DB_H
#define LARDER_STORE_DB_H

#include "store/store.h"

struct sql {
    const char *text;
    const char *scan; /* why a full scan is all right here; NULL = a scan fails the test */
};

struct sql_list {
    const char *file;
    const struct sql *list;
    size_t count;
};

struct stmt; /* a prepared statement in use: sqlite3_stmt */

/* The statement, reset and unbound, ready to bind. NULL with a fault when it cannot be had: binding
 * to that does nothing and stepping it gives the fault again, so nobody needs to look in between. */
struct stmt *db_stmt(struct ctx *ctx, struct conn *conn, const struct sql *sql);

void db_bind_text(struct stmt *s, int at, const char *text); /* NULL binds NULL */
void db_bind_slice(struct stmt *s, int at, struct slice text);
void db_bind_int(struct stmt *s, int at, int64_t v);
void db_bind_blob(struct stmt *s, int at, const void *p, size_t n);
/* For columns where 0 means "never": binds NULL for 0. */
void db_bind_time(struct stmt *s, int at, int64_t wall_ms);

/* *row tells whether there is one. A broken unique rule is ERR_EXISTS, foreign key ERR_CONFLICT,
 * a full disk ERR_NO_SPACE; the sentence is general, so callers that know better check first. */
enum err db_step(struct ctx *ctx, struct stmt *s, bool *row) MUST_USE;
/* For statements without rows; *changes (may be NULL) tells how many rows they touched. */
enum err db_run(struct ctx *ctx, struct conn *conn, struct stmt *s, int64_t *changes) MUST_USE;
/* For statements with one row at most, which `read` copies into *out when there is one. */
enum err db_find(struct ctx *ctx, struct stmt *s,
                 void (*read)(struct ctx *ctx, struct stmt *s, void *row), void *out,
                 bool *found) MUST_USE;
/* Whether there is a row; the number in the first column of the first row, 0 without one. */
enum err db_any(struct ctx *ctx, struct stmt *s, bool *any) MUST_USE;
enum err db_number(struct ctx *ctx, struct stmt *s, int64_t *out) MUST_USE;
/* The first column of every row; the text is borrowed. Ends at an error of `each`, and gives it. */
enum err db_each_text(struct ctx *ctx, struct stmt *s,
                      enum err (*each)(void *arg, const char *text), void *arg) MUST_USE;
/* At most `limit` rows, each read into `size` bytes of a new array. NULL with a fault. */
void *db_list(struct ctx *ctx, struct stmt *s, size_t size, int limit,
              void (*read)(struct ctx *ctx, struct stmt *s, void *row), size_t *count);

/* Columns from 0, copied into the arena; NULL column: NULL, SLICE_NONE, 0, false. */
const char *db_text(struct ctx *ctx, struct stmt *s, int column);
struct slice db_slice(struct ctx *ctx, struct stmt *s, int column);
/* The same, borrowed until the next db_step or db_done: for lists, where a copy would cost more
 * than the query. */
const char *db_peek_text(struct stmt *s, int column);
struct slice db_peek_slice(struct stmt *s, int column);
int64_t db_int(struct stmt *s, int column);
bool db_bool(struct stmt *s, int column);
/* After the last row that is read; a statement left open holds a lock. */
void db_done(struct stmt *s);

#endif
