/*
 * test_s3_list.c - listings and errors as servers write them, and as they must not be written.
 */
#include "net/s3_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    struct arena *arena = calloc(1, sizeof *arena); /* freed by teardown */
    assert_non_null(arena);
    arena_init(arena, 16 << 20);
    *state = arena;
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    free(*state);
    return 0;
}

#define HEAD                                                                                       \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
#define TAIL "</ListBucketResult>"
#define ONE(key) "<Contents><Key>" key "</Key><Size>1</Size></Contents>"
#define DONE "<IsTruncated>false</IsTruncated>"

static const char *read_it(void **state, const char *text, const char *prefix, const char *after,
                           struct s3_page *page)
{
    return s3_list_read(*state, slice_of(text), prefix, after, page);
}

static void a_page_is_read(void **state)
{
    struct s3_page page;
    const char *why = read_it(
        state,
        HEAD
        "<Name>b</Name><Prefix>a/</Prefix><KeyCount>2</KeyCount><IsTruncated>true</IsTruncated>"
        "<Contents>\n <Key>a/1 &amp; &#x32;</Key><LastModified>x</LastModified>"
        "<ETag>&quot;abc&quot;</ETag><Size>12</Size><Owner><ID>o</ID><DisplayName/></Owner>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
        "<Contents><Key>a/2</Key><Size>0</Size></Contents>" TAIL "\n",
        "a/", "", &page);
    assert_null(why);
    assert_int_equal(page.count, 2);
    assert_true(page.truncated);
    assert_string_equal(page.object[0].key, "a/1 & 2");
    assert_string_equal(page.object[0].etag, "abc");
    assert_int_equal(page.object[0].size, 12);
    assert_string_equal(page.object[1].key, "a/2");
    assert_string_equal(page.object[1].etag, "");
}

static void an_empty_bucket_is_a_page(void **state)
{
    struct s3_page page;
    assert_null(read_it(state, HEAD DONE "<KeyCount>0</KeyCount>" TAIL, "", "", &page));
    assert_int_equal(page.count, 0);
    assert_false(page.truncated);
}

/* Escapes of XML before those of an address, and `+` is a blank only where the answer says so. */
static void keys_are_decoded_only_where_the_answer_says_so(void **state)
{
    struct s3_page page;
    assert_null(read_it(state, HEAD DONE ONE("a+b%2Fc") TAIL, "", "", &page));
    assert_string_equal(page.object[0].key, "a+b%2Fc");
    assert_null(read_it(
        state, HEAD DONE ONE("a+b%2Fc%2B%25%c3%a9&apos;") "<EncodingType>url</EncodingType>" TAIL,
        "", "", &page));
    assert_string_equal(page.object[0].key, "a b/c+%\xc3\xa9'");
    assert_null(read_it(state, HEAD DONE "<EncodingType/>" ONE(" ") TAIL, "", "", &page));
    assert_string_equal(page.object[0].key, " ");
}

static void what_is_not_in_order_is_damaged(void **state)
{
    static const struct {
        const char *text, *prefix, *after;
    } bad[] = {
        {HEAD DONE ONE("b") ONE("a") TAIL, "", ""},
        {HEAD DONE ONE("a") ONE("a") TAIL, "", ""},
        {HEAD DONE ONE("a") TAIL, "", "a"},
        {HEAD DONE ONE("b/1") TAIL, "a/", ""},
        {HEAD "<IsTruncated>true</IsTruncated>" TAIL, "", ""},
        {HEAD ONE("a") TAIL, "", ""},
        {HEAD "<IsTruncated>maybe</IsTruncated>" TAIL, "", ""},
        {HEAD DONE "<Contents><Key>a</Key></Contents>" TAIL, "", ""},
        {HEAD DONE "<Contents><Size>1</Size></Contents>" TAIL, "", ""},
        {HEAD DONE "<Contents><Key></Key><Size>1</Size></Contents>" TAIL, "", ""},
        {HEAD DONE "<Contents><Key>a</Key><Key>b</Key><Size>1</Size></Contents>" TAIL, "", ""},
        {HEAD DONE "<Contents><Key>a</Key><Size>-1</Size></Contents>" TAIL, "", ""},
        {HEAD DONE "<Contents><Key>a</Key><Size>9223372036854775808</Size></Contents>" TAIL, "",
         ""},
        {HEAD DONE "<EncodingType>url</EncodingType>" ONE("%zz") TAIL, "", ""},
        {HEAD DONE "<EncodingType>url</EncodingType>" ONE("a%2") TAIL, "", ""},
        {HEAD DONE "<EncodingType>url</EncodingType>" ONE("a%00b") TAIL, "", ""},
        {HEAD DONE "<EncodingType>url</EncodingType>" ONE("%ff") TAIL, "", ""},
        {HEAD DONE "<EncodingType>gzip</EncodingType>" TAIL, "", ""},
        {"<ListAllMyBucketsResult>" DONE "</ListAllMyBucketsResult>", "", ""},
        {HEAD DONE, "", ""},
        {HEAD DONE TAIL "x", "", ""},
        {HEAD DONE TAIL HEAD TAIL, "", ""},
        {"<!DOCTYPE a [<!ENTITY x \"y\">]>" HEAD DONE TAIL, "", ""},
        {HEAD DONE "<!-- c -->" TAIL, "", ""},
        {HEAD DONE "<![CDATA[a]]>" TAIL, "", ""},
        {HEAD DONE ONE("&nbsp;") TAIL, "", ""},
        {HEAD DONE ONE("&#0;") TAIL, "", ""},
        {HEAD DONE ONE("&#xD800;") TAIL, "", ""},
        {HEAD DONE ONE("&#99999999;") TAIL, "", ""},
        {HEAD DONE ONE("a & b") TAIL, "", ""},
        {HEAD DONE ONE("\xff") TAIL, "", ""},
        {HEAD DONE "<Contents><Key>a</Contents></Key>" TAIL, "", ""},
        {HEAD DONE "<a b=c></a>" TAIL, "", ""},
        {HEAD DONE "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>", "", ""},
        {"", "", ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct s3_page page;
        if (read_it(state, bad[i].text, bad[i].prefix, bad[i].after, &page) == NULL)
            fail_msg("was taken for a listing: %s", bad[i].text);
    }
}

static void more_than_a_page_is_not_a_page(void **state)
{
    struct buf b;
    struct s3_page page;
    buf_init(&b, *state, 1 << 20);
    buf_str(&b, HEAD DONE);
    for (int i = 0; i <= S3_PAGE_MAX; i++)
        buf_printf(&b, "<Contents><Key>%04d</Key><Size>1</Size></Contents>", i);
    buf_str(&b, TAIL);
    assert_non_null(s3_list_read(*state, buf_view(&b), "", "", &page));
}

static void an_error_is_read(void **state)
{
    struct s3_error e;
    s3_error_read(
        *state,
        SLICE("<?xml version='1.0'?><Error><Code>SignatureDoesNotMatch</Code><Message>Line "
              "one\ntwo &lt;3</Message><Region>eu-x</Region><RequestId>a</RequestId></Error>"),
        &e);
    assert_string_equal(e.code, "SignatureDoesNotMatch");
    assert_string_equal(e.message, "Line one two <3");
    assert_string_equal(e.region, "eu-x");
}

static void what_is_no_error_says_nothing(void **state)
{
    static const char *const texts[] = {"", "<html><body>Bad Gateway</body></html>", "{}", "<Error",
                                        "<Errors><Code>a</Code></Errors>"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct s3_error e;
        s3_error_read(*state, slice_of(texts[i]), &e);
        assert_string_equal(e.code, "");
        assert_string_equal(e.message, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_bucket_is_a_page, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_decoded_only_where_the_answer_says_so, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_not_in_order_is_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(more_than_a_page_is_not_a_page, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_error_says_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
