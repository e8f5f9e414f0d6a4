/*
 * crypto.h - hashes, random bytes, ids, password hashes, signatures; with tls.h the one home of
 * OpenSSL, and that of libsodium.
 *
 * Nothing here keeps state but the libraries' own. Secrets are compared with crypto_equal and wiped
 * with crypto_wipe. crypto_open runs once, before any thread.
 */
#ifndef LARDER_BASE_CRYPTO_H
#define LARDER_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum {
    SHA256_BYTES = 32,
    SHA256_HEX = 65,    /* with NUL */
    ID_TEXT = 37,       /* a UUID with NUL */
    PASSWORD_HASH = 128 /* room for any encoded hash, with NUL */
};

enum err crypto_open(void) MUST_USE; /* ERR_INTERNAL when the libraries refuse to start */

void crypto_random(void *out, size_t n); /* never fails: the process ends if the kernel has none */

/* A UUID version 7: sorts by time, and within one millisecond by a counter. */
void crypto_uuid7(int64_t wall_ms, char out[ID_TEXT]);
bool crypto_is_uuid(struct slice text);

void crypto_sha256(struct slice data, unsigned char out[SHA256_BYTES]);
void crypto_hmac_sha256(struct slice key, struct slice data, unsigned char out[SHA256_BYTES]);

struct crypto_hash;                        /* SHA-256 over pieces */
struct crypto_hash *crypto_hash_new(void); /* heap; ended by crypto_hash_end. NULL = no memory */
void crypto_hash_add(struct crypto_hash *h, const void *p, size_t n);
void crypto_hash_end(struct crypto_hash *h, unsigned char out[SHA256_BYTES]); /* out may be NULL */

/* MD5 is no protection against anybody; it is the Content-MD5 that object stores ask for. */
enum { MD5_BYTES = 16 };
struct crypto_md5;                       /* over pieces */
struct crypto_md5 *crypto_md5_new(void); /* heap; ended by crypto_md5_end. NULL = no memory */
void crypto_md5_add(struct crypto_md5 *h, const void *p, size_t n);
void crypto_md5_end(struct crypto_md5 *h, unsigned char out[MD5_BYTES]);

/*
 * A stream that only its key opens, in pieces, whose order and end are sealed with it (libsodium's
 * secretstream). A piece grows by SEAL_EXTRA; the last one must be marked, or the stream is torn.
 */
enum { SEAL_KEY = 32, SEAL_HEAD = 24, SEAL_EXTRA = 17 };
struct crypto_seal;
/* Heap; ended by crypto_seal_end. NULL = no memory. `head` is written in front of the stream. */
struct crypto_seal *crypto_seal_new(const unsigned char key[SEAL_KEY],
                                    unsigned char head[SEAL_HEAD]);
void crypto_seal_add(struct crypto_seal *s, struct slice piece, bool last, unsigned char *out);
/* To open: NULL also where the head is none. False where a piece is not the next one of this key. */
struct crypto_seal *crypto_unseal_new(const unsigned char key[SEAL_KEY],
                                      const unsigned char head[SEAL_HEAD]);
bool crypto_unseal_add(struct crypto_seal *s, struct slice sealed, unsigned char *out, bool *last);
void crypto_seal_end(struct crypto_seal *s);

void crypto_hex(const unsigned char *p, size_t n, char *out);       /* 2n letters and a NUL */
bool crypto_unhex(struct slice text, unsigned char *out, size_t n); /* exactly 2n letters */
void crypto_base64(struct buf *out, const void *p, size_t n);       /* with padding */
void crypto_base64url(struct buf *out, const void *p, size_t n);    /* without padding */
/* Strict, both alphabets, padding optional; false when it is not base64. Appends to out. */
bool crypto_unbase64(struct slice text, struct buf *out);

bool crypto_equal(const void *a, const void *b, size_t n); /* in constant time */
void crypto_wipe(void *p, size_t n);

/* Argon2id with the cost of an interactive sign-in (about 64 MiB, 2 passes). False = no memory. */
bool crypto_password_hash(struct slice password, char out[PASSWORD_HASH]);
/*
 * Checks a password against an encoded hash: ours ($argon2id$...) or Cadence's
 * (pbkdf2:sha256:<rounds>:<hex salt>:<hex digest>). *upgrade tells whether the hash should be
 * made anew with crypto_password_hash.
 */
bool crypto_password_check(struct slice password, const char *hash, bool *upgrade);

/* RSASSA-PKCS1-v1_5 with SHA-256 (RS256) under a PEM public key. */
bool crypto_rs256_check(struct slice pem, struct slice data, struct slice signature);

#endif
