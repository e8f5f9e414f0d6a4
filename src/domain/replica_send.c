/*
 * replica_send.c - the bytes and the record of waiting changes, some of them side by side.
 *
 * All this can be done twice: bytes are named by their hash, and a record is claimed by creating it
 * once; a claim that was lost is read to see whether it was ours after all. An answer that did not
 * come proves nothing. What gets a number in the log, and when, is decided in replica_push.c.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "blob/blob.h"
#include "domain/replica_node.h"

enum { SENDERS = 4 }; /* threads beside the loop's own */

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

/* ------------------------------------------------------------------ one change */

static enum err read_change(struct ctx *ctx, const struct outbox_row *row, struct change *out)
{
    const struct jr *body;
    enum err err = jr_parse_object(ctx, row->body, &body);
    return err == OK ? change_read(ctx, row->kind, body, true, out) : err;
}

static enum err send_one(struct replica *r, struct parcel *p)
{
    struct ctx *ctx = &p->ctx;
    bool gone = false, lost = false;
    p->entry = (struct entry){.op_id = p->row.op_id, .node = r->node, .node_name = r->name};
    enum err err = read_change(ctx, &p->row, &p->entry.change);
    if (err != OK) /* ours, so it should not be: kept, and told */
        return replica_trouble_as(ctx, r, REPLICA_STUCK, "A waiting change cannot be read: %s",
                                  p->row.op_id);
    if (p->row.sha256)
        err = send_bytes(ctx, r, &p->row, &gone);
    if (err == OK && !gone && change_brings_bytes(&p->entry.change))
        err = claim(ctx, r, &p->entry, &lost, &p->winner);
    if (err == OK)
        p->fate = gone ? PARCEL_GONE : lost ? PARCEL_LOST : PARCEL_SENT;
    return err;
}

/* ------------------------------------------------------------------ side by side */

struct sending {
    struct replica *r;
    struct parcel *parcels;
    size_t count, next;
    bool over;            /* one has failed, or nobody waits for the rest: none is begun any more */
    pthread_mutex_t lock; /* of all these, and of what a parcel became */
    pthread_cond_t through;
    pthread_t threads[SENDERS];
    size_t started;
};

static struct parcel *take_next(struct sending *s)
{
    struct parcel *p = NULL;
    pthread_mutex_lock(&s->lock);
    if (!s->over && s->next < s->count && !replica_stopping(s->r))
        p = &s->parcels[s->next++];
    pthread_mutex_unlock(&s->lock);
    return p;
}

static void send_it(struct sending *s, struct parcel *p)
{
    arena_init(&p->arena, REPLICA_ARENA);
    ctx_init(&p->ctx, &p->arena, s->r->clock, s->r->log, "replica");
    enum err err = send_one(s->r, p);
    pthread_mutex_lock(&s->lock);
    p->err = err;
    p->through = true;
    s->over = s->over || err != OK;
    pthread_cond_broadcast(&s->through);
    pthread_mutex_unlock(&s->lock);
}

static void *send_some(void *arg)
{
    for (struct parcel *p; (p = take_next(arg)) != NULL;)
        send_it(arg, p);
    return NULL;
}

enum err replica_send(struct ctx *ctx, struct replica *r, struct parcel *parcels, size_t count,
                      struct sending **out)
{
    struct sending *s = *out = arena_alloc(ctx->arena, sizeof *s);
    if (s == NULL)
        return ctx_no_memory(ctx);
    s->r = r;
    s->parcels = parcels;
    s->count = count;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->through, NULL);
    size_t wanted = count > SENDERS ? SENDERS : count - 1;
    while (s->started < wanted && pthread_create(&s->threads[s->started], NULL, send_some, s) == 0)
        s->started++;
    return OK;
}

bool replica_sent(struct sending *s, size_t i)
{
    struct parcel *p = NULL;
    do { /* whoever waits does what nobody has begun yet */
        pthread_mutex_lock(&s->lock);
        bool begun = s->next > i;
        pthread_mutex_unlock(&s->lock);
        if (begun)
            break;
        if ((p = take_next(s)) == NULL)
            return false;
        send_it(s, p);
    } while (p != &s->parcels[i]);
    pthread_mutex_lock(&s->lock);
    while (!s->parcels[i].through)
        pthread_cond_wait(&s->through, &s->lock);
    bool sent = s->parcels[i].err == OK;
    pthread_mutex_unlock(&s->lock);
    return sent;
}

void replica_send_end(struct sending *s)
{
    pthread_mutex_lock(&s->lock);
    s->over = true;
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->started; i++)
        (void)pthread_join(s->threads[i], NULL);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->through);
}
