/*
 * event_feed.c - the hooks of the streams: look, check, feed.
 *
 * Everything here but event_feed_follow runs in the one thread of the streams. The newest number is
 * taken before the store's generation: a right that was taken away before an event was emitted is
 * therefore noticed before that event is sent. An event of an org is judged for each follower when
 * it is sent; answers that many followers share are kept by auth/known.h.
 */
#include "api/event_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/guard.h"
#include "base/metrics.h"
#include "domain/events.h"
#include "domain/orgs.h"
#include "domain/permissions.h"

#define READ_ORG "cadence:org:plugins:read"
#define READ_SYSTEM "cadence:system:plugins:read"

enum {
    FEED_MEMORY = 16 << 20, /* of one look at one follower */
    LOOK_MS = 60000,        /* rights are read again after this long even if nothing changed */
    RETRY_S = 5,
    GREETING = 256
};

struct event_feed {
    struct domain *domain;
    struct events *events;
    struct auth *auth;
    struct streams *streams;
    /* of the streams' thread, as of this round */
    struct arena arena;
    struct ctx ctx;
    uint64_t last, generation;
    struct event_copy event;
};

/* What a credential may see. */
struct view {
    bool any;           /* anything at all */
    bool everywhere;    /* all orgs, whichever there are */
    uint64_t mark;      /* differs where what may be seen differs */
    int64_t expires_at; /* of the credential, 0 = never */
};

struct follower {
    struct event_feed *feed;
    char org_id[ID_TEXT]; /* "" = all orgs */
    struct view view;
    uint64_t generation; /* of the store, when that was read */
    int64_t looked_at;
    uint64_t next;      /* number of the event to send next */
    bool greeted, lost; /* lost: the id it came with is not known any more */
    struct credential credential;
    char secret[]; /* the text of the credential, wiped at the end */
};

/* ---- rights ------------------------------------------------------------------------------------- */

/* A refusal is an answer here; only what is neither yes nor no is a fault. */
static enum err holds(struct ctx *ctx, struct event_feed *f, const struct credential *c,
                      const char *permission, const char *org_id, bool *yes)
{
    enum err err = guard_judge(ctx, f->auth, c, permission, org_id);
    *yes = err == OK;
    if (err != ERR_FORBIDDEN && err != ERR_UNKNOWN_CALLER)
        return err;
    ctx_forgive(ctx);
    return OK;
}

static void mix(struct view *view, const char *text)
{
    for (; *text; text++)
        view->mark = (view->mark ^ (unsigned char)*text) * 0x100000001b3;
    view->mark = (view->mark ^ '/') * 0x100000001b3;
}

static enum err look_at_orgs(struct ctx *ctx, struct event_feed *f, const struct credential *c,
                             const char *user_id, struct view *view)
{
    const struct actor who = {.user_id = user_id};
    struct org_seat *seats;
    size_t count;
    bool yes;
    enum err err = orgs_list_mine(ctx, f->domain, &who, &seats, &count);
    for (size_t i = 0; err == OK && i < count; i++) {
        err = holds(ctx, f, c, READ_ORG, seats[i].org.id, &yes);
        if (yes)
            mix(view, seats[i].org.id);
        view->any |= yes;
    }
    return err;
}

/* ERR_UNKNOWN_CALLER where the credential is worth nothing any more. */
static enum err look(struct ctx *ctx, struct event_feed *f, const struct credential *c,
                     const char *org_id, struct view *view)
{
    struct access access;
    bool system = false;
    *view = (struct view){.mark = 0xcbf29ce484222325};
    enum err err = credential_identify(ctx, f->auth, c, NULL, &access);
    if (err == OK && !access.valid)
        err = ctx_fail_code(ctx, ERR_UNKNOWN_CALLER, "AU-0001", "Authentication required");
    if (err != OK)
        return err;
    view->expires_at = access.expires_at;
    if (org_id == NULL)
        org_id = access.key_org_id; /* such a key works nowhere else */
    if (org_id)
        return holds(ctx, f, c, READ_ORG, org_id, &view->any);
    struct permission_set may = credential_may(&access);
    view->everywhere = access.is_sys_admin &&
                       permission_set_has(&may, permission_find(slice_of(READ_ORG)));
    err = holds(ctx, f, c, READ_SYSTEM, NULL, &system);
    view->any = system || view->everywhere;
    mix(view, system ? "system" : "");
    mix(view, view->everywhere ? "everywhere" : "");
    return err == OK && !view->everywhere ? look_at_orgs(ctx, f, c, access.user_id, view) : err;
}

static bool same_view(const struct view *a, const struct view *b)
{
    return a->any == b->any && a->mark == b->mark;
}

/* ---- the hooks ---------------------------------------------------------------------------------- */

static void begin_round(void *arg)
{
    struct event_feed *f = arg;
    f->last = events_last(f->events);
    f->generation = store_rights_generation(f->domain->store);
}

static enum stream_state check(void *arg, void *member)
{
    struct event_feed *f = arg;
    struct follower *w = member;
    struct view now;
    arena_reset(&f->arena);
    ctx_init(&f->ctx, &f->arena, &clock_system, f->ctx.log, "events");
    if (w->view.expires_at && w->view.expires_at <= f->ctx.now)
        return STREAM_ENDS;
    if (w->next + EVENTS_KEPT <= f->last)
        return STREAM_SLOW; /* what it should be sent next is no longer there */
    if (w->generation == f->generation && f->ctx.now - w->looked_at < LOOK_MS &&
        f->ctx.now >= w->looked_at)
        return STREAM_GOES_ON;
    const char *org_id = w->org_id[0] ? w->org_id : NULL;
    if (look(&f->ctx, f, &w->credential, org_id, &now) != OK || !same_view(&now, &w->view))
        return STREAM_ENDS; /* also where it cannot be known; the client comes again */
    w->view = now;
    w->generation = f->generation;
    w->looked_at = f->ctx.now;
    return STREAM_GOES_ON;
}

/* The first words: an id to come back with, and whether anything was missed. */
static void greet(struct follower *w, struct buf *out)
{
    char id[EVENT_ID_MAX];
    events_id(w->feed->events, w->next - 1, id);
    buf_printf(out, "retry: 2000\nid: %s\nevent: %s\ndata: {\"kind\":\"%s\"}\n\n", id,
               w->lost ? "reset" : "ready", w->lost ? "reset" : "ready");
    w->greeted = true;
}

static bool may_see(struct event_feed *f, struct follower *w, const struct event_copy *e)
{
    bool yes = false;
    if (e->org_id[0] == '\0')
        return true; /* whoever follows may read a catalog, and each shows the system's rows */
    if (w->org_id[0] && strcmp(w->org_id, e->org_id) != 0)
        return false;
    if (holds(&f->ctx, f, &w->credential, READ_ORG, e->org_id, &yes) != OK)
        ctx_forgive(&f->ctx); /* not known is not allowed */
    return yes;
}

static enum stream_state feed(void *arg, void *member, struct buf *out)
{
    struct event_feed *f = arg;
    struct follower *w = member;
    if (!w->greeted)
        greet(w, out);
    while (w->next <= f->last && out->n + EVENT_TEXT <= out->max) {
        if (!events_read(f->events, w->next, &f->event))
            return STREAM_SLOW;
        if (may_see(f, w, &f->event))
            buf_add(out, f->event.text, f->event.n);
        w->next++;
    }
    return STREAM_GOES_ON;
}

static void gone(void *arg, void *member)
{
    struct follower *w = member;
    (void)arg;
    crypto_wipe(w->secret, w->credential.text.n);
    free(w);
}

/* ---- following ---------------------------------------------------------------------------------- */

static enum err nothing_to_see(struct ctx *ctx, const char *org_id)
{
    if (org_id)
        return ctx_fail_code(ctx, ERR_FORBIDDEN, "AZ-0003",
                             "You may not read the plugins of this organization");
    return ctx_fail_code(ctx, ERR_FORBIDDEN, "AZ-0001",
                         "You may read the plugins of no organization, so there is nothing to "
                         "follow");
}

static struct follower *make_follower(const struct credential *c, const char *org_id)
{
    struct follower *w = calloc(1, sizeof *w + c->text.n); /* freed by gone */
    if (w == NULL)
        return NULL;
    memcpy(w->secret, c->text.p, c->text.n);
    w->credential = (struct credential){c->kind, {w->secret, c->text.n}};
    str_set(w->org_id, sizeof w->org_id, slice_of(org_id));
    return w;
}

/* Where to begin: after the event it saw last, else with the next one that happens. */
static void place(struct follower *w, struct events *events, struct slice last_id)
{
    uint64_t seen;
    if (last_id.n > 0 && events_known(events, last_id, &seen)) {
        w->next = seen + 1;
        return;
    }
    w->lost = last_id.n > 0;
    w->next = events_last(events) + 1;
}

enum err event_feed_follow(struct ctx *ctx, struct event_feed *f, const struct request *req,
                           const char *org_id, struct slice last_id, struct follower **out)
{
    struct credential credential = credential_find(req);
    struct view view;
    struct org org;
    uint64_t generation = store_rights_generation(f->domain->store);
    enum err err = look(ctx, f, &credential, org_id, &view);
    if (err == OK && !view.any)
        err = nothing_to_see(ctx, org_id);
    if (err == OK && org_id) /* who may look into any would wait for ever on one that is not */
        err = orgs_get(ctx, f->domain, org_id, false, &org);
    if (err != OK)
        return err;
    if (!streams_reserve(f->streams)) {
        ctx->fault.retry_after = RETRY_S;
        return ctx_fail(ctx, ERR_BUSY, "There are too many open event streams; try again later");
    }
    struct follower *w = make_follower(&credential, org_id);
    if (w == NULL) {
        streams_release(f->streams);
        return ctx_no_memory(ctx);
    }
    w->feed = f;
    w->view = view;
    w->generation = generation;
    w->looked_at = ctx->now;
    place(w, f->events, last_id);
    *out = w;
    return OK;
}

void event_feed_adopt(void *follower, int fd)
{
    struct follower *w = follower;
    streams_adopt(w->feed->streams, w, fd);
}

/* ---- beginning and end -------------------------------------------------------------------------- */

static void wake(void *arg)
{
    streams_wake(arg);
}

enum err event_feed_open(struct ctx *ctx, const struct event_feed_parts *parts, int max,
                         struct event_feed **out)
{
    const struct streams_options options = {.max = max};
    struct event_feed *f = calloc(1, sizeof *f); /* freed by event_feed_close */
    if (f == NULL)
        return ctx_no_memory(ctx);
    const struct stream_hooks hooks = {f, begin_round, check, feed, gone};
    f->domain = parts->domain;
    f->events = parts->events;
    f->auth = parts->auth;
    arena_init(&f->arena, FEED_MEMORY);
    f->ctx.log = ctx->log;
    enum err err = streams_open(ctx, &options, &hooks, &f->streams);
    if (err != OK) {
        event_feed_close(f);
        return err;
    }
    events_listen(f->events, wake, f->streams);
    *out = f;
    return OK;
}

void event_feed_stop(struct event_feed *f)
{
    if (f == NULL)
        return;
    events_listen(f->events, NULL, NULL);
    streams_stop(f->streams);
}

void event_feed_close(struct event_feed *f)
{
    if (f == NULL)
        return;
    streams_close(f->streams);
    arena_free(&f->arena);
    free(f);
}

/* ---- metrics ------------------------------------------------------------------------------------ */

static double count_open(void *arg)
{
    struct streams_stats now;
    streams_stats(((const struct event_feed *)arg)->streams, &now);
    return now.open;
}

static double count_dropped(void *arg)
{
    struct streams_stats now;
    streams_stats(((const struct event_feed *)arg)->streams, &now);
    return (double)now.dropped;
}

static double count_events(void *arg)
{
    return (double)events_last(((const struct event_feed *)arg)->events);
}

bool event_feed_count(struct event_feed *f, struct metrics *m)
{
    return metrics_gauge(m, "larder_event_streams", "Event streams open now.", false, NULL,
                         count_open, f) &&
           metrics_gauge(m, "larder_event_streams_dropped_total",
                         "Event streams ended because their client did not keep up.", true, NULL,
                         count_dropped, f) &&
           metrics_gauge(m, "larder_events_total", "Events that happened.", true, NULL,
                         count_events, f);
}
