/*
 * fuzz_json.c - any bytes as a JSON document: what is read is walked, written again, and what was
 * written must read back as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct jr *v)
{
    if (jr_kind(v) == JR_ARRAY)
        for (size_t i = 0; i < jr_count(v); i++)
            walk(jr_item(v, i));
    if (jr_kind(v) != JR_OBJECT)
        return;
    void *at = NULL;
    struct slice key;
    const struct jr *value;
    while (jr_next(v, &at, &key, &value))
        walk(value);
}

static void typed_reads(struct ctx *ctx, const struct jr *v)
{
    struct slice text = SLICE_NONE, *list;
    bool flag = false;
    int64_t number = 0;
    size_t count;
    if (jr_kind(v) != JR_OBJECT)
        return;
    if (jr_get_str(ctx, v, "a", true, 16, &text) != OK)
        ctx_forgive(ctx);
    if (jr_get_bool(ctx, v, "b", true, &flag) != OK)
        ctx_forgive(ctx);
    if (jr_get_int(ctx, v, "c", true, -5, 5, &number) != OK)
        ctx_forgive(ctx);
    if (jr_get_strings(ctx, v, "d", true, 4, 16, &list, &count) != OK)
        ctx_forgive(ctx);
}

static void round_trip(struct ctx *ctx, const struct jr *v)
{
    struct buf first, second;
    const struct jr *again;
    buf_init(&first, ctx->arena, 8 << 20);
    buf_init(&second, ctx->arena, 8 << 20);
    jr_copy(v, &first);
    if (buf_failed(&first))
        return;
    if (jr_parse(ctx, buf_view(&first), &again) != OK)
        abort();
    jr_copy(again, &second);
    if (!slice_eq(buf_view(&first), buf_view(&second)))
        abort();
}

/* Any bytes written as a string must come out as JSON. */
static void write_as_text(struct ctx *ctx, struct slice text)
{
    struct buf b;
    struct jw j;
    const struct jr *read;
    buf_init(&b, ctx->arena, 8 << 20);
    jw_start(&j, &b);
    jw_array(&j);
    jw_text(&j, text);
    jw_end(&j);
    bool has_nul = memchr(text.p ? text.p : "", 0, text.n) != NULL; /* refused when read, by rule */
    if (jw_done(&j) && !has_nul && jr_parse(ctx, buf_view(&b), &read) != OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    const struct jr *v;
    arena_init(&arena, 64 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    struct slice text = {(const char *)data, size};
    if (jr_parse(&ctx, text, &v) == OK) {
        walk(v);
        typed_reads(&ctx, v);
        round_trip(&ctx, v);
    }
    ctx_forgive(&ctx);
    write_as_text(&ctx, text);
    arena_free(&arena);
    return 0;
}
