/*
 * fuzz_zip.c - any bytes as an archive.
 *
 * What is accepted must hold what it promises: names that stay inside, sizes under their ceilings,
 * sorted and unique, each member found by its name and unpacked to its size, twice the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "package/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 64 << 20 };

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_name(struct slice name)
{
    struct slice rest = slice_ends(name, "/") ? slice_sub(name, 0, name.n - 1) : name, part;
    check(name.n > 0 && name.n <= zip_limits_cadence.name && slice_is_utf8(name));
    check(memchr(name.p, '\0', name.n) == NULL && memchr(name.p, '\\', name.n) == NULL);
    while (slice_split(&rest, '/', &part))
        check(part.n > 0 && !slice_is(part, ".") && !slice_is(part, ".."));
}

static void check_member(struct ctx *ctx, const struct zip *zip, const struct zip_member *m)
{
    struct slice bytes;
    check_name(m->name);
    check(m->size <= zip_limits_cadence.member);
    check(zip_find(zip, m->name) == m);
    check(m->data.n == 0 ||
          (m->data.p >= zip->bytes.p && m->data.p + m->data.n <= zip->bytes.p + zip->bytes.n));
    check(slice_ends(m->name, "/") == m->is_folder);
    if (m->size <= 1 << 20) {
        check(zip_read(ctx, zip, m, m->size, &bytes) == OK);
        check(bytes.n == m->size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct zip *zip;
    arena_init(&arena, MEMORY);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    enum err err = zip_open(&ctx, (struct slice){(const char *)data, size}, &zip_limits_cadence,
                            &zip);
    if (err == OK) {
        check(zip->count > 0 && zip->count <= zip_limits_cadence.members);
        check(zip->unpacked <= zip_limits_cadence.unpacked);
        err = zip_verify(&ctx, zip);
        for (size_t i = 0; err == OK && i < zip->count && arena.used < MEMORY / 2; i++)
            check_member(&ctx, zip, &zip->members[i]);
    }
    if (err != OK) {
        check(err == ERR_INVALID && ctx.fault.item_count > 0);
        for (size_t i = 0; i < ctx.fault.item_count; i++) {
            const struct fault_item *item = &ctx.fault.items[i];
            check(item->rule && item->sentence && item->remedy);
            check(item->file == NULL || slice_is_utf8(slice_of(item->file)));
        }
    }
    arena_free(&arena);
    return 0;
}
