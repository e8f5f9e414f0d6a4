/*
 * test_s3_sign.c - the signer against signatures that AWS has published: the examples in the S3
 * documentation of Signature Version 4, and cases of the general test suite.
 */
#include "net/s3_sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { MAY_2013 = 1369353600, AUGUST_2015 = 1440938160 };

static const struct s3_signer s3_docs = {.key = "AKIAIOSFODNN7EXAMPLE",
                                         .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                         .region = "us-east-1",
                                         .service = "s3"};
static const struct s3_signer suite = {.key = "AKIDEXAMPLE",
                                       .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                       .region = "us-east-1",
                                       .service = "service"};

struct vector {
    const char *name;
    const struct s3_signer *signer;
    int64_t seconds;
    struct s3_request req;
    const char *target, *names, *signature;
};

#define BUCKET "examplebucket.s3.amazonaws.com"
#define EXAMPLE "example.amazonaws.com"
#define WITH(...)                                                                                  \
    .header = {__VA_ARGS__},                                                                       \
    .headers = sizeof((struct s3_pair[]){__VA_ARGS__}) / sizeof(struct s3_pair)
#define ASK(...)                                                                                   \
    .query = {__VA_ARGS__},                                                                        \
    .queries = sizeof((struct s3_pair[]){__VA_ARGS__}) / sizeof(struct s3_pair)
#define P(name, text)                                                                              \
    {                                                                                              \
        name,                                                                                      \
        {                                                                                          \
            text, sizeof(text) - 1                                                                 \
        }                                                                                          \
    }

// clang-format off
static const struct vector vectors[] = {
    {"GET Object", &s3_docs, MAY_2013,
     {"GET", BUCKET, "/test.txt", WITH(P("range", "bytes=0-9"), P("x-amz-content-sha256", EMPTY)), .payload = EMPTY},
     "/test.txt", "host;range;x-amz-content-sha256;x-amz-date",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT Object", &s3_docs, MAY_2013,
     {"PUT", BUCKET, "/test$file.text",
      WITH(P("date", "Fri, 24 May 2013 00:00:00 GMT"),
           P("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
           P("x-amz-storage-class", "REDUCED_REDUNDANCY")),
      .payload = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"},
     "/test%24file.text", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET Bucket Lifecycle", &s3_docs, MAY_2013,
     {"GET", BUCKET, "/", ASK(P("lifecycle", "")), WITH(P("x-amz-content-sha256", EMPTY)), .payload = EMPTY},
     "/?lifecycle=", "host;x-amz-content-sha256;x-amz-date",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"GET Bucket (List Objects)", &s3_docs, MAY_2013,
     {"GET", BUCKET, "/", ASK(P("prefix", "J"), P("max-keys", "2")), WITH(P("x-amz-content-sha256", EMPTY)),
      .payload = EMPTY},
     "/?max-keys=2&prefix=J", "host;x-amz-content-sha256;x-amz-date",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    {"get-vanilla", &suite, AUGUST_2015, {"GET", EXAMPLE, "/", .payload = EMPTY}, "/", "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"post-vanilla", &suite, AUGUST_2015, {"POST", EXAMPLE, "/", .payload = EMPTY}, "/", "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"get-vanilla-query-order-key-case", &suite, AUGUST_2015,
     {"GET", EXAMPLE, "/", ASK(P("Param2", "value2"), P("Param1", "value1")), .payload = EMPTY},
     "/?Param1=value1&Param2=value2", "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-header-value-trim", &suite, AUGUST_2015,
     {"GET", EXAMPLE, "/", WITH(P("my-header2", " \"a   b   c\""), P("my-header1", " value1")), .payload = EMPTY},
     "/", "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
};
// clang-format on

struct bench {
    struct arena arena;
    struct ctx ctx;
};

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b); /* freed by teardown */
    assert_non_null(b);
    arena_init(&b->arena, 16 << 20);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    arena_free(&b->arena);
    free(b);
    return 0;
}

static void published_signatures_come_out(void **state)
{
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *v = &vectors[i];
        struct s3_signed out;
        assert_int_equal(s3_sign(&b->ctx, v->signer, v->seconds * 1000, &v->req, &out), OK);
        const char *day = v->seconds == MAY_2013 ? "20130524" : "20150830";
        const char *want = str_printf(&b->arena,
                                      "AWS4-HMAC-SHA256 Credential=%s/%s/us-east-1/%s/aws4_request"
                                      ", SignedHeaders=%s, Signature=%s",
                                      v->signer->key, day, v->signer->service, v->names,
                                      v->signature);
        if (strcmp(out.authorization, want) != 0)
            print_error("%s signed this:\n%s\n", v->name, out.canonical);
        assert_string_equal(out.authorization, want);
        assert_string_equal(out.target, v->target);
        assert_memory_equal(out.date, day, 8);
    }
}

static void the_published_address_is_presigned(void **state)
{
    struct bench *b = *state;
    const struct s3_request req = {.method = "GET", .host = BUCKET, .path = "/test.txt"};
    const char *target;
    assert_int_equal(s3_sign_query(&b->ctx, &s3_docs, MAY_2013 * 1000LL, 86400, &req, &target), OK);
    assert_string_equal(
        target,
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F"
        "20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

static void the_canonical_request_is_the_documented_one(void **state)
{
    struct bench *b = *state;
    struct s3_signed out;
    assert_int_equal(s3_sign(&b->ctx, &s3_docs, MAY_2013 * 1000LL, &vectors[0].req, &out), OK);
    assert_string_equal(out.canonical, "GET\n/test.txt\n\nhost:" BUCKET
                                       "\nrange:bytes=0-9\nx-amz-content-sha256:" EMPTY
                                       "\nx-amz-date:20130524T000000Z\n\n"
                                       "host;range;x-amz-content-sha256;x-amz-date\n" EMPTY);
}

static void everything_but_the_unreserved_letters_is_encoded(void **state)
{
    struct bench *b = *state;
    struct buf out;
    buf_init(&out, &b->arena, 1 << 16);
    s3_encode(&out, SLICE("azAZ09-_.~/ +@:!*'()&%#;=\\<\x7f\xc3\xa9"), true);
    assert_string_equal(buf_text(&out),
                        "azAZ09-_.~/%20%2B%40%3A%21%2A%27%28%29%26%25%23%3B%3D%5C%3C"
                        "%7F%C3%A9");
    buf_clear(&out);
    s3_encode(&out, SLICE("a/b"), false);
    assert_string_equal(buf_text(&out), "a%2Fb");
}

/* "a-b" and "a.b" swap places with "a" and "a%20b" where sorting comes before encoding. */
static void the_query_is_sorted_after_it_was_encoded(void **state)
{
    struct bench *b = *state;
    const struct s3_request req = {.method = "GET",
                                   .host = EXAMPLE,
                                   .path = "/",
                                   ASK(P("a", "2"), P("a b", ""), P("a-b", ""), P("a", "1"),
                                       P("A", "+"), P("prefix", "x/y z")),
                                   .payload = EMPTY};
    struct s3_signed out;
    assert_int_equal(s3_sign(&b->ctx, &suite, AUGUST_2015 * 1000LL, &req, &out), OK);
    assert_string_equal(out.target, "/?A=%2B&a=1&a=2&a%20b=&a-b=&prefix=x%2Fy%20z");
}

static void a_session_token_is_signed(void **state)
{
    struct bench *b = *state;
    struct s3_signer with = suite;
    struct s3_request req = {.method = "GET", .host = EXAMPLE, .path = "/", .payload = EMPTY};
    struct s3_signed out;
    const char *target;
    with.token = "abc/+=";
    assert_int_equal(s3_sign(&b->ctx, &with, AUGUST_2015 * 1000LL, &req, &out), OK);
    assert_non_null(strstr(out.canonical, "\nx-amz-security-token:abc/+=\n"));
    assert_non_null(
        strstr(out.authorization, "SignedHeaders=host;x-amz-date;x-amz-security-token,"));
    assert_int_equal(s3_sign_query(&b->ctx, &with, AUGUST_2015 * 1000LL, 60, &req, &target), OK);
    assert_non_null(strstr(target, "&X-Amz-Security-Token=abc%2F%2B%3D&X-Amz-SignedHeaders=host&"));
}

static void a_secret_that_is_too_long_is_refused(void **state)
{
    struct bench *b = *state;
    struct s3_signer with = suite;
    struct s3_request req = {.method = "GET", .host = EXAMPLE, .path = "/", .payload = EMPTY};
    struct s3_signed out;
    char secret[400];
    memset(secret, 'x', sizeof secret - 1);
    secret[sizeof secret - 1] = '\0';
    with.secret = secret;
    assert_int_equal(s3_sign(&b->ctx, &with, 0, &req, &out), ERR_INVALID);
    assert_null(strstr(b->ctx.fault.sentence, "xxx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(published_signatures_come_out, setup, teardown),
        cmocka_unit_test_setup_teardown(the_published_address_is_presigned, setup, teardown),
        cmocka_unit_test_setup_teardown(the_canonical_request_is_the_documented_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(everything_but_the_unreserved_letters_is_encoded, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_query_is_sorted_after_it_was_encoded, setup, teardown),
        cmocka_unit_test_setup_teardown(a_session_token_is_signed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_secret_that_is_too_long_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
