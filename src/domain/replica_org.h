/*
 * replica_org.h - rows of organizations, as the log has them.
 *
 * People, rights and settings of an organization belong to the node; only its name, its domain and
 * its state travel.
 */
#ifndef LARDER_DOMAIN_REPLICA_ORG_H
#define LARDER_DOMAIN_REPLICA_ORG_H

#include "domain/replica_truth.h"

/* One that no entry has told about yet gets a row; it gets its name with its entry. NULL = none. */
enum err replica_org_ensure(struct ctx *ctx, struct conn *conn, const char *id) MUST_USE;
enum err replica_org_put(struct ctx *ctx, struct conn *conn, const char *id, const struct truth *t,
                         int64_t at) MUST_USE;

#endif
