/*
 * replica.h - this node's part in a catalog that several nodes share through one bucket.
 *
 * A thread carries waiting changes out (replica_push.c) and reads what others did (replica_pull.c);
 * four more fetch packages that are missing here (replica_fetch.c). Nothing waits for them: an
 * upload is acknowledged when it is durable on this disk. Without credentials there is a replica all
 * the same, which does nothing but say so, and changes are kept for the day there are some.
 *
 * The order of reading: replica_record.h for what stands in the bucket, replica_rules.c for who
 * wins, replica_node.h for the state all these files share.
 */
#ifndef LARDER_DOMAIN_REPLICA_H
#define LARDER_DOMAIN_REPLICA_H

#include "base/crypto.h"
#include "domain/domain.h"
#include "net/s3.h"
#include "store/outbox_store.h"
#include "store/replica_store.h"

struct replica;

enum replica_state {
    REPLICA_DISABLED,       /* switched off: changes are not even noted */
    REPLICA_LOCAL_ONLY,     /* credentials are missing */
    REPLICA_STARTING,       /* has not spoken to the store yet */
    REPLICA_ONLINE,         /* all is well */
    REPLICA_OFFLINE,        /* no answer, or a busy one */
    REPLICA_AUTH_FAILED,    /* the key or the secret is not accepted */
    REPLICA_DENIED,         /* the key may not do what is needed */
    REPLICA_NO_BUCKET,      /* it does not exist */
    REPLICA_FOREIGN_BUCKET, /* it is another one than before: nothing is sent or taken */
    REPLICA_STUCK,          /* the log has a hole, or an entry that cannot be read */
    REPLICA_SINGLE_WRITER   /* the store cannot tell two writers apart: one node publishes */
};

struct replica_options {
    bool enabled;               /* false: REPLICA_DISABLED */
    const char *missing;        /* what lacks, as a sentence: REPLICA_LOCAL_ONLY; NULL = nothing */
    struct s3_options s3;       /* read where nothing lacks */
    const char *name;           /* how this node is called; NULL = its host's name */
    const char *version;        /* of the program */
    bool create_bucket;         /* make it where it does not exist */
    bool sync;                  /* uploads are refused while the store is away */
    bool cadence_layout;        /* also write the keys that Cadence's workers read */
    bool share;                 /* downloads are sent to the bucket for their bytes */
    int64_t poll_min, poll_max; /* milliseconds; 0 = 2 s and 30 s */
    int64_t snapshot_every;     /* entries; 0 = 1,000 */
    bool look_only;             /* says how it stands, and neither sends, takes nor writes */
};

/* Starts the threads; d->replica is set. Heap; ended by replica_close, within two seconds. */
enum err replica_open(struct ctx *ctx, struct domain *d, const struct replica_options *options,
                      struct replica **out) MUST_USE;
void replica_close(struct replica *r);
/* The settings were read again: new keys are tried at once, and where they lacked until now, it
 * begins with them. Everything else waits for the next start. */
enum err replica_change(struct ctx *ctx, struct replica *r,
                        const struct replica_options *options) MUST_USE;

/* After a commit that left an outbox row. NULL does nothing. */
void replica_wake(struct replica *r);
/* Now, whatever was agreed about waiting: somebody asked, or wants a package that is missing. */
void replica_hurry(struct replica *r);
void replica_want(struct replica *r, const char *sha256);

/* In sync mode: ERR_BUSY where the store is away. */
enum err replica_admit(struct ctx *ctx, struct replica *r) MUST_USE;
/* In sync mode: waits until what was done to that row is in the bucket, for fifteen seconds at most;
 * row->replication tells what came of it. Otherwise nothing. */
void replica_confirm(struct ctx *ctx, struct replica *r, struct plugin *row);

/* Where downloads are sent to the bucket: an address in the arena that is good for that row's bytes
 * for a minute. NULL where they come from here: switched off, not in the bucket, store away. */
enum err replica_share(struct ctx *ctx, struct replica *r, const struct plugin *row,
                       const char *disposition, const char **url) MUST_USE;

/* False until an empty node has caught up for the first time, unless the store is away. */
bool replica_ready(struct replica *r);
/* Are changes carried anywhere? Rows say "pending" then, and "local" otherwise. */
bool replica_carries(const struct replica *r);

struct replica_node {
    char node[ID_TEXT], name[128], version[48];
    int64_t applied_seq, at;
    char state_hash[SHA256_HEX];
};
enum { REPLICA_NODES_MAX = 64 };

struct replica_view {
    enum replica_state state;
    const char *state_name; /* "online", "auth-failed", ... */
    char reason[400];       /* what is wrong, or what lacks; "" = nothing */
    char store[512];        /* where: "https://host/bucket/prefix"; "" = none */
    char node[ID_TEXT], name[128];
    char writer[128];       /* the only node that may publish; "" = every one */
    const char *capability; /* "atomic", ...; NULL = not probed */
    bool cadence_layout, sync;
    int64_t applied_seq, head_seq; /* head_seq: highest number seen */
    char state_hash[SHA256_HEX];
    int64_t snap_seq;
    int64_t last_success, last_error_at, behind_since; /* wall; 0 = never, or not behind */
    char last_error[400];
    int64_t clock_offset;
    struct outbox_figures backlog;
    int64_t conflicts;
    int64_t fetch_total, fetch_done, fetch_bytes, missing; /* packages: of this wave, and left */
    int64_t pushed, pulled, requests, failures;            /* since start */
    struct replica_node nodes[REPLICA_NODES_MAX];
    size_t node_count;
};
enum err replica_view(struct ctx *ctx, struct replica *r, struct replica_view *out) MUST_USE;

/* The cheap part of it, for gauges: no query. */
struct replica_gauges {
    enum replica_state state;
    int64_t applied_seq, head_seq, pushed, pulled, requests, failures, last_success;
};
void replica_gauges(struct replica *r, struct replica_gauges *out);
const char *replica_state_name(enum replica_state state);
bool replica_is_up(enum replica_state state); /* the store answers, and this node takes part */
const char *replica_word(struct replica *r);  /* the name of its present state */

/* Where conditional writes are missing: this node is the writer from now on. ERR_BUSY while the
 * store is away, ERR_CONFLICT where no writer is needed. */
enum err replica_become_writer(struct ctx *ctx, const struct actor *actor,
                               struct replica *r) MUST_USE;
/* The bucket of the settings is the right one after all: forgets the old one and meets it anew. */
enum err replica_accept_bucket(struct ctx *ctx, const struct actor *actor,
                               struct replica *r) MUST_USE;

#endif
