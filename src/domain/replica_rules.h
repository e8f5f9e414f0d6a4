/*
 * replica_rules.h - which entry of the log wins.
 */
#ifndef LARDER_DOMAIN_REPLICA_RULES_H
#define LARDER_DOMAIN_REPLICA_RULES_H

#include "domain/replica_truth.h"

struct verdict {
    bool wins;     /* it changed the truth */
    bool overrode; /* it was made without knowing what it replaced */
};

/* Brings *t forward by the entry, where it wins, and the hash over all with it. */
enum err rules_decide(struct ctx *ctx, struct conn *conn, const struct entry *e, struct truth *t,
                      char state_hash[SHA256_HEX], struct verdict *out) MUST_USE;

#endif
