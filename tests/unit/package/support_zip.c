/*
 * support_zip.c - see support_zip.h.
 */
#include "support_zip.h"

#include <stdlib.h>
#include <string.h>

void bench_open(struct bench *b, size_t ceiling)
{
    arena_init(&b->arena, ceiling);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
}

void bench_reset(struct bench *b)
{
    arena_reset(&b->arena);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
}

void bench_close(struct bench *b)
{
    arena_free(&b->arena);
}

struct slice zip_of(const struct file *files, size_t count)
{
    struct bench b;
    struct buf out;
    struct zip_writer w;
    bench_open(&b, 256u << 20);
    buf_init(&out, NULL, 64u << 20);
    zip_write_begin(&w, &b.ctx, &out);
    for (size_t i = 0; i < count; i++)
        if (zip_write_add(&w, slice_of(files[i].name), slice_of(files[i].text), files[i].pack) != OK)
            abort();
    if (zip_write_end(&w) != OK)
        abort();
    bench_close(&b);
    return buf_view(&out);
}

const char *zip_verdict(struct bench *b, struct slice bytes, const struct zip_limits *limits)
{
    struct zip *zip;
    bench_reset(b);
    enum err err = zip_open(&b->ctx, bytes, limits, &zip);
    if (err == OK)
        err = zip_verify(&b->ctx, zip);
    if (err == OK)
        return "";
    return err == ERR_INVALID && b->ctx.fault.item_count > 0 ? b->ctx.fault.items[0].rule : "?";
}

bool zip_found(const struct bench *b, const char *rule)
{
    for (size_t i = 0; i < b->ctx.fault.item_count; i++)
        if (strcmp(b->ctx.fault.items[i].rule, rule) == 0)
            return true;
    return false;
}
