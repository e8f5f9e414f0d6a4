/*
 * fuzz_multipart.c - any bytes as a form.
 *
 * Byte 0 is the size of the pieces, then the Content-Type up to the first line feed, then the body.
 * Read in pieces and read at once must give the same parts and the same verdict.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct multipart_limits limits = {.max_file = 4096, .max_field = 256, .max_parts = 4};

static enum err read_form(struct ctx *ctx, struct slice boundary, struct slice body, size_t piece,
                          struct form *form)
{
    struct multipart m;
    multipart_begin(&m, boundary, &limits, piece > 9 ? body.n : 0, form);
    for (size_t at = 0; at < body.n; at += piece) {
        enum err err = multipart_feed(ctx, &m, slice_sub(body, at, at + piece));
        if (err)
            return err;
    }
    return multipart_end(ctx, &m);
}

static void insist_same(const struct form *a, const struct form *b)
{
    if (a->parts != b->parts)
        abort();
    for (size_t i = 0; i < a->parts; i++)
        if (!slice_eq(a->part[i].name, b->part[i].name) ||
            !slice_eq(a->part[i].file_name, b->part[i].file_name) ||
            !slice_eq(a->part[i].type, b->part[i].type) ||
            !slice_eq(a->part[i].data, b->part[i].data) || a->part[i].name.n == 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct slice boundary, input = {(const char *)data, size};
    struct form whole, pieces;
    if (size < 3)
        return 0;
    size_t line = slice_find(input, '\n');
    struct slice type = slice_sub(input, 1, line), body = slice_sub(input, line + 1, size);
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    if (multipart_boundary(&ctx, type, &boundary) == OK) {
        enum err one = read_form(&ctx, boundary, body, body.n + 1, &whole);
        ctx_forgive(&ctx);
        enum err other = read_form(&ctx, boundary, body, (size_t)data[0] % 16 + 1, &pieces);
        if (one != other)
            abort();
        if (one == OK)
            insist_same(&whole, &pieces);
    }
    arena_free(&arena);
    return 0;
}
