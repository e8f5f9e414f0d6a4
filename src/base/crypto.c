/*
 * crypto.c - the one home of libsodium, and of OpenSSL but for its TLS (tls.c).
 *
 * Digests come from OpenSSL (it uses the processor's SHA instructions), Argon2id and random bytes
 * from libsodium. The digest functions are the older ones on purpose: they work in the caller's
 * memory and so cannot fail, while the newer ones allocate for every call.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/crypto.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PBKDF2_ROUNDS_MAX = 2000000, PBKDF2_SALT_MAX = 64 };

enum err crypto_open(void)
{
    return sodium_init() < 0 ? ERR_INTERNAL : OK;
}

void crypto_random(void *out, size_t n)
{
    randombytes_buf(out, n);
}

/*
 * The low 12 bits of time-order come from a counter of the process, so that ids made within one
 * millisecond still sort in the order they were made. It is the one static of this file: two
 * servers in one process only share the counting.
 */
void crypto_uuid7(int64_t wall_ms, char out[ID_TEXT])
{
    static _Atomic uint32_t counter;
    unsigned char b[16];
    randombytes_buf(b, sizeof b);
    for (int i = 0; i < 6; i++)
        b[i] = (unsigned char)((uint64_t)wall_ms >> (40 - 8 * i));
    uint32_t count = atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed);
    b[6] = (unsigned char)(0x70 | ((count >> 8) & 0x0F));
    b[7] = (unsigned char)count;
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3F));
    char hex[33];
    crypto_hex(b, sizeof b, hex);
    (void)snprintf(out, ID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                   hex + 20);
}

bool crypto_is_uuid(struct slice text)
{
    if (text.n != ID_TEXT - 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = text.p[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex)
            return false;
    }
    return true;
}

void crypto_sha256(struct slice data, unsigned char out[SHA256_BYTES])
{
    SHA256_CTX h;
    (void)SHA256_Init(&h);
    (void)SHA256_Update(&h, data.p, data.n);
    (void)SHA256_Final(out, &h);
}

/* RFC 2104. */
void crypto_hmac_sha256(struct slice key, struct slice data, unsigned char out[SHA256_BYTES])
{
    enum { BLOCK = 64 };
    unsigned char inner[BLOCK] = {0}, outer[BLOCK], sum[SHA256_BYTES];
    SHA256_CTX h;
    if (key.n > BLOCK)
        crypto_sha256(key, inner);
    else if (key.n)
        memcpy(inner, key.p, key.n);
    for (size_t i = 0; i < BLOCK; i++) {
        outer[i] = inner[i] ^ 0x5C;
        inner[i] ^= 0x36;
    }
    (void)SHA256_Init(&h);
    (void)SHA256_Update(&h, inner, sizeof inner);
    (void)SHA256_Update(&h, data.p, data.n);
    (void)SHA256_Final(sum, &h);
    (void)SHA256_Init(&h);
    (void)SHA256_Update(&h, outer, sizeof outer);
    (void)SHA256_Update(&h, sum, sizeof sum);
    (void)SHA256_Final(out, &h);
    crypto_wipe(inner, sizeof inner);
    crypto_wipe(outer, sizeof outer);
}

struct crypto_hash {
    SHA256_CTX h;
};

struct crypto_hash *crypto_hash_new(void)
{
    struct crypto_hash *h = malloc(sizeof *h); /* freed by crypto_hash_end */
    if (h)
        (void)SHA256_Init(&h->h);
    return h;
}

void crypto_hash_add(struct crypto_hash *h, const void *p, size_t n)
{
    (void)SHA256_Update(&h->h, p, n);
}

void crypto_hash_end(struct crypto_hash *h, unsigned char out[SHA256_BYTES])
{
    unsigned char sum[SHA256_BYTES];
    (void)SHA256_Final(out ? out : sum, &h->h);
    free(h);
}

struct crypto_md5 {
    MD5_CTX h;
};

struct crypto_md5 *crypto_md5_new(void)
{
    struct crypto_md5 *h = malloc(sizeof *h); /* freed by crypto_md5_end */
    if (h)
        (void)MD5_Init(&h->h);
    return h;
}

void crypto_md5_add(struct crypto_md5 *h, const void *p, size_t n)
{
    (void)MD5_Update(&h->h, p, n);
}

void crypto_md5_end(struct crypto_md5 *h, unsigned char out[MD5_BYTES])
{
    (void)MD5_Final(out, &h->h);
    free(h);
}

struct crypto_seal {
    crypto_secretstream_xchacha20poly1305_state state;
};

_Static_assert(SEAL_KEY == crypto_secretstream_xchacha20poly1305_KEYBYTES &&
                   SEAL_HEAD == crypto_secretstream_xchacha20poly1305_HEADERBYTES &&
                   SEAL_EXTRA == crypto_secretstream_xchacha20poly1305_ABYTES,
               "sizes of the header are the library's");

struct crypto_seal *crypto_seal_new(const unsigned char key[SEAL_KEY],
                                    unsigned char head[SEAL_HEAD])
{
    struct crypto_seal *s = malloc(sizeof *s); /* freed by crypto_seal_end */
    if (s)
        (void)crypto_secretstream_xchacha20poly1305_init_push(&s->state, head, key);
    return s;
}

void crypto_seal_add(struct crypto_seal *s, struct slice piece, bool last, unsigned char *out)
{
    (void)crypto_secretstream_xchacha20poly1305_push(
        &s->state, out, NULL, (const unsigned char *)piece.p, piece.n, NULL, 0,
        last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
}

struct crypto_seal *crypto_unseal_new(const unsigned char key[SEAL_KEY],
                                      const unsigned char head[SEAL_HEAD])
{
    struct crypto_seal *s = malloc(sizeof *s); /* freed by crypto_seal_end */
    if (s && crypto_secretstream_xchacha20poly1305_init_pull(&s->state, head, key) != 0) {
        free(s);
        s = NULL;
    }
    return s;
}

bool crypto_unseal_add(struct crypto_seal *s, struct slice sealed, unsigned char *out, bool *last)
{
    unsigned char tag;
    if (sealed.n < SEAL_EXTRA ||
        crypto_secretstream_xchacha20poly1305_pull(
            &s->state, out, NULL, &tag, (const unsigned char *)sealed.p, sealed.n, NULL, 0) != 0)
        return false;
    *last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    return true;
}

void crypto_seal_end(struct crypto_seal *s)
{
    if (s)
        sodium_memzero(s, sizeof *s);
    free(s);
}

void crypto_hex(const unsigned char *p, size_t n, char *out)
{
    (void)sodium_bin2hex(out, 2 * n + 1, p, n);
}

bool crypto_unhex(struct slice text, unsigned char *out, size_t n)
{
    size_t got;
    const char *end;
    return text.n == 2 * n && sodium_hex2bin(out, n, text.p, text.n, NULL, &got, &end) == 0 &&
           got == n && end == text.p + text.n;
}

static void encode64(struct buf *out, const void *p, size_t n, int variant)
{
    size_t len = sodium_base64_encoded_len(n, variant); /* with NUL */
    char *room = buf_room(out, len);
    if (room == NULL)
        return;
    (void)sodium_bin2base64(room, len, p, n, variant);
    buf_grown(out, len - 1);
}

void crypto_base64(struct buf *out, const void *p, size_t n)
{
    encode64(out, p, n, sodium_base64_VARIANT_ORIGINAL);
}

void crypto_base64url(struct buf *out, const void *p, size_t n)
{
    encode64(out, p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool crypto_unbase64(struct slice text, struct buf *out)
{
    size_t padding = 0; /* at most two, and only where they fill the last group of four */
    while (text.n % 4 == 0 && padding < 2 && padding < text.n &&
           text.p[text.n - 1 - padding] == '=')
        padding++;
    text.n -= padding;
    bool url = slice_find(text, '-') < text.n || slice_find(text, '_') < text.n;
    unsigned char *room = (unsigned char *)buf_room(out, text.n / 4 * 3 + 3);
    size_t got;
    const char *end;
    if (room == NULL)
        return false;
    if (text.n == 0)
        return true;
    int variant = url ? sodium_base64_VARIANT_URLSAFE_NO_PADDING
                      : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    if (sodium_base642bin(room, text.n / 4 * 3 + 3, text.p, text.n, NULL, &got, &end, variant) !=
            0 ||
        end != text.p + text.n)
        return false;
    buf_grown(out, got);
    return true;
}

bool crypto_equal(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

void crypto_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}

bool crypto_password_hash(struct slice password, char out[PASSWORD_HASH])
{
    _Static_assert(PASSWORD_HASH >= crypto_pwhash_STRBYTES, "an encoded hash fits");
    return crypto_pwhash_str(out, password.p, password.n, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                             crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0;
}

/* pbkdf2:sha256:<rounds>:<hex salt>:<hex digest>, as Cadence's bootstrap script writes it. */
static bool pbkdf2_check(struct slice password, struct slice rest)
{
    struct slice rounds, salt_hex;
    uint64_t count;
    unsigned char want[SHA256_BYTES], got[SHA256_BYTES];
    if (!slice_split(&rest, ':', &rounds) || !slice_to_u64(rounds, &count) || count < 1 ||
        count > PBKDF2_ROUNDS_MAX)
        return false;
    if (!slice_split(&rest, ':', &salt_hex) || salt_hex.n == 0 || salt_hex.n % 2 ||
        salt_hex.n > 2 * PBKDF2_SALT_MAX || !crypto_unhex(rest, want, sizeof want))
        return false;
    unsigned char salt[PBKDF2_SALT_MAX];
    if (!crypto_unhex(salt_hex, salt, salt_hex.n / 2))
        return false;
    if (PKCS5_PBKDF2_HMAC(password.p, (int)password.n, salt, (int)(salt_hex.n / 2), (int)count,
                          EVP_sha256(), sizeof got, got) != 1)
        return false;
    return crypto_equal(want, got, sizeof got);
}

bool crypto_password_check(struct slice password, const char *hash, bool *upgrade)
{
    struct slice h = slice_of(hash);
    *upgrade = false;
    if (slice_starts(h, "pbkdf2:sha256:")) {
        *upgrade = true;
        return pbkdf2_check(password, slice_sub(h, sizeof "pbkdf2:sha256:" - 1, h.n));
    }
    if (!slice_starts(h, "$argon2"))
        return false;
    if (crypto_pwhash_str_verify(hash, password.p, password.n) != 0)
        return false;
    *upgrade = crypto_pwhash_str_needs_rehash(hash, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                              crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0;
    return true;
}

bool crypto_rs256_check(struct slice pem, struct slice data, struct slice signature)
{
    bool good = false;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (key && md && EVP_PKEY_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_bits(key) >= 2048 &&
        EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) == 1)
        good = EVP_DigestVerify(md, (const unsigned char *)signature.p, signature.n,
                                (const unsigned char *)data.p, data.n) == 1;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good;
}
