/*
 * fuzz_token.c - any bytes as a token: ours, a third party's, and as what stands inside one.
 *
 * The first byte chooses. 0: the rest is a token as a client would send it. 1: the rest, cut at its
 * first NUL byte, is a header and a payload, which are then signed under our key, so that the
 * reading of claims is reached at all. Whatever is accepted must say what a token has to say.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/jwt.h"
#include "base/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW_S = 1790000000 };

/* An RSA key of 2048 bits whose private half is nowhere. */
static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvsUpghbmNfvPCtsqPfps\n"
                          "vnnGqnRMi+O136AcUFpmXwLlY09RsYZU679oAnBwxBqWIlfTwj5lvqeQRwNYdret\n"
                          "ErTG8dfBChD+Se6xM6uhpQOsFdl0TKhEExqmxBQx3SJXRtWkgrf3yjIK3i+lfsoF\n"
                          "mN4lw6H08jRULxpSN9uGTU0Nj6XFyjrOqUPHLm82smSECCIEmSmDBLv6YkBIE6bX\n"
                          "ToZJBb5dEWamrIsfk92aRVlgkxGNV01lElsAq5xjHsjeIdxiFdjrN7GzjqIhysXR\n"
                          "uxOaLoPL44Hzdm6ft2LCatvriWLpEvBzVcTGwHq78hY2RmqmiMDJHYWcn/D8h3JF\n"
                          "QwIDAQAB\n"
                          "-----END PUBLIC KEY-----\n";

static const struct slice key = {"0123456789abcdef0123456789abcdef", 32};

static int64_t still(void *arg)
{
    (void)arg;
    return (int64_t)NOW_S * 1000;
}

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct slice sign(struct arena *arena, struct slice header, struct slice payload)
{
    unsigned char mac[SHA256_BYTES];
    struct buf t;
    buf_init(&t, arena, 1 << 20);
    crypto_base64url(&t, header.p, header.n);
    buf_char(&t, '.');
    crypto_base64url(&t, payload.p, payload.n);
    crypto_hmac_sha256(key, buf_view(&t), mac);
    buf_char(&t, '.');
    crypto_base64url(&t, mac, sizeof mac);
    return buf_view(&t);
}

static void check(struct ctx *ctx, struct slice token, bool is_signed)
{
    static const struct jwt_trust trust = {{pem, sizeof pem - 1}, "issuer", "audience"};
    struct jwt_claims c;
    bool good = jwt_check_ours(ctx, key, token, &c);
    require(is_signed || !good); /* nobody guesses a MAC */
    if (good) {
        require(token.n <= JWT_MAX && c.sub.n > 0 && c.jti.n > 0);
        require(c.exp > NOW_S && c.iat > 0 && c.iat <= NOW_S + JWT_LEEWAY_S);
    }
    require(!jwt_check_trusted(ctx, &trust, token, &c));
    require(ctx->fault.err == OK); /* a bad token is an answer, never a fault */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct clock clock = {still, still, NULL};
    struct arena arena;
    struct ctx ctx;
    if (size == 0 || crypto_open() != OK)
        return 0;
    struct slice rest = {(const char *)data + 1, size - 1};
    arena_init(&arena, 16 << 20);
    ctx_init(&ctx, &arena, &clock, NULL, "fuzz");
    if (data[0] & 1) {
        size_t cut = slice_find(rest, '\0');
        struct slice payload = cut < rest.n ? slice_sub(rest, cut + 1, rest.n) : SLICE("");
        rest = sign(&arena, slice_sub(rest, 0, cut), payload);
    }
    check(&ctx, rest, data[0] & 1);
    arena_free(&arena);
    return 0;
}
