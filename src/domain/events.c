/*
 * events.c - the ring: one lock, a fixed number of places, each rendered when it is emitted.
 *
 * All readers are sent the same bytes, so rendering at the writer is the least work. The lock is
 * held for as long as it takes to write a few hundred bytes; whoever listens is called after it is
 * given back.
 */
#include "domain/events.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json_write.h"
#include "domain/domain.h"

enum { BOOT_BYTES = 4 };

struct events {
    char boot[2 * BOOT_BYTES + 1]; /* differs from start to start */
    pthread_mutex_t lock;          /* guards what follows */
    uint64_t last;
    void (*wake)(void *arg);
    void *wake_arg;
    struct event_copy kept[EVENTS_KEPT];
};

struct events *events_open(void)
{
    unsigned char random[BOOT_BYTES];
    struct events *e = calloc(1,
                              sizeof *e); /* freed by events_close; untouched pages cost nothing */
    if (e == NULL)
        return NULL;
    crypto_random(random, sizeof random);
    crypto_hex(random, sizeof random, e->boot);
    (void)pthread_mutex_init(&e->lock, NULL); /* cannot fail on Linux */
    return e;
}

void events_close(struct events *e)
{
    if (e)
        (void)pthread_mutex_destroy(&e->lock);
    free(e);
}

void events_listen(struct events *e, void (*wake)(void *arg), void *arg)
{
    (void)pthread_mutex_lock(&e->lock);
    e->wake = wake;
    e->wake_arg = arg;
    (void)pthread_mutex_unlock(&e->lock);
}

void events_id(const struct events *e, uint64_t number, char out[EVENT_ID_MAX])
{
    (void)snprintf(out, EVENT_ID_MAX, "%s-%llu", e->boot, (unsigned long long)number);
}

/* ---- writing ------------------------------------------------------------------------------------ */

/* A line feed would end the field, and the reader would take the rest for another one. */
static bool fits_one_line(struct slice json)
{
    return json.n > 0 && slice_find(json, '\n') == json.n && slice_find(json, '\r') == json.n;
}

static bool render(struct event_copy *c, const char *id, const struct event *event, bool detail)
{
    struct buf b = {.p = c->text, .cap = sizeof c->text, .max = sizeof c->text - 1};
    struct jw j;
    buf_str(&b, "id: ");
    buf_str(&b, id);
    buf_str(&b, "\nevent: ");
    buf_str(&b, event->kind);
    buf_str(&b, "\ndata: ");
    jw_start(&j, &b);
    jw_object(&j);
    jw_put_str(&j, "kind", event->kind);
    jw_put_str(&j, "org_id", event->org_id);
    jw_put_str(&j, "plugin_id", event->plugin_id);
    jw_put_str(&j, "pid", event->pid);
    jw_put_str(&j, "version", event->version);
    jw_put_time(&j, "at", clock_wall_ms(&clock_system));
    if (detail)
        jw_put_raw(&j, "detail", event->detail);
    jw_end(&j);
    bool done = jw_done(&j);
    buf_str(&b, "\n\n");
    c->n = b.n;
    return done && !buf_failed(&b);
}

/* What does not even fit without its names still tells that something happened. */
static void render_bare(struct event_copy *c, const char *id, const struct event *event)
{
    const struct event bare = {.kind = event->kind, .org_id = event->org_id};
    if (!render(c, id, &bare, false))
        c->n = 0; /* a kind of a thousand letters: nobody is told, and nobody is misled */
}

void events_emit(struct domain *d, const struct event *event)
{
    struct events *e = d->events;
    char id[EVENT_ID_MAX];
    if (e == NULL)
        return;
    (void)pthread_mutex_lock(&e->lock);
    struct event_copy *c = &e->kept[++e->last % EVENTS_KEPT];
    events_id(e, e->last, id);
    c->kind = event->kind;
    str_set(c->org_id, sizeof c->org_id, slice_of(event->org_id));
    if (!render(c, id, event, fits_one_line(event->detail)) && !render(c, id, event, false))
        render_bare(c, id, event);
    void (*wake)(void *arg) = e->wake;
    void *arg = e->wake_arg;
    (void)pthread_mutex_unlock(&e->lock);
    if (wake)
        wake(arg);
}

/* ---- reading ------------------------------------------------------------------------------------ */

uint64_t events_last(struct events *e)
{
    (void)pthread_mutex_lock(&e->lock);
    uint64_t last = e->last;
    (void)pthread_mutex_unlock(&e->lock);
    return last;
}

/* The lock is held. */
static bool is_kept(const struct events *e, uint64_t number)
{
    return number > 0 && number <= e->last && e->last - number < EVENTS_KEPT;
}

bool events_read(struct events *e, uint64_t number, struct event_copy *out)
{
    (void)pthread_mutex_lock(&e->lock);
    bool kept = is_kept(e, number);
    if (kept) {
        const struct event_copy *c = &e->kept[number % EVENTS_KEPT];
        out->kind = c->kind;
        out->n = c->n;
        memcpy(out->org_id, c->org_id, sizeof out->org_id);
        memcpy(out->text, c->text, c->n);
    }
    (void)pthread_mutex_unlock(&e->lock);
    return kept;
}

bool events_known(struct events *e, struct slice id, uint64_t *number)
{
    size_t dash = slice_find(id, '-');
    if (!slice_is(slice_sub(id, 0, dash), e->boot) ||
        !slice_to_u64(slice_sub(id, dash + 1, id.n), number))
        return false;
    (void)pthread_mutex_lock(&e->lock);
    bool known = *number == e->last || (*number < e->last && is_kept(e, *number + 1));
    (void)pthread_mutex_unlock(&e->lock);
    return known;
}
