/*
 * audit_store.h - the chained record of what happened.
 */
#ifndef LARDER_STORE_AUDIT_STORE_H
#define LARDER_STORE_AUDIT_STORE_H

#include "base/crypto.h"
#include "model/audit.h"
#include "model/identity.h"
#include "store/store.h"

/*
 * Adds a line to the chain inside the caller's transaction. org_id, subject may be NULL; detail is a
 * JSON object or SLICE_NONE. Time, request id and (where the actor has none) the address come from
 * ctx.
 */
enum err audit_append(struct ctx *ctx, struct conn *conn, const struct actor *actor,
                      const char *action, const char *org_id, const char *subject,
                      struct slice detail) MUST_USE;

/* Newest first, at most filter->limit lines; to go on, before_seq = seq of the last one. */
enum err audit_list(struct ctx *ctx, struct conn *conn, const struct audit_filter *filter,
                    struct audit_event **out, size_t *count) MUST_USE;

/* A walk along the chain, a piece at a time, so that no read transaction lasts long. Zeroed at the
 * start. */
struct audit_walk {
    int64_t seq; /* last line found right */
    unsigned char hash[SHA256_BYTES];
    int64_t broken_at; /* first line that is not right; 0 = none yet */
    char why[120];     /* what is wrong with it */
    bool done;         /* the end of the chain, or of what is right of it, was reached */
};
/* Checks the next lines, up to `lines` of them. A broken chain is an answer, not an error. */
enum err audit_verify(struct ctx *ctx, struct conn *conn, struct audit_walk *walk,
                      int64_t lines) MUST_USE;

#endif
