/*
 * replica_push.c - one waiting change after the other: its bytes, its record, its place in the log.
 *
 * Bytes before record before log, so whoever sees an entry can fetch all that it names. Every step
 * can be done twice: bytes are named by their hash, a record and a number are claimed by creating
 * them once, and a claim that was lost is read to see whether it was ours after all. An answer that
 * did not come proves nothing.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "blob/blob.h"
#include "domain/replica_node.h"

enum { RACE_PAUSE_MS = 10, RACE_PAUSE_MAX_MS = 100, NOT_HERE_MS = 600000 };

/* ------------------------------------------------------------------ bytes */

static enum err put_file(struct ctx *ctx, struct replica *r, const char *key, int fd,
                         const struct outbox_row *row, bool create, struct s3_answer *a)
{
    atomic_fetch_add(&r->requests, 1);
    return s3_put_file(ctx, r->s3, key, fd, row->size, row->sha256, create, a);
}

/* They are there already: right, or as a file of another size that somebody must replace. */
static enum err check_there(struct ctx *ctx, struct replica *r, const char *key,
                            const struct outbox_row *row, bool *right)
{
    struct s3_answer a;
    atomic_fetch_add(&r->requests, 1);
    enum err err = s3_head(ctx, r->s3, key, &a);
    if (err != OK)
        return err;
    *right = a.end == S3_OK && a.size == row->size;
    return a.end == S3_OK || a.end == S3_ABSENT ? OK : replica_trouble(ctx, r, &a);
}

static enum err send_file(struct ctx *ctx, struct replica *r, const char *key, int fd,
                          const struct outbox_row *row)
{
    struct s3_answer a;
    bool right = false;
    enum err err = put_file(ctx, r, key, fd, row, r->loop.atomic, &a);
    if (err == OK && a.end == S3_EXISTS) {
        err = check_there(ctx, r, key, row, &right);
        if (err != OK || right)
            return err;
        err = put_file(ctx, r, key, fd, row, false, &a); /* same name, same bytes: safe */
    }
    if (err != OK)
        return err;
    return a.end == S3_OK ? OK : replica_trouble(ctx, r, &a);
}

/* *gone: the bytes are neither here nor there, and the change must wait for them. */
static enum err send_bytes(struct ctx *ctx, struct replica *r, const struct outbox_row *row,
                           bool *gone)
{
    int fd = -1;
    const char *key = replica_blob_key(ctx->arena, row->sha256);
    if (key == NULL)
        return ctx_no_memory(ctx);
    *gone = false;
    enum err err = blob_open(ctx, r->d->blobs, row->sha256, row->size, &fd);
    if (err == ERR_NOT_FOUND || err == ERR_CORRUPT) {
        bool right = false;
        ctx_forgive(ctx);
        err = check_there(ctx, r, key, row, &right);
        *gone = err == OK && !right;
        return err;
    }
    if (err != OK)
        return err;
    err = send_file(ctx, r, key, fd, row);
    (void)close(fd);
    return err;
}

/* ------------------------------------------------------------------ record */

/* *lost: another node has published this version with other bytes; *winner is its record. */
static enum err claim(struct ctx *ctx, struct replica *r, const struct entry *e, bool *lost,
                      struct entry *winner)
{
    struct slice text, theirs;
    struct entry record = *e;
    bool was = false, found = false;
    const char *key = replica_version_key(ctx->arena, &e->change, e->op_id);
    *lost = false;
    record.seq = 0;
    enum err err = entry_write(ctx, &record, &text);
    if (err == OK)
        err = replica_create(ctx, r, key, text, &was);
    if (err != OK || !was)
        return err;
    err = replica_fetch_note(ctx, r, key, REPLICA_RECORD_MAX, &theirs, &found);
    if (err == OK && !found)
        return replica_trouble_as(ctx, r, REPLICA_OFFLINE, "%s is there and is not", key);
    if (err == OK && entry_read(ctx, theirs, 0, winner) != OK) {
        ctx_forgive(ctx);
        return replica_trouble_as(ctx, r, REPLICA_STUCK, "%s cannot be read", key);
    }
    if (err != OK)
        return err;
    *lost = strcmp(winner->op_id, e->op_id) != 0 &&
            strcmp(winner->change.plugin.sha256, e->change.plugin.sha256) != 0;
    return OK;
}

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

enum err replica_append(struct ctx *ctx, struct replica *r, struct entry *e)
{
    for (int lost = 0; !replica_stopping(r); lost++) {
        struct slice text;
        bool was = false, ours = false, may = false, done = false;
        e->seq = r->view.applied_seq + 1;
        enum err err = replica_may_write(ctx, r, &may);
        if (err == OK && !may)
            return replica_trouble_as(ctx, r, REPLICA_OFFLINE, "Another node is the writer now");
        if (err == OK)
            err = entry_write(ctx, e, &text);
        if (err == OK)
            err = replica_create(ctx, r, replica_log_key(ctx->arena, e->seq), text, &was);
        if (err == OK && was)
            err = look_at_number(ctx, r, e, &ours, &done);
        if (err != OK || done)
            return err;
        if (!was || ours)
            return replica_take(ctx, r, e, 1);
        int64_t most = RACE_PAUSE_MS * (int64_t)(lost + 1);
        replica_pause(
            r, replica_random((uint32_t)(most < RACE_PAUSE_MAX_MS ? most : RACE_PAUSE_MAX_MS)));
    }
    return replica_trouble_as(ctx, r, REPLICA_OFFLINE, "The server is stopping");
}

/* ------------------------------------------------------------------ one change */

struct delay {
    const char *op_id, *why;
    int64_t until;
};

static enum err put_off(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct delay *d = arg;
    return outbox_failed(ctx, conn, d->op_id, d->until, d->why);
}

static enum err read_change(struct ctx *ctx, const struct outbox_row *row, struct change *out)
{
    const struct jr *body;
    enum err err = jr_parse_object(ctx, row->body, &body);
    return err == OK ? change_read(ctx, row->kind, body, true, out) : err;
}

static enum err publish(struct ctx *ctx, struct replica *r, const struct outbox_row *row)
{
    struct entry e = {.op_id = row->op_id, .node = r->node, .node_name = r->name}, winner;
    bool gone = false, lost = false;
    enum err err = read_change(ctx, row, &e.change);
    if (err != OK) /* ours, so it should not be: kept, and told */
        return replica_trouble_as(ctx, r, REPLICA_STUCK, "A waiting change cannot be read: %s",
                                  row->op_id);
    if (row->sha256)
        err = send_bytes(ctx, r, row, &gone);
    if (err == OK && gone) {
        struct delay d = {row->op_id, "its bytes are missing on this node", ctx->now + NOT_HERE_MS};
        return store_write(ctx, r->d->store, put_off, &d);
    }
    if (err == OK && change_brings_bytes(&e.change))
        err = claim(ctx, r, &e, &lost, &winner);
    if (err == OK && lost) {
        log_line(r->log, LOG_WARN, NULL, "replication.conflict", "pid", e.change.plugin.pid,
                 "version", e.change.plugin.version, "winner", winner.node_name, NULL);
        atomic_fetch_add(&r->turn, 1);
        err = replica_yield(ctx, r->d, row->entity, &winner);
        atomic_fetch_add(&r->turn, 1);
        return err;
    }
    if (err == OK)
        err = replica_append(ctx, r, &e);
    if (err == OK && r->options.cadence_layout && change_brings_bytes(&e.change))
        err = replica_cadence_put(ctx, r, &e.change.plugin);
    atomic_fetch_add(&r->pushed, err == OK);
    return err;
}

struct next {
    struct outbox_row row;
    bool found;
};

static enum err read_next(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct next *n = arg;
    return outbox_next(ctx, conn, ctx->now, &n->row, &n->found);
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

/* The oldest change that may go; *found false where none waits. */
static enum err push_next(struct ctx *ctx, struct replica *r, bool *found)
{
    struct next next = {0};
    ctx->now = clock_wall_ms(r->clock);
    enum err err = store_read(ctx, r->d->store, read_next, &next);
    *found = err == OK && next.found;
    if (!*found)
        return err;
    err = publish(ctx, r, &next.row);
    if (err != OK && !replica_stopping(r))
        note_failure(ctx, r, &next.row);
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
        err = push_next(ctx, r, &found);
        *did = *did || found;
        arena_reset(&scratch);
    }
    ctx->arena = callers;
    arena_free(&scratch);
    return err;
}
