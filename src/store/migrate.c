/*
 * migrate.c - the file's application_id and user_version say whose it is and how old.
 *
 * A change of the schema is one row in `steps` and the same change in schema.sql; a test holds the
 * two equal. Everything happens in one transaction, so that a power cut leaves the old schema or
 * the new one. A newer file is never touched.
 */
#include "store/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/embedded.h"
#include "store/snapshot.h"
#include "store/statements.h"

enum { SCHEMA_VERSION = 1 };

enum {
    APPLICATION,
    VERSION,
    OBJECTS,
    BEGIN,
    COMMIT,
    FOREIGN_KEYS_OFF,
    FOREIGN_KEYS_ON,
    FOREIGN_KEY_CHECK,
    PUT_FACT
};

static const struct sql sql[] = {
    [APPLICATION] = {"PRAGMA application_id", NULL},
    [VERSION] = {"PRAGMA user_version", NULL},
    [OBJECTS] = {"SELECT count(*) FROM sqlite_schema", "a few dozen rows, at start"},
    [BEGIN] = {"BEGIN IMMEDIATE", NULL},
    [COMMIT] = {"COMMIT", NULL},
    [FOREIGN_KEYS_OFF] = {"PRAGMA foreign_keys = OFF", NULL},
    [FOREIGN_KEYS_ON] = {"PRAGMA foreign_keys = ON", NULL},
    [FOREIGN_KEY_CHECK] = {"SELECT 1 FROM pragma_foreign_key_check LIMIT 1", "after an upgrade"},
    [PUT_FACT] = {"INSERT INTO kv (name, value, updated_at) VALUES (?1, ?2, ?3)", NULL},
};

const struct sql_list migrate_sql = {"migrate.c", sql, sizeof sql / sizeof *sql};

enum err migrate_plan(struct ctx *ctx, struct migrate_plan *out)
{
    struct slice name = SLICE("schema.sql");
    const struct embedded *file = embedded_find(name.p, name.n);
    if (file == NULL)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "schema.sql is not embedded in this program");
    *out = (struct migrate_plan){.schema = (const char *)file->plain, .version = SCHEMA_VERSION};
    return OK;
}

/* ---- looking ---- */

struct look {
    int64_t application, version, objects;
};

static enum err look(struct ctx *ctx, struct conn *conn, struct look *out)
{
    enum err err = conn_number(ctx, conn, &sql[APPLICATION], &out->application);
    if (err == OK)
        err = conn_number(ctx, conn, &sql[VERSION], &out->version);
    return err == OK ? conn_number(ctx, conn, &sql[OBJECTS], &out->objects) : err;
}

static bool is_empty(const struct look *l)
{
    return l->application == 0 && l->version == 0 && l->objects == 0;
}

enum err migrate_check(struct ctx *ctx, struct conn *conn, const char *path,
                       const struct migrate_plan *plan, bool may_change)
{
    struct look l;
    enum err err = look(ctx, conn, &l);
    if (err != OK)
        return err;
    if (is_empty(&l))
        return may_change
                   ? OK
                   : ctx_fail(ctx, ERR_CONFLICT, "%s is empty; `larder serve` fills it", path);
    if (l.application != MIGRATE_APPLICATION || l.version < 1)
        return ctx_fail(ctx, ERR_CONFLICT,
                        "%s is not a database of Larder (application_id %lld); "
                        "name another data folder",
                        path, (long long)l.application);
    if (l.version > plan->version)
        return ctx_fail(
            ctx, ERR_CONFLICT,
            "%s has schema %lld, and this program knows none above %d; "
            "run the newer larder that wrote it, or restore a backup made before the upgrade",
            path, (long long)l.version, plan->version);
    if (l.version < plan->version && !may_change)
        return ctx_fail(ctx, ERR_CONFLICT,
                        "%s has schema %lld, and this program wants %d; start "
                        "`larder serve` once, it upgrades the file",
                        path, (long long)l.version, plan->version);
    return OK;
}

/* ---- changing ---- */

static enum err put_fact(struct ctx *ctx, struct conn *conn, const char *name, const char *value)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[PUT_FACT]);
    db_bind_text(s, 1, name);
    db_bind_text(s, 2, value);
    db_bind_int(s, 3, ctx->now);
    return db_run(ctx, conn, s, NULL);
}

static enum err fill(struct ctx *ctx, struct conn *conn, const struct migrate_plan *plan)
{
    char id[ID_TEXT], when[CLOCK_TEXT];
    crypto_uuid7(ctx->now, id);
    enum err err = conn_script(ctx, conn, plan->schema);
    if (err == OK)
        err = put_fact(ctx, conn, "node_id", id);
    return err == OK ? put_fact(ctx, conn, "created_at", clock_format(ctx->now, when)) : err;
}

static enum err climb(struct ctx *ctx, struct conn *conn, const struct migrate_plan *plan,
                      int64_t from)
{
    enum err err = OK;
    int64_t version, broken = 0;
    for (size_t i = 0; i < plan->count && err == OK; i++) {
        if (plan->steps[i].to <= from)
            continue;
        err = conn_script(ctx, conn, plan->steps[i].sql);
        if (err == OK)
            err = conn_number(ctx, conn, &sql[VERSION], &version);
        if (err == OK && version != plan->steps[i].to)
            err = ctx_fail_cause(ctx, ERR_INTERNAL, "the step to schema %d ended at %lld",
                                 plan->steps[i].to, (long long)version);
    }
    if (err == OK)
        err = conn_number(ctx, conn, &sql[FOREIGN_KEY_CHECK], &broken);
    if (err == OK && broken)
        err = ctx_fail_cause(ctx, ERR_CORRUPT, "rows that name missing ones after the upgrade");
    return err;
}

/* In the transaction: another process may have been faster, so everything is read again. */
static enum err change(struct ctx *ctx, struct conn *conn, const struct migrate_plan *plan)
{
    struct look l;
    enum err err = look(ctx, conn, &l);
    if (err == OK)
        err = is_empty(&l) ? fill(ctx, conn, plan) : climb(ctx, conn, plan, l.version);
    if (err == OK)
        err = look(ctx, conn, &l);
    if (err == OK && (l.application != MIGRATE_APPLICATION || l.version != plan->version))
        err = ctx_fail_cause(ctx, ERR_INTERNAL, "the schema ended at version %lld, not %d",
                             (long long)l.version, plan->version);
    return err;
}

/* A name is safe in its folder only when the folder is on disk. */
static enum err sync_folder(struct ctx *ctx, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash ? slice_dup(ctx->arena,
                                           (struct slice){path, (size_t)(slash - path) + 1})
                               : ".";
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (folder == NULL)
        return ctx_no_memory(ctx);
    int rc = fd < 0 ? -1 : fsync(fd);
    enum err err = rc == 0 ? OK : ctx_fail_errno(ctx, errno, folder);
    if (fd >= 0)
        (void)close(fd);
    return err;
}

/* Temp name first, so that a .bak is always whole. */
static enum err keep_copy(struct ctx *ctx, const char *path, int64_t version)
{
    const char *keep = str_printf(ctx->arena, "%s.v%lld.bak", path, (long long)version);
    const char *temp = str_printf(ctx->arena, "%s.v%lld.tmp", path, (long long)version);
    if (keep == NULL || temp == NULL)
        return ctx_no_memory(ctx);
    (void)unlink(temp); /* of an attempt that died */
    enum err err = snapshot_make(ctx, path, temp);
    if (err == OK && rename(temp, keep) != 0)
        err = ctx_fail_errno(ctx, errno, keep);
    return err == OK ? sync_folder(ctx, keep) : err;
}

enum err migrate_run(struct ctx *ctx, struct conn *conn, const char *path,
                     const struct migrate_plan *plan)
{
    struct look l;
    enum err err = look(ctx, conn, &l);
    if (err != OK || (!is_empty(&l) && l.version == plan->version))
        return err;
    if (!is_empty(&l))
        err = keep_copy(ctx, path, l.version);
    int64_t patience = conn->patience_ms;
    conn->patience_ms = 0; /* a large file takes what it takes; nobody else is here yet */
    /* A step may rebuild a table others point to; what dangles at the end is found by the check. */
    if (err == OK)
        err = conn_exec(ctx, conn, &sql[FOREIGN_KEYS_OFF]);
    if (err == OK)
        err = conn_exec(ctx, conn, &sql[BEGIN]);
    if (err == OK)
        err = change(ctx, conn, plan);
    if (err == OK)
        err = conn_exec(ctx, conn, &sql[COMMIT]);
    conn_rollback(conn); /* where that went wrong */
    conn->patience_ms = patience;
    return err == OK ? conn_exec(ctx, conn, &sql[FOREIGN_KEYS_ON]) : err;
}
