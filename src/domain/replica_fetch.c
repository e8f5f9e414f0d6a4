/*
 * replica_fetch.c - ensure_all_local: packages that rows name and this disk lacks.
 *
 * Four threads, enabled and newest versions first, and before all those that somebody waits for. One
 * that cannot be had rests longer each time, so that a lost file is neither forgotten nor asked for
 * all day.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "domain/arrival.h"
#include "domain/catalog.h"
#include "domain/events.h"
#include "domain/replica_node.h"

enum { LOOK_AT = 64, REST_MS = 5000, REST_MAX_MS = 600000, REFUSED_MS = 3600000, IDLE_MS = 30000 };

struct wish {
    char sha256[SHA256_HEX];
    int64_t size;
};

/* ------------------------------------------------------------------ choosing; under the lock */

static bool is_busy(const struct replica *r, const char *sha256)
{
    for (size_t i = 0; i < REPLICA_PULLERS; i++)
        if (strcmp(r->fetch.busy[i], sha256) == 0)
            return true;
    return false;
}

static struct resting *resting_of(struct replica *r, const char *sha256)
{
    for (size_t i = 0; i < REPLICA_RESTING; i++)
        if (strcmp(r->fetch.resting[i].sha256, sha256) == 0)
            return &r->fetch.resting[i];
    return NULL;
}

static bool rests(struct replica *r, const char *sha256)
{
    const struct resting *rest = resting_of(r, sha256);
    return rest && rest->until > clock_mono_ms(r->clock);
}

static void let_rest(struct replica *r, const char *sha256, bool refused)
{
    struct resting *rest = resting_of(r, sha256);
    if (rest == NULL) {
        rest = &r->fetch.resting[r->fetch.resting_next++ % REPLICA_RESTING];
        *rest = (struct resting){0};
        str_set(rest->sha256, sizeof rest->sha256, slice_of(sha256));
    }
    int64_t ms = REST_MS;
    for (int i = 0; i < rest->tries && ms < REST_MAX_MS; i++)
        ms *= 2;
    rest->tries++;
    rest->until = clock_mono_ms(r->clock) + (refused ? REFUSED_MS : ms);
}

/* ------------------------------------------------------------------ looking */

struct looking {
    struct replica *r;
    struct wish best;
    bool found, wanted;
    int seen;
};

/* The first that may be had now; one that somebody waits for goes before it. */
static enum err look_at(void *arg, const struct missing *m)
{
    struct looking *l = arg;
    struct replica *r = l->r;
    l->seen++;
    pthread_mutex_lock(&r->lock);
    bool wanted = replica_is_wanted(r, m->sha256);
    bool takes = !is_busy(r, m->sha256) && !rests(r, m->sha256) &&
                 (!l->found || (wanted && !l->wanted));
    pthread_mutex_unlock(&r->lock);
    if (!takes)
        return OK;
    l->found = true;
    l->wanted = wanted;
    str_set(l->best.sha256, sizeof l->best.sha256, slice_of(m->sha256));
    l->best.size = m->size_bytes;
    return OK;
}

static enum err look(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct looking *l = arg;
    enum err err = OK;
    int64_t at = 0;
    do {
        l->seen = 0;
        err = replica_missing(ctx, conn, at, LOOK_AT, look_at, l);
        at += l->seen;
    } while (err == OK && !l->found && l->seen == LOOK_AT);
    return err;
}

static bool claim(struct replica *r, int me, const struct wish *w)
{
    pthread_mutex_lock(&r->lock);
    bool mine = !is_busy(r, w->sha256);
    if (mine)
        str_set(r->fetch.busy[me], SHA256_HEX, slice_of(w->sha256));
    pthread_mutex_unlock(&r->lock);
    return mine;
}

static void release(struct replica *r, int me, const struct wish *w, enum err err)
{
    pthread_mutex_lock(&r->lock);
    r->fetch.busy[me][0] = '\0';
    if (err == OK) {
        r->fetch.done++;
        r->fetch.bytes += w->size;
    } else {
        r->fetch.failed++;
        let_rest(r, w->sha256, err == ERR_CORRUPT);
    }
    for (size_t i = 0; i < r->fetch.wanted_count; i++)
        if (strcmp(r->fetch.wanted[i], w->sha256) == 0)
            memcpy(r->fetch.wanted[i], r->fetch.wanted[--r->fetch.wanted_count], SHA256_HEX);
    pthread_mutex_unlock(&r->lock);
}

/* ------------------------------------------------------------------ fetching */

static enum err get(struct ctx *ctx, struct replica *r, const struct wish *w, struct slice *bytes)
{
    unsigned char sum[SHA256_BYTES];
    char hex[SHA256_HEX];
    struct s3_answer a;
    const char *key = replica_blob_key(ctx->arena, w->sha256);
    if (key == NULL)
        return ctx_no_memory(ctx);
    atomic_fetch_add(&r->requests, 1);
    enum err err = s3_get(ctx, r->s3, key, (size_t)w->size, bytes, &a);
    if (err != OK)
        return err;
    if (a.end != S3_OK) {
        atomic_fetch_add(&r->failures, 1);
        return ctx_fail(ctx, ERR_BUSY, "%s", a.message && *a.message ? a.message : key);
    }
    crypto_sha256(*bytes, sum);
    crypto_hex(sum, sizeof sum, hex);
    if ((int64_t)bytes->n != w->size || strcmp(hex, w->sha256) != 0)
        return ctx_fail(ctx, ERR_BUSY, "%s does not have its hash", key);
    return OK;
}

static enum err fetch_one(struct ctx *ctx, struct replica *r, const struct wish *w)
{
    struct slice bytes;
    enum err err = get(ctx, r, w, &bytes);
    if (err == OK)
        err = arrival_take(ctx, r->d, w->sha256, bytes);
    if (err != OK && !replica_stopping(r))
        log_line(r->log, LOG_WARN, ctx->request_id, "replication.fetch_failed", "sha256", w->sha256,
                 "why", ctx_sentence(ctx), "cause", ctx->fault.cause, NULL);
    return err;
}

/* Nobody is asked for packages while the store is known to be away. */
static bool may_fetch(struct replica *r)
{
    pthread_mutex_lock(&r->lock);
    enum replica_state s = r->view.state;
    pthread_mutex_unlock(&r->lock);
    return replica_is_up(s) || s == REPLICA_STARTING || s == REPLICA_STUCK;
}

static void wait_for_work(struct replica *r)
{
    struct timespec until = clock_deadline(REST_MS);
    pthread_mutex_lock(&r->lock);
    while (!replica_stopping(r) && !r->fetch.look)
        if (pthread_cond_timedwait(&r->work, &r->lock, &until) != 0)
            break;
    r->fetch.look = false;
    pthread_mutex_unlock(&r->lock);
}

/* True when there may be more. */
static bool take_one(struct ctx *ctx, struct replica *r, int me)
{
    struct looking l = {.r = r};
    if (!may_fetch(r) || store_read(ctx, r->d->store, look, &l) != OK || !l.found)
        return false;
    if (!claim(r, me, &l.best))
        return true;
    enum err err = fetch_one(ctx, r, &l.best);
    release(r, me, &l.best, err);
    return true;
}

void *replica_puller(void *arg)
{
    struct replica *r = arg;
    struct arena arena;
    struct ctx ctx;
    int me = atomic_fetch_add(&r->next_puller, 1);
    arena_init(&arena, REPLICA_ARENA);
    while (!replica_stopping(r)) {
        arena_free(&arena);
        arena_init(&arena, REPLICA_ARENA);
        ctx_init(&ctx, &arena, r->clock, r->log, "fetch");
        if (!take_one(&ctx, r, me))
            wait_for_work(r);
    }
    arena_free(&arena);
    return NULL;
}
