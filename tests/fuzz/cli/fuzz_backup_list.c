/*
 * fuzz_backup_list.c - any bytes as the list of a backup; what is accepted must be safe to use as
 * paths and must read back the same when it is written again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/backup_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_safe(const struct backup_file *file)
{
    if (strstr(file->name, "..") || file->name[0] == '/' || file->size < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct backup_list list, again;
    struct buf b;
    arena_init(&arena, 64 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    if (backup_list_read(&ctx, (struct slice){(const char *)data, size}, &list) == OK) {
        for (size_t i = 0; i < list.count; i++)
            check_safe(&list.files[i]);
        buf_init(&b, &arena, 16 << 20);
        backup_list_write(&list, &b);
        if (backup_list_read(&ctx, buf_view(&b), &again) != OK || again.count != list.count)
            abort();
    }
    arena_free(&arena);
    return 0;
}
