/*
 * stamps.h - when keys and sessions were last used, written once a minute instead of at each
 * request.
 */
#ifndef LARDER_DOMAIN_STAMPS_H
#define LARDER_DOMAIN_STAMPS_H

#include "domain/domain.h"

enum stamp_kind { STAMP_SESSION, STAMP_KEY };

struct stamps *stamps_new(void); /* heap, ended by the next; NULL = no memory */
void stamps_free(struct stamps *stamps);

/* Notes the use, in memory; lost when the table is full. */
void stamps_note(struct domain *d, enum stamp_kind kind, const char *id, int64_t now);
/* Writes what is noted, in one transaction; domain_tend calls it. */
enum err stamps_write(struct ctx *ctx, struct domain *d) MUST_USE;

#endif
