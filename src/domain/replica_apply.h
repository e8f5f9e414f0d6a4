/*
 * replica_apply.h - one entry of the log becomes part of the catalog.
 *
 * What an entry does to the truth depends on the entries before it alone (replica_truth.h). What it
 * does to the rows here also looks at changes that still wait in the outbox: the log's value
 * replaces what was shown meanwhile, and a change of ours that came too late becomes a conflict
 * that somebody can read. Everything of one entry happens in one transaction.
 */
#ifndef LARDER_DOMAIN_REPLICA_APPLY_H
#define LARDER_DOMAIN_REPLICA_APPLY_H

#include "domain/replica_record.h"
#include "domain/replica_truth.h"

struct domain;
struct conn;

/* A slice whose rows changed; a tree that must not be loaded any more; a row that took a place. */
struct touched {
    const char *org_id;
    const char *pid, *version; /* NULL = rows only; else that tree goes, unless it is of `keep` */
    const char *keep;
    const char *id; /* its bytes may be here already; NULL = none */
    struct touched *next;
};

struct applying {
    struct domain *d;
    const struct entry *entries; /* numbered without a gap, the first after applied_seq */
    size_t count;
    struct arena *home; /* keeps what is touched; NULL = the arena of the work, which lives on */
    /* out */
    struct touched *touched;
    int64_t applied_seq; /* after them */
    char state_hash[SHA256_HEX];
    size_t conflicts; /* of ours that came too late */
    bool brought_bytes;
};

/* One transaction for all of them; afterwards caches are void and trees that went are gone. */
enum err replica_apply(struct ctx *ctx, struct applying *a) MUST_USE;

/* The version was claimed by another record before ours: ours is kept as a conflict, what stands
 * there is the other's. `winner` is that record. */
enum err replica_yield(struct ctx *ctx, struct domain *d, const char *entity,
                       const struct entry *winner) MUST_USE;

/* Inside a transaction: a row of a snapshot, with its truth. */
enum err replica_load(struct ctx *ctx, struct conn *conn, struct applying *a,
                      const struct truth_line *line) MUST_USE;
/* After the commit of what was loaded. */
enum err replica_settle(struct ctx *ctx, struct domain *d, const struct applying *a) MUST_USE;

#endif
