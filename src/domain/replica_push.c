/*
 * replica_push.c - waiting changes get their places in the log.
 *
 * Bytes before record before log, so whoever sees an entry can fetch all that it names. Some changes
 * are carried at a time, the oldest, and never two about the same or with the same bytes: their bytes
 * and records go side by side (replica_send.c), their numbers one after the other in their order,
 * and what stands in the log is applied together. After a crash before that, the log is read, and
 * our own entries are in it.
 */
#include <string.h>

#include "base/log.h"
#include "domain/replica_node.h"

enum {
    WINDOW = 32,      /* changes at a time */
    MEMORY = 8 << 20, /* bytes of their bodies, beyond one */
    RACE_PAUSE_MS = 10,
    RACE_PAUSE_MAX_MS = 100,
    NOT_HERE_MS = 600000
};

/* ------------------------------------------------------------------ log */

struct question {
    const char *op_id;
    bool applied;
};

static enum err read_applied(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct question *q = arg;
    return applied_has(ctx, conn, q->op_id, &q->applied);
}

/* Somebody has that number. *ours: it was us, and the answer had been lost. *done: the entry stands
 * at another number already, brought there by a node that found its record without it. */
static enum err look_at_number(struct ctx *ctx, struct replica *r, const struct entry *e,
                               bool *ours, bool *done)
{
    struct entry there;
    bool found;
    enum err err = replica_read_entry(ctx, r, e->seq, &there, &found);
    if (err != OK)
        return err;
    if (!found)
        return replica_trouble_as(ctx, r, REPLICA_OFFLINE, "Entry %lld is there and is not",
                                  (long long)e->seq);
    bool did;
    *ours = strcmp(there.op_id, e->op_id) == 0;
    if (*ours)
        return OK;
    struct question q = {e->op_id, false};
    err = replica_take(ctx, r, &there, 1);
    if (err == OK)
        err = replica_pull(ctx, r, &did); /* where one is, others may be */
    if (err == OK)
        err = store_read(ctx, r->d->store, read_applied, &q);
    *done = q.applied;
    return err;
}

/*
 * Tries for the number that comes `ahead` others of ours, which stand in the log and are still to be
 * applied here. *put: the entry has it, and is to be applied too; *done: it stands in the log
 * already and is applied. Neither: somebody was faster.
 */
static enum err try_number(struct ctx *ctx, struct replica *r, struct entry *e, size_t ahead,
                           bool *put, bool *done)
{
    struct slice text;
    bool was = false, ours = false, may = false;
    *put = *done = false;
    e->seq = r->view.applied_seq + (int64_t)ahead + 1;
    enum err err = replica_may_write(ctx, r, &may);
    if (err == OK && !may)
        return replica_trouble_as(ctx, r, REPLICA_OFFLINE, "Another node is the writer now");
    if (err == OK)
        err = entry_write(ctx, e, &text);
    if (err == OK)
        err = replica_create(ctx, r, replica_log_key(ctx->arena, e->seq), text, &was);
    *put = err == OK && !was;
    if (err != OK || !was || ahead > 0)
        return err;
    err = look_at_number(ctx, r, e, &ours, done);
    *put = err == OK && ours;
    return err;
}

/* Losers step back a little, each differently, so that somebody gets on. */
static void step_back(struct replica *r, int lost)
{
    int64_t most = RACE_PAUSE_MS * (int64_t)(lost + 1);
    replica_pause(r,
                  replica_random((uint32_t)(most < RACE_PAUSE_MAX_MS ? most : RACE_PAUSE_MAX_MS)));
}

enum err replica_append(struct ctx *ctx, struct replica *r, struct entry *e)
{
    for (int lost = 0; !replica_stopping(r); lost++) {
        bool put, done;
        enum err err = try_number(ctx, r, e, 0, &put, &done);
        if (err != OK || done)
            return err;
        if (put)
            return replica_take(ctx, r, e, 1);
        step_back(r, lost);
    }
    return replica_trouble_as(ctx, r, REPLICA_OFFLINE, "The server is stopping");
}

/* ------------------------------------------------------------------ the window */

struct window {
    struct parcel parcels[WINDOW];
    size_t count, memory;
    struct entry logged[WINDOW]; /* in the log, and still to be applied here */
    size_t logged_count;
};

struct delay {
    const char *op_id, *why;
    int64_t until;
};

static enum err put_off(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct delay *d = arg;
    return outbox_failed(ctx, conn, d->op_id, d->until, d->why);
}

/* What stands in the log becomes part of the catalog. */
static enum err apply_logged(struct ctx *ctx, struct replica *r, struct window *w)
{
    enum err err = w->logged_count ? replica_take(ctx, r, w->logged, w->logged_count) : OK;
    for (size_t i = 0; err == OK && i < w->logged_count; i++) {
        const struct change *c = &w->logged[i].change;
        atomic_fetch_add(&r->pushed, 1);
        if (r->options.cadence_layout && change_brings_bytes(c))
            err = replica_cadence_put(ctx, r, &c->plugin);
    }
    w->logged_count = 0;
    return err;
}

/* As the next of those that are logged; they are applied first where its number is taken. */
static enum err give_number(struct ctx *ctx, struct replica *r, struct window *w,
                            struct entry *entry)
{
    for (int lost = 0; !replica_stopping(r); lost++) {
        bool put, done, ahead = w->logged_count > 0;
        enum err err = try_number(ctx, r, entry, w->logged_count, &put, &done);
        if (err != OK || done)
            return err;
        if (put) {
            w->logged[w->logged_count++] = *entry;
            return OK;
        }
        err = apply_logged(ctx, r, w);
        if (err != OK)
            return err;
        if (!ahead) /* else it may have been us, in a request whose answer was lost */
            step_back(r, lost);
    }
    return replica_trouble_as(ctx, r, REPLICA_OFFLINE, "The server is stopping");
}

static enum err give_way(struct ctx *ctx, struct replica *r, const struct parcel *p)
{
    const struct plugin *mine = &p->entry.change.plugin;
    log_line(r->log, LOG_WARN, NULL, "replication.conflict", "pid", mine->pid, "version",
             mine->version, "winner", p->winner.node_name, NULL);
    atomic_fetch_add(&r->turn, 1);
    enum err err = replica_yield(ctx, r->d, p->row.entity, &p->winner);
    atomic_fetch_add(&r->turn, 1);
    return err;
}

static enum err dispatch(struct ctx *ctx, struct replica *r, struct window *w, struct parcel *p)
{
    struct delay d = {p->row.op_id, "its bytes are missing on this node", ctx->now + NOT_HERE_MS};
    switch (p->fate) {
    case PARCEL_GONE: return store_write(ctx, r->d->store, put_off, &d);
    case PARCEL_LOST: return give_way(ctx, r, p);
    case PARCEL_SENT: return give_number(ctx, r, w, &p->entry);
    case PARCEL_KEPT: break;
    }
    return ctx_fail_cause(ctx, ERR_INTERNAL, "a change was sent and has no fate");
}

/* What kept it is remembered with it, for whoever looks at the backlog. */
static void note_failure(struct ctx *ctx, struct replica *r, const struct outbox_row *row)
{
    struct fault held = ctx->fault;
    struct delay d = {row->op_id,
                      r->trouble.set ? r->trouble.why : ctx_sentence(&(struct ctx){.fault = held}),
                      ctx->now};
    ctx_forgive(ctx);
    (void)!store_write(ctx, r->d->store, put_off, &d);
    ctx->fault = held;
}

/* The first that could not be sent; NULL where all were, or the server stops. */
static struct parcel *find_failed(struct window *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->parcels[i].err != OK)
            return &w->parcels[i];
    return NULL;
}

/* In their order, each as soon as it is ready, while the next ones are being sent. */
static enum err give_numbers(struct ctx *ctx, struct replica *r, struct window *w)
{
    struct sending *s;
    struct parcel *failed = NULL;
    enum err err = replica_send(ctx, r, w->parcels, w->count, &s);
    if (err != OK)
        return err;
    for (size_t i = 0; err == OK && i < w->count && replica_sent(s, i); i++) {
        err = dispatch(ctx, r, w, &w->parcels[i]);
        failed = err != OK ? &w->parcels[i] : NULL;
    }
    replica_send_end(s);
    if (err == OK && (failed = find_failed(w)) != NULL) {
        ctx->fault = failed->ctx.fault;
        err = failed->err;
    }
    if (failed && !replica_stopping(r))
        note_failure(ctx, r, &failed->row);
    return err;
}

static enum err carry_window(struct ctx *ctx, struct replica *r, struct window *w)
{
    enum err err = give_numbers(ctx, r, w);
    struct fault held = ctx->fault;
    ctx_forgive(ctx); /* what stands in the log counts, whatever became of the rest */
    enum err applied = apply_logged(ctx, r, w);
    if (applied != OK)
        return applied;
    ctx->fault = held;
    return err;
}

static bool take_row(void *arg, const struct outbox_row *row)
{
    struct window *w = arg;
    if (w->count > 0 && w->memory + row->body.n > MEMORY)
        return false;
    for (size_t i = 0; i < w->count; i++) {
        const struct outbox_row *other = &w->parcels[i].row;
        if (strcmp(other->entity, row->entity) == 0 ||
            (row->sha256 && other->sha256 && strcmp(other->sha256, row->sha256) == 0))
            return false; /* it goes first in the next one, so that the order stays */
    }
    w->memory += row->body.n;
    w->parcels[w->count++].row = *row;
    return w->count < WINDOW;
}

static enum err read_window(struct ctx *ctx, struct conn *conn, void *arg)
{
    return outbox_due(ctx, conn, ctx->now, WINDOW, take_row, arg);
}

/* The oldest changes that may go; *found false where none waits. */
static enum err push_some(struct ctx *ctx, struct replica *r, bool *found)
{
    struct window *w = arena_array(ctx->arena, 1, sizeof *w);
    ctx->now = clock_wall_ms(r->clock);
    enum err err = w ? store_read(ctx, r->d->store, read_window, w) : ctx_no_memory(ctx);
    *found = err == OK && w->count > 0;
    if (!*found)
        return err;
    err = carry_window(ctx, r, w);
    for (size_t i = 0; i < w->count; i++)
        arena_free(&w->parcels[i].arena);
    return err;
}

enum err replica_push(struct ctx *ctx, struct replica *r, bool *did)
{
    struct arena *callers = ctx->arena, scratch;
    enum err err = OK;
    bool found = true;
    arena_init(&scratch, REPLICA_ARENA);
    ctx->arena = &scratch;
    while (err == OK && found && !replica_stopping(r)) {
        err = push_some(ctx, r, &found);
        *did = *did || found;
        arena_reset(&scratch);
    }
    ctx->arena = callers;
    arena_free(&scratch);
    return err;
}
