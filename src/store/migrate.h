/*
 * migrate.h - bringing a database file to the schema of this program, or refusing it.
 */
#ifndef LARDER_STORE_MIGRATE_H
#define LARDER_STORE_MIGRATE_H

#include "store/conn.h"

enum { MIGRATE_APPLICATION = 0x4C617264 }; /* "Lard", in the header of our files */

struct migration {
    int to; /* user_version after it */
    const char
        *sql; /* a script that ends in `PRAGMA user_version = <to>;`, run inside one transaction */
};

/* What this program knows: the schema as a whole, and the way from each earlier one. */
struct migrate_plan {
    const char *schema;
    int version;
    const struct migration *steps; /* in order of `to`, the last one reaching `version` */
    size_t count;
};

enum err migrate_plan(struct ctx *ctx, struct migrate_plan *out) MUST_USE;

/*
 * Looks at the file before anything is written to it. ERR_CONFLICT where it is not ours, is newer
 * than the plan, or is older (or empty) and may_change is false.
 */
enum err migrate_check(struct ctx *ctx, struct conn *conn, const char *path,
                       const struct migrate_plan *plan, bool may_change) MUST_USE;

/* Makes an empty file ours, or takes an older one forward in one transaction, after a copy was put
 * beside it as <path>.v<old>.bak. Does nothing where there is nothing to do. */
enum err migrate_run(struct ctx *ctx, struct conn *conn, const char *path,
                     const struct migrate_plan *plan) MUST_USE;

#endif
