/*
 * replica_record.h - what nodes write into the shared bucket, and reading it back.
 *
 * A change is what one outbox row says. It travels twice: as an entry of the numbered log, and,
 * where it brings bytes, as a record beside them that also holds what the package says of itself.
 * Whatever is read came from strangers: sizes are capped, every field is checked, and nothing of it
 * becomes a path but through the names made here. Nothing in this file touches a network or a disk.
 */
#ifndef LARDER_DOMAIN_REPLICA_RECORD_H
#define LARDER_DOMAIN_REPLICA_RECORD_H

#include "base/crypto.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "model/identity.h"
#include "model/plugin.h"

enum {
    REPLICA_FORMAT = 1,
    REPLICA_ENTRY_MAX = 64 << 10, /* bytes of one entry of the log */
    REPLICA_RECORD_MAX = 4 << 20, /* of a record with all columns */
    REPLICA_NOTE_MAX = 16 << 10,  /* of the small files below meta/ */
    REPLICA_PACKAGE_MAX = 64 << 20,
    REPLICA_NAME_MAX = 120 /* letters of a node's name */
};

/* One change. About a version, `plugin` says which and what it becomes; about an org, `org`. */
struct change {
    const char *kind;    /* OUTBOX_* of store/outbox_store.h */
    int64_t base_rev;    /* the revision it was made on ... */
    const char *base_op; /* ... and the change that made it; NULL = none */
    int64_t at;          /* wall milliseconds, for people only */
    const char *by;      /* user; NULL = the system */
    struct plugin plugin;
    const char *old_sha; /* of replace and remove: the bytes that stood there */
    struct org org;      /* id, name, domain, status, is_deleted */
};

bool change_brings_bytes(const struct change *c); /* create and replace */
/* "v/<slice>/<pid>/<order key>" or "o/<id>", in the arena; NULL = no memory. */
const char *change_entity(struct arena *arena, const struct change *c);

/* The JSON object of a change. `record`: with what the package says of itself. */
void change_write(struct jw *j, const struct change *c, bool record);
/* ERR_INVALID / ERR_UNPROCESSABLE that names what is wrong. A record is wanted or left unread. */
enum err change_read(struct ctx *ctx, const char *kind, const struct jr *body, bool record,
                     struct change *out) MUST_USE;

/* An entry of the log, or with seq 0 a record of a version. */
struct entry {
    int64_t seq;
    const char *op_id;
    const char *node, *node_name; /* who made it */
    struct change change;
};
enum err entry_write(struct ctx *ctx, const struct entry *e, struct slice *out) MUST_USE;
/* seq: the number its name has; 0 = a record. */
enum err entry_read(struct ctx *ctx, struct slice text, int64_t seq, struct entry *out) MUST_USE;

/* The revision and state of one entity, as a snapshot holds it: one line of JSON. */
struct truth_line {
    const char *entity, *op_id, *claim;
    int64_t rev, seq;
    struct slice state;   /* JSON object */
    bool has_change;      /* a version that is not removed */
    struct change change; /* OUTBOX_CREATE with its record */
};
void truth_line_write(struct jw *j, const struct truth_line *line);
enum err truth_line_read(struct ctx *ctx, struct slice text, struct truth_line *out) MUST_USE;

struct snapshot_head {
    const char *bucket_id;
    int64_t seq, count;
    const char *state_hash;
};
void snapshot_head_write(struct jw *j, const struct snapshot_head *h);
enum err snapshot_head_read(struct ctx *ctx, struct slice text, struct snapshot_head *out) MUST_USE;

/* The small files below meta/. */
struct bucket_note {
    const char *bucket_id;
    int64_t created;
};
enum err bucket_note_write(struct ctx *ctx, const struct bucket_note *n,
                           struct slice *out) MUST_USE;
enum err bucket_note_read(struct ctx *ctx, struct slice text, struct bucket_note *out) MUST_USE;

struct node_note {
    const char *node, *name, *version;
    int64_t applied_seq, at;
    const char *state_hash;
};
enum err node_note_write(struct ctx *ctx, const struct node_note *n, struct slice *out) MUST_USE;
enum err node_note_read(struct ctx *ctx, struct slice text, struct node_note *out) MUST_USE;

struct writer_note {
    const char *node, *name;
    int64_t at;
};
enum err writer_note_write(struct ctx *ctx, const struct writer_note *n,
                           struct slice *out) MUST_USE;
enum err writer_note_read(struct ctx *ctx, struct slice text, struct writer_note *out) MUST_USE;

/* ---- names in the bucket, all of [a-z0-9/._-]; in the arena, NULL = no memory -------------------- */

#define REPLICA_BUCKET_KEY "meta/bucket.json"
#define REPLICA_WRITER_KEY "meta/writer.json"
#define REPLICA_NODES "meta/nodes/"
#define REPLICA_LOG "log/"
#define REPLICA_SNAPSHOTS "snap/"
#define REPLICA_BLOBS "blobs/sha256/"
#define REPLICA_VERSIONS "versions/"

const char *replica_node_key(struct arena *arena, const char *node);
const char *replica_log_key(struct arena *arena, int64_t seq);
const char *replica_snapshot_key(struct arena *arena, int64_t seq);
const char *replica_blob_key(struct arena *arena, const char *sha256);
/* One per version; those of v1 packages, which can be replaced, one per change. */
const char *replica_version_key(struct arena *arena, const struct change *c, const char *op_id);
/* The entity a record is about, from its name; NULL where it is none of ours. */
const char *replica_entity_of(struct arena *arena, struct slice key);
/* The number in the name of an entry or a snapshot; -1 where it is neither. */
int64_t replica_number_of(struct slice key, const char *prefix, const char *suffix);

#endif
