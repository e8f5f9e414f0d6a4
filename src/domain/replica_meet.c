/*
 * replica_meet.c - which bucket is this, what can its server do, and who else is there.
 *
 * A bucket has an id of its own. A node that has met one speaks to no other until an operator says
 * so: an emptied or exchanged bucket would otherwise look like a log that has only begun. What a
 * server promises about conditional writes is not asked but tried, and what it then holds is read.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "domain/replica_node.h"

enum {
    MEET_MS = 60000,
    PROBE_EVERY_MS = 24 * 3600 * 1000,
    BEAT_MS = 300000,
    BEAT_CHANGED_MS = 30000,
    RACERS = 4
};

/* ------------------------------------------------------------------ whose bucket */

static enum err save_bucket(struct ctx *ctx, struct conn *conn, void *arg)
{
    return repl_state_bucket(ctx, conn, arg);
}

static enum err read_saved(struct ctx *ctx, struct conn *conn, void *arg)
{
    return repl_state_get(ctx, conn, arg);
}

/* The first node there gives the bucket its id. */
static enum err found_bucket(struct ctx *ctx, struct replica *r)
{
    char id[ID_TEXT];
    struct slice text;
    struct s3_answer a;
    crypto_uuid7(ctx->now, id);
    enum err err = bucket_note_write(ctx, &(struct bucket_note){id, ctx->now}, &text);
    if (err != OK)
        return err;
    atomic_fetch_add(&r->requests, 1);
    err = s3_put(ctx, r->s3, REPLICA_BUCKET_KEY, text, true, &a);
    if (err == OK && a.end == S3_UNSUPPORTED)
        err = s3_put(ctx, r->s3, REPLICA_BUCKET_KEY, text, false, &a);
    if (err != OK)
        return err;
    return a.end == S3_OK || a.end == S3_EXISTS ? OK : replica_trouble(ctx, r, &a);
}

static enum err make_bucket(struct ctx *ctx, struct replica *r)
{
    struct s3_answer a;
    ctx_forgive(ctx);
    r->trouble.set = false;
    enum err err = s3_make_bucket(ctx, r->s3, &a);
    if (err != OK)
        return err;
    if (a.end == S3_OK)
        log_line(r->log, LOG_INFO, NULL, "replication.bucket_made", "store", s3_name(r->s3), NULL);
    return a.end == S3_OK ? OK : replica_trouble(ctx, r, &a);
}

static enum err read_note(struct ctx *ctx, struct replica *r, struct slice *text, bool *found)
{
    enum err err = replica_fetch_note(ctx, r, REPLICA_BUCKET_KEY, REPLICA_NOTE_MAX, text, found);
    if (err == OK || !r->trouble.set || r->trouble.state != REPLICA_NO_BUCKET ||
        !r->options.create_bucket)
        return err;
    err = make_bucket(ctx, r);
    *found = false;
    return err;
}

enum err replica_check_bucket(struct ctx *ctx, struct replica *r)
{
    struct repl_state saved;
    struct bucket_note note = {0};
    struct slice text;
    bool found;
    enum err err = store_read(ctx, r->d->store, read_saved, &saved);
    if (err == OK)
        err = read_note(ctx, r, &text, &found);
    if (err != OK)
        return err;
    if (!found && saved.bucket_id)
        return replica_trouble_as(ctx, r, REPLICA_FOREIGN_BUCKET,
                                  "The bucket has lost its meta/bucket.json: it was emptied or "
                                  "exchanged. Nothing is sent or taken; `larder sync "
                                  "--accept-bucket` begins anew with this one");
    if (!found && (err = found_bucket(ctx, r)) == OK)
        err = read_note(ctx, r, &text, &found);
    if (err == OK && !found)
        return replica_trouble_as(ctx, r, REPLICA_OFFLINE,
                                  "The bucket did not keep its first file");
    if (err == OK && (err = bucket_note_read(ctx, text, &note)) != OK) {
        ctx_forgive(ctx);
        return replica_trouble_as(ctx, r, REPLICA_FOREIGN_BUCKET,
                                  "meta/bucket.json in the bucket is not Larder's");
    }
    if (err != OK)
        return err;
    if (saved.bucket_id && strcmp(saved.bucket_id, note.bucket_id) != 0)
        return replica_trouble_as(
            ctx, r, REPLICA_FOREIGN_BUCKET,
            "The bucket is another one than before (%s, not %s). Nothing is "
            "sent or taken; `larder sync --accept-bucket` begins anew with it",
            note.bucket_id, saved.bucket_id);
    char *id = slice_dup(ctx->arena, slice_of(note.bucket_id));
    if (id == NULL)
        return ctx_no_memory(ctx);
    return saved.bucket_id ? OK : store_write(ctx, r->d->store, save_bucket, id);
}

/* ------------------------------------------------------------------ conditional writes */

struct racer {
    struct replica *r;
    const char *key;
    int n;
    enum s3_end end;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    struct arena arena;
    struct ctx ctx;
    struct s3_answer a;
    char text[2] = {(char)('0' + racer->n), '\0'};
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, racer->r->clock, racer->r->log, "replica");
    enum err err = s3_put(&ctx, racer->r->s3, racer->key, (struct slice){text, 1}, true, &a);
    racer->end = err == OK ? a.end : S3_UNKNOWN;
    arena_free(&arena);
    return NULL;
}

/* How many of several creations at one moment were told that they won. */
static int run_race(struct replica *r, const char *key)
{
    struct racer racers[RACERS];
    pthread_t threads[RACERS];
    int won = 0, started = 0;
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){r, key, i, S3_UNKNOWN};
        if (pthread_create(&threads[i], NULL, race, &racers[i]) != 0)
            break;
        started++;
    }
    for (int i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL);
        won += racers[i].end == S3_OK;
    }
    return won;
}

/* Creates, creates again, and reads what stands there: some servers say yes to everything. */
static enum err try_server(struct ctx *ctx, struct replica *r, const char *key, const char *other,
                           const char **capability)
{
    struct s3_answer a;
    struct slice body;
    enum err err = s3_put(ctx, r->s3, key, SLICE("a"), true, &a);
    *capability = "unsupported";
    if (err != OK || a.end == S3_UNSUPPORTED)
        return err;
    if (a.end != S3_OK)
        return replica_trouble(ctx, r, &a);
    if ((err = s3_put(ctx, r->s3, key, SLICE("b"), true, &a)) != OK)
        return err;
    bool refused = a.end == S3_EXISTS;
    if (!refused && a.end != S3_OK)
        return replica_trouble(ctx, r, &a);
    if ((err = s3_get(ctx, r->s3, key, 16, &body, &a)) != OK)
        return err;
    if (a.end != S3_OK)
        return replica_trouble(ctx, r, &a);
    *capability = refused && slice_is(body, "a") && run_race(r, other) <= 1 ? "atomic" : "ignored";
    return OK;
}

static enum err probe(struct ctx *ctx, struct replica *r)
{
    unsigned char random[8];
    char hex[17];
    const char *capability = NULL;
    struct s3_answer a;
    crypto_random(random, sizeof random);
    crypto_hex(random, sizeof random, hex);
    const char *key = str_printf(ctx->arena, "meta/probe/%s/%s", r->node, hex);
    const char *other = str_printf(ctx->arena, "meta/probe/%s/%s-race", r->node, hex);
    if (key == NULL || other == NULL)
        return ctx_no_memory(ctx);
    enum err err = try_server(ctx, r, key, other, &capability);
    if (err != OK)
        return err;
    /* where deleting is withheld, two small files stay */
    err = s3_delete(ctx, r->s3, key, &a);
    if (err == OK)
        err = s3_delete(ctx, r->s3, other, &a);
    if (err != OK)
        return err;
    pthread_mutex_lock(&r->lock);
    str_set(r->view.capability, sizeof r->view.capability, slice_of(capability));
    pthread_mutex_unlock(&r->lock);
    r->loop.atomic = strcmp(capability, "atomic") == 0;
    r->loop.probed = true;
    r->loop.next_probe = clock_mono_ms(r->clock) + PROBE_EVERY_MS;
    return OK;
}

/* ------------------------------------------------------------------ who may write */

#define NOBODY_WRITES "no node yet (`larder sync --become-writer` makes one)"

struct stance {
    const char *capability, *writer;
    int64_t offset;
};

static enum err save_stance(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct stance *s = arg;
    enum err err = repl_state_capability(ctx, conn, s->capability, s->writer);
    return err == OK ? repl_state_clock(ctx, conn, s->offset) : err;
}

enum err replica_may_write(struct ctx *ctx, struct replica *r, bool *may)
{
    struct slice text;
    struct writer_note note = {0};
    bool found = false;
    *may = true;
    if (r->loop.atomic)
        return OK;
    enum err err = replica_fetch_note(ctx, r, REPLICA_WRITER_KEY, REPLICA_NOTE_MAX, &text, &found);
    if (err == OK && found && (err = writer_note_read(ctx, text, &note)) != OK) {
        ctx_forgive(ctx);
        return replica_trouble_as(ctx, r, REPLICA_STUCK, "meta/writer.json cannot be read");
    }
    if (err != OK)
        return err;
    *may = found && strcmp(note.node, r->node) == 0;
    pthread_mutex_lock(&r->lock);
    str_set(r->view.writer, sizeof r->view.writer, slice_of(found ? note.name : NOBODY_WRITES));
    pthread_mutex_unlock(&r->lock);
    return OK;
}

static enum err decide_writer(struct ctx *ctx, struct replica *r)
{
    bool may = false;
    enum err err = replica_may_write(ctx, r, &may);
    if (err != OK)
        return err;
    r->loop.may_write = may;
    pthread_mutex_lock(&r->lock);
    if (r->loop.atomic)
        r->view.writer[0] = '\0';
    const char *writer = slice_dup(ctx->arena, slice_of(r->view.writer));
    const char *capability = slice_dup(ctx->arena, slice_of(r->view.capability));
    pthread_mutex_unlock(&r->lock);
    if (writer == NULL || capability == NULL)
        return ctx_no_memory(ctx);
    struct stance s = {capability, may ? NULL : writer, s3_clock_offset(r->s3)};
    return store_write(ctx, r->d->store, save_stance, &s);
}

/* Where the tables stand: it was reset behind the loop's back. */
static enum err read_position(struct ctx *ctx, struct replica *r)
{
    struct repl_state s;
    enum err err = store_read(ctx, r->d->store, read_saved, &s);
    if (err != OK)
        return err;
    pthread_mutex_lock(&r->lock);
    r->reload = false;
    r->view.applied_seq = r->view.head_seq = s.applied_seq;
    r->view.snap_seq = s.snap_seq;
    str_set(r->view.state_hash, sizeof r->view.state_hash, slice_of(s.state_hash));
    pthread_mutex_unlock(&r->lock);
    r->loop.filled = r->loop.probed = false;
    return OK;
}

enum err replica_meet(struct ctx *ctx, struct replica *r)
{
    int64_t now = clock_mono_ms(r->clock);
    if (r->reload) {
        enum err err = read_position(ctx, r);
        if (err != OK)
            return err;
    }
    pthread_mutex_lock(&r->lock);
    bool again = r->remeet || r->reload;
    r->remeet = false;
    pthread_mutex_unlock(&r->lock);
    if (r->loop.met && !again && now < r->loop.next_meet)
        return OK;
    bool fresh = !r->loop.met;
    enum err err = replica_check_bucket(ctx, r);
    if (err == OK && (!r->loop.probed || now >= r->loop.next_probe))
        err = probe(ctx, r);
    if (err == OK)
        err = decide_writer(ctx, r);
    if (err == OK && fresh) /* far behind, a snapshot is nearer than the log */
        err = replica_check_gap(ctx, r);
    if (err != OK)
        return err;
    if (fresh || again)
        r->loop.gap_checked = false;
    r->loop.met = true;
    r->loop.next_meet = now + MEET_MS;
    return OK;
}

/* ------------------------------------------------------------------ who else is there */

struct others {
    struct ctx *ctx;
    struct replica *r;
    struct replica_node *nodes;
    size_t count;
};

static enum err read_other(void *arg, const struct s3_object *object)
{
    struct others *o = arg;
    struct node_note n = {0};
    struct slice text;
    bool found;
    const char *key = slice_dup(o->ctx->arena, slice_of(object->key));
    if (object->size > REPLICA_NOTE_MAX || o->count == REPLICA_NODES_MAX)
        return OK;
    enum err err = replica_fetch_note(o->ctx, o->r, key, REPLICA_NOTE_MAX, &text, &found);
    if (err != OK || !found)
        return err;
    if (node_note_read(o->ctx, text, &n) != OK) {
        ctx_forgive(o->ctx); /* somebody else's file is no reason to stop */
        return OK;
    }
    struct replica_node *out = &o->nodes[o->count++];
    out->applied_seq = n.applied_seq;
    out->at = n.at;
    str_set(out->node, sizeof out->node, slice_of(n.node));
    str_set(out->name, sizeof out->name, slice_of(n.name));
    str_set(out->version, sizeof out->version, slice_of(n.version));
    str_set(out->state_hash, sizeof out->state_hash, slice_of(n.state_hash));
    return OK;
}

/* Two nodes at one position must have made the same of the log. */
static void compare(const struct replica *r, const struct others *o)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->nodes[i].applied_seq == r->view.applied_seq &&
            strcmp(o->nodes[i].state_hash, r->view.state_hash) != 0)
            log_line(r->log, LOG_ERROR, NULL, "replication.differs", "node", o->nodes[i].name,
                     "theirs", o->nodes[i].state_hash, "ours", r->view.state_hash, NULL);
}

static enum err look_around(struct ctx *ctx, struct replica *r)
{
    struct others o = {ctx, r, arena_array(ctx->arena, REPLICA_NODES_MAX, sizeof *o.nodes), 0};
    struct s3_answer a;
    bool more;
    if (o.nodes == NULL)
        return ctx_no_memory(ctx);
    atomic_fetch_add(&r->requests, 1);
    enum err err = s3_list(ctx, r->s3, REPLICA_NODES, NULL, REPLICA_NODES_MAX, read_other, &o,
                           &more, &a);
    if (err == OK && a.end != S3_OK)
        err = replica_trouble(ctx, r, &a);
    if (err != OK)
        return err;
    compare(r, &o);
    pthread_mutex_lock(&r->lock);
    memcpy(r->view.nodes, o.nodes, o.count * sizeof *o.nodes);
    r->view.node_count = o.count;
    pthread_mutex_unlock(&r->lock);
    return OK;
}

enum err replica_beat(struct ctx *ctx, struct replica *r)
{
    int64_t now = clock_mono_ms(r->clock);
    if (now < r->loop.next_beat && now < r->loop.next_beat - BEAT_MS + BEAT_CHANGED_MS)
        return OK; /* told just now */
    const struct node_note note = {.node = r->node,
                                   .name = r->name,
                                   .version = r->options.version ? r->options.version : "",
                                   .applied_seq = r->view.applied_seq,
                                   .state_hash = r->view.state_hash,
                                   .at = ctx->now};
    struct slice text;
    struct s3_answer a;
    const char *key = replica_node_key(ctx->arena, r->node);
    enum err err = key ? node_note_write(ctx, &note, &text) : ctx_no_memory(ctx);
    if (err != OK)
        return err;
    atomic_fetch_add(&r->requests, 1);
    err = s3_put(ctx, r->s3, key, text, false, &a);
    if (err == OK && a.end != S3_OK)
        err = replica_trouble(ctx, r, &a);
    if (err != OK)
        return err;
    r->loop.next_beat = now + BEAT_MS;
    r->loop.beat_seq = note.applied_seq;
    return look_around(ctx, r);
}
