/*
 * test_jwt.c - tokens: ours, a third party's, and everything that is neither.
 */
#include "auth/jwt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "support_trusted.h"

enum { NOW = 1790000000 };

struct bench {
    struct arena arena;
    struct ctx ctx;
    int64_t wall;
    struct clock clock;
};

static const struct slice key = {"0123456789abcdef0123456789abcdef", 32};

static int64_t time_of(void *arg)
{
    return *(int64_t *)arg;
}

static struct bench bench; /* one for this program: every test begins with set_up */

static int set_up(void **state)
{
    bench.wall = (int64_t)NOW * 1000;
    bench.clock = (struct clock){time_of, time_of, &bench.wall};
    arena_init(&bench.arena, 8 << 20);
    ctx_init(&bench.ctx, &bench.arena, &bench.clock, NULL, "test");
    assert_int_equal(crypto_open(), OK);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    assert_int_equal(b->ctx.fault.err, OK); /* a bad token is an answer, never a fault */
    arena_free(&b->arena);
    return 0;
}

static const struct jwt_claims standard = {
    .sub = {"u-1", 3}, .jti = {"s-1", 3}, .iat = NOW, .exp = NOW + 60};

/* A token with any header and payload under our key. */
static const char *forge(struct bench *b, const char *header, const char *payload)
{
    unsigned char mac[SHA256_BYTES];
    struct buf t;
    buf_init(&t, &b->arena, 16384);
    crypto_base64url(&t, header, strlen(header));
    buf_char(&t, '.');
    crypto_base64url(&t, payload, strlen(payload));
    crypto_hmac_sha256(key, buf_view(&t), mac);
    buf_char(&t, '.');
    crypto_base64url(&t, mac, sizeof mac);
    const char *text = buf_text(&t);
    assert_non_null(text);
    return text;
}

static bool is_ours(struct bench *b, const char *token)
{
    struct jwt_claims c;
    return jwt_check_ours(&b->ctx, key, slice_of(token), &c);
}

static void what_is_signed_is_read(void **state)
{
    struct bench *b = *state;
    struct jwt_claims c;
    const char *token = jwt_sign(&b->ctx, key, &standard);
    assert_non_null(token);
    assert_true(jwt_check_ours(&b->ctx, key, slice_of(token), &c));
    assert_true(slice_is(c.sub, "u-1") && slice_is(c.jti, "s-1"));
    assert_int_equal(c.iat, NOW);
    assert_int_equal(c.exp, NOW + 60);
    /* the header that stands ready is the one it should be */
    assert_string_equal(token, forge(b, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
                                     "{\"sub\":\"u-1\",\"jti\":\"s-1\",\"iat\":1790000000,"
                                     "\"exp\":1790000060}"));
}

static void time_ends_it(void **state)
{
    struct bench *b = *state;
    const char *token = jwt_sign(&b->ctx, key, &standard);
    b->ctx.now += 59999;
    assert_true(is_ours(b, token));
    b->ctx.now += 1;
    assert_false(is_ours(b, token));
    b->ctx.now = (int64_t)(NOW - JWT_LEEWAY_S) * 1000; /* our own clock was set back a little */
    assert_true(is_ours(b, token));
    b->ctx.now -= 1000;
    assert_false(is_ours(b, token));
}

static void every_changed_letter_is_noticed(void **state)
{
    struct bench *b = *state;
    const char *token = jwt_sign(&b->ctx, key, &standard);
    size_t n = strlen(token);
    for (size_t i = 0; i < n; i++) {
        char *copy = slice_dup(&b->arena, (struct slice){token, n});
        /* the neighbour in the alphabet: in the last letter it differs in unused bits only */
        copy[i] = copy[i] == '.'   ? 'A'
                  : copy[i] == 'A' ? 'B'
                  : copy[i] == 'z' ? 'y'
                                   : (char)(copy[i] ^ 1);
        assert_false(is_ours(b, copy));
        assert_false(is_ours(b, slice_dup(&b->arena, (struct slice){token, i})));
    }
    assert_false(jwt_check_ours(&b->ctx, SLICE("another key of thirty-two bytes!"),
                                (struct slice){token, n}, &(struct jwt_claims){0}));
}

static void odd_headers_are_refused(void **state)
{
    struct bench *b = *state;
    static const char payload[] =
        "{\"sub\":\"u\",\"jti\":\"s\",\"iat\":1790000000,\"exp\":1790000060}";
    static const char *const bad[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"HS512\"}",
        "{\"alg\":\"RS256\"}",
        "{\"alg\":[\"HS256\"]}",
        "{\"alg\":null}",
        "{}",
        "[]",
        "\"HS256\"",
        "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"crit\":null}",
        "{\"alg\":\"none\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\\u0000\"}",
        "{\"alg\":\"HS256\"} x",
        "",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (is_ours(b, forge(b, bad[i], payload)))
            fail_msg("accepted: %s", bad[i]);
    assert_true(is_ours(b, forge(b, "{\"alg\":\"HS256\"}", payload)));
    assert_true(
        is_ours(b, forge(b, "{\"alg\":\"HS256\",\"typ\":\"odd\",\"kid\":\"../x\"}", payload)));
}

static void odd_claims_are_refused(void **state)
{
    struct bench *b = *state;
    static const char *const bad[] = {
        "{\"jti\":\"s\",\"iat\":1790000000,\"exp\":1790000060}",
        "{\"sub\":\"\",\"jti\":\"s\",\"iat\":1790000000,\"exp\":1790000060}",
        "{\"sub\":7,\"jti\":\"s\",\"iat\":1790000000,\"exp\":1790000060}",
        "{\"sub\":\"u\",\"iat\":1790000000,\"exp\":1790000060}",
        "{\"sub\":\"u\",\"jti\":null,\"iat\":1790000000,\"exp\":1790000060}",
        "{\"sub\":\"u\",\"jti\":\"s\",\"exp\":1790000060}",
        "{\"sub\":\"u\",\"jti\":\"s\",\"iat\":1790000000}",
        "{\"sub\":\"u\",\"jti\":\"s\",\"iat\":1790000000,\"exp\":\"1790000060\"}",
        "{\"sub\":\"u\",\"jti\":\"s\",\"iat\":1790000000,\"exp\":1790000060.5}",
        "{\"sub\":\"u\",\"jti\":\"s\",\"iat\":1790000000,\"exp\":-1}",
        "{\"sub\":\"u\",\"jti\":\"s\",\"iat\":1790000000,\"exp\":99999999999999999999}",
        "{\"sub\":\"u\",\"jti\":\"s\",\"iat\":1790000061,\"exp\":1790000090}",
        "{\"sub\":\"u\",\"jti\":\"s\",\"iat\":true,\"exp\":1790000060}",
        "{\"sub\":\"a\",\"sub\":\"u\",\"jti\":\"s\",\"iat\":1790000000,\"exp\":1790000060}",
        "[1]",
        "",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (is_ours(b, forge(b, "{\"alg\":\"HS256\"}", bad[i])))
            fail_msg("accepted: %s", bad[i]);
}

static void odd_framing_is_refused(void **state)
{
    struct bench *b = *state;
    const char *token = jwt_sign(&b->ctx, key, &standard);
    const char *const bad[] = {
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "a.b",
        token + 1,
        str_printf(&b->arena, "%s.", token),
        str_printf(&b->arena, ".%s", token),
        str_printf(&b->arena, "%s=", token),
        str_printf(&b->arena, "%s ", token),
        str_printf(&b->arena, " %s", token),
        str_printf(&b->arena, "%s\n", token),
        str_printf(&b->arena, "%s.x", token),
        str_printf(&b->arena, "%s+", token),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (is_ours(b, bad[i]))
            fail_msg("accepted: '%s'", bad[i]);
    char *payload = arena_alloc(&b->arena, JWT_MAX + 200);
    int n = snprintf(payload, JWT_MAX + 200,
                     "{\"sub\":\"u\",\"jti\":\"s\",\"iat\":1790000000,\"exp\":1790000060,\"x\":\"");
    memset(payload + n, 'x', JWT_MAX);
    memcpy(payload + n + JWT_MAX, "\"}", 3);
    assert_false(is_ours(b, forge(b, "{\"alg\":\"HS256\"}", payload)));
}

static bool is_trusted(struct bench *b, int which, struct jwt_claims *c)
{
    const struct jwt_trust trust = {slice_of(trusted_pem), TRUSTED_ISSUER, TRUSTED_AUDIENCE};
    return jwt_check_trusted(&b->ctx, &trust, slice_of(trusted_token[which]), c);
}

static void a_third_partys_token_is_checked_in_full(void **state)
{
    struct bench *b = *state;
    static const bool good[TRUSTED_COUNT] = {
        [TRUSTED_GOOD] = true, [TRUSTED_LIST_OF_AUDIENCES] = true, [TRUSTED_NO_IAT] = true,
        [TRUSTED_SOON] = true, [TRUSTED_BY_EMAIL] = true,          [TRUSTED_NOBODY] = true,
    };
    struct jwt_claims c;
    for (int i = 0; i < TRUSTED_COUNT; i++)
        if (is_trusted(b, i, &c) != good[i])
            fail_msg("token %d should be %s", i, good[i] ? "good" : "refused");
    assert_true(is_trusted(b, TRUSTED_GOOD, &c));
    assert_true(slice_is(c.sub, "ann") && slice_is(c.iss, TRUSTED_ISSUER));
    const struct jwt_trust weak = {slice_of(trusted_weak_pem), TRUSTED_ISSUER, TRUSTED_AUDIENCE};
    assert_false(jwt_check_trusted(&b->ctx, &weak, slice_of(trusted_token[TRUSTED_WEAK_KEY]), &c));
    const struct jwt_trust none = {SLICE(""), TRUSTED_ISSUER, TRUSTED_AUDIENCE};
    assert_false(jwt_check_trusted(&b->ctx, &none, slice_of(trusted_token[TRUSTED_GOOD]), &c));
}

/* The classic: HS256 with the public key as the secret; and RS256 where ours is expected. */
static void algorithms_are_not_confused(void **state)
{
    struct bench *b = *state;
    struct jwt_claims c;
    const struct jwt_trust trust = {slice_of(trusted_pem), TRUSTED_ISSUER, TRUSTED_AUDIENCE};
    const char *token = jwt_sign(&b->ctx, slice_of(trusted_pem), &standard);
    assert_false(jwt_check_trusted(&b->ctx, &trust, slice_of(token), &c));
    assert_false(is_ours(b, token));
    assert_false(is_ours(b, trusted_token[TRUSTED_GOOD]));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_signed_is_read),
        CASE(time_ends_it),
        CASE(every_changed_letter_is_noticed),
        CASE(odd_headers_are_refused),
        CASE(odd_claims_are_refused),
        CASE(odd_framing_is_refused),
        CASE(a_third_partys_token_is_checked_in_full),
        CASE(algorithms_are_not_confused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
