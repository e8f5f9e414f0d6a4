/*
 * replica_trouble.c - which state this node is in, and how often that is said.
 *
 * Whoever fails in a round notes why; the thread that carries makes a state of it (replica.c). A
 * state is logged when it is entered, and one that needs a person again every hour. Nothing here
 * decides what to try next.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "domain/events.h"
#include "domain/replica_node.h"

enum { SAY_AGAIN_MS = 3600000 };

/* Several may meet it at once, while they send side by side. */
static void note(struct replica *r, const struct trouble *t)
{
    pthread_mutex_lock(&r->lock);
    r->trouble = *t;
    pthread_mutex_unlock(&r->lock);
}

enum err replica_trouble_as(struct ctx *ctx, struct replica *r, enum replica_state state,
                            const char *fmt, ...)
{
    struct trouble t = {.set = true, .state = state};
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(t.why, sizeof t.why, fmt, args);
    va_end(args);
    note(r, &t);
    return ctx_fail(ctx, ERR_BUSY, "%s", t.why);
}

enum err replica_trouble(struct ctx *ctx, struct replica *r, const struct s3_answer *a)
{
    static const enum replica_state state_of[] = {
        [S3_NO_BUCKET] = REPLICA_NO_BUCKET, [S3_BAD_KEY] = REPLICA_AUTH_FAILED,
        [S3_DENIED] = REPLICA_DENIED,       [S3_UNSUPPORTED] = REPLICA_OFFLINE,
        [S3_REFUSED] = REPLICA_OFFLINE,     [S3_BUSY] = REPLICA_OFFLINE,
        [S3_UNKNOWN] = REPLICA_OFFLINE,     [S3_DAMAGED] = REPLICA_OFFLINE,
        [S3_ABSENT] = REPLICA_STUCK,        [S3_EXISTS] = REPLICA_STUCK,
    };
    struct trouble t = {.set = true, .state = state_of[a->end], .retry_after = a->retry_after};
    atomic_fetch_add(&r->failures, 1);
    str_set(t.why, sizeof t.why,
            slice_of(a->message && *a->message ? a->message : s3_end_name(a->end)));
    note(r, &t);
    return ctx_fail(ctx, ERR_BUSY, "%s", t.why);
}

static void say(struct replica *r, enum replica_state state, const char *why)
{
    const struct outbox_figures f = replica_is_up(state) ? r->loop.waited
                                                         : (struct outbox_figures){0};
    bool bad = state != REPLICA_ONLINE && state != REPLICA_STARTING && state != REPLICA_DISABLED;
    int64_t now = clock_mono_ms(r->clock);
    if (state == REPLICA_DISABLED || state == REPLICA_LOCAL_ONLY)
        return; /* whoever read the settings has said it */
    if (r->loop.said == state && now - r->loop.said_at < SAY_AGAIN_MS)
        return;
    if (r->loop.said == state && state != REPLICA_AUTH_FAILED)
        return;
    char rows[24], bytes[24];
    (void)snprintf(rows, sizeof rows, "%lld", (long long)f.rows);
    (void)snprintf(bytes, sizeof bytes, "%lld", (long long)f.bytes);
    enum log_level level = !bad ? LOG_INFO
                           : state == REPLICA_AUTH_FAILED || state == REPLICA_FOREIGN_BUCKET ||
                                   state == REPLICA_STUCK
                               ? LOG_ERROR
                               : LOG_WARN;
    log_line(r->log, level, NULL, "replication", "state", replica_state_name(state), "why", why,
             "store", r->s3 ? s3_name(r->s3) : "", "backlog", rows, "backlog_bytes", bytes, NULL);
    r->loop.said = state;
    r->loop.said_at = now;
    events_emit(r->d, &(struct event){.kind = "replication.state"});
}

void replica_set_state(struct replica *r, enum replica_state state, const char *why)
{
    int64_t now = clock_wall_ms(r->clock);
    pthread_mutex_lock(&r->lock);
    r->view.state = state;
    str_set(r->view.reason, sizeof r->view.reason, slice_of(why));
    if (replica_is_up(state)) {
        r->view.last_success = now;
        r->view.behind_since = 0;
        r->view.caught_up = true;
    } else if (state != REPLICA_DISABLED && state != REPLICA_LOCAL_ONLY) { /* nothing was tried */
        str_set(r->view.last_error, sizeof r->view.last_error, slice_of(why));
        r->view.last_error_at = now;
        if (r->view.behind_since == 0)
            r->view.behind_since = now;
    }
    pthread_mutex_unlock(&r->lock);
    say(r, state, why);
}
