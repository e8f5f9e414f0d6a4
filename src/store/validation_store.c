/*
 * validation_store.c - the tables `validation` and `finding`.
 *
 * The names of stages and levels stand here once, as the schema spells them.
 */
#include "store/validation_store.h"

#include <string.h>

#include "store/db.h"
#include "store/statements.h"

enum { BEGIN, PUT, CLEAR, ADD, IS_THERE, FORGET, STAGES, FINDINGS, HEALTH };

enum { FINDINGS_READ = 1000 /* of one version; validation_put is given fewer */ };

static const struct sql sql[] = {
    [BEGIN] = {"INSERT INTO validation (plugin_id, stage, result, at, duration_us)"
               " VALUES (?1, ?2, ?3, ?4, ?5)",
               NULL},
    [PUT] = {"INSERT INTO validation (plugin_id, stage, result, at, duration_us)"
             " VALUES (?1, ?2, ?3, ?4, ?5)"
             " ON CONFLICT (plugin_id, stage) DO UPDATE SET result = excluded.result,"
             " at = excluded.at, duration_us = excluded.duration_us",
             NULL},
    [CLEAR] = {"DELETE FROM finding WHERE plugin_id = ?1 AND stage = ?2", NULL},
    [ADD] = {"INSERT INTO finding (plugin_id, stage, n, level, rule, field, file, line, col,"
             " sentence, remedy) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
             NULL},
    [IS_THERE] = {"SELECT 1 FROM validation WHERE plugin_id = ?1 LIMIT 1", NULL},
    [FORGET] = {"DELETE FROM validation WHERE plugin_id = ?1", NULL},
    [STAGES] = {"SELECT stage, result, at, duration_us FROM validation WHERE plugin_id = ?1", NULL},
    [FINDINGS] = {"SELECT level, rule, field, file, line, col, sentence, remedy FROM finding"
                  " WHERE plugin_id = ?1 AND stage = ?2 ORDER BY n LIMIT ?3",
                  NULL},
    [HEALTH] = {"SELECT at, result, reason, duration_ms, detail FROM health_check"
                " WHERE plugin_id = ?1 ORDER BY at DESC, seq DESC LIMIT 1",
                NULL},
};

const struct sql_list validation_store_sql = {"validation_store.c", sql, sizeof sql / sizeof *sql};

static const char *const stage_name[STAGE_COUNT] = {
    [STAGE_STRUCTURE] = "structure",
    [STAGE_METADATA] = "metadata",
    [STAGE_DEPENDENCIES] = "dependencies",
    [STAGE_HEALTH] = "health",
};

static const char *const level_name[] = {
    [LEVEL_INFO] = "info",
    [LEVEL_WARNING] = "warning",
    [LEVEL_ERROR] = "error",
};

const char *validation_stage_name(enum stage_id which)
{
    return which < STAGE_COUNT ? stage_name[which] : "";
}

/* ------------------------------------------------------------------ writing */

static enum err add_finding(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                            enum stage_id which, int64_t n, const struct stage_finding *f)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[ADD]);
    db_bind_text(s, 1, plugin_id);
    db_bind_text(s, 2, stage_name[which]);
    db_bind_int(s, 3, n);
    db_bind_text(s, 4, level_name[f->level]);
    db_bind_text(s, 5, f->item.rule);
    db_bind_text(s, 6, f->item.field);
    db_bind_text(s, 7, f->item.file);
    db_bind_time(s, 8, f->item.line); /* 0 = none */
    db_bind_time(s, 9, f->item.column);
    db_bind_text(s, 10, f->item.sentence);
    db_bind_text(s, 11, f->item.remedy);
    return db_run(ctx, conn, s, NULL);
}

static enum err clear(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                      enum stage_id which)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[CLEAR]);
    db_bind_text(s, 1, plugin_id);
    db_bind_text(s, 2, stage_name[which]);
    return db_run(ctx, conn, s, NULL);
}

static enum err write_stage(struct ctx *ctx, struct conn *conn, const struct sql *statement,
                            const char *plugin_id, enum stage_id which, const struct stage *stage)
{
    struct stmt *s = db_stmt(ctx, conn, statement);
    db_bind_text(s, 1, plugin_id);
    db_bind_text(s, 2, stage_name[which]);
    db_bind_text(s, 3, stage->result);
    db_bind_int(s, 4, stage->at);
    db_bind_int(s, 5, stage->duration_us);
    return db_run(ctx, conn, s, NULL);
}

static enum err add_findings(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                             enum stage_id which, const struct stage *stage)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < stage->count; i++)
        err = add_finding(ctx, conn, plugin_id, which, (int64_t)i + 1, &stage->findings[i]);
    return err;
}

enum err validation_put(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                        enum stage_id which, const struct stage *stage)
{
    enum err err = write_stage(ctx, conn, &sql[PUT], plugin_id, which, stage);
    if (err == OK)
        err = clear(ctx, conn, plugin_id, which);
    return err == OK ? add_findings(ctx, conn, plugin_id, which, stage) : err;
}

/* Most versions are new and have none: a question is a tenth of removing nothing. */
static enum err forget(struct ctx *ctx, struct conn *conn, const char *plugin_id)
{
    static const int steps[] = {IS_THERE, FORGET};
    bool found = true;
    enum err err = OK;
    for (size_t i = 0; err == OK && found && i < sizeof steps / sizeof *steps; i++) {
        struct stmt *s = db_stmt(ctx, conn, &sql[steps[i]]);
        db_bind_text(s, 1, plugin_id);
        err = db_step(ctx, s, &found);
        db_done(s);
    }
    return err;
}

enum err validation_put_all(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                            const struct stage_report *report)
{
    enum err err = forget(ctx, conn, plugin_id);
    for (enum stage_id i = 0; err == OK && i < STAGE_COUNT; i++) {
        err = write_stage(ctx, conn, &sql[BEGIN], plugin_id, i, &report->stage[i]);
        if (err == OK)
            err = add_findings(ctx, conn, plugin_id, i, &report->stage[i]);
    }
    return err;
}

/* ------------------------------------------------------------------ reading */

static enum stage_level level_of(const char *name)
{
    if (name && strcmp(name, "error") == 0)
        return LEVEL_ERROR;
    return name && strcmp(name, "warning") == 0 ? LEVEL_WARNING : LEVEL_INFO;
}

static void read_finding(struct ctx *ctx, struct stmt *s, struct stage_finding *f)
{
    f->level = level_of(db_peek_text(s, 0));
    f->item = (struct fault_item){
        .rule = db_text(ctx, s, 1),
        .field = db_text(ctx, s, 2),
        .file = db_text(ctx, s, 3),
        .line = (int)db_int(s, 4),
        .column = (int)db_int(s, 5),
        .sentence = db_text(ctx, s, 6),
        .remedy = db_text(ctx, s, 7),
    };
}

/* Room for one more; the list doubles. */
static bool grow(struct ctx *ctx, struct stage_finding **list, size_t count, size_t *cap)
{
    if (count < *cap)
        return true;
    size_t wanted = *cap ? *cap * 2 : 16;
    struct stage_finding *all = arena_array(ctx->arena, wanted, sizeof *all);
    if (all == NULL)
        return false;
    if (*list)
        memcpy(all, *list, count * sizeof *all);
    *list = all;
    *cap = wanted;
    return true;
}

static enum err read_findings(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                              enum stage_id which, struct stage *out)
{
    struct stage_finding *list = NULL;
    size_t cap = 0;
    bool row;
    struct stmt *s = db_stmt(ctx, conn, &sql[FINDINGS]);
    db_bind_text(s, 1, plugin_id);
    db_bind_text(s, 2, stage_name[which]);
    db_bind_int(s, 3, FINDINGS_READ);
    enum err err = db_step(ctx, s, &row);
    for (; err == OK && row; err = db_step(ctx, s, &row)) {
        if (!grow(ctx, &list, out->count, &cap)) {
            err = ctx_no_memory(ctx);
            break;
        }
        read_finding(ctx, s, &list[out->count++]);
    }
    db_done(s);
    out->findings = list;
    return err;
}

static enum err read_stages(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                            struct stage_report *out)
{
    bool row;
    struct stmt *s = db_stmt(ctx, conn, &sql[STAGES]);
    db_bind_text(s, 1, plugin_id);
    enum err err = db_step(ctx, s, &row);
    for (; err == OK && row; err = db_step(ctx, s, &row)) {
        const char *name = db_peek_text(s, 0);
        for (size_t i = 0; name && i < STAGE_COUNT; i++)
            if (strcmp(name, stage_name[i]) == 0) {
                out->stage[i].result = db_text(ctx, s, 1);
                out->stage[i].at = db_int(s, 2);
                out->stage[i].duration_us = db_int(s, 3);
                break;
            }
    }
    db_done(s);
    return err;
}

enum err validation_read(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                         struct stage_report *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < STAGE_COUNT; i++)
        out->stage[i] = (struct stage){.name = stage_name[i], .result = "skipped"};
    enum err err = read_stages(ctx, conn, plugin_id, out);
    for (enum stage_id i = 0; err == OK && i < STAGE_COUNT; i++)
        err = read_findings(ctx, conn, plugin_id, i, &out->stage[i]);
    return err;
}

enum err validation_newest_health(struct ctx *ctx, struct conn *conn, const char *plugin_id,
                                  struct health_run *out)
{
    bool row;
    struct stmt *s = db_stmt(ctx, conn, &sql[HEALTH]);
    *out = (struct health_run){.at = 0};
    db_bind_text(s, 1, plugin_id);
    enum err err = db_step(ctx, s, &row);
    if (err == OK && row) {
        out->at = db_int(s, 0);
        out->result = db_text(ctx, s, 1);
        out->reason = db_text(ctx, s, 2);
        out->duration_ms = db_int(s, 3);
        out->detail = db_slice(ctx, s, 4);
    }
    db_done(s);
    return err;
}
