/*
 * fuzz_s3_list.c - any bytes as a page of a listing and as an error.
 *
 * What is accepted is in order, below the prefix and within the limits of a key; what an error says
 * is fit for a log line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/s3_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_plain(const char *text)
{
    check(strlen(text) <= 200);
    for (; *text; text++)
        check(*text >= 0x20 && *text < 0x7F);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice body = {(const char *)data, size};
    struct arena arena;
    struct s3_page page;
    struct s3_error e;
    arena_init(&arena, 64 << 20);
    if (s3_list_read(&arena, body, "p/", "p/a", &page) == NULL) {
        const char *before = "p/a";
        check(page.count <= S3_PAGE_MAX && (page.count > 0 || !page.truncated));
        for (size_t i = 0; i < page.count; i++) {
            const struct s3_object *o = &page.object[i];
            check(strncmp(o->key, "p/", 2) == 0 && strcmp(o->key, before) > 0);
            check(strlen(o->key) <= S3_KEY_MAX && slice_is_utf8(slice_of(o->key)));
            check(o->size >= 0 && o->etag);
            before = o->key;
        }
    }
    s3_error_read(&arena, body, &e);
    check_plain(e.code);
    check_plain(e.message);
    check_plain(e.region);
    arena_free(&arena);
    return 0;
}
