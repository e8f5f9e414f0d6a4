/*
 * event_feed.h - who follows the events, and what each of them may see at this moment.
 *
 * Stands between the ring (domain/events.h) and the open connections (http/streams.h). The rights
 * of a follower are read again whenever anything was committed, so a stream ends within a second of
 * its owner's logout, expiry or lost role. It also ends when what its owner may see changes in any
 * other way: the client connects again, goes on from its last id, and gets what it may see now.
 */
#ifndef LARDER_API_EVENT_FEED_H
#define LARDER_API_EVENT_FEED_H

#include "base/ctx.h"
#include "http/request.h"
#include "http/streams.h"

struct auth;
struct domain;
struct event_feed;
struct events;
struct follower;
struct metrics;

struct event_feed_parts {
    struct domain *domain;
    struct events *events;
    struct auth *auth;
};

/* Heap, with a thread of its own. Domain and auth are used from the first follower on, so they may
 * be opened later; all parts must outlive event_feed_stop. */
enum err event_feed_open(struct ctx *ctx, const struct event_feed_parts *parts, int max,
                         struct event_feed **out) MUST_USE;
void event_feed_stop(struct event_feed *feed);  /* ends all streams; no more begin */
void event_feed_close(struct event_feed *feed); /* when no handler runs any more */

/*
 * A follower for the caller of this request, with a place among the open ones. ERR_FORBIDDEN where
 * there is nothing that the caller may see, ERR_BUSY where there are too many. org_id: only that
 * org's events and the system's; NULL = of all orgs. event_feed_adopt follows in any case.
 */
enum err event_feed_follow(struct ctx *ctx, struct event_feed *feed, const struct request *req,
                           const char *org_id, struct slice last_id,
                           struct follower **out) MUST_USE;
/* As reply_stream wants it; `follower` ends with it. */
void event_feed_adopt(void *follower, int fd);

/* Adds its numbers to the metrics, before any thread of the server starts; false = no room. */
bool event_feed_count(struct event_feed *feed, struct metrics *metrics);

#endif
