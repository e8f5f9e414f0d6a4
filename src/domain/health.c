/*
 * health.c - the job, and what asks for it.
 *
 * A check computes first and writes then: one transaction for the row of the history, the state of
 * the version, the stage and, for a v1 plugin, which version serves. If the bytes were replaced
 * meanwhile, what was found is about bytes that are gone and is dropped: their replacement has
 * queued a check of its own.
 */
#include "domain/health.h"

#include <string.h>

#include "base/json_read.h"
#include "base/json_write.h"
#include "blob/blob.h"
#include "domain/catalog.h"
#include "domain/dependencies.h"
#include "domain/domain.h"
#include "domain/events.h"
#include "domain/health_run.h"
#include "domain/record.h"
#include "domain/stages.h"
#include "store/health_store.h"
#include "store/plugin_store.h"

enum {
    PACKAGE_MAX = 64 << 20, /* no setting admits a larger upload */
    AT_ONCE = 50,           /* checks that the schedule queues in one go */
    TRIES = 3,
    RESULT_MAX = 4096
};

#define KIND "health"

struct check {
    struct domain *d;
    const struct job *job;
    struct plugin plugin;
    bool found, network, changed;
    struct health_outcome outcome;
    struct health_findings findings;
};

/* ------------------------------------------------------------------ the job */

static enum err read_subject(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct check *c = arg;
    enum err err = plugin_store_find(ctx, conn, c->job->subject, &c->plugin, &c->found);
    if (err != OK || !c->found)
        return err;
    return health_store_network(ctx, conn, c->plugin.org_id, c->plugin.pid, &c->network);
}

static void decide(struct check *c, const char *result, const char *reason)
{
    c->outcome = (struct health_outcome){.result = result, .reason = reason};
}

/* What went wrong with the package itself is the outcome; what went wrong with us is returned. */
static enum err blame(struct ctx *ctx, struct check *c, enum err err)
{
    const char *sentence = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
    switch (err) {
    case ERR_INVALID:
    case ERR_TOO_LARGE: decide(c, HEALTH_FAILED, sentence); break;
    case ERR_NOT_FOUND:
    case ERR_CORRUPT:
        decide(c, HEALTH_UNCHECKED, "The stored package is missing or damaged");
        break;
    default: return err;
    }
    ctx_forgive(ctx);
    return sentence ? OK : ctx_no_memory(ctx);
}

static enum err read_requirements(struct ctx *ctx, const struct plugin *p, const char ***out,
                                  size_t *count)
{
    const struct jr *list;
    enum err err = jr_parse(ctx, p->dependencies, &list);
    if (err != OK)
        return err;
    *count = jr_count(list);
    *out = arena_array(ctx->arena, *count + 1, sizeof **out);
    if (*out == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < *count; i++)
        if (((*out)[i] = slice_dup(ctx->arena, jr_str(jr_item(list, i)))) == NULL)
            return ctx_no_memory(ctx);
    return OK;
}

/* The folder of what the plugin depends on. *go false: it was decided without running. */
static enum err prepare(struct ctx *ctx, struct check *c, struct health_subject *subject, bool *go)
{
    struct environment environment = {.state = ENVIRONMENT_CHECKED};
    const char **requirements;
    size_t count;
    enum err err = read_requirements(ctx, &c->plugin, &requirements, &count);
    if (err == OK && c->d->dependencies && count) {
        const struct dependencies_watch watch = {.cancel = c->job->cancel};
        err = dependencies_prepare_watched(ctx, c->d, requirements, count, &watch, &environment);
    }
    if (err != OK)
        return err;
    *go = environment.state != ENVIRONMENT_FAILED;
    if (!*go)
        decide(c, HEALTH_FAILED, environment.failed ? environment.failed : environment.reason);
    subject->environment = environment.path;
    subject->may_lack = count > 0 && environment.path == NULL;
    return OK;
}

static enum err examine(struct ctx *ctx, struct check *c)
{
    struct health_subject subject = {.name = c->plugin.name,
                                     .settings = c->plugin.settings_schema,
                                     .network = c->network,
                                     .timeout_ms = c->d->limits.health_timeout_ms,
                                     .memory = c->d->limits.health_memory,
                                     .cancel = c->job->cancel};
    const char *reason = sandbox_reason(c->d->sandbox);
    bool go = reason == NULL;
    enum err err = OK;
    if (reason)
        decide(c, HEALTH_UNCHECKED, reason);
    else
        err = prepare(ctx, c, &subject, &go);
    if (err != OK || !go)
        return err;
    err = blob_read(ctx, c->d->blobs, c->plugin.sha256, PACKAGE_MAX, &subject.zip);
    return err == OK ? health_run(ctx, c->d->sandbox, &subject, &c->outcome, &c->findings) : err;
}

static const char *stage_result(const char *result)
{
    return strcmp(result, HEALTH_HEALTHY) == 0  ? "passed"
           : strcmp(result, HEALTH_FAILED) == 0 ? "failed"
                                                : "skipped";
}

/* What was decided without running stands among the findings too. */
static void add_finding(struct check *c, struct stage_finding *one)
{
    bool failed = strcmp(c->outcome.result, HEALTH_FAILED) == 0;
    *one = (struct stage_finding){.level = failed ? LEVEL_ERROR : LEVEL_INFO,
                                  .item = {.rule = failed ? "health.failed" : "health.unchecked",
                                           .sentence = c->outcome.reason}};
    c->findings = (struct health_findings){one, 1};
}

static enum err write_outcome(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct check *c = arg;
    struct plugin now;
    struct stage_finding one;
    const struct health_check run = {
        .plugin_id = c->plugin.id, .at = ctx->now, .outcome = c->outcome};
    enum err err = plugin_store_find(ctx, conn, c->plugin.id, &now, &c->found);
    c->found = c->found && strcmp(now.sha256, c->plugin.sha256) == 0;
    if (err != OK || !c->found)
        return err;
    if (c->findings.list == NULL && c->outcome.reason)
        add_finding(c, &one);
    err = health_store_add(ctx, conn, &run, &c->changed);
    if (err == OK)
        err = stages_health(ctx, conn, now.id, stage_result(c->outcome.result),
                            c->outcome.duration_ms * 1000, c->findings.list, c->findings.count);
    if (err == OK && c->changed)
        err = plugin_store_promote(ctx, conn, now.org_id, now.pid);
    return err;
}

static struct slice result_json(struct ctx *ctx, const struct health_outcome *o)
{
    struct buf b;
    struct jw j;
    buf_init(&b, ctx->arena, RESULT_MAX);
    jw_start(&j, &b);
    jw_object(&j);
    jw_put_str(&j, "health", o->result);
    jw_put_str(&j, "reason", o->reason);
    jw_put_int(&j, "duration_ms", o->duration_ms);
    jw_put_bool(&j, "network", o->network);
    jw_end(&j);
    return jw_done(&j) ? buf_view(&b) : SLICE("{}");
}

static enum err run_job(struct ctx *ctx, void *arg, const struct job *job, struct slice *result)
{
    struct check c = {.d = arg, .job = job};
    enum err err = store_read(ctx, c.d->store, read_subject, &c);
    if (err != OK || !c.found) /* deleted meanwhile: nothing to check */
        return err;
    if ((err = examine(ctx, &c)) != OK)
        err = blame(ctx, &c, err);
    ctx->now = clock_wall_ms(ctx->clock); /* it has taken a while */
    if (err == OK)
        err = store_write(ctx, c.d->store, write_outcome, &c);
    if (err != OK || !c.found)
        return err;
    if (c.changed)
        catalog_changed(c.d, c.plugin.org_id);
    *result = result_json(ctx, &c.outcome);
    events_emit(c.d, &(struct event){.kind = "plugin.health",
                                     .org_id = c.plugin.org_id,
                                     .plugin_id = c.plugin.id,
                                     .pid = c.plugin.pid,
                                     .version = c.plugin.version,
                                     .detail = *result});
    return OK;
}

struct job_kind health_job(struct domain *d)
{
    return (struct job_kind){.name = KIND, .run = run_job, .arg = d, .tries = TRIES};
}

/* ------------------------------------------------------------------ asking for it */

bool health_follows_upload(const struct domain *d, bool is_v1)
{
    bool wanted = d->limits.health_on_upload == HEALTH_ON_ALL ||
                  (d->limits.health_on_upload == HEALTH_ON_V1 && is_v1);
    return wanted && d->jobs != NULL;
}

enum err health_after_upload(struct ctx *ctx, struct domain *d, struct conn *conn, bool is_v1,
                             const char *plugin_id)
{
    if (!health_follows_upload(d, is_v1))
        return OK;
    return jobs_queue(ctx, conn, KIND, plugin_id, SLICE_NONE, 0);
}

struct asking {
    const struct actor *actor;
    const struct plugin *plugin;
};

static enum err queue_asked(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct asking *a = arg;
    struct record r;
    enum err err = jobs_queue(ctx, conn, KIND, a->plugin->id, SLICE_NONE, 0);
    if (err != OK)
        return err;
    record_start(ctx, &r);
    jw_put_str(&r.json, "pid", a->plugin->pid);
    jw_put_str(&r.json, "version", a->plugin->version);
    return record_append(ctx, conn, &r, a->actor, "plugin.check", a->plugin->org_id, a->plugin->id);
}

enum err health_ask(struct ctx *ctx, struct domain *d, const struct actor *actor,
                    const char *org_id, const char *plugin_id, const char **job_id)
{
    struct plugin plugin;
    struct job_row job;
    bool found = false;
    enum err err = catalog_get(ctx, d, org_id, plugin_id, &plugin);
    if (err != OK)
        return err;
    if (d->jobs == NULL)
        return ctx_fail(ctx, ERR_BUSY, "Checks are done by a running server only");
    struct asking asking = {actor, &plugin};
    if ((err = store_write(ctx, d->store, queue_asked, &asking)) != OK)
        return err;
    jobs_wake(d->jobs);
    err = jobs_newest(ctx, d, KIND, plugin.id, &job, &found);
    *job_id = found ? job.id : "";
    return err;
}

/* ------------------------------------------------------------------ the history */

struct reading {
    const char *plugin_id;
    int64_t before_seq;
    int limit;
    struct health_check *out;
    size_t count;
};

static enum err read_history(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct reading *r = arg;
    return health_store_list(ctx, conn, r->plugin_id, r->before_seq, r->limit, r->out, &r->count);
}

enum err health_history(struct ctx *ctx, struct domain *d, const char *org_id,
                        const char *plugin_id, int64_t before_seq, int limit,
                        struct health_check **out, size_t *count, bool *more)
{
    struct plugin plugin;
    enum err err = catalog_get_visible(ctx, d, org_id, plugin_id, &plugin);
    if (err != OK)
        return err;
    struct reading r = {.plugin_id = plugin.id, .before_seq = before_seq, .limit = limit + 1};
    r.out = arena_array(ctx->arena, (size_t)r.limit, sizeof *r.out);
    if (r.out == NULL)
        return ctx_no_memory(ctx);
    err = store_read(ctx, d->store, read_history, &r);
    *more = r.count > (size_t)limit;
    *count = *more ? (size_t)limit : r.count;
    *out = r.out;
    return err;
}

/* ------------------------------------------------------------------ network */

struct granting {
    const struct actor *actor;
    const struct plugin *plugin;
    bool allow, before;
};

static enum err read_grant(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct granting *g = arg;
    return health_store_network(ctx, conn, g->plugin->org_id, g->plugin->pid, &g->before);
}

static enum err write_grant(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct granting *g = arg;
    struct record r;
    enum err err = read_grant(ctx, conn, g);
    if (err != OK || g->before == g->allow) /* nothing changes, nothing to record */
        return err;
    err = health_store_set_network(ctx, conn, g->plugin->org_id, g->plugin->pid, g->allow,
                                   g->actor->user_id);
    if (err != OK)
        return err;
    record_start(ctx, &r);
    jw_put_str(&r.json, "pid", g->plugin->pid);
    jw_put_bool(&r.json, "allowed", g->allow);
    return record_append(ctx, conn, &r, g->actor, "plugin.network", g->plugin->org_id,
                         g->plugin->id);
}

enum err health_network(struct ctx *ctx, struct domain *d, const struct plugin *plugin,
                        bool *allowed)
{
    struct granting g = {.plugin = plugin};
    enum err err = store_read(ctx, d->store, read_grant, &g);
    *allowed = g.before;
    return err;
}

enum err health_allow_network(struct ctx *ctx, struct domain *d, const struct actor *actor,
                              const struct plugin *plugin, bool allow)
{
    struct granting g = {.actor = actor, .plugin = plugin, .allow = allow};
    return store_write(ctx, d->store, write_grant, &g);
}

/* ------------------------------------------------------------------ the schedule */

struct due {
    struct ctx *ctx;
    const char *id[AT_ONCE];
    size_t count;
};

static enum err note_due(void *arg, const char *plugin_id)
{
    struct due *due = arg;
    const char *copy = slice_dup(due->ctx->arena, slice_of(plugin_id));
    if (copy == NULL)
        return ctx_no_memory(due->ctx);
    due->id[due->count++] = copy;
    return OK;
}

struct tending {
    int64_t before;
    struct due due;
};

static enum err read_due(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct tending *t = arg;
    t->due.ctx = ctx;
    return health_store_due(ctx, conn, t->before, AT_ONCE, note_due, &t->due);
}

static enum err queue_due(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct tending *t = arg;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < t->due.count; i++)
        err = jobs_queue(ctx, conn, KIND, t->due.id[i], SLICE_NONE, 0);
    return err;
}

enum err health_tend(struct ctx *ctx, struct domain *d)
{
    struct tending t = {.before = ctx->now - d->limits.health_every_ms};
    if (d->jobs == NULL || d->limits.health_every_ms == 0)
        return OK;
    enum err err = store_read(ctx, d->store, read_due, &t);
    if (err == OK && t.due.count) {
        err = store_write(ctx, d->store, queue_due, &t);
        jobs_wake(d->jobs);
    }
    return err;
}
