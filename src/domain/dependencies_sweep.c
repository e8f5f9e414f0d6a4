/*
 * dependencies_sweep.c - the daily job that removes environments which no version asks for.
 *
 * Wanted is what the rows of plugins and the uploads on their way would be given today. What was
 * used within a day stays in any case: an upload builds its environment before it has a row.
 */
#include <string.h>

#include "base/json_read.h"
#include "domain/dependencies_state.h"
#include "domain/domain.h"
#include "domain/environment_sweep.h"
#include "store/pending_store.h"

enum { UNUSED_MS = 24 * 3600 * 1000, ROW_MEMORY = 4 << 20 };

struct wanting {
    const struct dependencies_options *o;
    const char *tag;
    struct standing *list;
    size_t count;
};

static enum err want_needs(struct ctx *ctx, const struct wanting *w, struct slice json)
{
    const struct jr *array;
    struct needs needs;
    enum err err = jr_parse(ctx, json, &array);
    size_t count = err == OK ? jr_count(array) : 0;
    const char **texts = arena_array(ctx->arena, count + 1, sizeof *texts);
    if (texts == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < count; i++)
        if ((texts[i] = slice_dup(ctx->arena, jr_str(jr_item(array, i)))) == NULL)
            return ctx_no_memory(ctx);
    if (err == OK)
        err = requirements_read(ctx, texts, count, &needs);
    if (err != OK)
        return err;
    for (int i = 0; i < 2; i++) { /* with the SDK and without */
        const char *key = dependencies_key(ctx->arena, w->o, w->tag, &needs);
        if (key == NULL)
            return ctx_no_memory(ctx);
        environment_want(w->list, w->count, key);
        requirements_leave_sdk(&needs);
    }
    return OK;
}

/* One row at a time is in memory; one that cannot be read wants nothing. */
static enum err want(struct ctx *ctx, void *arg, struct slice json)
{
    struct arena *callers = ctx->arena, scratch;
    arena_init(&scratch, ROW_MEMORY);
    ctx->arena = &scratch;
    enum err err = want_needs(ctx, arg, json);
    if (err == ERR_INVALID) {
        ctx_forgive(ctx);
        err = OK;
    }
    ctx->arena = callers;
    arena_free(&scratch);
    return err;
}

static enum err want_all(struct ctx *ctx, struct conn *conn, void *arg)
{
    return pending_store_needs(ctx, conn, want, arg);
}

static enum err sweep(struct ctx *ctx, struct domain *d, int64_t *count)
{
    const char *reason = NULL;
    struct dependencies *deps = d->dependencies;
    *count = 0;
    if (deps == NULL)
        return OK;
    struct wanting w = {.o = &deps->o};
    enum err err = environment_standing(ctx, deps->o.folder, ctx->now - UNUSED_MS, &w.list,
                                        &w.count);
    if (err != OK || w.count == 0)
        return err;
    err = dependencies_python(ctx, deps, &w.tag, &reason);
    if (err != OK || reason) /* what cannot be told is not removed */
        return err;
    err = store_read(ctx, d->store, want_all, &w);
    return err == OK ? environment_sweep(ctx, deps->o.folder, w.list, w.count, count) : err;
}

static enum err queue_next(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    return jobs_queue(ctx, conn, DEPENDENCIES_SWEEP, "all", SLICE_NONE, ctx->now + UNUSED_MS);
}

static enum err sweep_job(struct ctx *ctx, void *arg, const struct job *job, struct slice *result)
{
    int64_t count = 0;
    struct domain *d = arg;
    (void)job;
    enum err err = store_write(ctx, d->store, queue_next, NULL);
    if (err == OK)
        err = sweep(ctx, d, &count);
    const char *text = str_printf(ctx->arena, "{\"removed\":%lld}", (long long)count);
    *result = slice_of(text);
    return err;
}

struct job_kind dependencies_job(struct domain *d)
{
    return (struct job_kind){.name = DEPENDENCIES_SWEEP, .run = sweep_job, .arg = d, .tries = 1};
}
