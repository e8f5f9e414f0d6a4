/*
 * passwords.h - hashing passwords, a few at a time.
 *
 * One Argon2id computation takes about 64 MiB and a tenth of a second, so only two run at once and
 * only some callers may wait; the rest are told to come back (ERR_BUSY with retry_after). All of
 * this happens before a transaction, never inside one.
 */
#ifndef LARDER_DOMAIN_PASSWORDS_H
#define LARDER_DOMAIN_PASSWORDS_H

#include "base/crypto.h"
#include "domain/domain.h"

struct password_gate *password_gate_new(void); /* heap, ended by the next; NULL = no memory */
void password_gate_free(struct password_gate *gate);

/* The rule for new passwords: ERR_UNPROCESSABLE naming the field and what to do. */
enum err passwords_judge(struct ctx *ctx, const struct domain *d, struct slice password,
                         const char *username) MUST_USE;

enum err passwords_hash(struct ctx *ctx, struct domain *d, struct slice password,
                        char out[PASSWORD_HASH]) MUST_USE;

/*
 * *good: the password fits the hash; *upgrade: the hash should be made anew. A hash of NULL costs
 * one computation like any other and is never good, so that an unknown name takes as long.
 */
enum err passwords_check(struct ctx *ctx, struct domain *d, struct slice password, const char *hash,
                         bool *good, bool *upgrade) MUST_USE;

/* The hash behind NULL: of a password that nobody knows. */
const char *passwords_dummy(void);

/* Computations since the start. */
uint64_t passwords_computed(const struct domain *d);

#endif
