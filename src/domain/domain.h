/*
 * domain.h - what all rules share: the store, the limits, and the few things kept in memory.
 *
 * The domain decides; it knows no HTTP, no SQL text and no API's JSON. One verb is one transaction
 * with its audit row inside. Functions take ctx, the domain, who asks (actor), what, and then their
 * outputs. Look next at users.h, orgs.h, members.h, roles.h, sessions.h, keys.h, setup.h for
 * people; catalog.h and publish.h for plugins; access.h for who may do what.
 */
#ifndef LARDER_DOMAIN_DOMAIN_H
#define LARDER_DOMAIN_DOMAIN_H

#include <stdatomic.h>

#include "base/ctx.h"
#include "model/identity.h"
#include "store/store.h"

struct blobs;         /* blob/blob.h */
struct ahead;         /* blob/ahead.h */
struct directory;     /* domain/directory.h */
struct dropped_names; /* domain/dropped_names.h */
struct events;        /* domain/events.h */
struct legacy;        /* domain/legacy.h */
struct trees;         /* blob/tree.h */
struct password_gate; /* domain/passwords.c */
struct replica;       /* domain/replica.h */
struct stamps;        /* domain/stamps.c */
struct downloads;     /* domain/downloads.c */
struct jobs;          /* domain/jobs.h */
struct dependencies;  /* domain/dependencies.h */
struct sandbox;       /* sandbox/sandbox.h */

enum { SIGNING_KEY_BYTES = 32, CATALOG_COUNTERS = 256 };

/* Which uploads are followed by a health check. */
enum health_on_upload { HEALTH_ON_V1, HEALTH_ON_ALL, HEALTH_ON_NONE };

/* Settings of the rules. domain_open fills in the defaults; the wiring changes what is configured. */
struct domain_limits {
    int64_t access_ttl_ms;   /* of an access token and its session: 3 hours */
    int64_t refresh_ttl_ms;  /* of a refresh token: 7 days */
    int64_t setup_ttl_ms;    /* of a setup link: 30 minutes */
    size_t password_min;     /* letters of a new password: 12 */
    int hashes_at_once;      /* Argon2id computations, about 64 MiB each: 2 */
    int hashes_waiting;      /* callers that may wait for one: 32 */
    int hash_wait_ms;        /* how long they wait before "busy": 5 s */
    unsigned findings_block; /* bits of enum scan_family that refuse an upload: none */
    int job_threads;         /* that work on jobs: 2 */
    enum health_on_upload health_on_upload; /* v1 */
    int64_t health_timeout_ms;              /* of one check: 30 seconds */
    int64_t health_memory;                  /* bytes one check may take: 512 MiB */
    int64_t health_every_ms; /* what was checked once is checked again: 24 hours; 0 = never */
};

struct domain {
    struct store *store;
    struct blobs *blobs; /* NULL where no plugin is touched: identity verbs of the command line */
    struct ahead
        *ahead; /* that writes blobs beside the judging; NULL = they are written after it */
    struct trees *system_trees, *tenant_trees; /* what workers read; likewise */
    struct replica *replica;                   /* NULL where nobody replicates: the command line */
    struct legacy *legacy;                     /* the stores of v1 plugins; likewise */
    struct events *events;         /* who follows what happens; NULL = nobody: the command line */
    struct directory *directory;   /* what is dropped into the plugin store; NULL = not looked at */
    struct dropped_names *dropped; /* the names of it; likewise */
    struct domain_limits limits;
    unsigned char signing_key[SIGNING_KEY_BYTES]; /* signs access tokens */
    struct password_gate *passwords;
    struct stamps *stamps;
    struct downloads *downloads;
    struct jobs *jobs;                 /* NULL where nobody runs jobs: the command line */
    struct dependencies *dependencies; /* NULL likewise: nothing is installed */
    struct sandbox *sandbox;           /* NULL likewise: nothing is run */
    _Atomic int waiting_uploads;       /* requests that wait for an installation */

    struct { /* generations of the catalog's answers, see catalog.h */
        _Atomic uint64_t system, org[CATALOG_COUNTERS];
    } catalog;
};

/*
 * Fills *d with defaults and writes the built-in roles where the database lacks them. The store
 * must outlive the domain. d->limits may be changed before the first request.
 */
enum err domain_open(struct ctx *ctx, struct domain *d, struct store *store,
                     const unsigned char signing_key[SIGNING_KEY_BYTES]) MUST_USE;
void domain_close(struct domain *d); /* forgets the key; stamps not yet written are lost */

/* Housekeeping, every minute or so and before domain_close: writes what was last used when, and
 * sweeps sessions and setup tokens that ran out. */
enum err domain_tend(struct ctx *ctx, struct domain *d) MUST_USE;

#endif
