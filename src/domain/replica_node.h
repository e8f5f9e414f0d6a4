/*
 * replica_node.h - the state that the files of the replica share. For them only.
 *
 * `loop` belongs to the thread that talks to the log; everything under `lock` may be read by
 * anybody. A call of the store that did not go well sets `trouble` and ends the round: what it means
 * is decided once, in replica.c.
 */
#ifndef LARDER_DOMAIN_REPLICA_NODE_H
#define LARDER_DOMAIN_REPLICA_NODE_H

#include <pthread.h>
#include <stdatomic.h>

#include "domain/replica.h"
#include "domain/replica_apply.h"
#include "domain/replica_record.h"

enum {
    REPLICA_PULLERS = 4,
    REPLICA_WANTED = 16, /* packages somebody waits for */
    REPLICA_RESTING = 512,
    REPLICA_ORPHANS = 200, /* records without an entry that are looked at in one walk */
    REPLICA_ARENA = 256 << 20
};

/* Why a round ended early. */
struct trouble {
    bool set;
    enum replica_state state;
    int retry_after;
    char why[400];
};

struct resting { /* a package that could not be had: not again before then */
    char sha256[SHA256_HEX];
    int64_t until; /* monotonic */
    int tries;
};

struct orphan {
    uint64_t key;  /* hash of the record's */
    int64_t since; /* monotonic */
};

struct replica {
    struct domain *d;
    const struct clock *clock;
    struct log *log;
    struct arena home; /* the options' texts */
    struct replica_options options;
    struct s3 *_Atomic s3; /* NULL = local only; set once */
    char node[ID_TEXT], name[128];

    pthread_t thread, pullers[REPLICA_PULLERS];
    int started; /* threads, the loop first */
    _Atomic int next_puller;
    _Atomic uint64_t turn; /* odd while entries are being applied: figures do not fit together */
    _Atomic bool stop;
    _Atomic int64_t requests, failures, pushed, pulled;

    pthread_mutex_t lock;
    pthread_cond_t woken;   /* the loop */
    pthread_cond_t work;    /* the pullers */
    pthread_cond_t carried; /* whoever waits for a change to be in the log */
    bool awake, hurry;
    bool reload; /* the position was reset */
    bool remeet; /* who may write, or which bucket is ours, was decided anew */
    struct {
        enum replica_state state;
        char reason[400], last_error[400], writer[128], capability[16];
        int64_t applied_seq, head_seq, snap_seq, last_success, last_error_at, behind_since;
        char state_hash[SHA256_HEX];
        bool caught_up; /* once */
        struct replica_node nodes[REPLICA_NODES_MAX];
        size_t node_count;
    } view;
    struct {
        char wanted[REPLICA_WANTED][SHA256_HEX];
        size_t wanted_count;
        char busy[REPLICA_PULLERS][SHA256_HEX];
        struct resting resting[REPLICA_RESTING];
        size_t resting_next;
        bool look; /* rows may be missing packages */
        int64_t total, done, bytes, failed;
    } fetch;

    /* of the loop's thread alone */
    struct trouble trouble;
    struct {
        bool met, probed, gap_checked;
        enum replica_state said; /* what was logged last */
        int64_t said_at;
        int fails;
        struct outbox_figures waited; /* when the store came back */
        int64_t poll_ms;
        int64_t next_meet, next_beat, next_gap, next_tend, next_probe; /* monotonic */
        int64_t beat_seq; /* applied_seq of the last heartbeat */
        struct orphan orphans[REPLICA_ORPHANS];
        size_t next_orphan;
        bool filled; /* replica_backfill has been here */
        bool atomic; /* the store creates once */
        bool may_write;
    } loop;
};

/* replica_trouble.c */
/* ERR_BUSY with r->trouble set, or OK where the answer is one of those that were expected. */
enum err replica_trouble(struct ctx *ctx, struct replica *r, const struct s3_answer *a) MUST_USE;
enum err replica_trouble_as(struct ctx *ctx, struct replica *r, enum replica_state state,
                            const char *fmt, ...) MUST_USE __attribute__((format(printf, 4, 5)));
/* The state this node is in from now on, and why; said in the log where it is new. */
void replica_set_state(struct replica *r, enum replica_state state, const char *why);

/* replica_bell.c */
bool replica_stopping(const struct replica *r);
/* Waits, but not beyond the end of the server. */
void replica_pause(struct replica *r, int64_t ms);
/* Until the time is over, or somebody asks; `wakes`: a change is reason enough. */
enum replica_woken { REPLICA_WAITED, REPLICA_CHANGED, REPLICA_ASKED };
enum replica_woken replica_wait(struct replica *r, int64_t ms, bool wakes);
uint32_t replica_random(uint32_t below);
bool replica_is_wanted(const struct replica *r, const char *sha256); /* under the lock */

/* replica_call.c */
/* Puts once, on any server: OK and *was false where it was put, *was true where something is there
 * already. Where the answer was lost, what stands there decides: `ours` tells by its bytes. */
enum err replica_create(struct ctx *ctx, struct replica *r, const char *key, struct slice bytes,
                        bool *was) MUST_USE;
/* *found false where there is nothing. */
enum err replica_fetch_note(struct ctx *ctx, struct replica *r, const char *key, size_t max,
                            struct slice *out, bool *found) MUST_USE;

/* replica_meet.c */
enum err replica_meet(struct ctx *ctx, struct replica *r) MUST_USE;
enum err replica_check_bucket(struct ctx *ctx, struct replica *r) MUST_USE; /* still the same? */
enum err replica_beat(struct ctx *ctx, struct replica *r) MUST_USE;
enum err replica_may_write(struct ctx *ctx, struct replica *r, bool *may) MUST_USE;
/* replica_send.c */
enum parcel_fate {
    PARCEL_KEPT, /* it was not tried, or err says what went wrong */
    PARCEL_SENT, /* its bytes and its record are in the bucket */
    PARCEL_GONE, /* its bytes are neither here nor there: it must wait for them */
    PARCEL_LOST  /* another node has published this version with other bytes: winner's record */
};
struct parcel { /* a waiting change on its way */
    struct outbox_row row;
    struct entry entry, winner;
    enum parcel_fate fate;
    bool through; /* fate and err are what became of it */
    enum err err;
    struct arena arena; /* of what is read here; freed by who made the parcel */
    struct ctx ctx;
};
struct sending;
/* Begins with their bytes and records, in their order; ended by replica_send_end, in any case. */
enum err replica_send(struct ctx *ctx, struct replica *r, struct parcel *parcels, size_t count,
                      struct sending **out) MUST_USE;
/* Waits for that one. False where it failed, or was not tried since another did, or the server
 * stops: then no later one is to be asked for. */
bool replica_sent(struct sending *s, size_t i);
void replica_send_end(struct sending *s);
/* replica_push.c */
enum err replica_push(struct ctx *ctx, struct replica *r, bool *did) MUST_USE;
/* Brings a change into the log that this node did not make, from its record. */
enum err replica_append(struct ctx *ctx, struct replica *r, struct entry *e) MUST_USE;
/* replica_backfill.c: rows that were made while replication was switched off */
enum err replica_backfill(struct ctx *ctx, struct replica *r) MUST_USE;
/* replica_pull.c */
enum err replica_pull(struct ctx *ctx, struct replica *r, bool *did) MUST_USE;
enum err replica_read_entry(struct ctx *ctx, struct replica *r, int64_t seq, struct entry *out,
                            bool *found) MUST_USE;
enum err replica_take(struct ctx *ctx, struct replica *r, const struct entry *entries,
                      size_t count) MUST_USE;
enum err replica_check_gap(struct ctx *ctx, struct replica *r) MUST_USE;
/* replica_fetch.c */
void *replica_puller(void *arg);
/* replica_snapshot.c */
enum err replica_snapshot_write(struct ctx *ctx, struct replica *r) MUST_USE;
enum err replica_snapshot_newest(struct ctx *ctx, struct replica *r, int64_t *seq) MUST_USE;
enum err replica_snapshot_load(struct ctx *ctx, struct replica *r, int64_t seq) MUST_USE;
/* replica_tend.c: what one node does once a day for all of them */
enum err replica_tend(struct ctx *ctx, struct replica *r) MUST_USE;
/* replica_collect.c: packages in the bucket that nothing names any more */
enum err replica_collect(struct ctx *ctx, struct replica *r) MUST_USE;
/* replica_cadence.c */
const char *replica_cadence_key(struct arena *arena, const struct plugin *p);
enum err replica_cadence_put(struct ctx *ctx, struct replica *r, const struct plugin *p) MUST_USE;

#endif
