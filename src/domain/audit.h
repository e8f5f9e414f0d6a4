/*
 * audit.h - reading the record of what happened.
 *
 * Rows are written by the verb they belong to, inside its transaction (store/audit_store.h); this
 * file only asks for them. Nothing here changes or removes a row: the chain of hashes would break.
 */
#ifndef LARDER_DOMAIN_AUDIT_H
#define LARDER_DOMAIN_AUDIT_H

#include "domain/domain.h"
#include "model/audit.h"

enum { AUDIT_PAGE_MAX = 200 };

/* Newest first, at most filter->limit (1..AUDIT_PAGE_MAX); *more: older ones fit the filter too. */
enum err audit_read(struct ctx *ctx, struct domain *d, const struct audit_filter *filter,
                    struct audit_event **out, size_t *count, bool *more) MUST_USE;

#endif
