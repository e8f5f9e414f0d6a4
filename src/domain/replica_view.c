/*
 * replica_view.c - what the replica tells about itself, and the few things an operator decides.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "domain/record.h"
#include "domain/replica_node.h"
#include "store/plugin_store.h"

enum {
    SYNC_RETRY_S = 5,
    CONFIRM_MS = 15000,
    CONFIRM_LOOK_MS = 500,
    VIEW_TRIES = 20,
    VIEW_PAUSE_MS = 2
};

/* ------------------------------------------------------------------ seen from outside */

static const char *const names[] = {
    [REPLICA_DISABLED] = "disabled",
    [REPLICA_LOCAL_ONLY] = "local-only",
    [REPLICA_STARTING] = "starting",
    [REPLICA_ONLINE] = "online",
    [REPLICA_OFFLINE] = "offline",
    [REPLICA_AUTH_FAILED] = "auth-failed",
    [REPLICA_DENIED] = "denied",
    [REPLICA_NO_BUCKET] = "no-bucket",
    [REPLICA_STUCK] = "stuck",
    [REPLICA_FOREIGN_BUCKET] = "foreign-bucket",
    [REPLICA_SINGLE_WRITER] = "single-writer",
};

bool replica_is_up(enum replica_state state)
{
    return state == REPLICA_ONLINE || state == REPLICA_SINGLE_WRITER;
}

const char *replica_state_name(enum replica_state state)
{
    return names[state];
}

const char *replica_word(struct replica *r)
{
    struct replica_gauges g;
    replica_gauges(r, &g);
    return replica_state_name(g.state);
}

bool replica_ready(struct replica *r)
{
    if (r == NULL || r->s3 == NULL)
        return true;
    pthread_mutex_lock(&r->lock);
    /* a store that is away keeps nobody from what is here */
    bool coming = r->view.state == REPLICA_STARTING || replica_is_up(r->view.state);
    bool ready = r->view.caught_up || !coming;
    pthread_mutex_unlock(&r->lock);
    return ready;
}

enum err replica_admit(struct ctx *ctx, struct replica *r)
{
    if (r == NULL || r->s3 == NULL || !r->options.sync)
        return OK;
    pthread_mutex_lock(&r->lock);
    enum replica_state state = r->view.state;
    pthread_mutex_unlock(&r->lock);
    if (replica_is_up(state))
        return OK;
    ctx->fault.retry_after = SYNC_RETRY_S;
    enum err err = ctx_fail(ctx, ERR_BUSY,
                            "The object store is away (%s), and s3-mode=sync takes no upload "
                            "without it",
                            replica_state_name(state));
    ctx->fault.retry_after = SYNC_RETRY_S;
    return err;
}

struct confirming {
    const char *id;
    struct plugin row;
    bool found;
};

static enum err read_row(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct confirming *c = arg;
    return plugin_store_find(ctx, conn, c->id, &c->row, &c->found);
}

void replica_confirm(struct ctx *ctx, struct replica *r, struct plugin *row)
{
    if (r == NULL || r->s3 == NULL || !r->options.sync)
        return;
    int64_t end = clock_mono_ms(r->clock) + CONFIRM_MS;
    struct confirming c = {.id = row->id};
    while (clock_mono_ms(r->clock) < end && !replica_stopping(r)) {
        if (store_read(ctx, r->d->store, read_row, &c) != OK || !c.found)
            break;
        row->replication = c.row.replication;
        if (strcmp(row->replication, "pending") != 0)
            return;
        struct timespec until = clock_deadline(CONFIRM_LOOK_MS);
        pthread_mutex_lock(&r->lock);
        (void)pthread_cond_timedwait(&r->carried, &r->lock, &until);
        pthread_mutex_unlock(&r->lock);
    }
    ctx_forgive(ctx); /* it is safe here, and says that it is on its way */
}

static void copy_locked(struct replica *r, struct replica_view *out)
{
    out->state = r->view.state;
    str_set(out->reason, sizeof out->reason, slice_of(r->view.reason));
    str_set(out->last_error, sizeof out->last_error, slice_of(r->view.last_error));
    str_set(out->writer, sizeof out->writer, slice_of(r->view.writer));
    memcpy(out->state_hash, r->view.state_hash, sizeof out->state_hash);
    static const char *const known[] = {"atomic", "unsupported", "ignored"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], r->view.capability) == 0)
            out->capability = known[i];
    out->applied_seq = r->view.applied_seq;
    out->head_seq = r->view.head_seq;
    out->snap_seq = r->view.snap_seq;
    out->last_success = r->view.last_success;
    out->last_error_at = r->view.last_error_at;
    out->behind_since = r->view.behind_since;
    out->fetch_done = r->fetch.done;
    out->fetch_bytes = r->fetch.bytes;
    out->node_count = r->view.node_count;
    memcpy(out->nodes, r->view.nodes, r->view.node_count * sizeof *out->nodes);
}

static enum err read_figures(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct replica_view *v = arg;
    enum err err = outbox_figures(ctx, conn, &v->backlog);
    if (err == OK)
        err = repl_conflict_count(ctx, conn, NULL, &v->conflicts);
    return err == OK ? replica_missing_count(ctx, conn, &v->missing) : err;
}

enum err replica_view(struct ctx *ctx, struct replica *r, struct replica_view *out)
{
    enum err err = OK;
    uint64_t turn;
    int tries = 0;
    do { /* backlog and position are of one moment, or nearly so where there is no quiet one */
        if (tries > 0)
            replica_pause(r, VIEW_PAUSE_MS);
        memset(out, 0, sizeof *out);
        turn = atomic_load(&r->turn);
        err = store_read(ctx, r->d->store, read_figures, out);
        pthread_mutex_lock(&r->lock);
        copy_locked(r, out);
        pthread_mutex_unlock(&r->lock);
    } while (err == OK && (turn % 2 == 1 || turn != atomic_load(&r->turn)) && ++tries < VIEW_TRIES);
    out->state_name = replica_state_name(out->state);
    str_set(out->node, sizeof out->node, slice_of(r->node));
    str_set(out->name, sizeof out->name, slice_of(r->name));
    if (r->s3) {
        str_set(out->store, sizeof out->store, slice_of(s3_name(r->s3)));
        out->clock_offset = s3_clock_offset(r->s3);
    }
    out->cadence_layout = r->options.cadence_layout;
    out->sync = r->options.sync;
    out->requests = atomic_load(&r->requests);
    out->failures = atomic_load(&r->failures);
    out->pushed = atomic_load(&r->pushed);
    out->pulled = atomic_load(&r->pulled);
    out->fetch_total = out->fetch_done + out->missing;
    return err;
}

void replica_gauges(struct replica *r, struct replica_gauges *out)
{
    pthread_mutex_lock(&r->lock);
    *out = (struct replica_gauges){.state = r->view.state,
                                   .applied_seq = r->view.applied_seq,
                                   .head_seq = r->view.head_seq,
                                   .last_success = r->view.last_success};
    pthread_mutex_unlock(&r->lock);
    out->pushed = atomic_load(&r->pushed);
    out->pulled = atomic_load(&r->pulled);
    out->requests = atomic_load(&r->requests);
    out->failures = atomic_load(&r->failures);
}

/* ------------------------------------------------------------------ decided by an operator */

static enum err need_store(struct ctx *ctx, const struct replica *r)
{
    if (r && r->s3)
        return OK;
    return ctx_fail(ctx, ERR_CONFLICT, "This server has no object store: %s",
                    r && r->options.missing ? r->options.missing : "replication is switched off");
}

static void meet_again(struct replica *r)
{
    pthread_mutex_lock(&r->lock);
    r->remeet = true;
    pthread_mutex_unlock(&r->lock);
    replica_hurry(r);
}

/* Both decisions are in the record of what happened. */
static enum err note_decision(struct ctx *ctx, struct conn *conn, const struct actor *actor,
                              const char *action, const char *node)
{
    struct record record;
    record_start(ctx, &record);
    return record_append(ctx, conn, &record, actor, action, NULL, node);
}

struct deciding {
    const struct actor *actor;
    const struct replica *r;
};

static enum err note_writer(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct deciding *d = arg;
    return note_decision(ctx, conn, d->actor, "replica.writer", d->r->node);
}

enum err replica_become_writer(struct ctx *ctx, const struct actor *actor, struct replica *r)
{
    struct s3_answer a;
    struct slice text;
    enum err err = need_store(ctx, r);
    if (err != OK)
        return err;
    pthread_mutex_lock(&r->lock);
    bool atomic = strcmp(r->view.capability, "atomic") == 0;
    pthread_mutex_unlock(&r->lock);
    if (atomic)
        return ctx_fail(ctx, ERR_CONFLICT,
                        "This object store keeps writers apart, so every node may publish; no "
                        "writer is needed");
    err = writer_note_write(ctx, &(struct writer_note){r->node, r->name, ctx->now}, &text);
    if (err == OK)
        err = s3_put(ctx, r->s3, REPLICA_WRITER_KEY, text, false, &a);
    if (err != OK)
        return err;
    if (a.end != S3_OK)
        return ctx_fail(ctx, ERR_BUSY, "The object store did not take it: %s", a.message);
    struct deciding deciding = {actor, r};
    if ((err = store_write(ctx, r->d->store, note_writer, &deciding)) != OK)
        return err;
    log_line(r->log, LOG_WARN, ctx->request_id, "replication.writer", "node", r->name, NULL);
    meet_again(r);
    return OK;
}

static enum err forget_bucket(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct deciding *d = arg;
    enum err err = repl_forget(ctx, conn);
    if (err == OK)
        err = replica_unsend(ctx, conn);
    if (err == OK)
        err = repl_state_bucket(ctx, conn, NULL);
    return err == OK ? note_decision(ctx, conn, d->actor, "replica.bucket", d->r->node) : err;
}

enum err replica_accept_bucket(struct ctx *ctx, const struct actor *actor, struct replica *r)
{
    enum err err = need_store(ctx, r);
    if (err != OK)
        return err;
    pthread_mutex_lock(&r->lock);
    bool foreign = r->view.state == REPLICA_FOREIGN_BUCKET;
    pthread_mutex_unlock(&r->lock);
    if (!foreign)
        return ctx_fail(ctx, ERR_CONFLICT, "The bucket is the one this node knows");
    struct deciding deciding = {actor, r};
    err = store_write(ctx, r->d->store, forget_bucket, &deciding);
    if (err != OK)
        return err;
    log_line(r->log, LOG_WARN, ctx->request_id, "replication.bucket_accepted", "node", r->name,
             NULL);
    pthread_mutex_lock(&r->lock);
    r->reload = true;
    pthread_mutex_unlock(&r->lock);
    meet_again(r);
    return OK;
}
