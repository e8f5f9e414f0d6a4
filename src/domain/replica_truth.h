/*
 * replica_truth.h - what the log has made of one entity, and the hash over all of them.
 *
 * The truth depends on the entries and their order alone, never on this node: two nodes at the same
 * position have the same rows of entity_rev and therefore the same hash, whatever happened on the
 * way. The hash is the exclusive or of the hashes of all rows, so it moves on with one entity and
 * does not care about their order.
 */
#ifndef LARDER_DOMAIN_REPLICA_TRUTH_H
#define LARDER_DOMAIN_REPLICA_TRUTH_H

#include "domain/replica_record.h"
#include "store/replica_store.h"

struct truth {
    struct entity_rev row; /* rev 0 = the log has not named it yet */
    bool lives;            /* named, and not removed */
    /* of a version */
    const char *id, *sha256, *tag;
    const char *created; /* op_id of the entry that made it */
    int64_t size;
    int generation;
    bool enabled, quarantined, removed;
    /* of an org */
    const char *name, *domain, *status;
    bool is_deleted;
};

enum err truth_get(struct ctx *ctx, struct conn *conn, const char *entity,
                   struct truth *out) MUST_USE;
/* The next revision, made by that entry; state_hash[64] moves along. */
enum err truth_put(struct ctx *ctx, struct conn *conn, struct truth *t, const char *op_id,
                   int64_t seq, char state_hash[SHA256_HEX]) MUST_USE;
/* A row as a snapshot brings it. */
enum err truth_load(struct ctx *ctx, struct conn *conn, const struct truth_line *line,
                    char state_hash[SHA256_HEX], struct truth *out) MUST_USE;
bool truth_is_version(const char *entity);

#endif
