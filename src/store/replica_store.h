/*
 * replica_store.h - what this node knows of the shared log: its position, the truth the log tells
 * about each entity, changes that are in the tables already, and conflicts.
 *
 * Nothing here decides; domain/replica_apply.c does. Changes that still wait to be published stand
 * in outbox_store.h.
 */
#ifndef LARDER_STORE_REPLICA_STORE_H
#define LARDER_STORE_REPLICA_STORE_H

#include "base/crypto.h"
#include "model/conflict.h"
#include "model/plugin.h"
#include "store/store.h"

struct repl_state {
    bool recording;         /* changes leave outbox rows */
    bool carries;           /* and somebody takes them away */
    const char *bucket_id;  /* NULL = has met none */
    int64_t applied_seq;    /* last entry in the tables */
    const char *state_hash; /* of all entities, 64 hex digits */
    int64_t snap_seq;       /* newest snapshot known to be in the bucket */
    const char *capability; /* "atomic", "unsupported", "ignored"; NULL = not probed */
    const char *writer;     /* the other node that alone may publish; NULL = none */
    int64_t clock_offset;
};

/* Where nothing was ever written, the defaults of the schema. */
enum err repl_state_get(struct ctx *ctx, struct conn *conn, struct repl_state *out) MUST_USE;
enum err repl_state_record(struct ctx *ctx, struct conn *conn, bool recording) MUST_USE;
/* Is there an object store to carry changes to? Rows whose changes wait say so. */
enum err repl_state_carries(struct ctx *ctx, struct conn *conn, bool carries) MUST_USE;
/* Another bucket than before: position and truth begin anew with repl_forget. */
enum err repl_state_bucket(struct ctx *ctx, struct conn *conn, const char *bucket_id) MUST_USE;
enum err repl_state_position(struct ctx *ctx, struct conn *conn, int64_t applied_seq,
                             const char *state_hash) MUST_USE;
enum err repl_state_snapshot(struct ctx *ctx, struct conn *conn, int64_t seq) MUST_USE;
enum err repl_state_capability(struct ctx *ctx, struct conn *conn, const char *capability,
                               const char *writer) MUST_USE;
enum err repl_state_clock(struct ctx *ctx, struct conn *conn, int64_t offset_ms) MUST_USE;
/* Drops position, truth and what was applied: before a snapshot is loaded, or on an operator's word
 * that this node joins another bucket. Catalog and outbox stay. */
enum err repl_forget(struct ctx *ctx, struct conn *conn) MUST_USE;

struct entity_rev {
    const char *entity;
    int64_t rev;
    const char *op_id;
    int64_t seq;
    const char *claim;
    struct slice state;
};
enum err entity_rev_get(struct ctx *ctx, struct conn *conn, const char *entity,
                        struct entity_rev *out, bool *found) MUST_USE;
enum err entity_rev_put(struct ctx *ctx, struct conn *conn, const struct entity_rev *e) MUST_USE;
/* Who holds that claim; *found false where it is free. */
enum err entity_rev_holder(struct ctx *ctx, struct conn *conn, const char *claim,
                           const char **entity, bool *found) MUST_USE;
/* In the order of names, after that one; at most max rows, which live until each returns. */
enum err entity_rev_walk(struct ctx *ctx, struct conn *conn, const char *after, int max,
                         enum err (*each)(void *arg, const struct entity_rev *e),
                         void *arg) MUST_USE;

enum err applied_add(struct ctx *ctx, struct conn *conn, const char *op_id, int64_t seq) MUST_USE;
enum err applied_has(struct ctx *ctx, struct conn *conn, const char *op_id, bool *has) MUST_USE;

/* Noted once per change. */
enum err repl_conflict_add(struct ctx *ctx, struct conn *conn,
                           const struct repl_conflict *c) MUST_USE;
/* Newest first, before that seq (0 = from the newest). */
enum err repl_conflict_list(struct ctx *ctx, struct conn *conn, bool resolved_too,
                            int64_t before_seq, int limit,
                            enum err (*each)(void *arg, const struct repl_conflict *c),
                            void *arg) MUST_USE;
enum err repl_conflict_find(struct ctx *ctx, struct conn *conn, const char *id,
                            struct repl_conflict *out, bool *found) MUST_USE;
enum err repl_conflict_resolve(struct ctx *ctx, struct conn *conn, const char *id) MUST_USE;
/* Open ones: all, or of one entity. */
enum err repl_conflict_count(struct ctx *ctx, struct conn *conn, const char *entity,
                             int64_t *out) MUST_USE;
/* The hashes of bytes that open conflicts keep. */
enum err repl_conflict_blobs(struct ctx *ctx, struct conn *conn,
                             enum err (*each)(void *arg, const char *sha256), void *arg) MUST_USE;

/* ---- rows of the catalog, as the log has them --------------------------------------------------- */

/* Puts the version in the place of whatever stands at its (slice, pid, order key); its bytes may be
 * missing here. Where the bytes are the same, what hangs from the row stays with it. */
enum err replica_put_version(struct ctx *ctx, struct conn *conn, const struct plugin *p) MUST_USE;
enum err replica_drop_version(struct ctx *ctx, struct conn *conn, const char *id) MUST_USE;
/* What the log says about the flags of a row. */
enum err replica_set_flags(struct ctx *ctx, struct conn *conn, const struct plugin *p) MUST_USE;
enum err replica_set_stage(struct ctx *ctx, struct conn *conn, const char *id,
                           const char *replication) MUST_USE;

/* Rows that name those bytes. */
enum err replica_ids_of(struct ctx *ctx, struct conn *conn, const char *sha256, int limit,
                        const char **ids, size_t *count) MUST_USE;
/* The picture is in the package and nowhere else in the bucket. */
enum err replica_set_logo(struct ctx *ctx, struct conn *conn, const char *sha256,
                          struct slice logo) MUST_USE;

/* Packages whose bytes are not here (or are damaged), enabled and newest first. */
struct missing {
    const char *id, *org_id, *pid, *version, *sha256;
    int64_t size_bytes;
};
enum err replica_missing(struct ctx *ctx, struct conn *conn, int64_t offset, int limit,
                         enum err (*each)(void *arg, const struct missing *m), void *arg) MUST_USE;
enum err replica_missing_count(struct ctx *ctx, struct conn *conn, int64_t *out) MUST_USE;

/* Distinct bytes of versions, in the order of their hashes, after that one. */
enum err replica_blobs_walk(struct ctx *ctx, struct conn *conn, const char *after, int limit,
                            const char **hashes, int64_t *sizes, size_t *count) MUST_USE;
/* Rows that no change has brought to the log: made while replication was switched off. */
enum err replica_unsent(struct ctx *ctx, struct conn *conn, int limit, const char **ids,
                        size_t *count) MUST_USE;
/* None of them stands in a log any more: another bucket is begun. */
enum err replica_unsend(struct ctx *ctx, struct conn *conn) MUST_USE;
enum err replica_unsent_orgs(struct ctx *ctx, struct conn *conn, int limit, const char **ids,
                             size_t *count) MUST_USE;
/* Is that hash named by any version, waiting change or open conflict? */
enum err replica_blob_named(struct ctx *ctx, struct conn *conn, const char *sha256,
                            bool *named) MUST_USE;

#endif
