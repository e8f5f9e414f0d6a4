/*
 * fuzz_tar.c - any bytes as an archive: it is read to its end or refused, and no member is larger
 * than what was announced.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_member(struct ctx *ctx, struct tar_reader *r)
{
    char bytes[700];
    size_t got = 1;
    int64_t total = 0;
    while (got > 0) {
        if (tar_read(ctx, r, bytes, sizeof bytes, &got) != OK)
            return;
        total += (int64_t)got;
    }
    if (total != r->size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct tar_reader r;
    bool end = false;
    int fd = memfd_create("fuzz", 0);
    if (fd < 0)
        return 0;
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    if (write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0) {
        tar_reader_init(&r, fd);
        for (int i = 0; tar_next(&ctx, &r, &end) == OK && !end; i++)
            if (i % 2 == 0) /* the others are skipped unread */
                read_member(&ctx, &r);
    }
    arena_free(&arena);
    (void)close(fd);
    return 0;
}
