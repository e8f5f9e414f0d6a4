/*
 * outbound.h - noting a change for the other nodes, inside the transaction that makes it.
 *
 * Every verb that changes a version or an org calls one of these after its own statements. While
 * replication is switched off nothing is noted; where another node alone may publish, the change is
 * refused (ERR_CONFLICT, naming it). Who carries the notes away is domain/replica.h.
 */
#ifndef LARDER_DOMAIN_OUTBOUND_H
#define LARDER_DOMAIN_OUTBOUND_H

#include "base/ctx.h"
#include "model/identity.h"
#include "model/plugin.h"

struct conn; /* store/store.h */

/*
 * kind is one of OUTBOX_CREATE, _ENABLED, _TAG, _REPLACE, _REMOVE of store/outbox_store.h. The row
 * as it is now; for _REMOVE as it was. old_sha: the bytes that a replaced or removed row had; NULL
 * for the other kinds. The row's state becomes "pending".
 */
enum err outbound_version(struct ctx *ctx, struct conn *conn, const char *kind,
                          const struct plugin *row, const char *old_sha) MUST_USE;
/* The row as it is now, as if nothing had ever been noted of it. */
enum err outbound_whole(struct ctx *ctx, struct conn *conn, const struct plugin *row) MUST_USE;
/* The org as it is now, made or changed by that user (NULL = the system). */
enum err outbound_org(struct ctx *ctx, struct conn *conn, const struct org *org,
                      const char *by) MUST_USE;

/* May anything be changed here at all? For a verb that has much to do before its transaction. */
enum err outbound_open(struct ctx *ctx, struct conn *conn) MUST_USE;

#endif
