/*
 * chain.h - walking the audit chain to its end, for `audit verify` and `verify`.
 */
#ifndef LARDER_CLI_CHAIN_H
#define LARDER_CLI_CHAIN_H

#include "store/audit_store.h"

/* A broken chain is an answer (walk->broken_at), not a failure. */
enum err chain_walk(struct ctx *ctx, struct store *store, struct audit_walk *walk) MUST_USE;

#endif
