/*
 * stamps.h - when keys and sessions were last used, written a few times an hour instead of at each
 * request.
 */
#ifndef LARDER_DOMAIN_STAMPS_H
#define LARDER_DOMAIN_STAMPS_H

#include "domain/domain.h"

enum stamp_kind { STAMP_SESSION, STAMP_KEY };

struct stamps *stamps_new(void); /* heap, ended by the next; NULL = no memory */
void stamps_free(struct stamps *stamps);

/* Notes the use; in memory. True when what is noted has waited long enough to be written. */
bool stamps_note(struct domain *d, enum stamp_kind kind, const char *id, int64_t now);
/* Writes what is noted, in one transaction. */
enum err stamps_write(struct ctx *ctx, struct domain *d) MUST_USE;

#endif
