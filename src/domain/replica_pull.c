/*
 * replica_pull.c - the log is read strictly in order, one number after the other.
 *
 * Numbers have no gap, so "not there" is "up to date" and nothing can be missed. A hole below the
 * highest number is never stepped over: it is reported, unless a snapshot lies behind it.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "domain/events.h"
#include "domain/replica_node.h"

enum { BATCH = 32, GAP_MS = 600000, FAR_BEHIND = 200 };

/* An entry that names bytes says little of them: the rest stands in the record beside the bytes. */
static enum err read_record(struct ctx *ctx, struct replica *r, struct entry *e)
{
    struct slice text;
    struct entry record;
    bool found;
    const char *key = replica_version_key(ctx->arena, &e->change, e->op_id);
    enum err err = replica_fetch_note(ctx, r, key, REPLICA_RECORD_MAX, &text, &found);
    if (err != OK)
        return err;
    if (!found)
        return replica_trouble_as(ctx, r, REPLICA_STUCK,
                                  "Entry %lld of the log names a record that is not there: %s",
                                  (long long)e->seq, key);
    if (entry_read(ctx, text, 0, &record) != OK) {
        const char *why = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
        ctx_forgive(ctx);
        return replica_trouble_as(ctx, r, REPLICA_STUCK, "%s cannot be read: %s", key,
                                  why ? why : "");
    }
    const char *a = change_entity(ctx->arena, &record.change),
               *b = change_entity(ctx->arena, &e->change);
    if (a == NULL || b == NULL)
        return ctx_no_memory(ctx);
    if (strcmp(a, b) != 0 || !record.change.plugin.sha256 ||
        strcmp(record.change.plugin.sha256, e->change.plugin.sha256) != 0)
        return replica_trouble_as(ctx, r, REPLICA_STUCK, "%s is not what entry %lld says", key,
                                  (long long)e->seq);
    struct plugin told = e->change.plugin;
    e->change.plugin = record.change.plugin;
    e->change.plugin.id = told.id;
    return OK;
}

enum err replica_read_entry(struct ctx *ctx, struct replica *r, int64_t seq, struct entry *out,
                            bool *found)
{
    struct slice text;
    const char *key = replica_log_key(ctx->arena, seq);
    enum err err = replica_fetch_note(ctx, r, key, REPLICA_ENTRY_MAX, &text, found);
    if (err != OK || !*found)
        return err;
    if (entry_read(ctx, text, seq, out) != OK) {
        const char *why = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
        ctx_forgive(ctx);
        return replica_trouble_as(ctx, r, REPLICA_STUCK, "%s cannot be read: %s", key,
                                  why ? why : "");
    }
    return change_brings_bytes(&out->change) ? read_record(ctx, r, out) : OK;
}

static void note_position(struct replica *r, const struct applying *a)
{
    pthread_mutex_lock(&r->lock);
    r->view.applied_seq = a->applied_seq;
    if (r->view.head_seq < a->applied_seq)
        r->view.head_seq = a->applied_seq;
    memcpy(r->view.state_hash, a->state_hash, SHA256_HEX);
    pthread_cond_broadcast(&r->carried);
    if (a->brought_bytes) {
        r->fetch.look = true;
        pthread_cond_broadcast(&r->work);
    }
    pthread_mutex_unlock(&r->lock);
}

enum err replica_take(struct ctx *ctx, struct replica *r, const struct entry *entries, size_t count)
{
    struct applying a = {.d = r->d, .entries = entries, .count = count};
    atomic_fetch_add(&r->turn, 1);
    enum err err = replica_apply(ctx, &a);
    if (err == OK)
        note_position(r, &a);
    atomic_fetch_add(&r->turn, 1);
    if (err != OK)
        return err;
    if (a.conflicts) {
        log_line(r->log, LOG_WARN, NULL, "replication.conflict", "why",
                 "another node's change came first; see the conflicts of the replication page",
                 NULL);
        events_emit(r->d, &(struct event){.kind = "replication.state"});
    }
    return OK;
}

/* The entries that follow, as many as go into one transaction; *more: there may be others. */
static enum err pull_batch(struct ctx *ctx, struct replica *r, bool *more, bool *did)
{
    struct entry *entries = arena_array(ctx->arena, BATCH, sizeof *entries);
    enum err err = entries ? OK : ctx_no_memory(ctx);
    size_t n = 0;
    while (n < BATCH && *more && err == OK) {
        err = replica_read_entry(ctx, r, r->view.applied_seq + 1 + (int64_t)n, &entries[n], more);
        n += err == OK && *more;
    }
    if (n == 0)
        return err;
    struct fault held = ctx->fault;
    ctx_forgive(ctx); /* what was read before the trouble counts all the same */
    enum err taken = replica_take(ctx, r, entries, n);
    if (taken != OK)
        err = taken;
    else
        ctx->fault = held;
    atomic_fetch_add(&r->pulled, (int64_t)n);
    *did = true;
    return err;
}

enum err replica_pull(struct ctx *ctx, struct replica *r, bool *did)
{
    struct arena *callers = ctx->arena, scratch;
    enum err err = OK;
    bool more = true;
    arena_init(&scratch, REPLICA_ARENA);
    ctx->arena = &scratch;
    while (err == OK && more && !replica_stopping(r)) {
        err = pull_batch(ctx, r, &more, did);
        arena_reset(&scratch);
    }
    ctx->arena = callers;
    arena_free(&scratch);
    return err;
}

/* ------------------------------------------------------------------ holes */

struct looking {
    int64_t first, last;
};

static enum err look_at(void *arg, const struct s3_object *object)
{
    struct looking *l = arg;
    int64_t n = replica_number_of(slice_of(object->key), REPLICA_LOG, ".json");
    if (n > 0 && l->first == 0)
        l->first = n;
    if (n > l->last)
        l->last = n;
    return OK;
}

enum err replica_check_gap(struct ctx *ctx, struct replica *r)
{
    struct looking l = {0};
    struct s3_answer a;
    int64_t applied = r->view.applied_seq, snapshot = 0;
    bool more;
    const char *after = replica_log_key(ctx->arena, applied);
    if (after == NULL)
        return ctx_no_memory(ctx);
    atomic_fetch_add(&r->requests, 1);
    enum err err = s3_list(ctx, r->s3, REPLICA_LOG, after, S3_PAGE_MAX, look_at, &l, &more, &a);
    if (err == OK && a.end != S3_OK)
        err = replica_trouble(ctx, r, &a);
    bool hole = l.first > applied + 1, far = l.last > applied + FAR_BEHIND || more;
    if (err == OK && (hole || far || applied == 0))
        err = replica_snapshot_newest(ctx, r, &snapshot);
    if (err != OK)
        return err;
    pthread_mutex_lock(&r->lock);
    if (l.last > r->view.head_seq)
        r->view.head_seq = l.last;
    pthread_mutex_unlock(&r->lock);
    r->loop.next_gap = clock_mono_ms(r->clock) + GAP_MS;
    r->loop.gap_checked = true;
    if (snapshot > applied)
        return replica_snapshot_load(ctx, r, snapshot);
    if (hole)
        return replica_trouble_as(ctx, r, REPLICA_STUCK,
                                  "Entry %lld of the log is missing, while %lld is there; it is "
                                  "not stepped over. Put it back, or write a snapshot from a node "
                                  "that has read it",
                                  (long long)applied + 1, (long long)l.first);
    return OK;
}
