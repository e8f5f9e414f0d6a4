/*
 * replica.c - the thread that carries changes, and what is said about it.
 *
 * One round: meet the bucket where that is due, take what others did, send what waits, tell the
 * others how far we are. A round that fails says why once; the next ones wait longer and longer and
 * try one call. Nobody outside waits for any of this.
 */
#include "domain/replica.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "domain/replica_node.h"
#include "store/kv_store.h"

enum {
    POLL_MIN_MS = 2000,
    POLL_MAX_MS = 30000,
    BACKOFF_MS = 1000,
    BACKOFF_MAX_MS = 60000,
    NO_ANSWER_MAX_MS = 6000, /* a closed port costs nothing: found again soon */
    PROBE_MS = 60000,        /* while a key, a bucket or a permission is wrong */
    SNAPSHOT_EVERY = 1000
};

/* ------------------------------------------------------------------ waiting */

static bool note_one(void *arg, const struct outbox_row *row)
{
    (void)row;
    *(bool *)arg = true;
    return false;
}

static enum err look_for_one(struct ctx *ctx, struct conn *conn, void *arg)
{
    return outbox_due(ctx, conn, ctx->now, 1, note_one, arg);
}

/* Wakes for changes that are to be sent, not for those it has just taken: they wake it as well.
 * True where somebody asked. */
static bool wait_for(struct ctx *ctx, struct replica *r, int64_t ms, bool wakes)
{
    int64_t end = clock_mono_ms(r->clock) + ms, left = ms;
    while (left > 0 && !replica_stopping(r)) {
        enum replica_woken why = replica_wait(r, left, wakes);
        bool waits = false;
        if (why != REPLICA_CHANGED)
            return why == REPLICA_ASKED;
        ctx->now = clock_wall_ms(r->clock);
        if (store_read(ctx, r->d->store, look_for_one, &waits) != OK || waits)
            return false; /* the round will say what is wrong */
        left = end - clock_mono_ms(r->clock);
    }
    return false;
}

/* ------------------------------------------------------------------ a round */

static enum err hurry_rows(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    return outbox_hurry(ctx, conn);
}

/* What is ours to do regularly, when nothing more urgent waits. */
static enum err housekeeping(struct ctx *ctx, struct replica *r)
{
    int64_t now = clock_mono_ms(r->clock);
    enum err err = OK;
    if ((now >= r->loop.next_beat || r->loop.beat_seq != r->view.applied_seq))
        err = replica_beat(ctx, r);
    if (err == OK && r->loop.may_write &&
        r->view.applied_seq - r->view.snap_seq >= r->options.snapshot_every)
        err = replica_snapshot_write(ctx, r);
    if (err == OK && now >= r->loop.next_tend)
        err = replica_tend(ctx, r);
    return err;
}

static enum err read_waiting(struct ctx *ctx, struct conn *conn, void *arg)
{
    return outbox_figures(ctx, conn, arg);
}

/* What had to wait for the store is told when it has answered, and is gone by then. */
static enum err note_waiting(struct ctx *ctx, struct replica *r)
{
    if (replica_is_up(r->view.state))
        return OK;
    return store_read(ctx, r->d->store, read_waiting, &r->loop.waited);
}

static enum err go_round(struct ctx *ctx, struct replica *r, bool *did)
{
    bool pulled = false, pushed = false;
    enum err err = replica_meet(ctx, r);
    if (err == OK)
        err = replica_pull(ctx, r, &pulled);
    /* before anything is sent: a hole must not be taken for the end and filled */
    if (err == OK && (!r->loop.gap_checked || clock_mono_ms(r->clock) >= r->loop.next_gap))
        err = replica_check_gap(ctx, r);
    if (err == OK && r->loop.may_write)
        err = replica_backfill(ctx, r);
    if (err == OK)
        err = note_waiting(ctx, r);
    if (err == OK && r->loop.may_write)
        err = replica_push(ctx, r, &pushed);
    *did = pulled || pushed;
    return err == OK ? housekeeping(ctx, r) : err;
}

/* How long to wait after trouble. */
static int64_t backoff(struct replica *r)
{
    const struct trouble *t = &r->trouble;
    if (!t->set)
        return BACKOFF_MAX_MS;
    if (t->state != REPLICA_OFFLINE)
        return PROBE_MS;
    int64_t step = BACKOFF_MS, most = t->retry_after ? BACKOFF_MAX_MS : NO_ANSWER_MAX_MS;
    for (int i = 1; i < r->loop.fails && step < most; i++)
        step *= 2;
    step = step < most ? step : most;
    step = step / 2 + replica_random((uint32_t)(step / 2) + 1) + BACKOFF_MS / 2;
    int64_t asked = (int64_t)t->retry_after * 1000;
    return step > asked ? step : asked < BACKOFF_MAX_MS ? asked : BACKOFF_MAX_MS;
}

static void after_trouble(struct ctx *ctx, struct replica *r, enum err err)
{
    r->loop.fails++;
    r->loop.met = false; /* it may be another store when it answers again */
    if (replica_stopping(r))
        return;
    if (r->trouble.set) {
        replica_set_state(r, r->trouble.state, r->trouble.why);
    } else {
        log_line(r->log, LOG_ERROR, "replica", "replication.failed", "why", ctx_sentence(ctx),
                 "cause", ctx->fault.cause, NULL);
        replica_set_state(r, REPLICA_STUCK,
                          ctx->fault.cause[0] ? ctx->fault.cause : ctx_sentence(ctx));
    }
    (void)err;
}

static void after_success(struct replica *r, bool did)
{
    r->loop.fails = 0;
    if (r->loop.atomic)
        replica_set_state(r, REPLICA_ONLINE, "");
    else
        replica_set_state(
            r, REPLICA_SINGLE_WRITER,
            "The object store has no conditional writes, so one node alone may publish");
    r->loop.poll_ms = did ? r->options.poll_min : r->loop.poll_ms * 3 / 2;
    if (r->loop.poll_ms > r->options.poll_max)
        r->loop.poll_ms = r->options.poll_max;
}

static void *carry(void *arg)
{
    struct replica *r = arg;
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena, REPLICA_ARENA);
    r->loop.poll_ms = r->options.poll_min;
    while (!replica_stopping(r)) {
        bool did = false;
        arena_reset(&arena);
        ctx_init(&ctx, &arena, r->clock, r->log, "replica");
        r->trouble = (struct trouble){0};
        enum err err = go_round(&ctx, r, &did);
        if (err != OK)
            after_trouble(&ctx, r, err);
        else
            after_success(r, did);
        int64_t wait = err == OK ? r->loop.poll_ms : backoff(r);
        ctx_init(&ctx, &arena, r->clock, r->log, "replica");
        if (wait_for(&ctx, r, wait, err == OK)) {
            (void)!store_write(&ctx, r->d->store, hurry_rows, NULL);
            r->loop.gap_checked = false;
            r->loop.next_tend = 0;
        }
    }
    arena_free(&arena);
    return NULL;
}

/* ------------------------------------------------------------------ starting */

static enum err read_state(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct replica *r = arg;
    struct repl_state state;
    const char *node = NULL;
    enum err err = kv_get(ctx, conn, "node_id", &node);
    if (err == OK && node == NULL)
        return ctx_fail_cause(ctx, ERR_CORRUPT, "the database has no node_id");
    if (err == OK)
        err = repl_state_get(ctx, conn, &state);
    if (err != OK)
        return err;
    str_set(r->node, sizeof r->node, slice_of(node));
    r->view.applied_seq = r->view.head_seq = state.applied_seq;
    r->view.snap_seq = state.snap_seq;
    r->view.caught_up = state.applied_seq > 0;
    str_set(r->view.state_hash, sizeof r->view.state_hash, slice_of(state.state_hash));
    if (state.capability)
        str_set(r->view.capability, sizeof r->view.capability, slice_of(state.capability));
    if (state.writer)
        str_set(r->view.writer, sizeof r->view.writer, slice_of(state.writer));
    r->options.s3.clock_offset_ms = state.clock_offset;
    return OK;
}

static enum err open_state(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct replica *r = arg;
    struct repl_state state;
    bool carries = r->options.enabled && !r->options.missing;
    enum err err = read_state(ctx, conn, r);
    if (err == OK)
        err = repl_state_record(ctx, conn, r->options.enabled);
    if (err == OK)
        err = repl_state_carries(ctx, conn, carries);
    if (err != OK || carries)
        return err;
    /* a store that is not spoken to any more binds nobody */
    err = repl_state_get(ctx, conn, &state);
    return err == OK ? repl_state_capability(ctx, conn, state.capability, NULL) : err;
}

static enum err keep(struct ctx *ctx, struct replica *r, const char **text)
{
    if (*text && (*text = slice_dup(&r->home, slice_of(*text))) == NULL)
        return ctx_no_memory(ctx);
    return OK;
}

static enum err keep_options(struct ctx *ctx, struct replica *r)
{
    struct replica_options *o = &r->options;
    char host[64] = "node";
    if (o->name == NULL && gethostname(host, sizeof host - 1) == 0)
        o->name = host;
    (void)snprintf(r->name, sizeof r->name, "%.*s", REPLICA_NAME_MAX, o->name ? o->name : host);
    o->name = r->name;
    if (o->poll_min <= 0)
        o->poll_min = POLL_MIN_MS;
    if (o->poll_max < o->poll_min)
        o->poll_max = o->poll_min > POLL_MAX_MS ? o->poll_min : POLL_MAX_MS;
    if (o->snapshot_every <= 0)
        o->snapshot_every = SNAPSHOT_EVERY;
    enum err err = keep(ctx, r, &o->missing);
    return err == OK ? keep(ctx, r, &o->version) : err;
}

static enum err start_threads(struct ctx *ctx, struct replica *r)
{
    if (pthread_create(&r->thread, NULL, carry, r) != 0)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "no thread for replication");
    r->started = 1;
    for (int i = 0; i < REPLICA_PULLERS; i++, r->started++)
        if (pthread_create(&r->pullers[i], NULL, replica_puller, r) != 0)
            return ctx_fail_cause(ctx, ERR_INTERNAL, "no thread for replication");
    return OK;
}

static enum err carry_on(struct ctx *ctx, struct conn *conn, void *arg)
{
    (void)arg;
    return repl_state_carries(ctx, conn, true);
}

static enum err connect(struct ctx *ctx, struct replica *r, const struct s3_options *options)
{
    struct s3 *s3;
    struct s3_options with = *options;
    with.clock_offset_ms = r->options.s3.clock_offset_ms;
    enum err err = s3_open(ctx, &with, &s3);
    if (err != OK)
        return err;
    err = store_write(ctx, r->d->store, carry_on, NULL);
    if (err != OK) {
        s3_close(s3);
        return err;
    }
    pthread_mutex_lock(&r->lock);
    r->view.state = REPLICA_STARTING;
    r->view.reason[0] = '\0';
    r->view.caught_up = r->view.applied_seq > 0;
    r->fetch.look = true;
    r->s3 = s3;
    pthread_mutex_unlock(&r->lock);
    return start_threads(ctx, r);
}

static enum err begin(struct ctx *ctx, struct replica *r)
{
    enum err err = keep_options(ctx, r);
    if (err == OK)
        err = r->options.look_only ? store_read(ctx, r->d->store, read_state, r)
                                   : store_write(ctx, r->d->store, open_state, r);
    if (err != OK)
        return err;
    if (!r->options.enabled) {
        replica_set_state(r, REPLICA_DISABLED, "Replication is switched off");
        r->view.caught_up = true;
        return OK;
    }
    if (r->options.missing) {
        replica_set_state(r, REPLICA_LOCAL_ONLY, r->options.missing);
        r->view.caught_up = true;
        return OK;
    }
    if (r->options.look_only) {
        (void)snprintf(r->view.reason, sizeof r->view.reason,
                       "Looked at beside a server or without one; --url asks a server");
        r->view.state = REPLICA_STARTING;
        return OK;
    }
    return connect(ctx, r, &r->options.s3);
}

/* Waits are measured by the clock that never jumps, as clock_deadline gives it. */
static void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(cond, &attr);
    (void)pthread_condattr_destroy(&attr);
}

enum err replica_open(struct ctx *ctx, struct domain *d, const struct replica_options *options,
                      struct replica **out)
{
    struct replica *r = calloc(1, sizeof *r); /* freed by replica_close */
    if (r == NULL)
        return ctx_no_memory(ctx);
    r->d = d;
    r->clock = ctx->clock;
    r->log = ctx->log;
    r->options = *options;
    r->loop.said = REPLICA_STARTING;
    arena_init(&r->home, 1 << 20);
    pthread_mutex_init(&r->lock, NULL);
    cond_init(&r->woken);
    cond_init(&r->work);
    cond_init(&r->carried);
    enum err err = begin(ctx, r);
    if (err != OK) {
        replica_close(r);
        return err;
    }
    *out = d->replica = r;
    return OK;
}

void replica_close(struct replica *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    atomic_store_explicit(&r->stop, true, memory_order_release);
    pthread_cond_broadcast(&r->woken);
    pthread_cond_broadcast(&r->work);
    pthread_cond_broadcast(&r->carried);
    pthread_mutex_unlock(&r->lock);
    if (r->s3)
        s3_cancel(r->s3);
    if (r->started > 0)
        (void)pthread_join(r->thread, NULL);
    for (int i = 1; i < r->started; i++)
        (void)pthread_join(r->pullers[i - 1], NULL);
    if (r->d->replica == r)
        r->d->replica = NULL;
    s3_close(r->s3);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->woken);
    pthread_cond_destroy(&r->work);
    pthread_cond_destroy(&r->carried);
    arena_free(&r->home);
    free(r);
}

enum err replica_change(struct ctx *ctx, struct replica *r, const struct replica_options *options)
{
    if (r == NULL || !r->options.enabled || options->missing || !options->enabled)
        return OK;
    if (r->s3 == NULL)
        return connect(ctx, r, &options->s3);
    enum err err = s3_set_keys(ctx, r->s3, options->s3.key, options->s3.secret, options->s3.token);
    if (err == OK)
        replica_hurry(r);
    return err;
}
