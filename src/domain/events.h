/*
 * events.h - what has just happened in the catalog, for pages and programs that want to follow it.
 *
 * A ring of the most recent events, rendered once as server-sent events and numbered without a gap.
 * Whoever changes something calls events_emit after the commit: that copies a few hundred bytes
 * under a lock, waits for no reader and cannot fail. An event is a hint that something is worth
 * reading again, never the record of it: that is the audit. Ids begin with a word made anew at each
 * start, so that a reader who was away over a restart is told to begin afresh instead of being
 * given the wrong ones. Who may see which event is decided by the reader (api/events_api.c).
 */
#ifndef LARDER_DOMAIN_EVENTS_H
#define LARDER_DOMAIN_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct domain;
struct events;

enum { EVENTS_KEPT = 1024, EVENT_TEXT = 1024, EVENT_ID_MAX = 32 };

/*
 * One of: plugin.uploaded plugin.enabled plugin.disabled plugin.tagged plugin.deleted plugin.health
 * plugins.reloaded replication.state. The kind must outlive the events: a literal.
 */
struct event {
    const char *kind;
    const char *org_id;                    /* NULL = of the system */
    const char *plugin_id, *pid, *version; /* NULL = about no single plugin */
    struct slice detail; /* a JSON object on one line, or none; left out where it is too long */
};

struct events *events_open(void); /* heap, NULL = no memory; ended by events_close */
void events_close(struct events *events);

/* After the commit. Never blocks, never fails; does nothing where d->events is NULL. */
void events_emit(struct domain *d, const struct event *event);

/* Called after each event, by whoever emits it, so it must neither wait nor emit. NULL = nobody. */
void events_listen(struct events *events, void (*wake)(void *arg), void *arg);

/* ---- reading: numbers count from 1 ---------------------------------------------------------- */

struct event_copy {
    const char *kind;
    char org_id[40]; /* "" = of the system */
    size_t n;
    char text[EVENT_TEXT]; /* "id: ...\nevent: ...\ndata: {...}\n\n", n bytes */
};

uint64_t events_last(struct events *events); /* the newest number, 0 = none yet */
/* False when that event has left the ring, or has not happened. */
bool events_read(struct events *events, uint64_t number, struct event_copy *out);
/* The id of a number, as a client sees it. */
void events_id(const struct events *events, uint64_t number, char out[EVENT_ID_MAX]);
/* The number behind an id of this run whose successors are all still here; false otherwise. */
bool events_known(struct events *events, struct slice id, uint64_t *number);

#endif
