/*
 * record.h - the audit row of a verb: its detail, and appending it.
 *
 * A verb of the identity rules starts a record, puts what changed into it and appends it inside its
 * transaction. Never a secret: no password, no token, no hash.
 */
#ifndef LARDER_DOMAIN_RECORD_H
#define LARDER_DOMAIN_RECORD_H

#include "base/json_write.h"
#include "domain/domain.h"

struct record {
    struct buf buf;
    struct jw json; /* an open object: jw_put_* into it */
};

void record_start(struct ctx *ctx, struct record *r);
/* Appends the row. org_id NULL = the system; subject is the id of what it was done to. */
enum err record_append(struct ctx *ctx, struct conn *conn, struct record *r,
                       const struct actor *actor, const char *action, const char *org_id,
                       const char *subject) MUST_USE;

#endif
