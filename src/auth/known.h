/*
 * known.h - credentials that were checked a moment ago.
 *
 * An answer of domain/access.h is kept under the SHA-256 of the credential and the org, and is good
 * for as long as the store's generation stands still: any commit of this process that may touch a
 * right voids all answers at once, one of another process within 200 ms. So a kept answer is never
 * staler than a read, and who asks costs no database work at all, whatever is uploaded meanwhile.
 */
#ifndef LARDER_AUTH_KNOWN_H
#define LARDER_AUTH_KNOWN_H

#include "domain/access.h"

struct known;

struct known *known_new(void); /* heap; NULL = no memory */
void known_free(struct known *k);

/* org_id NULL = no org. The answer's strings are copied into the arena. */
bool known_find(struct known *k, struct ctx *ctx, uint64_t generation,
                const unsigned char credential[SHA256_BYTES], const char *org_id,
                struct access *out);
/* `generation` must have been read before the answer was. */
void known_keep(struct known *k, struct ctx *ctx, uint64_t generation,
                const unsigned char credential[SHA256_BYTES], const char *org_id,
                const struct access *answer);

#endif
