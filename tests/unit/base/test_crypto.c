/*
 * test_crypto.c - published vectors, strict decoders, password hashes of both kinds.
 */
#include "base/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static const char *hex_of(const unsigned char *p, size_t n)
{
    static char text[2 * SHA256_BYTES + 1];
    crypto_hex(p, n, text);
    return text;
}

static void digests_match_their_vectors(void **state)
{
    (void)state;
    unsigned char d[SHA256_BYTES];
    crypto_sha256(SLICE("abc"), d);
    assert_string_equal(hex_of(d, 32),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    crypto_sha256(SLICE_NONE, d);
    assert_string_equal(hex_of(d, 32),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    crypto_hmac_sha256(SLICE("Jefe"), SLICE("what do ya want for nothing?"), d); /* RFC 4231, 2 */
    assert_string_equal(hex_of(d, 32),
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    struct crypto_hash *h = crypto_hash_new();
    crypto_hash_add(h, "a", 1);
    crypto_hash_add(h, "bc", 2);
    crypto_hash_end(h, d);
    assert_string_equal(hex_of(d, 32),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void base64_is_strict(void **state)
{
    (void)state;
    struct arena arena;
    struct buf b;
    arena_init(&arena, 1 << 16);
    static const struct {
        const char *text;
        int n; /* -1 = refused */
    } cases[] = {{"", 0},     {"YQ==", 1}, {"YQ", 1},     {"YWI=", 2},    {"YWJj", 3},
                 {"Y", -1},   {"YQ=", -1}, {"YQ===", -1}, {"Y Q=", -1},   {"YR==", -1},
                 {"-_-_", 3}, {"+/+/", 3}, {"-/-/", -1},  {"YWJj\n", -1}, {"====", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_init(&b, &arena, 100);
        bool good = crypto_unbase64(slice_of(cases[i].text), &b);
        if (good != (cases[i].n >= 0) || (good && (int)b.n != cases[i].n))
            fail_msg("'%s' gave %d, %zu bytes", cases[i].text, good, b.n);
    }
    buf_init(&b, &arena, 100);
    crypto_base64(&b, "\xFF\xEF\xFF\xFE", 4);
    assert_string_equal(buf_text(&b), "/+///g==");
    buf_clear(&b);
    crypto_base64url(&b, "\xFF\xEF\xFF\xFE", 4);
    assert_string_equal(buf_text(&b), "_-___g");
    arena_free(&arena);
}

static void hex_is_strict(void **state)
{
    (void)state;
    unsigned char b[2];
    assert_true(crypto_unhex(SLICE("0fA0"), b, 2));
    assert_memory_equal(b, "\x0f\xa0", 2);
    assert_false(crypto_unhex(SLICE("0fA"), b, 2));
    assert_false(crypto_unhex(SLICE("0fAg"), b, 2));
    assert_false(crypto_unhex(SLICE("0fA000"), b, 2));
}

static void ids_are_uuids_that_sort_by_time(void **state)
{
    (void)state;
    char a[ID_TEXT], b[ID_TEXT], c[ID_TEXT];
    crypto_uuid7(1795237800123, a);
    crypto_uuid7(1795237800124, b);
    crypto_uuid7(1795237800124, c);
    assert_true(crypto_is_uuid(slice_of(a)));
    assert_int_equal(a[14], '7');
    assert_true(strcmp(a, b) < 0);
    assert_string_not_equal(b, c);
    assert_false(crypto_is_uuid(SLICE("0190a4e2-0000-7000-8000-00000000000g")));
    assert_false(crypto_is_uuid(SLICE("0190a4e200000-7000-8000-00000000000")));
    assert_false(crypto_is_uuid(SLICE("upload")));
}

static void passwords_are_checked(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH];
    bool upgrade = true;
    assert_true(crypto_password_hash(SLICE("correct horse"), hash));
    assert_true(crypto_password_check(SLICE("correct horse"), hash, &upgrade));
    assert_false(upgrade);
    assert_false(crypto_password_check(SLICE("correct hors"), hash, &upgrade));
    /* Python: hashlib.pbkdf2_hmac('sha256', b'password', bytes.fromhex('73616c74'), 1000) */
    const char *pbkdf2 = "pbkdf2:sha256:1000:73616c74:"
                         "632c2812e46d4604102ba7618e9d6d7d2f8128f6266b4a03264d2a0460b7dcb3";
    assert_true(crypto_password_check(SLICE("password"), pbkdf2, &upgrade));
    assert_true(upgrade);
    assert_false(crypto_password_check(SLICE("Password"), pbkdf2, &upgrade));
    static const char *const broken[] = {"",
                                         "plain",
                                         "$argon2id$",
                                         "pbkdf2:sha256:",
                                         "pbkdf2:sha256:0:73:00",
                                         "pbkdf2:sha256:99999999999:73616c74:00",
                                         "pbkdf2:sha256:1000::00",
                                         "pbkdf2:sha256:1000:7:00"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_false(crypto_password_check(SLICE("password"), broken[i], &upgrade));
}

static void a_foreign_key_must_be_rsa(void **state)
{
    (void)state;
    assert_false(crypto_rs256_check(SLICE("not a key"), SLICE("data"), SLICE("sig")));
    assert_false(
        crypto_rs256_check(SLICE("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6"
                                 "FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"),
                           SLICE("data"), SLICE("sig")));
}

static int open_crypto(void **state)
{
    (void)state;
    return crypto_open() == OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_match_their_vectors),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(hex_is_strict),
        cmocka_unit_test(ids_are_uuids_that_sort_by_time),
        cmocka_unit_test(passwords_are_checked),
        cmocka_unit_test(a_foreign_key_must_be_rsa),
    };
    return cmocka_run_group_tests(tests, open_crypto, NULL);
}
