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
        if (zip_write_add(&w, slice_of(files[i].name), slice_of(files[i].text), files[i].pack) !=
            OK)
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

int bench_setup(void **state)
{
    struct bench *b = malloc(sizeof *b);
    bench_open(b, BENCH_MEMORY);
    *state = b;
    return 0;
}

int bench_teardown(void **state)
{
    bench_close(*state);
    free(*state);
    return 0;
}

const struct file zip_plain[ZIP_PLAIN] = {
    {"web/README.md", "# Web\n\nSearches the web.\n", ZIP_PACK_SMALLER},
    {"web/__init__.py", "", ZIP_PACK_SMALLER},
    {"web/data/", "", ZIP_PACK_STORED},
    {"web/data/a.txt", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ZIP_PACK_DEFLATED},
    {"web/plugin.py", "print('never run')\n", ZIP_PACK_STORED},
};

void zip_free(struct slice s)
{
    free((void *)(uintptr_t)s.p);
}

/* Members of one archive with names as bytes; zip_write would refuse most of these. */
struct slice zip_of_raw_names(const struct slice *names, size_t count, unsigned flags)
{
    struct file files[8];
    char stand_in[8][300];
    for (size_t i = 0; i < count; i++) {
        /* as long as the name, unlike the others, and without a slash at its end */
        memset(stand_in[i], 'a' + (int)i, names[i].n);
        stand_in[i][names[i].n] = '\0';
        files[i] = (struct file){stand_in[i], "", ZIP_PACK_STORED};
    }
    struct slice bytes = zip_of(files, count);
    char *p = (char *)(uintptr_t)bytes.p;
    for (size_t at = 0; at + 4 < bytes.n; at++) {
        bool local = memcmp(p + at, "PK\3\4", 4) == 0, central = memcmp(p + at, "PK\1\2", 4) == 0;
        if (!local && !central)
            continue;
        size_t i = (size_t)(p[at + (local ? 30 : 46)] - 'a');
        memcpy(p + at + (local ? 30 : 46), names[i].p, names[i].n);
        p[at + (local ? 7 : 9)] = (char)(flags >> 8);
        if (central) /* no type, so that a name may end in a slash */
            memset(p + at + 38, 0, 4);
    }
    return bytes;
}
